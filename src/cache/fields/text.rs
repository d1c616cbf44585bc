//! The forms of texts. Each is told twice, as a predicate for reading and as a pattern for the JSON Schema; a test holds
//! the two together. Patterns keep to what ECMA-262 and RE2 share: no look-around, no counts above 1000.

use crate::cache::{DailyWindow, Ttl, Version, WeeklyWindow};

/// A form of text.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// What it is, with an example.
    pub what: &'static str,
    /// The same as `accepts`, as a regular expression for the whole text, without anchors.
    pub pattern: &'static str,
    /// Whether a text is of the form.
    pub accepts: fn(&str) -> bool,
    /// Which JSON numbers may stand for a text.
    pub numbers: Numbers,
}

/// Which JSON numbers may stand for a text: placeholders keep the type of what they stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// None.
    Refused,
    /// Any, as it is written.
    Any,
    /// Those from `from` and below `below`, as they are written.
    Between {
        /// The smallest.
        from: u32,
        /// The first that is too large.
        below: u32,
    },
    /// Whole ones of this many digits, no zero in front.
    Digits(u32),
}

const fn text(what: &'static str, pattern: &'static str, accepts: fn(&str) -> bool) -> Text {
    Text { what, pattern, accepts, numbers: Numbers::Refused }
}

const fn with_numbers(text: Text, numbers: Numbers) -> Text {
    Text { numbers, ..text }
}

/// Whether `t` has `min` to `max` characters, all ASCII letters, digits, or among `also`.
fn alnum(t: &str, min: usize, max: usize, also: &str) -> bool {
    (min..=max).contains(&t.len()) && t.bytes().all(|c| c.is_ascii_alphanumeric() || also.as_bytes().contains(&c))
}

/// The same with lower-case letters only.
fn lower(t: &str, min: usize, max: usize, also: &str) -> bool {
    alnum(t, min, max, also) && !t.bytes().any(|c| c.is_ascii_uppercase())
}

fn digits(t: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&t.len()) && t.bytes().all(|c| c.is_ascii_digit())
}

fn graphic(t: &str) -> bool {
    (1..=1000).contains(&t.len()) && t.bytes().all(|c| c.is_ascii_graphic())
}

pub(super) const NAME: Text =
    text("a name of a-z, 0-9 and `-`, such as `production`", "[a-z0-9-]{1,63}", |t| lower(t, 1, 63, "-"));
pub(super) const VERSION: Text = with_numbers(
    text("a version such as `8`, `7.2` or `6.x`", r"[1-9][0-9]?(\.(x|[0-9]{1,17}|[0-9]{1,3}\.[0-9]{1,3}))?", |t| {
        Version::parse(t).is_some()
    }),
    Numbers::Between { from: 1, below: 100 },
);
pub(super) const KEY: Text =
    text("an AWS key ARN, a Google CryptoKey path or an Azure key URL with its version", "[!-~]{1,1000}", graphic);
pub(super) const EXISTING: Text = text("the name, ARN or full path of an existing instance", "[!-~]{1,1000}", graphic);
/// Without `?`, so that no signed URL, which is a secret, gets into plans and hashes.
pub(super) const SNAPSHOT: Text =
    text("the name, ARN or URL of a snapshot, without a query", "[A-Za-z0-9._:/@+=~%-]{1,1000}", |t| {
        alnum(t, 1, 1000, "._:/@+=~%-")
    });
pub(super) const SALT: Text = with_numbers(
    text("1 to 64 of A-Z, a-z, 0-9, `.` and `-`", "[A-Za-z0-9.-]{1,64}", |t| alnum(t, 1, 64, ".-")),
    Numbers::Between { from: 0, below: 1_000_000 },
);
pub(super) const CHANGE_ID: Text =
    text("a change id as a plan or RES-106 prints it", "[A-Za-z0-9._:@/=-]{1,120}", |t| alnum(t, 1, 120, "._:@/=-"));
pub(super) const REGION: Text =
    text("a region such as `eu-central-1`, or a name from config `[regions]`", "[A-Za-z0-9][A-Za-z0-9 -]{0,62}", |t| {
        alnum(t, 1, 63, " -") && t.starts_with(|c: char| c.is_ascii_alphanumeric())
    });
pub(super) const WEEKLY: Text = text(
    "a weekly window in UTC such as `sun:03:00-sun:04:00`",
    // The reader also refuses the empty window, which no pattern without look-ahead can.
    "(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]",
    |t| t.parse::<WeeklyWindow>().is_ok(),
);
pub(super) const DAILY: Text = text(
    "a daily window in UTC such as `03:00-05:00`",
    "([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]",
    |t| t.parse::<DailyWindow>().is_ok(),
);
pub(super) const TTL: Text = text(
    "a duration such as `36h` or `7d` (units s, m, h, d, w), or `none`",
    "[1-9][0-9]{0,4}[smhdw]|none|never",
    |t| t.parse::<Ttl>().is_ok(),
);
pub(super) const FREE: Text = with_numbers(
    text("a text of at most 256 characters", r"[^\x00-\x1f\x7f-\x9f]{1,256}", |t| {
        (1..=256).contains(&t.chars().count()) && !t.chars().any(char::is_control)
    }),
    Numbers::Any,
);
pub(super) const TAG_KEY: Text =
    text("1 to 128 of letters, digits and ` _.:/=+@-`", "[A-Za-z0-9 _.:/=+@-]{1,128}", |t| {
        alnum(t, 1, 128, " _.:/=+@-")
    });
pub(super) const PARAMETER: Text =
    text("a parameter name such as `maxmemory-samples`", "[a-z0-9_-]{1,64}", |t| lower(t, 1, 64, "_-"));

pub(super) const NODE_TYPE: Text =
    text("a node type such as `cache.m7g.large`", r"cache\.[a-z0-9]{2,10}\.[a-z0-9]{2,10}", |t| {
        let part = |part: &str| lower(part, 2, 10, "");
        t.strip_prefix("cache.").and_then(|t| t.split_once('.')).is_some_and(|(a, b)| part(a) && part(b))
    });
pub(super) const GCP_NODE_TYPE: Text =
    text("a node type such as `STANDARD_SMALL` or `REDIS_HIGHMEM_MEDIUM`", "[A-Z0-9_]{3,40}", |t| {
        alnum(t, 3, 40, "_") && !t.bytes().any(|c| c.is_ascii_lowercase())
    });
pub(super) const SECURITY_GROUP: Text =
    text("a security group id such as `sg-0123456789abcdef0`", "sg-[a-z0-9-]{1,40}", |t| {
        t.strip_prefix("sg-").is_some_and(|t| lower(t, 1, 40, "-"))
    });
pub(super) const SUBNET: Text = text("a subnet id such as `subnet-0123456789abcdef0`", "subnet-[a-z0-9-]{1,40}", |t| {
    t.strip_prefix("subnet-").is_some_and(|t| lower(t, 1, 40, "-"))
});
pub(super) const GROUP_NAME: Text =
    text("a name of letters, digits and `._-`", "[A-Za-z0-9._-]{1,255}", |t| alnum(t, 1, 255, "._-"));
pub(super) const ARN: Text =
    text("an ARN such as `arn:aws:sns:eu-central-1:123456789012:topic`", "arn:[A-Za-z0-9_.:/*+=@-]{1,1000}", |t| {
        t.strip_prefix("arn:").is_some_and(|t| alnum(t, 1, 1000, "_.:/*+=@-"))
    });
pub(super) const ACCOUNT_ID: Text =
    with_numbers(text("an account id of 12 digits", "[0-9]{12}", |t| digits(t, 12, 12)), Numbers::Digits(12));
pub(super) const ZONE: Text =
    text("a zone such as `eu-central-1a` or `europe-west3-b`", "[a-z0-9-]{3,40}", |t| lower(t, 3, 40, "-"));

pub(super) const PROJECT: Text =
    text("a project id such as `my-project-123`", "[a-z0-9.:-]{4,63}", |t| lower(t, 4, 63, ".:-"));
pub(super) const RESOURCE_PATH: Text = text(
    "a name, or a path such as `projects/my-project/global/networks/my-network`",
    "[A-Za-z0-9._:/-]{1,512}",
    |t| alnum(t, 1, 512, "._:/-"),
);
pub(super) const IP_RANGE: Text =
    text("a range such as `10.0.0.0/29`, or its name", "[A-Za-z0-9./-]{1,253}", |t| alnum(t, 1, 253, "./-"));

pub(super) const UUID: Text = text(
    "an id such as `00000000-0000-0000-0000-000000000000`",
    "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    |t| {
        let lengths = t.split('-').map(str::len);
        lengths.eq([8, 4, 4, 4, 12]) && t.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-')
    },
);
pub(super) const TENANT: Text = text("a tenant id, or its domain", "[A-Za-z0-9.-]{3,253}", |t| alnum(t, 3, 253, ".-"));
pub(super) const RESOURCE_GROUP: Text = text(
    "a resource group: 1 to 90 of letters, digits and `-._()`, no last `.`",
    "[A-Za-z0-9._()-]{0,89}[A-Za-z0-9_()-]",
    |t| alnum(t, 1, 90, "._()-") && !t.ends_with('.'),
);
pub(super) const SKU: Text = text(
    "an SKU such as `Balanced_B3`, or `Standard_C1` for Azure Cache for Redis",
    "[A-Za-z]{4,20}_[A-Z][0-9]{1,4}",
    |t| {
        t.split_once('_').is_some_and(|(tier, size)| {
            alnum(tier, 4, 20, "")
                && tier.bytes().all(|c| c.is_ascii_alphabetic())
                && size.starts_with(|c: char| c.is_ascii_uppercase())
                && digits(&size[1..], 1, 4)
        })
    },
);
pub(super) const ARM_ID: Text = text(
    "a resource id such as `/subscriptions/…/subnets/caches`",
    "/subscriptions/[A-Za-z0-9._()/-]{1,1000}",
    |t| t.strip_prefix("/subscriptions/").is_some_and(|t| alnum(t, 1, 1000, "._()/-")),
);
pub(super) const MODULE: Text = text("a module such as `RediSearch`", "[A-Za-z]{3,40}", |t| {
    alnum(t, 3, 40, "") && !t.bytes().any(|c| c.is_ascii_digit())
});
pub(super) const ZONE_NUMBER: Text =
    with_numbers(text("a zone, `1` to `9`", "[1-9]", |t| digits(t, 1, 1) && t != "0"), Numbers::Digits(1));
pub(super) const IPV4: Text = text(
    "an IPv4 address",
    r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}",
    |t| t.parse::<std::net::Ipv4Addr>().is_ok(),
);

/// The seconds of a duration such as `36h`.
pub(in crate::cache) fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let plain = digits(number, 1, 5) && !number.starts_with('0');
    number.parse::<u64>().ok().filter(|_| plain).map(|number| number * unit)
}

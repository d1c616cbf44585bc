//! The parameters of the Redis OSS and Valkey families, from the service's "parameters" pages.

/// One parameter of a family.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// The family's value; `None` where it follows from the node type.
    pub(super) value: Option<&'static str>,
    pub(super) kind: &'static str,
    /// A list of words or a range of numbers.
    pub(super) allowed: &'static str,
    pub(super) modifiable: bool,
    pub(super) reboot: bool,
}

const fn word(name: &'static str, value: &'static str, allowed: &'static str) -> Parameter {
    Parameter { name, value: Some(value), kind: "string", allowed, modifiable: true, reboot: false }
}

const fn number(name: &'static str, value: &'static str, allowed: &'static str) -> Parameter {
    Parameter { name, value: Some(value), kind: "integer", allowed, modifiable: true, reboot: false }
}

const fn reboot(parameter: Parameter) -> Parameter {
    Parameter { reboot: true, ..parameter }
}

const fn fixed(parameter: Parameter) -> Parameter {
    Parameter { modifiable: false, ..parameter }
}

/// Whether a group has cluster mode on.
pub(super) const CLUSTER_ENABLED: &str = "cluster-enabled";

/// Any text, for parameters that the engine itself checks.
const ANY: &str = "";

/// By name.
pub(super) const PARAMETERS: &[Parameter] = &[
    number("acllog-max-len", "128", "1-10000"),
    number("active-defrag-cycle-max", "75", "1-75"),
    number("active-defrag-cycle-min", "5", "1-75"),
    number("active-defrag-ignore-bytes", "104857600", "1048576-9223372036854775807"),
    number("active-defrag-max-scan-fields", "1000", "1-1000000"),
    number("active-defrag-threshold-lower", "10", "1-100"),
    number("active-defrag-threshold-upper", "100", "1-100"),
    reboot(word("activedefrag", "no", "yes,no")),
    fixed(word("activerehashing", "yes", "yes,no")),
    fixed(word("appendonly", "no", "yes,no")),
    word("appendfsync", "everysec", "always,everysec,no"),
    number("client-output-buffer-limit-normal-hard-limit", "0", "0-9223372036854775807"),
    number("client-output-buffer-limit-normal-soft-limit", "0", "0-9223372036854775807"),
    number("client-output-buffer-limit-normal-soft-seconds", "0", "0-9223372036854775807"),
    number("client-output-buffer-limit-pubsub-hard-limit", "33554432", "0-9223372036854775807"),
    number("client-output-buffer-limit-pubsub-soft-limit", "8388608", "0-9223372036854775807"),
    number("client-output-buffer-limit-pubsub-soft-seconds", "60", "0-9223372036854775807"),
    word("close-on-replica-write", "yes", "yes,no"),
    word("cluster-allow-pubsubshard-when-down", "yes", "yes,no"),
    word("cluster-allow-reads-when-down", "no", "yes,no"),
    reboot(word(CLUSTER_ENABLED, "no", "yes,no")),
    word("cluster-require-full-coverage", "no", "yes,no"),
    reboot(number("databases", "16", "1-1200000")),
    number("hash-max-listpack-entries", "512", "0-9223372036854775807"),
    number("hash-max-listpack-value", "64", "0-9223372036854775807"),
    number("hll-sparse-max-bytes", "3000", "0-16000"),
    word("latency-tracking", "no", "yes,no"),
    word("lazyfree-lazy-eviction", "no", "yes,no"),
    word("lazyfree-lazy-expire", "no", "yes,no"),
    word("lazyfree-lazy-server-del", "no", "yes,no"),
    word("lazyfree-lazy-user-del", "no", "yes,no"),
    number("lfu-decay-time", "1", "0-9223372036854775807"),
    number("lfu-log-factor", "10", "1-9223372036854775807"),
    number("list-compress-depth", "0", "0-9223372036854775807"),
    number("list-max-listpack-size", "-2", "-5,-4,-3,-2,-1,1-9223372036854775807"),
    fixed(number("lua-time-limit", "5000", "5000")),
    fixed(number("maxclients", "65000", "1-65000")),
    Parameter { name: "maxmemory", value: None, kind: "integer", allowed: "1-", modifiable: false, reboot: false },
    word(
        "maxmemory-policy",
        "volatile-lru",
        "volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction",
    ),
    number("maxmemory-samples", "3", "1-9223372036854775807"),
    number("min-replicas-max-lag", "10", "0-9223372036854775807"),
    number("min-replicas-to-write", "0", "0-5"),
    word("notify-keyspace-events", "", ANY),
    number("proto-max-bulk-len", "536870912", "1048576-536870912"),
    number("repl-backlog-size", "1048576", "16384-9223372036854775807"),
    number("repl-backlog-ttl", "3600", "0-9223372036854775807"),
    word("replica-allow-chaining", "no", "yes,no"),
    number("reserved-memory-percent", "25", "0-100"),
    number("set-max-intset-entries", "512", "0-9223372036854775807"),
    number("slowlog-log-slower-than", "10000", "-1-9223372036854775807"),
    number("slowlog-max-len", "128", "0-9223372036854775807"),
    number("stream-node-max-bytes", "4096", "0-9223372036854775807"),
    number("stream-node-max-entries", "100", "0-9223372036854775807"),
    number("tcp-keepalive", "300", "0-9223372036854775807"),
    number("timeout", "0", "0,20-9223372036854775807"),
    number("tracking-table-max-keys", "1000000", "1-100000000"),
    number("zset-max-listpack-entries", "128", "0-9223372036854775807"),
    number("zset-max-listpack-value", "64", "0-9223372036854775807"),
];

/// The parameter of that name.
pub(super) fn find(name: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|known| known.name == name)
}

impl Parameter {
    /// Whether a value is allowed.
    pub(super) fn allows(&self, value: &str) -> bool {
        if self.allowed == ANY {
            return true;
        }
        self.allowed.split(',').any(|part| part == value || (self.kind == "integer" && in_range(part, value)))
    }
}

fn in_range(range: &str, value: &str) -> bool {
    let Ok(value) = value.parse::<i64>() else { return false };
    // The first character may be a sign and not the hyphen between the two bounds.
    let Some(hyphen) = range.char_indices().skip(1).find(|(_, letter)| *letter == '-').map(|(at, _)| at) else {
        return false;
    };
    let (Ok(low), high) = (range[..hyphen].parse::<i64>(), &range[hyphen + 1..]) else { return false };
    value >= low && high.parse::<i64>().is_ok_and(|high| value <= high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_ranges_are_checked() {
        let allows = |name: &str, value: &str| find(name).unwrap().allows(value);
        assert!(allows("maxmemory-policy", "allkeys-lfu"));
        assert!(!allows("maxmemory-policy", "allkeys"));
        assert!(allows("timeout", "0") && allows("timeout", "20") && !allows("timeout", "5"));
        assert!(allows("slowlog-log-slower-than", "-1") && !allows("slowlog-log-slower-than", "-2"));
        assert!(!allows("databases", "many"));
        assert!(allows("notify-keyspace-events", "KEA"));
    }
}

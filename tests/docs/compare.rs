//! Whether what was printed is what is shown.

/// What stands for a thing that is never compared.
const SOME: &str = "\u{1}";

/// Whether `shown` tells what `printed` is. `…` in it stands for anything, blanks and line breaks mean nothing.
pub(crate) fn fits(shown: &str, printed: &str) -> bool {
    let shown = normalise(shown);
    let printed = normalise(printed);
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// The text without blanks and without what is another one each time: moments, ids, ports of this machine, durations.
fn normalise(text: &str) -> String {
    let mut out = String::new();
    let dense: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut at = 0;
    while at < dense.len() {
        let rest = &dense[at..];
        let before = dense[..at].last();
        let (length, keep) = if let Some(length) = shaped(rest, "dddd-dd-ddTdd:dd:dd") {
            (length + moment_tail(&rest[length..]), "")
        } else if let Some(length) = shaped(rest, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
            (length, "")
        } else if let Some(length) = port(rest) {
            (length, "127.0.0.1")
        } else if let Some(length) = member(rest, "\"port\":").or_else(|| member(rest, "\"reader_port\":")) {
            (length, "\"port\":")
        } else if let Some(length) = milliseconds(rest).filter(|_| !before.is_some_and(char::is_ascii_digit)) {
            (length, "ms")
        } else {
            out.push(rest[0]);
            at += 1;
            continue;
        };
        out.push_str(keep);
        out.push_str(SOME);
        at += length;
    }
    out
}

/// The length of what a pattern of `d` (digit) and `x` (hex digit) fits on.
fn shaped(text: &[char], pattern: &str) -> Option<usize> {
    let fits = |(c, p): (&char, char)| match p {
        'd' => c.is_ascii_digit(),
        'x' => c.is_ascii_hexdigit(),
        _ => *c == p,
    };
    let length = pattern.chars().count();
    (text.len() >= length && text.iter().zip(pattern.chars()).all(fits)).then_some(length)
}

/// Fractions of a second, and the zone.
fn moment_tail(text: &[char]) -> usize {
    let digits = |from: usize| text[from..].iter().take_while(|c| c.is_ascii_digit()).count();
    let fraction = if text.first() == Some(&'.') { 1 + digits(1) } else { 0 };
    fraction + usize::from(text.get(fraction) == Some(&'Z'))
}

/// A port of loopback that the machine chose: those that pages choose have four digits.
fn port(text: &[char]) -> Option<usize> {
    let head = ["127.0.0.1:", "127.0.0.1port"].iter().find_map(|head| shaped(text, head))?;
    shaped(&text[head..], "ddddd")?;
    let digits = text[head..].iter().take_while(|c| c.is_ascii_digit()).count();
    Some(head + digits)
}

fn member(text: &[char], name: &str) -> Option<usize> {
    let head = shaped(text, name)?;
    let digits = text[head..].iter().take_while(|c| c.is_ascii_digit()).count();
    (digits > 0).then_some(head + digits)
}

fn milliseconds(text: &[char]) -> Option<usize> {
    let number = text.iter().take_while(|c| c.is_ascii_digit() || **c == '.').count();
    let is_ms = text.get(number..number + 2) == Some(&['m', 's']);
    (number > 0 && is_ms).then_some(number + 2)
}

#[test]
fn what_is_another_each_time_is_not_compared_and_everything_else_is() {
    for (shown, printed) in [
        ("a b\n c", "ab c"),
        ("at 2026-11-23T11:49:44Z", "at 2026-01-02T03:04:05.678901Z"),
        ("{\"id\":\"76108f84-396d-42d7-ace2-75fdb0e0ef37\"}", "{\"id\":\"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\"}"),
        ("rediss://127.0.0.1:33267", "rediss://127.0.0.1:41234"),
        ("to 127.0.0.1 port 33267", "to 127.0.0.1 port 41234"),
        ("{\"port\":33267}", "{\"port\":6}"),
        ("TCP 0.2 ms done", "TCP 11.5 ms done"),
        ("from … to …", "from here to there"),
        ("…\nlast", "one\ntwo\nlast"),
    ] {
        assert!(fits(shown, printed), "{shown} / {printed}");
    }
    for (shown, printed) in [
        ("abc", "abd"),
        ("abc", "abcd"),
        ("bc", "abc"),
        ("", "something"),
        ("something", ""),
        ("on 127.0.0.1:8080", "on 127.0.0.1:8081"),
        ("from … to b", "from a to c"),
        ("a…b…c", "acb"),
        ("{\"port\":33267}", "{\"port\":\"none\"}"),
        ("replicas: 2", "replicas: 3"),
    ] {
        assert!(!fits(shown, printed), "{shown} / {printed}");
    }
}

//! Answers on the wire, in RESP2 or, for a client that asked with `HELLO 3`, in RESP3.

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Simple(&'static str),
    Error(String),
    Integer(i64),
    Text(Vec<u8>),
    Nothing,
    List(Vec<Reply>),
    /// A list of alternating keys and values in RESP2.
    Map(Vec<(&'static str, Reply)>),
}

impl Reply {
    pub(super) const OK: Self = Self::Simple("OK");

    pub(super) fn error(text: impl Into<String>) -> Self {
        Self::Error(text.into())
    }

    pub(super) fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Text(text.as_ref().to_vec())
    }

    pub(super) fn write(&self, out: &mut Vec<u8>, resp3: bool) {
        match self {
            Self::Simple(text) => line(out, '+', text),
            Self::Error(text) => line(out, '-', text),
            Self::Integer(number) => line(out, ':', &number.to_string()),
            Self::Text(text) => {
                line(out, '$', &text.len().to_string());
                out.extend_from_slice(text);
                out.extend_from_slice(b"\r\n");
            }
            Self::Nothing if resp3 => line(out, '_', ""),
            Self::Nothing => line(out, '$', "-1"),
            Self::List(items) => {
                line(out, '*', &items.len().to_string());
                for item in items {
                    item.write(out, resp3);
                }
            }
            Self::Map(pairs) => {
                let (kind, length) = if resp3 { ('%', pairs.len()) } else { ('*', pairs.len() * 2) };
                line(out, kind, &length.to_string());
                for (key, value) in pairs {
                    Self::text(key).write(out, resp3);
                    value.write(out, resp3);
                }
            }
        }
    }
}

/// What a client sent may stand in an error; a line break in it would forge an answer.
fn line(out: &mut Vec<u8>, kind: char, text: &str) {
    out.push(kind as u8);
    out.extend(text.bytes().map(|byte| if byte.is_ascii_control() { b' ' } else { byte }));
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(reply: &Reply, resp3: bool) -> String {
        let mut out = Vec::new();
        reply.write(&mut out, resp3);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_maps_and_nothing_differ_between_the_two_protocols() {
        let map = Reply::Map(vec![("proto", Reply::Integer(3))]);
        assert_eq!(written(&map, false), "*2\r\n$5\r\nproto\r\n:3\r\n");
        assert_eq!(written(&map, true), "%1\r\n$5\r\nproto\r\n:3\r\n");
        assert_eq!(
            (written(&Reply::Nothing, false), written(&Reply::Nothing, true)),
            ("$-1\r\n".into(), "_\r\n".into())
        );
        let list = Reply::List(vec![Reply::text("a"), Reply::OK]);
        assert_eq!(written(&list, false), "*2\r\n$1\r\na\r\n+OK\r\n");
    }

    #[test]
    fn an_error_stays_on_its_line() {
        assert_eq!(written(&Reply::error("ERR a\r\n+OK"), false), "-ERR a  +OK\r\n");
    }
}

//! Reads commands, never more than a bounded amount of memory at a time.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// The longest line, in bytes: a length, or a command in one line.
const LONGEST_LINE: u64 = 4 * 1024;

/// How large a command may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    words: usize,
    /// Of all words together.
    bytes: usize,
}

impl Limits {
    /// Before the log-in there is no reason to send much. Redis draws the line at the same number of words.
    pub(super) const STRANGER: Self = Self { words: 10, bytes: 16 * 1024 };
    /// After it.
    pub(super) const CLIENT: Self = Self { words: 1024, bytes: 1024 * 1024 };
}

/// Why there is no command.
#[derive(Debug)]
pub(super) enum Unread {
    /// The client is done.
    Closed,
    Io(io::Error),
    /// It is no Redis protocol, or too large; nothing after it can be understood.
    Malformed(&'static str),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Closed } else { Self::Io(error) }
    }
}

/// The words of the next command: an array of texts, or a line as a person types it. May be empty.
pub(super) async fn read<R: AsyncBufRead + Unpin>(from: &mut R, limits: Limits) -> Result<Vec<Vec<u8>>, Unread> {
    let line = line(from).await?;
    let Some(count) = line.strip_prefix(b"*") else {
        return Ok(line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect());
    };
    let count =
        number(count).filter(|count| *count <= limits.words).ok_or(Unread::Malformed("invalid multibulk length"))?;
    let mut words = Vec::with_capacity(count);
    let mut left = limits.bytes;
    for _ in 0..count {
        let length = self::line(from).await?;
        let length = length.strip_prefix(b"$").ok_or(Unread::Malformed("expected '$'"))?;
        let length = number(length).filter(|length| *length <= left).ok_or(Unread::Malformed("invalid bulk length"))?;
        left -= length;
        let mut word = vec![0; length + 2];
        from.read_exact(&mut word).await?;
        if !word.ends_with(b"\r\n") {
            return Err(Unread::Malformed("expected the end of a text"));
        }
        word.truncate(length);
        words.push(word);
    }
    Ok(words)
}

async fn line<R: AsyncBufRead + Unpin>(from: &mut R) -> Result<Vec<u8>, Unread> {
    let mut line = Vec::new();
    from.take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
    if line.pop() != Some(b'\n') {
        return Err(if line.len() + 1 >= 4096 { Unread::Malformed("too big inline request") } else { Unread::Closed });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn parse(mut bytes: &[u8], limits: Limits) -> Result<Vec<Vec<u8>>, Unread> {
        read(&mut bytes, limits).await
    }

    #[tokio::test]
    async fn both_ways_to_write_a_command_are_read() {
        let words = vec![b"ECHO".to_vec(), b"hi".to_vec()];
        assert_eq!(parse(b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n", Limits::STRANGER).await.unwrap(), words);
        assert_eq!(parse(b"ECHO  hi\n", Limits::STRANGER).await.unwrap(), words);
        assert!(parse(b"\r\n", Limits::STRANGER).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_is_too_large_is_refused_before_it_is_read() {
        for large in ["*11\r\n", "*1\r\n$16385\r\n", "*2\r\n$16384\r\n"] {
            let mut bytes = large.as_bytes().to_vec();
            if large.starts_with("*2") {
                bytes.extend(vec![b'x'; 16384]);
                bytes.extend(b"\r\n$1\r\n");
            }
            assert!(matches!(parse(&bytes, Limits::STRANGER).await, Err(Unread::Malformed(_))), "{large}");
        }
        let endless = vec![b'x'; 1024 * 1024];
        assert!(matches!(parse(&endless, Limits::CLIENT).await, Err(Unread::Malformed(_))));
    }

    #[tokio::test]
    async fn half_a_command_is_the_end() {
        for half in ["", "*1\r\n", "*1\r\n$4\r\nPI", "PIN"] {
            assert!(matches!(parse(half.as_bytes(), Limits::CLIENT).await, Err(Unread::Closed)), "{half}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(parse(&bytes, Limits::STRANGER));
            let _ = runtime.block_on(parse(&[b"*3\r\n$1\r\na\r\n", &bytes[..]].concat(), Limits::CLIENT));
        }
    }
}

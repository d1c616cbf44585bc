//! The few lines of the Redis protocol (RESP2) that a log-in and a ping need.
//! Protocol: <https://redis.io/docs/latest/develop/reference/protocol-spec/>

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// The longest line and the longest text that are read, in bytes.
const LONGEST: usize = 64 * 1024;

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `+OK`, `+PONG`.
    Simple(String),
    /// `-WRONGPASS …`, without the hyphen.
    Error(String),
    /// `:42`.
    Integer(i64),
    /// A text, or nothing.
    Bulk(Option<Vec<u8>>),
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum NoReply {
    /// The connection failed.
    #[error("the connection failed")]
    Io(#[from] io::Error),
    /// The server closed the connection without an answer.
    #[error("the server closed the connection without an answer")]
    Closed,
    /// The server speaks something else.
    #[error("the answer is not of the Redis protocol")]
    Foreign {
        /// The first byte of what it said.
        first: u8,
    },
}

/// A connection that speaks RESP2.
#[derive(Debug)]
pub struct Connection<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Speaks over `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    /// Sends one command and waits for its answer.
    pub async fn command(&mut self, words: &[&[u8]]) -> Result<Reply, NoReply> {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        let sent = async {
            self.stream.write_all(&request).await?;
            self.stream.flush().await
        };
        match (sent.await, self.reply().await) {
            // A server that turns a client away says why, and closes while the client still writes.
            (_, Ok(reply)) => Ok(reply),
            (Err(error), Err(NoReply::Io(_) | NoReply::Closed)) => Err(error.into()),
            (_, Err(none)) => Err(none),
        }
    }

    async fn reply(&mut self) -> Result<Reply, NoReply> {
        let first = match self.stream.read_u8().await {
            Ok(first) => first,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(NoReply::Closed),
            Err(error) => return Err(error.into()),
        };
        let foreign = NoReply::Foreign { first };
        if !matches!(first, b'+' | b'-' | b':' | b'$') {
            return Err(foreign);
        }
        let mut line = Vec::new();
        (&mut self.stream).take(LONGEST as u64).read_until(b'\n', &mut line).await?;
        let Some(line) = line.strip_suffix(b"\r\n") else { return Err(foreign) };
        let line = String::from_utf8_lossy(line).into_owned();
        match first {
            b'+' => Ok(Reply::Simple(line)),
            b'-' => Ok(Reply::Error(line)),
            b':' => line.parse().map(Reply::Integer).map_err(|_| foreign),
            _ if line == "-1" => Ok(Reply::Bulk(None)),
            _ => {
                let length = line.parse::<usize>().ok().filter(|length| *length <= LONGEST).ok_or(foreign)?;
                let mut text = vec![0; length + 2];
                self.stream.read_exact(&mut text).await?;
                text.truncate(length);
                Ok(Reply::Bulk(Some(text)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(bytes: &[u8]) -> Result<Reply, NoReply> {
        let (client, mut server) = tokio::io::duplex(1024);
        server.write_all(bytes).await.unwrap();
        server.shutdown().await.unwrap();
        let mut connection = Connection::new(client);
        connection.command(&[b"PING"]).await
    }

    #[tokio::test]
    async fn each_kind_of_reply_is_read() {
        assert_eq!(answer(b"+PONG\r\n").await.unwrap(), Reply::Simple("PONG".to_owned()));
        assert_eq!(answer(b"-ERR no\r\n").await.unwrap(), Reply::Error("ERR no".to_owned()));
        assert_eq!(answer(b":-7\r\n").await.unwrap(), Reply::Integer(-7));
        assert_eq!(answer(b"$2\r\nhi\r\n").await.unwrap(), Reply::Bulk(Some(b"hi".to_vec())));
        assert_eq!(answer(b"$-1\r\n").await.unwrap(), Reply::Bulk(None));
    }

    #[tokio::test]
    async fn what_is_no_reply_is_told_apart() {
        assert!(matches!(answer(b"").await, Err(NoReply::Closed)));
        assert!(matches!(answer(b"HTTP/1.1 400 Bad Request\r\n").await, Err(NoReply::Foreign { first: b'H' })));
        assert!(matches!(answer(b"+no end").await, Err(NoReply::Foreign { first: b'+' })));
        assert!(matches!(answer(b"$99999999999\r\n").await, Err(NoReply::Foreign { .. })));
    }

    #[tokio::test]
    async fn a_command_is_written_with_the_length_of_each_word() {
        let (client, mut server) = tokio::io::duplex(1024);
        server.write_all(b"+OK\r\n").await.unwrap();
        Connection::new(client).command(&[b"AUTH", b"p w"]).await.unwrap();
        let mut seen = Vec::new();
        server.read_to_end(&mut seen).await.unwrap();
        assert_eq!(seen, b"*2\r\n$4\r\nAUTH\r\n$3\r\np w\r\n");
    }
}

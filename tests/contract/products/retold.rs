//! Stands before an emulator and passes everything on, but can put other words into its mouth.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

type Words = Arc<Mutex<Option<(&'static str, &'static str)>>>;

/// Passes bytes on until it is dropped.
pub(super) struct Retold {
    pub(super) address: SocketAddr,
    words: Words,
    accepting: JoinHandle<()>,
}

impl Retold {
    pub(super) async fn start(cloud: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let words = Words::default();
        let told = Arc::clone(&words);
        let accepting = tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                tokio::spawn(pass(caller, cloud, Arc::clone(&told)));
            }
        });
        Self { address, words, accepting }
    }

    /// From now on the cloud says `to` where it would say `from`. Both are equally long, as lengths are told before.
    pub(super) fn retell(&self, from: &'static str, to: &'static str) {
        assert_eq!(from.len(), to.len());
        *self.words.lock().unwrap() = Some((from, to));
    }
}

impl Drop for Retold {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection. When either side hangs up, so does this.
async fn pass(mut caller: TcpStream, cloud: SocketAddr, words: Words) {
    let Ok(mut cloud) = TcpStream::connect(cloud).await else { return };
    caller.set_nodelay(true).ok();
    cloud.set_nodelay(true).ok();
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 1024 * 1024]);
    loop {
        let passed = tokio::select! {
            Ok(count) = caller.read(&mut asked) => match count {
                0 => return,
                count => cloud.write_all(&asked[..count]).await,
            },
            Ok(count) = cloud.read(&mut answered) => match count {
                0 => return,
                count => {
                    let words = *words.lock().unwrap();
                    if let Some((from, to)) = words {
                        replace(&mut answered[..count], from.as_bytes(), to.as_bytes());
                    }
                    caller.write_all(&answered[..count]).await
                }
            },
            else => return,
        };
        if passed.is_err() {
            return;
        }
    }
}

fn replace(text: &mut [u8], from: &[u8], to: &[u8]) {
    for start in 0..=text.len().saturating_sub(from.len()) {
        if text[start..].starts_with(from) {
            text[start..start + to.len()].copy_from_slice(to);
        }
    }
}

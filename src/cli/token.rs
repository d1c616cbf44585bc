//! `token`: a secret for callers, and its hash for the configuration.

use aws_lc_rs::digest;

use super::Failed;
use super::start::World;

pub(super) fn token() -> Result<(), Failed> {
    let mut bytes = [0; 32];
    World::real().random.fill(&mut bytes);
    let secret = hex(&bytes);
    let sha256 = hex(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    say!("secret  {secret}");
    say!("sha256  {sha256}");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! `token`: a secret for callers, and its hash for the configuration.

use aws_lc_rs::digest;

use super::start::World;
use crate::config::to_hex;

pub(super) fn print() {
    let mut bytes = [0; 32];
    World::real().random.fill(&mut bytes);
    let secret = to_hex(&bytes);
    let sha256 = to_hex(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    say!("secret  {secret}");
    say!("sha256  {sha256}");
}

//! Passwords are kept as SHA-256, which is also how Redis keeps them (`ACL SETUSER … #<hash>`).

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use secrecy::{ExposeSecret, SecretString};

/// What is kept of a password.
#[derive(Clone)]
pub(super) struct Hashed(Digest);

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashed(..)")
    }
}

impl Hashed {
    pub(super) fn new(password: &SecretString) -> Self {
        Self::of(password.expose_secret().as_bytes())
    }

    fn of(password: &[u8]) -> Self {
        Self(digest(&SHA256, password))
    }

    /// 64 hexadecimal digits, as in a rule of an ACL.
    pub(super) fn hex(&self) -> String {
        hex(self.0.as_ref())
    }
}

/// Two hexadecimal digits for each byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).expect("half a byte is one digit");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Whether `given` is one of the passwords. Takes the same time whichever it is, and whether it is one at all.
pub(super) fn is_one_of(passwords: &[Hashed], given: &[u8]) -> bool {
    let given = Hashed::of(given);
    let equal = |known: &Hashed| verify_slices_are_equal(known.0.as_ref(), given.0.as_ref()).is_ok();
    passwords.iter().fold(false, |found, known| equal(known) | found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_the_passwords_is_recognised_and_no_other() {
        let known = [Hashed::new(&"old".into()), Hashed::new(&"new".into())];
        assert!(is_one_of(&known, b"old") && is_one_of(&known, b"new"));
        assert!(!is_one_of(&known, b"other") && !is_one_of(&known, b"") && !is_one_of(&[], b"old"));
    }

    #[test]
    fn the_hash_is_the_one_that_an_acl_takes() {
        let expected = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
        assert_eq!(Hashed::new(&"foo".into()).hex(), expected);
    }
}

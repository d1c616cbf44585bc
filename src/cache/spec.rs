//! stub
use super::product::words;

words! {
    /// a
    Auth, "auth" {
    /// a
    Password = "password",
    /// b
    Iam = "iam",
    /// c
    None = "none", }
}
/// x
#[derive(Debug, Clone, PartialEq)]
pub struct Spec;

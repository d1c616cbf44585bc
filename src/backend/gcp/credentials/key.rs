//! The key of a service account, and the assertion that it signs.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::SecretString;
use serde_json::json;

use super::{SCOPE, wrong};
use crate::backend::Result;

/// Where a key may be exchanged. Whoever sends a key must not be able to send the driver's calls elsewhere. The second is
/// what keys of old name.
const TOKEN_URIS: [&str; 2] = ["https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"];
/// The longest life that Google allows an assertion.
const LIFE: Duration = Duration::from_hours(1);
/// How far this machine's clock may be ahead of Google's.
const SKEW: Duration = Duration::from_secs(10);

/// The key of a service account.
pub(super) struct ServiceAccount {
    pub(super) email: String,
    pub(super) project: Option<String>,
    pub(super) token_uri: String,
    key_id: Option<String>,
    key: KeyPair,
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.email).finish_non_exhaustive()
    }
}

impl ServiceAccount {
    /// Reads the fields of a key as Google hands it out. `path` says where it stands, for messages. `emulated`: tokens come
    /// from the configured endpoint whatever `token_uri` says.
    pub(super) fn read(field: impl Fn(&str) -> Option<String>, path: &str, emulated: bool) -> Result<Self> {
        let field = |name: &str| field(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let needed = |name: &str| field(name).ok_or_else(|| wrong(format!("{path}.{name} is missing")));
        if let Some(kind) = field("type").filter(|kind| kind != "service_account") {
            let shown = if kind.len() <= 40 { kind.as_str() } else { "another" };
            return Err(wrong(format!("{path}.type: expected service_account, got {shown}"))
                .hint("send the key of a service account, or an access token as `access_token`"));
        }
        let token_uri = needed("token_uri")?;
        if !emulated && !TOKEN_URIS.contains(&token_uri.as_str()) {
            let allowed = TOKEN_URIS.join(" or ");
            return Err(wrong(format!("{path}.token_uri is none of google's: expected {allowed}"))
                .hint("send the key as Google Cloud handed it out"));
        }
        if let Some(universe) = field("universe_domain").filter(|domain| domain != "googleapis.com") {
            let shown = if universe.len() <= 40 { universe.as_str() } else { "another" };
            return Err(wrong(format!("{path}.universe_domain: expected googleapis.com, got {shown}")));
        }
        let key = private_key(&needed("private_key")?).map_err(|why| {
            wrong(format!("{path}.private_key {why}")).hint(
                "expected the PEM text of the key file, with its line breaks, from BEGIN PRIVATE KEY to END PRIVATE KEY",
            )
        })?;
        Ok(Self {
            email: needed("client_email")?,
            project: field("project_id"),
            token_uri,
            key_id: field("private_key_id"),
            key,
        })
    }

    /// What is exchanged for a token: RFC 7523, signed with RS256.
    pub(super) fn assertion(&self, now: Timestamp) -> Result<SecretString> {
        let issued = now.checked_sub(SKEW).unwrap_or(now).as_second();
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": issued,
            "exp": issued + LIFE.as_secs().cast_signed(),
        });
        let part = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| wrong("the private key cannot sign"))?;
        Ok(SecretString::from(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

fn private_key(pem: &str) -> std::result::Result<KeyPair, &'static str> {
    // Whoever carries the key through an environment variable or a template may have escaped its line breaks once more.
    let pem = pem.replace("\\n", "\n");
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| "is no private key in PEM form")?;
    let key = match &key {
        PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err("is no RSA key"),
    };
    key.map_err(|_| "is no RSA key that can be used")
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use base64::engine::general_purpose::STANDARD;
    use secrecy::ExposeSecret;
    use serde_json::Value;

    use super::*;
    use crate::backend::Kind;

    /// A key that is made for the occasion.
    static PEM: LazyLock<String> = LazyLock::new(|| {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    });

    fn account(changed: &[(&str, &str)]) -> Result<ServiceAccount> {
        let mut fields = vec![
            ("type", "service_account"),
            ("project_id", "my-project"),
            ("private_key_id", "k1"),
            ("private_key", PEM.as_str()),
            ("client_email", "driver@my-project.iam.gserviceaccount.com"),
            ("token_uri", TOKEN_URIS[0]),
        ];
        for (name, value) in changed {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        let field = |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        ServiceAccount::read(field, "driver.secrets.account", false)
    }

    #[test]
    fn the_assertion_says_who_asks_for_what_and_is_signed() {
        let account = account(&[]).unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let assertion = account.assertion(now).unwrap();
        let (signed, signature) = assertion.expose_secret().rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let read = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
        assert_eq!(read(header), json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
        let claims = read(claims);
        assert_eq!(claims["iss"], "driver@my-project.iam.gserviceaccount.com");
        assert_eq!((claims["scope"].as_str(), claims["aud"].as_str()), (Some(SCOPE), Some(TOKEN_URIS[0])));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, account.key.public_key().as_ref().to_vec());
        public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    }

    #[test]
    fn escaped_line_breaks_and_the_older_token_endpoint_are_taken() {
        let escaped = PEM.replace('\n', "\\n");
        assert!(account(&[("private_key", &escaped), ("token_uri", TOKEN_URIS[1])]).is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_key_is_said_without_showing_it() {
        let broken = PEM.replace("MII", "CANARY");
        for (field, value, part) in [
            ("token_uri", "http://169.254.169.254/CANARY", "driver.secrets.account.token_uri is none of google's"),
            ("token_uri", "https://oauth2.googleapis.com/token?CANARY", "expected https://oauth2.googleapis.com/token"),
            ("token_uri", "\u{0}CANARY not a url", "token_uri"),
            ("token_uri", "", "token_uri is missing"),
            ("private_key", "CANARY", "private_key is no private key in PEM form"),
            ("private_key", &broken, "private_key is no"),
            (
                "private_key",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
                "private_key is no RSA key",
            ),
            ("private_key", "", "private_key is missing"),
            ("client_email", " ", "client_email is missing"),
            ("type", "external_account", "expected service_account, got external_account"),
            ("universe_domain", "example.com", "universe_domain"),
        ] {
            let error = account(&[(field, value)]).unwrap_err();
            assert_eq!(error.kind, Kind::Credentials);
            assert!(error.message.contains(part), "{error}");
            assert!(!format!("{error:?} {error}").contains("CANARY"), "{error:?}");
        }
        assert!(!format!("{:?}", account(&[]).unwrap()).contains("PRIVATE"));
    }
}

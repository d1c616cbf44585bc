//! The Operator's JWT, and everything that only looks like one.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cache_driver::config::{Auth, JwtKey};
use serde_json::{Value, json};

use crate::harness::{TOKEN, assert_in, assert_out, bearer, hashed, resource, server};

/// A key of the Operator.
struct Key {
    pair: KeyPair,
    pem: String,
    kid: String,
}

/// The server's clock in these tests.
const NOW: i64 = 1_750_000_000;

impl Key {
    fn new() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = pair.public_key().as_der().unwrap();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der.as_ref()));
        let kid = JwtKey::read(&pem).unwrap()[0].kid().to_owned();
        assert_eq!(kid.len(), 64);
        Self { pair, pem, kid }
    }

    /// As Humanitec's documentation shows it: no `alg`, and `RS256` where `JWT` belongs.
    fn odd_header(&self) -> Value {
        json!({"type": "JWT", "typ": "RS256", "kid": self.kid})
    }

    fn header(&self) -> Value {
        json!({"alg": "RS256", "typ": "JWT", "kid": self.kid})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_with(&RSA_PKCS1_SHA256, header, claims)
    }

    fn sign_with(&self, how: &'static dyn RsaEncoding, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(how, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn trusted(&self, auth: &mut Auth) {
        auth.jwt.keys = JwtKey::read(&self.pem).unwrap();
        auth.jwt.org_ids = vec!["my-org".to_owned()];
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn ours() -> Value {
    json!({"orgID": "my-org"})
}

#[tokio::test]
async fn a_token_of_the_operator_is_let_in_with_the_odd_header_and_with_a_proper_one() {
    let key = Key::new();
    let server = server(|auth| key.trusted(auth)).await;
    assert_in(bearer(server.get(&resource()), &key.sign(&key.odd_header(), &ours()))).await;
    assert_in(bearer(server.get(&resource()), &key.sign(&key.header(), &ours()))).await;
    let upper = json!({"alg": "RS256", "kid": key.kid.to_uppercase()});
    assert_in(bearer(server.get(&resource()), &key.sign(&upper, &ours()))).await;
    let more = json!({"orgID": "my-org", "exp": NOW + 1, "nbf": NOW, "iat": NOW, "aud": "whoever", "more": [1]});
    assert_in(bearer(server.get(&resource()), &key.sign(&key.header(), &more))).await;
    assert_out(server.get(&resource())).await;
}

#[tokio::test]
async fn no_token_chooses_how_it_is_verified() {
    let key = Key::new();
    let server = server(|auth| key.trusted(auth)).await;
    let none = |alg: &str| json!({"alg": alg, "typ": "RS256", "kid": key.kid});
    let mut bad = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        bad.push(format!("{}.", unsigned(&none(alg), &ours())));
        bad.push(unsigned(&none(alg), &ours()));
        bad.push(key.sign(&none(alg), &ours()));
    }
    bad.push(format!("{}.", unsigned(&key.header(), &ours())));
    bad.push(format!("{}.", unsigned(&key.odd_header(), &ours())));
    // HS256 with the public key, in each of its forms, as the shared secret.
    let der = JwtKey::read(&key.pem).unwrap()[0].der().to_vec();
    for secret in [key.pem.as_bytes(), key.pem.trim().as_bytes(), &der] {
        for alg in ["HS256", "RS256"] {
            let signed = unsigned(&json!({"alg": alg, "typ": "JWT", "kid": key.kid}), &ours());
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
            bad.push(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag)));
        }
    }
    bad.push(key.sign_with(&RSA_PKCS1_SHA512, &json!({"alg": "RS512", "kid": key.kid}), &ours()));
    bad.push(key.sign_with(&RSA_PKCS1_SHA512, &key.header(), &ours()));
    // A key that comes along.
    let other = Key::new();
    bad.push(other.sign(&json!({"alg": "RS256", "kid": key.kid, "jwk": {"kty": "RSA"}, "jku": "http://x/"}), &ours()));
    bad.push(key.sign(&json!({"alg": "RS256", "kid": key.kid, "crit": ["exp"]}), &ours()));
    bad.push(key.sign(&json!({"alg": ["RS256"], "kid": key.kid}), &ours()));
    bad.push(key.sign(&json!({"typ": "JWT", "kid": key.kid}), &ours()));
    bad.push(key.sign(&json!({"type": "RS256", "kid": key.kid}), &ours()));
    for token in bad {
        assert_out(bearer(server.get(&resource()), &token)).await;
    }
}

#[tokio::test]
async fn a_wrong_key_or_organisation_is_refused() {
    let (key, other) = (Key::new(), Key::new());
    let server = server(|auth| key.trusted(auth)).await;
    for token in [
        other.sign(&other.header(), &ours()),
        other.sign(&key.header(), &ours()),
        key.sign(&other.header(), &ours()),
        key.sign(&json!({"alg": "RS256"}), &ours()),
        key.sign(&json!({"alg": "RS256", "kid": "../../key"}), &ours()),
        key.sign(&key.header(), &json!({"orgID": "other-org"})),
        key.sign(&key.header(), &json!({"orgID": "MY-ORG"})),
        key.sign(&key.header(), &json!({"orgID": ["my-org"]})),
        key.sign(&key.header(), &json!({"orgid": "my-org", "org_id": "my-org"})),
        key.sign(&key.header(), &json!({})),
        key.sign(&key.header(), &json!(["my-org"])),
    ] {
        assert_out(bearer(server.get(&resource()), &token)).await;
    }
}

#[tokio::test]
async fn a_changed_token_is_refused() {
    let key = Key::new();
    let server = server(|auth| key.trusted(auth)).await;
    let good = key.sign(&key.header(), &ours());
    let parts: Vec<&str> = good.split('.').collect();
    let twice = URL_SAFE_NO_PAD.encode(r#"{"orgID":"other-org","orgID":"my-org"}"#);
    for token in [
        format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(r#"{"orgID":"my-org","a":1}"#), parts[2]),
        format!("{}.{twice}.{}", parts[0], parts[2]),
        format!("{good}."),
        format!("{good}.{}", parts[2]),
        format!("{good}=="),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}..{}", parts[0], parts[2]),
        good[..good.len() - 4].to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        ".".repeat(4000),
    ] {
        assert_out(bearer(server.get(&resource()), &token)).await;
    }
    assert_in(bearer(server.get(&resource()), &good)).await;
}

#[tokio::test]
async fn time_is_looked_at_where_a_token_tells_it() {
    let key = Key::new();
    let server = server(|auth| key.trusted(auth)).await;
    let with = |claims: Value| {
        let mut all = ours();
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        bearer(server.get(&resource()), &key.sign(&key.header(), &all))
    };
    assert_in(with(json!({"exp": NOW - 59}))).await;
    assert_in(with(json!({"nbf": NOW + 60}))).await;
    for claims in [
        json!({"exp": NOW - 60}),
        json!({"exp": 0}),
        json!({"exp": -1.5}),
        json!({"exp": (NOW + 100).to_string()}),
        json!({"exp": NOW + 100, "nbf": NOW + 61}),
        json!({"exp": {"at": NOW + 100}}),
    ] {
        assert_out(with(claims)).await;
    }
    let soon = with(json!({"exp": NOW + 10}));
    assert_in(soon.clone()).await;
    server.minutes(2);
    assert_out(soon).await;
}

#[tokio::test]
async fn an_audience_and_an_end_can_be_asked_for() {
    let key = Key::new();
    let server = server(|auth| {
        key.trusted(auth);
        auth.jwt.audience = Some("cache-driver".to_owned());
        auth.jwt.require_exp = true;
    })
    .await;
    let with = |claims: &Value| bearer(server.get(&resource()), &key.sign(&key.header(), claims));
    let end = NOW + 100;
    assert_in(with(&json!({"orgID": "my-org", "exp": end, "aud": "cache-driver"}))).await;
    assert_in(with(&json!({"orgID": "my-org", "exp": end, "aud": ["x", "cache-driver"]}))).await;
    for claims in [
        json!({"orgID": "my-org", "aud": "cache-driver"}),
        json!({"orgID": "my-org", "exp": null, "aud": "cache-driver"}),
        json!({"orgID": "my-org", "exp": end}),
        json!({"orgID": "my-org", "exp": end, "aud": "other"}),
        json!({"orgID": "my-org", "exp": end, "aud": ["other", {"a": "cache-driver"}]}),
    ] {
        assert_out(with(&claims)).await;
    }
}

#[tokio::test]
async fn several_keys_and_plain_tokens_are_good_at_once() {
    let (old, new) = (Key::new(), Key::new());
    let server = server(|auth| {
        old.trusted(auth);
        auth.jwt.keys.extend(JwtKey::read(&new.pem).unwrap());
        auth.tokens = vec![hashed("one", TOKEN)];
    })
    .await;
    for token in [old.sign(&old.header(), &ours()), new.sign(&new.odd_header(), &ours()), TOKEN.to_owned()] {
        assert_in(bearer(server.get(&resource()), &token)).await;
    }
    assert_out(bearer(server.get(&resource()), &old.sign(&new.header(), &ours()))).await;
}

//! Configurations and JSON of the pages.

use std::path::PathBuf;
use std::sync::LazyLock;

use cache_driver::backend;
use cache_driver::cache::schema;
use cache_driver::{config, routing};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::pages::{Block, Note, Page};

/// What a part of a configuration leaves out. A page's block lies over it.
const BENEATH: &str = r#"
[secrets]
keyring = [{ id = "beneath", key = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a" }]
[providers.aws]
enabled = true
region = "eu-central-1"
subnet_group = "caches"
security_group_ids = ["sg-0123456789abcdef0"]
"#;

/// Where the files of a configuration are on a server.
const THERE: &str = "/etc/cache-driver";

/// What is wrong with the blocks of TOML and JSON.
pub(crate) fn problems(page: &Page) -> Vec<String> {
    let mut wrong = Vec::new();
    for block in page.blocks().iter().filter(|block| !block.is(&Note::NotLoaded)) {
        let found = match block.language.as_str() {
            "toml" => toml(block),
            "json" => json(block),
            _ => Ok(()),
        };
        wrong.extend(found.err().map(|problem| format!("{}: {problem}", block.at)));
    }
    wrong
}

/// Loads a block as the driver would, over what it leaves out, and asks whether the driver would start.
fn toml(block: &Block) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let text = with_files(&block.text(), &dir);
    let write = |name: &str, text: &str| -> PathBuf {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let files = [write("beneath.toml", BENEATH), write("block.toml", &text)];
    let loaded = config::load(&files, std::iter::empty()).map_err(|error| error.to_string())?;
    loaded.check(backend::compiled()).map_err(|error| error.to_string())?;
    match routing::check(&loaded.config).as_slice() {
        [] => Ok(()),
        wrong => Err(wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// The text with every file that it names in a directory of this test, made up by the kind of file.
fn with_files(text: &str, dir: &TempDir) -> String {
    let mut text = text.to_owned();
    let quoted: Vec<String> = text.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    for name in quoted {
        let Some(content) = content(&name) else { continue };
        let file = dir.path().join(name.rsplit('/').next().unwrap());
        std::fs::write(&file, content).unwrap();
        text = text.replace(&format!("\"{name}\""), &format!("\"{}\"", file.display()));
    }
    text
}

/// What a file of this name would hold. `None` for what is no file.
fn content(name: &str) -> Option<String> {
    let extension = name.rsplit('/').next()?.rsplit_once('.').map_or("", |(_, extension)| extension);
    let hex = "0b".repeat(32);
    Some(match extension {
        "crt" | "pem" => PAIR.certificate.clone(),
        "pub" => PAIR.public.clone(),
        "json" => json!({
            "type": "service_account", "client_email": "caches@acme-caches.iam.gserviceaccount.com", "project_id": "acme-caches",
            "private_key": PAIR.private, "token_uri": "https://oauth2.googleapis.com/token"})
        .to_string(),
        "key" if name.contains("tls") => PAIR.private.clone(),
        "key" | "sha256" => hex,
        "" if name.starts_with(THERE) && name.ends_with("headers") => "authorization: Bearer synthetic".to_owned(),
        "" if name.starts_with(THERE) => hex,
        _ => return None,
    })
}

/// An RSA key, which is what the Operator's is, and a certificate for it. Takes too long to make one for each block.
static PAIR: LazyLock<Pair> = LazyLock::new(|| {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap().pem();
    Pair { private: key.serialize_pem(), public: key.public_key_pem(), certificate }
});

/// As PEM.
struct Pair {
    private: String,
    public: String,
    certificate: String,
}

/// One value of JSON, or several.
fn json(block: &Block) -> Result<(), String> {
    let text = block.text();
    let values: Vec<Value> =
        serde_json::Deserializer::from_str(&text).into_iter().collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    if values.is_empty() {
        return Err("there is no JSON in it".to_owned());
    }
    if block.is(&Note::Inputs) {
        let schema = jsonschema::validator_for(&schema::inputs_schema()).unwrap();
        for value in values {
            schema.validate(&json!({"values": value, "secrets": {}})).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

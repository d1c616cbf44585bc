//! Values that stand in files of their own.

use std::fs;
use std::io;
use std::path::Path;

use secrecy::SecretString;

use super::KeyBytes;

/// Reads a text file without its trailing newline. The error names the key, the file and the reason.
pub(crate) fn read(key: &str, path: &Path) -> Result<String, String> {
    let text = fs::read(path).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
    });
    let mut text = text.map_err(|error| format!("cannot read {}: {error}", shown(key, path)))?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    if text.trim().is_empty() {
        return Err(format!("{} is empty", shown(key, path)));
    }
    Ok(text)
}

/// The same for a secret.
pub(super) fn read_secret(key: &str, path: &Path) -> Result<SecretString, String> {
    read(key, path).map(SecretString::from)
}

/// A path as a message may show it: not if somebody has put the secret itself where its file's name belongs.
fn shown(key: &str, path: &Path) -> String {
    let text = path.to_string_lossy();
    let like_a_path = ["/", "./", "../"].iter().any(|start| text.starts_with(start)) && !text.contains('\n');
    // Base64 can begin with a slash.
    if like_a_path && KeyBytes::decode(&text).is_err() {
        format!("{text} (`{key}`)")
    } else {
        format!("the file that `{key}` names (shown only if it starts with / or ./)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_path_is_shown() {
        for path in ["/etc/cache-driver/k1", "./k1", "../keys/k1.hex"] {
            assert!(shown("key_file", Path::new(path)).contains(path));
        }
        let base64 = format!("/{}=", "A".repeat(42));
        for secret in ["hunter2", "abc~Q.def-ghi", &base64, "/x\ny"] {
            assert!(!shown("key_file", Path::new(secret)).contains(secret));
        }
    }
}

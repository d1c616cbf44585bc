//! Keeps the driver's cookie, also from one run to the next.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::caller::Answer;
use crate::cli::Failed;
use crate::cli::files::{PRIVATE, parse_object, unreadable, write_whole};

/// The cookie of one resource. In a file, cookies of many resources stand side by side.
#[derive(Debug)]
pub(in crate::cli) struct Jar {
    file: Option<PathBuf>,
    key: String,
    cookie: Option<String>,
}

impl Jar {
    /// The cookie of the resource that `key` names. A file that is not there yet is an empty one.
    pub(super) fn open(file: Option<PathBuf>, key: String) -> Result<Self, Failed> {
        let mut jar = Self { file, key, cookie: None };
        jar.cookie = jar.read()?.get(&jar.key).and_then(Value::as_str).map(str::to_owned);
        Ok(jar)
    }

    pub(super) fn cookie(&self) -> Option<String> {
        self.cookie.clone()
    }

    /// Keeps what an answer sets, and forgets what it says to forget.
    pub(super) fn keep(&mut self, answer: &Answer) -> Result<(), Failed> {
        let Some(set) = &answer.cookie else { return Ok(()) };
        self.cookie = Some(set.clone()).filter(|cookie| !cookie.is_empty());
        let Some(file) = &self.file else { return Ok(()) };
        // Read anew: another command may have kept the cookie of another resource meanwhile.
        let mut all = self.read()?;
        match &self.cookie {
            Some(cookie) => all.insert(self.key.clone(), json!(cookie)),
            None => all.remove(&self.key),
        };
        let text = format!("{:#}\n", json!({ "cookies": all }));
        write_whole(file, text.as_bytes(), PRIVATE).map_err(|error| {
            let what = format!("the driver has answered, but its cookie cannot be kept in {}", file.display());
            Failed::run(&what, &error)
        })
    }

    fn read(&self) -> Result<Map<String, Value>, Failed> {
        let Some(file) = &self.file else { return Ok(Map::new()) };
        let shown = file.display().to_string();
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Map::new()),
            Err(error) => return Err(unreadable(&shown, &error)),
        };
        match parse_object(&text, &shown)?.remove("cookies") {
            Some(Value::Object(cookies)) => Ok(cookies),
            _ => Err(Failed::Config(format!(
                "error: {shown}: it is no file of cookies; give --cookie-file another name"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn setting(cookie: Option<&str>) -> Answer {
        Answer {
            status: 200,
            body: Value::Null,
            retry_after: None,
            cookie: cookie.map(str::to_owned),
            request_id: String::new(),
            trace_id: String::new(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn cookies_of_many_resources_live_in_one_file_and_go_one_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("cookies.json");
        let open = |key: &str| Jar::open(Some(file.clone()), key.to_owned()).unwrap();
        let (mut one, mut two) = (open("a one"), open("a two"));
        one.keep(&setting(Some("cd1.one"))).unwrap();
        two.keep(&setting(Some("cd1.two"))).unwrap();
        one.keep(&setting(None)).unwrap();
        assert_eq!(
            (open("a one").cookie().as_deref(), open("a two").cookie().as_deref()),
            (Some("cd1.one"), Some("cd1.two"))
        );
        one.keep(&setting(Some(""))).unwrap();
        assert_eq!((open("a one").cookie(), open("a two").cookie().as_deref()), (None, Some("cd1.two")));
    }

    #[test]
    fn a_file_of_something_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["{\"resource\": {}}", "key: value"] {
            let file = dir.path().join("other");
            std::fs::write(&file, text).unwrap();
            assert!(matches!(Jar::open(Some(file.clone()), "a".into()), Err(Failed::Config(_))), "{text}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
    }
}

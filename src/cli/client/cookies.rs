//! Keeps the driver's cookie, also from one run to the next.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::caller::Answer;
use crate::cli::Failed;
use crate::cli::files::{PRIVATE, parse_object, replaceable, unreadable, write_whole};

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
        let lost = |error: io::Error| {
            let what = format!("the driver has answered, but its cookie cannot be kept in {}", file.display());
            Failed::run(&what, &error)
        };
        // Until the new file is in its place: what another command keeps meanwhile would be lost.
        let _turn = turn(file).map_err(lost)?;
        let mut all = self.read()?;
        match &self.cookie {
            Some(cookie) => all.insert(self.key.clone(), json!(cookie)),
            None => all.remove(&self.key),
        };
        let text = format!("{:#}\n", json!({ "cookies": all }));
        write_whole(file, text.as_bytes(), PRIVATE).map_err(lost)
    }

    /// Whether cookies are kept from one run to the next.
    pub(super) fn is_kept(&self) -> bool {
        self.file.is_some()
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

/// The right to change a file of cookies, until it is dropped. The file itself is replaced, so that it cannot be locked.
fn turn(file: &Path) -> io::Result<Option<File>> {
    let Some(file) = replaceable(file) else { return Ok(None) };
    let name = file.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let beside = file.with_file_name(format!(".{}.lock", name.to_string_lossy()));
    // It stays: whoever removed it would let two others in, one by the old file and one by the new.
    let lock = File::options().write(true).create(true).truncate(false).mode(PRIVATE).open(beside)?;
    lock.lock()?;
    Ok(Some(lock))
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
            left: None,
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
    fn cookies_that_are_kept_at_the_same_time_are_all_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("cookies.json");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let file = file.clone();
                scope.spawn(move || {
                    for round in 0..10 {
                        let mut jar = Jar::open(Some(file.clone()), format!("a {number}-{round}")).unwrap();
                        jar.keep(&setting(Some("cd1.one"))).unwrap();
                    }
                });
            }
        });
        let kept = Jar::open(Some(file), String::new()).unwrap().read().unwrap();
        assert_eq!(kept.len(), 80);
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

//! Files of the machine, read and written whole.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::Failed;

/// Permissions of a file with secrets in it.
pub(super) const PRIVATE: u32 = 0o600;
/// Permissions of a file that anybody may read.
pub(super) const PUBLIC: u32 = 0o644;

/// Reads a text that the command line names: a file, or standard input for `-`.
pub(super) fn read_text(file: &str) -> Result<String, Failed> {
    if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|error| unreadable("standard input", &error))?;
        return Ok(text);
    }
    fs::read_to_string(file).map_err(|error| unreadable(file, &error))
}

/// The same for one JSON object. Errors tell line and column, and nothing of the content, which can hold secrets.
pub(super) fn read_object(file: &str) -> Result<Map<String, Value>, Failed> {
    let from = if file == "-" { "standard input" } else { file };
    parse_object(&read_text(file)?, from)
}

/// Reads one JSON object out of a text that came from `from`.
pub(super) fn parse_object(text: &str, from: &str) -> Result<Map<String, Value>, Failed> {
    let wrong = |what: String| Failed::Config(format!("error: {from}: {what}"));
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(wrong("expected one JSON object, `{…}`".to_owned())),
        Err(_) if text.trim().is_empty() => Err(wrong("it is empty; expected one JSON object".to_owned())),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err(wrong(format!("it is not JSON, at line {line} column {column}; expected one JSON object")))
        }
    }
}

/// What cannot be read, and why.
pub(super) fn unreadable(what: &str, error: &io::Error) -> Failed {
    Failed::Config(format!("error: {what} cannot be read: {error}"))
}

/// Writes a file so that whoever reads it sees what was there before or all of `bytes`, never a part.
pub(super) fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let Some(path) = replaceable(path) else { return write_in_place(path, bytes, mode) };
    let beside = free_beside(&path)?;
    let written = write_new(&beside, bytes, mode).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Whether [`write_whole`] can write there, as far as that shows without touching what is there.
pub(super) fn check_writable(path: &Path) -> io::Result<()> {
    let Some(path) = replaceable(path) else { return Ok(()) };
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let beside = free_beside(&path)?;
    write_new(&beside, b"", PRIVATE)?;
    fs::remove_file(&beside)
}

/// The file behind all links, if it can be replaced: a terminal or a pipe cannot, nor can what somebody has open, as behind
/// `/dev/stdout`, nor a link to what is not there yet.
pub(super) fn replaceable(path: &Path) -> Option<PathBuf> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return None;
    }
    if !fs::symlink_metadata(path).is_ok_and(|there| there.is_symlink()) {
        return Some(path.to_owned());
    }
    if path.starts_with("/dev") || path.starts_with("/proc") {
        return None;
    }
    fs::canonicalize(path).ok()
}

fn write_in_place(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?.write_all(bytes)
}

/// A name in the same directory that is not taken.
fn free_beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let beside = path.with_file_name(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
    // What a killed process of the same number left: in a container it always has the same.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(beside),
    }
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_with_the_permissions_that_were_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.json");
        fs::write(&path, "old and longer than what comes").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        write_whole(&path, b"new", PRIVATE).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_link_stays_one_and_leads_to_what_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link, early) = (dir.path().join("target"), dir.path().join("link"), dir.path().join("early"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink("target", &link).unwrap();
        std::os::unix::fs::symlink("later", &early).unwrap();
        for path in [&link, &early] {
            check_writable(path).unwrap();
            write_whole(path, b"new", PRIVATE).unwrap();
            assert!(fs::symlink_metadata(path).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(path).unwrap(), "new");
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4, "nothing is left beside them");
    }

    #[test]
    fn what_somebody_has_open_is_written_in_place() {
        use std::os::fd::AsRawFd as _;

        let file = tempfile::tempfile().unwrap();
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        check_writable(&path).unwrap();
        write_whole(&path, b"new", PUBLIC).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(file.metadata().unwrap().len(), 3, "it is the very file that was open");
    }

    #[test]
    fn where_nothing_can_be_written_is_known_before() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        fs::create_dir(&taken).unwrap();
        for path in [taken, dir.path().join("no/such/file"), PathBuf::from("/proc/outputs.json")] {
            assert!(check_writable(&path).is_err(), "{}", path.display());
        }
        let free = dir.path().join("free");
        check_writable(&free).unwrap();
        assert!(!free.exists() && fs::read_dir(dir.path()).unwrap().count() == 1, "it leaves nothing behind");
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("taken")).unwrap();
        assert!(write_whole(&dir.path().join("taken"), b"new", PUBLIC).is_err());
        assert!(write_whole(&dir.path().join("no/such/file"), b"new", PUBLIC).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_object_is_told_by_its_place_and_not_by_its_content() {
        for (text, told) in [
            ("", "it is empty"),
            ("[\"CANARY\"]", "expected one JSON object"),
            ("{\n  \"password\": CANARY}", "line 2 column 15"),
        ] {
            let Err(Failed::Config(error)) = parse_object(text, "body.json") else { panic!("{text} went through") };
            assert!(error.contains(told) && error.contains("body.json") && !error.contains("CANARY"), "{error}");
        }
    }
}

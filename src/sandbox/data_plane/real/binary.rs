//! The server program.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

/// Earlier versions know neither `CLUSTER ADDSLOTSRANGE` nor rules for subcommands.
const OLDEST_MAJOR: u32 = 7;

/// A `valkey-server` or `redis-server` program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    path: PathBuf,
    name: &'static str,
}

impl Binary {
    pub(super) fn find(path: Option<&OsStr>) -> Option<Self> {
        let path = path?;
        ["valkey-server", "redis-server"].into_iter().find_map(|name| {
            // An empty or relative entry would run whatever lies in the working directory.
            let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
            folders.map(|folder| folder.join(name)).find(|file| is_executable(file)).map(|path| Self { path, name })
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `valkey-server` or `redis-server`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its version, from what it says itself. An error if it is older than 7.0, or does not run.
    pub async fn version(&self) -> io::Result<String> {
        let output = self.command().arg("--version").stdin(Stdio::null()).output().await?;
        let text = String::from_utf8_lossy(&output.stdout);
        // `Redis server v=7.0.15 sha=…`, `Valkey server v=8.0.1 sha=…`
        let version = text.split_whitespace().find_map(|word| word.strip_prefix("v="));
        let version = version.ok_or_else(|| io::Error::other("does not tell its version"))?;
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < OLDEST_MAJOR) {
            return Err(io::Error::other(format!(
                "version {version}, and {OLDEST_MAJOR}.0 is the oldest that will do"
            )));
        }
        Ok(version.to_owned())
    }

    /// Runs with an empty environment, and never longer than this process waits for it.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.env_clear().kill_on_drop(true);
        command
    }
}

fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn program(folder: &Path, name: &str, mode: u32, script: &str) {
        let file = folder.join(name);
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn valkey_is_preferred_wherever_it_stands_on_the_path() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = std::env::join_paths([first.path(), second.path()]).unwrap();
        assert_eq!(Binary::find(Some(&path)), None);
        program(first.path(), "redis-server", 0o755, "");
        assert_eq!(Binary::find(Some(&path)).unwrap().name(), "redis-server");
        program(second.path(), "valkey-server", 0o644, "");
        assert_eq!(Binary::find(Some(&path)).unwrap().name(), "redis-server", "a file that cannot be run is none");
        program(second.path(), "valkey-server", 0o755, "");
        assert_eq!(Binary::find(Some(&path)).unwrap().path(), second.path().join("valkey-server"));
    }

    #[test]
    fn nothing_is_found_without_a_path_or_in_the_working_directory() {
        assert_eq!(Binary::find(None), None);
        assert_eq!(Binary::find(Some(OsStr::new(".:"))), None);
    }

    #[tokio::test]
    async fn the_version_is_read_and_an_old_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let found = || Binary::find(Some(folder.path().as_os_str())).unwrap();
        program(folder.path(), "redis-server", 0o755, "#!/bin/sh\necho Redis server v=7.2.4 sha=0\n");
        assert_eq!(found().version().await.unwrap(), "7.2.4");
        program(folder.path(), "redis-server", 0o755, "#!/bin/sh\necho Redis server v=6.2.14 sha=0\n");
        assert!(found().version().await.unwrap_err().to_string().contains("6.2.14"));
        program(folder.path(), "redis-server", 0o755, "#!/bin/sh\necho hello\n");
        assert!(found().version().await.is_err());
    }
}

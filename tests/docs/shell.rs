//! A shell in a directory of its own, as somebody has it who follows a page step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use cache_driver::clock::{Clock, SystemClock};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Where the driver listens by default.
const USUAL: u16 = 8080;
/// For one command, on a machine that compiles at the same time.
const PATIENCE: Duration = Duration::from_mins(1);
/// Much faster than the pages say, so that a test takes seconds.
const SPEED: &str = "600";

/// How a command ended, and what it printed on both streams.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) printed: String,
}

pub(crate) struct Shell {
    dir: TempDir,
    bash: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    ports: BTreeMap<u16, u16>,
    scripts: usize,
}

impl Shell {
    /// A shell for a page. Each port of this machine that the page uses becomes a free one; what is printed is turned back.
    pub(crate) async fn start(page: &str) -> Self {
        for tool in ["bash", "curl", "jq", "openssl"] {
            let found = Command::new(tool).arg("--version").output().await;
            assert!(found.is_ok(), "the commands of the documentation need {tool}: install it");
        }
        let dir = tempfile::tempdir().unwrap();
        let binary = Path::new(env!("CARGO_BIN_EXE_cache-driver")).parent().unwrap();
        // All at once, so that no two are the same.
        let used = ports(page);
        let free: Vec<TcpListener> = used.iter().map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let free = free.iter().map(|listener| listener.local_addr().unwrap().port());
        let ports: BTreeMap<u16, u16> = used.into_iter().zip(free).collect();
        let mut bash = Command::new("bash")
            .args(["--noprofile", "--norc"])
            .current_dir(dir.path())
            .env_clear()
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", binary.display()))
            .env("HOME", dir.path())
            .env("NO_COLOR", "1")
            .env("COLUMNS", "120")
            .env("CACHE_DRIVER__SANDBOX__SPEED", SPEED)
            // Where the driver listens by default, at the port that stands for it here.
            .env("CACHE_DRIVER__SERVER__LISTEN", format!("127.0.0.1:{}", ports[&USUAL]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut input = bash.stdin.take().unwrap();
        let output = BufReader::new(bash.stdout.take().unwrap()).lines();
        // What was left running ends with the shell, also when this test is killed.
        input.write_all(b"trap 'kill $(jobs -p) 2>/dev/null' EXIT\n").await.unwrap();
        Self { dir, bash, input, output, ports, scripts: 0 }
    }

    /// Writes a file of the page.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, self.here(text)).unwrap();
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&mut self, command: &str) -> Result<Ended, String> {
        let script = self.script(command);
        let end = format!("--- end of {script}");
        let line = format!("source ./{script} </dev/null 2>&1; printf '\\n%s %s\\n' '{end}' $?\n");
        self.input.write_all(line.as_bytes()).await.map_err(|error| error.to_string())?;
        let mut printed = String::new();
        let code = tokio::time::timeout(PATIENCE, async {
            while let Ok(Some(line)) = self.output.next_line().await {
                if let Some(code) = line.strip_prefix(&end) {
                    return code.trim().parse().ok();
                }
                printed.push_str(&line);
                printed.push('\n');
            }
            None
        })
        .await;
        let printed = self.back(&printed);
        match code {
            Ok(Some(code)) => Ok(Ended { code, printed }),
            Ok(None) => Err(format!("it ended the shell, after:\n{printed}")),
            Err(_) => Err(format!("it does not end, after:\n{printed}\n{}", self.logs())),
        }
    }

    /// Runs a command again and again, within bounds. The last try tells.
    pub(crate) async fn run_until(&mut self, command: &str, is_so: impl Fn(&Ended) -> bool) -> Result<Ended, String> {
        let until = SystemClock.now().checked_add(PATIENCE).unwrap();
        loop {
            let ended = self.run(command).await?;
            if is_so(&ended) || SystemClock.now() > until {
                return Ok(ended);
            }
            SystemClock.sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts a command that goes on, in the place of an earlier one of this name, and waits until it has printed what it
    /// should.
    pub(crate) async fn keep_running(
        &mut self,
        name: &str,
        command: &str,
        is_there: impl Fn(&str) -> bool,
    ) -> Result<(), String> {
        // What the earlier one printed goes with it.
        let stop =
            format!("[ -z \"$job_{name}\" ] || {{ kill $job_{name}; wait $job_{name}; }} 2>/dev/null; : >{name}.out");
        self.run(&stop).await?;
        // `exec`, so that the number of the job is that of the program.
        let script = self.script(&format!("exec env {command}"));
        self.run(&format!("(source ./{script}) </dev/null >{name}.out 2>{name}.log & job_{name}=$!")).await?;
        let until = SystemClock.now().checked_add(PATIENCE).unwrap();
        loop {
            let printed = self.back(&self.read(&format!("{name}.out")));
            if is_there(&printed) {
                return Ok(());
            }
            if SystemClock.now() > until {
                return Err(format!("it has not printed what is shown, but:\n{printed}\n{}", self.logs()));
            }
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
    }

    fn script(&mut self, command: &str) -> String {
        self.scripts += 1;
        let name = format!(".command-{}", self.scripts);
        let command =
            command.replace("cargo run --release -- ", "cache-driver ").replace("cargo run -- ", "cache-driver ");
        std::fs::write(self.dir.path().join(&name), self.here(&command) + "\n").unwrap();
        name
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    /// The ends of the logs of what runs in the background.
    fn logs(&self) -> String {
        let mut logs = String::new();
        for entry in std::fs::read_dir(self.dir.path()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|extension| extension == "log") {
                let text = self.read(&name);
                let lines: Vec<&str> = text.lines().collect();
                let end = lines[lines.len().saturating_sub(20)..].join("\n");
                let _ = writeln!(logs, "--- {name}\n{end}");
            }
        }
        logs
    }

    fn here(&self, text: &str) -> String {
        self.ports.iter().fold(text.to_owned(), |text, (page, real)| swap(&text, *page, *real))
    }

    fn back(&self, text: &str) -> String {
        self.ports.iter().fold(text.to_owned(), |text, (page, real)| swap(&text, *real, *page))
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // The shell and whatever it started are one group.
        if let Some(id) = self.bash.id() {
            let _ = std::process::Command::new("kill").args(["-KILL", "--", &format!("-{id}")]).status();
        }
    }
}

/// The ports of four digits that a page uses. Longer ones were chosen by the machine, and are never compared.
fn ports(page: &str) -> BTreeSet<u16> {
    let mut found = BTreeSet::from([USUAL]);
    for before in ["127.0.0.1:", "localhost:", "-port "] {
        for part in page.split(before).skip(1) {
            let digits = part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            found.extend(digits.parse::<u16>().ok().filter(|_| digits.len() == 4));
        }
    }
    found
}

/// Puts one port in the place of another, where it stands as a whole number.
fn swap(text: &str, from: u16, to: u16) -> String {
    let from = from.to_string();
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(&from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let whole = !is_digit(before.chars().last()) && !is_digit(after.chars().next());
        out.push_str(before);
        out.push_str(&if whole { to.to_string() } else { from.clone() });
        rest = after;
    }
    out + rest
}

#[test]
fn ports_of_pages_become_others_and_back() {
    let page = "--aws-port 9001, localhost:8081/a, \"127.0.0.1:9002\" and 127.0.0.1:43210";
    assert_eq!(ports(page), BTreeSet::from([8080, 8081, 9001, 9002]));
    assert_eq!(swap("a:8080/8080, 18080 80801 x8080", 8080, 7), "a:7/7, 18080 80801 x8080");
}

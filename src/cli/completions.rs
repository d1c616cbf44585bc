//! `completions`: what a shell needs to complete this command line.

use clap::Args;
use clap_complete::Shell;

use super::help;

/// Options of `completions`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn print(&self) {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut help::command(), "cache-driver", &mut text);
        // For bash it spells a name with a hyphen in two ways, of which only one is asked for:
        // https://github.com/clap-rs/clap/issues/6421
        let text = String::from_utf8_lossy(&text).replace("cache__subcmd__driver__subcmd__", "cache__driver__subcmd__");
        say!("{}", text.trim_end());
    }
}

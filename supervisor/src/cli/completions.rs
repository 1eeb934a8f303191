//! `tributary completions`: a script that completes the commands in a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Arguments, output};

/// For which shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tributary completions bash > /etc/bash_completion.d/tributary
  tributary completions zsh > ~/.zfunc/_tributary
  tributary completions fish > ~/.config/fish/completions/tributary.fish")]
pub(super) struct Options {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(options: &Options) {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "tributary", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end());
}

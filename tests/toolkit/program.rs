//! Runs the program as a user does.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl std::fmt::Debug for Run {
    /// Standard output may be megabytes: its beginning is enough.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let begin: String = self.stdout.chars().take(300).collect();
        write!(f, "exit {:?}, stderr {:?}, stdout {begin:?}", self.code, self.stderr)
    }
}

/// The program, in the project's folder, with nothing of the caller's terminal.
pub(crate) fn command(args: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tlsight"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR"));
    for variable in ["COLUMNS", "NO_COLOR", "TERM", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command
}

/// Runs it with these arguments.
pub(crate) fn run(args: &[impl AsRef<OsStr>]) -> Run {
    finish(command(args).stdin(Stdio::null()).output().unwrap())
}

/// Runs it with these variables.
pub(crate) fn run_in(variables: &[(&str, &str)], args: &[impl AsRef<OsStr>]) -> Run {
    let mut command = command(args);
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    finish(command.output().unwrap())
}

/// Runs it with `input` on standard input.
pub(crate) fn run_with_input(args: &[impl AsRef<OsStr>], input: &[u8]) -> Run {
    let mut command = command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || {
        // The program may end before it has read everything.
        drop(stdin.write_all(&input));
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    finish(output)
}

fn finish(output: Output) -> Run {
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The file's path as text, relative to the project's folder where it lies in it.
pub(crate) fn text(path: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    path.strip_prefix(root).unwrap_or(path).to_str().unwrap().to_owned()
}

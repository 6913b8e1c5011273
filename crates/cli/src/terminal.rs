//! The only places that write to stdout and stderr. A reader that went away (`| head`) is no error.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Results, for stdout.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(printable(text).as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(anyhow::Error::new(error).context("stdout")),
        _ => Ok(()),
    }
}

/// One message for stderr. There is nowhere to say that stderr is gone.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(line));
}

/// The longest time that is waited for the word of a program that is to show a file.
const SHOWN_AFTER: Duration = Duration::from_secs(3);

/// Shows a file in the program that the system has for it; a machine without one is no error, and said.
pub(crate) fn open(path: &Path) {
    let mut why = "there is no program for it".to_owned();
    for mut command in open::commands(path) {
        match shown(&mut command) {
            Ok(()) => return,
            // Of those that are not there nobody needs to hear.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => why = format!("{}: {error}", command.get_program().display()),
        }
    }
    say(&format!("warning: no browser was opened ({why}); open {} yourself", untied_study::printable_path(path)));
}

/// Starts the program, and hears whether it failed at once; one that goes on shows the file.
fn shown(command: &mut Command) -> io::Result<()> {
    // Ctrl-C here is not for it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let started = Instant::now();
    while started.elapsed() < SHOWN_AFTER {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(io::Error::other(status.to_string())),
            None => thread::sleep(SHOWN_AFTER / 100),
        }
    }
    Ok(())
}

/// The lines without characters that a terminal would act upon: questions and file names may hold any.
pub(crate) fn printable(text: &str) -> String {
    text.split('\n').map(untied_study::printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_control_character_reaches_the_terminal() {
        assert_eq!(super::printable("a\u{1b}[31m\nb"), "a\u{fffd}[31m\nb");
    }
}

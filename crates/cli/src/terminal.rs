//! The only places that write to stdout and stderr. A reader that went away (`| head`) is no error.

use std::io::{self, Write};
use std::path::Path;

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

/// Shows a file in the program that the system has for it; a machine without one is no error.
pub(crate) fn open(path: &Path) {
    if let Err(error) = open::that_detached(path) {
        say(&format!("warning: cannot open {}: {error}", untied_study::printable_path(path)));
    }
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

//! One worker process: `untied worker`, its events, its last words.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use untied_study::{Cell, Event};

/// A killed process is gone after less than this, unless the system holds it.
const DEATH_TAKES: Duration = Duration::from_secs(2);

/// The common part of all workers of a run.
#[derive(Debug)]
pub(crate) struct Crew {
    pub(crate) program: PathBuf,
    /// The study's output folder.
    pub(crate) folder: PathBuf,
    pub(crate) jobs: usize,
    pub(crate) threads: usize,
    /// Time between two checkpoints of a cell.
    pub(crate) checkpoint: Duration,
}

/// A message of a worker to the runner.
#[derive(Debug)]
pub(crate) struct Message {
    /// The number that it was started with.
    pub(crate) worker: usize,
    pub(crate) said: Said,
}

#[derive(Debug)]
pub(crate) enum Said {
    Event(Event),
    /// Its stdout is closed: it ended, one way or another.
    Closed,
}

/// A running worker. Its stdin stays open as long as this lives, and it ends when that closes.
#[derive(Debug)]
pub(crate) struct Worker {
    child: Child,
    last_words: JoinHandle<String>,
    pub(crate) started: Instant,
}

impl Worker {
    /// Starts one for a cell; its messages bear `number`. Without threads to hear it, the process is ended again.
    pub(crate) fn start(crew: &Crew, cell: &Cell, number: usize, sender: Sender<Message>) -> io::Result<Self> {
        let mut child = command(crew, cell).spawn()?;
        match listen(&mut child, number, sender) {
            Ok(last_words) => Ok(Self { child, last_words, started: Instant::now() }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> io::Result<(ExitStatus, String)> {
        let status = self.child.wait()?;
        Ok((status, self.last_words.join().unwrap_or_default()))
    }

    pub(crate) fn kill(mut self) {
        // Fails only where the worker is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Kills it and gives its last words; one that hangs in the system, such as on a dead network disk, is left behind.
    pub(crate) fn give_up(mut self) -> String {
        let _ = self.child.kill();
        let killed = Instant::now();
        while killed.elapsed() < DEATH_TAKES {
            if let Ok(Some(_)) = self.child.try_wait() {
                return self.last_words.join().unwrap_or_default();
            }
            thread::sleep(DEATH_TAKES / 100);
        }
        String::new()
    }
}

/// Threads that forward its events and keep its last words.
fn listen(child: &mut Child, number: usize, sender: Sender<Message>) -> io::Result<JoinHandle<String>> {
    let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let last_words = thread::Builder::new().spawn(move || last_words(stderr))?;
    thread::Builder::new().spawn(move || forward_events(stdout, number, &sender))?;
    Ok(last_words)
}

fn command(crew: &Crew, cell: &Cell) -> Command {
    let mut command = Command::new(&crew.program);
    command.arg("worker").arg(&crew.folder).arg(&cell.id).args(["--threads", &crew.threads.to_string()]);
    command.args(["--checkpoint", &crew.checkpoint.as_secs_f64().to_string()]);
    // A backtrace would push its last words out of the lines that are kept.
    command.env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Lines that are no events come from elsewhere, such as a driver, and are left out.
fn forward_events(stdout: impl Read, worker: usize, sender: &Sender<Message>) {
    for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
        if let Ok(event) = serde_json::from_slice(&line) {
            // The runner stops listening only when it has ended.
            let _ = sender.send(Message { worker, said: Said::Event(event) });
        }
    }
    let _ = sender.send(Message { worker, said: Said::Closed });
}

/// The last lines, in one.
fn last_words(stderr: impl Read) -> String {
    const LINES: usize = 4;
    const LENGTH: usize = 500;
    let mut lines = VecDeque::new();
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        let line: String = line.trim().chars().take(LENGTH).collect();
        if !line.is_empty() && !line.starts_with("note: run with `RUST_BACKTRACE") {
            lines.push_back(line);
        }
        if lines.len() > LINES {
            lines.pop_front();
        }
    }
    Vec::from(lines).join("; ")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn lines_that_are_no_events_are_left_out() {
        let (sender, receiver) = channel();
        let text = b"hello\n\xff\xfe\n{\"diverged\":{\"epoch\":1,\"step\":7}}\n{\"unknown\":{}}\n{\"diver".as_slice();
        forward_events(text, 3, &sender);
        drop(sender);
        let said: Vec<Said> = receiver.iter().map(|message| message.said).collect();
        assert!(matches!(said[..], [Said::Event(Event::Diverged { step: 7, .. }), Said::Closed]), "{said:?}");
    }

    #[test]
    fn last_words_are_few_and_short() {
        let note = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";
        let text = format!("a\n\nb\nc\nd\n{}\n{note}\n", "x".repeat(9000));
        let words = last_words(text.as_bytes());
        assert!(words.starts_with("b; c; d; xxx") && words.len() < 600, "{words}");
    }
}

//! Runs cells in worker processes, a few at a time, and tells a display what happens.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use untied_study::{Cell, CellResult, Event, StudyFolder};

use crate::display::Display;
use crate::gather::Failures;
use crate::interrupt;
use crate::plan::is_done;
use crate::worker::{Crew, Message, Said, Worker};

/// Longest time between two looks for an interrupt.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a display is told.
#[derive(Debug)]
pub(crate) enum RunEvent<'e> {
    Started(&'e Cell),
    Said(&'e Cell, &'e Event),
    Ended(&'e Cell, &'e Ending, Duration),
    /// Some time passed.
    Waited,
}

/// How a worker left its cell.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Finished or diverged.
    Result(Box<CellResult>),
    Failed(String),
}

/// What became of the cells; their results lie in the folder.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) failures: Failures,
    /// Some cells were not run, or not to their end.
    pub(crate) interrupted: bool,
    /// Cells that were run to a result.
    pub(crate) trained: usize,
}

pub(crate) struct Runner<'r> {
    folder: &'r StudyFolder,
    crew: &'r Crew,
    waiting: VecDeque<&'r Cell>,
    running: BTreeMap<usize, (&'r Cell, Worker)>,
    outcome: Outcome,
    sender: Sender<Message>,
    receiver: Receiver<Message>,
}

impl<'r> Runner<'r> {
    pub(crate) fn new(folder: &'r StudyFolder, crew: &'r Crew, cells: &[&'r Cell]) -> Self {
        let (sender, receiver) = channel();
        Self {
            folder,
            crew,
            waiting: cells.iter().copied().collect(),
            running: BTreeMap::new(),
            outcome: Outcome { failures: Failures::new(), interrupted: false, trained: 0 },
            sender,
            receiver,
        }
    }

    pub(crate) fn run(mut self, display: &mut dyn Display) -> Outcome {
        loop {
            self.start_workers(display);
            if self.running.is_empty() {
                break;
            }
            let message = self.receiver.recv_timeout(PATIENCE);
            // First of all, since to draw anything after a typed ^C would spoil the screen.
            if interrupt::happened() {
                self.stop();
                break;
            }
            match message {
                Ok(message) => self.hear(&message, display),
                Err(RecvTimeoutError::Timeout) => display.show(&RunEvent::Waited),
                // `self.sender` keeps the channel open.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        display.close(self.outcome.interrupted);
        self.outcome
    }

    fn start_workers(&mut self, display: &mut dyn Display) {
        while self.running.len() < self.crew.jobs {
            let Some(cell) = self.waiting.pop_front() else { return };
            display.show(&RunEvent::Started(cell));
            match Worker::start(self.crew, cell, self.sender.clone()) {
                Ok(worker) => drop(self.running.insert(cell.index, (cell, worker))),
                Err(error) => {
                    let ending = Ending::Failed(format!("cannot start a worker: {error}"));
                    self.note(cell, &ending, Duration::ZERO, display);
                }
            }
        }
    }

    fn hear(&mut self, message: &Message, display: &mut dyn Display) {
        match &message.said {
            Said::Event(event) => {
                if let Some((cell, _)) = self.running.get(&message.index) {
                    display.show(&RunEvent::Said(cell, event));
                }
            }
            Said::Closed => {
                if let Some((cell, worker)) = self.running.remove(&message.index) {
                    self.end(cell, worker, display);
                }
            }
        }
    }

    fn end(&mut self, cell: &'r Cell, worker: Worker, display: &mut dyn Display) {
        let started = worker.started;
        let ending = self.ending(cell, worker);
        if matches!(ending, Ending::Failed(_)) && interrupted_a_moment_ago() {
            self.waiting.push_front(cell);
            return;
        }
        self.note(cell, &ending, started.elapsed(), display);
    }

    /// A result that was written whole counts, even if the worker fell afterwards, such as in a driver's clean-up.
    fn ending(&self, cell: &Cell, worker: Worker) -> Ending {
        let words = match worker.end() {
            Ok((status, words)) if words.is_empty() => format!("the worker ended with {status}"),
            Ok((status, words)) => format!("{} ({status})", words.strip_prefix("error: ").unwrap_or(&words)),
            Err(error) => format!("the worker was lost: {error}"),
        };
        match self.folder.read_result(cell) {
            Ok(Some(result)) if is_done(&result) => Ending::Result(Box::new(result)),
            _ => Ending::Failed(words),
        }
    }

    fn note(&mut self, cell: &Cell, ending: &Ending, elapsed: Duration, display: &mut dyn Display) {
        match ending {
            Ending::Result(_) => self.outcome.trained += 1,
            Ending::Failed(reason) => drop(self.outcome.failures.insert(cell.index, reason.clone())),
        }
        display.show(&RunEvent::Ended(cell, ending, elapsed));
    }

    fn stop(&mut self) {
        self.outcome.interrupted = !self.waiting.is_empty() || !self.running.is_empty();
        self.waiting.clear();
        for (_, worker) in std::mem::take(&mut self.running).into_values() {
            worker.kill();
        }
    }
}

/// A signal sent to the whole process group may end a worker before it is seen here.
fn interrupted_a_moment_ago() -> bool {
    thread::sleep(PATIENCE);
    interrupt::happened()
}

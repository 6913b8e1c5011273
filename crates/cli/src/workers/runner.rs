//! Runs cells in worker processes, a few at a time, and tells a display what happens. A cell whose worker fails is
//! tried a second time, after the others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use untied_report::Failures;
use untied_study::{Cell, CellResult, Event, StudyFolder};

use crate::display::Display;
use crate::interrupt;
use crate::plan::is_done;
use crate::wording::time;
use crate::workers::worker::{Crew, Message, Said, Worker};

/// Longest time between two looks for an interrupt.
const PATIENCE: Duration = Duration::from_millis(100);

/// Longest silence that one look counts: workers are not blamed for a time in which this program was stopped, too.
const LONGEST_LOOK: Duration = Duration::from_secs(1);

/// What a display is told.
#[derive(Debug)]
pub(crate) enum RunEvent<'e> {
    Started(&'e Cell),
    Said(&'e Cell, &'e Event),
    /// Its worker failed, and another one will try.
    Failed(&'e Cell, &'e str),
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

/// When to give up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Longest time that a worker may say nothing; none: for ever.
    pub(crate) timeout: Option<Duration>,
    /// Stop at the first failure.
    pub(crate) fail_fast: bool,
}

/// What became of the cells; their results lie in the folder.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) failures: Failures,
    /// A signal ended the run before its end.
    pub(crate) interrupted: bool,
    /// A failure did.
    pub(crate) stopped: bool,
    /// Cells that were run to a result.
    pub(crate) trained: usize,
}

pub(crate) struct Runner<'r> {
    folder: &'r StudyFolder,
    crew: &'r Crew,
    limits: Limits,
    waiting: VecDeque<&'r Cell>,
    /// By number.
    running: BTreeMap<usize, Running<'r>>,
    /// Workers started so far.
    started: usize,
    /// Cells whose second worker is the last.
    retried: BTreeSet<usize>,
    outcome: Outcome,
    sender: Sender<Message>,
    receiver: Receiver<Message>,
}

struct Running<'r> {
    cell: &'r Cell,
    worker: Worker,
    silence: Duration,
}

impl<'r> Runner<'r> {
    pub(crate) fn new(folder: &'r StudyFolder, crew: &'r Crew, limits: Limits, cells: &[&'r Cell]) -> Self {
        let (sender, receiver) = channel();
        Self {
            folder,
            crew,
            limits,
            waiting: cells.iter().copied().collect(),
            running: BTreeMap::new(),
            started: 0,
            retried: BTreeSet::new(),
            outcome: Outcome::default(),
            sender,
            receiver,
        }
    }

    pub(crate) fn run(mut self, display: &mut dyn Display) -> Outcome {
        let mut last_look = Instant::now();
        loop {
            self.start_workers(display);
            if self.running.is_empty() && self.waiting.is_empty() {
                break;
            }
            let message = self.receiver.recv_timeout(PATIENCE);
            // First of all, since to draw anything after a typed ^C would spoil the screen.
            if interrupt::happened() {
                self.outcome.interrupted = true;
                self.stop();
                break;
            }
            match message {
                Ok(message) => self.hear(&message, display),
                Err(RecvTimeoutError::Timeout) => display.show(&RunEvent::Waited),
                // `self.sender` keeps the channel open.
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.give_up_silent_ones(last_look.elapsed().min(LONGEST_LOOK), display);
            last_look = Instant::now();
        }
        display.close(self.outcome.interrupted);
        self.outcome
    }

    fn start_workers(&mut self, display: &mut dyn Display) {
        while self.running.len() < self.crew.jobs {
            let Some(cell) = self.waiting.pop_front() else { return };
            display.show(&RunEvent::Started(cell));
            self.started += 1;
            match Worker::start(self.crew, cell, self.started, self.sender.clone()) {
                Ok(worker) => {
                    drop(self.running.insert(self.started, Running { cell, worker, silence: Duration::ZERO }));
                }
                Err(error) => self.fail(cell, format!("cannot start a worker: {error}"), Duration::ZERO, display),
            }
        }
    }

    fn hear(&mut self, message: &Message, display: &mut dyn Display) {
        match &message.said {
            Said::Event(event) => {
                if let Some(running) = self.running.get_mut(&message.worker) {
                    running.silence = Duration::ZERO;
                    display.show(&RunEvent::Said(running.cell, event));
                }
            }
            Said::Closed => {
                if let Some(Running { cell, worker, .. }) = self.running.remove(&message.worker) {
                    self.end(cell, worker, display);
                }
            }
        }
    }

    fn end(&mut self, cell: &'r Cell, worker: Worker, display: &mut dyn Display) {
        let started = worker.started;
        let words = match worker.end() {
            Ok((status, words)) => last_words(&words, &format!("the worker ended with {status}")),
            Err(error) => format!("the worker was lost: {error}"),
        };
        match self.folder.read_result(cell) {
            // One that was written whole counts, even if the worker fell afterwards, such as in a driver's clean-up.
            Ok(Some(result)) if is_done(&result) => {
                self.outcome.trained += 1;
                display.show(&RunEvent::Ended(cell, &Ending::Result(Box::new(result)), started.elapsed()));
            }
            _ if interrupted_a_moment_ago() => self.waiting.push_front(cell),
            _ => self.fail(cell, words, started.elapsed(), display),
        }
    }

    fn give_up_silent_ones(&mut self, elapsed: Duration, display: &mut dyn Display) {
        let Some(timeout) = self.limits.timeout else { return };
        self.running.values_mut().for_each(|running| running.silence += elapsed);
        let silent = self.running.extract_if(.., |_, running| running.silence >= timeout).collect::<Vec<_>>();
        for (_, Running { cell, worker, .. }) in silent {
            let started = worker.started;
            let why = format!("no event for {}, so that the worker was killed", time(timeout));
            let words = last_words(&worker.give_up(), &why);
            self.fail(cell, words, started.elapsed(), display);
        }
    }

    fn fail(&mut self, cell: &'r Cell, reason: String, elapsed: Duration, display: &mut dyn Display) {
        if !self.limits.fail_fast && self.retried.insert(cell.index) {
            display.show(&RunEvent::Failed(cell, &reason));
            self.waiting.push_back(cell);
            return;
        }
        let ending = Ending::Failed(reason.clone());
        display.show(&RunEvent::Ended(cell, &ending, elapsed));
        self.outcome.failures.insert(cell.index, reason);
        if self.limits.fail_fast {
            self.outcome.stopped = true;
            self.stop();
        }
    }

    fn stop(&mut self) {
        self.waiting.clear();
        for running in std::mem::take(&mut self.running).into_values() {
            running.worker.kill();
        }
    }
}

/// What a worker wrote last, and how it ended.
fn last_words(words: &str, end: &str) -> String {
    let words = words.strip_prefix("error: ").unwrap_or(words);
    if words.is_empty() { end.to_owned() } else { format!("{words} ({end})") }
}

/// A signal sent to the whole process group may end a worker before it is seen here.
fn interrupted_a_moment_ago() -> bool {
    thread::sleep(PATIENCE);
    interrupt::happened()
}

//! Runs cells in worker processes, a few at a time, and tells what happens. A cell whose worker fails is
//! tried a second time, after the others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use untied_report::Failures;
use untied_study::{Cell, StudyFolder};

use crate::folder::model::model_fault;
use crate::wording::time;
use crate::workers::cell::{describe, tidy_up};
use crate::workers::event::{Ending, RunEvent};
use crate::workers::worker::{Crew, Message, Said, Worker};
use crate::{exit, interrupt};

/// Longest time between two looks for an interrupt.
const PATIENCE: Duration = Duration::from_millis(100);

/// Longest silence counted per look: this process may have been suspended, and its workers with it.
const LONGEST_LOOK: Duration = Duration::from_secs(1);

/// The limits at which a run gives up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Longest time that a worker may say nothing; none: for ever.
    pub(crate) timeout: Option<Duration>,
    /// Stop at the first failure.
    pub(crate) fail_fast: bool,
}

/// The outcome of a run; the results of its cells lie in the folder.
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

impl Outcome {
    /// Whether every cell was run to a result.
    pub(crate) fn is_whole(&self) -> bool {
        self.failures.is_empty() && !self.interrupted && !self.stopped
    }
}

/// Hears of everything that happens, as it happens.
type Listener<'l> = dyn FnMut(&RunEvent<'_>) + 'l;

pub(crate) struct Runner<'r> {
    folder: &'r StudyFolder,
    crew: &'r Crew,
    limits: Limits,
    waiting: VecDeque<&'r Cell>,
    /// Workers by number.
    running: BTreeMap<usize, Running<'r>>,
    /// As many may run at a time: fewer than were asked for, once the system starts no more.
    jobs: usize,
    /// Workers started so far.
    started: usize,
    /// Cells whose second worker is the last.
    retried: BTreeSet<&'r str>,
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
            jobs: crew.jobs,
            started: 0,
            retried: BTreeSet::new(),
            outcome: Outcome::default(),
            sender,
            receiver,
        }
    }

    pub(crate) fn run(mut self, tell: &mut Listener<'_>) -> Outcome {
        let mut last_look = Instant::now();
        loop {
            self.start_workers(tell);
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
                Ok(message) => self.hear(&message, tell),
                Err(RecvTimeoutError::Timeout) => tell(&RunEvent::Waited),
                // `self.sender` keeps the channel open.
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.give_up_silent_ones(last_look.elapsed().min(LONGEST_LOOK), tell);
            last_look = Instant::now();
        }
        tell(&RunEvent::Over { interrupted: self.outcome.interrupted });
        self.outcome
    }

    fn start_workers(&mut self, tell: &mut Listener<'_>) {
        while self.running.len() < self.jobs {
            let Some(cell) = self.waiting.pop_front() else { return };
            tell(&RunEvent::Started(cell));
            self.started += 1;
            match self.start(cell) {
                Ok(worker) => {
                    drop(self.running.insert(self.started, Running { cell, worker, silence: Duration::ZERO }));
                }
                Err(why) if self.running.is_empty() || self.limits.fail_fast => {
                    self.fail(cell, why, Duration::ZERO, tell);
                }
                Err(why) => self.wait_for_room(cell, &why, tell),
            }
        }
    }

    /// Where the system starts no more processes, those that run go on, and the cell waits for the end of one.
    fn wait_for_room(&mut self, cell: &'r Cell, why: &str, tell: &mut Listener<'_>) {
        self.jobs = self.running.len();
        tell(&RunEvent::Failed(cell, why));
        self.waiting.push_front(cell);
    }

    /// The worker reads its cell from the folder.
    fn start(&self, cell: &Cell) -> Result<Worker, String> {
        describe(self.folder, cell).map_err(|error| exit::message(&error))?;
        let worker = Worker::start(self.crew, cell, self.started, self.sender.clone());
        worker.map_err(|error| format!("cannot start a worker: {error}"))
    }

    fn hear(&mut self, message: &Message, tell: &mut Listener<'_>) {
        match &message.said {
            Said::Event(event) => {
                if let Some(running) = self.running.get_mut(&message.worker) {
                    running.silence = Duration::ZERO;
                    tell(&RunEvent::Said(running.cell, event));
                }
            }
            Said::Closed => {
                if let Some(Running { cell, worker, .. }) = self.running.remove(&message.worker) {
                    self.end(cell, worker, tell);
                }
            }
        }
    }

    fn end(&mut self, cell: &'r Cell, worker: Worker, tell: &mut Listener<'_>) {
        let started = worker.started;
        let words = match worker.end() {
            Ok((status, words)) => last_words(&words, &format!("the worker ended with {status}")),
            Err(error) => format!("the worker was lost: {error}"),
        };
        match self.folder.read_result(cell) {
            // One that was written whole counts, even if the worker fell afterwards, such as in a driver's clean-up.
            Ok(Some(result)) if result.status.is_done() && model_fault(self.folder, cell, &result).is_none() => {
                tidy_up(self.folder, cell);
                self.outcome.trained += 1;
                tell(&RunEvent::Ended(cell, &Ending::Result(Box::new(result)), started.elapsed()));
            }
            _ if interrupted_a_moment_ago() => self.waiting.push_front(cell),
            _ => self.fail(cell, words, started.elapsed(), tell),
        }
    }

    fn give_up_silent_ones(&mut self, elapsed: Duration, tell: &mut Listener<'_>) {
        let Some(timeout) = self.limits.timeout else { return };
        self.running.values_mut().for_each(|running| running.silence += elapsed);
        let silent = self.running.extract_if(.., |_, running| running.silence >= timeout).collect::<Vec<_>>();
        for (_, Running { cell, worker, .. }) in silent {
            let started = worker.started;
            let why = format!("no event for {}, so that the worker was killed", time(timeout));
            let words = last_words(&worker.give_up(), &why);
            self.fail(cell, words, started.elapsed(), tell);
        }
    }

    fn fail(&mut self, cell: &'r Cell, reason: String, elapsed: Duration, tell: &mut Listener<'_>) {
        if !self.limits.fail_fast && self.retried.insert(&cell.id) {
            tell(&RunEvent::Failed(cell, &reason));
            self.waiting.push_back(cell);
            return;
        }
        let ending = Ending::Failed(reason.clone());
        tell(&RunEvent::Ended(cell, &ending, elapsed));
        self.outcome.failures.insert(cell.id.clone(), reason);
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

/// The last lines of a worker, and how it ended.
fn last_words(words: &str, end: &str) -> String {
    let words = words.strip_prefix("error: ").unwrap_or(words);
    if words.is_empty() { end.to_owned() } else { format!("{words} ({end})") }
}

/// A signal sent to the whole process group may end a worker before it is seen here.
fn interrupted_a_moment_ago() -> bool {
    thread::sleep(PATIENCE);
    interrupt::happened()
}

//! `untied run`: check, plan, train, report.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use untied_report::{assemble, write};
use untied_study::{Results, Status, Study, StudyFolder, printable_path};

use crate::arguments::{CheckpointArgument, DeviceArgument, OfferedConfig, OutArgument, TensorboardArgument, seconds};
use crate::exit::Exit;
use crate::folder::lock::Lock;
use crate::plan::{ParallelArguments, Plan};
use crate::summary::{Counts, programs, unfinished, verdicts};
use crate::terminal::{open, print, say};
use crate::workers::runner::{self, Limits, Runner};
use crate::workers::worker::Crew;
use crate::{check, display, exit, folder, interrupt};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "one per flag of the command line")]
pub(crate) struct RunArguments {
    #[command(flatten)]
    config: OfferedConfig,
    #[command(flatten)]
    device: DeviceArgument,
    #[command(flatten)]
    out: OutArgument,
    #[command(flatten)]
    parallel: ParallelArguments,
    /// Check everything and show what would run; train and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Move old results aside, to <DIR>.old-<n>, and train every cell
    #[arg(long)]
    fresh: bool,
    /// Wait while another process runs a study in the folder
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
    #[command(flatten)]
    checkpoint: CheckpointArgument,
    #[command(flatten)]
    tensorboard: TensorboardArgument,
    /// Kill a worker that says nothing for so long, and try its cell once more; 0: never
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds, allow_negative_numbers = true)]
    timeout: Duration,
    /// Stop at the first cell that fails, and do not try it again
    #[arg(long)]
    fail_fast: bool,
    /// Open the report in the browser
    #[arg(long)]
    open: bool,
    /// Print errors and the last line only
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Print a line for every epoch
    #[arg(short, long)]
    verbose: bool,
}

impl RunArguments {
    fn limits(&self) -> Limits {
        Limits { timeout: Some(self.timeout).filter(|timeout| !timeout.is_zero()), fail_fast: self.fail_fast }
    }
}

pub(crate) fn run(arguments: &RunArguments) -> anyhow::Result<Exit> {
    let started = Instant::now();
    interrupt::end_with("interrupted: nothing was trained")?;
    let config = arguments.config.choose()?;
    let study = config.load(arguments.device.get())?;
    let mut folder = StudyFolder::new(arguments.out.folder(&study));
    check::check_study(&study, config.path(), &mut folder)?;
    folder::check_owner(&folder, &study)?;
    if arguments.dry_run {
        print(&Plan::new(&study, &folder, arguments.parallel, arguments.fresh).text())?;
        return Ok(Exit::Done);
    }
    let _lock = lock(&folder, arguments)?;
    let plan = Plan::new(&study, &folder, arguments.parallel, false);
    let stored = folder::stored_results(&folder)?;
    folder.write_config(&study)?;
    // A worker may have been killed between its result and this.
    plan.done().try_for_each(|cell| folder.remove_spent_checkpoint(cell))?;
    let outcome = train_looks(plan, arguments)?;
    let results = assemble(&study, &folder, stored.as_ref(), &outcome.failures);
    let any = results.cells.iter().any(|cell| cell.status != Status::Missing);
    let written = if any { write(&study, &folder, &results).map_err(Into::into) } else { Ok(()) };
    let curves = arguments.tensorboard.write(&results).map_err(Into::into);
    finish(Ended { study: &study, folder: &folder, results, outcome, written, curves, started }, arguments)
}

/// Taken again after old results moved aside, with the lock among them: another process may have come in between.
fn lock(folder: &StudyFolder, arguments: &RunArguments) -> anyhow::Result<Lock> {
    let take = || if arguments.wait { Lock::wait(folder) } else { Lock::take(folder) };
    let lock = take()?;
    if !arguments.fresh {
        return Ok(lock);
    }
    let aside = folder::move_aside(folder)?;
    if let (Some(aside), false) = (aside, arguments.quiet) {
        say(&format!("old results moved to {}", printable_path(&aside)));
    }
    take()
}

/// Trains the cells of the plan, and of a sequential study those that the next look needs, until none needs any.
fn train_looks(mut plan: Plan<'_>, arguments: &RunArguments) -> anyhow::Result<runner::Outcome> {
    let mut outcome = train(&plan, arguments)?;
    while plan.study.sequential.is_some() && outcome.is_whole() {
        plan = Plan::new(plan.study, plan.folder, arguments.parallel, false);
        if plan.to_run().is_empty() {
            break;
        }
        let last = train(&plan, arguments)?;
        outcome = runner::Outcome { trained: outcome.trained + last.trained, ..last };
    }
    if plan.study.sequential.is_some() && !outcome.failures.is_empty() {
        say("no look is taken before its failed cells are there: the same command tries them again");
    }
    Ok(outcome)
}

fn train(plan: &Plan<'_>, arguments: &RunArguments) -> anyhow::Result<runner::Outcome> {
    plan.warnings().iter().for_each(|warning| say(warning));
    if !arguments.quiet {
        say(&format!("{}: {}", plan.study.name, plan.outline()));
    }
    let cells = plan.to_run();
    if cells.is_empty() {
        return Ok(runner::Outcome::default());
    }
    interrupt::catch();
    let crew = Crew {
        program: program()?,
        folder: plan.folder.root().to_owned(),
        jobs: plan.jobs,
        threads: plan.threads,
        checkpoint: arguments.checkpoint.every(),
    };
    let mut display = display::choose(arguments.quiet, arguments.verbose, &cells);
    Ok(Runner::new(plan.folder, &crew, arguments.limits(), &cells).run(&mut *display))
}

/// This program itself, even where another one has been built in its place: on Linux its open file.
fn program() -> std::io::Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && own.exists() {
        return Ok(own);
    }
    // Where nothing is mounted at /proc, the system does not say: the name that it was called by, looked for as it was.
    let called = || std::env::args_os().next().map(PathBuf::from);
    std::env::current_exe().or_else(|error| called().ok_or(error))
}

/// A run that is over, one way or another.
struct Ended<'r> {
    study: &'r Study,
    folder: &'r StudyFolder,
    results: Results,
    outcome: runner::Outcome,
    /// Its report.
    written: anyhow::Result<()>,
    /// Its event files.
    curves: anyhow::Result<()>,
    started: Instant,
}

impl Ended<'_> {
    /// The text for stdout.
    fn text(&self, counts: Counts, quiet: bool) -> String {
        let mut text = String::new();
        if !quiet && !self.outcome.interrupted && !self.outcome.stopped {
            text += &verdicts(self.study, &self.results);
            if self.written.is_ok() {
                let _ = writeln!(text, "report: {}", printable_path(&self.folder.report_html()));
            }
        }
        text + &counts.line(self.outcome.trained, self.started.elapsed()) + "\n"
    }

    /// The reason to run again, cells that failed aside.
    fn why_to_go_on(&self) -> Option<&'static str> {
        match (self.outcome.interrupted, self.outcome.stopped) {
            (true, _) => Some("interrupted"),
            (_, true) => Some("stopped at the first failure"),
            _ => self.written.is_err().then_some("there is no new report"),
        }
    }
}

/// Tells what became of the cells, whether the report could be written or not.
fn finish(ended: Ended<'_>, arguments: &RunArguments) -> anyhow::Result<Exit> {
    let counts = Counts::of(&ended.results);
    unfinished(&ended.results, &[Status::Failed]).chain(programs(&ended.results)).for_each(|line| say(&line));
    let printed = print(&ended.text(counts, arguments.quiet));
    if let Some(why) = ended.why_to_go_on() {
        let how = if arguments.fresh { "the same command without --fresh" } else { "the same command" };
        say(&format!("{why}: what was finished is kept; {how} goes on from there"));
    }
    if arguments.open && ended.written.is_ok() {
        open(&ended.folder.report_html());
    }
    let exit = if ended.outcome.interrupted { Exit::Interrupted } else { counts.exit() };
    match ended.written.and(ended.curves).and(printed) {
        Err(error) if exit != Exit::Done => say(&format!("error: {}", exit::message(&error))),
        other => other?,
    }
    Ok(exit)
}

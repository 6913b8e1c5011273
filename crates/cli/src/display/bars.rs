use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use untied_study::{Cell, Event};

use super::lines::line;
use super::tally::Tally;
use crate::terminal::{printable, say};
use crate::wording::cell_name;
use crate::workers::event::RunEvent;

/// Length of the overall bar, so that it moves with every percent.
const FINENESS: u64 = 1000;

/// A bar for the run, and below it one for every running cell: a terminal too low for all shows the first ones. What
/// ended scrolls away above.
#[derive(Debug)]
pub(super) struct Bars {
    verbose: bool,
    tally: Tally,
    screen: MultiProgress,
    all: ProgressBar,
    cells: BTreeMap<String, Row>,
}

/// The bar of one running cell.
#[derive(Debug)]
struct Row {
    bar: ProgressBar,
    epochs: usize,
    /// After the last whole epoch.
    accuracy: Option<f64>,
}

impl Bars {
    /// None where stderr can draw none: it is no terminal, or one that says so by `TERM=dumb` or without `TERM`.
    pub(super) fn new(verbose: bool, cells: &[&Cell]) -> Option<Self> {
        let screen = MultiProgress::new();
        if screen.is_hidden() {
            return None;
        }
        let all = screen.add(ProgressBar::new(FINENESS).with_style(style("{bar:20.green/dim} {wide_msg}")));
        Some(Self { verbose, tally: Tally::new(cells), screen, all, cells: BTreeMap::new() })
    }

    fn start(&mut self, cell: &Cell) {
        let name = format!("{:width$}", cell_name(cell), width = self.tally.width);
        let bar = ProgressBar::new(1).with_style(style("{bar:20.cyan/dim} {wide_msg}")).with_message(name);
        let bar = self.screen.add(bar);
        bar.tick();
        self.cells.insert(cell.id.clone(), Row { bar, epochs: cell.config.train.epochs, accuracy: None });
    }

    fn update(&mut self, cell: &Cell, event: &Event) {
        let Some(row) = self.cells.get_mut(&cell.id) else { return };
        let name = format!("{:width$}", cell_name(cell), width = self.tally.width);
        row.update(&name, event);
    }

    pub(super) fn show(&mut self, event: &RunEvent<'_>) {
        self.tally.note(event);
        match event {
            RunEvent::Started(cell) => self.start(cell),
            RunEvent::Said(cell, event) => self.update(cell, event),
            RunEvent::Failed(cell, _) | RunEvent::Ended(cell, ..) => {
                if let Some(row) = self.cells.remove(&cell.id) {
                    row.bar.finish_and_clear();
                }
            }
            RunEvent::Waited => {}
            RunEvent::Over { interrupted } => return self.close(*interrupted),
        }
        if let Some(line) = line(event, &mut self.tally, self.verbose) {
            // A terminal that is gone has nobody to tell.
            let _ = self.screen.println(printable(&line));
        }
        self.all.set_position((self.tally.share() * FINENESS as f64) as u64);
        self.all.set_message(self.tally.text());
    }

    /// An interrupted run's bars stay: the ^C that the terminal wrote has moved the cursor, and to clear them would leave
    /// one behind.
    fn close(&mut self, interrupted: bool) {
        if interrupted {
            self.screen.set_draw_target(ProgressDrawTarget::hidden());
            say("");
        }
        for row in std::mem::take(&mut self.cells).into_values() {
            row.bar.finish_and_clear();
        }
        self.all.finish_and_clear();
    }
}

impl Row {
    fn update(&mut self, name: &str, event: &Event) {
        match *event {
            Event::Started { epochs, steps_per_epoch, .. } => self.bar.set_length((epochs * steps_per_epoch) as u64),
            Event::Progress { epoch, step, loss, images_per_second } => {
                let accuracy = self.accuracy.map_or_else(|| "–".to_owned(), |accuracy| format!("{accuracy:.4}"));
                let numbers = format!("loss {loss:<8.4} accuracy {accuracy:<6}  {images_per_second:.0} images/s");
                self.bar.set_message(format!("{name}  epoch {epoch}/{}  {numbers}", self.epochs));
                self.bar.set_position(step as u64);
            }
            Event::Epoch { step, test_accuracy, .. } => {
                self.accuracy = Some(test_accuracy);
                self.bar.set_position(step as u64);
            }
            Event::Resumed { step, .. } => self.bar.set_position(step as u64),
            Event::Measuring { ref what } => self.bar.set_message(format!("{name}  measuring: {what}")),
            Event::Waiting { .. }
            | Event::Warning { .. }
            | Event::Stopped { .. }
            | Event::Diverged { .. }
            | Event::Finished { .. } => {}
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━━─")
}

use std::time::{Duration, Instant};

use untied_study::{Cell, CellResult, Event, Status};

use super::pace::Pace;
use super::tally::Tally;
use crate::terminal::say;
use crate::wording::{BEING_TRAINED, cell_name, stopped, time};
use crate::workers::event::{Ending, RunEvent};

/// One line per cell that ended; one per epoch too, of long ones or if verbose; and one a minute.
#[derive(Debug)]
pub(super) struct Lines {
    verbose: bool,
    tally: Tally,
    pace: Pace,
}

impl Lines {
    pub(super) fn new(verbose: bool, cells: &[&Cell]) -> Self {
        Self { verbose, tally: Tally::new(cells), pace: Pace::default() }
    }

    pub(super) fn show(&mut self, event: &RunEvent<'_>) {
        self.at(event, Instant::now()).iter().for_each(|line| say(line));
    }

    /// The lines for an event that happens now.
    fn at(&mut self, event: &RunEvent<'_>, now: Instant) -> Vec<String> {
        self.tally.note(event);
        let long = self.note(event, now);
        let line = line(event, &mut self.tally, self.verbose || long);
        if let (Some(_), RunEvent::Said(cell, _)) = (&line, event) {
            self.pace.spoke(cell, now);
        }
        let due = self.pace.due(now).into_iter().map(|(name, text)| labelled(&self.tally, &name, &text));
        line.into_iter().chain(due).collect()
    }

    /// Whether the event ends a long epoch.
    fn note(&mut self, event: &RunEvent<'_>, now: Instant) -> bool {
        match event {
            RunEvent::Started(cell) => self.pace.start(cell, now),
            RunEvent::Said(cell, event) => return self.pace.note(cell, event, now),
            RunEvent::Failed(cell, _) | RunEvent::Ended(cell, ..) => self.pace.end(cell),
            RunEvent::Waited | RunEvent::Over { .. } => {}
        }
        false
    }
}

/// `3/12  tied-batch-seed0  text`
fn labelled(tally: &Tally, name: &str, text: &str) -> String {
    format!("{}  {name:width$}  {text}", tally.counter(), width = tally.width)
}

/// The line that stays of an event, if any; if verbose, of an epoch too. Warnings of the data are said once, whichever cell
/// comes first.
pub(super) fn line(event: &RunEvent<'_>, tally: &mut Tally, verbose: bool) -> Option<String> {
    let (cell, text) = match event {
        RunEvent::Said(_, Event::Warning { message, of_data: true }) => {
            return tally.is_news(message).then(|| format!("warning: {message}"));
        }
        RunEvent::Said(cell, Event::Waiting { seconds: 0 }) => (cell, BEING_TRAINED.to_owned()),
        RunEvent::Said(cell, Event::Resumed { epoch, step }) => {
            (cell, format!("goes on with epoch {epoch}, after step {step}"))
        }
        RunEvent::Said(cell, Event::Warning { message, .. }) => (cell, format!("warning: {message}")),
        RunEvent::Said(cell, Event::Stopped { epoch }) => (cell, stopped(*epoch)),
        RunEvent::Said(cell, event) if verbose => (cell, epoch(cell, event)?),
        RunEvent::Failed(cell, reason) => (cell, format!("failed, will be tried again: {reason}")),
        RunEvent::Ended(cell, ending, elapsed) => (cell, end(ending, *elapsed)),
        _ => return None,
    };
    Some(labelled(tally, cell_name(cell), &text))
}

fn epoch(cell: &Cell, event: &Event) -> Option<String> {
    let Event::Epoch { epoch, train_loss, test_accuracy, train_seconds, .. } = event else { return None };
    let time = time(Duration::from_secs_f64(*train_seconds));
    Some(format!(
        "epoch {epoch}/{}  loss {train_loss:.4}  accuracy {test_accuracy:.4}  {time}",
        cell.config.train.epochs
    ))
}

fn end(ending: &Ending, elapsed: Duration) -> String {
    match ending {
        Ending::Failed(reason) => format!("failed: {reason}"),
        Ending::Result(result) => format!("{}  {}", result_text(result), time(elapsed)),
    }
}

fn result_text(result: &CellResult) -> String {
    match (result.status, result.metrics.test_accuracy) {
        (Status::Finished, Some(accuracy)) => format!("accuracy {accuracy:.4}"),
        (status, _) => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use untied_study::{EXAMPLE, Study};

    use super::*;

    /// What is said of a cell of which an epoch takes so many seconds, with a sign of life every second.
    fn course(seconds_an_epoch: u64, epochs: usize) -> Vec<String> {
        let study = Study::parse(EXAMPLE, "example.toml".as_ref(), &[format!("train.epochs={epochs}")]).unwrap();
        let cell = &study.cells[0];
        let (mut lines, begin) = (Lines::new(false, &[cell]), Instant::now());
        let mut said = lines.at(&RunEvent::Started(cell), begin);
        for second in 1..=seconds_an_epoch * epochs as u64 {
            let (now, epoch) = (begin + Duration::from_secs(second), (second - 1) / seconds_an_epoch + 1);
            let (epoch, step) = (epoch as usize, second as usize);
            let progress = Event::Progress { epoch, step, loss: 0.5, images_per_second: 100.0 };
            said.extend(lines.at(&RunEvent::Said(cell, &progress), now));
            if second.is_multiple_of(seconds_an_epoch) {
                let event = Event::Epoch {
                    epoch,
                    step,
                    train_loss: 0.5,
                    test_loss: 0.6,
                    test_accuracy: 0.75,
                    validation_loss: None,
                    validation_accuracy: None,
                    train_seconds: second as f64,
                };
                said.extend(lines.at(&RunEvent::Said(cell, &event), now));
            }
        }
        said
    }

    #[test]
    fn short_cells_say_nothing_until_they_end() {
        assert_eq!(course(1, 50), [""; 0]);
    }

    #[test]
    fn cells_of_many_short_epochs_say_a_line_a_minute() {
        let said = course(2, 100);
        assert_eq!(said.len(), 3, "{said:#?}");
        assert!(said[0].ends_with("epoch 30/100  loss 0.5000  accuracy 0.7500  100 images/s"), "{said:#?}");
    }

    #[test]
    fn long_epochs_say_a_line_each_and_one_a_minute() {
        let said = course(20, 2);
        assert!(said.len() == 2 && said[1].contains("epoch 2/2  loss 0.5000  accuracy 0.7500"), "{said:#?}");
        // After 60 and 120 s; then the epoch ends at 150 s.
        let said = course(150, 1);
        assert_eq!(said.len(), 3, "{said:#?}");
        assert!(said[1].ends_with("epoch 1/1  loss 0.5000  accuracy –  100 images/s"), "{said:#?}");
    }

    #[test]
    fn a_cell_that_gives_no_sign_of_life_still_has_its_line() {
        let study = Study::parse(EXAMPLE, "example.toml".as_ref(), &[]).unwrap();
        let cell = &study.cells[0];
        let (mut lines, begin) = (Lines::new(false, &[cell]), Instant::now());
        lines.at(&RunEvent::Started(cell), begin);
        lines.at(&RunEvent::Said(cell, &Event::Measuring { what: "ranks".into() }), begin);
        let said = lines.at(&RunEvent::Waited, begin + Duration::from_secs(61));
        assert!(said.len() == 1 && said[0].ends_with("measuring: ranks"), "{said:#?}");
        assert_eq!(lines.at(&RunEvent::Waited, begin + Duration::from_secs(119)), [""; 0]);
    }
}

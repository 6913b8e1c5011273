//! How often a running cell says how far it is, where no bars can be drawn.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use untied_study::{Cell, Event};

use crate::wording::cell_name;

/// Longest silence of a running cell.
const SILENCE: Duration = Duration::from_mins(1);

/// Epochs that take as long have a line each.
const LONG_EPOCH: Duration = Duration::from_secs(10);

/// The running cells, by id.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    cells: BTreeMap<String, Course>,
}

#[derive(Debug)]
struct Course {
    name: String,
    /// When the cell had a line last.
    said: Instant,
    epoch_began: Instant,
    /// After the last whole epoch.
    accuracy: Option<f64>,
    /// How far it is.
    text: String,
}

impl Pace {
    pub(crate) fn start(&mut self, cell: &Cell, now: Instant) {
        let (name, text) = (cell_name(cell).to_owned(), "starts".to_owned());
        let course = Course { name, said: now, epoch_began: now, accuracy: None, text };
        self.cells.insert(cell.id.clone(), course);
    }

    pub(crate) fn end(&mut self, cell: &Cell) {
        self.cells.remove(&cell.id);
    }

    /// The cell has had a line.
    pub(crate) fn spoke(&mut self, cell: &Cell, now: Instant) {
        if let Some(course) = self.cells.get_mut(&cell.id) {
            course.said = now;
        }
    }

    /// Hears of an event; true where it ends a long epoch.
    pub(crate) fn note(&mut self, cell: &Cell, event: &Event, now: Instant) -> bool {
        let Some(course) = self.cells.get_mut(&cell.id) else { return false };
        match event {
            Event::Epoch { test_accuracy, .. } => {
                let long = now.duration_since(course.epoch_began) >= LONG_EPOCH;
                (course.accuracy, course.epoch_began) = (Some(*test_accuracy), now);
                return long;
            }
            Event::Progress { epoch, loss, images_per_second, .. } => {
                let accuracy = course.accuracy.map_or_else(|| "–".to_owned(), |accuracy| format!("{accuracy:.4}"));
                let epochs = cell.config.train.epochs;
                course.text = format!(
                    "epoch {epoch}/{epochs}  loss {loss:.4}  accuracy {accuracy}  {images_per_second:.0} images/s"
                );
            }
            Event::Measuring { what } => course.text = format!("measuring: {what}"),
            _ => {}
        }
        false
    }

    /// The names of the cells that have been silent for too long, with how far they are.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<(String, String)> {
        let silent = self.cells.values_mut().filter(|course| now.duration_since(course.said) >= SILENCE);
        let say = |course: &mut Course| {
            course.said = now;
            (course.name.clone(), course.text.clone())
        };
        silent.map(say).collect()
    }
}

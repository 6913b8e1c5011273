//! A network as text: a line for each operation.

use untied_redundancy::network::NodeId;

use crate::drawing::Drawing;
use crate::error::{FlowError, Problem};
use crate::operation::{self, Chosen, number};

/// The input where none is written: channels, height, width.
const INPUT: [usize; 3] = [1, 8, 8];

/// Reads `NAME: OPERATION SETTINGS of INPUT, INPUT`, of which only the operation must be there; `#` starts a comment.
///
/// # Errors
/// If a line is not understood, or does not fit what stands above it.
pub(crate) fn read(text: &str, chosen: &Chosen) -> Result<Drawing, FlowError> {
    let at = |line: usize| move |problem| FlowError { line, problem };
    let mut lines = text.lines().enumerate().filter_map(|(index, line)| {
        let words = words(line);
        (!words.is_empty()).then_some((index + 1, words))
    });
    let mut rest = lines.clone().peekable();
    let mut drawing = match rest.peek() {
        Some((line, words)) if words[0] == "input" => {
            lines.next();
            input(words).and_then(Drawing::new).map_err(at(*line))?
        }
        _ => Drawing::new(INPUT).map_err(at(0))?,
    };
    for (line, words) in lines {
        add(&mut drawing, &words, chosen).map_err(at(line))?;
    }
    Ok(drawing)
}

/// Words without commas and comments; the colon of a name is a word of its own.
fn words(line: &str) -> Vec<&str> {
    let written = line.split('#').next().unwrap_or_default();
    let mut words = vec![];
    for word in written.split([' ', '\t', ',', '\r']).filter(|word| !word.is_empty()) {
        match word.split_once(':') {
            Some((name, rest)) => words.extend([name, ":", rest].into_iter().filter(|part| !part.is_empty())),
            None => words.push(word),
        }
    }
    words
}

fn input(words: &[&str]) -> Result<[usize; 3], Problem> {
    let size = |index: usize, what| number(words.get(index), what);
    let input = [size(1, "channels")?, size(2, "height")?, size(3, "width")?];
    words.get(4).map_or(Ok(input), |found| Err(Problem::More { found: (*found).to_owned() }))
}

fn add(drawing: &mut Drawing, words: &[&str], chosen: &Chosen) -> Result<(), Problem> {
    let (name, words) = match words {
        [name, ":", rest @ ..] => (Some(*name), rest),
        _ => (None, words),
    };
    let split = words.iter().position(|word| *word == "of");
    let (written, inputs) = split.map_or((words, None), |at| (&words[..at], Some(&words[at + 1..])));
    let operation = operation::read(written, chosen)?;
    let named = |name: &&str| drawing.network().find(name).ok_or_else(|| Problem::Input { found: (*name).to_owned() });
    let inputs: Option<Vec<NodeId>> = inputs.map(|names| names.iter().map(named).collect()).transpose()?;
    if let Some(found) = name.filter(|name| !name.chars().all(|sign| sign.is_alphanumeric() || sign == '_')) {
        return Err(Problem::Name { found: found.to_owned() });
    }
    drawing.add(name.unwrap_or(written[0]), name.is_some(), operation, inputs.as_deref())
}

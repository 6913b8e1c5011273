//! An operation as it is written: a word and its settings.

use untied_redundancy::network::{Activation, Convolution, Operation, Padding, Pool, Pooling};
use untied_redundancy::{Bias, Normalization};

use crate::choice;
use crate::error::Problem;

/// Channels that every convolution makes.
const CHANNELS: usize = 4;
/// The largest kernel, and the largest number of classes.
const MOST: usize = 64;
const WORDS: &str =
    "convolution, bias, norm, relu, tanh, max, average, mean, flatten, linear, add, concatenate, dropout, loss";

/// What `bias` and `norm` alone stand for.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) bias: Bias,
    pub(crate) norm: Normalization,
}

/// Reads an operation with its settings.
pub(crate) fn read(words: &[&str], chosen: &Chosen) -> Result<Operation, Problem> {
    let (word, settings) = words.split_first().map_or(("", words), |(word, settings)| (*word, settings));
    let (operation, taken) = match word {
        "convolution" => convolution(settings)?,
        "bias" => match settings.first() {
            Some(name) => (Operation::Bias(choice::bias(name)?), 1),
            None => (Operation::Bias(chosen.bias.clone()), 0),
        },
        "norm" => norm(settings, chosen.norm)?,
        "relu" => (Operation::Activation(Activation::Relu), 0),
        "tanh" => (Operation::Activation(Activation::Tanh), 0),
        "max" => pooling(settings, Pool::Max)?,
        "average" => pooling(settings, Pool::Average { count_padding: false })?,
        "mean" => (Operation::Mean, 0),
        "flatten" => (Operation::Flatten, 0),
        "linear" => (Operation::Linear { features: number(settings.first(), "outputs")? }, 1),
        "add" => (Operation::Addition, 0),
        "concatenate" => (Operation::Concatenation, 0),
        "dropout" => (Operation::Dropout, 0),
        "loss" => (Operation::Loss, 0),
        found => {
            return Err(Problem::Unknown { what: "an operation", expected: WORDS.into(), found: found.into() });
        }
    };
    match settings.get(taken) {
        Some(found) => Err(Problem::More { found: (*found).to_owned() }),
        None => Ok(operation),
    }
}

fn convolution(settings: &[&str]) -> Result<(Operation, usize), Problem> {
    let size = number(settings.first(), "kernel")?;
    let padded = settings.get(1) == Some(&"padded");
    let padding = if padded { Padding::Same } else { Padding::Valid };
    let convolution = Convolution { padding, ..Convolution::new(CHANNELS, [size, size]) };
    Ok((Operation::Convolution(convolution), 1 + usize::from(padded)))
}

fn norm(settings: &[&str], chosen: Normalization) -> Result<(Operation, usize), Problem> {
    let (normalization, taken) = match settings {
        ["group", groups, ..] => (Normalization::Group(number(Some(groups), "groups")?), 2),
        [name, ..] => (choice::norm(name)?, 1),
        [] => (chosen, 0),
    };
    Ok((Operation::Normalization { normalization, beta: true }, taken))
}

fn pooling(settings: &[&str], pool: Pool) -> Result<(Operation, usize), Problem> {
    let size = number(settings.first(), "window")?;
    Ok((Operation::Pooling(Pooling::new(pool, [size, size])), 1))
}

/// A number from 1 to 64.
pub(crate) fn number(word: Option<&&str>, what: &'static str) -> Result<usize, Problem> {
    let read = word.and_then(|word| word.parse().ok()).filter(|number| (1..=MOST).contains(number));
    let found = || word.map_or("nothing".into(), |word| format!("`{word}`"));
    read.ok_or_else(|| Problem::Number { what, most: MOST, found: found() })
}

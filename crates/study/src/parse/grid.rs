//! `[vary]`: the lists that span the grid, and the variant at each of its points.

use std::ops::Range;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::document::{Document, full_key};
use super::key::{self, Key};
use super::messages::{kind, nearest, unknown};
use super::seeds::{self, MAX_CELLS};
use crate::schema::SECTIONS;
use crate::{CellConfig, ConfigError, DataConfig, Factors, MeasureConfig, ModelConfig, Sequential, TrainConfig};

/// One key of `[vary]` with its list.
pub(crate) struct Factor<'s> {
    /// The dotted key, such as `model.bias`.
    pub(crate) key: String,
    /// The span of the key in `[vary]`.
    span: Range<usize>,
    path: Vec<Key<'s>>,
    values: Vec<Spanned<DeValue<'s>>>,
    /// The same values, as results hold them.
    pub(crate) labels: Vec<Value>,
}

/// `[vary]`.
pub(crate) struct Grid<'s> {
    /// In the order of the config; the last one varies fastest, seeds aside.
    pub(crate) factors: Vec<Factor<'s>>,
    pub(crate) seeds: Vec<u64>,
    pub(crate) sequential: Option<Sequential>,
}

/// A point of the grid without its seed.
pub(crate) struct Variant {
    pub(crate) factors: Factors,
    config: VariantConfig,
}

/// [`CellConfig`] without the seed, so that no message offers a key `seed`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct VariantConfig {
    data: DataConfig,
    model: ModelConfig,
    train: TrainConfig,
    #[serde(default)]
    measure: MeasureConfig,
}

impl Variant {
    pub(crate) fn with_seed(&self, seed: u64) -> CellConfig {
        let VariantConfig { data, model, train, measure } = self.config.clone();
        CellConfig { data, model, train, measure, seed }
    }
}

impl<'s> Grid<'s> {
    pub(crate) fn read(document: &Document<'s>) -> Result<Self, ConfigError> {
        let missing = || document.fail_file("missing table `[vary]` with `seeds`, their number or a list of them");
        let vary = document.get(&["vary"]).ok_or_else(missing)?;
        let DeValue::Table(table) = vary.get_ref() else {
            return Err(document.fail(&vary.span(), format!("expected a table, found {}", kind(vary))));
        };
        let seeds = table.get("seeds").ok_or_else(|| {
            document.fail(&vary.span(), "missing key `seeds`: the number of seeds, or a list of them".to_owned())
        });
        let mut factors = Vec::new();
        for (key, values) in table.iter().filter(|(key, _)| key.get_ref() != "seeds") {
            factors.push(Factor::read(document, key, values)?);
        }
        let (seeds, sequential) = seeds::read(document, seeds?)?;
        let grid = Self { factors, seeds, sequential };
        grid.check_size(document)?;
        grid.check_keys(document)?;
        Ok(grid)
    }

    fn check_size(&self, document: &Document<'_>) -> Result<(), ConfigError> {
        let lengths = self.factors.iter().map(|factor| factor.values.len()).chain([self.seeds.len()]);
        let cells = lengths.fold(1, usize::saturating_mul);
        if cells > MAX_CELLS {
            let span = document.get(&["vary"]).map_or(0..0, Spanned::span);
            return Err(document.fail(&span, format!("the grid has {cells} cells; {MAX_CELLS} are the most")));
        }
        Ok(())
    }

    /// No key inside another one, and none that `--set` sets too.
    fn check_keys(&self, document: &Document<'_>) -> Result<(), ConfigError> {
        for (index, factor) in self.factors.iter().enumerate() {
            if let Some(other) = self.factors[..index].iter().find(|other| overlap(&other.path, &factor.path)) {
                let message = format!("varies the same setting as `vary.\"{}\"`", other.key);
                return Err(document.fail(&factor.span, message));
            }
            if let Some(set) = document.set_keys().find(|set| overlap(set, &factor.path)) {
                let set_key = key::join(set.iter().map(|piece| piece.get_ref().as_ref()));
                let message = format!("this study varies it: set `vary.\"{}\"` instead", factor.key);
                return Err(document.invalid(&set[0].span(), Some(set_key), message));
            }
        }
        Ok(())
    }

    /// Variants, seeds aside.
    pub(crate) fn variants(&self) -> usize {
        self.factors.iter().map(|factor| factor.values.len()).product()
    }

    /// The value of every factor in the given variant.
    pub(crate) fn factors_of(&self, variant: usize) -> Factors {
        self.labels(&self.choices(variant))
    }

    /// The choice of every factor in the given variant.
    fn choices(&self, variant: usize) -> Vec<usize> {
        let mut rest = variant;
        let mut choices: Vec<usize> = self.factors.iter().rev().map(|factor| next_digit(&mut rest, factor)).collect();
        choices.reverse();
        choices
    }

    /// The typed and checked config of one variant.
    pub(crate) fn variant(
        &self,
        document: &Document<'s>,
        base: &DeTable<'s>,
        index: usize,
    ) -> Result<Variant, ConfigError> {
        let choices = self.choices(index);
        let mut table = base.clone();
        for (factor, choice) in self.factors.iter().zip(&choices) {
            factor.set(document, &mut table, *choice)?;
        }
        let variant = Variant { factors: self.labels(&choices), config: document.typed_table(table)? };
        match variant.with_seed(0).check() {
            Ok(()) => Ok(variant),
            Err(fault) => Err(self.locate(document, &choices, &fault.key, fault.message)),
        }
    }

    /// Checks the values that sections give varied keys too, although they are not used.
    pub(crate) fn check_base(&self, document: &Document<'s>, base: &DeTable<'s>) -> Result<(), ConfigError> {
        let mut table = base.clone();
        for factor in &self.factors {
            let path: Vec<&str> = factor.pieces().collect();
            if key::get(base, &path).is_none() {
                factor.set(document, &mut table, 0)?;
            }
        }
        document.typed_table::<VariantConfig>(table).map(drop)
    }

    fn labels(&self, choices: &[usize]) -> Factors {
        let pairs = self.factors.iter().zip(choices);
        pairs.map(|(factor, choice)| (factor.key.clone(), factor.labels[*choice].clone())).collect()
    }

    /// A fault of the key, shown at the varied value or in its section, or else at the nearest table around it.
    fn locate(&self, document: &Document<'_>, choices: &[usize], dotted: &str, message: String) -> ConfigError {
        let mut path: Vec<&str> = dotted.split('.').collect();
        for (factor, choice) in self.factors.iter().zip(choices) {
            if factor.pieces().zip(&path).all(|(piece, name)| piece == *name) {
                let named = format!("vary.\"{}\"", factor.key);
                let below = path.get(factor.path.len()..).unwrap_or_default();
                let named = below.iter().fold(named, |key, piece| format!("{key}.{piece}"));
                return document.invalid(&factor.values[*choice].span(), Some(named), message);
            }
        }
        while let Some((_, parents)) = path.split_last() {
            if let Some(value) = document.get(&path) {
                return document.invalid(&value.span(), Some(dotted.to_owned()), message);
            }
            path = parents.to_vec();
        }
        document.fail_file(format!("`{dotted}`: {message}"))
    }
}

fn next_digit(rest: &mut usize, factor: &Factor<'_>) -> usize {
    let digit = *rest % factor.values.len();
    *rest /= factor.values.len();
    digit
}

/// True if one path is the other or lies inside it.
fn overlap(a: &[Key<'_>], b: &[Key<'_>]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.get_ref() == b.get_ref())
}

impl<'s> Factor<'s> {
    fn read(document: &Document<'s>, key: &Key<'s>, values: &Spanned<DeValue<'s>>) -> Result<Self, ConfigError> {
        let span = key.span();
        let path = read_path(document, key)?;
        let values = match values.get_ref() {
            DeValue::Array(values) => values,
            DeValue::Table(_) => {
                let message = "expected a list; a dotted key in [vary] is quoted, such as \"model.bias\" = [..]";
                return Err(document.fail(&span, message));
            }
            other => {
                let message = format!("expected a list of values, found {}", document.text(&values.span()));
                return Err(document.fail(&values.span(), message + if other.is_str() { ": write [..]" } else { "" }));
            }
        };
        if values.is_empty() {
            return Err(document.fail(&span, "the list is empty"));
        }
        let labels = values.iter().map(|value| document.typed(value)).collect::<Result<Vec<Value>, _>>()?;
        reject_twice(document, values, &labels)?;
        let dotted = key::join(path.iter().map(|piece| piece.get_ref().as_ref()));
        Ok(Self { key: dotted, span, path, values: values.iter().cloned().collect(), labels })
    }

    fn pieces(&self) -> impl Iterator<Item = &str> {
        self.path.iter().map(|piece| piece.get_ref().as_ref())
    }

    fn set(&self, document: &Document<'s>, table: &mut DeTable<'s>, choice: usize) -> Result<(), ConfigError> {
        key::set(table, &self.path, self.values[choice].clone()).map_err(|blocked| {
            document.fail(&self.span, format!("expected `{}` to be a table, found {}", blocked.key, blocked.found))
        })
    }
}

/// The path of a key in `[vary]`, every piece with the span of the whole key.
fn read_path<'s>(document: &Document<'_>, key: &Key<'s>) -> Result<Vec<Key<'s>>, ConfigError> {
    let name = key.get_ref().as_ref();
    let Some(pieces) = key::split(name) else {
        return Err(document.fail(&key.span(), format!("`{name}` is not a dotted key such as \"model.bias\"")));
    };
    if pieces.len() < 2 || !SECTIONS.contains(&pieces[0].get_ref().as_ref()) {
        return Err(document.fail(&key.span(), unknown_factor(name, &pieces)));
    }
    Ok(pieces.into_iter().map(|piece| Spanned::new(key.span(), piece.into_inner())).collect())
}

fn unknown_factor(name: &str, pieces: &[Key<'_>]) -> String {
    let first = pieces[0].get_ref().as_ref();
    if pieces.len() > 1 {
        return unknown("table", first, &SECTIONS);
    }
    if SECTIONS.contains(&first) {
        return format!("a whole table cannot be varied; a key inside it is quoted: \"{first}.key\" = [..]");
    }
    let full = nearest(name, &["seeds"]).map(str::to_owned).or_else(|| full_key(name));
    let hint = full.map(|full| format!("; did you mean `{full}`?")).unwrap_or_default();
    format!("unknown key `{name}`, expected `seeds` or a dotted key such as \"model.bias\"{hint}")
}

/// The message for a key that `[vary]` does not list.
pub(crate) fn not_varied(key: &str, factors: &[Factor<'_>]) -> String {
    let known: Vec<&str> = factors.iter().map(|factor| factor.key.as_str()).collect();
    if known.is_empty() {
        return "[vary] lists no key but `seeds`, so that there is nothing to compare or to skip".to_owned();
    }
    let hint = nearest(key, &known).map(|near| format!("; did you mean `\"{near}\"`?")).unwrap_or_default();
    format!("expected a key of [vary] ({}){hint}", known.join(", "))
}

/// The message for a value that a list of `[vary]` lacks.
pub(crate) fn not_listed(factor: &Factor<'_>, found: &str) -> String {
    let listed = factor.labels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("expected a value of `vary.\"{}\"` ({listed}), found {found}", factor.key)
}

/// Values twice in a list would be the same cells twice.
fn reject_twice(document: &Document<'_>, values: &DeArray<'_>, labels: &[Value]) -> Result<(), ConfigError> {
    for (index, label) in labels.iter().enumerate() {
        if labels[..index].iter().any(|other| same_value(other, label)) {
            let span = values[index].span();
            return Err(document.fail(&span, format!("lists {} twice", document.text(&span))));
        }
    }
    Ok(())
}

/// Equality in which 1 and 1.0 are the same.
pub(crate) fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_value(a, b)))
        }
        _ => a == b,
    }
}

//! Tensors of a file in a model: which fit, and which do not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::file::File;
use super::names::translated;
use crate::model::tensors::{HostTensor, HostTensors};

/// Names that a message lists of each kind.
const LISTED: usize = 8;

/// What a file has for a model.
#[derive(Debug, Default)]
pub(super) struct Fit {
    /// By their names in the model, in its shapes.
    pub(super) tensors: HostTensors,
    /// Tensors that the model has.
    all: usize,
    missing: Vec<String>,
    /// Of another shape, with both.
    other: Vec<String>,
    /// Of the file.
    left_over: Vec<String>,
    /// Of each tensor of the model that has one in the file, its name there.
    pub(super) found: BTreeMap<String, String>,
}

impl Fit {
    pub(super) fn is_whole(&self) -> bool {
        self.tensors.len() == self.all && self.left_over.is_empty()
    }

    /// Whether a tensor of the model has none of its name.
    pub(super) fn lacks_names(&self) -> bool {
        !self.missing.is_empty()
    }
}

/// Sets the tensors of a file against those that a model expects, by name.
pub(super) fn fit(file: &File, map: &BTreeMap<String, String>, expected: &BTreeMap<String, Vec<usize>>) -> Fit {
    let names = translated(file.tensors.keys(), map);
    let mut fit = Fit { all: expected.len(), ..Fit::default() };
    let mut taken = BTreeSet::new();
    for (name, shape) in expected {
        let Some((found, &original)) = in_file(name, file.own, expected).find_map(|name| names.get_key_value(&name))
        else {
            fit.missing.push(format!("`{name}`"));
            continue;
        };
        taken.insert(found.clone());
        fit.found.insert(name.clone(), original.clone());
        let tensor = &file.tensors[original];
        if let Some(values) = fitted(name, tensor, shape, file.own) {
            fit.tensors.insert(name.clone(), HostTensor { shape: shape.clone(), values });
        } else {
            let mut shape = shape.clone();
            if shape.len() == 2 && !file.own {
                shape.reverse();
            }
            fit.other.push(format!("`{original}` (expected {shape:?}, found {:?})", tensor.shape));
        }
    }
    let left_over = names.iter().filter(|(name, _)| !taken.contains(*name));
    fit.left_over = left_over.map(|(_, original)| format!("`{original}`")).collect();
    fit
}

/// The names that a tensor may have in a file: its own, and of γ and β those of PyTorch.
fn in_file<'n>(
    name: &'n str,
    own: bool,
    expected: &'n BTreeMap<String, Vec<usize>>,
) -> impl Iterator<Item = String> + 'n {
    let leaves = [(".gamma", ".weight"), (".beta", ".bias")];
    let torch = leaves.into_iter().filter_map(|(ours, theirs)| Some(format!("{}{theirs}", name.strip_suffix(ours)?)));
    let torch = torch.filter(move |name| !own && !expected.contains_key(name));
    std::iter::once(name.to_owned()).chain(torch)
}

/// The values in the model's shape: PyTorch's linear layers have their weights the other way around, and a tied bias
/// becomes one that is the same at every location.
fn fitted(name: &str, tensor: &HostTensor, expected: &[usize], own: bool) -> Option<Vec<f64>> {
    let HostTensor { shape, values } = tensor;
    if let ([inputs, outputs], false) = (expected, own) {
        let transposed = || (0..*inputs).flat_map(|row| (0..*outputs).map(move |column| values[column * inputs + row]));
        return (*shape == [*outputs, *inputs]).then(|| transposed().collect());
    }
    if trimmed(shape) == trimmed(expected) {
        return Some(values.clone());
    }
    let locations: usize = expected.get(1..)?.iter().product();
    let tied = name.rsplit('.').next() == Some("bias") && expected.len() == 3 && trimmed(shape) == [expected[0]];
    tied.then(|| values.iter().flat_map(|&value| std::iter::repeat_n(value, locations)).collect())
}

/// Without axes of size 1 at its end, behind the first.
fn trimmed(shape: &[usize]) -> &[usize] {
    let kept = shape.iter().rposition(|&size| size != 1).map_or(1, |last| last + 1);
    &shape[..kept.min(shape.len())]
}

/// What fits and what does not, in one line.
impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of the model's {} tensors fit", self.tensors.len(), self.all)?;
        if !self.tensors.is_empty() && self.tensors.len() < self.all {
            let fitting: Vec<String> = self.tensors.keys().map(|name| format!("`{name}`")).collect();
            write!(f, ", {}", listed(&fitting))?;
        }
        let parts = [
            ("missing in the file", &self.missing),
            ("of another shape", &self.other),
            ("left over in the file", &self.left_over),
        ];
        for (what, names) in parts.into_iter().filter(|(_, names)| !names.is_empty()) {
            write!(f, "; {what}: {}", listed(names))?;
        }
        Ok(())
    }
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > LISTED { format!("{shown} and {} more", names.len() - LISTED) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize]) -> HostTensor {
        let count: usize = shape.iter().product();
        HostTensor { shape: shape.to_vec(), values: (0..count).map(|value| value as f64).collect() }
    }

    fn file(tensors: &[(&str, &[usize])]) -> File {
        let tensors = tensors.iter().map(|&(name, shape)| (name.to_owned(), tensor(shape))).collect();
        File { tensors, own: false }
    }

    fn model(tensors: &[(&str, &[usize])]) -> BTreeMap<String, Vec<usize>> {
        tensors.iter().map(|&(name, shape)| (name.to_owned(), shape.to_vec())).collect()
    }

    #[test]
    fn pytorch_s_layouts_become_the_model_s() {
        let file = file(&[
            ("module.block1.norm.weight", &[2]),
            ("module.block1.norm.bias", &[2]),
            ("module.block1.convolution.bias", &[2]),
            ("module.fc.weight", &[2, 3]),
        ]);
        let expected = model(&[
            ("block1.norm.gamma", &[2]),
            ("block1.norm.beta", &[2]),
            ("block1.convolution.bias", &[2, 1, 2]),
            ("head.weight", &[3, 2]),
        ]);
        let fit = fit(&file, &BTreeMap::from([("fc".to_owned(), "head".to_owned())]), &expected);
        assert!(fit.is_whole(), "{fit}");
        assert_eq!(fit.tensors["head.weight"].values, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(fit.tensors["block1.convolution.bias"].values, [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(fit.tensors["block1.norm.gamma"].values, [0.0, 1.0]);
    }

    #[test]
    fn what_does_not_fit_is_listed() {
        let file = file(&[("a.weight", &[2, 2]), ("b.weight", &[4, 3]), ("fc.bias", &[4])]);
        let expected = model(&[("a.weight", &[2, 2]), ("b.weight", &[4, 3]), ("head.bias", &[4])]);
        let said = fit(&file, &BTreeMap::new(), &expected).to_string();
        let expected = "1 of the model's 3 tensors fit, `a.weight`; missing in the file: `head.bias`; of another shape: \
                        `b.weight` (expected [3, 4], found [4, 3]); left over in the file: `fc.bias`";
        assert_eq!(said, expected);
    }
}

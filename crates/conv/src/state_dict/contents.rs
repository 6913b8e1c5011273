//! What a module asks of a file, and what the file holds.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bool, DType, Int, Tensor};
use burn_store::burn_pack;

use super::naming::{Change, Layout, Naming, Shapes};

/// A parameter as a file of some layout has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) shape: Vec<usize>,
    kind: Kind,
    transposed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Float,
    Int,
    Bool,
    /// PyTorch's count of batches, which a file may lack.
    Count,
}

/// Why a parameter cannot be taken from a file.
pub(super) enum Misfit {
    Missing,
    Other(String),
}

impl Entry {
    pub(super) fn is_count(&self) -> bool {
        self.kind == Kind::Count
    }

    /// What keeps the parameter from being taken from a file, if anything does.
    pub(super) fn misfit(&self, file: &File, prefix: &str) -> Option<Misfit> {
        let name = format!("{prefix}{}", self.path);
        let Some((shape, dtype)) = file.tensors.get(&name) else {
            return (!self.is_count()).then_some(Misfit::Missing);
        };
        let kept = self.shape.iter().rposition(|&size| size != 1).map_or(1, |last| last + 1);
        let trimmed = self.shape.len() > kept && shape[..] == self.shape[..kept];
        if !self.is_count() && *shape != self.shape && !trimmed {
            return Some(Misfit::Other(format!("`{name}`: expected {:?}, found {shape:?}", self.shape)));
        }
        let (expected, fits) = match self.kind {
            Kind::Float => ("floats", dtype.is_float()),
            Kind::Int | Kind::Count => ("integers", dtype.is_int() || dtype.is_uint()),
            Kind::Bool => ("booleans", dtype.is_bool()),
        };
        (!fits).then(|| Misfit::Other(format!("`{name}`: expected {expected}, found {dtype:?}")))
    }
}

/// All parameters of a module in a layout.
pub(super) fn entries<M: Module>(module: &M, layout: Layout) -> Vec<Entry> {
    let mut recorder = Recorder { naming: Naming::new(layout, "", None), entries: vec![] };
    module.visit(&mut recorder);
    recorder.entries
}

struct Recorder<'a> {
    naming: Naming<'a>,
    entries: Vec<Entry>,
}

impl Recorder<'_> {
    fn record(&mut self, shape: Vec<usize>, kind: Kind, transposed: bool) {
        self.entries.push(Entry { path: self.naming.path(), shape, kind, transposed });
    }
}

impl ModuleVisitor for Recorder<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.naming.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.naming.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = param.lazy_shape();
        let (change, mut sizes) = (self.naming.change(&shape), shape.to_vec());
        if change == Change::Transposed {
            sizes.reverse();
        }
        let kind = if change == Change::Count { Kind::Count } else { Kind::Float };
        self.record(sizes, kind, change == Change::Transposed);
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.record(param.lazy_shape().to_vec(), Kind::Int, false);
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.record(param.lazy_shape().to_vec(), Kind::Bool, false);
    }
}

/// Names under which programs wrap a model or its state dict.
const WRAPPERS: [&str; 6] = ["module", "_orig_mod", "model", "state_dict", "model_state_dict", "network"];

/// A file's tensors.
pub(super) struct File {
    pub(super) tensors: BTreeMap<String, (Vec<usize>, DType)>,
    /// Whether they have the ids that Burn gives parameters.
    pub(super) has_ids: bool,
}

impl File {
    pub(super) fn new(tensors: &BTreeMap<String, burn_pack::Tensor>) -> Self {
        let of = |tensor: &burn_pack::Tensor| (tensor.shape.to_vec(), tensor.dtype);
        Self {
            tensors: tensors.iter().map(|(name, tensor)| (name.clone(), of(tensor))).collect(),
            has_ids: tensors.values().any(|tensor| tensor.param_id.is_some()),
        }
    }

    pub(super) fn shapes(&self) -> Shapes {
        self.tensors.iter().map(|(name, (shape, _))| (name.clone(), shape.clone())).collect()
    }

    /// What the names may begin with: nothing, or the wrappers that some begin with.
    pub(super) fn prefixes(&self) -> BTreeSet<String> {
        let mut prefixes = BTreeSet::from([String::new()]);
        for name in self.tensors.keys() {
            let mut prefix = String::new();
            for segment in name.split('.').take_while(|segment| WRAPPERS.contains(segment)) {
                prefix += segment;
                prefix += ".";
                prefixes.insert(prefix.clone());
            }
        }
        prefixes
    }
}

/// The first few names, and how many more there are.
pub(super) fn list<T: AsRef<str>>(names: &[T]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// The parameters that a file has under a prefix, in their shapes.
pub(super) fn fitting<'a>(entries: &'a [Entry], file: &File, prefix: &str) -> impl Iterator<Item = &'a Entry> {
    entries.iter().filter(move |entry| !entry.is_count() && entry.misfit(file, prefix).is_none())
}

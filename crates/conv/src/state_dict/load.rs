//! Loading: the file's layout and prefix, the store with its own options, and what it did.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;
use burn_store::{ApplyResult, ModuleSnapshot, ModuleStore, bridge};

use super::StateDictError;
use super::contents::{Entry, File, Misfit, entries, fitting, list};
use super::naming::{BATCHES, Layout, Naming};
use super::view::View;

/// What was loaded. Printed, one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Layout of the file.
    pub layout: Layout,
    /// What its names begin with, such as `module.`; mostly nothing.
    pub prefix: String,
    /// Parameters that were loaded, by their names in the file, without the prefix.
    pub applied: Vec<String>,
    /// Parameters that the store's filter left alone.
    pub skipped: Vec<String>,
    /// Parameters that the file does not have, where the store allows that.
    pub missing: Vec<String>,
    /// Tensors of the file that nothing took, with their whole names.
    pub unused: Vec<String>,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tensors loaded, laid out as {}", self.applied.len(), self.layout.name())?;
        if !self.prefix.is_empty() {
            write!(f, ", under names that begin with `{}`", self.prefix)?;
        }
        for (what, names) in
            [("filtered out", &self.skipped), ("not in the file", &self.missing), ("left over", &self.unused)]
        {
            if !names.is_empty() {
                write!(f, "; {what}: {}", list(names))?;
            }
        }
        Ok(())
    }
}

/// How to read a file into a module.
struct Plan {
    layout: Layout,
    prefix: String,
    entries: Vec<Entry>,
}

/// [`load`](super::load), the layout being given or to be found, with what the file itself says where names do not tell.
pub(super) fn load<M: ModuleSnapshot, S: ModuleStore>(
    module: &mut M,
    store: &mut S,
    layout: Option<Layout>,
    claimed: Option<Layout>,
) -> Result<Loaded, StateDictError> {
    let refused = |error: S::Error| StateDictError::Store(error.to_string());
    let file = File::new(store.get_all_tensors().map_err(refused)?);
    let plan = match layout.or_else(|| by_store::<S>(&file)) {
        Some(layout) => Plan::new(module, &file, layout)?,
        None => detect(module, &file, claimed)?,
    };
    let shapes = file.shapes();
    let mut view =
        View { module: module.clone(), layout: plan.layout, prefix: plan.prefix.clone(), file: Some(&shapes) };
    let result = store.apply_to(&mut view);
    let mut loaded = view.module;
    let result = match result {
        Ok(result) => result,
        Err(error) => {
            *module = loaded;
            return Err(plan.explain(&file).unwrap_or_else(|| refused(error)));
        }
    };
    if plan.layout == Layout::PyTorch {
        let counts = plan.counts(store, &result).map_err(refused)?;
        loaded = loaded.map(&mut Counts { naming: Naming::new(plan.layout, "", None), counts });
    }
    *module = loaded;
    plan.finish(&file, result)
}

/// The layout of files that only one program writes.
fn by_store<S>(file: &File) -> Option<Layout> {
    // By its name, as stores tell nothing of themselves; the type is there with the feature `pytorch` alone.
    if std::any::type_name::<S>().ends_with("::PytorchStore") {
        return Some(Layout::PyTorch);
    }
    file.has_ids.then_some(Layout::Burn)
}

/// The layout that more of the file fits.
fn detect<M: Module>(module: &M, file: &File, claimed: Option<Layout>) -> Result<Plan, StateDictError> {
    let [torch, burn] = [Layout::PyTorch, Layout::Burn].map(|layout| Plan::new(module, file, layout));
    let (torch, burn) = match (torch, burn) {
        (Ok(torch), Ok(burn)) => (torch, burn),
        (Err(error), Err(_)) => return Err(error),
        (Ok(plan), Err(_)) | (Err(_), Ok(plan)) => return Ok(plan),
    };
    let [of_torch, of_burn] = [&torch, &burn].map(|plan| plan.fitting(file).count());
    // What each takes from the file: a transposed weight is another one.
    let differing: Vec<_> = torch.fitting(file).filter(|entry| !burn.entries.contains(entry)).collect();
    match (of_torch.cmp(&of_burn), claimed) {
        (Ordering::Greater, _) | (Ordering::Equal, Some(Layout::PyTorch)) => Ok(torch),
        (Ordering::Less, _) | (Ordering::Equal, Some(Layout::Burn)) => Ok(burn),
        (Ordering::Equal, None) if differing.is_empty() => Ok(torch),
        (Ordering::Equal, None) => {
            let names: Vec<_> = differing.iter().map(|entry| &entry.path).collect();
            Err(StateDictError::Doubt { tensors: list(&names) })
        }
    }
}

impl Plan {
    /// The layout, with the prefix under which more of the module's parameters are in the file than under any other.
    fn new<M: Module>(module: &M, file: &File, layout: Layout) -> Result<Self, StateDictError> {
        let entries = entries(module, layout);
        let counted = file.prefixes().into_iter().map(|prefix| (fitting(&entries, file, &prefix).count(), prefix));
        let counted: Vec<_> = counted.collect();
        let most = counted.iter().map(|(count, _)| *count).max().unwrap_or(0);
        let mut best = counted.into_iter().filter(|(count, _)| *count == most).map(|(_, prefix)| prefix);
        // Without any, the first: none.
        let prefix = best.next().unwrap_or_default();
        let others: Vec<_> = best.collect();
        if most > 0 && !others.is_empty() {
            let prefixes = [vec![prefix], others].concat();
            return Err(StateDictError::Prefix { prefixes: list(&prefixes) });
        }
        Ok(Self { layout, prefix, entries })
    }

    /// The parameters that are taken from the file.
    fn fitting(&self, file: &File) -> impl Iterator<Item = &Entry> {
        fitting(&self.entries, file, &self.prefix)
    }

    /// What of the module does not fit the file, if anything; and what the file has.
    fn explain(&self, file: &File) -> Option<StateDictError> {
        let mut missing = vec![];
        let mut problems = vec![];
        for entry in &self.entries {
            match entry.misfit(file, &self.prefix) {
                Some(Misfit::Missing) => missing.push(format!("{}{}", self.prefix, entry.path)),
                Some(Misfit::Other(told)) => problems.push(told),
                None => {}
            }
        }
        if !missing.is_empty() {
            let verb = if missing.len() == 1 { "is" } else { "are" };
            problems.push(format!("{} {verb} missing", list(&missing)));
        }
        if problems.is_empty() {
            return None;
        }
        let taken = |name: &str| self.entries.iter().any(|entry| format!("{}{}", self.prefix, entry.path) == name);
        let left: Vec<_> = file.tensors.keys().filter(|name| !taken(name)).collect();
        let held = if left.is_empty() { String::new() } else { format!("; the file also has {}", list(&left)) };
        Some(StateDictError::Mismatch(format!("{}{held}", problems.join("; "))))
    }

    /// The counts of batches beside the running statistics that were loaded.
    fn counts<S: ModuleStore>(&self, store: &mut S, result: &ApplyResult) -> Result<HashMap<String, f64>, S::Error> {
        let mut counts = HashMap::new();
        for entry in self.entries.iter().filter(|entry| entry.is_count()) {
            let name = format!("{}{}", self.prefix, entry.path);
            let beside = name.replace(BATCHES, "running_mean");
            if !result.applied.contains(&beside) {
                continue;
            }
            let Some(tensor) = store.get_tensor(&name)? else { continue };
            let count = bridge::to_data(tensor).ok().and_then(|data| data.iter::<f64>().next());
            counts.extend(count.map(|count| (entry.path.clone(), count)));
        }
        Ok(counts)
    }

    fn finish(self, file: &File, result: ApplyResult) -> Result<Loaded, StateDictError> {
        let own = |name: String| name.strip_prefix(&self.prefix).map_or(name.clone(), Into::into);
        let applied: Vec<_> = result.applied.into_iter().map(own).collect();
        // A layer that has momentum does not count.
        let counted = |name: &str| {
            let beside = name.strip_suffix(BATCHES).map(|layer| own(format!("{layer}running_mean")));
            beside.is_some_and(|beside| applied.contains(&beside))
        };
        let unused: Vec<_> = result.unused.into_iter().filter(|name| !counted(name)).collect();
        let dropped = unused.iter().filter(|name| {
            let layer = name.strip_suffix("bias").map(|layer| own(format!("{layer}weight")));
            layer.is_some_and(|weight| applied.contains(&weight))
        });
        let dropped: Vec<_> = dropped.map(|name| format!("`{name}` {:?}", file.tensors[name].0)).collect();
        if !dropped.is_empty() {
            return Err(StateDictError::Bias { biases: dropped.join(", ") });
        }
        Ok(Loaded {
            layout: self.layout,
            applied,
            skipped: result.skipped.into_iter().map(own).collect(),
            missing: result.missing.into_iter().map(|(name, _)| own(name)).collect(),
            unused,
            prefix: self.prefix.clone(),
        })
    }
}

/// Sets the counts of batches of cumulative averages.
struct Counts<'a> {
    naming: Naming<'a>,
    counts: HashMap<String, f64>,
}

impl ModuleMapper for Counts<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.naming.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.naming.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.counts.get(&self.naming.path()) {
            Some(&count) => param.map(|batches| batches.zeros_like() + count),
            None => param,
        }
    }
}

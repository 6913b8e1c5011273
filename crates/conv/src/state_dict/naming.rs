//! Names and shapes of a module's parameters in a file.

use std::collections::HashMap;

use burn::tensor::Shape;

/// How files name and lay out the parameters of layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// PyTorch's: a linear layer's weight is `[out, in]`, γ and β of a norm are called `weight` and `bias`, and enums do
    /// not show in names.
    PyTorch,
    /// Burn's: a linear layer's weight is `[in, out]`, γ and β are called `gamma` and `beta`.
    Burn,
}

/// Kinds of module as Burn tells them to visitors.
const NORMS: [&str; 5] =
    ["Struct:BatchNorm", "Struct:LayerNorm", "Struct:GroupNorm", "Struct:InstanceNorm", "Struct:RmsNorm"];
pub(super) const CONVOLUTIONS: [&str; 3] = ["Struct:Conv1d", "Struct:Conv2d", "Struct:Conv3d"];
const LINEAR: &str = "Struct:Linear";
pub(super) const BATCHES: &str = "num_batches_tracked";

/// Shapes of a file's tensors by their names.
pub(super) type Shapes = HashMap<String, Vec<usize>>;

/// What becomes of a parameter on its way to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Nothing,
    /// Rows and columns change places.
    Transposed,
    /// The trailing axes of size 1 are not there; the number of those that are.
    Trimmed(usize),
    /// PyTorch's count of batches, an integer.
    Count,
}

/// The way from a module's root to a parameter, in the names of a layout.
#[derive(Debug, Clone)]
pub(super) struct Naming<'a> {
    layout: Layout,
    /// The file that is read; none while one is written.
    file: Option<&'a Shapes>,
    /// Names in the file, none for what it does not show; and the kind of module that each is in.
    way: Vec<(Option<String>, String)>,
}

impl<'a> Naming<'a> {
    pub(super) fn new(layout: Layout, prefix: &str, file: Option<&'a Shapes>) -> Self {
        let segments = prefix.split('.').filter(|segment| !segment.is_empty());
        Self { layout, file, way: segments.map(|segment| (Some(segment.into()), String::new())).collect() }
    }

    /// The names of the prefix, which no module has.
    pub(super) fn prefix(&self) -> Vec<String> {
        self.way.iter().filter_map(|(name, _)| name.clone()).collect()
    }

    /// Goes into a module; returns its name in the file, if it shows there.
    pub(super) fn enter(&mut self, name: &str, container: &str) -> Option<&str> {
        let torch = self.layout == Layout::PyTorch;
        let shown = match name {
            _ if torch && container.starts_with("Enum:") => None,
            "gamma" if torch && NORMS.contains(&container) => Some("weight"),
            "beta" if torch && NORMS.contains(&container) => Some("bias"),
            "batches" if torch && container == "Struct:BatchNorm" => Some(BATCHES),
            name => Some(name),
        };
        self.way.push((shown.map(Into::into), container.into()));
        self.way.last()?.0.as_deref()
    }

    /// Leaves it; returns its name in the file, if it shows there.
    pub(super) fn exit(&mut self) -> Option<String> {
        self.way.pop()?.0
    }

    /// Full name of the parameter in the file.
    pub(super) fn path(&self) -> String {
        self.prefix().join(".")
    }

    /// The name that the module's own paths would have.
    pub(super) fn change(&self, shape: &Shape) -> Change {
        let Some((Some(name), container)) = self.way.last() else { return Change::Nothing };
        let torch = self.layout == Layout::PyTorch;
        if torch && name == BATCHES {
            return Change::Count;
        }
        if torch && container == LINEAR && name == "weight" && shape.len() == 2 {
            return Change::Transposed;
        }
        let kept = shape.iter().rposition(|&size| size != 1).map_or(1, |last| last + 1);
        let trimmed = kept < shape.len()
            && match self.file {
                Some(file) => file.get(&self.path()).is_some_and(|found| found[..] == shape[..kept]),
                None => torch && name == "bias" && CONVOLUTIONS.contains(&container.as_str()),
            };
        if trimmed { Change::Trimmed(kept) } else { Change::Nothing }
    }
}

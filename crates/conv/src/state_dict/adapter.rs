//! Burn's own loading, `load_from`: an adapter for biases that other layers have flat.

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Shape, Tensor, TensorData};
use burn_store::{ModuleAdapter, ModuleContext, bridge, burn_pack};

use super::naming::CONVOLUTIONS;

/// An adapter for burn-store's own `load_from`: the bias `[c]` of a convolution of Burn's or PyTorch's becomes the
/// `[c, 1, 1]` of a tied one. What has another shape already stays as it is, and so do the biases of Burn's own layers.
///
/// Without an adapter [`load`](super::load()) does the same; it also tells layouts apart, and says what is left over. For
/// PyTorch's files, chain it: `PyTorchToBurnAdapter.chain(TiedBiases::of(&model))`. (A `PytorchStore` has an adapter of
/// its own alone: use [`load`](super::load()).)
///
/// # Example
/// ```
/// # #[cfg(feature = "safetensors")] {
/// use burn::nn::conv;
/// use burn::tensor::Device;
/// use burn_store::{ModuleSnapshot, SafetensorsStore};
/// use untied_conv::Conv2dConfig;
/// use untied_conv::state_dict::TiedBiases;
///
/// let device = Device::default();
/// let mut store = SafetensorsStore::from_bytes(None);
/// conv::Conv2dConfig::new([3, 8], [3, 3]).init(&device).save_into(&mut store).unwrap();
/// let mut conv = Conv2dConfig::new([3, 8], [3, 3]).init(&device);
/// let adapter = TiedBiases::of(&conv);
/// conv.load_from(&mut store.with_from_adapter(adapter)).unwrap();
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TiedBiases(HashMap<String, Shape>);

impl TiedBiases {
    /// For this module: its tied biases, by their names.
    #[must_use]
    pub fn of<M: Module>(module: &M) -> Self {
        let mut finder = Finder { way: vec![], biases: HashMap::new() };
        module.visit(&mut finder);
        Self(finder.biases)
    }
}

impl ModuleAdapter for TiedBiases {
    fn adapt(&self, tensor: burn_pack::Tensor, _: ModuleContext<'_>) -> burn_pack::Tensor {
        match self.0.get(&tensor.name) {
            Some(shape) if tensor.shape[..] == shape[..1] => {
                let (name, dtype, shape) = (tensor.name.clone(), tensor.dtype, shape.clone());
                bridge::map_data(tensor, name, dtype, shape.clone(), move |flat| {
                    let (bytes, _, dtype) = flat.into_parts();
                    TensorData::from_bytes(bytes, shape.clone(), dtype)
                })
            }
            _ => tensor,
        }
    }

    fn clone_box(&self) -> Box<dyn ModuleAdapter> {
        Box::new(self.clone())
    }
}

/// Finds biases that are one number per channel, with axes of size 1 behind it.
struct Finder {
    /// The names to the current parameter, with the kind of module that each is in.
    way: Vec<(String, String)>,
    biases: HashMap<String, Shape>,
}

impl ModuleVisitor for Finder {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.way.push((name.into(), container.into()));
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.way.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some((name, container)) = self.way.last() else { return };
        let shape = param.lazy_shape();
        let tied = D > 1 && name == "bias" && shape[1..].iter().all(|&size| size == 1);
        if tied && CONVOLUTIONS.contains(&container.as_str()) {
            // Stores leave out the names of enums' variants, or not.
            let names = |kept: fn(&str) -> bool| {
                let names = self.way.iter().filter(|(_, container)| kept(container)).map(|(name, _)| name.as_str());
                names.collect::<Vec<_>>().join(".")
            };
            self.biases
                .extend([names(|_| true), names(|kind| !kind.starts_with("Enum:"))].map(|name| (name, shape.clone())));
        }
    }
}

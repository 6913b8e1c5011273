//! Parameters from PyTorch and Burn, and back to PyTorch, by burn-store.

mod adapter;
mod contents;
mod error;
mod file;
mod load;
mod naming;
mod view;

use burn_store::{ModuleSnapshot, ModuleStore};

pub use adapter::TiedBiases;
pub use burn_store::BurnpackStore;
#[cfg(feature = "pytorch")]
pub use burn_store::PytorchStore;
#[cfg(feature = "safetensors")]
pub use burn_store::SafetensorsStore;
pub use error::StateDictError;
pub use file::load_file;
#[cfg(feature = "safetensors")]
pub use file::save_file;
pub use load::Loaded;
pub use naming::Layout;

/// Loads a state dict into a module: one of this crate's layers, or a model with any of Burn's and this crate's layers.
/// The bias `[c]` of a convolution of PyTorch or Burn becomes the `[c, 1, 1]` of a tied one.
///
/// Names are those of the module's fields, as in PyTorch; where they differ, rename them with the store's
/// `with_key_remapping`. What programs wrap a model in, such as `module.`, `_orig_mod.` or `state_dict.`, is found by
/// itself where only one fits. The store's own options are respected: its filter, `allow_partial` and `validate`. It must
/// have no adapter, other than its own.
///
/// Whether the file is [laid out](Layout) as PyTorch's or as Burn's is told by its names, shapes and store; where they
/// fit both, and it matters, it is refused: then [`load_as`] tells. For an untied bias, load a tied layer and call
/// [`Conv::untied`](crate::Conv::untied); or give the file one of its shape, as `torch.nn.Parameter` with `y + b` has it.
/// Floats of another precision become of the module's, so that a file of half or double precision fits. The number of
/// batches of a batch norm is taken where it has a cumulative average.
///
/// # Errors
/// If the file cannot be read, lacks a parameter of the module, has one of another shape or kind, or a bias for a layer
/// that has none; or if its layout or prefix is in doubt. Parameters that fit are loaded nevertheless.
///
/// # Example
/// ```no_run
/// # #[cfg(feature = "safetensors")] {
/// use burn::tensor::Device;
/// use untied_conv::Conv2dConfig;
/// use untied_conv::state_dict::{SafetensorsStore, load};
///
/// let mut conv = Conv2dConfig::new([3, 8], [3, 3]).init(&Device::default());
/// let mut store = SafetensorsStore::from_file("resnet.safetensors").with_key_remapping("^stem\\.", "");
/// println!("{}", load(&mut conv, &mut store).unwrap());
/// # }
/// ```
pub fn load<M: ModuleSnapshot, S: ModuleStore>(module: &mut M, store: &mut S) -> Result<Loaded, StateDictError> {
    load::load(module, store, None, None)
}

/// [`load`] of a file whose layout is known.
///
/// # Errors
/// As [`load`].
pub fn load_as<M: ModuleSnapshot, S: ModuleStore>(
    module: &mut M,
    store: &mut S,
    layout: Layout,
) -> Result<Loaded, StateDictError> {
    load::load(module, store, Some(layout), None)
}

/// Saves a module as PyTorch's `load_state_dict` takes it: a tied bias as `[c]`, and the names and transposed weights of
/// [`Layout::PyTorch`]. The store must have no adapter; [`save_file`] sets one up.
///
/// # Errors
/// If the store refuses.
pub fn save<M: ModuleSnapshot, S: ModuleStore>(module: &M, store: &mut S) -> Result<(), StateDictError> {
    let view = view::View { module: module.clone(), layout: Layout::PyTorch, prefix: String::new(), file: None };
    store.collect_from(&view).map_err(|error| StateDictError::Store(error.to_string()))
}

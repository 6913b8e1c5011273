//! Loads a checkpoint of PyTorch into two convolutions, unties the first, and writes what PyTorch's `load_state_dict` takes.
//!
//! `cargo run -p untied-conv --example checkpoint [FILE]`: a `.safetensors` file (with the feature `pytorch` a `.pt` too) of the
//! state dict of `first = Conv2d(2, 3, 3, padding=1)` and `second = Conv2d(3, 4, (2, 3), bias=False)`; by default the one that the
//! tests of this crate have.

#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use std::error::Error;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use untied_conv::state_dict::{load_file, save_file};
use untied_conv::{Bias, Conv2d, Conv2dConfig, Side};

/// The names of the fields are those of the state dict.
#[derive(Module, Debug)]
struct Model {
    first: Conv2d,
    second: Conv2d,
}

impl Model {
    fn new(device: &Device) -> Self {
        Self {
            first: Conv2dConfig::new([2, 3], [3, 3]).with_padding(Side::Same).init(device),
            second: Conv2dConfig::new([3, 4], [2, 3]).with_bias(Bias::None).init(device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.second.forward(self.first.forward(x))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::default();
    let golden = || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/conv.safetensors");
    let file = std::env::args().nth(1).map_or_else(golden, PathBuf::from);

    let mut model = Model::new(&device);
    println!("{}", load_file(&mut model, &file)?);

    // The same function, whose bias is now free to differ by location.
    let untied = Model { first: model.first.clone().untied([5, 6])?, ..model.clone() };
    let x = Tensor::random([1, 2, 5, 6], Distribution::Default, &device);
    let difference = (untied.forward(x.clone()) - model.forward(x)).abs().max().into_scalar::<f32>();
    println!("{}", untied.first);
    println!("largest difference of the outputs: {difference:.1e}");

    // Back: a tied bias is written as PyTorch's `[3]`, an untied one as it is, for a `torch.nn.Parameter` of its shape.
    let place = std::env::temp_dir().join(format!("untied-checkpoint-{}.safetensors", std::process::id()));
    let (tied, lost) = untied.first.tied();
    save_file(&Model { first: tied, ..model }, &place)?;
    println!("lost by tying: {:.1e}", lost.expect("an untied bias").abs().max().into_scalar::<f32>());
    let mut back = Model::new(&device);
    println!("{}", load_file(&mut back, &place)?);
    std::fs::remove_file(&place)?;
    println!(
        "outputs of it for ones sum to {}",
        back.forward(Tensor::ones([1, 2, 5, 6], &device)).sum().into_scalar::<f32>()
    );
    Ok(())
}

//! Trains a small residual net on handwritten digits with burn-train's learner and Adam, saves and loads it, unties the bias
//! of its stem, which changes nothing yet, and trains on.
//!
//! `cargo run --manifest-path examples/learner/Cargo.toml [FOLDER]`: a folder with the four `.gz` files of MNIST or of a data
//! set like it; by default the 1,437 + 360 digits of 8×8 pixels that the repository has.

mod digits;
mod epochs;
mod net;

use std::error::Error;
use std::path::{Path, PathBuf};

use burn::data::dataloader::DataLoaderBuilder;
use burn::data::dataset::InMemDataset;
use burn::module::Module;
use burn::optim::AdamConfig;
use burn::store::ModuleRecord;
use burn::tensor::{Device, Tensor};
use burn::train::logger::InMemoryMetricLogger;
use burn::train::metric::{AccuracyMetric, LossMetric};
use burn::train::{Learner, SupervisedTraining};
use untied_conv::Bias;

use crate::digits::{Batch, Digit, ToBatches, read};
use crate::epochs::Epochs;
use crate::net::Net;

/// The system's allocator asks for large tensors anew in every step, and gives them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EPOCHS: usize = 3;
const BATCH: usize = 32;

struct Data {
    train: Vec<Digit>,
    test: Vec<Digit>,
}

/// Trains `net` for some epochs; gives it with its running statistics in use, as `valid()` does.
fn fit(net: Net, data: &Data, folder: &Path) -> Result<Net, Box<dyn Error>> {
    let batches = || DataLoaderBuilder::new(ToBatches).batch_size(BATCH);
    let train = batches().shuffle(1).build(InMemDataset::new(data.train.clone()));
    let test = batches().build(InMemDataset::new(data.test.clone()));
    let result = SupervisedTraining::new(folder, train, test)
        .metrics((AccuracyMetric::new(), LossMetric::new()))
        .with_metric_logger(InMemoryMetricLogger::new()) // left out: a file for each metric and epoch
        .with_default_checkpointers() // after a crash, `.checkpoint(epoch)` goes on from there
        .renderer(Box::new(Epochs::default())) // left out: Burn's own
        .num_epochs(EPOCHS)
        .launch(Learner::new(net, AdamConfig::new().init(), 1e-3));
    match result.error {
        Some(error) => Err(error.to_string().into()),
        None => Ok(result.model),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let digits = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/trainer/data/digits");
    let folder = std::env::args().nth(1).map_or_else(digits, PathBuf::from);
    let data = Data { train: read(&folder, "train")?, test: read(&folder, "t10k")? };
    let size = data.train.first().ok_or("no images to train on")?.size;
    let (device, training) = (Device::default(), Device::default().autodiff());
    training.seed(1);
    let test = ToBatches::batch_of(&data.test, &device);
    let place = std::env::temp_dir().join(format!("untied-learner-{}", std::process::id()));

    println!("with a tied bias in the stem");
    let net = fit(Net::new(Bias::Tied, size, &training), &data, &place)?;
    let file = place.join("tied.bpk");
    net.clone().into_record().save(&file)?;
    let loaded = Net::new(Bias::Tied, size, &training).load_record(ModuleRecord::load(&file)?);
    let change = difference(&loaded.valid(), &net, &test);
    println!("saved and loaded: the scores of test images change by at most {change:e}\n");

    println!("untied, and trained on");
    let mut untied = loaded;
    untied.stem = untied.stem.clone().untied(size)?;
    let change = difference(&untied.valid(), &net, &test);
    println!("by untying, they change by at most {change:e}");
    let net = fit(untied, &data, &place)?;
    println!("{}", net.stem);
    let (_, varies) = net.stem.clone().tied();
    let varies = varies.ok_or("an untied bias has a part that differs by location")?;
    println!("largest part of its bias that differs by location: {:.3}", varies.abs().max().into_scalar::<f32>());
    std::fs::remove_dir_all(&place)?;
    Ok(())
}

/// The largest difference of two nets' scores.
fn difference(one: &Net, other: &Net, batch: &Batch) -> f32 {
    let [one, other]: [Tensor<2>; 2] = [one, other].map(|net| net.forward(batch.images.clone()));
    (one - other).abs().max().into_scalar::<f32>()
}

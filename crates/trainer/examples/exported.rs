//! Writes small models of every net, bias and norm as ONNX files and as PyTorch modules, each with images and the scores that this
//! program gives them, for `tests/exported/onnxruntime_agrees.py` and `torch_agrees.py`.

#[path = "../tests/exported/table.rs"]
mod table;

use std::error::Error;
use std::path::Path;

use untied_study::Device;
use untied_trainer::{Classifier, TorchModel, random};

/// Of each model.
const IMAGES: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: exported FOLDER")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    for (index, name) in table::models().iter().enumerate() {
        let model = table::trained(&table::config(name));
        let file = |ending: &str| folder.join(format!("{index:03}.{ending}"));
        std::fs::write(file("txt"), name)?;
        std::fs::write(file("onnx"), model.to_onnx()?)?;
        let TorchModel { state_dict, module } = model.to_torch()?;
        std::fs::write(file("safetensors"), state_dict)?;
        std::fs::write(file("py"), module)?;
        let mut stream = random::Generator::new(0).stream(name);
        let size: usize = model.input().iter().product();
        let images: Vec<f64> = (0..IMAGES * size).map(|_| f64::from(stream.normal() as f32)).collect();
        let scores = Classifier::new(model, Device::default())?.scores(&images);
        std::fs::write(file("images"), bytes(&images))?;
        std::fs::write(file("scores"), bytes(&scores.concat()))?;
    }
    Ok(())
}

fn bytes(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

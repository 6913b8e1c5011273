//! Models, and what is redundant of their biases.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use untied_lint::{Finding, Findings, InputShapes, Model, Role, lint};

/// What the fixtures are models of.
const KINDS: [(&str, &str); 15] = [
    ("plain", "Convolutions with batch norm"),
    ("plain_new", "The same, from PyTorch's newer exporter"),
    ("untied", "Untied and partly tied biases, with batch norm"),
    ("resnet_v1", "ResNet-18, version 1: no bias before batch norm"),
    ("resnet_pre", "Pre-activation ResNet with biases"),
    ("mobilenet_v2", "MobileNetV2: no bias before batch norm"),
    ("unet", "U-Net with instance norm"),
    ("cycle_gan", "Generator like CycleGAN's, with instance norm"),
    ("style_transfer", "Style transfer with instance norm"),
    ("convnext", "ConvNeXt-like blocks with layer norm"),
    ("vit", "Vision transformer"),
    ("vit_new", "The same, from PyTorch's newer exporter"),
    ("diffusion", "Diffusion block with a time embedding and group norm"),
    ("diffusion_new", "The same, from PyTorch's newer exporter"),
    ("norms_by_hand", "Layer and RMS norm written out"),
];

/// One model, in numbers of parameters.
pub(crate) struct Row {
    pub(crate) kind: String,
    file: String,
    biases: usize,
    /// Of biases that are no β of a norm: of those in front of norms, and in attention and heads.
    parameters: usize,
    pub(crate) redundant: [usize; 2],
    /// Biases that are redundant as a whole, and so can be left out.
    whole: usize,
    /// The same of all that is added, β of norms included.
    all: usize,
    of_all: usize,
}

impl Row {
    fn new(path: &Path) -> Result<Self, Box<dyn Error>> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let findings: Findings = lint(&Model::read(path)?, &InputShapes::new())?;
        if !findings.not_understood.is_empty() {
            return Err(format!("{}: {:?} is not understood", path.display(), findings.not_understood).into());
        }
        let kind = KINDS.iter().find(|(fixture, _)| *fixture == name).map_or(name.as_str(), |(_, kind)| kind);
        let biases = || findings.biases.iter().filter(|of| of.role != Role::Beta);
        Ok(Self {
            kind: kind.to_owned(),
            file: name,
            biases: biases().count(),
            parameters: biases().map(Finding::parameters).sum(),
            redundant: [
                biases().map(|of| of.training.redundant).sum(),
                biases().map(|of| of.evaluation.redundant).sum(),
            ],
            whole: biases().filter(|of| of.training.redundant == of.parameters()).count(),
            all: findings.parameters(),
            of_all: findings.redundant()[0],
        })
    }

    pub(crate) fn share(&self, redundant: usize) -> f64 {
        100.0 * redundant as f64 / self.parameters.max(1) as f64
    }

    pub(crate) fn cells(&self) -> [String; 8] {
        let [training, inference] = self.redundant;
        [
            self.kind.clone(),
            format!("{}.onnx", self.file),
            self.biases.to_string(),
            self.parameters.to_string(),
            format!("{training} ({:.0} %)", self.share(training)),
            format!("{inference} ({:.0} %)", self.share(inference)),
            self.whole.to_string(),
            format!("{} of {}", self.of_all, self.all),
        ]
    }
}

pub(crate) const HEADER: [&str; 8] = [
    "model",
    "file",
    "biases",
    "parameters",
    "redundant in training",
    "in inference too",
    "redundant as a whole",
    "with the β of norms",
];

/// The models of a folder, in the order of their kinds.
pub(crate) fn rows(models: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let files = fs::read_dir(models)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    let place = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        (KINDS.iter().position(|(name, _)| *name == stem).unwrap_or(KINDS.len()), stem)
    };
    let mut files: Vec<PathBuf> =
        files.into_iter().filter(|path| path.extension().is_some_and(|of| of == "onnx")).collect();
    files.sort_by_key(place);
    files.iter().map(|path| Row::new(path)).collect()
}

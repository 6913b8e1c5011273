//! Surveys a folder of ONNX models: which share of their biases' parameters is redundant, as `report.md` and `report.html`.
//!
//! `cargo run -p untied-lint --example survey -- crates/lint/tests/fixtures experiments/lint`

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

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
struct Row {
    kind: String,
    file: String,
    biases: usize,
    /// Of biases that are no β of a norm: of those in front of norms, and in attention and heads.
    parameters: usize,
    redundant: [usize; 2],
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

    fn share(&self, redundant: usize) -> f64 {
        100.0 * redundant as f64 / self.parameters.max(1) as f64
    }

    fn cells(&self) -> [String; 8] {
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

const HEADER: [&str; 8] = [
    "model",
    "file",
    "biases",
    "parameters",
    "redundant in training",
    "in inference too",
    "redundant as a whole",
    "with the β of norms",
];

const TITLE: &str = "Which share of biases does nothing?";

const TEXT: &str = "Small models of usual kinds, with random weights, read by the linter. A bias is what a layer or an addition \
    adds to what depends on the input, and not the β of a norm (but where an exporter writes a norm out, as of the first transformer and diffusion block, its β is an added \
    constant, and counts). Redundant in training: no gradient ever moves it, as its norm or \
    softmax removes it again. Redundant as a whole: the layer can do without its bias. In inference, batch norm takes constants, so \
    that the biases before it do something there: they can be folded. The shares are those of these models and \
    sizes; a head's bias, of which a softmax removes one dimension, weighs more in small models. Every row of training was compared \
    with the rank of PyTorch's own gradients.";

const COMMAND: &str = "cargo run -p untied-lint --example survey -- crates/lint/tests/fixtures experiments/lint";

fn markdown(rows: &[Row]) -> String {
    let mut text = format!("# {TITLE}\n\n{TEXT}\n\n");
    let _ = writeln!(text, "| {} |\n|{}", HEADER.join(" | "), "---|".repeat(HEADER.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.cells().join(" | "));
    }
    text + &format!("\nMade by `{COMMAND}`.\n")
}

const STYLE: &str = ":root { color-scheme: light dark; --bar: #2a6fb0; --soft: #8884; }
@media (prefers-color-scheme: dark) { :root { --bar: #7fb4e6; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--soft); vertical-align: top; }
td:nth-child(n+3) { text-align: right; font-variant-numeric: tabular-nums; } th:nth-child(n+3) { text-align: right; }
.bar { display: grid; grid-template-columns: 22rem 1fr 3rem; gap: .8rem; align-items: center; margin: .25rem 0; }
.track { background: var(--soft); height: .9rem; } .track div { background: var(--bar); height: 100%; }
@media (max-width: 45rem) { .bar { grid-template-columns: 1fr; gap: 0; margin: .6rem 0; } } code { overflow-wrap: anywhere; }";

fn html(rows: &[Row]) -> String {
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{TITLE}</title>\n<style>\n{STYLE}\n</style>\n\
         <h1>{TITLE}</h1>\n<p>{TEXT}</p>\n<h2>Share of the biases' parameters that is redundant in training</h2>\n"
    );
    for row in rows {
        let (kind, share) = (escaped(&row.kind), row.share(row.redundant[0]));
        let _ = writeln!(
            text,
            "<div class=\"bar\"><span>{kind}</span><div class=\"track\"><div style=\"width: {share:.1}%\"></div></div>\
             <span>{share:.0} %</span></div>"
        );
    }
    let cells = |tag: &str, cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect();
        format!("<tr>{}</tr>\n", cells.concat())
    };
    text += "<h2>The numbers</h2>\n<div class=\"table\"><table>\n";
    text += &cells("th", &HEADER.map(str::to_owned));
    for row in rows {
        text += &cells("td", &row.cells());
    }
    text + &format!("</table></div>\n<p>Made by <code>{COMMAND}</code>.</p>\n</html>\n")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = env::args_os().skip(1).map(Into::into).collect();
    let [models, out] = paths.as_slice() else {
        return Err("expected a folder of ONNX models and a folder for the report".into());
    };
    let files = fs::read_dir(models)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    let place = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        (KINDS.iter().position(|(name, _)| *name == stem).unwrap_or(KINDS.len()), stem)
    };
    let mut files: Vec<PathBuf> =
        files.into_iter().filter(|path| path.extension().is_some_and(|of| of == "onnx")).collect();
    files.sort_by_key(place);
    let rows = files.iter().map(|path| Row::new(path)).collect::<Result<Vec<_>, _>>()?;
    fs::create_dir_all(out)?;
    fs::write(out.join("report.md"), markdown(&rows))?;
    fs::write(out.join("report.html"), html(&rows))?;
    Ok(())
}

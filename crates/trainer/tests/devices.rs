//! Every backend compiled in starts from the same weights, sees the same batches and takes nearly the same steps.

use untied_redundancy::Finding;
use untied_study::{Status, Study};
use untied_trainer::{compiled_devices, train};

const CONFIG: &str = r#"
name = "devices"
question = "Do the devices agree?"
data = { source = "digits" }
model = { channels = [4, 8], norm = "batch" }
train = { epochs = 1, batch_size = 128, optimizer = { sgd = { learning_rate = 0.05, momentum = 0.9 } } }
vary = { "model.bias" = ["tied", "untied"], seeds = 1 }
"#;

#[test]
fn they_agree() {
    let losses = |device: &str| -> Vec<Vec<f64>> {
        let study = Study::parse(CONFIG, "devices.toml".as_ref(), &[format!("train.device={device}")]).unwrap();
        let run = |cell: &untied_study::Cell| {
            let result = train(&cell.config, &mut |_| {}).unwrap();
            assert_eq!(result.status, Status::Finished);
            for layer in &result.redundancy {
                assert!(layer.redundant_gradient_norm <= 32.0 * layer.round_off, "{device}: {layer:?}");
                let certificate = layer.certificate.as_ref().expect("a certificate");
                assert_eq!(certificate.finding, Finding::Certified, "{device}: {layer:?}");
            }
            result.step_losses
        };
        study.cells.iter().map(run).collect()
    };
    let reference = losses("flex");
    for device in compiled_devices() {
        let got = losses(&device.to_string());
        for (got, expected) in got.iter().flatten().zip(reference.iter().flatten()) {
            assert!((got - expected).abs() < 1e-3, "{device}: {got} instead of {expected}");
        }
    }
}

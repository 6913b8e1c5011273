//! Milliseconds of a training step, beside `pytorch_step.py`: means over the steps of an epoch, their median and the
//! least. Decoding the images into a batch is counted, evaluation is not; threads as `RAYON_NUM_THREADS` says.
//!
//! `cargo bench --bench step [-- PART_OF_A_NAME]`
#![expect(clippy::print_stdout, reason = "a program")]

/// That of the program.
#[path = "../../cli/src/allocator.rs"]
mod allocator;
mod timed;

fn main() {
    allocator::keep_memory();
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    timed::write_cifar10(folder.path(), 640);
    let cifar10 = format!("{{ cifar10 = {:?} }}", folder.path().display().to_string());
    for (name, source, channels, epochs) in [
        ("1x28x28, 16-32-64", "\"fashion-mnist-6k\"", [16, 32, 64], 6),
        ("3x32x32, 32-64-128", cifar10.as_str(), [32, 64, 128], 6),
        ("1x8x8, 16-32-64", "\"digits\"", [16, 32, 64], 40),
    ] {
        for bias in ["none", "tied", "untied"] {
            let line = format!("{name:20} {bias:7}");
            if line.contains(&only) {
                let [median, least] = milliseconds(source, channels, bias, epochs);
                println!("{line} {median:8.2} ms, least {least:.2}");
            }
        }
    }
}

fn milliseconds(source: &str, channels: [usize; 3], bias: &str, epochs: usize) -> [f64; 2] {
    let config = format!(
        r#"
        name = "step"
        question = "How long does a step take?"
        data = {{ source = {source} }}
        model = {{ channels = {channels:?}, bias = "{bias}", norm = "batch" }}
        train = {{ epochs = {epochs}, batch_size = 64, optimizer = {{ sgd = {{ learning_rate = 0.01, momentum = 0.9 }} }} }}
        vary = {{ seeds = 1 }}
        "#
    );
    let (_, means) = timed::milliseconds(&config);
    [means[means.len() / 2], means[0]]
}

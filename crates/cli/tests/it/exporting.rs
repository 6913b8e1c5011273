//! Trained models in files of other programs.

use std::fs;

use crate::program::{Bench, SMALL};

/// The models of two blocks without and with an untied bias, `none.safetensors` and `untied.safetensors`.
fn bench() -> Bench {
    let text = SMALL.replace("channels = [4]", "channels = [4, 6]").replace("[train]", "[train]\nsave_model = true");
    let bench = Bench::empty();
    bench.write("study.toml", text.replace("[\"none\", \"tied\"]", "[\"none\", \"untied\"]"));
    for (index, name) in [(0, "none"), (2, "untied")] {
        bench.expect(0, &format!("cell study.toml --index {index} --out {name} --set model.norm=batch"));
        fs::copy(bench.cells(name)[0].join("model.safetensors"), bench.path(&format!("{name}.safetensors"))).unwrap();
    }
    bench
}

/// The other programs are `untied lint` here; `.ci/run` computes with such files in onnxruntime.
#[test]
fn an_onnx_file_holds_the_biases_of_the_model() {
    let bench = bench();
    for (name, parameters) in [("none", None), ("untied", Some(["256", "96"]))] {
        let ended = bench.expect(0, &format!("export {name}.safetensors --onnx files/{name}.onnx"));
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), (&*format!("files/{name}.onnx\n"), ""));
        let found = bench.expect(0, &format!("lint files/{name}.onnx")).stdout;
        let row = |bias: &str| {
            let line = found.lines().find(|line| line.contains(bias))?;
            line.split_whitespace().rev().nth(3).map(str::to_owned)
        };
        let biases = ["block1.convolution.bias", "block2.convolution.bias"].map(row);
        assert_eq!(biases, [0, 1].map(|block| parameters.map(|of| of[block].to_owned())), "{found}");
    }
}

/// `tests/exported/torch_agrees.py` of the trainer computes with such modules in PyTorch.
#[test]
fn a_pytorch_module_lies_beside_its_state_dict() {
    let bench = bench();
    let ended = bench.expect(0, "export untied.safetensors --torch files/untied.safetensors");
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("files/untied.safetensors\nfiles/untied.py\n", ""));
    let module = fs::read_to_string(bench.path("files/untied.py")).unwrap();
    insta::assert_snapshot!(module.lines().filter(|line| !line.starts_with("# mean ")).collect::<Vec<_>>().join("\n"));
    let ended = bench.expect(2, "export untied.safetensors --torch net.py");
    assert!(ended.stderr.contains("another ending than .py"), "{}", ended.stderr);
}

#[test]
fn a_model_or_a_place_that_will_not_do_gets_one_line() {
    let bench = bench();
    bench.write("file", "");
    for (arguments, named) in [
        ("export study.toml --onnx a.onnx", "error: study.toml: "),
        ("export absent.safetensors --onnx a.onnx", "error: absent.safetensors: "),
        ("export none.safetensors --onnx file/a.onnx", "file"),
    ] {
        let ended = bench.expect(2, arguments);
        assert!(ended.stderr.contains(named) && ended.stderr.lines().count() == 1, "{arguments}: {}", ended.stderr);
        assert!(!bench.path("a.onnx").exists());
    }
    let ended = bench.expect(2, "export none.safetensors");
    assert!(ended.stderr.contains("--onnx <FILE>"), "{}", ended.stderr);
}

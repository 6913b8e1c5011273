//! Trained models in files of other programs.

use std::fs;
use std::process::Command;

use crate::program::{Bench, SMALL, tree};

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
    bench.expect(0, "export untied.safetensors --torch files/untied.safetensors");
}

/// Nothing that is read, was written by the same command or is no file of this program's is replaced; nothing is left.
#[test]
#[cfg(unix)]
fn what_is_written_takes_the_place_of_nothing_else() {
    use std::os::unix::fs::{FileTypeExt, symlink};

    let bench = bench();
    fs::copy(bench.path("none.safetensors"), bench.path("model.onnx")).unwrap();
    symlink("none.safetensors", bench.path("link")).unwrap();
    bench.write("net.py", "my code");
    bench.write("folder.onnx/file", "");
    bench.expect(0, "export untied.safetensors --onnx net.onnx");
    let before = tree(&bench.path(""));
    let pipe = bench.path("pipe.onnx");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (arguments, said) in [
        ("export none.safetensors --onnx a.txt", "error: --onnx a.txt: expected a name that ends in .onnx\n"),
        ("export none.safetensors --torch a.pt", "error: --torch a.pt: expected a name that ends in .safetensors\n"),
        ("export model.onnx --onnx ./model.onnx", "expected another file than model.onnx, which it would replace\n"),
        ("export link --torch none.safetensors", "expected another file than link, which it would replace\n"),
        ("evaluate none.safetensors --html none.safetensors", "another file than none.safetensors, which it would"),
        ("lint net.onnx --strip a.onnx --fold ./a.onnx", "--fold ./a.onnx: expected another file than that of --strip"),
        ("lint net.onnx --fold net.onnx", "expected another file than net.onnx, which it would replace\n"),
        (
            "export none.safetensors --torch net.safetensors --onnx a.onnx",
            "error: net.py: expected no file, or the module",
        ),
        ("export none.safetensors --onnx folder.onnx", "folder.onnx: it is a folder\n"),
        ("lint net.onnx --strip folder.onnx", "folder.onnx: it is a folder\n"),
        ("export none.safetensors --onnx pipe.onnx", "pipe.onnx: it is no regular file\n"),
        ("strip none.safetensors --out pipe.onnx", "pipe.onnx: it is no regular file\n"),
    ] {
        let ended = bench.expect(2, arguments);
        assert!(ended.stderr.contains(said) && ended.stderr.lines().count() == 1, "{arguments}: {}", ended.stderr);
    }
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    fs::remove_file(pipe).unwrap();
    assert!(tree(&bench.path("")) == before);
}

#[test]
fn explain_refuses_a_start_that_run_refuses() {
    let bench = bench();
    let start = "explain study.toml --set model.init_from=none.safetensors --set data.source=digits";
    for (more, said) in [
        ("--set model.init_names={classifier=\"head\"}", "found `classifier`"),
        ("--set model.norm=none", "left over in the file: "),
        ("--set model.init_from=absent.safetensors", "absent.safetensors"),
    ] {
        let ended = bench.expect(2, &format!("{start} {more}"));
        assert!(ended.stderr.contains(said), "{more}: {}", ended.stderr);
    }
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
    let said = "error: none.safetensors: expected a file to write: --onnx FILE, --torch FILE, or both\n";
    assert_eq!(ended.stderr, said);
}

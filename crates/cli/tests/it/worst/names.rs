//! Names of files, folders, classes and keys as people give them.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::program::{Bench, SMALL};

/// A folder of images, eight to a class, of classes with these names.
fn images(bench: &Bench, split: &str, classes: &[&[u8]]) {
    for (number, class) in classes.iter().enumerate() {
        let folder = bench.path("data").join(split).join(OsStr::from_bytes(class));
        fs::create_dir_all(&folder).unwrap();
        for image in 0..8_usize {
            let pixels = (0..64).map(|at| (at * (image + 3) * (number + 2) % 251) as u8);
            fs::write(
                folder.join(format!("{image}.pgm")),
                b"P5 8 8 255\n".iter().copied().chain(pixels).collect::<Vec<u8>>(),
            )
            .unwrap();
        }
    }
}

fn folder_bench(classes: &[&[u8]]) -> Bench {
    let bench = Bench::new();
    let study = SMALL.replace("source = \"digits\"", "source = { folder = \"data\" }");
    bench.write("study.toml", study.replace("batch_size = 256", "batch_size = 8"));
    images(&bench, "train", classes);
    images(&bench, "test", classes);
    bench
}

/// As a zip of another system's names leaves them.
#[test]
fn classes_with_names_that_are_no_text_are_read_and_shown() {
    let bench = folder_bench(&[b"caf\xe9", b"th\xc3\xa9"]);
    let explained = bench.expect(0, "explain study.toml");
    assert!(explained.stdout.contains("2 classes (caf\u{fffd}, th\u{e9})"), "{}", explained.stdout);
    bench.expect(0, "run study.toml --out out -q");
}

#[test]
fn line_breaks_in_names_break_no_line() {
    let bench = folder_bench(&[b"a\nb", b"c\x1b[31md"]);
    let explained = bench.expect(0, "explain study.toml");
    assert!(explained.stdout.contains("2 classes (a b, c\u{fffd}[31md)"), "{}", explained.stdout);
    let out = "out\nput";
    let ended = bench.run(&["run", "study.toml", "--out", out]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("\nreport: out put/report.html\n"), "{}", ended.stdout);
    let plan = bench.run(&["run", "study.toml", "--out", out, "--dry-run"]);
    assert!(plan.stdout.contains("\nresults in out put\n"), "{}", plan.stdout);
    fs::write(bench.path(out).join("config.toml"), "mine").unwrap();
    for arguments in
        [["report", "absent\nfolder"].as_slice(), &["run", "study.toml", "--out", out], &["run", "absent\n.toml"]]
    {
        let ended = bench.run(arguments);
        assert_eq!((ended.code, ended.stderr.lines().count()), (Some(2), 1), "{}", ended.stderr);
    }
}

/// What Windows and shells make of a path, and TOML does not.
#[test]
fn paths_as_people_write_them_get_a_hint() {
    let bench = Bench::new();
    for (path, said) in [
        (r#""C:\Users\me""#, r"write Windows paths in single quotes: 'C:\Users\me'"),
        (r#""D:\data\cats""#, r"write Windows paths in single quotes: 'C:\Users\me'"),
        (r#""D:\train\new""#, "the path holds a control character"),
        (r#""~/data""#, "`~` means the home folder to a shell alone"),
    ] {
        bench.write("study.toml", SMALL.replace("\"digits\"", &format!("{{ folder = {path} }}")));
        let ended = bench.expect(2, "explain study.toml");
        assert!(ended.stderr.lines().next().unwrap().contains(said), "{}", ended.stderr);
    }
}

#[test]
fn names_of_other_programs_get_a_hint() {
    let bench = Bench::new();
    for (from, to, said) in [
        ("learning_rate", "lr", "did you mean `learning_rate`?"),
        ("epochs = 1", "epochs = 1\nlr = 0.1", "`learning_rate` is the optimizer's: optimizer = { sgd = {"),
        ("[\"none\", \"tied\"]", "[\"none\", \"shared\"]", "did you mean `tied`?"),
        ("channels = [4]", "filters = [4]", "did you mean `channels`?"),
        ("channels = [4]", "channels = [4]\nnorm = \"BatchNorm2d\"", "did you mean `batch`?"),
    ] {
        bench.write("study.toml", SMALL.replace(from, to));
        let ended = bench.expect(2, "explain study.toml");
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

/// Folders and files of such names are rare, but what is printed goes on as lines and to terminals.
#[test]
fn line_breaks_in_paths_break_no_line_of_any_verb() {
    let bench = Bench::new();
    let kept = SMALL.replace("[train]", "[train]\nsave_model = true").replace("[model]", "[model]\nnorm = \"batch\"");
    bench.write("study.toml", kept);
    bench.expect(0, "cell study.toml --index 2 --out out");
    let (from, model) = (bench.cells("out")[0].join("model.safetensors"), "a\nb\u{1b}[2J.safetensors");
    fs::copy(from, bench.path(model)).unwrap();
    let onnx = concat!(env!("CARGO_MANIFEST_DIR"), "/../lint/tests/fixtures/untied.onnx");
    fs::copy(onnx, bench.path("c\nd.onnx")).unwrap();
    let shown = |arguments: &[&str], shown: &str| {
        let ended = bench.run(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(ended.stdout.lines().any(|line| line.contains(shown)), "{arguments:?}: {}", ended.stdout);
        assert!(!ended.stdout.contains('\u{1b}'));
    };
    shown(&["strip", model], "a b\u{fffd}[2J.stripped.safetensors");
    shown(&["fold", model], "a b\u{fffd}[2J.folded.safetensors");
    shown(&["lint", "c\nd.onnx", "--strip", "e\nf.onnx"], "c d.onnx: opset");
    shown(&["lint", "c\nd.onnx", "--fold", "e\nf.onnx"], "e f.onnx");
    shown(&["init", "g\nh.toml"], "next: untied run g h.toml");
    shown(&["man", "--out", "i\nj"], "i j");
    bench.expect(0, "run study.toml --out k -q");
    fs::rename(bench.path("k"), bench.path("k\nl")).unwrap();
    shown(&["compare", "k\nl", "k\nl"], "k l");
    for arguments in [
        &["lint", "absent\n.onnx"][..],
        &["strip", "absent\n.safetensors"],
        &["fold", "c\nd.onnx"],
        &["init", "g\nh.toml"],
        &["slurm", "study.toml", "--out", "m\nn"],
        &["compare", "k\nl", "absent\nfolder"],
    ] {
        let ended = bench.run(arguments);
        assert_eq!((ended.code, ended.stderr.lines().count()), (Some(2), 1), "{arguments:?}: {}", ended.stderr);
    }
}

/// Names inside a model are as foreign as the file.
#[test]
fn line_breaks_inside_a_model_break_no_row_of_lint() {
    let bench = Bench::empty();
    let bytes = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../lint/tests/fixtures/untied.onnx")).unwrap();
    let (name, other) = (b"body.bias1", b"bo\ny\x1bbias");
    let mut spoilt = bytes.clone();
    let mut changed = 0;
    for at in 0..bytes.len() - name.len() {
        if bytes[at..].starts_with(name) {
            spoilt[at..at + name.len()].copy_from_slice(&[&other[..], b"1"].concat()[..name.len()]);
            changed += 1;
        }
    }
    assert!(changed > 1, "the tensor and its use");
    bench.write("model.onnx", spoilt);
    let [whole, odd] = ["whole.onnx", "model.onnx"].map(|file| {
        if file == "whole.onnx" {
            bench.write(file, &bytes);
        }
        bench.expect(0, &format!("lint {file} --strip stripped.onnx")).stdout
    });
    assert!(odd.contains("bo y\u{fffd}bias") && !odd.contains('\u{1b}'), "{odd}");
    assert_eq!(odd.lines().count(), whole.lines().count(), "{odd}");
}

/// One system writes é as one letter, another as e and an accent.
#[test]
fn classes_that_look_the_same_are_spelt() {
    let bench = Bench::new();
    bench.write("study.toml", SMALL.replace("source = \"digits\"", "source = { folder = \"data\" }"));
    images(&bench, "train", &["caf\u{e9}".as_bytes(), b"dog"]);
    images(&bench, "test", &["cafe\u{301}".as_bytes(), b"dog "]);
    let ended = bench.expect(2, "explain study.toml");
    let said = "missing: caf\u{e9} (\"caf\\u{e9}\"), dog; not in the training set: cafe\u{301} (\"cafe\\u{301}\"), dog  (\"dog \")";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}

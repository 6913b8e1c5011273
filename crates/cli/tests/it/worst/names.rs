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

//! The output folder.

use std::fs;
use std::fs::File;
use std::path::Path;

use untied_redundancy::Finding;
use untied_study::{
    Cell, CellRecord, CellResult, CertificateRecord, Confusion, Curves, Drift, LayerRedundancy, Measured, Metrics,
    Parameters, Provenance, Results, Status, StoreError, Study, StudyFolder,
};

use crate::{MINIMAL, example, parse};

/// Of 360 images in three classes.
fn confusion() -> Confusion {
    let mut confusion = Confusion::new(3);
    (0..360).for_each(|image| confusion.count(image % 3, image % 2));
    confusion
}

pub(crate) fn result() -> CellResult {
    CellResult {
        status: Status::Finished,
        reason: None,
        metrics: Metrics {
            test_accuracy: Some(0.1 + 0.2),
            test_loss: Some(1e-300),
            train_loss: Some(2.0 / 3.0),
            ..Metrics::default()
        },
        parameters: Parameters { total: 100, bias: 10 },
        epochs: 1,
        best_epoch: None,
        steps: 2,
        test_images: 360,
        answers: (0..360).map(|image| image % 3 > 0).collect(),
        confusion: confusion(),
        warnings: vec!["no training image has the label 3".into()],
        largest_class: Some(0.1),
        train_seconds: 0.5,
        images_per_second: 1000.0,
        redundancy: vec![LayerRedundancy {
            layer: "block1".into(),
            frozen: false,
            predicted_redundant: 4,
            bias_parameters: 4,
            gradient_norm: 1.1e-7,
            redundant_gradient_norm: 1.0e-7,
            round_off: 3.3e-8,
            bias_norm: 0.0,
            redundant_bias_norm: 0.0,
            certificate: Some(CertificateRecord {
                finding: Finding::Certified,
                worst_ratio: Some(0.7),
                sets: 4,
                sets_without_evidence: 0,
                path: "removed by block1.norm".into(),
            }),
            drift: Drift { steps: vec![2], bias_norm: vec![0.0], redundant_bias_norm: vec![0.0], ..Drift::default() },
        }],
        curves: Curves { train_loss: vec![0.7], test_loss: vec![0.8], test_accuracy: vec![0.9], ..Curves::default() },
        measured: Measured::default(),
        step_losses: vec![std::f64::consts::LN_10, f64::MAX],
        provenance: Provenance { version: "0.1.0".into(), cpu: "Pentium".into(), ..Provenance::default() },
    }
}

fn folder() -> (tempfile::TempDir, StudyFolder, Study) {
    let dir = tempfile::tempdir().unwrap();
    let folder = StudyFolder::new(dir.path().join("experiments/s"));
    (dir, folder, example(&[]))
}

pub(crate) fn message<T: std::fmt::Debug>(dir: &tempfile::TempDir, result: Result<T, StoreError>) -> String {
    result.unwrap_err().to_string().replace(dir.path().to_str().unwrap(), "DIR")
}

#[test]
fn results_read_back_exactly() {
    let (_dir, folder, study) = folder();
    let cell = &study.cells[2];
    assert_eq!(folder.read_result(cell).unwrap(), None);
    folder.write_cell(cell).unwrap();
    folder.write_result(cell, &result()).unwrap();
    assert_eq!(folder.read_result(cell).unwrap(), Some(result()));
    assert_eq!(folder.read_cell(&cell.id).unwrap(), *cell);
    assert!(folder.result(cell).ends_with(format!("cells/{}/result.json", cell.id)));
    let names: Vec<_> = fs::read_dir(folder.cell(cell)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "no temporary file stays: {names:?}");
}

#[test]
fn files_are_written_alike_each_time() {
    let (_dir, folder, study) = folder();
    let cell = &study.cells[0];
    let write = || {
        folder.write_cell(cell).unwrap();
        folder.write_result(cell, &result()).unwrap();
        folder.write_config(&study).unwrap();
        [folder.cell_json(cell), folder.result(cell), folder.config()].map(|path| fs::read_to_string(path).unwrap())
    };
    let files = write();
    assert_eq!(files, write());
    assert_eq!(files[2], study.resolved_toml());
    let [cell_json, result_json, _] = files;
    insta::assert_snapshot!("cell_json", cell_json);
    insta::assert_snapshot!("result_json", result_json);
}

#[test]
fn records_leave_out_the_metrics_of_what_did_not_finish() {
    let study = example(&[]);
    let cell = &study.cells[1];
    let finished = CellRecord::new(cell, result());
    assert_eq!((&finished.id, finished.seed, &finished.factors), (&cell.id, 1, &cell.factors));
    assert_eq!((finished.status, finished.metrics), (Status::Finished, result().metrics));
    let diverged = CellResult { status: Status::Diverged, reason: Some("NaN".into()), ..result() };
    let diverged = CellRecord::new(cell, diverged);
    assert_eq!((diverged.status, diverged.metrics), (Status::Diverged, Metrics::default()));
    let missing = CellRecord::missing(cell);
    assert_eq!((&missing.id, missing.status, missing.metrics), (&cell.id, Status::Missing, Metrics::default()));
}

#[test]
fn results_of_a_study_read_back() {
    let (_dir, folder, study) = folder();
    assert_eq!(folder.read_results().unwrap(), None);
    let records = study.cells.iter().map(CellRecord::missing).collect();
    let results = study.results(records, vec![], vec![result().provenance]);
    folder.write_results(&results).unwrap();
    assert_eq!(folder.read_results().unwrap(), Some(results));
    let text = fs::read_to_string(folder.results()).unwrap();
    let opening = "{\n  \"sha256\": \"";
    assert!(text.starts_with(opening) && text.ends_with("}\n"));
    assert!(text[opening.len() + 64..].starts_with("\",\n  \"schema\": 1,\n  \"study\": \"bias_redundancy\","));
}

/// Of 100,000 cells, `results.json` would have gigabytes of curves.
#[test]
fn curves_of_a_huge_study_lie_in_a_file_of_their_own() {
    let (dir, folder, study) = folder();
    let curve: Vec<f64> = (0..200_000).map(|epoch| f64::from(epoch) / 200_000.0).collect();
    let curves =
        Curves { train_loss: curve.clone(), test_loss: curve.clone(), test_accuracy: curve, ..Curves::default() };
    let record = |cell| CellRecord::new(cell, CellResult { curves: curves.clone(), ..result() });
    let results = |cells: usize| {
        study.results(study.cells[..cells].iter().map(record).collect(), vec![], vec![result().provenance])
    };
    let (huge, small) = (results(2), results(1));
    folder.write_results(&huge).unwrap();
    assert!(fs::metadata(folder.results()).unwrap().len() < 1 << 16);
    assert_eq!(folder.read_results().unwrap(), Some(huge.clone()));
    let (results_json, curves_json) = (fs::read(folder.results()).unwrap(), fs::read(folder.curves()).unwrap());

    // Those of other results, damaged, or gone.
    let mut others = huge.clone();
    others.cells[0].result.curves.test_loss[0] = 7.0;
    folder.write_results(&others).unwrap();
    fs::write(folder.results(), &results_json).unwrap();
    let refusal = || message(&dir, folder.read_results());
    assert!(refusal().ends_with("curves.json is damaged: it holds the curves of other results than results.json"));
    fs::write(folder.curves(), &curves_json[..curves_json.len() - 9]).unwrap();
    assert!(refusal().ends_with("curves.json is damaged: its checksum differs"), "{}", refusal());
    fs::remove_file(folder.curves()).unwrap();
    assert!(refusal().ends_with("curves.json is damaged: results.json names it, and it is not there"));
    fs::write(folder.curves(), &curves_json).unwrap();
    assert_eq!(folder.read_results().unwrap(), Some(huge));

    folder.write_results(&small).unwrap();
    assert!(!folder.curves().exists(), "what no results name is cleared away");
    assert_eq!(folder.read_results().unwrap(), Some(small));
}

#[test]
fn shipped_results_are_written_as_they_are() {
    let (_dir, folder, _study) = folder();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let studies = fs::read_dir(shipped).unwrap().map(|entry| entry.unwrap().path());
    let texts: Vec<_> = studies.filter_map(|study| fs::read(study.join("results.json")).ok()).collect();
    assert!(texts.len() > 2);
    for text in texts {
        fs::create_dir_all(folder.root()).unwrap();
        fs::write(folder.results(), &text).unwrap();
        folder.write_results(&folder.read_results().unwrap().unwrap()).unwrap();
        assert!(fs::read(folder.results()).unwrap() == text);
    }
}

/// Another version of the program hashes the same configs to other ids.
#[test]
fn results_of_another_version_get_the_ids_of_their_own_config() {
    let (_dir, folder, study) = folder();
    let mut records: Vec<_> = study.cells.iter().map(CellRecord::missing).collect();
    for (index, record) in records.iter_mut().enumerate() {
        record.id = format!("old-{index}");
    }
    let mut results = study.results(records, vec![], vec![]);
    let ids_of = |results: &Results| -> Vec<String> {
        folder.write_results(results).unwrap();
        folder.read_results_by_id().unwrap().unwrap().cells.into_iter().map(|record| record.id).collect()
    };
    let own: Vec<_> = study.cells.iter().map(|cell| cell.id.clone()).collect();
    assert_eq!(ids_of(&results), own);
    // The folder's config may be a newer one, which the results do not belong to.
    let longer = example(&["train.epochs=77"]);
    folder.write_config(&longer).unwrap();
    assert_eq!(ids_of(&results), own);
    results.config = None;
    assert_eq!(ids_of(&results), longer.cells.iter().map(|cell| cell.id.clone()).collect::<Vec<_>>());
    results.config = Some("no config".to_owned());
    assert!(ids_of(&results)[0].starts_with("old-"));
}

#[test]
fn nothing_that_is_not_finite_is_written() {
    let (dir, folder, study) = folder();
    let cell = &study.cells[0];
    for (number, name) in [(f64::NAN, "nan"), (f64::INFINITY, "inf")] {
        let losses = CellResult { step_losses: vec![1.0, number], ..result() };
        let metrics = CellResult { metrics: Metrics { test_loss: Some(number), ..Metrics::default() }, ..result() };
        for result in [losses, metrics] {
            let error = message(&dir, folder.write_result(cell, &result));
            assert!(error.ends_with("result.json: it would hold a number that is not finite"), "{name}: {error}");
        }
    }
    assert!(!folder.result(cell).exists());
}

fn spoil(folder: &StudyFolder, cell: &Cell, text: &[u8]) {
    folder.write_cell(cell).unwrap();
    folder.write_result(cell, &result()).unwrap();
    fs::write(folder.result(cell), text).unwrap();
}

#[test]
fn damaged_and_foreign_files_are_named() {
    let (dir, folder, study) = folder();
    let (cell, other) = (&study.cells[0], &study.cells[1]);
    folder.write_result(other, &result()).unwrap();
    let foreign = fs::read_to_string(folder.result(other)).unwrap();
    let mut messages = Vec::new();
    folder.write_result(cell, &result()).unwrap();
    let whole = fs::read_to_string(folder.result(cell)).unwrap();
    let changed = whole.replace("0.9", "0.8");
    for text in [&b""[..], b"{", b"{}", b"\xff", changed.as_bytes(), foreign.as_bytes()] {
        spoil(&folder, cell, text);
        messages.push(message(&dir, folder.read_result(cell)));
    }
    folder.write_result(cell, &result()).unwrap();
    let text = fs::read_to_string(folder.cell_json(cell)).unwrap();
    fs::write(folder.cell_json(cell), text.replace("\"epochs\": 2", "\"epochs\": 3")).unwrap();
    messages.push(message(&dir, folder.read_result(cell)));
    fs::remove_file(folder.cell_json(cell)).unwrap();
    assert!(folder.read_result(cell).unwrap().is_some());
    fs::remove_file(folder.result(cell)).unwrap();
    fs::create_dir(folder.result(cell)).unwrap();
    messages.push(message(&dir, folder.read_result(cell)));
    for text in ["[]", "{\"schema\": 2}"] {
        fs::write(folder.results(), text).unwrap();
        messages.push(message(&dir, folder.read_results()));
    }
    let messages = messages.join("\n");
    insta::assert_snapshot!("damaged", messages);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let folder = StudyFolder::new(dir.path().join("file/s"));
    let study = parse(MINIMAL, &[]).unwrap();
    let error = message(&dir, folder.write_config(&study));
    assert!(error.starts_with("cannot write DIR/file/s/config.toml: "), "{error}");
}

#[test]
fn an_old_result_stays_whole_until_the_new_one_is() {
    let (_dir, folder, study) = folder();
    let cell = &study.cells[0];
    folder.write_result(cell, &result()).unwrap();
    let bad = CellResult { train_seconds: f64::NAN, ..result() };
    assert!(folder.write_result(cell, &bad).is_err());
    assert_eq!(folder.read_result(cell).unwrap(), Some(result()));
}

/// Neither waits for the writer of a pipe, nor takes as much memory as a file claims to be long.
#[test]
#[cfg(unix)]
fn only_files_that_the_program_may_have_written_are_read() {
    let (dir, folder, study) = folder();
    let cell = &study.cells[0];
    fs::create_dir_all(folder.cell(cell)).unwrap();
    let files = [folder.result(cell), folder.checkpoint(cell), folder.results()];
    let read = || {
        let messages = [message(&dir, folder.read_result(cell)), message(&dir, folder.read_checkpoint(cell))];
        messages.into_iter().chain([message(&dir, folder.read_results())])
    };
    for path in &files {
        File::create(path).unwrap().set_len(1 << 40).unwrap();
    }
    assert!(read().all(|error| error.ends_with(": it has 1099511627776 bytes, more than this program writes")));
    for path in &files {
        fs::remove_file(path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }
    assert!(read().all(|error| error.ends_with(": it is no regular file")));
}

#[test]
fn a_cell_is_read_only_if_its_hash_says_so() {
    let (dir, folder, study) = folder();
    let [cell, other] = [&study.cells[0], &study.cells[1]];
    let path = folder.cell_json(cell);
    let read = || message(&dir, folder.read_cell(&cell.id));
    assert!(read().starts_with("cannot read DIR/experiments/s/cells/"), "{}", read());
    folder.write_cell(cell).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"batch_size\": ", "\"batch_size\": 1")).unwrap();
    assert!(read().ends_with("/cell.json is damaged: its config has another hash"), "{}", read());
    folder.write_cell(other).unwrap();
    fs::copy(folder.cell_json(other), &path).unwrap();
    assert!(read().contains(&format!("/cell.json belongs to `{}`", other.id)), "{}", read());
    fs::write(&path, text).unwrap();
    assert_eq!(folder.read_cell(&cell.id).unwrap(), *cell);
}

#[test]
fn results_move_aside_one_after_the_other() {
    let (_dir, folder, study) = folder();
    let cell = &study.cells[0];
    assert_eq!(folder.move_result_aside(cell).unwrap(), None);
    let aside = |number: usize| folder.cell(cell).join(format!("result.json.old-{number}"));
    for number in 1..3 {
        folder.write_result(cell, &result()).unwrap();
        let written = fs::read(folder.result(cell)).unwrap();
        assert_eq!(folder.move_result_aside(cell).unwrap(), Some(aside(number)));
        assert!(fs::read(aside(number)).unwrap() == written && !folder.result(cell).exists());
    }
}

/// Nobody edits results by hand unnoticed; those of older versions have no seal.
#[test]
fn results_that_no_run_can_have_left_are_refused() {
    let (dir, folder, study) = folder();
    let records: Vec<_> = study.cells.iter().map(|cell| CellRecord::new(cell, result())).collect();
    let results = study.results(records, vec![], vec![]);
    folder.write_results(&results).unwrap();
    let sealed = fs::read_to_string(folder.results()).unwrap();
    fs::write(folder.results(), sealed.replacen("0.30000000000000004", "0.8", 1)).unwrap();
    let error = message(&dir, folder.read_results());
    assert!(error.ends_with("results.json is damaged: its checksum differs"), "{error}");
    // One bit of the seal's name, and it would pass for that of an older version.
    for opening in ["{\n  \"sha257\": \"", "{  \"sha256\": \"", "{\n  \"sha256\":\"0", "{\n\n  \"sha256\": \""] {
        fs::write(folder.results(), sealed.replacen("{\n  \"sha256\": \"", opening, 1)).unwrap();
        let error = message(&dir, folder.read_results());
        assert!(error.contains("results.json is damaged: "), "{opening}: {error}");
    }
    // A message quotes the file, which may hold anything.
    let broken = serde_json::to_string(&results).unwrap().replacen("\"finished\"", "\"fin\\nis\\u001bhed\"", 1);
    fs::write(folder.results(), broken).unwrap();
    let error = message(&dir, folder.read_results());
    assert!(error.contains("damaged: unknown variant `fin is\u{fffd}hed`"), "{error}");
    let unsealed = serde_json::to_string(&results).unwrap();
    fs::write(folder.results(), &unsealed).unwrap();
    assert_eq!(folder.read_results().unwrap(), Some(results.clone()));

    let spoilt = |spoil: &dyn Fn(&mut Vec<CellRecord>)| {
        let mut spoilt = results.clone();
        spoil(&mut spoilt.cells);
        fs::write(folder.results(), serde_json::to_string(&spoilt).unwrap()).unwrap();
        message(&dir, folder.read_results())
    };
    let twice = spoilt(&|cells| cells.push(cells[0].clone()));
    assert!(twice.contains(&format!("is damaged: it has the cell `{}` twice", study.cells[0].id)), "{twice}");
    let renamed = spoilt(&|cells| {
        let mut again = cells[0].clone();
        again.id.push('x');
        cells.push(again);
    });
    assert!(renamed.ends_with("twice"), "{renamed}");
    for (spoil, said) in [
        ((|cell| cell.metrics.test_accuracy = Some(7.5)) as fn(&mut CellRecord), "an accuracy of 7.5"),
        (|cell| cell.metrics.test_loss = Some(-1.0), "a loss of -1, which is below 0"),
        (|cell| cell.metrics.test_accuracy = None, "no accuracy, though it finished"),
        (|cell| cell.test_images = 9, "answers to another number of images than 9"),
        (|cell| cell.confusion.count(0, 1), "a confusion matrix of another number of images than 360"),
        (|cell| cell.curves.test_accuracy.push(-0.5), "an accuracy of -0.5"),
    ] {
        let error = spoilt(&|cells| spoil(&mut cells[1]));
        assert!(error.contains(said) && error.contains(&study.cells[1].id), "{error}");
    }
}

/// Data can be replaced under their name between two runs.
#[test]
fn a_result_of_other_data_is_none() {
    let (dir, mut folder, study) = folder();
    let cell = &study.cells[0];
    let mut trained = result();
    let checksums = |images: &str| [("train_images".to_owned(), images.to_owned())].into();
    trained.provenance.data = checksums("aa");
    folder.write_result(cell, &trained).unwrap();
    assert!(folder.read_result(cell).unwrap().is_some());
    folder.expect_data(&cell.config.data, checksums("aa"));
    assert!(folder.read_result(cell).unwrap().is_some());
    folder.expect_data(&cell.config.data, checksums("bb"));
    let error = message(&dir, folder.read_result(cell));
    assert!(
        error.ends_with("/result.json was trained on other data than are there now: train_images differ"),
        "{error}"
    );
    trained.provenance.data.clear();
    folder.write_result(cell, &trained).unwrap();
    assert!(folder.read_result(cell).unwrap().is_some(), "older versions noted no checksums");
}

/// A link would spoil a file elsewhere, and hand on its own mode.
#[test]
#[cfg(unix)]
fn no_link_is_followed_for_writing_and_modes_are_those_of_new_files() {
    use std::os::unix::fs::{MetadataExt, symlink};

    let (dir, folder, study) = folder();
    let precious = dir.path().join("precious");
    fs::write(&precious, "mine").unwrap();
    let fresh = dir.path().join("fresh");
    untied_study::write_text(&fresh, "new").unwrap();
    let usual = fs::metadata(&fresh).unwrap().mode();
    fs::create_dir_all(folder.root()).unwrap();
    symlink(&precious, folder.config()).unwrap();
    folder.write_config(&study).unwrap();
    let written = fs::symlink_metadata(folder.config()).unwrap();
    assert!(written.is_file() && written.mode() == usual, "{:o} {usual:o}", written.mode());
    let link = dir.path().join("link");
    symlink(&precious, &link).unwrap();
    let error = untied_study::open_to_change(&link).unwrap_err().to_string();
    assert_eq!(error, "it is a link, which is not followed");
    assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(untied_study::open_to_change(&pipe).unwrap_err().to_string(), "it is no regular file");
}

#[test]
fn what_was_left_half_written_is_cleared_away_before_the_next_is_written() {
    let (_dir, folder, study) = folder();
    let root = folder.root();
    fs::create_dir_all(folder.plots()).unwrap();
    fs::create_dir_all(folder.slurm()).unwrap();
    let left = [
        ".config.toml.a1B2c3",
        ".report.html.zzzzzz",
        ".results.json.000000",
        "plots/.loss.svg.abcdef",
        "slurm/.cells.sh.abcdef",
    ];
    let kept = [".gitignore", ".config.toml.swp", "plots/.mine.txt.abcdef", ".notes.md.abcdef", "plots/loss.svg"];
    for name in left.iter().chain(&kept) {
        fs::write(root.join(name), "half").unwrap();
    }
    folder.write_config(&study).unwrap();
    assert!(left.iter().all(|name| !root.join(name).exists()));
    assert!(kept.iter().all(|name| root.join(name).exists()));
}

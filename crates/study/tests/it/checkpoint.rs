//! Checkpoints, and the checksums of files.

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use untied_study::{Cell, CellResult, Status, StoreError, StudyFolder};

use crate::example;
use crate::store::{message, result};

fn folder() -> (tempfile::TempDir, StudyFolder, Vec<Cell>) {
    let dir = tempfile::tempdir().unwrap();
    let folder = StudyFolder::new(dir.path().join("s"));
    (dir, folder, example(&[]).cells)
}

#[test]
fn a_state_reads_back_until_it_is_removed() {
    let (_dir, folder, cells) = folder();
    assert_eq!(folder.read_checkpoint(&cells[0]).unwrap(), None);
    for state in [&b""[..], b"\n", b"first\nsecond", &[0, 255, 10, 13]] {
        folder.write_checkpoint(&cells[0], state).unwrap();
        assert_eq!(folder.read_checkpoint(&cells[0]).unwrap().as_deref(), Some(state));
    }
    let names: Vec<_> = fs::read_dir(folder.cell(&cells[0])).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["checkpoint"], "no temporary file stays");
    folder.remove_checkpoint(&cells[0]).unwrap();
    folder.remove_checkpoint(&cells[0]).unwrap();
    assert_eq!(folder.read_checkpoint(&cells[0]).unwrap(), None);
}

/// A cell with a result has a checkpoint in two cases: its process was killed behind the result, or on the way to its model.
#[test]
fn the_state_on_the_way_to_a_model_is_kept() {
    for (asked, model, status, kept) in [
        (true, false, Status::Finished, true),
        (true, true, Status::Finished, false),
        (true, false, Status::Diverged, false),
        (false, false, Status::Finished, false),
    ] {
        let (_dir, folder, mut cells) = folder();
        let cell = &mut cells[0];
        cell.config.train.save_model = asked;
        folder.write_cell(cell).unwrap();
        folder.write_checkpoint(cell, b"state").unwrap();
        folder.write_result(cell, &CellResult { status, ..result() }).unwrap();
        if model {
            fs::write(folder.model(cell), "").unwrap();
        }
        // As the run has it that comes in between.
        cell.config.train.save_model = false;
        folder.remove_spent_checkpoint(cell).unwrap();
        assert_eq!(folder.checkpoint(cell).exists(), kept, "{asked} {model} {status}");
    }
}

#[test]
fn what_a_killed_process_left_is_deleted_and_nothing_else() {
    let (_dir, folder, cells) = folder();
    folder.write_checkpoint(&cells[0], b"state").unwrap();
    let here = folder.cell(&cells[0]);
    for name in [".checkpoint.a1B2c3", ".result.json.xxxxxx", ".notes.a1B2c3", ".checkpoint.txt", ".nfs123"] {
        fs::write(here.join(name), "").unwrap();
    }
    folder.remove_leftovers(&cells[0]).unwrap();
    let mut names: Vec<_> = fs::read_dir(here).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".checkpoint.txt", ".nfs123", ".notes.a1B2c3", "checkpoint"]);
}

#[test]
fn damaged_and_foreign_checkpoints_are_named() {
    let (dir, folder, cells) = folder();
    let (cell, other) = (&cells[0], &cells[1]);
    folder.write_checkpoint(other, b"state").unwrap();
    let foreign = fs::read(folder.checkpoint(other)).unwrap();
    folder.write_checkpoint(cell, b"state").unwrap();
    let whole = fs::read(folder.checkpoint(cell)).unwrap();
    let mut messages = Vec::new();
    for content in [&b""[..], b"\n", b"{}\n", &whole[..whole.len() - 1], &foreign] {
        fs::write(folder.checkpoint(cell), content).unwrap();
        messages.push(message(&dir, folder.read_checkpoint(cell)));
    }
    insta::assert_snapshot!(messages.join("\n"));
}

/// What became of a file of which one byte was changed or the end cut off.
fn spoilt(content: &[u8], place: prop::sample::Index, byte: Option<u8>) -> Vec<u8> {
    let at = place.index(content.len());
    let mut spoilt = content.to_vec();
    match byte {
        Some(byte) => spoilt[at] ^= byte,
        None => spoilt.truncate(at),
    }
    spoilt
}

#[test]
fn no_damage_goes_unnoticed() {
    let (_dir, folder, cells) = folder();
    let cell = &cells[0];
    folder.write_checkpoint(cell, b"the state\nof a run").unwrap();
    folder.write_result(cell, &result()).unwrap();
    let [checkpoint, result] = [folder.checkpoint(cell), folder.result(cell)];
    let whole = [&checkpoint, &result].map(|path| fs::read(path).unwrap());
    let damage = (any::<prop::sample::Index>(), prop::option::weighted(0.8, 1_u8..));
    let mut runner = TestRunner::new(Config { cases: 500, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&damage, |(place, byte)| {
        fs::write(&checkpoint, spoilt(&whole[0], place, byte)).unwrap();
        fs::write(&result, spoilt(&whole[1], place, byte)).unwrap();
        let noticed = |error| matches!(error, StoreError::Damaged { .. } | StoreError::Mismatch { .. });
        prop_assert!(folder.read_checkpoint(cell).is_err_and(noticed));
        prop_assert!(folder.read_result(cell).is_err_and(noticed));
        Ok(())
    });
    outcome.unwrap();
}

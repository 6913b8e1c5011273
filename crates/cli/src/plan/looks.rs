//! The looks of a sequential study, as far as the results in its folder have come.

use untied_report::Looks;
use untied_study::{Cell, CellRecord, CellResult, Curves, Measured, Sequential, Study, StudyFolder};

use crate::plan::state::State;

/// None where the seeds are fixed. `afresh`: as if no cell had a result.
pub(crate) fn look_into(study: &Study, folder: &StudyFolder, afresh: bool) -> Option<Looks> {
    let (design, compare) = (study.sequential?, study.compare.as_ref()?);
    let read = |cell: &Cell| if afresh { None } else { folder.read_result(cell).ok().flatten() };
    let records: Vec<CellRecord> = study.cells.iter().map(|cell| record(cell, read(cell))).collect();
    Some(untied_report::look(&records, &[], compare, design))
}

/// The least and the most that may be trained, in a line; none where the seeds are fixed.
pub(crate) fn bounds(study: &Study) -> Option<String> {
    let Sequential { first, step, most } = study.sequential?;
    let (least, cells) = (study.cells.len() / most * first, study.cells.len());
    Some(format!(
        "seeds: {first} at the first look, {step} more at each further one, {most} at most: {least} to {cells} cells, until \
         every comparison has its verdict"
    ))
}

/// What verdicts are drawn from: curves and measurements of thousands of cells would fill the memory.
fn record(cell: &Cell, result: Option<CellResult>) -> CellRecord {
    let result = result.unwrap_or_default();
    let (curves, measured, redundancy) = (Curves::default(), Measured::default(), Vec::new());
    CellRecord::new(cell, CellResult { curves, measured, redundancy, ..result })
}

/// The look, from 0, that first needs the cell of this index; seeds vary fastest.
pub(crate) fn look_of(study: &Study, index: usize) -> usize {
    study.sequential.map_or(0, |design| design.look_of(index % study.seeds.len()))
}

/// Leaves those cells to run that the next look waits for, and those that lack nothing but their model.
pub(super) fn hold_back(states: &mut [State], study: &Study, looks: &Looks) {
    for (index, state) in
        states.iter_mut().enumerate().filter(|(_, state)| state.is_to_run() && !matches!(state, State::WithoutModel(_)))
    {
        if looks.skipped.binary_search(&index).is_ok() {
            *state = State::Skipped;
        } else if looks.waiting.binary_search(&index).is_err() {
            *state = State::Later(look_of(study, index));
        }
    }
}

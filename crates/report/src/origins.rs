//! Runs of one study that were trained on other data, or by another program, than the rest: a warning of each.

use std::collections::{BTreeMap, HashMap};

use untied_study::{Cell, CellRecord, CellResult, Provenance, Results, differing};

/// The checksums of data, by name.
type Checksums = BTreeMap<String, String>;

/// The origins of the cells of a study, in their order; none where there is no result, or it does not say.
#[derive(Default)]
pub(crate) struct Origins {
    cells: Vec<(String, Option<Provenance>)>,
}

impl Origins {
    /// The next cell, with its result.
    pub(crate) fn note(&mut self, cell: &Cell, result: Option<&CellResult>) {
        let known = result.map(|result| &result.provenance).filter(|known| !known.version.is_empty());
        self.cells.push((format!("{:?}", cell.config.data), known.cloned()));
    }

    /// Adds its warning to every record whose origin is not that of the first.
    pub(crate) fn warn(&self, records: &mut [CellRecord], stored: Option<&Results>) {
        let program = self.cells.iter().find_map(|(_, known)| known.as_ref());
        let mut data: HashMap<&str, &Checksums> = HashMap::new();
        for (config, known) in &self.cells {
            if let Some(known) = known {
                data.entry(config).or_insert(&known.data);
            }
        }
        for ((config, known), record) in self.cells.iter().zip(records).filter(|(_, record)| record.status.is_done()) {
            let data = data.get(config.as_str()).copied();
            let warnings = match known {
                Some(known) => of_result(known, program, data),
                None => stored.map(|stored| of_record(&stored.provenance, program, data)).unwrap_or_default(),
            };
            let new = warnings.into_iter().filter(|warning| !record.warnings.contains(warning)).collect::<Vec<_>>();
            record.result.warnings.extend(new);
        }
    }
}

/// Of a cell whose result is there.
fn of_result(known: &Provenance, program: Option<&Provenance>, data: Option<&Checksums>) -> Vec<String> {
    let data = data.filter(|data| **data != known.data);
    let data = data.map(|data| format!("{} differ", differing(data, &known.data).join(", ")));
    let program = program.filter(|first| name(first) != name(known));
    let program = program.map(|first| format!("trained by {}, the first of the study by {}", name(known), name(first)));
    let data = data.map(|differ| format!("trained on other data than the first run of the same [data]: {differ}"));
    data.into_iter().chain(program).collect()
}

/// Of a cell that is known from `results.json` alone, which lists what its cells came from, but not which from where.
fn of_record(stored: &[Provenance], program: Option<&Provenance>, data: Option<&Checksums>) -> Vec<String> {
    let is_new_data = data.is_some_and(|data| !stored.iter().any(|one| one.data == *data));
    let is_new_program = program.is_some_and(|first| !stored.iter().any(|one| name(one) == name(first)));
    let warning =
        |of: &str| format!("known from an earlier results.json alone, and trained {of} than the first of the study");
    let data = is_new_data.then(|| warning("on other data"));
    let program = is_new_program.then(|| warning("by another program"));
    if stored.is_empty() { Vec::new() } else { data.into_iter().chain(program).collect() }
}

/// `untied 0.1.0 (0324c7ce)`.
fn name(origin: &Provenance) -> String {
    let commit = origin.commit.as_deref().unwrap_or("commit not known");
    format!("untied {} ({commit})", origin.version)
}

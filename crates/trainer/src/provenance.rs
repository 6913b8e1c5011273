//! What a run is trained by, and on.

use std::collections::BTreeMap;
use std::env::consts::{ARCH, OS};
use std::fs;

use untied_study::{CellConfig, Provenance};

use crate::compiled_devices;
use crate::data::Dataset;

/// Version of Burn, which the workspace pins.
const BURN: &str = "0.22.1";

/// The program's commit is left out: it is known to whoever was built from one.
pub(crate) fn provenance(config: &CellConfig, dataset: &Dataset, checksums: &BTreeMap<String, String>) -> Provenance {
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: None,
        burn: BURN.to_owned(),
        features: compiled_devices().iter().map(ToString::to_string).collect(),
        device: config.train.device.to_string(),
        system: format!("{OS} {ARCH}"),
        cpu: processor(),
        data: checksums.clone(),
        class_names: dataset.class_names.clone().unwrap_or_default(),
    }
}

/// The processor, as Linux names it on x86; elsewhere all that is known is the architecture.
pub fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burn_is_the_one_that_the_workspace_pins() {
        let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("\nburn = {{ version = \"={BURN}\"")), "{BURN}");
    }
}

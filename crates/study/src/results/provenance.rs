//! Where results come from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What trained a cell, on which machine and data: where these are equal, equal configs give equal results.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of this program.
    pub version: String,
    /// The git commit that it was built from, with `-dirty` where its sources differed; null outside a repository.
    pub commit: Option<String>,
    /// Version of Burn.
    pub burn: String,
    /// The devices compiled in.
    pub features: Vec<String>,
    /// The device trained on.
    pub device: String,
    /// Operating system and architecture, such as `linux x86_64`.
    pub system: String,
    /// Name of the processor.
    pub cpu: String,
    /// SHA-256 of every data file, decompressed.
    pub data: BTreeMap<String, String>,
}

//! Verbs for the first steps: what to do, with which config, on which machine.

pub(super) mod doctor;
pub(super) mod first;
pub(super) mod init;
pub(super) mod manual;
pub(super) mod schema;

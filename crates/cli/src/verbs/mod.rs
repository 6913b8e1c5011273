//! The verbs of the command line, each with its arguments.

pub(crate) mod cell;
pub(crate) mod explain;
pub(crate) mod fold;
pub(crate) mod report;
pub(crate) mod rewrite;
pub(crate) mod run;
pub(crate) mod slurm;
pub(crate) mod strip;

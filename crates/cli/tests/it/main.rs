//! The program as its users meet it: every test runs the real binary.

mod bad_input;
mod classifying;
mod end_to_end;
mod exporting;
mod failures;
mod first_steps;
mod help;
mod imports;
mod job_array;
mod kills;
#[cfg(target_os = "linux")]
mod large;
mod linting;
mod looks;
#[cfg(target_os = "linux")]
mod made_up;
mod page;
#[cfg(unix)]
mod processes;
mod program;
mod rewriting;
mod signals;
mod slurm;
mod tidy;
mod workers;
#[cfg(target_os = "linux")]
mod worst;

use std::num::NonZeroUsize;

use clap::Args;

use crate::arguments::{ConfigArguments, DeviceArgument, OutArgument, count};

#[derive(Debug, Args)]
pub(crate) struct SlurmArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    #[command(flatten)]
    pub(crate) device: DeviceArgument,
    #[command(flatten)]
    pub(crate) out: OutArgument,
    /// Submit the jobs too, by sbatch
    #[arg(long)]
    pub(crate) submit: bool,
    /// CPUs of each task, and threads to compute with
    #[arg(long, value_name = "N", default_value = "1", value_parser = count, help_heading = "Options of every task")]
    pub(crate) cpus_per_task: NonZeroUsize,
    /// Memory of each task: 2G
    #[arg(long, value_name = "SIZE", help_heading = "Options of every task")]
    pub(crate) mem: Option<String>,
    /// Devices of each task: gpu:1
    #[arg(long, value_name = "LIST", help_heading = "Options of every task")]
    pub(crate) gres: Option<String>,
    /// Tasks of an array that run at a time [default: as many as Slurm starts]
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Options of every task")]
    pub(crate) at_a_time: Option<NonZeroUsize>,
    /// Tasks of an array at most [default: what scontrol says, or 1001]
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Options of every task")]
    pub(crate) max_array_size: Option<NonZeroUsize>,
    /// Partition to run in
    #[arg(long, value_name = "NAME", help_heading = "Options of every task and of the report")]
    pub(crate) partition: Option<String>,
    /// Account to charge
    #[arg(long, value_name = "NAME", help_heading = "Options of every task and of the report")]
    pub(crate) account: Option<String>,
    /// Longest time of a job: minutes, or [DAYS-]HH:MM:SS
    #[arg(long, value_name = "TIME", help_heading = "Options of every task and of the report")]
    pub(crate) time: Option<String>,
    /// Features that a node must have
    #[arg(long, value_name = "LIST", help_heading = "Options of every task and of the report")]
    pub(crate) constraint: Option<String>,
    /// Any other options of sbatch, after `--`: -- --qos=high --mail-type=END
    #[arg(last = true, value_name = "SBATCH OPTION", help_heading = "Options of every task and of the report")]
    pub(crate) sbatch: Vec<String>,
}

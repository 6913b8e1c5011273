//! The scripts of the jobs: for people to read and to change.

use std::fmt::Write;
use std::path::Path;

use untied_study::{StoreError, write_text};

use super::job_array::JobArray;
use super::options::Directives;
use super::queue::{JOBS, Queue};
use super::quote::shell;

/// The contents of the scripts.
pub(crate) struct Scripts<'s> {
    pub(crate) study: &'s str,
    pub(crate) program: &'s Path,
    /// The folder of the results; absolute.
    pub(crate) folder: &'s Path,
    /// The number of the jobs' config.
    pub(crate) config: usize,
    pub(crate) arrays: &'s [JobArray],
    pub(crate) queue: &'s Queue,
    pub(crate) options: Directives,
}

pub(crate) fn config_name(number: usize) -> String {
    format!("config-{number}.toml")
}

impl Scripts<'_> {
    /// Writes `cells.sh`, `report.sh` and `submit.sh`.
    pub(crate) fn write(&self, here: &Path) -> Result<(), StoreError> {
        write_text(&here.join("cells.sh"), &self.cells())?;
        write_text(&here.join("report.sh"), &self.report())?;
        write_text(&here.join("submit.sh"), &self.submit(here))
    }

    fn cells(&self) -> String {
        let Self { study, config, .. } = self;
        let head = self.head("", &["--open-mode=append", "--requeue"], &self.options.task);
        let config = config_name(*config);
        let paths = self.paths();
        format!(
            r#"{head}
# A cell of the study `{study}`: `sbatch --array=0-9 cells.sh 20` trains the cells 20 to 29.
# A cell that has a result is left alone, so that a task may well run twice.

{paths}
# Not by `exec`: Slurm requeues a task whose program was killed (RequeueExit=137), but not one whose script was.
"$untied" cell "$folder"/slurm/{config} --out "$folder" \
    --index "$((${{1:-0}} + SLURM_ARRAY_TASK_ID))" --threads "${{SLURM_CPUS_PER_TASK:-1}}"
exit $?
"#
        )
    }

    fn report(&self) -> String {
        let (study, paths) = (self.study, self.paths());
        let head = self.head("-report", &[], &[]);
        format!(
            r#"{head}
# The report of the study `{study}`: lists the cells that are missing, and fails if there are any.

{paths}
"$untied" report "$folder"
"#
        )
    }

    fn head(&self, kind: &str, fixed: &[&str], own: &[String]) -> String {
        let mut head = format!("#!/bin/sh\n#SBATCH --job-name=untied-{}{kind}\n", self.study);
        let fixed = fixed.iter().map(|option| format!("#SBATCH {option}"));
        for line in fixed.chain(own.iter().cloned()).chain(self.options.every.iter().cloned()) {
            let _ = writeln!(head, "{line}");
        }
        head
    }

    fn paths(&self) -> String {
        format!("untied={}\nfolder={}\n", shell_path(self.program), shell_path(self.folder))
    }

    fn submit(&self, here: &Path) -> String {
        let Self { study, config, .. } = self;
        let Directives { at_a_time, .. } = &self.options;
        let (here, kept) = (shell_path(here), config_name(*config));
        let earlier = self.queue.jobs.iter().map(|job| format!(":{job}")).collect::<Vec<_>>().concat();
        let (mut calls, mut last) = (String::new(), 0);
        for JobArray { first, tasks, look, .. } in self.arrays {
            let waits = *look != last && !(calls.is_empty() && earlier.is_empty());
            if waits {
                let _ = writeln!(
                    calls,
                    "# Look {}, after those before it: cells that it does not need end at once.",
                    look + 1
                );
                let _ = writeln!(calls, "after=--dependency=afterany$jobs");
            }
            let _ = writeln!(calls, "submit {first} {tasks}{at_a_time}");
            last = *look;
        }
        format!(
            r#"#!/bin/sh
# Submits the missing cells of the study `{study}`, and the report after them. `untied slurm` writes it anew.
set -eu
cd {here}
mkdir -p log

jobs={earlier}
after=
job_id() {{ # What sbatch said: the id of the job, which a site may say more around.
    printf '%s\n' "$1" | sed -n 's/^\([0-9][0-9]*\)\(;.*\)\{{0,1\}}$/\1/p' | tail -n 1
}}
submit() {{ # FIRST TASKS: the cells FIRST + task
    said=$(sbatch --parsable $after --array="$2" --output=log/%A_%a.log cells.sh "$1")
    job=$(job_id "$said")
    if [ -z "$job" ]; then
        echo "sbatch named no job, so that nothing more is submitted; cancel it if it is queued: $said" >&2
        exit 1
    fi
    echo "$job $1 {config}" >>{JOBS}
    jobs=$jobs:$job
    # What is reported from now on. Whole at any moment: a task may be reading it.
    cp {kept} ../.config.toml.submit
    mv ../.config.toml.submit ../config.toml
    echo "job $job: cells from $1 on, tasks $2"
}}
{calls}
said=$(sbatch --parsable --dependency="afterany$jobs" --output=log/report-%j.log report.sh)
echo "job $(job_id "$said"): the report, after them"
"#
        )
    }
}

/// Paths were checked to be UTF-8.
fn shell_path(path: &Path) -> String {
    shell(&path.to_string_lossy())
}

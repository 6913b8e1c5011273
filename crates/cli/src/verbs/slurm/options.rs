//! The options of sbatch that stand in the scripts, as `#SBATCH` lines.

use anyhow::bail;

use super::arguments::SlurmArguments;
use super::quote;

/// `#SBATCH` lines, without line ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Directives {
    /// Lines of the tasks alone.
    pub(crate) task: Vec<String>,
    /// Lines of the tasks and of the report.
    pub(crate) every: Vec<String>,
    /// The end of `--array`: `%4` or nothing.
    pub(crate) at_a_time: String,
}

pub(crate) fn directives(arguments: &SlurmArguments) -> anyhow::Result<Directives> {
    let cpus = Some(arguments.cpus_per_task.to_string());
    let task = [("cpus-per-task", &cpus), ("mem", &arguments.mem), ("gres", &arguments.gres)];
    let SlurmArguments { partition, account, time, constraint, .. } = arguments;
    let every = [("partition", partition), ("account", account), ("time", time), ("constraint", constraint)];
    let at_a_time = arguments.at_a_time.map_or_else(String::new, |tasks| format!("%{tasks}"));
    let (task, mut every) = (named(&task)?, named(&every)?);
    every.extend(others(&arguments.sbatch)?);
    Ok(Directives { task, every, at_a_time })
}

fn named(options: &[(&str, &Option<String>)]) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for (name, value) in options {
        if let Some(value) = value {
            lines.push(format!("#SBATCH --{name}={}", word(value)?));
        }
    }
    Ok(lines)
}

/// Puts each option on its line; a word that starts with no `-` is the value of the option before.
fn others(words: &[String]) -> anyhow::Result<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for text in words {
        match (text.starts_with('-'), lines.last_mut()) {
            (true, _) => lines.push(format!("#SBATCH {}", option(text)?)),
            (false, Some(line)) => *line = format!("{line} {}", word(text)?),
            (false, None) => bail!("expected an option of sbatch after `--`, such as --qos=high, found {text}"),
        }
    }
    Ok(lines)
}

/// Quotes the value alone, so that the name stays readable.
fn option(text: &str) -> anyhow::Result<String> {
    match text.split_once('=') {
        Some((name, value)) => Ok(format!("{}={}", word(name)?, word(value)?)),
        None => word(text),
    }
}

fn word(text: &str) -> anyhow::Result<String> {
    if text.contains(char::is_control) {
        bail!("expected an option of sbatch in one line, found {text:?}");
    }
    Ok(quote::sbatch(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(words: &[&str]) -> anyhow::Result<Vec<String>> {
        others(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn words_after_the_dashes_become_lines() {
        assert_eq!(
            lines(&["--qos=high", "-x", "n1,n2", "--exclusive", "--comment=two words"]).unwrap(),
            ["#SBATCH --qos=high", "#SBATCH -x n1,n2", "#SBATCH --exclusive", "#SBATCH --comment=\"two words\""]
        );
        assert!(lines(&["qos"]).unwrap_err().to_string().contains("found qos"));
        assert!(lines(&["--comment=a\nrm -rf"]).is_err());
    }
}

//! The configs that come with the program.

use std::fmt::Write;
use std::io::{IsTerminal, stderr, stdin};
use std::path::Path;

use anyhow::bail;

use crate::terminal::say;

/// A config by the name of its file, without the ending.
pub(crate) struct Bundled {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

macro_rules! bundled {
    ($($name:literal),*) => {
        [$(Bundled { name: $name, text: include_str!(concat!("../configs/", $name, ".toml")) }),*]
    };
}

/// Those that need no data of one's own: the examples, the studies, and the designs of studies to come.
pub(crate) const CONFIGS: [Bundled; 22] = bundled![
    "quickstart",
    "look_by_look",
    "bias_redundancy",
    "bias_redundancy_f32",
    "norm_map",
    "norm_map_large",
    "before_after",
    "position_border",
    "position_long",
    "capacity_control",
    "adam_drift",
    "adam_drift_harm",
    "adam_drift_remedy",
    "location_shift_best",
    "location_shift_control",
    "lenet1989",
    "weight_decay",
    "precision",
    "norms_in_accuracy",
    "adam_drift_cause",
    "bias_free",
    "frozen"
];

impl Bundled {
    /// What a path means that names no file: `quickstart`, `quickstart.toml` or `configs/quickstart.toml`.
    pub(crate) fn find(path: &Path) -> Option<&'static Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let is_name = folder == Path::new("") || folder == Path::new("configs");
        let name =
            if path.extension().is_some_and(|ending| ending == "toml") { path.file_stem() } else { path.file_name() };
        CONFIGS.iter().find(|config| is_name && !path.exists() && name.is_some_and(|name| name == config.name))
    }

    /// Which one a path that leads to no file was probably meant to name.
    pub(crate) fn nearest(path: &Path) -> Option<&'static str> {
        let name = path.file_stem().and_then(|name| name.to_str()).filter(|_| !path.exists())?;
        untied_study::nearest(name, &CONFIGS.each_ref().map(|config| config.name))
    }

    /// What it asks.
    pub(crate) fn question(&self) -> &'static str {
        let line = self.text.lines().find_map(|line| line.strip_prefix("question = "));
        line.unwrap_or_default().trim_matches('"')
    }
}

/// Asks for one of them, by its number or its name.
pub(crate) fn choose() -> anyhow::Result<&'static str> {
    if !(stdin().is_terminal() && stderr().is_terminal()) {
        let names: Vec<&str> = CONFIGS.iter().map(|config| config.name).collect();
        bail!("expected a config: a TOML file, or the name of a bundled one ({})", names.join(", "));
    }
    let mut list = "which study?".to_owned();
    for (number, config) in (1..).zip(&CONFIGS) {
        let _ = write!(list, "\n{number:4}  {:<24}{}", config.name, config.question());
    }
    loop {
        say(&format!("{list}\na number or a name, or Ctrl-C:"));
        let mut line = String::new();
        if stdin().read_line(&mut line)? == 0 {
            bail!("no study was chosen");
        }
        if let Some(config) = pick(line.trim()) {
            return Ok(config.name);
        }
    }
}

fn pick(line: &str) -> Option<&'static Bundled> {
    let number = line.parse::<usize>().ok().and_then(|number| CONFIGS.get(number.checked_sub(1)?));
    number.or_else(|| CONFIGS.iter().find(|config| config.name == line))
}

#[cfg(test)]
mod tests {
    use untied_study::Study;

    use super::*;

    #[test]
    fn every_config_is_a_study_and_says_what_it_asks() {
        for config in &CONFIGS {
            let study = Study::parse(config.text, Path::new(config.name), &[]).unwrap();
            assert_eq!((study.name.as_str(), study.question.as_str()), (config.name, config.question()));
        }
    }

    /// Commands in the comments give some of them data by path: they are studies as well.
    #[test]
    fn they_take_the_data_that_their_comments_name() {
        let mut count = 0;
        for config in &CONFIGS {
            for command in
                config.text.lines().filter(|line| line.starts_with("#   cargo run") && line.contains("--set"))
            {
                let options =
                    command.split(" --set ").skip(1).map(|option| option.trim().trim_matches('\'').to_owned());
                let options: Vec<String> = options.collect();
                let study = Study::parse(config.text, Path::new(config.name), &options);
                let study = study.unwrap_or_else(|error| panic!("{}: {error}", config.name));
                assert!(command.contains(&format!("run configs/{}.toml", config.name)), "{command}");
                let by_path = study.cells[0].config.data.source.to_string().starts_with("idx=");
                assert!(by_path, "{}: {command}", config.name);
                count += 1;
            }
        }
        assert!(count > 5, "{count}");
    }

    /// Those that are left out read images by path.
    #[test]
    fn no_config_that_needs_nothing_is_left_out() {
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/configs")).unwrap() {
            let path = entry.unwrap().path();
            let study = Study::load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
            let bundled =
                ["digits", "fashion-mnist-6k"].contains(&study.cells[0].config.data.source.to_string().as_str());
            let known = CONFIGS.iter().any(|config| path.file_stem().is_some_and(|name| name == config.name));
            assert_eq!(bundled, known, "{}", path.display());
        }
    }

    #[test]
    fn one_is_picked_by_number_or_name() {
        let picked = |line| pick(line).map(|config| config.name);
        assert_eq!(
            [picked("1"), picked("position_long"), picked("15")],
            [Some("quickstart"), Some("position_long"), Some("location_shift_control")]
        );
        let [last, beyond] = [0, 1].map(|more| (CONFIGS.len() + more).to_string());
        assert_eq!(picked(&last), CONFIGS.last().map(|config| config.name));
        assert_eq!([picked("0"), picked(&beyond), picked(""), picked("q"), picked("-1")], [None; 5]);
    }

    #[test]
    fn a_file_comes_first() {
        for path in ["quickstart", "quickstart.toml", "configs/quickstart.toml"] {
            let there = Path::new(path).exists();
            assert_eq!(Bundled::find(Path::new(path)).is_none(), there, "{path}");
        }
        for path in ["/quickstart.toml", "other/quickstart.toml", "quick", ".toml", ""] {
            assert!(Bundled::find(Path::new(path)).is_none(), "{path}");
        }
    }
}

//! `untied doctor`: what the program and the machine have, for when something does not work or is slow.

use std::env;
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::thread::available_parallelism;

use untied_trainer::{compiled_devices, data, processor, registers};

use crate::arguments::DEVICES;
use crate::exit::Exit;
use crate::table::Table;
use crate::terminal::print;
use crate::workers::cell::COMMIT;

pub(crate) fn doctor() -> anyhow::Result<Exit> {
    let mut table = Table::new(["", "", ""]);
    let mut put = |name: &str, found: String, note: String| table.push([name.to_owned(), found, note]);
    let commit = COMMIT.map_or_else(|| "of an unknown commit".to_owned(), |commit| format!("commit {commit}"));
    put("program", format!("untied {}", env!("CARGO_PKG_VERSION")), commit);
    for device in DEVICES {
        let there = compiled_devices().contains(&device);
        let missing = format!("not compiled in: cargo build --features {device}");
        put("device", device.to_string(), if there { "compiled in".to_owned() } else { missing });
    }
    put("processor", processor(), String::new());
    put("cores", cores(), "of this process; shared out by --jobs and --threads".to_owned());
    put("registers", registers().unwrap_or_else(|why| why), "UNTIED_SIMD caps them".to_owned());
    put("terminal", terminals(), format!("TERM={}", env::var("TERM").unwrap_or_default()));
    put("data", "digits, fashion-mnist-6k".to_owned(), "bundled".to_owned());
    let cache = data::cache_folder().map_or_else(|| "nowhere".to_owned(), |folder| folder.display().to_string());
    put("image cache", cache, "UNTIED_CACHE names another folder".to_owned());
    put("Slurm", on_path("sbatch"), "for untied slurm --submit".to_owned());
    print(&table.text())?;
    Ok(Exit::Done)
}

fn cores() -> String {
    available_parallelism().map_or_else(|error| error.to_string(), |cores| cores.to_string())
}

/// The streams that are a terminal: progress is drawn on stderr.
fn terminals() -> String {
    let streams =
        [("stdin", stdin().is_terminal()), ("stdout", stdout().is_terminal()), ("stderr", stderr().is_terminal())];
    let names: Vec<&str> = streams.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn on_path(program: &str) -> String {
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.map_or_else(|| format!("no {program}"), |path| path.display().to_string())
}

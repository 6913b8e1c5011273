//! `untied completions` and `untied man`: what shells and `man` read.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Command};
use clap_complete::Shell;
use untied_study::printable_path;

use crate::exit::Exit;
use crate::terminal::print;

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell to complete in
    shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Write a page for every command into this folder, instead of printing the program's own
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn completions(arguments: &CompletionsArguments, mut command: Command) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "untied", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

pub(crate) fn man(arguments: &ManArguments, command: Command) -> anyhow::Result<Exit> {
    let Some(folder) = &arguments.out else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        print(&String::from_utf8_lossy(&page))?;
        return Ok(Exit::Done);
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    written.with_context(|| folder.display().to_string())?;
    print(&format!("{}\n", printable_path(folder)))?;
    Ok(Exit::Done)
}

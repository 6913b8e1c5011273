//! `untied page`: the page that teaches, with the answers of the shipped studies.

use std::path::PathBuf;

use clap::Args;
use untied_page::{page, read_studies};
use untied_study::{printable_path, write_text};

use crate::exit::Exit;
use crate::terminal::print;

#[derive(Debug, Args)]
pub(crate) struct PageArguments {
    /// Where the page is written
    #[arg(long, value_name = "FILE", default_value = "docs/index.html")]
    out: PathBuf,
    /// The folder of the studies, with their index, README.md
    #[arg(long, value_name = "DIR", default_value = "experiments")]
    experiments: PathBuf,
    /// Where the page's links to the studies lead, seen from the page
    #[arg(long, value_name = "URL", default_value = "../experiments")]
    links: String,
}

pub(crate) fn write(arguments: &PageArguments) -> anyhow::Result<Exit> {
    let themes = read_studies(&arguments.experiments)?;
    write_text(&arguments.out, &page(&themes, &arguments.links))?;
    print(&format!("page: {}\n", printable_path(&arguments.out)))?;
    Ok(Exit::Done)
}

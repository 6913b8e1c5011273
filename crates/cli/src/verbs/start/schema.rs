//! `untied schema`: the JSON Schema of configs, for editors.

use crate::exit::Exit;
use crate::terminal::print;

pub(crate) fn schema() -> anyhow::Result<Exit> {
    print(&format!("{:#}\n", untied_study::schema()))?;
    Ok(Exit::Done)
}

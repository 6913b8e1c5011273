//! A config with every key in it, those that it does not set as comments.

use std::fmt::Write;

use toml::{Table, Value};

use crate::parse::key::join;
use crate::resolved::to_toml;
use crate::schema::{INDEX, Row, VARY, rows};

/// Characters of a line of prose.
const WIDTH: usize = 100;

/// The table whose keys are those of other tables.
const GRID: &str = "vary";

/// Writes a config with every key there is, each with its meaning and its values: what the config sets as it is, everything
/// else behind a `#`, with its default. Tables become dotted keys.
///
/// ```
/// let config = toml::from_str("name = \"mine\"\n[model]\nchannels = [8]\n")?;
/// let text = untied_study::commented(&config);
/// assert!(text.contains("\nchannels = [8]\n") && text.contains("\n#kernel = 3\n"));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[must_use]
pub fn commented(config: &Table) -> String {
    let (rows, mut text, mut section) = (rows(), String::new(), String::new());
    for (index, row) in rows.iter().enumerate() {
        let [first, rest @ ..] = &row.key[..] else { continue };
        if rest.first().is_some_and(|piece| piece == INDEX) {
            put_tables(&mut text, config, row);
            continue;
        }
        if !rest.is_empty() && *first != section {
            section.clone_from(first);
            let needed = |row: &Row| row.required && row.key.len() == 2 && row.key[0] == section;
            let off = if config.contains_key(&section) || !rows.iter().any(needed) { "" } else { "#" };
            let _ = write!(text, "\n{off}[{section}]\n");
            if section == GRID {
                put_grid(&mut text, config);
            }
        }
        let has_more = rows.get(index + 1).is_some_and(|next| next.key.len() > row.key.len());
        put(&mut text, config, row, has_more && !row.key.contains(&INDEX.to_owned()));
    }
    text
}

/// A list of tables, one after the other, or an empty one as a comment.
fn put_tables(text: &mut String, config: &Table, row: &Row) {
    let name = &row.key[0];
    text.push('\n');
    put_prose(text, &row.meaning(), "");
    let tables: Vec<&Table> =
        config.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table).collect();
    if tables.is_empty() {
        let _ = writeln!(text, "#[[{name}]]");
    }
    for table in tables {
        let _ = writeln!(text, "[[{name}]]");
        for (key, value) in table {
            let _ = writeln!(text, "{} = {value}", join([key.as_str()]));
        }
    }
}

/// What `[vary]` sets, seeds aside.
fn put_grid(text: &mut String, config: &Table) {
    put_prose(text, VARY, "");
    put_prose(text, "Any key above, quoted and with a list of values.", "");
    let lists = config.get(GRID).and_then(Value::as_table).into_iter().flatten();
    for (key, values) in lists.filter(|(key, _)| *key != "seeds") {
        let _ = writeln!(text, "{} = {values}", join([key.as_str()]));
    }
    text.push('\n');
}

/// A key with its comment. The keys of a table follow it, and set it.
fn put(text: &mut String, config: &Table, row: &Row, has_more: bool) {
    if let Some(index) = row.key.iter().position(|piece| piece == INDEX) {
        let key = join(row.key[index + 1..].iter().map(String::as_str));
        return put_prose(text, &format!("{key} ({}): {}", values(row), row.meaning()), "  ");
    }
    if row.key.first().is_some_and(|first| first == GRID) && row.key[1..] == ["model.bias"] {
        return;
    }
    let key = join(row.key.iter().skip(usize::from(row.key.len() > 1)).map(String::as_str));
    let set = lookup(config, &row.key);
    put_prose(text, &row.meaning(), "");
    let is_list_of_tables = row.schema["items"]["properties"].is_object();
    if has_more && set.is_none_or(Value::is_table) && !is_list_of_tables {
        return put_prose(text, &format!("{key}: {}", values(row)), "");
    }
    put_prose(text, &values(row), "");
    let _ = match (set, row.default()) {
        (Some(value), _) => writeln!(text, "{key} = {value}"),
        (None, Some(default)) => writeln!(text, "#{key} = {}", to_toml(default)),
        (None, None) => writeln!(text, "#{key} ="),
    };
    text.push('\n');
}

fn values(row: &Row) -> String {
    row.values().replace("`, `", " | ").replace('`', "")
}

fn lookup<'c>(config: &'c Table, key: &[String]) -> Option<&'c Value> {
    let (first, rest) = key.split_first()?;
    rest.iter().try_fold(config.get(first)?, |value, piece| value.as_table()?.get(piece))
}

/// A comment, in as many lines as it takes.
fn put_prose(text: &mut String, prose: &str, indent: &str) {
    let mut line = format!("# {indent}");
    for word in prose.split_whitespace() {
        if line.chars().count() + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = format!("# {indent}");
        }
        line += word;
        line.push(' ');
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

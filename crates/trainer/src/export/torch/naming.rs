//! Names of layers as Python takes them.

use std::collections::BTreeMap;

/// What Python or `nn.Module` means something else by, of words that a layer may be called by.
const TAKEN: [&str; 38] = [
    "and",
    "apply",
    "as",
    "assert",
    "bfloat16",
    "break",
    "buffers",
    "call",
    "children",
    "class",
    "compile",
    "cpu",
    "cuda",
    "def",
    "del",
    "double",
    "eval",
    "float",
    "for",
    "forward",
    "from",
    "global",
    "half",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "modules",
    "not",
    "or",
    "parameters",
    "pass",
    "return",
    "to",
    "train",
    "training",
    "type",
];

/// The names that were given, by those of this program.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// The name of a layer in Python: its own, but where that could not be the name of attributes, one inside another.
    pub(super) fn of(&mut self, own: &str) -> String {
        if let Some(known) = self.0.get(own) {
            return known.clone();
        }
        let mut name = own.split('.').map(identifier).collect::<Vec<_>>().join(".");
        while self.0.values().any(|other| *other == name) {
            name.push('_');
        }
        self.0.insert(own.to_owned(), name.clone());
        name
    }
}

fn identifier(segment: &str) -> String {
    let name = segment.replace('-', "_");
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let before = if starts { "" } else { "_" };
    let behind = if TAKEN.contains(&name.as_str()) { "_" } else { "" };
    format!("{before}{name}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_becomes_one_of_python_s_and_of_its_own() {
        let mut names = Names::default();
        let given = ["block1.convolution", "a-b", "a_b", "1x1", "train.class", "a..b", "a-b"];
        let expected = ["block1.convolution", "a_b", "a_b_", "_1x1", "train_.class_", "a._.b", "a_b"];
        assert_eq!(given.map(|name| names.of(name)), expected);
    }
}

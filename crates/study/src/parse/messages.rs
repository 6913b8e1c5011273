//! The parser's messages in the words of those who write configs, with "did you mean".

use toml::Spanned;
use toml::de::DeValue;

/// The message of a syntax or type error, for people; `found` is the text that it points at.
pub(crate) fn reword(message: &str, found: &str) -> String {
    let found = found.trim_matches(['"', '\'']);
    if let Some((name, known)) = split_unknown(message, "unknown field `") {
        return unknown("key", name, &known);
    }
    if let Some((name, known)) = split_unknown(message, "unknown variant `") {
        return unknown("value", name, &known);
    }
    if let Some((name, known)) = split_unexpected(message) {
        return unknown("key", name, &known);
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return format!("missing key {rest}");
    }
    match message {
        "duplicate key" => format!("duplicate key `{found}`"),
        "invalid type: unit variant, expected struct variant" => {
            format!("`{found}` takes settings: write {{ {found} = {{ key = value }} }}")
        }
        "invalid type: unit variant, expected newtype variant" => {
            format!("`{found}` takes a value: write {{ {found} = value }}")
        }
        "wanted exactly 1 element, found 0 elements" => "expected one choice, found none".to_owned(),
        "wanted exactly 1 element, more than 1 element" => format!("expected one choice, found {found}"),
        // Of a choice without settings: those with settings are read before.
        _ if message.starts_with("expected table, found ") => {
            format!("this choice takes no value: write its name alone, as a string; found {found}")
        }
        "wanted string or table" => format!("expected a name or a table, found `{found}`"),
        "integer number overflowed" | "floating-point number overflowed" => format!("the number {found} is too large"),
        "string values must be quoted, expected literal string" => "expected a value; texts are quoted".to_owned(),
        _ if ["too few unicode value digits", "missing escaped value", "value is not a unicode scalar"]
            .iter()
            .any(|start| message.starts_with(start)) =>
        {
            r"inside double quotes `\` starts an escape such as `\n`; write Windows paths in single quotes: 'C:\Users\me'".to_owned()
        }
        other => plain_types(other, found).unwrap_or_else(|| other.to_owned()),
    }
}

/// A value's type, with its article.
pub(crate) fn kind(value: &Spanned<DeValue<'_>>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// "unknown key `bais`, expected one of `bias`, `norm`; did you mean `bias`?"
pub(crate) fn unknown(kind: &str, name: &str, known: &[&str]) -> String {
    let list = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    let expected = if known.len() > 1 { "expected one of" } else { "expected" };
    let hint = data_set(name, known).or_else(|| alias(name, known));
    let hint = hint.or_else(|| nearest(name, known).map(|near| format!("; did you mean `{near}`?")));
    let hint = hint.or_else(|| path(name, known));
    format!("unknown {kind} `{name}`, {expected} {list}{}", hint.unwrap_or_default())
}

/// Names that PyTorch, Keras, Lasagne and papers give to keys and values of a config.
const ALIASES: [(&str, &[&str]); 16] = [
    ("learning_rate", &["lr", "eta", "base_lr", "alpha"]),
    ("weight_decay", &["wd", "l2", "decay"]),
    ("batch_size", &["bs", "batch", "minibatch", "mini_batch_size"]),
    ("epochs", &["n_epochs", "num_epochs", "nb_epoch", "max_epochs"]),
    ("kernel", &["kernel_size", "filter_size", "ksize"]),
    ("channels", &["filters", "num_filters", "out_channels", "features", "width"]),
    ("norm", &["bn", "batchnorm", "batch_norm", "use_bn", "normalization", "normalisation"]),
    ("bias", &["use_bias", "untie_biases", "biases"]),
    ("epsilon", &["eps"]),
    ("activation", &["nonlinearity", "act"]),
    ("source", &["dataset", "root", "path", "name"]),
    ("tied", &["shared", "true", "per_channel", "per_filter"]),
    ("untied", &["unshared", "per_location", "per_pixel", "locally_connected"]),
    ("none", &["false", "no", "off", "identity", "linear"]),
    ("batch", &["bn", "batchnorm", "batch_norm", "batchnorm2d", "batch_normalization"]),
    ("layer", &["ln", "layernorm", "layer_norm"]),
];

/// Keys of an optimizer, which are looked for beside it.
const OF_OPTIMIZER: [&str; 3] = ["learning_rate", "momentum", "weight_decay"];

/// Names of data sets that no source is called by, and how each is read.
const DATA_SETS: [(&[&str], &str); 3] = [
    (
        &["mnist", "fashion_mnist", "kmnist", "fashionmnist"],
        "its four IDX files are read by their folder: source = { idx = \"DIR\" }",
    ),
    (
        &["imagenet", "imagefolder", "image_folder", "images", "svhn"],
        "images in folders of classes are read by source = { folder = \"DIR\" }",
    ),
    (&["medmnist", "keras", "numpy"], "NumPy's archives are read by source = { npz = \"FILE\" }"),
];

/// How the data set that is meant is read, where the names are those of sources.
fn data_set(name: &str, known: &[&str]) -> Option<String> {
    let plain = plain_name(name);
    let (_, how) = DATA_SETS.iter().find(|(names, _)| known.contains(&"idx") && names.contains(&plain.as_str()))?;
    Some(format!("; {how}"))
}

/// How a path is written, where the names are those of sources.
fn path(name: &str, known: &[&str]) -> Option<String> {
    let hint = || format!("; images of your own are read by their path, such as source = {{ folder = \"{name}\" }}");
    (known.contains(&"idx") && known.contains(&"folder") && !name.contains(['"', '\\'])).then(hint)
}

/// The known name that other programs call so, or the optimizer's key that is meant.
fn alias(name: &str, known: &[&str]) -> Option<String> {
    let plain = plain_name(name);
    let called_so = |called: &[&str]| called.contains(&plain.as_str());
    let mut meant = ALIASES.iter().filter(|(_, called)| called_so(called)).map(|(meant, _)| *meant);
    if let Some(meant) = meant.clone().find(|meant| known.contains(meant)) {
        return Some(format!("; did you mean `{meant}`?"));
    }
    let key = meant.next().unwrap_or(&plain);
    let is_of_optimizer = OF_OPTIMIZER.contains(&key) && known.contains(&"optimizer");
    is_of_optimizer.then(|| format!("; `{key}` is the optimizer's: optimizer = {{ sgd = {{ {key} = 0.01 }} }}"))
}

/// The known name that the given one is probably meant to be: at most a third of its letters differ.
///
/// ```
/// assert_eq!(untied_study::nearest("quickstrat", &["norm_map", "quickstart"]), Some("quickstart"));
/// ```
#[must_use]
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = plain_name(name);
    let distance = |known: &str| strsim::osa_distance(&plain, &plain_name(known));
    let near = known.iter().copied().min_by_key(|known| distance(known))?;
    let longest = plain.chars().count().max(near.chars().count());
    (distance(near) <= (longest / 3).max(1) && distance(near) < longest).then_some(near)
}

fn plain_name(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// Serde's list of known names: "unknown field `x`, expected one of `a`, `b`".
fn split_unknown<'m>(message: &'m str, start: &str) -> Option<(&'m str, Vec<&'m str>)> {
    let (name, expected) = message.strip_prefix(start)?.rsplit_once("`, expected ")?;
    Some((name, expected.split('`').skip(1).step_by(2).collect()))
}

/// The TOML crate's list: "unexpected keys in table: x, available keys: a, b".
fn split_unexpected(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unexpected keys in table: ")?;
    let (names, known) = rest.rsplit_once(", available keys: ")?;
    Some((names.split(", ").next()?, known.split(", ").collect()))
}

/// Serde's "invalid type: map, expected usize" without Rust's type names.
fn plain_types(message: &str, text: &str) -> Option<String> {
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let expected = match expected {
        "usize" | "u64" => "a whole number, 0 or more",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        "path string" => "a path",
        name if name.starts_with("struct ") => "a table",
        other => other,
    };
    let found = match found {
        "sequence" => "a list",
        "map" if text.starts_with(['{', '[']) => "a table",
        // A date.
        "map" => text,
        other => other.strip_suffix(" as i128").or_else(|| other.strip_suffix(" as u128")).unwrap_or(other),
    };
    Some(format!("expected {expected}, found {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["channels", "kernel", "bias", "norm", "learning_rate"];
        for (name, near) in [
            ("bais", Some("bias")),
            ("Bias", Some("bias")),
            ("chanels", Some("channels")),
            ("learning-rate", Some("learning_rate")),
            ("learningrate", Some("learning_rate")),
            ("lr", None),
            ("", None),
            ("zzzz", None),
        ] {
            assert_eq!(nearest(name, &known), near, "{name}");
        }
        assert_eq!(nearest("a", &[]), None);
    }

    #[test]
    fn names_of_other_programs_are_known() {
        let keys = ["epochs", "batch_size", "optimizer"];
        for (name, known, hint) in [
            ("lr", &["learning_rate", "momentum"][..], "; did you mean `learning_rate`?"),
            ("lr", &keys, "; `learning_rate` is the optimizer's: optimizer = { sgd = { learning_rate = 0.01 } }"),
            ("momentum", &keys, "; `momentum` is the optimizer's: optimizer = { sgd = { momentum = 0.01 } }"),
            ("nb_epoch", &keys, "; did you mean `epochs`?"),
            ("shared", &["none", "tied", "untied"], "; did you mean `tied`?"),
            ("BatchNorm2d", &["none", "batch", "layer"], "; did you mean `batch`?"),
            ("lr", &["kernel", "bias"], ""),
            (
                "mnist",
                &["digits", "idx", "emnist"],
                "; its four IDX files are read by their folder: source = { idx = \"DIR\" }",
            ),
            (
                "photographs",
                &["folder", "idx"],
                "; images of your own are read by their path, such as source = { folder = \"photographs\" }",
            ),
            ("emnits", &["digits", "idx", "emnist"], "; did you mean `emnist`?"),
        ] {
            let message = unknown("key", name, known);
            assert!(message.ends_with(&format!("`{}`{hint}", known.last().unwrap())), "{message}");
        }
    }

    #[test]
    fn the_known_messages_are_reworded() {
        for (message, found, expected) in [
            ("unknown field `a`, expected `b`", "", "unknown key `a`, expected `b`"),
            ("unknown field `x`b`, expected `q` or `x`", "", "unknown key `x`b`, expected one of `q`, `x`"),
            (
                "unexpected keys in table: al, z, available keys: all, b",
                "",
                "unknown key `al`, expected one of `all`, `b`; did you mean `all`?",
            ),
            (
                "invalid value: integer `-1`, expected usize",
                "",
                "expected a whole number, 0 or more, found integer `-1`",
            ),
            ("invalid type: map, expected f64", "{}", "expected a number, found a table"),
            (
                "too few unicode value digits, expected unicode hexadecimal value",
                "\\",
                r"inside double quotes `\` starts an escape such as `\n`; write Windows paths in single quotes: 'C:\Users\me'",
            ),
            ("missing field `epochs`", "", "missing key `epochs`"),
            ("duplicate key", "\"a\"", "duplicate key `a`"),
            ("something new", "", "something new"),
        ] {
            assert_eq!(reword(message, found), expected);
        }
    }
}

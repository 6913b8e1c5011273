//! Text as one word of a shell, or of a `#SBATCH` line.

/// Quotes a word for a shell, where that is needed.
pub(crate) fn shell(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Quotes a word for sbatch, which reads backslashes inside any quotes, unlike a shell.
pub(crate) fn sbatch(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")) }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:=,+@%".contains(c))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn words_of_sbatch_keep_their_quotes() {
        assert_eq!(sbatch("gpu:a100:1"), "gpu:a100:1");
        assert_eq!(sbatch(r#"a b"c\d # e"#), r#""a b\"c\\d # e""#);
        assert_eq!(sbatch(""), "\"\"");
    }

    #[test]
    #[cfg(unix)]
    fn a_shell_reads_back_what_was_quoted() {
        for text in ["", "plain/path-1.0", "it's", "a b", "\"$HOME\" `id` \\ ; & | * # ! ü\n", "'''", "-n"] {
            let output = Command::new("sh").args(["-c", &format!("printf %s_ {}", shell(text))]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{text}_"));
        }
    }
}

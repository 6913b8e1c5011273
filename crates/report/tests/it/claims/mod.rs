//! Sentences claim no more than their intervals: thousands of made-up studies, and what their reports say of them.

mod caveats;
mod certificates;
mod moved;
mod recovery;
mod verdicts;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Uniform in [0, 1).
fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Symmetric around 0, of deviation 1: the sum of three uniform numbers.
fn about_zero(rng: &mut ChaCha8Rng) -> f64 {
    2.0 * (unit(rng) + unit(rng) + unit(rng) - 1.5)
}

/// Whether something as likely happens.
fn happens(chance: f64, rng: &mut ChaCha8Rng) -> bool {
    unit(rng) < chance
}

/// The short answer of a report.
fn answer(markdown: &str) -> &str {
    markdown.split("\n## ").nth(1).expect("a short answer")
}

/// The sentences with a verdict, in the order of the comparisons.
fn verdicts(answer: &str) -> Vec<&str> {
    answer.lines().filter(|line| ["- ≈ ", "- ≠ ", "- ? "].iter().any(|sign| line.starts_with(sign))).collect()
}

/// The first whole number behind some words.
fn number_after(text: &str, words: &str) -> Option<usize> {
    let rest = text.split(words).nth(1)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The number that a report writes: `−0.0012`, `+0.0003`, `2.1×10⁻⁶`.
fn read(text: &str) -> f64 {
    let digits = |c: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|digit| digit == c);
    let plain: String = text.replace('−', "-").replace("×10", "e").chars().fold(String::new(), |mut plain, c| {
        match digits(c) {
            Some(digit) => plain.push_str(&digit.to_string()),
            None if c == '⁻' => plain.push('-'),
            None => plain.push(c),
        }
        plain
    });
    plain.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

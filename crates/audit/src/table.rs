//! The table that is printed.

use std::fmt;

use untied_redundancy::{CERTIFICATE_FACTOR, Finding};

use crate::findings::Directions;
use crate::{Along, Audit, ParameterAudit};

/// A line for each parameter.
impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![["parameter", "shape", "redundant", "why"].map(str::to_owned)];
        lines.extend(self.parameters.iter().map(line));
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let [name, shape, redundant] = [0, 1, 2].map(width);
        for line in &lines {
            writeln!(f, "{:name$}  {:shape$}  {:>redundant$}  {}", line[0], line[1], line[2], line[3])?;
        }
        let (found, all) = (self.redundant(), self.elements());
        let looked = format!("{} points and {} outputs", self.passes, self.outputs);
        writeln!(
            f,
            "{found} of {all} parameters do nothing, certified at {looked}; ratios up to {CERTIFICATE_FACTOR} are round-off"
        )
    }
}

fn line(parameter: &ParameterAudit) -> [String; 4] {
    let count = format!("{} of {}", parameter.redundant, parameter.elements());
    [parameter.name.clone(), format!("{:?}", parameter.shape), count, why(parameter)]
}

fn why(parameter: &ParameterAudit) -> String {
    let mut parts: Vec<String> = parameter.directions.iter().map(said).collect();
    if parameter.finding == Finding::AtWork && parts.is_empty() {
        parts.push("at work".to_owned());
    }
    if let Some(nearly) = &parameter.nearly {
        parts.push(format!("scale of {}: all but {:.0e} of it cancels", nearly.partition, nearly.share));
    }
    match parameter.without_evidence {
        0 => {}
        all if all == parameter.elements() => parts.push("no evidence: its gradient is exactly 0".to_owned()),
        some => parts.push(format!("no evidence of {some} elements, whose gradient is exactly 0")),
    }
    if let Some(rank) = parameter.rank.filter(|rank| rank.redundant != parameter.redundant) {
        parts.push(format!("by its rank {} of {}", rank.redundant, rank.elements));
    }
    parts.join("; ")
}

/// `shift of each element (ratio 1.8)`; of some sets, which.
fn said(of: &Directions) -> String {
    let kind = if of.along == Along::Shift { "shift" } else { "scale" };
    let which = if of.certified.len() == of.sets { String::new() } else { format!(" {}", ranges(&of.certified)) };
    format!("{kind} of {}{which} (ratio {:.1})", of.partition, of.worst_ratio)
}

/// `0–3, 7`; the first few.
fn ranges(sets: &[usize]) -> String {
    const MOST: usize = 4;
    let mut ranges: Vec<(usize, usize)> = vec![];
    for &set in sets {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == set => *last = set,
            _ => ranges.push((set, set)),
        }
    }
    let text =
        |&(first, last): &(usize, usize)| if first == last { first.to_string() } else { format!("{first}–{last}") };
    let shown: Vec<String> = ranges.iter().take(MOST).map(text).collect();
    shown.join(", ") + if ranges.len() > MOST { ", …" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_told_in_ranges() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), "0–2, 5, 7–8");
        assert_eq!(ranges(&[1, 3, 5, 7, 9]), "1, 3, 5, 7, …");
    }
}

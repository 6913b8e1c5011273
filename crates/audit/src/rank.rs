use nalgebra::DMatrix;
use untied_redundancy::CERTIFICATE_FACTOR;

use crate::findings::Rank;
use crate::module::Gradient;

/// The dimensions in which a tensor does nothing, by singular values of its gradients `rows`.
///
/// Each element's gradient is divided by what rounding explains of it, so that a singular value of a redundant direction is of
/// the size √rows: up to [`CERTIFICATE_FACTOR`] times that it counts as zero. Elements of which nothing was seen are left out.
/// None without enough rows.
pub(crate) fn rank(rows: &[Gradient], explained: &[f64], unseen: &[bool]) -> Option<Rank> {
    let seen: Vec<usize> = (0..explained.len()).filter(|&element| !unseen[element]).collect();
    if seen.is_empty() || rows.len() < seen.len() {
        return None;
    }
    let scaled =
        DMatrix::from_fn(rows.len(), seen.len(), |row, column| rows[row][seen[column]] / explained[seen[column]]);
    let zero = CERTIFICATE_FACTOR * (rows.len() as f64).sqrt();
    let redundant = scaled.singular_values().iter().filter(|value| **value <= zero).count();
    Some(Rank { redundant, elements: seen.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_rounds_is_not_counted() {
        // Elements 0 and 1 only by their difference, 2 by itself, 3 is never seen.
        let rows: Vec<Gradient> = (1..9)
            .map(f64::from)
            .map(|row| vec![row.sin() + 1e-16, -row.sin() + 2e-16, (2.0 * row).cos(), 0.0])
            .collect();
        let found = rank(&rows, &[1e-16; 4], &[false, false, false, true]).expect("rows enough");
        assert_eq!(found, Rank { redundant: 1, elements: 3 });
        assert_eq!(rank(&rows[..2], &[1e-16; 4], &[false; 4]), None);
    }
}

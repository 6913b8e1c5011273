//! The numeric rank of a matrix.

/// The rank by Gaussian elimination with full pivoting: pivots above `tolerance` times the first one.
///
/// `vectors` are the rows, or as well the columns.
pub(crate) fn rank(mut vectors: Vec<Vec<f64>>, tolerance: f64) -> usize {
    let mut threshold = f64::MIN_POSITIVE;
    let mut rank = 0;
    while let Some((row, column)) = largest(&vectors, rank) {
        let pivot = vectors[row][column];
        if pivot.abs() <= threshold {
            break;
        }
        threshold = threshold.max(pivot.abs() * tolerance);
        vectors.swap(rank, row);
        eliminate(&mut vectors, rank, column);
        rank += 1;
    }
    rank
}

/// The position of the largest entry of the rows from `start` on.
fn largest(vectors: &[Vec<f64>], start: usize) -> Option<(usize, usize)> {
    let positions = (start..vectors.len()).flat_map(|i| (0..vectors[i].len()).map(move |j| (i, j)));
    positions.max_by(|a, b| vectors[a.0][a.1].abs().total_cmp(&vectors[b.0][b.1].abs()))
}

fn eliminate(vectors: &mut [Vec<f64>], pivot_row: usize, column: usize) {
    let (done, rest) = vectors.split_at_mut(pivot_row + 1);
    let pivot = &done[pivot_row];
    for row in rest {
        let factor = row[column] / pivot[column];
        for (entry, pivot_entry) in row.iter_mut().zip(pivot) {
            *entry -= factor * pivot_entry;
        }
        row[column] = 0.0;
    }
}

#[test]
fn rank_of_known_matrices() {
    assert_eq!(rank(vec![vec![0.0; 3]; 2], 1e-9), 0);
    assert_eq!(rank(vec![vec![1.0, 2.0], vec![2.0, 4.0]], 1e-9), 1);
    assert_eq!(rank(vec![vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0], vec![7.0, 8.0, 9.0]], 1e-9), 2);
    assert_eq!(rank(vec![vec![0.0, 1.0], vec![1.0, 0.0]], 1e-9), 2);
}

use std::fmt;

/// A partition of a tensor's elements into boxes: each axis is cut into runs of equal length.
///
/// Runs of 1 keep an axis, one run of the whole length sums over it, and others are groups.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Partition {
    shape: Vec<usize>,
    runs: Vec<usize>,
}

impl Partition {
    /// `runs` divide the sizes of `shape`, axis by axis.
    pub(super) fn new(shape: &[usize], runs: Vec<usize>) -> Self {
        Self { shape: shape.to_vec(), runs }
    }

    /// The length of the runs along each axis.
    pub fn runs(&self) -> &[usize] {
        &self.runs
    }

    /// The number of sets.
    pub fn sets(&self) -> usize {
        self.shape.iter().zip(&self.runs).map(|(size, run)| size / run).product()
    }

    /// The set of every element, row-major; sets are counted row-major as well.
    pub(crate) fn index(&self) -> impl Iterator<Item = usize> {
        let rank = self.shape.len();
        let mut strides = vec![1; rank];
        for axis in (1..rank).rev() {
            strides[axis - 1] = strides[axis] * self.shape[axis] / self.runs[axis];
        }
        let mut at = vec![0; rank];
        (0..self.shape.iter().product::<usize>()).map(move |_| {
            let set = (0..rank).map(|axis| at[axis] / self.runs[axis] * strides[axis]).sum();
            for axis in (0..rank).rev() {
                at[axis] += 1;
                if at[axis] < self.shape[axis] {
                    break;
                }
                at[axis] = 0;
            }
            set
        })
    }

    /// Whether every set of the other is a union of sets of this one.
    pub(crate) fn refines(&self, other: &Self) -> bool {
        self.runs.iter().zip(&other.runs).all(|(run, longer)| longer.is_multiple_of(*run))
    }

    fn axes(&self, which: impl Fn(usize, usize) -> bool) -> Vec<usize> {
        (0..self.shape.len()).filter(|&axis| which(self.runs[axis], self.shape[axis])).collect()
    }
}

/// Over what a set reaches: `each element`, `all`, `each index of axis 0`, `each of 4 groups of axis 0`, …
impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.axes(|run, size| run == 1 && size > 1);
        let grouped = self.axes(|run, size| run > 1 && run < size);
        let long = self.axes(|_, size| size > 1).len();
        if let [axis] = grouped[..] {
            let of = if long > 1 { format!(" of axis {axis}") } else { String::new() };
            return write!(f, "each of {} groups{of}", self.shape[axis] / self.runs[axis]);
        }
        match kept[..] {
            _ if kept.len() == long => f.write_str("each element"),
            [] => f.write_str("all"),
            [axis] => write!(f, "each index of axis {axis}"),
            _ => {
                let axes: Vec<String> = kept.iter().map(ToString::to_string).collect();
                write!(f, "each index of axes {}", axes.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_fall_into_their_boxes() {
        let partition = Partition::new(&[4, 2, 3], vec![2, 2, 1]);
        assert_eq!(partition.sets(), 6);
        let by_hand = [[0, 1, 2, 0, 1, 2], [0, 1, 2, 0, 1, 2], [3, 4, 5, 3, 4, 5], [3, 4, 5, 3, 4, 5]].concat();
        assert_eq!(partition.index().collect::<Vec<_>>(), by_hand);
    }

    #[test]
    fn names_say_what_is_kept() {
        let named = |shape: &[usize], runs: &[usize]| Partition::new(shape, runs.to_vec()).to_string();
        assert_eq!(named(&[8], &[1]), "each element");
        assert_eq!(named(&[8], &[8]), "all");
        assert_eq!(named(&[8], &[2]), "each of 4 groups");
        assert_eq!(named(&[8, 3, 3], &[1, 3, 3]), "each index of axis 0");
        assert_eq!(named(&[8, 3, 3], &[8, 1, 1]), "each index of axes 1, 2");
        assert_eq!(named(&[8, 3, 3], &[4, 3, 3]), "each of 2 groups of axis 0");
        assert_eq!(named(&[8, 1, 1], &[1, 1, 1]), "each element");
    }
}

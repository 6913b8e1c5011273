use std::collections::HashMap;

/// A subspace of the shifts of a tensor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Removed {
    /// No shift but zero.
    Nothing,
    /// Every shift.
    Everything,
    /// Shifts that are constant on each set of elements of one label, and zero where the label is 0.
    Sets(Vec<u32>),
}

impl Removed {
    /// The labels of `size` elements.
    pub(crate) fn labels(&self, size: usize) -> Vec<u32> {
        match self {
            Self::Nothing => vec![0; size],
            Self::Everything => (1..=size as u32).collect(),
            Self::Sets(labels) => labels.clone(),
        }
    }

    /// The dimension of the subspace, of the shifts of `size` elements.
    pub(crate) fn dimensions(&self, size: usize) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Everything => size,
            // Labels are numbered without gaps.
            Self::Sets(labels) => labels.iter().max().map_or(0, |&most| most as usize),
        }
    }

    /// The shifts that both have.
    pub(crate) fn meet(self, other: Self, size: usize) -> Self {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::Everything, other) | (other, Self::Everything) => other,
            (Self::Sets(a), Self::Sets(b)) => {
                let mut ties = Ties::new(size);
                ties.tie_labels(&a);
                ties.tie_labels(&b);
                ties.finish()
            }
        }
    }

    /// The orthogonal projection of a shift on the subspace: its mean over each set.
    pub(crate) fn project(&self, values: &[f64]) -> Vec<f64> {
        let labels = self.labels(values.len());
        let mut sums = vec![(0.0, 0.0); self.dimensions(values.len()) + 1];
        for (&label, value) in labels.iter().zip(values) {
            let (sum, count) = &mut sums[label as usize];
            (*sum, *count) = (*sum + value, *count + 1.0);
        }
        labels
            .iter()
            .map(|&label| sums[label as usize])
            .zip(&labels)
            .map(|((sum, count), &label)| if label == 0 { 0.0 } else { sum / count })
            .collect()
    }
}

/// A partition that grows coarser: elements that are tied must be equal, and some must be zero.
pub(crate) struct Ties {
    /// The next element towards the root of an element's tree; the last index stands for zero.
    parents: Vec<u32>,
}

impl Ties {
    /// All of `size` elements free.
    pub(crate) fn new(size: usize) -> Self {
        Self { parents: (0..=size as u32).collect() }
    }

    fn root(&mut self, mut index: u32) -> u32 {
        while self.parents[index as usize] != index {
            let above = self.parents[self.parents[index as usize] as usize];
            self.parents[index as usize] = above;
            index = above;
        }
        index
    }

    /// Makes two elements equal.
    pub(crate) fn tie(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a as u32), self.root(b as u32));
        // Zero stays a root.
        let (low, high) = (a.min(b), a.max(b));
        self.parents[low as usize] = high;
    }

    /// Makes an element zero.
    pub(crate) fn zero(&mut self, index: usize) {
        self.tie(index, self.parents.len() - 1);
    }

    /// Ties elements of one label, and makes those of label 0 zero.
    pub(crate) fn tie_labels(&mut self, labels: &[u32]) {
        let most = labels.iter().max().map_or(0, |&most| most as usize);
        let mut first = vec![usize::MAX; most + 1];
        first[0] = self.parents.len() - 1;
        for (index, &label) in labels.iter().enumerate() {
            match &mut first[label as usize] {
                first if *first == usize::MAX => *first = index,
                first => self.tie(index, *first),
            }
        }
    }

    /// The subspace, with labels numbered in the order of the elements.
    pub(crate) fn finish(mut self) -> Removed {
        let zero = self.parents.len() - 1;
        let roots: Vec<u32> = (0..zero as u32).map(|index| self.root(index)).collect();
        named(roots.into_iter().map(|root| (root != zero as u32).then_some(root)), zero)
    }
}

/// The subspace of sets by any names; elements without one are zero.
pub(crate) fn named<T: std::hash::Hash + Eq>(names: impl Iterator<Item = Option<T>>, size: usize) -> Removed {
    let mut numbers = HashMap::new();
    let mut number = |name: Option<T>| {
        let Some(name) = name else { return 0 };
        let next = numbers.len() as u32 + 1;
        *numbers.entry(name).or_insert(next)
    };
    let labels: Vec<u32> = names.map(&mut number).collect();
    match numbers.len() {
        0 => Removed::Nothing,
        count if count == size => Removed::Everything,
        _ => Removed::Sets(labels),
    }
}

/// Ties what is tied by pairs of a label and an index: for each label its elements, or zero where the label is.
pub(crate) fn tied(pairs: impl Iterator<Item = (u32, usize)>, labels: usize, size: usize) -> Ties {
    let mut ties = Ties::new(size);
    let mut first = vec![usize::MAX; labels + 1];
    for (label, index) in pairs {
        if label == 0 {
            ties.zero(index);
        } else if first[label as usize] == usize::MAX {
            first[label as usize] = index;
        } else {
            ties.tie(index, first[label as usize]);
        }
    }
    ties
}

/// The number of labels.
pub(crate) fn most(labels: &[u32]) -> usize {
    labels.iter().max().map_or(0, |&most| most as usize)
}

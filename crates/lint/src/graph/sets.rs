/// A partition of a tensor's elements: those that agree in their indices along the kept axes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sets {
    /// The shape that the elements are seen in.
    shape: Vec<usize>,
    /// The axes along which elements are in sets of their own.
    kept: Vec<bool>,
}

impl Sets {
    /// The sets along the axes that are not kept.
    pub(crate) fn along(shape: &[usize], axes: &[usize]) -> Self {
        Self { shape: shape.to_vec(), kept: (0..shape.len()).map(|axis| !axes.contains(&axis)).collect() }
    }

    /// The number of sets.
    pub(crate) fn count(&self) -> usize {
        self.shape.iter().zip(&self.kept).map(|(&size, &kept)| if kept { size } else { 1 }).product()
    }

    /// The set of each element.
    pub(crate) fn table(&self) -> Vec<u32> {
        let mut sets = vec![0_u32];
        for (&size, &kept) in self.shape.iter().zip(&self.kept) {
            let step = |at: usize| if kept { at as u32 } else { 0 };
            let count = if kept { size as u32 } else { 1 };
            sets = sets.iter().flat_map(|set| (0..size).map(move |at| set * count + step(at))).collect();
        }
        sets
    }
}

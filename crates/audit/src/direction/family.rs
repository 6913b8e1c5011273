use super::{Along, Partition};

/// The directions of one kind on the sets of one partition: disjoint, and so independent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) along: Along,
    pub(crate) partition: Partition,
}

/// All that are looked at in a tensor of a shape, the finest first: shifts over every choice of axes, and by groups of one axis;
/// scales of the whole, by one axis, and by its groups.
pub(crate) fn families(shape: &[usize]) -> Vec<Family> {
    let boxes = |runs: Vec<usize>| Partition::new(shape, runs);
    let long: Vec<usize> = (0..shape.len()).filter(|&axis| shape[axis] > 1).collect();
    let subsets = (0..1_usize << long.len()).map(|kept| {
        let mut runs = shape.to_vec();
        long.iter().enumerate().filter(|(bit, _)| kept >> bit & 1 == 1).for_each(|(_, &axis)| runs[axis] = 1);
        runs
    });
    let groups = || {
        long.iter().flat_map(|&axis| {
            let size = shape[axis];
            let lengths = (2..=size / 2).filter(move |run| size.is_multiple_of(*run));
            lengths.map(move |run| {
                let mut runs = shape.to_vec();
                runs[axis] = run;
                runs
            })
        })
    };
    let one_axis = long.iter().map(|&axis| {
        let mut runs = shape.to_vec();
        runs[axis] = 1;
        runs
    });
    // Every element's own scale is its own shift.
    let scales = one_axis.chain(groups()).chain([shape.to_vec()]).filter(|_| long.len() > 1);
    let whole = (long.len() == 1).then(|| shape.to_vec());
    let single_axis_groups = groups().filter(|_| long.len() == 1);
    let shift = |runs| Family { along: Along::Shift, partition: boxes(runs) };
    let scale = |runs| Family { along: Along::Scale, partition: boxes(runs) };
    let mut all: Vec<Family> = subsets.chain(groups()).map(shift).collect();
    all.extend(scales.chain(single_axis_groups).chain(whole).map(scale));
    all.sort_by_key(|family| (family.along == Along::Scale, std::cmp::Reverse(family.partition.sets())));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(shape: &[usize], along: Along) -> Vec<Vec<usize>> {
        let of_kind = families(shape).into_iter().filter(|family| family.along == along);
        of_kind.map(|family| family.partition.runs().to_vec()).collect()
    }

    #[test]
    fn a_vector_has_its_elements_groups_and_mean() {
        assert_eq!(runs(&[8], Along::Shift), [[1], [2], [4], [8]]);
        assert_eq!(runs(&[8], Along::Scale), [[2], [4], [8]]);
        assert_eq!(runs(&[1], Along::Shift), [[1]]);
        assert!(runs(&[1], Along::Scale).is_empty());
    }

    #[test]
    fn a_matrix_has_its_rows_and_columns_as_well() {
        let shifts = runs(&[2, 3], Along::Shift);
        assert_eq!(shifts, [[1, 1], [2, 1], [1, 3], [2, 3]]);
        assert_eq!(runs(&[2, 3], Along::Scale), [[2, 1], [1, 3], [2, 3]]);
    }
}

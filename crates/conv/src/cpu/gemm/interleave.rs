//! Rows put together from every other element.

use std::array;

use crate::cpu::im2col::locations::Run;

/// Writes the results of several products, which lie aside, to a plane: `rows` of each, `step` apart, from its `values`.
///
/// # Safety
/// The plane has room, and nobody else writes to it.
#[inline(always)]
pub(super) unsafe fn put_together<'v, T: Copy + 'v>(
    rows: &[Vec<Run>],
    step: usize,
    values: impl Fn(usize) -> &'v [T],
    plane: *mut T,
) {
    let mut product = 0;
    while let Some(first) = rows.get(product) {
        let second = rows.get(product + 1).filter(|second| step == 2 && are_neighbours(first, second));
        let of = |product: usize, run: &Run| &values(product)[run.at..][..run.len];
        for (at, run) in first.iter().enumerate() {
            // SAFETY: by the contract.
            unsafe {
                match second.map(|second| &second[at]) {
                    Some(other) => zip(of(product, run), of(product + 1, other), plane.add(run.start)),
                    None => scatter(of(product, run), step, plane.add(run.start)),
                }
            }
        }
        product += 1 + usize::from(second.is_some());
    }
}

/// Whether rows lie between those of other ones, each next to one of them, and as long, or one element shorter.
fn are_neighbours(rows: &[Run], others: &[Run]) -> bool {
    let pairs = || rows.iter().zip(others);
    rows.len() == others.len()
        && pairs().all(|(row, other)| other.start == row.start + 1 && (row.len - 1..=row.len).contains(&other.len))
}

/// Writes elements at a distance of `step`.
///
/// # Safety
/// There is room.
#[inline(always)]
unsafe fn scatter<T: Copy>(values: &[T], step: usize, to: *mut T) {
    for (i, &value) in values.iter().enumerate() {
        // SAFETY: by the contract.
        unsafe { to.add(i * step).write(value) };
    }
}

/// Writes elements of both by turns, so many at once that the compiler shuffles registers. The second has as many, or one
/// less.
///
/// # Safety
/// There is room.
#[inline(always)]
unsafe fn zip<T: Copy>(mut first: &[T], mut second: &[T], mut to: *mut T) {
    // SAFETY: by the contract.
    unsafe {
        while let (Some((one, firsts)), Some((other, seconds))) =
            (first.split_first_chunk(), second.split_first_chunk())
        {
            to.cast::<[T; 16]>().write_unaligned(by_turns::<T, 8, 16>(one, other));
            (first, second, to) = (firsts, seconds, to.add(16));
        }
        if let (Some((one, firsts)), Some((other, seconds))) = (first.split_first_chunk(), second.split_first_chunk()) {
            to.cast::<[T; 8]>().write_unaligned(by_turns::<T, 4, 8>(one, other));
            (first, second, to) = (firsts, seconds, to.add(8));
        }
        scatter(first, 2, to);
        scatter(second, 2, to.add(1));
    }
}

#[inline(always)]
fn by_turns<T: Copy, const N: usize, const BOTH: usize>(one: &[T; N], other: &[T; N]) -> [T; BOTH] {
    array::from_fn(|i| if i % 2 == 0 { one[i / 2] } else { other[i / 2] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_two_rows_come_by_turns() {
        for count in 0..70 {
            let values: Vec<usize> = (0..count).collect();
            let [even, odd] = [0, 1].map(|first| values.iter().copied().skip(first).step_by(2).collect::<Vec<_>>());
            let mut both = vec![usize::MAX; count];
            // SAFETY: as many as both rows have.
            unsafe { zip(&even, &odd, both.as_mut_ptr()) };
            assert_eq!(both, values);
        }
    }
}

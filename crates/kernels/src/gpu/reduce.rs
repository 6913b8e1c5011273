//! Sums over the units of a cube.
#![allow(missing_docs, reason = "`cube` makes a module and a struct of a function, and gives them no docs")]

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;

/// Sum of one value of each unit over those units whose positions are equal modulo `width`, in all of them: a tree in
/// shared memory. `units` is the number of units of the cube; both are powers of two.
///
/// Every unit of the cube has to call it, since the tree has barriers.
#[cube]
pub fn sum_of_cube<A: Float>(value: A, #[comptime] units: usize, #[comptime] width: usize) -> A {
    let mut sums = Shared::<[A]>::new_slice(units);
    let unit = UNIT_POS as usize;
    sums[unit] = value;
    sync_cube();
    let steps = comptime!((units / width).ilog2());
    #[unroll]
    for step in 0..steps {
        let reach = comptime!(units >> (step + 1));
        if unit < reach {
            sums[unit] = sums[unit] + sums[unit + reach];
        }
        sync_cube();
    }
    sums[unit % width]
}

//! The forward pass.
//!
//! Mean and variance by Welford's updates and Chan's combination of parts, of the values less the channel's first
//! one: what is left has the size of the spread, and so have the errors, where mean ≫ spread.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::launch::launch;
use super::plan::{Plan, like};
use super::units::{Channel, Layout, UnitRange, gate, has_channels, offset, scale_and_shift, unit_range, x_hat};

/// (y, statistics), of checked arguments.
pub(super) fn launch(
    x: CubeTensor,
    gamma: CubeTensor,
    beta: CubeTensor,
    epsilon: f64,
    relu: bool,
) -> (CubeTensor, CubeTensor) {
    let [x, gamma, beta] = [x, gamma, beta].map(into_contiguous);
    let plan = Plan::of(&x);
    let y = like(&x);
    let statistics = plan.wide(&x, [4, plan.channels]);
    let partials = (plan.splits > 1).then(|| partials(&plan, &x));
    let split = partials.is_some();
    // Without parts, the kernel does not touch them; γ stands in for the buffer that it is given.
    let partials = partials.unwrap_or_else(|| gamma.clone());
    let epsilon = InputScalar::new(epsilon, plan.types()[1]);
    // SAFETY: the ranges stay below `values`, γ and β were checked, and the outputs were made for this plan.
    unsafe {
        let client = x.client.clone();
        launch!(
            normalize_kernel,
            plan,
            client,
            [x, gamma, beta, partials, y.clone(), statistics.clone()],
            [epsilon],
            [split, relu]
        );
    }
    (y, statistics)
}

/// Count, mean and M2 of every part of every channel, `[c, splits, 3]`.
fn partials(plan: &Plan, x: &CubeTensor) -> CubeTensor {
    let partials = plan.wide(x, [plan.channels, plan.splits, 3]);
    // SAFETY: as in `launch`.
    unsafe {
        launch!(moments_kernel, plan, x.client, [x.clone(), partials.clone()], [], []);
    }
    partials
}

/// Count, mean and sum of squared distances from the mean (M2) of some values.
#[derive(CubeType)]
struct Moments<A: Float> {
    count: A,
    mean: A,
    m2: A,
}

/// Chan's formula, for parts of any size.
#[cube]
fn join<A: Float>(a: &Moments<A>, b: &Moments<A>) -> Moments<A> {
    let count = a.count + b.count;
    // Two empty parts have a mean of 0, not 0/0.
    let share = b.count / max(count, A::new(1.0));
    let delta = b.mean - a.mean;
    Moments::<A> { count, mean: a.mean + delta * share, m2: a.m2 + b.m2 + delta * delta * a.count * share }
}

/// The moments of one unit's values less `shift`, by Welford's updates.
#[cube]
fn moments_of_unit<E: Float, A: Float>(
    x: &[E],
    shift: A,
    range: &UnitRange,
    layout: &Layout,
    #[comptime] depth: usize,
) -> Moments<A> {
    let mut count = A::new(0.0);
    let mut mean = A::new(0.0);
    let mut m2 = A::new(0.0);
    let mut i = range.from;
    while i < range.to {
        let value = A::cast_from(x[offset(i, range.channel, layout)]) - shift;
        count += A::new(1.0);
        let delta = value - mean;
        mean += delta / count;
        m2 += delta * (value - mean);
        i += depth;
    }
    Moments::<A> { count, mean, m2 }
}

/// The moments of a whole cube, per channel, from those of its units: a tree in shared memory.
#[cube]
fn moments_of_cube<A: Float>(unit: &Moments<A>, #[comptime] units: usize, #[comptime] width: usize) -> Moments<A> {
    let mut counts = Shared::<[A]>::new_slice(units);
    let mut means = Shared::<[A]>::new_slice(units);
    let mut m2s = Shared::<[A]>::new_slice(units);
    let at = UNIT_POS as usize;
    counts[at] = unit.count;
    means[at] = unit.mean;
    m2s[at] = unit.m2;
    sync_cube();
    let steps = comptime!((units / width).ilog2());
    #[unroll]
    for step in 0..steps {
        let reach = comptime!(units >> (step + 1));
        if at < reach {
            let a = Moments::<A> { count: counts[at], mean: means[at], m2: m2s[at] };
            let b = Moments::<A> { count: counts[at + reach], mean: means[at + reach], m2: m2s[at + reach] };
            let both = join::<A>(&a, &b);
            counts[at] = both.count;
            means[at] = both.mean;
            m2s[at] = both.m2;
        }
        sync_cube();
    }
    let channel = at % width;
    Moments::<A> { count: counts[channel], mean: means[channel], m2: m2s[channel] }
}

/// First launch of two: each cube writes the moments of its part of its channels.
#[cube(launch_unchecked, address_type = "dynamic")]
fn moments_kernel<E: Float, A: Float>(
    x: &[E],
    partials: &mut [A],
    layout: Layout,
    #[comptime] units: usize,
    #[comptime] width: usize,
    #[define(E, A)] _types: [ElemType; 2],
) {
    if !has_channels(&layout, width) {
        terminate!();
    }
    let range = unit_range(&layout, width);
    let shift = A::cast_from(x[offset(0usize, range.channel, &layout)]);
    let unit = moments_of_unit::<E, A>(x, shift, &range, &layout, comptime!(units / width));
    let cube = moments_of_cube::<A>(&unit, units, width);
    if range.writes {
        let at = (range.channel * layout.splits + range.split) * 3;
        partials[at] = cube.count;
        partials[at + 1] = cube.mean;
        partials[at + 2] = cube.m2;
    }
}

/// One unit's share of the parts of its channel, joined in the order of the parts.
#[cube]
fn moments_of_parts<A: Float>(
    partials: &[A],
    channel: usize,
    splits: usize,
    #[comptime] width: usize,
    #[comptime] depth: usize,
) -> Moments<A> {
    let mut count = A::new(0.0);
    let mut mean = A::new(0.0);
    let mut m2 = A::new(0.0);
    let mut split = UNIT_POS as usize / width;
    while split < splits {
        let at = (channel * splits + split) * 3;
        let part = Moments::<A> { count: partials[at], mean: partials[at + 1], m2: partials[at + 2] };
        let both = join::<A>(&Moments::<A> { count, mean, m2 }, &part);
        count = both.count;
        mean = both.mean;
        m2 = both.m2;
        split += depth;
    }
    Moments::<A> { count, mean, m2 }
}

/// A channel's value as it is, by way of shared memory: shader compilers take real numbers for it, and (a + b) − a
/// for b, unless there is a barrier in between.
#[cube]
fn rounded<A: Float>(value: A, #[comptime] width: usize) -> A {
    let mut shared = Shared::<[A]>::new_slice(width);
    let at = UNIT_POS as usize;
    if at < width {
        shared[at] = value;
    }
    sync_cube();
    shared[at % width]
}

/// Normalizes: each cube its part of its channels, after taking (or, with `split`, combining) their moments.
#[cube(launch_unchecked, address_type = "dynamic")]
fn normalize_kernel<E: Float, A: Float>(
    x: &[E],
    gamma: &[A],
    beta: &[A],
    partials: &[A],
    y: &mut [E],
    statistics: &mut [A],
    epsilon: InputScalar,
    layout: Layout,
    #[comptime] units: usize,
    #[comptime] width: usize,
    #[comptime] split: bool,
    #[comptime] relu: bool,
    #[define(E, A)] _types: [ElemType; 2],
) {
    if !has_channels(&layout, width) {
        terminate!();
    }
    let depth = comptime!(units / width);
    let range = unit_range(&layout, width);
    let channel = range.channel;
    let shift = A::cast_from(x[offset(0usize, channel, &layout)]);
    let unit = if comptime!(split) {
        moments_of_parts::<A>(partials, channel, layout.splits, width, depth)
    } else {
        moments_of_unit::<E, A>(x, shift, &range, &layout, depth)
    };
    let moments = moments_of_cube::<A>(&unit, units, width);

    let mean = rounded::<A>(shift + moments.mean, width);
    // Exact where |shift| > |moments.mean|; elsewhere rounding took less than matters beside the spread.
    let residual = (shift - mean) + moments.mean;
    let var = moments.m2 / moments.count;
    let r = A::new(1.0) / (var + epsilon.get::<A>()).sqrt();
    if range.writes && range.split == 0 {
        statistics[channel] = mean;
        statistics[layout.channels + channel] = residual;
        statistics[2 * layout.channels + channel] = var;
        statistics[3 * layout.channels + channel] = r;
    }

    let of = Channel::<A> { mean, residual, r, gamma: gamma[channel], beta: beta[channel] };
    let mut i = range.from;
    while i < range.to {
        let at = offset(i, channel, &layout);
        let u = scale_and_shift::<A>(x_hat::<A>(A::cast_from(x[at]), &of), &of);
        y[at] = E::cast_from(gate::<A>(u, u, relu));
        i += depth;
    }
}

//! The backward pass: dx = γ·r·(dy − mean(dy) − x̂·mean(dy·x̂)), dγ = Σ dy·x̂, dβ = Σ dy.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use untied_kernels::gpu::sum_of_cube;

use super::launch::launch;
use super::plan::{Plan, like};
use super::units::{Channel, Layout, UnitRange, gate, has_channels, offset, scale_and_shift, unit_range, x_hat};

/// (dx, dγ, dβ), given checked [x, γ, β, statistics, dy].
pub(super) fn launch(inputs: [CubeTensor; 5], relu: bool) -> (CubeTensor, CubeTensor, CubeTensor) {
    let inputs = inputs.map(into_contiguous);
    let plan = Plan::of(&inputs[0]);
    let dx = like(&inputs[0]);
    let sums = plan.sums(&inputs[0]);
    let split = plan.splits > 1;
    if split {
        launch_sums(&plan, inputs.clone(), sums.clone(), relu);
    }
    let [x, gamma, beta, statistics, dy] = inputs;
    // SAFETY: the ranges stay below `values`, all inputs were checked, and the outputs were made for this plan.
    unsafe {
        let client = x.client.clone();
        launch!(
            gradients_kernel,
            plan,
            client,
            [x, gamma, beta, statistics, dy, dx.clone(), sums.clone()],
            [],
            [split, relu]
        );
    }
    let [dgamma, dbeta] = plan.rows_of_sums(sums);
    (dx, dgamma, dbeta)
}

/// Σ dy·x̂ and Σ dy of every part of every channel.
fn launch_sums(plan: &Plan, [x, gamma, beta, statistics, dy]: [CubeTensor; 5], sums: CubeTensor, relu: bool) {
    // SAFETY: as in `launch`.
    unsafe {
        let client = x.client.clone();
        launch!(sums_kernel, plan, client, [x, gamma, beta, statistics, dy, sums], [], [relu]);
    }
}

/// Σ dy and Σ dy·x̂ of some values.
#[derive(CubeType)]
struct Sums<A: Float> {
    dy: A,
    dy_x_hat: A,
}

/// Mean, scale and shift of a channel, from the statistics of the forward pass.
#[cube]
fn channel_of<A: Float>(channel: usize, channels: usize, gamma: &[A], beta: &[A], statistics: &[A]) -> Channel<A> {
    Channel::<A> {
        mean: statistics[channel],
        residual: statistics[channels + channel],
        r: statistics[3 * channels + channel],
        gamma: gamma[channel],
        beta: beta[channel],
    }
}

/// ∂J/∂u of one value: dy, or 0 where the ReLU or rounding y to its type gave 0.
#[cube]
fn relu_backward<E: Float, A: Float>(dy: A, x_hat: A, of: &Channel<A>, #[comptime] relu: bool) -> A {
    let u = E::cast_from(scale_and_shift::<A>(x_hat, of));
    gate::<A>(dy, A::cast_from(u), relu)
}

/// The sums of one unit's values.
#[cube]
fn sums_of_unit<E: Float, A: Float>(
    x: &[E],
    dy: &[E],
    of: &Channel<A>,
    range: &UnitRange,
    layout: &Layout,
    #[comptime] depth: usize,
    #[comptime] relu: bool,
) -> Sums<A> {
    let mut sum_dy = A::new(0.0);
    let mut sum_dy_x_hat = A::new(0.0);
    let mut i = range.from;
    while i < range.to {
        let at = offset(i, range.channel, layout);
        let x_hat = x_hat::<A>(A::cast_from(x[at]), of);
        let du = relu_backward::<E, A>(A::cast_from(dy[at]), x_hat, of, relu);
        sum_dy += du;
        sum_dy_x_hat += du * x_hat;
        i += depth;
    }
    Sums::<A> { dy: sum_dy, dy_x_hat: sum_dy_x_hat }
}

/// The sums of a whole cube, per channel, from those of its units.
#[cube]
fn sums_of_cube<A: Float>(unit: &Sums<A>, #[comptime] units: usize, #[comptime] width: usize) -> Sums<A> {
    let dy = sum_of_cube::<A>(unit.dy, units, width);
    let dy_x_hat = sum_of_cube::<A>(unit.dy_x_hat, units, width);
    Sums::<A> { dy, dy_x_hat }
}

/// First launch of two: each cube writes the sums of its part of its channels.
#[cube(launch_unchecked, address_type = "dynamic")]
fn sums_kernel<E: Float, A: Float>(
    x: &[E],
    gamma: &[A],
    beta: &[A],
    statistics: &[A],
    dy: &[E],
    sums: &mut [A],
    layout: Layout,
    #[comptime] units: usize,
    #[comptime] width: usize,
    #[comptime] relu: bool,
    #[define(E, A)] _types: [ElemType; 2],
) {
    if !has_channels(&layout, width) {
        terminate!();
    }
    let range = unit_range(&layout, width);
    let of = channel_of::<A>(range.channel, layout.channels, gamma, beta, statistics);
    let unit = sums_of_unit::<E, A>(x, dy, &of, &range, &layout, comptime!(units / width), relu);
    let cube = sums_of_cube::<A>(&unit, units, width);
    if range.writes {
        let at = part_offset(range.channel, range.split, &layout);
        sums[at] = cube.dy;
        sums[at + 1] = cube.dy_x_hat;
    }
}

/// Offset of the two sums of a part: behind the rows for dγ and dβ.
#[cube]
fn part_offset(channel: usize, split: usize, layout: &Layout) -> usize {
    2 * layout.padded_channels + (channel * layout.splits + split) * 2
}

/// dx: each cube its part of its channels, after taking (or, with `split`, adding up) their sums; and dγ, dβ: the first
/// two rows of `sums`, behind which the parts lie.
///
/// One buffer for all three: with the one for the layout there are eight, as many as WebGPU promises.
#[cube(launch_unchecked, address_type = "dynamic")]
fn gradients_kernel<E: Float, A: Float>(
    x: &[E],
    gamma: &[A],
    beta: &[A],
    statistics: &[A],
    dy: &[E],
    dx: &mut [E],
    sums: &mut [A],
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
    let of = channel_of::<A>(channel, layout.channels, gamma, beta, statistics);
    let unit = if comptime!(split) {
        // This unit's share of the parts of its channel.
        let mut dy = A::new(0.0);
        let mut dy_x_hat = A::new(0.0);
        let mut part = UNIT_POS as usize / width;
        while part < layout.splits {
            let at = part_offset(channel, part, &layout);
            dy += sums[at];
            dy_x_hat += sums[at + 1];
            part += depth;
        }
        Sums::<A> { dy, dy_x_hat }
    } else {
        sums_of_unit::<E, A>(x, dy, &of, &range, &layout, depth, relu)
    };
    let cube = sums_of_cube::<A>(&unit, units, width);
    if range.writes && range.split == 0 {
        sums[channel] = cube.dy_x_hat;
        sums[layout.padded_channels + channel] = cube.dy;
    }

    let count = A::cast_from(layout.values);
    let along_ones = cube.dy / count;
    let along_x_hat = cube.dy_x_hat / count;
    let scale = of.gamma * of.r;
    let mut i = range.from;
    while i < range.to {
        let at = offset(i, channel, &layout);
        let x_hat = x_hat::<A>(A::cast_from(x[at]), &of);
        let du = relu_backward::<E, A>(A::cast_from(dy[at]), x_hat, &of, relu);
        dx[at] = E::cast_from(scale * (du - along_ones - x_hat * along_x_hat));
        i += depth;
    }
}

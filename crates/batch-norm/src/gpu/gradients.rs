//! The backward pass: dx = γ·r·(dy − mean(dy) − x̂·mean(dy·x̂)), dγ = Σ dy·x̂, dβ = Σ dy.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::Plan;
use super::plan::like;
use super::walk::{Channel, Layout, Walk, has_channels, pass, place, scale_and_shift, walk, x_hat};

/// (dx, dγ, dβ), given [x, γ, β, statistics, dy] that [`check::backward`](crate::check::backward) let pass.
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
    // SAFETY: the walks stay below `values`, all inputs were checked, and the outputs were made for this plan.
    unsafe {
        gradients_kernel::launch_unchecked(
            &x.client.clone(),
            plan.cubes(),
            plan.cube(),
            plan.address(),
            x.into_buffer_arg(),
            gamma.into_buffer_arg(),
            beta.into_buffer_arg(),
            statistics.into_buffer_arg(),
            dy.into_buffer_arg(),
            dx.clone().into_buffer_arg(),
            sums.clone().into_buffer_arg(),
            plan.layout(),
            plan.units,
            plan.width,
            split,
            relu,
            plan.types(),
        );
    }
    let [dgamma, dbeta] = plan.rows_of_sums(sums);
    (dx, dgamma, dbeta)
}

/// Σ dy·x̂ and Σ dy of every part of every channel.
fn launch_sums(plan: &Plan, [x, gamma, beta, statistics, dy]: [CubeTensor; 5], sums: CubeTensor, relu: bool) {
    // SAFETY: as in `launch`.
    unsafe {
        sums_kernel::launch_unchecked(
            &x.client.clone(),
            plan.cubes(),
            plan.cube(),
            plan.address(),
            x.into_buffer_arg(),
            gamma.into_buffer_arg(),
            beta.into_buffer_arg(),
            statistics.into_buffer_arg(),
            dy.into_buffer_arg(),
            sums.into_buffer_arg(),
            plan.layout(),
            plan.units,
            plan.width,
            relu,
            plan.types(),
        );
    }
}

/// Σ dy and Σ dy·x̂ of some values.
#[derive(CubeType)]
struct Sums<A: Float> {
    dy: A,
    dy_x_hat: A,
}

/// What the forward pass left of a channel.
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

/// ∂J/∂u of one value: dy, or 0 where the ReLU cut or rounding y to its type gave 0.
#[cube]
fn cut<E: Float, A: Float>(dy: A, x_hat: A, of: &Channel<A>, #[comptime] relu: bool) -> A {
    let u = E::cast_from(scale_and_shift::<A>(x_hat, of));
    pass::<A>(dy, A::cast_from(u), relu)
}

/// The sums of one unit's values.
#[cube]
fn sums_of_unit<E: Float, A: Float>(
    x: &[E],
    dy: &[E],
    of: &Channel<A>,
    walk: &Walk,
    layout: &Layout,
    #[comptime] depth: usize,
    #[comptime] relu: bool,
) -> Sums<A> {
    let mut sum_dy = A::new(0.0);
    let mut sum_dy_x_hat = A::new(0.0);
    let mut i = walk.from;
    while i < walk.to {
        let at = place(i, walk.channel, layout);
        let x_hat = x_hat::<A>(A::cast_from(x[at]), of);
        let du = cut::<E, A>(A::cast_from(dy[at]), x_hat, of, relu);
        sum_dy += du;
        sum_dy_x_hat += du * x_hat;
        i += depth;
    }
    Sums::<A> { dy: sum_dy, dy_x_hat: sum_dy_x_hat }
}

/// The sums of a whole cube, per channel, from those of its units: a tree in shared memory.
#[cube]
fn sums_of_cube<A: Float>(unit: &Sums<A>, #[comptime] units: usize, #[comptime] width: usize) -> Sums<A> {
    let mut dys = Shared::<[A]>::new_slice(units);
    let mut dy_x_hats = Shared::<[A]>::new_slice(units);
    let at = UNIT_POS as usize;
    dys[at] = unit.dy;
    dy_x_hats[at] = unit.dy_x_hat;
    sync_cube();
    let steps = comptime!((units / width).ilog2());
    #[unroll]
    for step in 0..steps {
        let reach = comptime!(units >> (step + 1));
        if at < reach {
            dys[at] = dys[at] + dys[at + reach];
            dy_x_hats[at] = dy_x_hats[at] + dy_x_hats[at + reach];
        }
        sync_cube();
    }
    let channel = at % width;
    Sums::<A> { dy: dys[channel], dy_x_hat: dy_x_hats[channel] }
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
    let walk = walk(&layout, width);
    let of = channel_of::<A>(walk.channel, layout.channels, gamma, beta, statistics);
    let unit = sums_of_unit::<E, A>(x, dy, &of, &walk, &layout, comptime!(units / width), relu);
    let cube = sums_of_cube::<A>(&unit, units, width);
    if walk.writes {
        let at = place_of_part(walk.channel, walk.split, &layout);
        sums[at] = cube.dy;
        sums[at + 1] = cube.dy_x_hat;
    }
}

/// Where the two sums of a part lie: behind the rows for dγ and dβ.
#[cube]
fn place_of_part(channel: usize, split: usize, layout: &Layout) -> usize {
    2 * layout.row + (channel * layout.splits + split) * 2
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
    let walk = walk(&layout, width);
    let channel = walk.channel;
    let of = channel_of::<A>(channel, layout.channels, gamma, beta, statistics);
    let unit = if comptime!(split) {
        // This unit's share of the parts of its channel.
        let mut dy = A::new(0.0);
        let mut dy_x_hat = A::new(0.0);
        let mut part = UNIT_POS as usize / width;
        while part < layout.splits {
            let at = place_of_part(channel, part, &layout);
            dy += sums[at];
            dy_x_hat += sums[at + 1];
            part += depth;
        }
        Sums::<A> { dy, dy_x_hat }
    } else {
        sums_of_unit::<E, A>(x, dy, &of, &walk, &layout, depth, relu)
    };
    let cube = sums_of_cube::<A>(&unit, units, width);
    if walk.writes && walk.split == 0 {
        sums[channel] = cube.dy_x_hat;
        sums[layout.row + channel] = cube.dy;
    }

    let count = A::cast_from(layout.values);
    let along_ones = cube.dy / count;
    let along_x_hat = cube.dy_x_hat / count;
    let scale = of.gamma * of.r;
    let mut i = walk.from;
    while i < walk.to {
        let at = place(i, channel, &layout);
        let x_hat = x_hat::<A>(A::cast_from(x[at]), &of);
        let du = cut::<E, A>(A::cast_from(dy[at]), x_hat, &of, relu);
        dx[at] = E::cast_from(scale * (du - along_ones - x_hat * along_x_hat));
        i += depth;
    }
}

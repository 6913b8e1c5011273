//! Launch of a kernel.

/// Launches a kernel on the cubes of a plan: its buffers, its scalars, and what it is compiled for.
macro_rules! launch {
    ($kernel:ident, $plan:expr, $client:expr, [$($buffer:expr),*], [$($scalar:expr),*], [$($constant:expr),*]) => {
        $kernel::launch_unchecked(
            &$client,
            $plan.cubes(),
            $plan.cube(),
            $plan.address(),
            $($buffer.into_buffer_arg(),)*
            $($scalar,)*
            $plan.layout(),
            $plan.units,
            $plan.width,
            $($constant,)*
            $plan.types(),
        )
    };
}
pub(super) use launch;

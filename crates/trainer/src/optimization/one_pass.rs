//! A rule's update of a whole parameter in one pass over memory, on the CPU.

use std::mem::MaybeUninit;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Device, Tensor};
use untied_kernels::cpu::{Real, filled};
use untied_kernels::vectorized;

/// What a rule makes of one element, in the type of the parameter. Each operation rounds once, in the order of the rule's
/// operations on tensors, so that both give the same bits.
pub(super) trait Update<const S: usize>: Copy {
    /// The new parameter, and its new states.
    fn element<T: Real>(self, parameter: T, gradient: T, states: [T; S]) -> (T, [T; S]);
}

/// Whether parameters like this one are updated in one pass.
pub(super) fn takes<const D: usize>(parameter: &Tensor<D>) -> bool {
    parameter.device() == Device::flex() && matches!(parameter.dtype(), DType::F32 | DType::F64)
}

/// The new parameter, beside the old one, and its states, in their memory where nobody else holds it; all of one shape and type
/// that the pass [takes].
pub(super) fn updated<const D: usize, const S: usize>(
    update: impl Update<S>,
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    states: [Tensor<D>; S],
) -> (Tensor<D>, [Tensor<D>; S]) {
    let dtype = parameter.dtype();
    let primitive = |tensor: Tensor<D>| tensor.try_into_primitive::<Flex>().expect("a tensor of Flex");
    let (parameter, gradient, states) = (primitive(parameter), primitive(gradient), states.map(primitive));
    let (parameter, states) = match dtype {
        DType::F64 => typed::<f64, S>(update, &parameter, &gradient, states),
        _ => typed::<f32, S>(update, &parameter, &gradient, states),
    };
    (Tensor::from_primitive::<Flex>(parameter), states.map(Tensor::from_primitive::<Flex>))
}

fn typed<T: Real, const S: usize>(
    update: impl Update<S>,
    parameter: &FlexTensor,
    gradient: &FlexTensor,
    states: [FlexTensor; S],
) -> (FlexTensor, [FlexTensor; S]) {
    let [parameter, gradient] = [parameter, gradient].map(FlexTensor::to_contiguous);
    let mut states = states.map(|state| if is_whole(&state) { state } else { state.to_contiguous() });
    let fill = |new: &mut [MaybeUninit<T>]| {
        let mut states = states.each_mut().map(FlexTensor::storage_mut::<T>);
        vectorized!(run(update, parameter.storage(), gradient.storage(), &mut states, new));
    };
    // SAFETY: every element is written.
    let (new, ()) = unsafe { filled(parameter.layout().shape().clone(), fill) };
    (new, states)
}

/// Whether memory is just the elements in order.
fn is_whole(tensor: &FlexTensor) -> bool {
    let bytes = tensor.layout().num_elements() * tensor.dtype().size();
    tensor.is_contiguous() && tensor.layout().start_offset() == 0 && tensor.bytes().len() == bytes
}

#[expect(clippy::inline_always, reason = "only what is inlined is compiled for the machine's wide registers")]
#[inline(always)]
fn run<T: Real, const S: usize>(
    update: impl Update<S>,
    parameter: &[T],
    gradient: &[T],
    states: &mut [&mut [T]; S],
    new: &mut [MaybeUninit<T>],
) {
    let count = new.len();
    let (parameter, gradient) = (&parameter[..count], &gradient[..count]);
    let states = states.each_mut().map(
        #[inline(always)]
        |state| &mut state[..count],
    );
    for at in 0..count {
        let old = states.each_ref().map(
            #[inline(always)]
            |state| state[at],
        );
        let (value, next) = update.element(parameter[at], gradient[at], old);
        new[at].write(value);
        for which in 0..S {
            states[which][at] = next[which];
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use burn::optim::{Optimizer, RecordState, StateSink};
    use burn::tensor::TensorData;
    use untied_gradcheck::Input;

    use super::*;

    fn drawn(shape: [usize; 2], seed: u64, dtype: DType) -> Tensor<2> {
        let values = Input::random("values", shape, seed).values;
        Tensor::from_data(TensorData::new(values, shape), (&Device::flex(), dtype))
    }

    /// The parameter after each of five steps, and what is kept of the state.
    fn course<R: Optimizer>(rule: &R, dtype: DType) -> (Vec<TensorData>, Vec<(String, TensorData)>) {
        let (mut parameter, mut state) = (drawn([7, 5], 0, dtype), None);
        let mut after = Vec::new();
        for seed in 1..6 {
            // A view, as some gradients are.
            let gradient = drawn([5, 7], seed, dtype).transpose();
            assert!(takes(&parameter), "updated in one pass");
            (parameter, state) = rule.step(0.03, parameter, gradient, state);
            after.push(parameter.to_data());
        }
        let mut kept = StateSink::default();
        state.expect("a state").state_flatten("7", &mut kept);
        (after, kept.tensors)
    }

    /// Asserts that two rules take the same steps, and keep the same, bit by bit, in both types.
    pub(in crate::optimization) fn assert_courses_agree(a: &impl Optimizer, b: &impl Optimizer) {
        for dtype in [DType::F32, DType::F64] {
            let (a, b) = (course(a, dtype), course(b, dtype));
            assert!(a == b, "{dtype:?}: {a:?} and {b:?}");
        }
    }

    #[derive(Clone, Copy)]
    struct Sums;

    impl Update<1> for Sums {
        fn element<T: Real>(self, parameter: T, gradient: T, [state]: [T; 1]) -> (T, [T; 1]) {
            (parameter + gradient, [state - gradient])
        }
    }

    #[test]
    fn what_others_hold_stays_as_it_is() {
        let tensors = [1, 2, 3].map(|seed| drawn([4, 9], seed, DType::F32));
        let values = || tensors.each_ref().map(Tensor::to_data);
        let before = values();
        let [parameter, gradient, state] = tensors.clone();
        let (new, [next]) = updated(Sums, parameter.clone(), gradient.clone(), [state.clone()]);
        assert_eq!(values(), before);
        assert_eq!(
            [new, next].map(|tensor| tensor.to_data()),
            [parameter + gradient.clone(), state - gradient].map(|tensor| tensor.to_data())
        );
    }
}

//! Sums of the gradient of the output for the gradient of a bias.

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;

use burn::backend::flex::FlexTensor;
use burn::tensor::Shape;
use untied_kernels::cpu::{Real, tensor};

use super::portions::Portion;
use crate::cpu::simd::{self, Kernel};

/// Sums of dy over the images that the bias wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// None: there is no bias.
    None,
    /// Over the locations too: `[channels_out]`.
    PerFilter,
    /// `[channels_out, locations]`.
    PerLocation,
}

impl Sharing {
    /// For a bias `[channels_out, …]`, 1 along the axes that share it.
    pub(crate) fn of(bias: &[usize]) -> Self {
        if bias[1..].iter().all(|&size| size == 1) { Self::PerFilter } else { Self::PerLocation }
    }

    /// Sums of one filter for so many locations.
    pub(crate) fn per_filter(self, locations: usize) -> usize {
        match self {
            Self::None => 0,
            Self::PerFilter => 1,
            Self::PerLocation => locations,
        }
    }
}

/// Partial sums of one portion: in the type of dy per location, since each takes in a few images alone; in f64 per filter,
/// but for a few registers that are added before their sum becomes f64.
pub(crate) enum BiasSums<T> {
    None,
    /// `[channels_out, lanes of a register]`
    PerFilter(Vec<f64>),
    /// `[channels_out, locations of the portion]`
    PerLocation(Vec<T>),
}

/// Registers that are added before their sum becomes f64.
const TOGETHER: usize = 8;

impl<T: Real> BiasSums<T> {
    /// The sums over some images of dy `[images, planes of filters]`, at some locations. Each plane is read from its
    /// first location to its last: if they are read next, in whatever order, they are in the cache.
    #[inline(always)]
    pub(crate) fn new<S: Simd>(
        simd: S,
        sharing: Sharing,
        dy: &[T],
        plane: usize,
        filters: usize,
        portion: &Portion,
    ) -> Self {
        let Portion { images, locations } = portion;
        let values = |image: usize, filter: usize| &dy[(image * filters + filter) * plane..][locations.clone()];
        match sharing {
            Sharing::None => Self::None,
            Sharing::PerFilter => {
                let lanes = T::lanes::<S>();
                let mut sums = vec![0.0; filters * lanes];
                for image in images.clone() {
                    for (filter, sums) in sums.chunks_exact_mut(lanes).enumerate() {
                        for values in values(image, filter).chunks(TOGETHER * lanes) {
                            add_lanes(simd, values, sums);
                        }
                    }
                }
                Self::PerFilter(sums)
            }
            Sharing::PerLocation => {
                let mut sums = Vec::<T>::with_capacity(filters * locations.len());
                for filter in 0..filters {
                    let start = (images.start * filters + filter) * plane + locations.start;
                    let distance = filters * plane;
                    // All that is read, with what lies between.
                    let planes = &dy[start..][..(images.len() - 1) * distance + locations.len()];
                    // SAFETY: the slice reaches to the last image's locations, and there is room.
                    unsafe {
                        let to = sums.as_mut_ptr().add(filter * locations.len());
                        add_images(simd, planes, locations.len(), images.len(), distance, to);
                    }
                }
                // SAFETY: all were written.
                unsafe { sums.set_len(filters * locations.len()) };
                Self::PerLocation(sums)
            }
        }
    }
}

/// Writes to `sums` the sums of the first `len` elements of `images` planes, which are `distance` apart.
///
/// # Safety
/// `planes` reaches from the first to the last of these elements, and there is room for `len` sums.
#[inline(always)]
unsafe fn add_images<S: Simd, T: Real>(
    simd: S,
    planes: &[T],
    len: usize,
    images: usize,
    distance: usize,
    sums: *mut T,
) {
    let lanes = T::lanes::<S>();
    for at in (0..len).step_by(lanes) {
        let mask = T::tail(simd, len - at);
        // SAFETY: within the planes and the room, by the contract: the pointer comes from a slice of all that it reads.
        unsafe {
            let mut from = planes.as_ptr().add(at);
            let mut sum = T::load_part(simd, mask, from);
            for _ in 1..images {
                from = from.add(distance);
                sum = T::plus(simd, sum, T::load_part(simd, mask, from));
            }
            T::store_part(simd, mask, sums.add(at), sum);
        }
    }
}

/// Adds the values to the sums of a register's lanes.
#[inline(always)]
fn add_lanes<S: Simd, T: Real>(simd: S, values: &[T], sums: &mut [f64]) {
    let lanes = T::lanes::<S>();
    let mut sum = T::splat(simd, T::ZERO);
    for at in (0..values.len()).step_by(lanes) {
        let mask = T::tail(simd, values.len() - at);
        // SAFETY: within the values.
        sum = T::plus(simd, sum, unsafe { T::load_part(simd, mask, values.as_ptr().add(at)) });
    }
    for (total, sum) in sums.iter_mut().zip(T::elements::<S>(&sum)) {
        *total += sum.f64();
    }
}

/// The portions' sums, added in their order: `[filters, count]`. Each portion has its locations.
pub(crate) fn gather<T: Real>(portions: &[(Range<usize>, BiasSums<T>)], filters: usize, count: usize) -> Vec<f64> {
    let mut all = vec![0.0; filters * count];
    let together = (1 << 12) / (count * portions.len()).max(1) + 1;
    let sums = all.par_chunks_exact_mut(count.max(1)).with_min_len(together).enumerate();
    sums.for_each(|(filter, sums)| simd::run(Gather { portions, filter, sums }));
    all
}

/// Adds up the sums of one filter.
struct Gather<'a, T> {
    portions: &'a [(Range<usize>, BiasSums<T>)],
    filter: usize,
    sums: &'a mut [f64],
}

impl<T: Real> Kernel for Gather<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, _: S) {
        for (locations, portion) in self.portions {
            match portion {
                BiasSums::None => {}
                BiasSums::PerFilter(sums) => {
                    let lanes = T::lanes::<S>();
                    self.sums[0] += sums[self.filter * lanes..][..lanes].iter().sum::<f64>();
                }
                BiasSums::PerLocation(sums) => {
                    let sums = &sums[self.filter * locations.len()..][..locations.len()];
                    for (all, sum) in self.sums[locations.clone()].iter_mut().zip(sums) {
                        *all += sum.f64();
                    }
                }
            }
        }
    }
}

/// All sums of a contiguous dy for a bias of the given shape, where nothing else of dy is needed.
pub(crate) fn over_images<T: Real>(dy: &FlexTensor, bias: &Shape) -> Vec<f64> {
    let [images, filters, spatial @ ..] = &dy.layout().shape()[..] else {
        panic!("convolution: expected dy [n, c, ...]")
    };
    let (filters, locations, dy) = (*filters, spatial.iter().product(), dy.storage::<T>());
    let count = Sharing::of(bias).per_filter(locations);
    let mut all = vec![0.0; filters * count];
    all.par_chunks_exact_mut(count.max(1)).enumerate().for_each(|(filter, sums)| {
        for image in 0..*images {
            let values = &dy[(image * filters + filter) * locations..][..locations];
            match sums {
                [sum] => *sum += values.iter().map(|value| value.f64()).sum::<f64>(),
                _ => sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value.f64()),
            }
        }
    });
    all
}

/// db from sums per filter, or per filter and location of y.
pub(crate) fn bias_gradient<T: Real>(sums: Vec<f64>, y: &[usize], shape: Shape) -> FlexTensor {
    let shared = sums.len() != shape.num_elements();
    let sums = if shared { share(&sums, &y[1..], &shape) } else { sums };
    tensor(sums.into_iter().map(T::from_f64).collect(), shape)
}

/// Adds the sums of the locations that share a parameter of the bias.
fn share(sums: &[f64], from: &[usize], to: &[usize]) -> Vec<f64> {
    let mut shared = vec![0.0; to.iter().product()];
    for (mut at, sum) in sums.iter().enumerate() {
        let (mut index, mut stride) = (0, 1);
        for (&size, &own) in from.iter().zip(to).rev() {
            index += at % size % own * stride;
            (at, stride) = (at / size, stride * own);
        }
        shared[index] += sum;
    }
    shared
}

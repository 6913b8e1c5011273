use std::ops::Range;

use crate::axes::{broadcast, means_along, size};
use crate::{BiasTerms, ShiftClass};

/// The gauge freedom of a sum of terms outside the removed class: what one term gains and others lose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gauge {
    /// The output's shape, its channels split into groups and what a group holds.
    output: Vec<usize>,
    /// The shape of each term, split alike, and the range of its parameters.
    terms: Vec<(Vec<usize>, Range<usize>)>,
    /// The components that at least two terms share and that are not removed.
    shared: Vec<Component>,
}

/// A set of axes T, as the bits of a number, with the terms that keep all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Component {
    axes: usize,
    terms: Vec<usize>,
}

/// How coefficients are taken: as they are, or all of them positive, which bounds what rounding makes of a projection.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rounding {
    Exact,
    Bound,
}

impl Rounding {
    /// The difference, or where it is to be a bound, the sum.
    fn less(self, value: f64, other: f64) -> f64 {
        if self == Self::Exact { value - other } else { value + other }
    }
}

impl Gauge {
    pub(super) fn new(removed: ShiftClass, bias: &BiasTerms) -> Self {
        let groups = if let ShiftClass::Groups(groups) = removed { groups } else { 1 };
        let split = |shape: &[usize]| {
            let channels: &[usize] = if shape[0] == bias.channels() { &[groups, shape[0] / groups] } else { &[1, 1] };
            [channels, &shape[1..]].concat()
        };
        let terms: Vec<_> = bias.terms().iter().map(|term| split(term)).zip(bias.ranges()).collect();
        let mut gauge = Self { output: split(bias.output()), terms, shared: vec![] };
        let in_class = |axes: usize| match removed {
            ShiftClass::Nothing => false,
            ShiftClass::Groups(_) => axes & !1 == 0,
            ShiftClass::Everything => true,
        };
        let components = (0..1_usize << gauge.output.len()).filter(|&axes| !in_class(axes) && gauge.size_of(axes) > 0);
        let shared = components.map(|axes| gauge.component(axes)).filter(|component| component.terms.len() > 1);
        gauge.shared = shared.collect();
        gauge
    }

    fn component(&self, axes: usize) -> Component {
        let keeps = |term: &[usize]| self.axes_of(axes).all(|axis| term[axis] == self.output[axis]);
        Component { axes, terms: (0..self.terms.len()).filter(|&term| keeps(&self.terms[term].0)).collect() }
    }

    fn axes_of(&self, axes: usize) -> impl Iterator<Item = usize> {
        (0..self.output.len()).filter(move |axis| axes >> axis & 1 == 1)
    }

    /// The dimension of a component: ∏(n − 1) over its axes.
    fn size_of(&self, axes: usize) -> usize {
        self.axes_of(axes).map(|axis| self.output[axis] - 1).product()
    }

    pub(super) fn dimensions(&self) -> usize {
        self.shared.iter().map(|component| (component.terms.len() - 1) * self.size_of(component.axes)).sum()
    }

    /// Adds the projection of `values` on the gauge freedom.
    pub(super) fn add(&self, values: &[f64], rounding: Rounding, projection: &mut [f64]) {
        for component in &self.shared {
            let shape: Vec<usize> = (0..self.output.len())
                .map(|axis| if component.axes >> axis & 1 == 1 { self.output[axis] } else { 1 })
                .collect();
            let parts: Vec<_> = component.terms.iter().map(|&term| self.part(term, &shape, values, rounding)).collect();
            let repeats = |&term: &usize| (self.terms[term].1.len() / size(&shape)) as f64;
            let total: f64 = component.terms.iter().map(|term| 1.0 / repeats(term)).sum();
            let sum = |index: usize| parts.iter().map(|part| part[index]).sum::<f64>();
            let lambda: Vec<f64> = (0..size(&shape)).map(|index| sum(index) / total).collect();
            for (term, part) in component.terms.iter().zip(&parts) {
                let (dimensions, range) = &self.terms[*term];
                for (value, index) in projection[range.clone()].iter_mut().zip(broadcast(&shape, dimensions)) {
                    *value += rounding.less(part[index], lambda[index] / repeats(term));
                }
            }
        }
    }

    /// The component of a term that lives on the axes where `shape` is not 1.
    fn part(&self, term: usize, shape: &[usize], values: &[f64], rounding: Rounding) -> Vec<f64> {
        let (mut dimensions, range) = self.terms[term].clone();
        let mut part = values[range].to_vec();
        for axis in 0..dimensions.len() {
            let means = means_along(&part, &dimensions, axis);
            let mut reduced = dimensions.clone();
            reduced[axis] = 1;
            if shape[axis] == 1 {
                (part, dimensions) = (means, reduced);
            } else {
                for (value, index) in part.iter_mut().zip(broadcast(&reduced, &dimensions)) {
                    *value = rounding.less(*value, means[index]);
                }
            }
        }
        part
    }

    /// Directions that, with the removed class, span the gauge freedom: for two terms, what one gains and the other loses
    /// at one index of the axes that both keep.
    pub(super) fn directions(&self) -> Vec<Vec<(usize, f64)>> {
        // Of each component, which terms are connected so far: the smallest of them.
        let mut connected: Vec<Vec<usize>> = self.shared.iter().map(|_| (0..self.terms.len()).collect()).collect();
        let mut directions = vec![];
        for second in 0..self.terms.len() {
            for first in 0..second {
                let mut adds = false;
                for (component, smallest) in self.shared.iter().zip(&mut connected) {
                    let [a, b] = [first, second].map(|term| smallest[term]);
                    if a != b && [first, second].iter().all(|term| component.terms.contains(term)) {
                        smallest.iter_mut().filter(|term| **term == b).for_each(|term| *term = a);
                        adds = true;
                    }
                }
                if adds {
                    directions.extend(self.exchanges(first, second));
                }
            }
        }
        directions
    }

    fn exchanges(&self, first: usize, second: usize) -> Vec<Vec<(usize, f64)>> {
        let [one, other] = [first, second].map(|term| &self.terms[term]);
        let shape: Vec<usize> = one.0.iter().zip(&other.0).map(|(a, b)| *a.min(b)).collect();
        let mut directions = vec![vec![]; size(&shape)];
        for ((dimensions, range), sign) in [(one, 1.0), (other, -1.0)] {
            for (parameter, index) in range.clone().zip(broadcast(&shape, dimensions)) {
                directions[index].push((parameter, sign));
            }
        }
        directions
    }
}

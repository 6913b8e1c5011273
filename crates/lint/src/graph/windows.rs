/// Windows along one spatial axis: element k of window o lies at o·stride + k·dilation − before; of a transposed
/// convolution, element k of input i goes to i·stride + k·dilation − before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) before: usize,
    pub(crate) input: usize,
    pub(crate) output: usize,
}

/// Windows over all spatial axes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) axes: Vec<Axis>,
    pub(crate) transposed: bool,
}

/// The elements of the input that each output location reads, each with its element of the kernel.
pub(crate) struct Taps {
    starts: Vec<usize>,
    taps: Vec<(u32, u32)>,
}

impl Axis {
    /// The pairs of a kernel element and an input index of each output.
    fn taps(&self, transposed: bool) -> Vec<Vec<(usize, usize)>> {
        let of = |o: usize| {
            let tap = |k: usize| {
                let index = if transposed {
                    let at = (o + self.before).checked_sub(k * self.dilation)?;
                    at.is_multiple_of(self.stride).then_some(at / self.stride)?
                } else {
                    (o * self.stride + k * self.dilation).checked_sub(self.before)?
                };
                (index < self.input).then_some((k, index))
            };
            (0..self.kernel).filter_map(tap).collect()
        };
        (0..self.output).map(of).collect()
    }
}

impl Windows {
    /// Elements of the kernel.
    pub(crate) fn kernel(&self) -> usize {
        self.axes.iter().map(|axis| axis.kernel).product()
    }

    /// Locations of the input.
    pub(crate) fn input(&self) -> usize {
        self.axes.iter().map(|axis| axis.input).product()
    }

    /// Locations of the output.
    pub(crate) fn output(&self) -> usize {
        self.axes.iter().map(|axis| axis.output).product()
    }

    /// What each location of the output reads, kernel elements in their order.
    pub(crate) fn taps(&self) -> Taps {
        let mut all: Vec<Vec<(u32, u32)>> = vec![vec![(0, 0)]];
        for axis in &self.axes {
            let own = axis.taps(self.transposed);
            let join = |before: &Vec<(u32, u32)>, here: &Vec<(usize, usize)>| {
                let pairs =
                    before.iter().flat_map(|&(k, i)| here.iter().map(move |&(own_k, own_i)| (k, i, own_k, own_i)));
                let step = |(k, i, own_k, own_i): (u32, u32, usize, usize)| {
                    (k * axis.kernel as u32 + own_k as u32, i * axis.input as u32 + own_i as u32)
                };
                pairs.map(step).collect()
            };
            all = all.iter().flat_map(|before| own.iter().map(move |here| join(before, here))).collect();
        }
        let starts = all.iter().scan(0, |start, taps| Some(std::mem::replace(start, *start + taps.len())));
        let starts: Vec<usize> = starts.chain([all.iter().map(Vec::len).sum()]).collect();
        Taps { starts, taps: all.concat() }
    }
}

impl Taps {
    /// The pairs of a kernel element and an input location of one output location.
    pub(crate) fn of(&self, location: usize) -> &[(u32, u32)] {
        &self.taps[self.starts[location]..self.starts[location + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposed_convolution_sends_where_a_convolution_reads() {
        for case in 0..3 * 3 * 2 * 3 * 5 {
            let digit = |divisor: usize, base: usize| case / divisor % base;
            let (kernel, stride, dilation) = (digit(1, 3) + 1, digit(3, 3) + 1, digit(9, 2) + 1);
            let (before, output) = (digit(18, 3), digit(54, 5) + 1);
            let input = (output - 1) * stride + (kernel - 1) * dilation + 1;
            let Some(input) = input.checked_sub(before) else { continue };
            let axis = Axis { kernel, stride, dilation, before, input, output };
            let back = Axis { input: output, output: input, ..axis };
            let pairs = |axis: Axis, transposed: bool| {
                let taps = Windows { axes: vec![axis], transposed }.taps();
                let of = |o: usize| taps.of(o).iter().map(move |&(k, i)| (o as u32, k, i)).collect::<Vec<_>>();
                (0..axis.output).flat_map(of).collect::<Vec<_>>()
            };
            let mut sent: Vec<_> = pairs(back, true).into_iter().map(|(o, k, i)| (i, k, o)).collect();
            sent.sort_unstable();
            assert_eq!(pairs(axis, false), sent, "{axis:?}");
        }
    }
}

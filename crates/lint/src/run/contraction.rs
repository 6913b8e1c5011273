use crate::graph::{Convolution, Product2d};

/// w ∗ x, or its transpose.
pub(super) fn convolution(of: &Convolution, x: &[f64], w: &[f64]) -> Vec<f64> {
    let taps = of.windows.taps();
    let (inputs, outputs) = (of.windows.input(), of.windows.output());
    let mut y = Vec::with_capacity(of.batch * of.groups * of.channels_out * outputs);
    let mut weights = vec![0.0; of.windows.kernel()];
    for plane in 0..of.batch * of.groups {
        let group = plane % of.groups;
        for o in 0..of.channels_out {
            let start = y.len();
            y.resize(start + outputs, 0.0);
            for c in 0..of.channels_in {
                let x = &x[(plane * of.channels_in + c) * inputs..][..inputs];
                weights.iter_mut().enumerate().for_each(|(k, weight)| *weight = w[of.weight(group, o, c, k)]);
                for (location, y) in y[start..].iter_mut().enumerate() {
                    *y += taps.of(location).iter().map(|&(k, i)| weights[k as usize] * x[i as usize]).sum::<f64>();
                }
            }
        }
    }
    y
}

/// a·b for each pair of matrices.
pub(super) fn product(of: &Product2d, a: &[f64], b: &[f64]) -> Vec<f64> {
    let &Product2d { rows, inner, columns, .. } = of;
    let mut y = Vec::with_capacity(of.matrices.len() * rows * columns);
    for [left, right] in &of.matrices {
        let a = &a[*left as usize * rows * inner..][..rows * inner];
        let b = &b[*right as usize * inner * columns..][..inner * columns];
        for row in a.chunks_exact(inner) {
            let start = y.len();
            y.resize(start + columns, 0.0);
            for (a, b) in row.iter().zip(b.chunks_exact(columns)) {
                y[start..].iter_mut().zip(b).for_each(|(y, b)| *y += a * b);
            }
        }
    }
    y
}

use crate::graph::{Pool, PoolKind, Reduction, Sets};

/// Windows of each plane, each reduced to one element.
pub(super) fn pool(pool: &Pool, x: &[f64]) -> Vec<f64> {
    let (taps, kernel) = (pool.windows.taps(), pool.windows.kernel() as f64);
    let (inputs, outputs) = (pool.windows.input(), pool.windows.output());
    let mut y = Vec::with_capacity(pool.planes * outputs);
    for plane in x.chunks_exact(inputs) {
        for location in 0..outputs {
            let taps = taps.of(location);
            let elements = taps.iter().map(|&(_, i)| plane[i as usize]);
            y.push(match pool.kind {
                PoolKind::Max => elements.fold(f64::NEG_INFINITY, f64::max),
                PoolKind::Mean { counts_padding: true } => elements.sum::<f64>() / kernel,
                PoolKind::Mean { counts_padding: false } => elements.sum::<f64>() / taps.len() as f64,
            });
        }
    }
    y
}

/// Each set reduced to one element.
pub(super) fn reduce(sets: &Sets, reduction: Reduction, x: &[f64]) -> Vec<f64> {
    let start = match reduction {
        Reduction::Max => f64::NEG_INFINITY,
        Reduction::Min => f64::INFINITY,
        _ => 0.0,
    };
    let mut y = vec![start; sets.count()];
    for (&set, &x) in sets.table().iter().zip(x) {
        let y = &mut y[set as usize];
        *y = match reduction {
            Reduction::Max => y.max(x),
            Reduction::Min => y.min(x),
            Reduction::L2 => *y + x * x,
            Reduction::Sum | Reduction::Mean => *y + x,
        };
    }
    let size = (x.len() / y.len().max(1)) as f64;
    match reduction {
        Reduction::Mean => y.iter_mut().for_each(|y| *y /= size),
        Reduction::L2 => y.iter_mut().for_each(|y| *y = y.sqrt()),
        _ => {}
    }
    y
}

/// x less its mean over each set.
pub(super) fn centred(sets: &Sets, x: &[f64]) -> Vec<f64> {
    let means = reduce(sets, Reduction::Mean, x);
    sets.table().iter().zip(x).map(|(&set, x)| x - means[set as usize]).collect()
}

/// (x − μ)/√(σ² + ε), with the given μ and σ² of each set or those of x.
pub(super) fn normalized(
    sets: &Sets,
    centres: bool,
    epsilon: f64,
    running: Option<[&[f64]; 2]>,
    x: &[f64],
) -> Vec<f64> {
    let table = sets.table();
    let (centred, variances): (Vec<f64>, Vec<f64>) = if let Some([means, variances]) = running {
        let less = |(&set, x): (&u32, &f64)| x - means[set as usize];
        (table.iter().zip(x).map(less).collect(), variances.to_vec())
    } else {
        let centred = if centres { centred(sets, x) } else { x.to_vec() };
        let squares: Vec<f64> = centred.iter().map(|x| x * x).collect();
        let variances = reduce(sets, Reduction::Mean, &squares);
        (centred, variances)
    };
    table.iter().zip(centred).map(|(&set, x)| x / (variances[set as usize] + epsilon).sqrt()).collect()
}

/// eˣ over its sum over each set, or the logarithm of that.
pub(super) fn softmax(sets: &Sets, log: bool, x: &[f64]) -> Vec<f64> {
    let table = sets.table();
    let largest = reduce(sets, Reduction::Max, x);
    let less: Vec<f64> = table.iter().zip(x).map(|(&set, x)| x - largest[set as usize]).collect();
    let powers: Vec<f64> = less.iter().map(|x| x.exp()).collect();
    let sums = reduce(sets, Reduction::Sum, &powers);
    let one = |(&set, (less, power)): (&u32, (f64, f64))| {
        if log { less - sums[set as usize].ln() } else { power / sums[set as usize] }
    };
    table.iter().zip(less.into_iter().zip(powers)).map(one).collect()
}

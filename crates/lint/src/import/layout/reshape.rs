use crate::import::builder::Builder;
use crate::import::call::{Call, axis};
use crate::import::mapped::Mapped;

pub(crate) fn reshape(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let x = call.input(0)?;
    let from = builder.shape(x)?;
    let listed = |name: &str| -> Result<Option<Vec<i64>>, String> {
        match (call.ints(name), call.optional(1)) {
            (Some(ints), _) => Ok(Some(ints.to_vec())),
            (None, Some(input)) => builder.ints(input).map(Some),
            (None, None) => Ok(None),
        }
    };
    let to = match call.operator() {
        "Reshape" => target(&from, &listed("shape")?.ok_or("it has no shape")?, call.int("allowzero", 0) != 0)?,
        "Flatten" => {
            let at = call.int("axis", 1);
            let at = if at == from.len() as i64 { from.len() } else { axis(at, from.len())? };
            vec![from[..at].iter().product(), from[at..].iter().product()]
        }
        "Squeeze" => squeezed(&from, listed("axes")?)?,
        _ => unsqueezed(&from, &listed("axes")?.ok_or("it has no axes")?)?,
    };
    if to.iter().product::<usize>() != from.iter().product::<usize>() {
        return Err(builder.contradiction(format!("it makes {to:?} of {from:?}")));
    }
    Ok(vec![builder.reshaped(x, &to)?])
}

fn target(from: &[usize], sizes: &[i64], keeps_zero: bool) -> Result<Vec<usize>, String> {
    let wrong = || format!("it makes {sizes:?} of {from:?}");
    let size = |(index, &size): (usize, &i64)| match size {
        0 if !keeps_zero => from.get(index).copied(),
        -1 => Some(1),
        size => usize::try_from(size).ok(),
    };
    let mut to: Vec<usize> = sizes.iter().enumerate().map(size).collect::<Option<_>>().ok_or_else(wrong)?;
    let known = to.iter().try_fold(1_usize, |product, &size| product.checked_mul(size)).filter(|&known| known > 0);
    let (all, known) = (from.iter().product::<usize>(), known.ok_or_else(wrong)?);
    let mut open = sizes.iter().enumerate().filter(|(_, size)| **size == -1);
    if let Some((index, _)) = open.next() {
        to[index] = all / known;
    }
    if open.next().is_some() { Err(wrong()) } else { Ok(to) }
}

fn squeezed(from: &[usize], axes: Option<Vec<i64>>) -> Result<Vec<usize>, String> {
    let Some(axes) = axes else { return Ok(from.iter().copied().filter(|&size| size != 1).collect()) };
    let axes: Vec<usize> = axes.iter().map(|&at| axis(at, from.len())).collect::<Result<_, _>>()?;
    Ok((0..from.len()).filter(|axis| !axes.contains(axis)).map(|axis| from[axis]).collect())
}

fn unsqueezed(from: &[usize], axes: &[i64]) -> Result<Vec<usize>, String> {
    let rank = from.len() + axes.len();
    let axes: Vec<usize> = axes.iter().map(|&at| axis(at, rank)).collect::<Result<_, _>>()?;
    let mut rest = from.iter().copied();
    let to: Vec<usize> =
        (0..rank).map(|axis| if axes.contains(&axis) { 1 } else { rest.next().unwrap_or(1) }).collect();
    if rest.next().is_some() { Err(format!("its axes are {axes:?}")) } else { Ok(to) }
}

use super::indices::Indices;
use crate::import::builder::Builder;
use crate::import::call::Call;

/// The input index of each output index of a resize by the nearest neighbour.
pub(super) fn nearest(builder: &Builder<'_>, call: &Call<'_>, from: &[usize]) -> Result<Indices, String> {
    let mode = call.text("mode").unwrap_or("nearest");
    if mode != "nearest" {
        return Err(format!("its mode is {mode}"));
    }
    if call.has("axes") {
        return Err("it lists axes".to_owned());
    }
    let floats = |position: usize| call.optional(position).and_then(|input| builder.constant(input));
    let scales_at = if call.operator() == "Upsample" || builder.opset() < 11 { 1 } else { 2 };
    let scales: Option<Vec<f64>> = match call.floats("scales") {
        Some(scales) => Some(scales.iter().map(|&scale| scale.into()).collect()),
        None => floats(scales_at).map(|tensor| tensor.values.clone()).filter(|scales| !scales.is_empty()),
    };
    let sizes = floats(3).map(|tensor| tensor.values.clone()).filter(|sizes| !sizes.is_empty());
    let factors: Vec<(f64, f64)> = match (scales, sizes) {
        (Some(scales), _) => {
            from.iter().zip(scales).map(|(&size, scale)| ((size as f64 * scale).floor(), scale)).collect()
        }
        (None, Some(sizes)) => from.iter().zip(sizes).map(|(&size, to)| (to, to / size as f64)).collect(),
        (None, None) => return Err("its scales are numbers that the model computes".to_owned()),
    };
    if factors.len() != from.len() || factors.iter().any(|(size, _)| !(1.0..65536.0).contains(size)) {
        return Err(format!("it makes {factors:?} of {from:?}"));
    }
    let source = Source::of(builder, call)?;
    let along = |(&size, &(to, scale)): (&usize, &(f64, f64))| {
        let index = |at: usize| (source.index(at as f64, scale, size as f64, to) as usize).min(size - 1);
        (0..to as usize).map(|at| Some(index(at))).collect()
    };
    Ok(from.iter().zip(&factors).map(along).collect())
}

/// The rules by which an output index finds its input index.
struct Source<'a> {
    coordinates: &'a str,
    rounding: &'a str,
}

impl<'a> Source<'a> {
    fn of(builder: &Builder<'_>, call: &Call<'a>) -> Result<Self, String> {
        let old = call.operator() == "Upsample" || builder.opset() < 11;
        let default = if old { ["asymmetric", "floor"] } else { ["half_pixel", "round_prefer_floor"] };
        let coordinates = call.text("coordinate_transformation_mode").unwrap_or(default[0]);
        let rounding = call.text("nearest_mode").unwrap_or(default[1]);
        let known = ["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"];
        if !known.contains(&coordinates) {
            return Err(format!("its coordinates are {coordinates}"));
        }
        Ok(Self { coordinates, rounding })
    }

    fn index(&self, at: f64, scale: f64, size: f64, to: f64) -> f64 {
        let position = match self.coordinates {
            "asymmetric" => at / scale,
            "align_corners" if to > 1.0 => at * (size - 1.0) / (to - 1.0),
            "align_corners" => 0.0,
            "pytorch_half_pixel" if to <= 1.0 => 0.0,
            _ => (at + 0.5) / scale - 0.5,
        };
        let rounded = match self.rounding {
            "floor" => position.floor(),
            "ceil" => position.ceil(),
            "round_prefer_ceil" => (position + 0.5).floor(),
            _ => (position - 0.5).ceil(),
        };
        rounded.clamp(0.0, size - 1.0)
    }
}

/// Half the distance from 1 to the next `f32`: the relative error of rounding once.
pub const UNIT_ROUND_OFF_F32: f64 = 1.0 / (1_u64 << 24) as f64;

/// Half the distance from 1 to the next `f64`: the relative error of rounding once.
pub const UNIT_ROUND_OFF_F64: f64 = 1.0 / (1_u64 << 53) as f64;

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use crate::graph::Function;

/// The value of a function; truth is 1.
pub(super) fn value(function: Function, arguments: &[f64]) -> f64 {
    let x = arguments[0];
    match function {
        Function::Max => arguments.iter().copied().fold(x, f64::max),
        Function::Min => arguments.iter().copied().fold(x, f64::min),
        _ if arguments.len() == 1 => of_one(function, x),
        Function::Clip => x.max(arguments[1]).min(arguments[2]),
        Function::Where if x != 0.0 => arguments[1],
        Function::Where => arguments[2],
        _ => of_two(function, x, arguments[1]),
    }
}

fn of_one(function: Function, x: f64) -> f64 {
    match function {
        Function::Relu => x.max(0.0),
        Function::LeakyRelu(slope) => {
            if x < 0.0 {
                slope * x
            } else {
                x
            }
        }
        Function::Elu(alpha) => {
            if x < 0.0 {
                alpha * x.exp_m1()
            } else {
                x
            }
        }
        Function::Celu(alpha) => x.max(0.0) + (alpha * (x / alpha).exp_m1()).min(0.0),
        Function::Selu(alpha, gamma) => gamma * if x < 0.0 { alpha * x.exp_m1() } else { x },
        Function::Sigmoid => sigmoid(x),
        Function::HardSigmoid(alpha, beta) => (alpha * x + beta).clamp(0.0, 1.0),
        Function::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
        Function::Tanh => x.tanh(),
        Function::Softplus => softplus(x),
        Function::Softsign => x / (1.0 + x.abs()),
        Function::Mish => x * softplus(x).tanh(),
        Function::Erf => libm::erf(x),
        Function::Gelu => 0.5 * x * (1.0 + libm::erf(x * FRAC_1_SQRT_2)),
        Function::GeluTanh => 0.5 * x * (1.0 + (FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * (x + 0.044715 * x * x * x)).tanh()),
        Function::Exp => x.exp(),
        Function::Log => x.ln(),
        Function::Sqrt => x.sqrt(),
        Function::Reciprocal => x.recip(),
        Function::Abs => x.abs(),
        Function::Sign => {
            if x == 0.0 {
                0.0
            } else {
                x.signum()
            }
        }
        Function::Floor => x.floor(),
        Function::Ceil => x.ceil(),
        Function::Round => x.round_ties_even(),
        Function::Sin => x.sin(),
        Function::Cos => x.cos(),
        Function::Truncate => x.trunc(),
        Function::Not => truth(x == 0.0),
        _ => x,
    }
}

fn of_two(function: Function, x: f64, y: f64) -> f64 {
    match function {
        Function::PRelu => {
            if x < 0.0 {
                y * x
            } else {
                x
            }
        }
        Function::Pow => x.powf(y),
        Function::Modulo => x - y * (x / y).floor(),
        Function::Equal => truth(x == y),
        Function::Greater => truth(x > y),
        Function::GreaterOrEqual => truth(x >= y),
        Function::Less => truth(x < y),
        Function::LessOrEqual => truth(x <= y),
        Function::And => truth(x != 0.0 && y != 0.0),
        Function::Or => truth(x != 0.0 || y != 0.0),
        _ => f64::NAN,
    }
}

fn truth(of: bool) -> f64 {
    f64::from(u8::from(of))
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

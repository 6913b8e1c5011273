//! Functions of elements that are not linear.

use super::arithmetic::broadcast;
use super::builder::Builder;
use super::call::Call;
use super::mapped::Mapped;
use crate::graph::{Function, Map, Operation, ValueId};

/// The function of an operator, with ONNX's default settings; none of other operators.
pub(super) fn of(operator: &str) -> Option<Function> {
    Some(match operator {
        "Relu" => Function::Relu,
        "LeakyRelu" => Function::LeakyRelu(0.01),
        "Elu" => Function::Elu(1.0),
        "Selu" => Function::Selu(1.673263192176819, 1.050701022148132),
        "Celu" => Function::Celu(1.0),
        "Sigmoid" => Function::Sigmoid,
        "HardSigmoid" => Function::HardSigmoid(0.2, 0.5),
        "HardSwish" => Function::HardSwish,
        "Tanh" => Function::Tanh,
        "Softplus" => Function::Softplus,
        "Softsign" => Function::Softsign,
        "Mish" => Function::Mish,
        "Erf" => Function::Erf,
        "Gelu" => Function::Gelu,
        "Exp" => Function::Exp,
        "Log" => Function::Log,
        "Sqrt" => Function::Sqrt,
        "Reciprocal" => Function::Reciprocal,
        "Abs" => Function::Abs,
        "Sign" => Function::Sign,
        "Floor" => Function::Floor,
        "Ceil" => Function::Ceil,
        "Round" => Function::Round,
        "Sin" => Function::Sin,
        "Cos" => Function::Cos,
        "Not" => Function::Not,
        "Clip" => Function::Clip,
        "PRelu" => Function::PRelu,
        "Pow" => Function::Pow,
        "Max" => Function::Max,
        "Min" => Function::Min,
        "Mod" => Function::Modulo,
        "Equal" => Function::Equal,
        "Greater" => Function::Greater,
        "GreaterOrEqual" => Function::GreaterOrEqual,
        "Less" => Function::Less,
        "LessOrEqual" => Function::LessOrEqual,
        "And" => Function::And,
        "Or" => Function::Or,
        "Where" => Function::Where,
        _ => return None,
    })
}

/// The function with the settings of its node.
fn set(call: &Call<'_>, function: Function) -> Function {
    let set = |name, default| call.float(name, default);
    match function {
        Function::LeakyRelu(alpha) => Function::LeakyRelu(set("alpha", alpha)),
        Function::Elu(alpha) => Function::Elu(set("alpha", alpha)),
        Function::Celu(alpha) => Function::Celu(set("alpha", alpha)),
        Function::Selu(alpha, gamma) => Function::Selu(set("alpha", alpha), set("gamma", gamma)),
        Function::HardSigmoid(alpha, beta) => Function::HardSigmoid(set("alpha", alpha), set("beta", beta)),
        Function::Gelu if call.text("approximate") == Some("tanh") => Function::GeluTanh,
        function => function,
    }
}

pub(super) fn function(builder: &mut Builder<'_>, call: &Call<'_>) -> Mapped {
    let function = set(call, of(call.operator()).ok_or("it is no function")?);
    let mut inputs: Vec<ValueId> = (0..call.given()).filter_map(|position| call.optional(position)).collect();
    let first = *inputs.first().ok_or("it has no inputs")?;
    let shape = builder.shape(first)?;
    if function == Function::Clip {
        inputs = clip_inputs(builder, call, first)?;
    }
    let needed = match function {
        Function::Where | Function::Clip => 3..=3,
        Function::Max | Function::Min => 1..=usize::MAX,
        Function::Pow | Function::PRelu | Function::Modulo | Function::And | Function::Or => 2..=2,
        Function::Equal | Function::Greater | Function::GreaterOrEqual | Function::Less | Function::LessOrEqual => {
            2..=2
        }
        _ => 1..=1,
    };
    if !needed.contains(&inputs.len()) {
        return Err(format!("it has {} inputs", inputs.len()));
    }
    let mut to = shape;
    for &input in &inputs {
        to = broadcast(&to, &builder.shape(input)?)?;
    }
    let map = |&input: &ValueId| Ok(Map::broadcast(&builder.shape(input)?, &to));
    let maps = inputs.iter().map(map).collect::<Result<_, String>>()?;
    Ok(vec![builder.add(Operation::Function { function, maps }, &inputs, &to)?])
}

/// The input with its bounds, which opset 6 keeps as attributes.
fn clip_inputs(builder: &mut Builder<'_>, call: &Call<'_>, x: ValueId) -> Result<Vec<ValueId>, String> {
    let mut bound = |position, name, default| {
        if let Some(bound) = call.optional(position) {
            return Ok(bound);
        }
        let values = vec![call.float(name, default)];
        builder.fixed(crate::onnx::Tensor { shape: vec![], values })
    };
    Ok(vec![x, bound(1, "min", f64::NEG_INFINITY)?, bound(2, "max", f64::INFINITY)?])
}

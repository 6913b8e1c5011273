use super::{Contraction, Map, Sets, Windows};

/// One kind of operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operation {
    /// The sum of all inputs, each read through a map and times a sign; `fill` where none is read.
    ///
    /// Reshapes, transpositions, slices, padding and concatenations are sums too.
    Sum {
        maps: Vec<(Map, f64)>,
        fill: f64,
        /// Whether inputs are added, rather than laid side by side.
        adds: bool,
    },
    /// The product or the quotient of two inputs, element by element.
    Product { maps: [Map; 2], divides: bool },
    /// A sum of products of the two inputs.
    Contraction(Contraction),
    /// A reduction of windows.
    Pool(Pool),
    /// A reduction of sets of elements.
    Reduce { sets: Sets, reduction: Reduction },
    /// The input less its mean over each set.
    Centre { sets: Sets },
    /// The input, less its mean over each set where it centres, times 1/√(σ² + ε) of the set. With running statistics, the
    /// second and third input hold μ and σ² of each set for evaluation.
    Normalize { sets: Sets, centres: bool, epsilon: f64, running: bool },
    /// The softmax over each set, or its logarithm.
    Softmax { sets: Sets, log: bool },
    /// Dropout: identity in evaluation.
    Dropout,
    /// A function of the elements of its inputs that is not linear.
    Function { function: Function, maps: Vec<Map> },
    /// Of `[before, rows, after]`, the rows with the indices that the second input holds: tokens become vectors.
    Lookup { before: usize, rows: usize, after: usize },
    /// An operation that is not understood.
    Unknown { reason: String },
}

/// A reduction of windows `[planes, locations]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pool {
    pub(crate) planes: usize,
    pub(crate) windows: Windows,
    pub(crate) kind: PoolKind,
}

/// How a window becomes one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PoolKind {
    /// The largest element.
    Max,
    /// The mean; padding counts as zeros or not at all.
    Mean { counts_padding: bool },
}

/// How a set becomes one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reduction {
    Sum,
    Mean,
    Max,
    Min,
    L2,
}

/// A function of one or more numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Function {
    Relu,
    LeakyRelu(f64),
    Elu(f64),
    Selu(f64, f64),
    Celu(f64),
    Sigmoid,
    HardSigmoid(f64, f64),
    HardSwish,
    Tanh,
    Softplus,
    Softsign,
    Mish,
    Erf,
    Gelu,
    GeluTanh,
    Exp,
    Log,
    Sqrt,
    Reciprocal,
    Abs,
    Sign,
    Floor,
    Ceil,
    Round,
    Sin,
    Cos,
    Not,
    /// Rounds towards zero, as a cast to whole numbers.
    Truncate,
    /// Lower and upper bound are the second and third input.
    Clip,
    /// The slope of negative numbers is the second input.
    PRelu,
    Pow,
    Max,
    Min,
    Modulo,
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    And,
    Or,
    /// The second input where the first is true, else the third.
    Where,
}

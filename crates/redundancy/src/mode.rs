/// The mode of a network: whose statistics its norms take, and whether dropout is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Statistics of the batch; dropout drops.
    #[default]
    Training,
    /// Running statistics where there are any, as constants, and constant γ and β beside them; dropout drops. So nets are
    /// trained on whose batch norm is frozen.
    FrozenNorm,
    /// Running statistics where there are any; dropout passes everything.
    Evaluation,
}

impl Mode {
    /// Whether norms that have running statistics take them for constants, instead of those of the batch.
    pub fn takes_running_statistics(self) -> bool {
        self != Self::Training
    }
}

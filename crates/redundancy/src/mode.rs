/// The mode of a network: whose statistics its norms take, and whether dropout is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Statistics of the batch; dropout drops.
    #[default]
    Training,
    /// Running statistics where there are any; dropout passes everything.
    Evaluation,
}

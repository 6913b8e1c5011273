/// For each axis and each index of the output along it, the index of the input, if any.
pub(super) type Indices = Vec<Vec<Option<usize>>>;

use super::Windows;

/// A sum of products of two inputs: y = Σ x·w over channels and kernel elements, or over an inner axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Contraction {
    /// A convolution, or a transposed one.
    Convolution(Convolution),
    /// A product of matrices.
    Product(Product2d),
}

/// A convolution without its bias: x `[n, groups·channels_in, …]`, w `[groups·channels_out, channels_in, …]`, or of a
/// transposed one `[groups·channels_in, channels_out, …]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Convolution {
    pub(crate) batch: usize,
    pub(crate) groups: usize,
    /// Channels of the input in a group.
    pub(crate) channels_in: usize,
    /// Channels of the output in a group.
    pub(crate) channels_out: usize,
    pub(crate) windows: Windows,
}

/// Products of matrices `[rows, inner]` and `[inner, columns]`, one for each of a batch, times a factor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Product2d {
    /// For each product, which matrix of the first and of the second input it takes.
    pub(crate) matrices: Vec<[u32; 2]>,
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    pub(crate) columns: usize,
    /// Whether the rows of the first input are the weights of means, as behind a softmax.
    pub(crate) averages: bool,
}

impl Convolution {
    /// The index of a weight.
    pub(crate) fn weight(&self, group: usize, o: usize, c: usize, k: usize) -> usize {
        let (outer, inner, size) = if self.windows.transposed {
            (group * self.channels_in + c, o, self.channels_out)
        } else {
            (group * self.channels_out + o, c, self.channels_in)
        };
        (outer * size + inner) * self.windows.kernel() + k
    }
}

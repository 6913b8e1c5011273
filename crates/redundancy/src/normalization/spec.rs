use crate::{Bias, Mode, RedundancyError, ShiftClass};

/// The description of a normalization, from which all its properties derive.
///
/// y = γ·(x − μ)·r + β with r = 1/√(σ² + ε), μ and σ² over each statistics set; without centring, μ = 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NormSpec {
    /// The name in prose.
    pub title: &'static str,
    /// Whether a statistics set covers all images of a batch, rather than one.
    pub over_images: bool,
    /// The part of `[c, y, x]` that a statistics set covers.
    pub span: Span,
    /// Whether the mean of the statistics set is subtracted.
    pub centres: bool,
    /// The layout of the scale γ; none without one.
    pub gamma: Option<Layout>,
    /// The layout of the shift β; none without one.
    pub beta: Option<Layout>,
    /// Whether evaluation takes running statistics instead of those of its images.
    pub running: bool,
}

/// The part of a feature map `[c, y, x]` that one statistics set covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// One channel at one location.
    Activation,
    /// All locations of one channel.
    Channel,
    /// All locations of one of this many groups of consecutive channels.
    Group(usize),
}

/// The sharing of an affine parameter or a running statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One element per channel.
    Channel,
    /// One element per channel and location.
    Activation,
}

impl NormSpec {
    /// The fixed tensors that the centring removes: those that are constant in each statistics set. In evaluation,
    /// and frozen, running statistics are constants, which remove nothing.
    ///
    /// # Errors
    /// If the groups do not divide the channels.
    pub fn removed(&self, mode: Mode, channels: usize, locations: usize) -> Result<ShiftClass, RedundancyError> {
        let classes = match self.span {
            Span::Activation => Ok(ShiftClass::Everything),
            Span::Channel => ShiftClass::groups(channels, channels, locations),
            Span::Group(groups) => ShiftClass::groups(groups, channels, locations),
        }?;
        let follows_images = !(self.running && mode.takes_running_statistics());
        Ok(if self.centres && follows_images { classes } else { ShiftClass::Nothing })
    }

    /// The index of the statistics set of an element `[n, c, y, x]` of a batch of feature maps `[c, y, x]`.
    pub fn statistics_set(&self, [channels, height, width]: [usize; 3], [n, c, y, x]: [usize; 4]) -> usize {
        let (index, sets) = match self.span {
            Span::Activation => ((c * height + y) * width + x, channels * height * width),
            Span::Channel => (c, channels),
            Span::Group(groups) => (c / (channels / groups), groups),
        };
        if self.over_images { index } else { n * sets + index }
    }

    /// The layout of the running mean and variance; none without them.
    pub fn running_layout(&self) -> Option<Layout> {
        let layout = if self.span == Span::Activation { Layout::Activation } else { Layout::Channel };
        self.running.then_some(layout)
    }

    /// Whether the affine parameters have an element per channel and location.
    pub fn per_activation(&self) -> bool {
        [self.gamma, self.beta].contains(&Some(Layout::Activation))
    }

    /// Whether a statistics set of one image is a single element, its own mean.
    pub fn needs_images(&self) -> bool {
        self.over_images && self.span == Span::Activation
    }

    /// Whether a running mean takes over, in evaluation, what the centring removes in training.
    pub fn follows(&self) -> bool {
        self.running && self.centres
    }

    /// Whether evaluation is one factor and one shift per channel, which the convolution before it can take up.
    pub fn folds(&self) -> bool {
        self.running_layout() == Some(Layout::Channel)
            && [self.gamma, self.beta].iter().flatten().all(|&layout| layout == Layout::Channel)
    }
}

impl Layout {
    /// The bias mode that shares its parameters alike.
    pub fn bias(self) -> Bias {
        match self {
            Self::Channel => Bias::Tied,
            Self::Activation => Bias::Untied,
        }
    }

    /// The number of elements for feature maps `[channels, y, x]`.
    pub fn count(self, [channels, height, width]: [usize; 3]) -> usize {
        match self {
            Self::Channel => channels,
            Self::Activation => channels * height * width,
        }
    }
}

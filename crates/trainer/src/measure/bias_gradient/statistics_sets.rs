use untied_redundancy::{NormSpec, Span};

/// Sums over the statistics sets of a norm, of feature maps `[n, c, h, w]`.
pub(super) struct StatisticsSets {
    images: usize,
    channels: usize,
    locations: usize,
    /// Channels that share a set.
    grouped: usize,
    over_images: bool,
    /// Whether each location has a set of its own.
    per_location: bool,
}

/// Sums that go on side by side.
const LANES: usize = 8;

impl StatisticsSets {
    pub(super) fn new(spec: &NormSpec, [images, channels, height, width]: [usize; 4]) -> Self {
        let groups = if let Span::Group(groups) = spec.span { groups } else { channels };
        Self {
            images,
            channels,
            locations: height * width,
            grouped: channels / groups,
            over_images: spec.over_images,
            per_location: spec.span == Span::Activation,
        }
    }

    /// The elements of a set.
    pub(super) fn elements(&self) -> usize {
        let images = if self.over_images { self.images } else { 1 };
        images * self.grouped * if self.per_location { 1 } else { self.locations }
    }

    /// The set of an image's channel; the first of them where each location has its own.
    fn set(&self, image: usize, channel: usize) -> usize {
        let groups = self.channels / self.grouped;
        let set = channel / self.grouped + if self.over_images { 0 } else { image * groups };
        set * if self.per_location { self.locations } else { 1 }
    }

    /// Σ of the values of each set's elements; `value` gets the index of the element, the same in one
    /// image, and that of its set.
    pub(super) fn sums(&self, value: impl Fn(usize, usize, usize) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.images * self.channels * self.locations / self.elements()];
        for plane in 0..self.images * self.channels {
            let first = plane * self.locations;
            let (image, channel) = (plane / self.channels, plane % self.channels);
            let (set, own) = (self.set(image, channel), channel * self.locations);
            if self.per_location {
                for location in 0..self.locations {
                    sums[set + location] += value(first + location, own + location, set + location);
                }
                continue;
            }
            let mut lanes = [0.0; LANES];
            let whole = self.locations / LANES * LANES;
            for start in (0..whole).step_by(LANES) {
                let at = |lane| value(first + start + lane, own + start + lane, set);
                lanes.iter_mut().enumerate().for_each(|(lane, sum)| *sum += at(lane));
            }
            let rest = (whole..self.locations).map(|at| value(first + at, own + at, set)).sum::<f64>();
            sums[set] += lanes.iter().sum::<f64>() + rest;
        }
        sums
    }

    /// Σ over the images, `[c, h, w]`, of what each element has by its set.
    pub(super) fn over_images(&self, by_set: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.channels * self.locations];
        for (image, channel) in
            (0..self.images).flat_map(|image| (0..self.channels).map(move |channel| (image, channel)))
        {
            let set = self.set(image, channel);
            let plane = &mut sums[channel * self.locations..][..self.locations];
            for (location, sum) in plane.iter_mut().enumerate() {
                *sum += by_set[set + if self.per_location { location } else { 0 }];
            }
        }
        sums
    }
}

//! Differences of seeds crossed with test images: what is left to chance where both are drawn.

use crate::statistics::student::{Tests, tests};

/// Images of no seed's doing that are counted on top of those seen, one to each side's credit.
const ADDED_IMAGES: f64 = 2.0;

/// Answers of a treatment less those of a baseline, −1, 0 or 1: one row a seed, one column a test image.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Crossed {
    mean: f64,
    seeds: f64,
    images: f64,
    mean_squares: MeanSquares,
}

/// Of a two-way table with one number a place.
#[derive(Debug, Clone, Copy, PartialEq)]
struct MeanSquares {
    seeds: f64,
    images: f64,
    residual: f64,
}

impl Crossed {
    /// None for fewer than two seeds or two images, or for rows of different lengths.
    pub(crate) fn new(rows: &[Vec<i8>]) -> Option<Self> {
        let (n, m) = (rows.len(), rows.first()?.len());
        if n < 2 || m < 2 || rows.iter().any(|row| row.len() != m) {
            return None;
        }
        let whole = |row: &[i8]| row.iter().map(|&value| i64::from(value)).sum::<i64>();
        let of_seeds: Vec<i64> = rows.iter().map(|row| whole(row)).collect();
        let of_images = (0..m).map(|image| rows.iter().map(|row| i64::from(row[image])).sum::<i64>());
        let (seeds, images) = (n as f64, m as f64);
        // Sums of squares are whole numbers: they lose no digit.
        let squares = |sums: &mut dyn Iterator<Item = i64>| sums.map(|sum| sum * sum).sum::<i64>() as f64;
        let total = of_seeds.iter().sum::<i64>() as f64;
        let correction = total * total / (seeds * images);
        let by_seed = squares(&mut of_seeds.iter().copied()) / images - correction;
        let by_image = squares(&mut of_images.into_iter()) / seeds - correction;
        let all = squares(&mut rows.iter().flatten().map(|&value| i64::from(value))) - correction;
        let mean_squares = MeanSquares {
            seeds: by_seed / (seeds - 1.0),
            images: by_image / (images - 1.0),
            residual: (all - by_seed - by_image) / ((seeds - 1.0) * (images - 1.0)),
        };
        Some(Self { mean: total / (seeds * images), seeds, images, mean_squares })
    }

    /// Standard error of the mean that comes from the choice of images alone, √V_images of [`tests`](Self::tests).
    pub(crate) fn image_error(&self) -> f64 {
        self.image_variance().sqrt()
    }

    fn image_variance(&self) -> f64 {
        let MeanSquares { images, residual, .. } = self.mean_squares;
        (images - residual).max(0.0) / (self.seeds * self.images) + ADDED_IMAGES / (self.images * self.images)
    }

    /// Interval and tests of the mean difference over seeds and images of the same kind.
    ///
    /// With d(s, i) = μ + a(s) + b(i) + e(s, i) over n seeds and m images, where a, b and e are uncorrelated, as they are in
    /// any table whose seeds and images are drawn independently, the mean has the variance
    ///
    /// ```text
    /// V        = V_seeds + V_images
    /// V_seeds  = MS_seeds / (n·m)                                     σ²(a)/n + σ²(e)/(n·m): the t test's over seeds
    /// V_images = max(MS_images − MS_residual, 0) / (n·m) + 2/m²       σ²(b)/m, and two images more
    /// 1/f      = (V_seeds/(n − 1) + V_images/(m − 1)) / V             degrees of freedom, each part's in proportion
    /// ```
    ///
    /// and (d̄ − μ)/√V is taken for Student's t with f degrees of freedom, with √V_seeds of at least `floor`/√n. Quantiles of t
    /// are nearly linear in 1/f, so that theirs is Cochran's mean of the parts' quantiles. (Satterthwaite's f, with V_seeds²,
    /// V_images² and V² in their places, is larger where seeds are few and seem to agree: at five seeds and a fifth of the
    /// variance from images its intervals hold 94.3 %, these 95.4 %.) The two images more, answered differently by every seed, one to each side's credit, are what Agresti and Min add to tables of
    /// matched pairs: without them, a difference that a handful of images make is missed too often.
    ///
    /// This is how readers crossed with cases are judged in radiology, where few readers see many images.
    ///
    /// Source: Dorfman, Berbaum & Metz 1992, Invest. Radiol. 27:723; Hillis 2007, Stat. Med. 26:596; Cochran 1964, Biometrics
    /// 20:191; Satterthwaite 1946, ibid. 2:110; Agresti & Min 2005, Stat. Med. 24:729. The variance is that of two-way clusters (Cameron, Gelbach &
    /// Miller 2011, J. Bus. Econ. Stat. 29:238); Owen's pigeonhole bootstrap (2007, Ann. Appl. Stat. 1:386) takes the residual
    /// in three times, and its percentiles know nothing of Student's t.
    pub(crate) fn tests(&self, floor: f64, margin: f64, level: f64) -> Option<Tests> {
        let of_seeds = (self.mean_squares.seeds / (self.seeds * self.images)).max(floor * floor / self.seeds);
        let of_images = self.image_variance();
        let variance = of_seeds + of_images;
        let freedom = variance / (of_seeds / (self.seeds - 1.0) + of_images / (self.images - 1.0));
        tests(self.mean, variance.sqrt(), freedom, margin, level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(ours: f64, theirs: f64) {
        assert!((ours - theirs).abs() <= 1e-12 * theirs.abs().max(1e-3), "{ours:e} is not {theirs:e}");
    }

    /// By the definition: deviations of rows, of columns, and of what is left of each place.
    fn defined(rows: &[Vec<i8>]) -> (f64, MeanSquares) {
        let (n, m) = (rows.len(), rows[0].len());
        let at = |seed: usize, image: usize| f64::from(rows[seed][image]);
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        let row = |seed: usize| mean((0..m).map(|image| at(seed, image)).collect());
        let column = |image: usize| mean((0..n).map(|seed| at(seed, image)).collect());
        let all = mean((0..n).map(row).collect());
        let seeds: f64 = (0..n).map(|seed| m as f64 * (row(seed) - all).powi(2)).sum();
        let images: f64 = (0..m).map(|image| n as f64 * (column(image) - all).powi(2)).sum();
        let left = |seed: usize, image: usize| (at(seed, image) - row(seed) - column(image) + all).powi(2);
        let residual: f64 = (0..n).flat_map(|seed| (0..m).map(move |image| left(seed, image))).sum();
        let [n, m] = [n as f64, m as f64];
        (
            all,
            MeanSquares {
                seeds: seeds / (n - 1.0),
                images: images / (m - 1.0),
                residual: residual / ((n - 1.0) * (m - 1.0)),
            },
        )
    }

    #[test]
    fn mean_squares_are_those_of_the_definition() {
        let rows = [vec![1, 0, -1, 0, 1, 0, 0], vec![1, 1, -1, 0, 0, 0, 0], vec![0, 1, -1, -1, 1, 0, 0]];
        let (ours, (mean, theirs)) = (Crossed::new(&rows).unwrap(), defined(&rows));
        assert_close(ours.mean, mean);
        assert_close(ours.mean_squares.seeds, theirs.seeds);
        assert_close(ours.mean_squares.images, theirs.images);
        assert_close(ours.mean_squares.residual, theirs.residual);
        // Seven images of three seeds.
        assert_close(ours.image_error().powi(2), (theirs.images - theirs.residual) / 21.0 + 2.0 / 49.0);
    }

    #[test]
    fn seeds_without_a_difference_leave_what_two_images_are_worth() {
        let rows = vec![vec![0; 1000]; 5];
        let tests = Crossed::new(&rows).unwrap().tests(0.001, 0.01, 0.95).unwrap();
        // 2.2e-6 = 1e-6/5 + 2e-6; f = 2.2/(0.2/4 + 2/999) = 42.3061; 2.017649 = scipy.stats.t.ppf(0.975, f)
        assert!((tests.interval[1] - 2.017_649 * 2.2e-6f64.sqrt()).abs() < 1e-9, "{tests:?}");
        assert_close(tests.t_p, 1.0);
        // 1.644237e-8 = scipy.stats.t.sf(0.01 / 2.2e-6**0.5, f)
        assert!((tests.tost_p / 1.644_237e-8 - 1.0).abs() < 1e-5, "{tests:?}");
    }

    #[test]
    fn too_little_gives_none() {
        assert_eq!(Crossed::new(&[]), None);
        assert_eq!(Crossed::new(&[vec![0, 1]]), None);
        assert_eq!(Crossed::new(&[vec![0], vec![1]]), None);
        assert_eq!(Crossed::new(&[vec![0, 1], vec![1]]), None);
    }
}

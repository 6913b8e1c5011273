//! Random numbers that are the same for one seed on every device, platform and version of the program.
//!
//! A [`Generator`] is a seed; it gives any number of independent [`Stream`]s by name. What one stream yields does not
//! depend on which others exist or how much was drawn from them, so that all variants of one seed can start from the
//! same convolution weights whatever other parameters they have, and a run can go on from any epoch without a saved
//! state.
//!
//! # Construction
//! key of a stream = SHA-256("untied random 1" ‖ seed, 8 bytes, little-endian ‖ name, UTF-8), its 32 bytes in order.
//! The stream is `ChaCha8` under that key, nonce 0, from block 0; each draw takes the next 8 bytes of the key stream as
//! a little-endian `u64`. Golden values of an independent implementation are pinned in the tests below: a change to any
//! of this is a change to every result.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"untied random 1";

/// A seed, from which named streams are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generator {
    seed: u64,
}

impl Generator {
    /// The generator of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream called `name`, from its start: `"block1/weight"`, `"order/3"`.
    pub fn stream(&self, name: &str) -> Stream {
        let hash = Sha256::new().chain_update(DOMAIN).chain_update(self.seed.to_le_bytes()).chain_update(name);
        Stream { rng: ChaCha8Rng::from_seed(hash.finalize().into()) }
    }
}

/// An endless sequence of random numbers.
#[derive(Debug, Clone)]
pub struct Stream {
    rng: ChaCha8Rng,
}

impl Stream {
    /// Uniform over all of `u64`: one draw.
    pub fn next_u64(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Uniform over 0 .. `bound`: draws below the largest multiple of `bound` count, modulo `bound`.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "expected a bound of at least 1");
        // 2^64 mod bound
        let excess = (u64::MAX % bound + 1) % bound;
        loop {
            let draw = self.next_u64();
            if draw <= u64::MAX - excess {
                return draw % bound;
            }
        }
    }

    /// Uniform over [0, 1): the upper 53 bits of one draw, times 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform from `low` to `high`: low + (high − low)·unit, which rounding may take up to `high` itself.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Normal with mean 0 and variance 1, by Marsaglia's polar method.
    ///
    /// u, v uniform over [−1, 1), drawn again until 0 < s < 1 for s = u² + v²;  u·√(−2·ln(s)/s). The logarithm is that of
    /// `libm`, since those of the platforms differ in the last bit.
    pub fn normal(&mut self) -> f64 {
        loop {
            let u = 2.0 * self.unit() - 1.0;
            let v = 2.0 * self.unit() - 1.0;
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (-2.0 * libm::log(s) / s).sqrt();
            }
        }
    }

    /// Shuffles in place (Fisher–Yates): for i = n − 1 down to 1, swaps i with `below(i + 1)`.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for i in (1..values.len()).rev() {
            let j = self.below(i as u64 + 1) as usize;
            values.swap(i, j);
        }
    }

    /// The numbers 0 .. `count` in random order.
    pub fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        self.shuffle(&mut order);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The golden values come from this Python 3 program, which shares no code with the crates used above:
    //
    // import hashlib, math, struct
    //
    // def blocks(key):
    //     quarters = [(0,4,8,12),(1,5,9,13),(2,6,10,14),(3,7,11,15),(0,5,10,15),(1,6,11,12),(2,7,8,13),(3,4,9,14)]
    //     rotl = lambda x, n: (x << n | x >> 32 - n) & 0xffffffff
    //     for counter in range(1 << 32):
    //         start = list(struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key)) + [counter, 0, 0, 0]
    //         x = start[:]
    //         for a, b, c, d in quarters * 4:
    //             for p, q, r, n in [(a,b,d,16), (c,d,b,12), (a,b,d,8), (c,d,b,7)]:
    //                 x[p] = (x[p] + x[q]) & 0xffffffff; x[r] = rotl(x[r] ^ x[p], n)
    //         yield struct.pack("<16I", *((s + t) & 0xffffffff for s, t in zip(start, x)))
    //
    // def stream(seed, name):
    //     key = hashlib.sha256(b"untied random 1" + struct.pack("<Q", seed) + name.encode()).digest()
    //     for block in blocks(key):
    //         yield from struct.unpack("<8Q", block)
    //
    // def below(draws, bound):
    //     return next(d for d in draws if d < 2**64 // bound * bound) % bound
    //
    // unit = lambda draws: (next(draws) >> 11) * 2.0**-53
    //
    // def normal(draws):
    //     while True:
    //         u = 2 * unit(draws) - 1; v = 2 * unit(draws) - 1; s = u * u + v * v
    //         if 0 < s < 1: return u * math.sqrt(-2 * math.log(s) / s)
    //
    // def permutation(draws, n):
    //     order = list(range(n))
    //     for i in reversed(range(1, n)):
    //         j = below(draws, i + 1); order[i], order[j] = order[j], order[i]
    //     return order
    //
    // draws = stream(7, "weights/block1")
    // words = [next(draws) for _ in range(20)]
    // print([hex(w) for w in words[:3]], hex(words[19]))
    // print([hex(next(stream(s, n))) for s, n in [(0, ""), (2**64 - 1, "shuffle/epoch3")]])
    // draws = stream(7, "uniform"); print([-2 + 5 * unit(draws) for _ in range(3)])
    // draws = stream(7, "normal"); print([normal(draws) for _ in range(4)])
    // print(permutation(stream(7, "shuffle/epoch3"), 10))
    // draws = stream(7, "below"); print([below(draws, 2**63 + 1) for _ in range(4)])

    #[test]
    fn draws_are_pinned() {
        let mut stream = Generator::new(7).stream("weights/block1");
        let draws: Vec<u64> = (0..20).map(|_| stream.next_u64()).collect();
        assert_eq!(draws[..3], [0x5c10_ec6c_f05f_0bd2, 0x5477_0527_192a_56c9, 0x4679_8b27_db4a_3fbc]);
        assert_eq!(draws[19], 0x2b86_9c2e_736a_0db9);
        assert_eq!(Generator::new(0).stream("").next_u64(), 0x77d7_2e85_ec27_0171);
        assert_eq!(Generator::new(u64::MAX).stream("shuffle/epoch3").next_u64(), 0x3a5e_6bc6_1fc2_f9be);
    }

    #[test]
    fn uniform_numbers_are_pinned() {
        let mut stream = Generator::new(7).stream("uniform");
        let drawn = [(); 3].map(|()| stream.uniform(-2.0, 3.0).to_bits());
        let golden: [f64; 3] = [-1.865_440_139_286_652, -0.897_892_206_949_551, 0.654_142_601_333_882_5];
        assert_eq!(drawn, golden.map(f64::to_bits));
    }

    #[test]
    fn normal_numbers_are_pinned() {
        let mut stream = Generator::new(7).stream("normal");
        let drawn = [(); 4].map(|()| stream.normal().to_bits());
        let golden: [f64; 4] =
            [-1.718_742_856_308_858, 0.088_733_235_287_938_21, 0.385_764_182_990_356_9, 0.270_195_395_641_229_1];
        assert_eq!(drawn, golden.map(f64::to_bits));
    }

    #[test]
    fn permutations_are_pinned() {
        let order = Generator::new(7).stream("shuffle/epoch3").permutation(10);
        assert_eq!(order, [3, 9, 0, 2, 5, 1, 6, 4, 8, 7]);
    }

    #[test]
    fn rejection_is_pinned() {
        let mut stream = Generator::new(7).stream("below");
        let drawn = [(); 4].map(|()| stream.below((1 << 63) + 1));
        assert_eq!(
            drawn,
            [
                7_602_322_998_615_777_925,
                5_361_328_118_677_196_730,
                5_650_697_413_425_677_345,
                4_746_330_878_117_608_898
            ]
        );
    }

    #[test]
    fn streams_differ_by_seed_and_name_and_repeat() {
        let first = |seed, name| Generator::new(seed).stream(name).next_u64();
        assert_eq!(first(1, "a"), first(1, "a"));
        assert_ne!(first(1, "a"), first(2, "a"));
        assert_ne!(first(1, "a"), first(1, "b"));
    }

    #[test]
    fn draws_stay_below_their_bound() {
        let mut stream = Generator::new(3).stream("bounds");
        for bound in [1, 2, 3, 10, 1 << 63, u64::MAX] {
            assert!((0..100).all(|_| stream.below(bound) < bound), "{bound}");
        }
    }

    #[test]
    fn normal_numbers_have_the_moments_of_a_normal_distribution() {
        let mut stream = Generator::new(5).stream("moments");
        let drawn: Vec<f64> = (0..200_000).map(|_| stream.normal()).collect();
        let moment = |power| drawn.iter().map(|x| x.powi(power)).sum::<f64>() / drawn.len() as f64;
        // Five standard errors each.
        for (power, expected, error) in [(1, 0.0, 0.0022), (2, 1.0, 0.0032), (3, 0.0, 0.0087), (4, 3.0, 0.022)] {
            assert!((moment(power) - expected).abs() < 5.0 * error, "moment {power}: {}", moment(power));
        }
    }

    #[test]
    fn every_order_is_equally_likely() {
        let mut stream = Generator::new(5).stream("orders");
        let mut counts = [0_i32; 6];
        for _ in 0..60_000 {
            let order = stream.permutation(3);
            counts[2 * order[0] + usize::from(order[1] > order[2])] += 1;
        }
        // Each count has a deviation of √(60 000·1/6·5/6) = 91.
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 5 * 91), "{counts:?}");
    }
}

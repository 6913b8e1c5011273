//! The machine's widest registers, chosen at run time.

use std::fmt;
use std::sync::OnceLock;

use pulp::{Scalar, Simd, WithSimd};

/// Environment variable that caps the registers, read once per process: `scalar`, `neon`, `avx2` or `avx512`.
pub const CAP: &str = "UNTIED_SIMD";

/// Kind of registers, narrower ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// One element: plain arithmetic, which the compiler may still vectorise as far as every such machine can.
    Scalar,
    /// 128 bits (aarch64).
    Neon,
    /// 256 bits (x86-64 with AVX2, FMA and F16C).
    Avx2,
    /// 512 bits (x86-64 with AVX-512 F, BW, CD, DQ and VL).
    Avx512,
}

impl Level {
    const ALL: [Self; 4] = [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512];
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        })
    }
}

/// Registers that [`dispatch`] runs kernels in: the machine's widest, up to the cap of [`CAP`].
///
/// # Panics
/// If the variable is none of the levels' names.
#[must_use]
pub fn level() -> Level {
    match registers() {
        Registers::Scalar => Level::Scalar,
        #[cfg(target_arch = "x86_64")]
        Registers::Avx2(_) => Level::Avx2,
        #[cfg(target_arch = "x86_64")]
        Registers::Avx512(_) => Level::Avx512,
        #[cfg(target_arch = "aarch64")]
        Registers::Neon(_) => Level::Neon,
    }
}

/// Runs a kernel compiled for the machine's widest registers; of the kernel, what is `#[inline(always)]`.
///
/// # Panics
/// As [`level`].
pub fn dispatch<K: WithSimd>(kernel: K) -> K::Output {
    match registers() {
        Registers::Scalar => Scalar.vectorize(kernel),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: with these registers come all features that the function is compiled for.
        Registers::Avx2(simd) => unsafe { avx2(simd, kernel) },
        #[cfg(target_arch = "x86_64")]
        Registers::Avx512(simd) => Simd::vectorize(simd, kernel),
        #[cfg(target_arch = "aarch64")]
        Registers::Neon(simd) => Simd::vectorize(simd, kernel),
    }
}

/// [`dispatch`](crate::cpu::dispatch) of a call of an `#[inline(always)]` function, whose loops the compiler vectorises
/// for the machine's widest registers. Closures in that function have to be `#[inline(always)]` as well: one that is not
/// inlined is compiled for the narrowest.
#[macro_export]
macro_rules! vectorized {
    ($call:expr) => {
        $crate::cpu::dispatch($crate::cpu::Vectorized(
            #[inline(always)]
            || $call,
        ))
    };
}

/// Call of a closure as a kernel.
///
/// (pulp takes closures itself, by `FnOnce`: for a closure that could be called again that is a shim, which is not
/// inlined, and compiled for the narrowest registers.)
#[doc(hidden)]
pub struct Vectorized<F>(pub F);

impl<R, F: FnMut() -> R> WithSimd for Vectorized<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> R {
        (self.0)()
    }
}

/// Proof that the machine has such registers.
#[derive(Clone, Copy)]
enum Registers {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
}

fn registers() -> Registers {
    static REGISTERS: OnceLock<Registers> = OnceLock::new();
    *REGISTERS.get_or_init(|| {
        let cap = std::env::var_os(CAP).map(|value| parse(&value.to_string_lossy()));
        widest(cap.transpose().unwrap_or_else(|error| panic!("{error}")).unwrap_or(Level::Avx512))
    })
}

fn parse(name: &str) -> Result<Level, String> {
    let level = Level::ALL.into_iter().find(|level| level.to_string() == name);
    level.ok_or_else(|| format!("{CAP}: expected scalar, neon, avx2 or avx512, got `{name}`"))
}

fn widest(cap: Level) -> Registers {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new().filter(|_| cap >= Level::Avx512) {
            return Registers::Avx512(simd);
        }
        let half_precision = std::arch::is_x86_feature_detected!("f16c");
        if let Some(simd) = pulp::x86::V3::try_new().filter(|_| cap >= Level::Avx2 && half_precision) {
            return Registers::Avx2(simd);
        }
    }
    #[cfg(target_arch = "aarch64")]
    if let Some(simd) = pulp::aarch64::Neon::try_new().filter(|_| cap >= Level::Neon) {
        return Registers::Neon(simd);
    }
    let _ = cap;
    Registers::Scalar
}

/// (pulp's own function for these registers is compiled without F16C.)
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
fn avx2<K: WithSimd>(simd: pulp::x86::V3, kernel: K) -> K::Output {
    kernel.with_simd(simd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::print_stdout, reason = "the test below reads it")]
    fn registers_are_those_of_the_cap_or_narrower() {
        println!("level {}", level());
        let cap = std::env::var(CAP).map_or(Level::Avx512, |name| parse(&name).expect("a level"));
        assert!(level() <= cap);
    }

    #[test]
    fn each_cap_is_kept() {
        let levels = ["scalar", "avx2", "avx512"];
        let printed = untied_gradcheck::rerun_tests("registers_are_those_of_the_cap", CAP, &levels);
        assert!(printed[0].contains("level scalar"));
    }

    #[test]
    fn another_name_is_refused() {
        assert_eq!(parse("sse"), Err("UNTIED_SIMD: expected scalar, neon, avx2 or avx512, got `sse`".to_owned()));
        assert_eq!(Level::ALL.map(|level| parse(&level.to_string())), Level::ALL.map(Ok));
    }

    #[test]
    fn a_vectorized_call_returns_its_result() {
        #[inline(always)]
        fn sum(values: &[f32]) -> f32 {
            values.iter().sum()
        }
        let values = [1.0; 77];
        assert_eq!(vectorized!(sum(&values)), 77.0);
    }
}

//! Files with some bytes changed, to attack what reads them. Tests of other crates take this file in by its path.

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    /// The stream of a number, another one for every `UNTIED_MUTANT_SEED`.
    pub(crate) fn new(stream: u64) -> Self {
        Self(stream ^ number("UNTIED_MUTANT_SEED", 0).rotate_left(32) as u64)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// How many files of a kind: as few as usual, or `UNTIED_MUTANTS`.
pub(crate) fn count(usual: usize) -> usize {
    number("UNTIED_MUTANTS", usual)
}

fn number(variable: &str, usual: usize) -> usize {
    std::env::var(variable).ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}

/// The bytes with some of them changed, cut, doubled or taken from elsewhere.
pub(crate) fn mutated(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = |random: &mut Random, length: usize| random.below(length.max(1));
    for _ in 0..=random.below(4) {
        let (first, second) = (at(random, bytes.len()), at(random, bytes.len()));
        match random.below(6) {
            0 => bytes.truncate(first.max(1)),
            1 => drop(bytes.drain(first..(first + 1 + random.below(16)).min(bytes.len()))),
            2 => {
                let part = bytes[first..(first + 1 + random.below(64)).min(bytes.len())].to_vec();
                drop(bytes.splice(second..second, part));
            }
            3 => bytes[first] ^= 1 << random.below(8),
            4 => bytes[first] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            _ => bytes.swap(first, second),
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

/// The most memory that this process has had, on Linux, in bytes.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
    Some(1024 * kilobytes.trim().parse::<u64>().ok()?)
}

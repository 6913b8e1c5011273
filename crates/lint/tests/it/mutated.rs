//! Damaged files: each ends in findings or in one line.

use untied_lint::{InputShapes, Model, lint, strip};

use crate::{fixture, names};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// The bytes with some of them changed, cut, doubled or taken from elsewhere.
fn mutated(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    // The structure of small models lies in the first and last parts; weights fill the middle.
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

/// How many: a few here; `UNTIED_MUTANTS=100000` takes longer.
fn count() -> usize {
    std::env::var("UNTIED_MUTANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(600)
}

/// The most memory that this process has had, on Linux, in bytes.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
    Some(1024 * kilobytes.trim().parse::<u64>().ok()?)
}

#[test]
fn damaged_models_end_in_one_line() {
    let names: Vec<String> =
        names().into_iter().filter(|name| !["vit_new", "resnet_v1"].contains(&name.as_str())).collect();
    let originals: Vec<Vec<u8>> = names.iter().map(|name| std::fs::read(fixture(name)).unwrap()).collect();
    let (mut random, mut read, mut refused) = (Random(1), 0, 0);
    for case in 0..count() {
        let bytes = mutated(&originals[case % originals.len()], &mut random);
        let name = &names[case % names.len()];
        let said = match Model::decode(&bytes, "damaged.onnx".as_ref()) {
            Err(error) => error.to_string(),
            Ok(model) => match lint(&model, &InputShapes::new()) {
                Err(error) => error.to_string(),
                Ok(findings) => {
                    read += 1;
                    assert!(findings.redundant()[0] <= findings.parameters(), "{name}");
                    if case % 50 == 0 {
                        let _ = strip(&model, &InputShapes::new());
                    }
                    continue;
                }
            },
        };
        refused += 1;
        assert!(!said.contains('\n') && said.len() < 600, "{name}, case {case}: {said}");
    }
    // Of the whole process, the tests beside this one included.
    if let Some(peak) = peak_memory() {
        assert!(peak < 1 << 30, "{peak} bytes at the most");
    }
    assert!(read * 20 > count() && refused * 20 > count(), "{read} read, {refused} refused");
}

//! Elements of arrays, whatever type they are stored as, as pixels and labels.

use std::fmt::Display;

use crate::data::DataError;

/// The type that the elements of an array are stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    kind: Kind,
    /// 1, 2, 4 or 8.
    pub(super) bytes: usize,
    big_endian: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unsigned,
    Signed,
    Float,
}

impl Element {
    /// Unsigned bytes.
    pub(super) const BYTE: Self = Self { kind: Kind::Unsigned, bytes: 1, big_endian: true };

    /// The type of an IDX file's third byte.
    pub(super) fn of_idx(code: u8) -> Option<Self> {
        let (kind, bytes) = match code {
            0x08 => (Kind::Unsigned, 1),
            0x09 => (Kind::Signed, 1),
            0x0b => (Kind::Signed, 2),
            0x0c => (Kind::Signed, 4),
            0x0d => (Kind::Float, 4),
            0x0e => (Kind::Float, 8),
            _ => return None,
        };
        Some(Self { kind, bytes, big_endian: true })
    }

    /// The type of NumPy's `<i8`, `|u1`, `>f4`, …
    pub(super) fn of_numpy(dtype: &str) -> Option<Self> {
        let mut letters = dtype.chars();
        let (order, kind, size) = (letters.next()?, letters.next()?, letters.as_str());
        let kind = match (kind, size) {
            ('u', "1" | "2" | "4" | "8") => Kind::Unsigned,
            ('i', "1" | "2" | "4" | "8") => Kind::Signed,
            ('f', "4" | "8") => Kind::Float,
            _ => return None,
        };
        "<>|".contains(order).then(|| Self { kind, bytes: size.parse().unwrap_or(1), big_endian: order == '>' })
    }

    pub(super) fn is_integer(self) -> bool {
        self.kind != Kind::Float
    }

    /// The bits of one element, the highest first.
    fn bits(self, bytes: &[u8]) -> u64 {
        let append = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, append) } else { bytes.iter().rev().fold(0, append) }
    }

    fn integer(self, bytes: &[u8]) -> i128 {
        let value = i128::from(self.bits(bytes));
        // Two's complement.
        let above = 1_i128 << (8 * self.bytes);
        if self.kind == Kind::Signed && value >= above / 2 { value - above } else { value }
    }

    fn number(self, bytes: &[u8]) -> f64 {
        match (self.kind, self.bytes) {
            (Kind::Float, 4) => f64::from(f32::from_bits(self.bits(bytes) as u32)),
            (Kind::Float, _) => f64::from_bits(self.bits(bytes)),
            _ => self.integer(bytes) as f64,
        }
    }

    /// Labels from 0 to 255.
    pub(super) fn labels(self, name: &str, elements: &[u8]) -> Result<Vec<u8>, DataError> {
        let label = |(index, bytes): (usize, &[u8])| {
            let label = self.integer(bytes);
            let refused = |_| DataError::invalid(name, "labels from 0 to 255", format!("{label} at image {index}"));
            u8::try_from(label).map_err(refused)
        };
        elements.chunks_exact(self.bytes).enumerate().map(label).collect()
    }

    /// Pixels from 0 to 255: whole numbers as they are, and fractions from 0 to 1 times 255, rounded.
    pub(super) fn pixels(self, name: &str, elements: Vec<u8>) -> Result<Vec<u8>, DataError> {
        if self == Self::BYTE || (self.kind == Kind::Unsigned && self.bytes == 1) {
            return Ok(elements);
        }
        let numbers = || elements.chunks_exact(self.bytes).map(|bytes| self.number(bytes));
        // It would make fractions of the others look like faults.
        if let Some((index, number)) = numbers().enumerate().find(|(_, number)| !number.is_finite()) {
            return Err(wrong_pixel(name, number, index));
        }
        let is_byte = |number: f64| (0.0..=255.0).contains(&number) && number.fract() == 0.0;
        let is_share = |number: f64| (0.0..=1.0).contains(&number);
        // Zeros and ones alone are both; as shares they are black and white.
        let shares = !self.is_integer() && numbers().all(is_share);
        let pixel = |(index, number): (usize, f64)| match number {
            _ if shares => Ok((number * 255.0).round() as u8),
            _ if is_byte(number) => Ok(number as u8),
            _ => Err(wrong_pixel(name, number, index)),
        };
        numbers().enumerate().map(pixel).collect()
    }
}

pub(super) fn wrong_pixel(name: &str, found: impl Display, index: usize) -> DataError {
    let expected = "pixels that are whole numbers from 0 to 255, or fractions from 0 to 1";
    DataError::invalid(name, expected, format!("{found} at element {index}"))
}

/// The pixels `[n, c, h, w]` of `[n, h, w, c]`.
pub(super) fn planes(pixels: Vec<u8>, locations: usize, channels: usize) -> Vec<u8> {
    if channels == 1 {
        return pixels;
    }
    let plane = |image, channel: usize| <[u8]>::iter(image).copied().skip(channel).step_by(channels);
    let planes = |image| (0..channels).flat_map(move |channel| plane(image, channel));
    pixels.chunks_exact(locations * channels).flat_map(planes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_type_become_pixels() {
        let pixels = |dtype: &str, bytes: Vec<u8>| {
            Element::of_numpy(dtype).unwrap().pixels("x", bytes).map_err(|error| error.to_string())
        };
        let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>();
        assert_eq!(pixels(">f4", floats(&[0.0, 0.5, 1.0])).unwrap(), [0, 128, 255]);
        assert_eq!(pixels(">f4", floats(&[0.0, 7.0, 255.0])).unwrap(), [0, 7, 255]);
        assert_eq!(pixels("<i2", vec![1, 0, 255, 0]).unwrap(), [1, 255]);
        assert_eq!(pixels("<f8", 0.25_f64.to_le_bytes().to_vec()).unwrap(), [64]);
        let expected = "x: expected pixels that are whole numbers from 0 to 255, or fractions from 0 to 1, found";
        for (dtype, bytes, found) in [
            (">f4", floats(&[0.0, 1.5]), "1.5 at element 1"),
            (">f4", floats(&[0.47, f32::NAN]), "NaN at element 1"),
            ("<i2", vec![0, 1], "256 at element 0"),
            ("|i1", vec![0, 255], "-1 at element 1"),
        ] {
            assert_eq!(pixels(dtype, bytes).unwrap_err(), format!("{expected} {found}"), "{dtype}");
        }
    }
}

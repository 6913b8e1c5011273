//! Curves as event files of TensorBoard.
//!
//! A file is a series of records, each a message `Event` of TensorFlow's protobuf schema (`tensorflow/core/util/event.proto`,
//! `core/framework/summary.proto`) between its length and two checksums (`core/lib/io/record_writer.h`).

use std::path::Path;

use prost::{Message, Oneof};
use untied_study::{CellRecord, Results, StoreError, write_bytes};

/// TensorBoard knows event files by `tfevents` in their names. One name for all, so that a report made again replaces them.
const FILE: &str = "events.out.tfevents.0.untied";

/// Of the format, which the first event of a file names.
const VERSION: &str = "brain.Event:2";

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(oneof = "What", tags = "3, 5")]
    what: Option<What>,
}

#[derive(Clone, PartialEq, Oneof)]
enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Scalar>,
}

#[derive(Clone, PartialEq, Message)]
struct Scalar {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, tag = "2")]
    simple_value: f32,
}

/// Writes the curves of every cell that has some into a folder of its own, `<folder>/<cell id>/`, for `tensorboard --logdir <folder>`:
/// the scalars `loss/train`, `loss/test`, `accuracy/test`, and `loss/validation` and `accuracy/validation` where images are held
/// out, in f32, their steps the epochs from 1. Wall times are the training time, spread evenly over the epochs, since results
/// have no time of each.
///
/// # Errors
/// If the folder or a file cannot be written.
pub fn write_tensorboard(results: &Results, folder: &Path) -> Result<(), StoreError> {
    let with_curves = results.cells.iter().filter(|cell| !cell.curves.test_loss.is_empty());
    for cell in with_curves {
        write_bytes(&folder.join(&cell.id).join(FILE), &[&events(cell)])?;
    }
    Ok(())
}

fn events(cell: &CellRecord) -> Vec<u8> {
    let curves = &cell.curves;
    let named: [(&str, &[f64]); 5] = [
        ("loss/train", &curves.train_loss),
        ("loss/test", &curves.test_loss),
        ("accuracy/test", &curves.test_accuracy),
        ("loss/validation", &curves.validation_loss),
        ("accuracy/validation", &curves.validation_accuracy),
    ];
    let epochs = curves.test_loss.len();
    let of_epoch = |epoch: usize| {
        let scalar = |(tag, curve): &(&str, &[f64])| {
            curve.get(epoch).map(|&value| Scalar { tag: (*tag).to_owned(), simple_value: value as f32 })
        };
        let wall_time = cell.train_seconds * (epoch + 1) as f64 / epochs as f64;
        let value = named.iter().filter_map(scalar).collect();
        Event { wall_time, step: epoch as i64 + 1, what: Some(What::Summary(Summary { value })) }
    };
    let first = Event { wall_time: 0.0, step: 0, what: Some(What::FileVersion(VERSION.to_owned())) };
    std::iter::once(first).chain((0..epochs).map(of_epoch)).flat_map(|event| record(&event)).collect()
}

/// Length, its checksum, the message, its checksum; little-endian.
fn record(event: &Event) -> Vec<u8> {
    let message = event.encode_to_vec();
    let length = (message.len() as u64).to_le_bytes();
    let [of_length, of_message] = [length.as_slice(), &message].map(|bytes| checksum(bytes).to_le_bytes());
    [length.as_slice(), &of_length, &message, &of_message].concat()
}

/// CRC-32C, masked, so that checksums of data with checksums in them are no weaker.
fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first record of any event file that TensorFlow or PyTorch writes begins so, wall time aside.
    #[test]
    fn lengths_and_checksums_are_those_of_tensorflow() {
        // By `masked_crc32c` of TensorBoard's own writer, of 24 as eight bytes.
        assert_eq!(checksum(&24_u64.to_le_bytes()).to_le_bytes(), CHECKSUM_OF_24);
        let first = record(&Event { wall_time: 1.0, step: 0, what: Some(What::FileVersion(VERSION.into())) });
        assert_eq!((&first[..8], &first[8..12]), (&24_u64.to_le_bytes()[..], &CHECKSUM_OF_24[..]));
        assert_eq!(&first[12..36], b"\x09\0\0\0\0\0\0\xf0\x3f\x1a\x0dbrain.Event:2");
        assert_eq!(first.len(), 40);
    }

    const CHECKSUM_OF_24: [u8; 4] = [0xa3, 0x7f, 0x4b, 0x22];
}

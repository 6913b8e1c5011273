//! What is known of an image before its pixels are decoded.

use image::metadata::Orientation;

/// The most bytes that one image's pixels may have before it is resized, as its decoder has them.
pub(super) const MOST_PIXEL_BYTES: u64 = 1 << 29;

/// What the header of an image says.
pub(super) struct Sketch {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Not grey.
    pub(super) coloured: bool,
    /// Of the decoder's pixels.
    pub(super) bytes: u64,
    /// How the camera was held.
    pub(super) orientation: Orientation,
}

/// In one line; some decoders' messages end in a line break and quote themselves.
pub(super) fn text(error: &impl ToString) -> String {
    untied_study::printable(error.to_string().trim().trim_matches('"'))
}

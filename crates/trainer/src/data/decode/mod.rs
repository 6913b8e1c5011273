//! Image files, decoded to pixels of one size and colour.

pub(super) mod cache;
mod files;
mod form;
mod picture;
mod png;
mod sketch;
mod tiff;

pub(crate) use files::decode_file;
pub(super) use files::{Header, ImageFiles};
pub(crate) use form::Form;
pub(super) use form::reshaped;
pub(super) use picture::{ENDINGS, is_image_name};

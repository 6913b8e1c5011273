//! Image files, decoded to pixels of one size and colour.

pub(super) mod cache;
mod files;
mod form;
mod picture;
mod png;
mod sketch;
mod tiff;

pub(super) use files::{Header, ImageFiles};
pub(super) use form::{Form, reshaped};
pub(super) use picture::{ENDINGS, is_image_name};

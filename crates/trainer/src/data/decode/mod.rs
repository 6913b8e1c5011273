//! Image files, decoded.

pub(in crate::data) mod picture;

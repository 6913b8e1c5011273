//! The parts of the page: their words and their controls. Numbers and pictures are the script's.

pub(crate) mod backward;
mod controls;
pub(crate) mod feature_map;
pub(crate) mod introduction;
pub(crate) mod networks;
pub(crate) mod studies;

//! The drawing of plots: SVG elements on a sheet, and charts of rows and of lines. Lengths are pixels.

pub(crate) mod axis;
pub(crate) mod colour;
pub(crate) mod grid;
pub(crate) mod legend;
pub(crate) mod marks;
pub(crate) mod panel;
pub(crate) mod row_chart;
pub(crate) mod sheet;
pub(crate) mod text;

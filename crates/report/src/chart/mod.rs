//! The drawing of plots: a sheet, its colours, and charts of rows and of lines.

pub(crate) mod canvas;
pub(crate) mod legend;
pub(crate) mod palette;
pub(crate) mod panel;
pub(crate) mod row_chart;
pub(crate) mod text_layout;

//! The drawing of plots: SVG elements on a sheet, and charts of rows and of lines. Lengths are pixels.

mod axis;
mod colour;
mod grid;
mod heat_map;
mod legend;
mod marks;
mod panel;
mod row_chart;
mod sheet;
mod text;

pub(crate) use axis::{Axis, around};
pub(crate) use colour::{Colour, SHARE_STEPS, STEPS};
pub(crate) use grid::{Cell, Curve, Grid, PanelRow};
pub(crate) use heat_map::{HeatMap, Square};
pub(crate) use marks::{Point, Stroke, Symbol, dashed, diamond, dot, line, polygon, rectangle, ring, triangle};
pub(crate) use panel::{Mark, Panel};
pub(crate) use row_chart::{Row, RowChart};
pub(crate) use sheet::{MARGIN, Sheet, WIDTH};
pub(crate) use text::{LINE, Label, wrap};

//! The tables: what is certified, and the norms that describe it.

use untied_redundancy::CERTIFICATE_FACTOR;

use crate::document::names::clean;
use crate::document::number::{NONE, count, magnitude, or_none};
use crate::document::{Column, Table, Text};
use crate::statistics::student::sample;
use crate::topics::certificate::layers::LayerCertificate;

pub(super) fn findings(layers: &[(String, LayerCertificate)]) -> Table {
    let mut columns = vec![Column::left("Variant"), Column::left("Layer")];
    columns.extend(["Bias parameters", "Redundant, predicted", "Sets", "Largest ratio"].map(Column::right));
    columns.push(Column::left("Finding"));
    let paths = layers.iter().any(|(_, layer)| layer.sets.is_some());
    columns.extend(paths.then(|| Column::left("Why")));
    let row = |(variant, layer): &(String, LayerCertificate)| {
        let sets = layer.sets.as_ref();
        let some = sets.filter(|sets| sets.count > 0);
        let cells = [
            variant.clone(),
            clean(&layer.layer),
            count(layer.bias_parameters),
            count(layer.predicted_redundant),
            some.map_or(NONE.into(), |sets| count(sets.count)),
            or_none(some.and(layer.largest_ratio()), magnitude),
            layer.in_words(),
        ];
        let why = paths.then(|| sets.map_or(NONE.into(), |sets| sets.path.clone()));
        cells.into_iter().chain(why).map(Text::from).collect()
    };
    Table { caption: "Certificates by variant and layer.".into(), columns, rows: layers.iter().map(row).collect() }
}

pub(super) fn norms(layers: &[(String, LayerCertificate)]) -> Table {
    let mut columns = vec![Column::left("Variant"), Column::left("Layer")];
    let figures = ["Gradient norm", "Redundant part", "Round-off", "Gradient ÷ round-off", "Redundant ÷ round-off"];
    columns.extend(figures.map(Column::right));
    let row = |(variant, layer): &(String, LayerCertificate)| {
        let norms = &layer.norms;
        let redundant = |text: String| if layer.predicted_redundant == 0 && !layer.frozen { NONE.into() } else { text };
        let cells = [
            variant.clone(),
            clean(&layer.layer),
            magnitude(norms.gradient),
            redundant(magnitude(norms.redundant)),
            magnitude(norms.round_off),
            or_none(sample(&norms.gradient_ratios).map(|sample| sample.mean), magnitude),
            redundant(or_none(norms.redundant_ratios.iter().copied().reduce(f64::max), magnitude)),
        ];
        cells.into_iter().map(Text::from).collect()
    };
    Table { caption: "Norms of bias gradients by layer.".into(), columns, rows: layers.iter().map(row).collect() }
}

/// What the findings mean, those among them that occur or could.
pub(super) fn findings_explained(layers: &[(String, LayerCertificate)]) -> Text {
    let text = Text::default()
        .plain(
            "A set is what one redundant direction of the bias covers: a channel, a group, a location, or what two terms of \
             a bias can exchange. Its ratio is |Σ ∂J/∂b| over the set, divided by what rounding alone explains there at that \
             step, from the terms of the backward pass; the largest over sets, steps and seeds is shown. ",
        )
        .strong("Certified")
        .plain(format!(
            ": no ratio is above {CERTIFICATE_FACTOR}, and in every set there was a gradient to be seen. "
        ))
        .strong("No evidence")
        .plain(": no ratio is, but in some sets every gradient measured was exactly zero, as behind dead units. ")
        .strong("At work")
        .plain(": the network removes nothing of it by theory, and its gradient is above rounding.");
    if layers.iter().all(|(_, layer)| layer.finding().is_some()) {
        return text;
    }
    text.plain(" ")
        .strong("No record per set")
        .plain(": the results are of an older version, which kept the norms below alone; they certify nothing.")
}

pub(super) fn norms_explained(layers: &[(String, LayerCertificate)]) -> Text {
    let frozen = " Once batch norm is frozen, the redundant part is what was redundant before.";
    let frozen = if layers.iter().any(|(_, layer)| layer.frozen) { frozen } else { "" };
    Text::from(
        "These describe; a violation in one set or at one step can hide in them. L2 norms over the whole layer, averaged over \
     the measured steps and the seeds; round-off is what rounding of ∂J/∂z alone explains. Of the last two columns, the first \
     is the mean over the seeds and the second the largest seed.",
    )
    .plain(frozen)
}

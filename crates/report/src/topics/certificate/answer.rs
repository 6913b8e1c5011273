//! The certificates in a few sentences, no stronger than what was recorded.

use untied_redundancy::{CERTIFICATE_FACTOR, Finding};

use crate::document::Text;
use crate::document::names::clean;
use crate::document::number::magnitude;
use crate::results::selection::named;
use crate::topics::certificate::layers::LayerCertificate;

/// A layer, with the label of its variant.
type Layer = (String, LayerCertificate);

/// All biases in a paragraph; none where none has a redundant part.
pub(super) fn answer(layers: &[Layer]) -> Option<Text> {
    let redundant: Vec<&Layer> = layers.iter().filter(|(_, layer)| layer.predicted_redundant > 0).collect();
    let (recorded, older): (Vec<_>, Vec<_>) = redundant.into_iter().partition(|(_, layer)| layer.sets.is_some());
    let frozen = frozen(layers);
    if recorded.is_empty() && older.is_empty() {
        return frozen.map(Text::from);
    }
    let text = if recorded.is_empty() { Text::default() } else { certified(&recorded) };
    let text = text.plain(older_results(&older, recorded.is_empty())).plain(at_work(layers));
    Some(match frozen {
        Some(frozen) => text.plain(" ").plain(frozen),
        None => text,
    })
}

fn certified(layers: &[&Layer]) -> Text {
    let of = |finding| -> Vec<&Layer> {
        layers.iter().copied().filter(|(_, layer)| layer.finding() == Some(finding)).collect()
    };
    let certified = of(Finding::Certified);
    let text = Text::from("Of the biases with a redundant part, ")
        .strong(format!("{} of {}", certified.len(), layers.len()))
        .plain(" are certified, counted by variant and layer");
    let text = match largest(&certified) {
        Some(largest) => text.plain(format!(
            ": in every seed, at every measured step, the gradient along every redundant set is nothing but rounding (at most \
             {CERTIFICATE_FACTOR} times the round-off; the largest is {}).",
            magnitude(largest)
        )),
        None => text.plain("."),
    };
    text.plain(exceptions("Not certified", &of(Finding::NotCertified))).plain(exceptions(
        "No evidence, as in some sets every gradient measured is exactly zero",
        &of(Finding::NoEvidence),
    ))
}

/// What norms over whole layers say, where there is no record of single sets: never that a bias is certified.
fn older_results(layers: &[&Layer], all: bool) -> String {
    let Some(largest) = largest(layers) else { return String::new() };
    let which = if all { "These results are".into() } else { format!(" Of {} more, the results are", layers.len()) };
    format!(
        "{which} of an older version, without the record of single sets that a certificate takes. Over whole layers, averaged \
         over the measured steps, the redundant part of a bias gradient is at most {} times the round-off in any seed.",
        magnitude(largest)
    )
}

fn largest(layers: &[&Layer]) -> Option<f64> {
    layers.iter().filter_map(|(_, layer)| layer.largest_ratio()).reduce(f64::max)
}

/// ` Not certified: bias tied · norm batch, block1; … and others.`
fn exceptions(what: &str, layers: &[&Layer]) -> String {
    let name = |(variant, layer): &&Layer| format!("{variant}, {}", clean(&layer.layer));
    let Some((names, more)) = named(layers, name) else { return String::new() };
    format!(" {what}: {names}{}.", if more > 0 { " and others" } else { "" })
}

/// The least of the gradients that are more than rounding.
fn at_work(layers: &[Layer]) -> String {
    let working = layers.iter().filter(|(_, layer)| layer.is_at_work() && !layer.frozen);
    let smallest = working.flat_map(|(_, layer)| &layer.norms.gradient_ratios).copied().reduce(f64::min);
    smallest.map_or_else(String::new, |smallest| {
        format!(" Biases at work have gradients of {} times the round-off or more.", magnitude(smallest))
    })
}

/// What became of redundant parts once batch norm was frozen; none where it never was.
fn frozen(layers: &[Layer]) -> Option<String> {
    let ratios: Vec<&[f64]> =
        layers.iter().filter(|(_, one)| one.frozen).map(|(_, one)| &one.norms.redundant_ratios[..]).collect();
    let least = |ratios: &&[f64]| ratios.iter().copied().reduce(f64::min);
    let working: Vec<f64> = ratios.iter().filter_map(least).filter(|least| *least > CERTIFICATE_FACTOR).collect();
    let smallest = working.iter().copied().reduce(f64::min);
    let start = format!(
        "Once batch norm is frozen, {} of {} biases have gradients above rounding along what was redundant before, in every seed",
        working.len(),
        ratios.len()
    );
    (!ratios.is_empty()).then(|| match smallest {
        Some(smallest) => format!("{start}: {} times the round-off or more.", magnitude(smallest)),
        None => format!("{start}."),
    })
}

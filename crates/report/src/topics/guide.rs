//! Guide to reading a report, and to repeating it.

use untied_study::Over;

use crate::document::{Block, Section, Text};
use crate::results::View;
use crate::topics::looks;

/// The method in a few lines.
pub(crate) fn reading(view: &View<'_>) -> Section {
    let floor = match view.metric {
        untied_study::Metric::TestAccuracy => "one test image",
        _ => "one rounding of a 32-bit number of the loss's size",
    };
    let mut definitions = vec![
        (
            "Pairs",
            Text::from(
                "All variants of one seed see the same batches, and start from the same weights where their tensors have the same \
             shapes, so variants are compared seed by seed. How much that removes depends on the variants: the correlation \
             of the two sides says it; at 0 pairing gains nothing. A pair with an unfinished run is left out and counted.",
            ),
        ),
        ("Interval", intervals(view)),
        (
            "Scope",
            Text::from(
                "Intervals of this report are about seeds, other initial weights and another order of the images, trained and \
                 tested on these images, unless they are said to be on new images. None covers other training images.",
            ),
        ),
        ("t test", "p of the claim that there is no difference. A large p does not prove equality.".into()),
        (
            "TOST",
            Text::from(
                "Two one-sided t tests: p of the claim that the difference is at least as large as the margin. A small p \
             shows equivalence (Schuirmann 1987, Lakens 2017). The margin comes from the config, not from the results.",
            ),
        ),
        (
            "Adjusted",
            Text::from(
                "By Holm's method (1979) over one family with both p-values of every comparison, so that many comparisons do \
                 not make a chance find likely. A difference cannot be both zero and as large as the margin, so that at \
                 most one of a comparison's two claims is true, and the multipliers count comparisons, not p-values \
                 (Shaffer 1986).",
            ),
        ),
        (
            "Verdict",
            Text::default()
                .strong("equivalent")
                .plain(": adjusted TOST p ≤ 0.025, hence an interval inside ±margin. ")
                .strong("different")
                .plain(": otherwise, adjusted t test p ≤ 0.05. ")
                .strong("inconclusive")
                .plain(
                    ": neither. A new study of more seeds may tell; seeds that are added to this one until it does make false \
                     verdicts likelier, unless the config plans its looks.",
                ),
        ),
        (
            "Before adjustment",
            Text::from(
                "Intervals are not adjusted. Where one shows more than the verdict claims, on whichever side (it excludes \
                 zero, or lies inside or outside ±margin), the sentence says that it does so only before adjustment.",
            ),
        ),
        (
            "Caveats",
            Text::default()
                .strong("Chance")
                .plain(": neither side's mean accuracy beats the largest class's share of the test images (exact binomial \
                        test at 5 %). ")
                .strong("Ceiling")
                .plain(": both are less than the margin below 1. ")
                .strong("One seed")
                .plain(": with the mean and the spread of the other seeds, as many of them, the verdict would be another, and the seed lies \
                        farther from them than chance allows (Grubbs' test at 5 %). ")
                .strong("Collapse")
                .plain(": a seed lies farther from the others than the margin and than chance allows (Grubbs' test at 1 %); \
                        or variants are equivalent, but a failure rate that n seeds cannot exclude, 1 − 0.05^(1/n), could \
                        move the mean by the margin."),
        ),
        (
            "Seeds",
            Text::from(
                "The number suggested for an inconclusive comparison is the smallest n with an 80 % chance of the verdict \
             equivalent where the variants do not differ: P(|d̄| < margin − t·s/√n) ≥ 0.8 for n normal differences d of the \
             spread seen, with mean d̄ and deviation s; t is the 1 − 0.025/k quantile of Student's t with n − 1 degrees of \
             freedom, k the number of comparisons. As many show a difference of the margin's size at least as \
             often. The difference seen does not enter; the spread of a few pairs is itself a rough guess.",
            ),
        ),
        (
            "Floor",
            Text::from(format!(
                "Variants that agree exactly have differences without any spread; the spread is taken to be at least \
             {floor}, the least that the metric can resolve."
            )),
        ),
    ];
    definitions.extend(view.results.sequential.map(|design| ("Looks", looks::definition(design))));
    Section { id: "reading", title: "How to read this", blocks: vec![Block::Definitions(definitions)] }
}

/// What the intervals are of, and what a verdict holds for.
fn intervals(view: &View<'_>) -> Text {
    let text = Text::from(
        "95 % interval of the mean difference by Student's t, over seeds: what other initial weights and orders of the images \
         would do, with the same training and test images.",
    );
    let comparisons = &view.results.comparisons;
    if comparisons.iter().all(|one| one.ci95_images.is_none()) {
        return text;
    }
    let images = " On new images: over seeds and test images, what other test images of the same kind would do besides, after \
                  training on the same ones. Seeds and images are crossed: V = MS(seeds)/nm + max(MS(images) − MS(rest), \
                  0)/nm + 2/m² for n seeds and m images, by the mean squares of the differences of single answers, with \
                  f degrees of freedom, 1/f being the mean of 1/(n − 1) and 1/(m − 1) in proportion to the parts of V (Hillis \
                  2007: readers crossed with cases; Cochran 1964; 2/m²: Agresti & Min 2005). It is \
                  never narrower than the interval on these images.";
    let verdicts = match comparisons.first().map(|one| one.over) {
        Some(Over::SeedsAndImages) => " Tests and verdicts are over seeds and test images.",
        _ => " Tests and verdicts are over seeds, on these test images.",
    };
    text.plain(images).plain(verdicts)
}

/// The commands, and the sources of the numbers.
pub(crate) fn repeating() -> Section {
    let source = Text::from("Every number here is in, or computed from, ")
        .code("results.json")
        .plain(" beside this file: ")
        .code("cells")
        .plain(" has each run, ")
        .code("comparisons")
        .plain(" each verdict. The resolved config repeats the study on the same device:");
    let report = Text::from("To write this report again from the results alone:");
    let blocks = vec![
        Block::Paragraph(source),
        command("untied run config.toml"),
        Block::Paragraph(report),
        command("untied report ."),
    ];
    Section { id: "repeating", title: "Repeat it", blocks }
}

fn command(line: &str) -> Block {
    Block::Code { language: "sh", text: line.into() }
}

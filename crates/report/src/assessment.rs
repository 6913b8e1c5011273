//! A trained model on images with known classes, as a page.

use untied_study::{Assessment, ClassAssessment, Misjudged};

use crate::chart::{Colour, HeatMap, LINE, Label, MARGIN, Sheet, WIDTH};
use crate::confusion::{DRAWN, most_confused, squares};
use crate::document::html;
use crate::document::names::clean;
use crate::document::number::{count, fixed, magnitude, or_none, percent};
use crate::document::{Block, Column, Document, Figure, Picture, Section, Table, Text};

/// Room for the names of classes beside the matrix.
const NAMES: f64 = 130.0;
/// The largest side of a square of the matrix.
const SIDE: f64 = 46.0;
/// Confused pairs that are listed.
const PAIRS: usize = 20;

/// A page that needs no other file: accuracy and loss, each class, the confusion matrix, and the worst images.
#[must_use]
pub fn assessment_page(found: &Assessment) -> String {
    let Assessment { model, data, images, accuracy, loss, top, .. } = found;
    let facts = vec![
        ("Images", count(*images)),
        ("Accuracy", fixed(*accuracy)),
        ("Loss", fixed(*loss)),
        ("Class among the most probable", format!("{} of {}", percent(top.share), top.k)),
    ];
    let mut sections = vec![by_class(found), confused(found)];
    if !found.worst.is_empty() {
        sections.push(worst(&found.worst));
    }
    html::write(&Document {
        kicker: "a trained model",
        title: clean(model),
        question: format!("Tested on {}", clean(data)),
        facts,
        sections,
    })
}

fn by_class(found: &Assessment) -> Section {
    let row = |of: &ClassAssessment| {
        let numbers = [or_none(of.precision, fixed), or_none(of.recall, fixed)].map(Text::from);
        [Text::from(clean(&of.name)), Text::from(count(of.images as usize))].into_iter().chain(numbers).collect()
    };
    let table = Table {
        caption: "Precision: the share of a class's answers that are right. Recall: the share of its images that are \
                  answered rightly."
            .into(),
        columns: vec![
            Column::left("Class"),
            Column::right("Images"),
            Column::right("Precision"),
            Column::right("Recall"),
        ],
        rows: found.classes.iter().map(row).collect(),
    };
    Section { id: "classes", title: "Class by class", blocks: vec![Block::Table(table)] }
}

fn confused(found: &Assessment) -> Section {
    let pairs = most_confused(&found.confusion);
    let name = |class: usize| clean(&found.classes[class].name);
    let row = |&([class, answer], images): &([usize; 2], u32)| {
        vec![Text::from(name(class)), Text::from(name(answer)), Text::from(count(images as usize))]
    };
    let mut blocks: Vec<Block> = figure(found).map(Block::Figure).into_iter().collect();
    blocks.push(match pairs.as_slice() {
        [] => Block::Paragraph("No image is taken for another class.".into()),
        pairs => Block::Table(Table {
            caption: format!("The pairs that are confused most, {} of {}.", pairs.len().min(PAIRS), pairs.len()),
            columns: vec![Column::left("Class"), Column::left("Taken for"), Column::right("Images")],
            rows: pairs.iter().take(PAIRS).map(row).collect(),
        }),
    });
    Section { id: "confusion", title: "What is taken for what", blocks }
}

/// The confusion matrix; none of more classes than a picture shows.
fn figure(found: &Assessment) -> Option<Figure> {
    let classes = found.classes.len();
    if classes > DRAWN || found.confusion.is_empty() {
        return None;
    }
    let names: Vec<String> = found.classes.iter().map(|of| clean(&of.name)).collect();
    let side = ((WIDTH - 2.0 * MARGIN - NAMES) / classes as f64).min(SIDE);
    let map = HeatMap {
        at: (MARGIN + NAMES, MARGIN + 2.0 * LINE),
        size: [side, side.min(28.0)],
        squares: squares(&found.confusion, true),
        ground: Colour::Share(0),
        columns: if side >= 28.0 { &names } else { &[] },
        rows: &names,
        room: NAMES,
    };
    let title = "Classes and answers";
    let alt = "A row a class, a column an answer: the darker a square, the larger the share of the class's images.";
    let marks = maud::html! {
        (Label::left(Colour::Muted).write((MARGIN, MARGIN), &["rows: class of an image; columns: answer of the model"]))
        (map.draw())
    };
    let svg = Sheet { name: "confusion", title, alt }.svg(map.at.1 + map.height() + MARGIN, &marks);
    let caption = Text::default().strong(format!("{title}. ")).plain(
        "The diagonal is right. Colours are shares of a class's images, in quarters; any share above 0 has a colour.",
    );
    Some(Figure { file: "confusion.svg", svg, alt: alt.into(), caption })
}

fn worst(worst: &[Misjudged]) -> Section {
    let picture = |one: &Misjudged| Picture {
        webp: one.picture.clone(),
        alt: format!("{}, taken for {}", clean(&one.class), clean(&one.answer)),
        caption: Text::default()
            .strong(clean(&one.class))
            .plain(format!(
                ", by the model {} ({}); {} for the class, loss {}. ",
                clean(&one.answer),
                percent(one.answer_probability),
                percent(one.class_probability),
                magnitude(one.loss)
            ))
            .code(clean(&one.image)),
    };
    let text =
        "Those with the largest loss: where the model is surest of something else. Pictures show what the model sees.";
    let blocks = vec![Block::Paragraph(text.into()), Block::Pictures(worst.iter().map(picture).collect())];
    Section { id: "worst", title: "The worst images", blocks }
}

//! Which images of a source are trained on, tested on and held out: drawn from each class alike, the same for every seed of a
//! study.

use untied_study::{DataConfig, Limit};

use super::DataError;
use super::collection::{Collection, Images};
use crate::random::{Generator, Stream};

/// A collection with a test set.
pub(super) struct Selected {
    pub(super) train: Images,
    pub(super) test: Images,
    pub(super) validation: Option<Images>,
}

/// Takes test images out of the training images where the source has none (`data.test`), leaves out what is beyond
/// `data.limit`, and then takes validation images out of what is left (`data.validation`).
pub(super) fn select(collection: &mut Collection, config: &DataConfig, source: &str) -> Result<Selected, DataError> {
    let empty = || Images::Pixels(crate::data::Split::empty([1, 1, 1]));
    let train = std::mem::replace(&mut collection.train, empty());
    let (train, test) = match (collection.test.take(), config.test) {
        (Some(test), None) => (train, test),
        (None, Some(share)) => split_off(&train, share, "data/test", "data.test", source)?,
        (Some(_), Some(share)) => {
            let expected = "no `data.test` where the source has test images of its own";
            return Err(DataError::invalid(source, expected, format!("data.test = {share}")));
        }
        (None, None) => {
            let expected = "test images; set data.test = 0.2 to set a fifth of the training images aside for testing";
            return Err(DataError::invalid(source, expected, "training images alone"));
        }
    };
    let (train, test) = limited(train, test, config.limit);
    let (train, validation) = match config.validation {
        None => (train, None),
        Some(share) => {
            let (train, validation) = split_off(&train, share, "data/validation", "data.validation", source)?;
            (train, Some(validation))
        }
    };
    Ok(Selected { train, test, validation })
}

fn limited(train: Images, test: Images, limit: Option<Limit>) -> (Images, Images) {
    let Some(Limit { train: most_train, test: most_test, seed }) = limit else { return (train, test) };
    let generator = Generator::new(seed);
    let cut = |images: Images, most: Option<usize>, name: &str| match most {
        Some(most) if most < images.labels().len() => {
            let chosen = stratified(images.labels(), most, &mut generator.stream(name));
            images.subset(&chosen)
        }
        _ => images,
    };
    (cut(train, most_train, "data/limit/train"), cut(test, most_test, "data/limit/test"))
}

/// The images that stay, and a share of them that goes.
fn split_off(images: &Images, share: f64, name: &str, key: &str, source: &str) -> Result<(Images, Images), DataError> {
    let all = images.labels().len();
    let count = (share * all as f64).round() as usize;
    if count == 0 || count == all {
        let expected = format!("{key} to leave images on both sides");
        return Err(DataError::invalid(source, expected, format!("{key} = {share}, {count} of {all} images")));
    }
    let taken = stratified(images.labels(), count, &mut Generator::new(0).stream(name));
    let mut goes = vec![false; all];
    for &index in &taken {
        goes[index] = true;
    }
    let stays: Vec<usize> = (0..all).filter(|&index| !goes[index]).collect();
    Ok((images.subset(&stays), images.subset(&taken)))
}

/// So many indices, in ascending order, of each class in proportion to its size (largest remainders, those of the first
/// classes where they are equal).
fn stratified(labels: &[u8], count: usize, stream: &mut Stream) -> Vec<usize> {
    let mut classes: Vec<Vec<usize>> = vec![Vec::new(); 256];
    labels.iter().enumerate().for_each(|(index, &label)| classes[usize::from(label)].push(index));
    let exact = |class: &Vec<usize>| (count * class.len()) as u128;
    let all = labels.len() as u128;
    let mut quotas: Vec<usize> = classes.iter().map(|class| (exact(class) / all) as usize).collect();
    let left = count - quotas.iter().sum::<usize>();
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_by_key(|&class| std::cmp::Reverse(exact(&classes[class]) % all));
    order.iter().take(left).for_each(|&class| quotas[class] += 1);
    let mut chosen = Vec::with_capacity(count);
    for (mut class, quota) in classes.into_iter().zip(quotas) {
        stream.shuffle(&mut class);
        chosen.extend_from_slice(&class[..quota]);
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_gives_its_share() {
        let labels: Vec<u8> = [vec![0; 50], vec![3; 30], vec![7; 20]].concat();
        let chosen = |seed: u64, count| stratified(&labels, count, &mut Generator::new(seed).stream("x"));
        let counts = |chosen: &[usize]| [0, 3, 7].map(|class| chosen.iter().filter(|&&i| labels[i] == class).count());
        assert_eq!(counts(&chosen(0, 10)), [5, 3, 2]);
        // Quotas of 3.5, 2.1 and 1.4: the largest remainder gets what is left.
        assert_eq!(counts(&chosen(0, 7)), [4, 2, 1]);
        assert_eq!(chosen(0, 100), (0..100).collect::<Vec<_>>());
        assert_eq!(chosen(5, 40), chosen(5, 40));
        assert_ne!(chosen(5, 40), chosen(6, 40));
        assert!(chosen(5, 40).is_sorted_by(|a, b| a < b));
    }
}

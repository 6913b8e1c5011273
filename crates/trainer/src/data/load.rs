//! From a config's `[data]` to images of one size and colour.

use untied_study::{Colour, DataConfig, DataSource};

use super::collection::{Collection, Images};
use super::decode::{Form, Header, reshaped};
use super::file::sha256;
use super::selection::{Selected, select};
use super::{Checksums, DataError, Dataset, Split, source};

/// The most bytes that the pixels of a whole data set may have, canvases included.
const MOST_BYTES: u64 = 1 << 32;

/// A data set whose image files have been looked at, but not decoded.
struct Opened {
    /// What errors call all of it.
    name: String,
    train: Part,
    test: Part,
    validation: Option<Part>,
    form: Form,
    classes: usize,
    class_names: Option<Vec<String>>,
    checksums: Option<Checksums>,
    notes: Vec<String>,
}

/// Images of one split, with the headers of those that lie in files.
struct Part {
    images: Images,
    headers: Vec<Header>,
}

/// Loads a data set as its source has it.
///
/// # Errors
/// As [`load_config`].
pub fn load(source: &DataSource) -> Result<Dataset, DataError> {
    load_config(&DataConfig::new(source.clone()))
}

/// Loads the images that a config names, in the form that it asks for.
///
/// Placing images on a canvas is left to what follows, but their memory counts.
///
/// # Errors
/// If a file is missing, damaged or not what it should be, the files do not belong together, or all of them need more memory
/// than is allowed; see [`DataError`].
pub fn load_config(config: &DataConfig) -> Result<Dataset, DataError> {
    let Opened { name, train, test, validation, form, classes, class_names, checksums, notes } = open(config, true)?;
    let test_files = test.images.files();
    let (mut splits, mut faults) = (Vec::new(), Vec::new());
    for part in [train, test].into_iter().chain(validation) {
        match part.decode(form) {
            Ok(split) => splits.push(split),
            Err(found) => faults.extend(found),
        }
    }
    if let Some(error) = DataError::all(&name, faults) {
        return Err(error);
    }
    let mut splits = splits.into_iter();
    let (Some(train), Some(test), validation) = (splits.next(), splits.next(), splits.next()) else {
        unreachable!("each part without faults gives a split")
    };
    let checksums = checksums.unwrap_or_else(|| Checksums::of(&train, &test));
    Ok(Dataset { train, test, validation, classes, class_names, test_files, checksums, notes })
}

/// Labels and sizes of what [`load_config`] would give, with no image file decoded: without any pixels.
///
/// # Errors
/// As [`load_config`], pixels aside.
pub(crate) fn survey(config: &DataConfig) -> Result<Dataset, DataError> {
    let Opened { train, test, validation, form, classes, class_names, notes, .. } = open(config, false)?;
    let test_files = test.images.files();
    let (train, test) = (train.outline(form), test.outline(form));
    let (validation, checksums) = (validation.map(|part| part.outline(form)), Checksums::of(&train, &test));
    Ok(Dataset { train, test, validation, classes, class_names, test_files, checksums, notes })
}

/// `pixels`: where files are at fault, those whose pixels are damaged are told with the others.
fn open(config: &DataConfig, pixels: bool) -> Result<Opened, DataError> {
    let (name, mut collection) = source::read(config)?;
    if !collection.faults.is_empty() {
        let mut faults = std::mem::take(&mut collection.faults);
        let images = [Some(&collection.train), collection.test.as_ref()].into_iter().flatten();
        faults.extend(images.flat_map(|images| images.faults(pixels)));
        DataError::all(&name, faults).map_or(Ok(()), Err)?;
    }
    let Selected { train, test, validation } = select(&mut collection, config, &name)?;
    let mut headers = headers(&[Some(&train), Some(&test), validation.as_ref()], &name, pixels)?.into_iter();
    let mut part = |images| Part { images, headers: headers.next().unwrap_or_default() };
    let (train, test) = (part(train), part(test));
    let validation = validation.map(part);
    let parts = || [Some(&train), Some(&test), validation.as_ref()].into_iter().flatten();
    let form = form(config, &parts().collect::<Vec<_>>())?;
    let count = parts().map(|part| part.images.labels().len()).sum();
    check_memory(config, &name, form, count)?;
    let Collection { classes, class_names, checksums, notes, .. } = collection;
    Ok(Opened { name, train, test, validation, form, classes, class_names, checksums, notes })
}

/// The headers of the files of each part, or all that is wrong with any of them.
fn headers(parts: &[Option<&Images>], name: &str, pixels: bool) -> Result<Vec<Vec<Header>>, DataError> {
    let parts = || parts.iter().flatten();
    let headers: Result<Vec<Vec<Header>>, DataError> = parts().map(|images| images.headers()).collect();
    headers.map_err(|first| {
        let faults = parts().flat_map(|images| images.faults(pixels)).collect();
        DataError::all(name, faults).unwrap_or(first)
    })
}

impl Part {
    /// Or what is wrong with each file that cannot be decoded.
    fn decode(self, form: Form) -> Result<Split, Vec<DataError>> {
        match self.images {
            Images::Pixels(split) => Ok(reshaped(split, form)),
            Images::Files(files) => files.decode(&self.headers, form),
        }
    }

    /// The split without its pixels.
    fn outline(&self, form: Form) -> Split {
        let [channels, height, width] = form.shape;
        let labels = self.images.labels().to_vec();
        Split { images: Vec::new(), count: labels.len(), labels, channels, height, width }
    }

    fn coloured(&self) -> bool {
        match &self.images {
            Images::Pixels(split) => split.channels > 1,
            Images::Files(_) => self.headers.iter().any(|header| header.coloured),
        }
    }

    /// Of the first image.
    fn size(&self) -> [usize; 2] {
        match &self.images {
            Images::Pixels(split) => [split.height, split.width],
            Images::Files(_) => self.headers.first().map_or([0; 2], |header| header.size),
        }
    }
}

/// The form that the config asks for, or that the images have.
fn form(config: &DataConfig, parts: &[&Part]) -> Result<Form, DataError> {
    let coloured = match config.colour {
        Some(colour) => colour == Colour::Rgb,
        None => parts.iter().any(|part| part.coloured()),
    };
    let [height, width] = match config.size {
        Some(size) => size,
        None => common_size(parts)?,
    };
    let shape = [if coloured { 3 } else { 1 }, height, width];
    Ok(Form { shape, background: config.background.unwrap_or_default() })
}

/// The size of the first image, which all others must have.
fn common_size(parts: &[&Part]) -> Result<[usize; 2], DataError> {
    let size = parts[0].size();
    match parts.iter().flat_map(|part| &part.headers).find(|header| header.size != size) {
        None => Ok(size),
        Some(Header { file, size: found, .. }) => {
            let [[height, width], found] = [size, *found];
            let expected = format!("{height}x{width} as in the first image, or data.size = [height, width] for all");
            Err(DataError::invalid(file, expected, format!("{}x{}", found[0], found[1])))
        }
    }
}

fn check_memory(config: &DataConfig, name: &str, form: Form, count: usize) -> Result<(), DataError> {
    let [channels, height, width] = form.shape;
    let [height, width] = config.canvas.map_or([height, width], |canvas| [canvas.size; 2]);
    let bytes = [count, channels, height, width].iter().fold(1_u64, |bytes, &size| bytes.saturating_mul(size as u64));
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let expected = format!(
        "at most {} of pixels for all images together; a smaller data.size or data.limit makes fewer",
        gigabytes(MOST_BYTES)
    );
    let found = format!("{count} images of {height}x{width}x{channels}, which need {}", gigabytes(bytes));
    Err(DataError::invalid(name, expected, found))
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

impl Checksums {
    /// Of the pixels and the labels of two splits.
    fn of(train: &Split, test: &Split) -> Self {
        Self {
            train_images: sha256(&train.images),
            train_labels: sha256(&train.labels),
            test_images: sha256(&test.images),
            test_labels: sha256(&test.labels),
        }
    }
}

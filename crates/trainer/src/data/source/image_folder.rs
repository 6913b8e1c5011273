//! Images in folders named after their classes.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use untied_study::printable;

use crate::data::DataError;
use crate::data::collection::{Collection, Images};
use crate::data::decode::{ENDINGS, ImageFiles, is_image_name};
use crate::data::file::check_folder;

const MOST_CLASSES: usize = 256;

/// What the test images' folder may be called: the first of these that is there.
const TEST_FOLDERS: [&str; 4] = ["test", "val", "valid", "validation"];

/// Folders that systems leave behind.
const FOREIGN_FOLDERS: [&str; 4] = ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"];

/// Kinds of files that a line on those passed over names.
const MOST_NAMED: usize = 4;

/// Reads a folder that holds `train/CLASS/` and `test/CLASS/` (or `val`) with the same classes, which are numbered in the
/// order of their names; where the test images are a `share` of the training images, also one that holds `CLASS/`. Names that
/// start with a dot are passed over; so are files with names unlike an image's, which are counted.
pub(super) fn read(folder: &Path, share: bool) -> Result<Collection, DataError> {
    check_folder(folder)?;
    let mut foreign = Foreign::default();
    let train = if share && !folder.join("train").is_dir() { folder.to_owned() } else { folder.join("train") };
    let names = classes(&train, "a folder `train`", &mut foreign)?;
    if names.len() > MOST_CLASSES {
        return Err(DataError::invalid(train.display(), format!("at most {MOST_CLASSES} classes"), names.len()));
    }
    let test = TEST_FOLDERS.map(|name| folder.join(name)).into_iter().find(|test| train != folder && test.is_dir());
    let test = match test {
        None if share => None,
        test => {
            let test = test.unwrap_or_else(|| folder.join(TEST_FOLDERS[0]));
            check_same(&names, &test, &classes(&test, "a folder `test`", &mut foreign)?)?;
            Some(test)
        }
    };
    let mut faults = Vec::new();
    let train = Images::Files(files(&train, &names, &mut foreign, &mut faults)?);
    let test = test.map(|test| files(&test, &names, &mut foreign, &mut faults).map(Images::Files)).transpose()?;
    Ok(Collection {
        train,
        test,
        classes: names.len(),
        class_names: Some(names.iter().map(|name| shown(name)).collect()),
        checksums: None,
        notes: foreign.note(folder).into_iter().collect(),
        faults,
    })
}

/// The images below a folder, or below the folder `test` (or `val`) in it, in folders that are named after classes that are
/// known; a class may have no folder.
pub(crate) fn read_known(folder: &Path, known: &[String]) -> Result<ImageFiles, DataError> {
    check_folder(folder)?;
    let mut foreign = Foreign::default();
    let test = TEST_FOLDERS.map(|name| folder.join(name)).into_iter().find(|test| test.is_dir());
    let root = test.unwrap_or_else(|| folder.to_owned());
    let names = classes(&root, "one folder a class", &mut foreign)?;
    let label = |name: &OsString| {
        let label = known.iter().position(|known| *known == shown(name));
        let expected = || format!("folders named after the model's classes, {}", known.join(", "));
        label.ok_or_else(|| DataError::invalid(root.display(), expected(), shown(name)))
    };
    let labels = names.iter().map(label).collect::<Result<Vec<usize>, _>>()?;
    let mut faults = Vec::new();
    let files = files(&root, &names, &mut foreign, &mut faults)?;
    DataError::all(root.display(), faults).map_or(Ok(()), Err)?;
    Ok(ImageFiles { labels: files.labels.iter().map(|&name| labels[usize::from(name)] as u8).collect(), ..files })
}

/// What a folder is to hold that has no image.
pub(crate) fn expected_images() -> String {
    format!("one image or more, with a name that ends in .{}", ENDINGS.join(", ."))
}

/// The image files of a folder and of those below it, by name; names that start with a dot are passed over.
pub(crate) fn image_files(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut found = Vec::new();
    for entry in visible(folder)? {
        if entry.is_dir() {
            found.extend(image_files(&entry)?);
        } else if is_image_name(&entry) {
            found.push(entry);
        }
    }
    Ok(found)
}

/// Bytes that are no text, and characters that would break a line, are replaced.
fn shown(name: &OsStr) -> String {
    printable(&name.to_string_lossy())
}

/// A name with its spelling, where another one may look the same: letters with accents have two, and a space shows nowhere.
fn spelt(name: &OsStr) -> String {
    let (plain, text) = (shown(name), name.to_string_lossy());
    if text.is_ascii() && text.trim() == text { plain } else { format!("{plain} (\"{}\")", text.escape_default()) }
}

/// The names of a split's folders, in order.
fn classes(split: &Path, expected: &'static str, foreign: &mut Foreign) -> Result<Vec<OsString>, DataError> {
    if !split.is_dir() {
        return Err(no_split(split.parent().unwrap_or(split), expected));
    }
    let mut names = Vec::new();
    for entry in visible(split)? {
        let name = entry.file_name().unwrap_or_default().to_owned();
        if FOREIGN_FOLDERS.iter().any(|foreign| name == *foreign) || (!entry.is_dir() && !is_image_name(&entry)) {
            foreign.count(&entry);
        } else if entry.is_dir() {
            names.push(name);
        } else {
            return Err(misplaced(&entry, "a folder of one class"));
        }
    }
    if names.is_empty() {
        return Err(misplaced(split, "one folder a class"));
    }
    Ok(names)
}

fn check_same(train: &[OsString], folder: &Path, test: &[OsString]) -> Result<(), DataError> {
    if train == test {
        return Ok(());
    }
    let without = |these: &[OsString], those: &[OsString], word: &str| {
        let names: Vec<String> = these.iter().filter(|name| !those.contains(name)).map(|name| spelt(name)).collect();
        if names.is_empty() { String::new() } else { format!("; {word}: {}", names.join(", ")) }
    };
    let (missing, unknown) = (without(train, test, "missing"), without(test, train, "not in the training set"));
    Err(DataError::unlike(folder.display(), format!("the classes of the training set{missing}{unknown}")))
}

/// The entries of a folder by name, without those that start with a dot.
fn visible(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let failed = DataError::read(folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(&failed)? {
        let entry = entry.map_err(&failed)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

/// The image files of all classes.
fn files(
    split: &Path,
    names: &[OsString],
    foreign: &mut Foreign,
    faults: &mut Vec<DataError>,
) -> Result<ImageFiles, DataError> {
    let mut files = ImageFiles { paths: Vec::new(), labels: Vec::new() };
    for (label, name) in names.iter().enumerate() {
        let class = split.join(name);
        let before = files.paths.len();
        for entry in visible(&class)? {
            if is_image_name(&entry) {
                files.paths.push(entry);
                files.labels.push(label as u8);
            } else if entry.is_dir() && !FOREIGN_FOLDERS.iter().any(|foreign| entry.ends_with(foreign)) {
                return Err(misplaced(&entry, "an image, not a folder"));
            } else {
                foreign.count(&entry);
            }
        }
        if files.paths.len() == before {
            faults.push(DataError::unlike(class.display(), expected_images()));
        }
    }
    Ok(files)
}

/// Files that are passed over, by the ending of their names.
#[derive(Default)]
struct Foreign(BTreeMap<String, usize>);

impl Foreign {
    fn count(&mut self, path: &Path) {
        let kind = match path.extension() {
            Some(ending) => format!(".{}", shown(ending)),
            None => shown(path.file_name().unwrap_or_default()),
        };
        *self.0.entry(kind).or_default() += 1;
    }

    /// One line, where there are any.
    fn note(&self, folder: &Path) -> Option<String> {
        let count: usize = self.0.values().sum();
        let kinds: Vec<String> =
            self.0.iter().take(MOST_NAMED).map(|(kind, count)| format!("{count} {kind}")).collect();
        let more = if self.0.len() > MOST_NAMED { ", …" } else { "" };
        let (files, are) = if count == 1 { ("file", "is no image") } else { ("files", "are no images") };
        let folder = printable(&folder.display().to_string());
        (count > 0).then(|| format!("{folder}: {count} {files} passed over that {are} ({}{more})", kinds.join(", ")))
    }
}

/// There is no folder of a split, perhaps since a zip was unpacked into a folder of its own.
fn no_split(folder: &Path, expected: &str) -> DataError {
    let inner = visible(folder).unwrap_or_default().into_iter().find(|entry| entry.join("train").is_dir());
    match inner {
        Some(inner) => {
            let found = format!("{}, which has one: perhaps it is meant", printable(&inner.display().to_string()));
            DataError::invalid(folder.display(), expected, found)
        }
        None => misplaced(folder, expected),
    }
}

fn misplaced(at: &Path, expected: &str) -> DataError {
    let layout = "images lie in DIR/train/CLASS/ and DIR/test/CLASS/, or in DIR/CLASS/ with data.test = 0.2";
    DataError::unlike(at.display(), format!("{expected}; {layout}"))
}

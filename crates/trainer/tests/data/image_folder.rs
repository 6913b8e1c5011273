//! Folders of images: what is read, and what is refused.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use untied_study::DataSource;
use untied_trainer::data::{DataError, Dataset, load};
use zune_png::PngEncoder;
use zune_png::zune_core::bit_depth::BitDepth;
use zune_png::zune_core::colorspace::ColorSpace;
use zune_png::zune_core::options::EncoderOptions;

/// The pixels of an image as PNG.
fn png(width: usize, height: usize, colours: ColorSpace, depth: BitDepth, pixels: &[u8]) -> Vec<u8> {
    let options =
        EncoderOptions::default().set_width(width).set_height(height).set_colorspace(colours).set_depth(depth);
    let mut bytes = Vec::new();
    PngEncoder::new(pixels, options).encode(&mut bytes).expect("memory takes all bytes");
    bytes
}

/// Pixels that differ in every channel and place.
fn rgb(shade: u8) -> Vec<u8> {
    let pixels: Vec<u8> = (0..6_u8).flat_map(|at| [shade, 10 * (at % 3), 100 * (at / 3)]).collect();
    png(3, 2, ColorSpace::RGB, BitDepth::Eight, &pixels)
}

fn grey(shade: u8) -> Vec<u8> {
    png(3, 2, ColorSpace::Luma, BitDepth::Eight, &[shade; 6])
}

fn jpeg(colours: jpeg_encoder::ColorType, channels: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, 100);
    encoder.encode(&vec![128; 6 * channels], 3, 2, colours).expect("memory takes all bytes");
    bytes
}

fn write(folder: &TempDir, name: &str, content: &[u8]) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).expect("a temporary folder");
    fs::write(path, content).expect("a temporary file");
}

/// Two classes, three training and two test images.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, shade) in
        [("train/dog/1", 5), ("train/cat/2", 2), ("train/cat/10", 1), ("test/cat/0", 3), ("test/dog/0", 4)]
    {
        write(&folder, &format!("{name}.png"), &rgb(shade));
    }
    folder
}

fn load_from(folder: &Path) -> Result<Dataset, DataError> {
    load(&DataSource::Folder(folder.to_owned()))
}

fn message(folder: &TempDir) -> String {
    let message = load_from(folder.path()).expect_err("a fault").to_string();
    message.replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn classes_and_files_are_read_in_the_order_of_their_names() {
    let data = load_from(folder().path()).expect("sound images");
    let train = &data.train;
    assert_eq!([train.count, train.channels, train.height, train.width], [3, 3, 2, 3]);
    assert_eq!((&train.labels[..], &data.test.labels[..]), (&[0, 0, 1][..], &[0, 1][..]));
    assert_eq!((data.classes, data.class_names), (2, Some(vec!["cat".to_owned(), "dog".to_owned()])));
    // Red, green and blue planes of cat/10.png, rows of three.
    let expected = [[1, 1, 1, 1, 1, 1], [0, 10, 20, 0, 10, 20], [0, 0, 0, 100, 100, 100]];
    assert_eq!(train.image(0), expected.concat());
    assert_eq!(train.image(1)[0], 2);
}

#[test]
fn jpeg_grey_and_hidden_files_are_taken_for_what_they_are() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["train/a/0.jpg", "train/b/0.JPEG", "test/a/0.jpg"] {
        write(&folder, name, &jpeg(jpeg_encoder::ColorType::Luma, 1));
    }
    write(&folder, "test/b/0.png", &grey(128));
    write(&folder, "train/.DS_Store", b"x");
    write(&folder, "train/a/.hidden.txt", b"x");
    write(&folder, "README.txt", b"beside the splits");
    let data = load_from(folder.path()).expect("sound images");
    assert_eq!([data.train.channels, data.train.count], [1, 2]);
    assert!(data.train.images.iter().all(|&pixel| pixel.abs_diff(128) < 3), "{:?}", data.train.images);
}

#[test]
fn content_not_name_tells_the_format() {
    let folder = folder();
    let png = fs::read(folder.path().join("train/cat/2.png")).unwrap();
    fs::rename(folder.path().join("train/cat/2.png"), folder.path().join("train/cat/2.jpg")).unwrap();
    assert_eq!(fs::read(folder.path().join("train/cat/2.jpg")).unwrap(), png);
    assert_eq!(load_from(folder.path()).expect("sound images").train.image(1)[0], 2);
}

#[test]
fn another_layout_is_refused() {
    let layout = "images lie in DIR/train/CLASS/ and DIR/test/CLASS/, or in DIR/CLASS/ with data.test = 0.2";
    let none = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(message(&none), format!("DIR: expected a folder `train`; {layout}"));
    write(&none, "train/cat.png", b"x");
    fs::create_dir(none.path().join("test")).unwrap();
    assert_eq!(message(&none), format!("DIR/train/cat.png: expected a folder of one class; {layout}"));
    fs::remove_file(none.path().join("train/cat.png")).unwrap();
    assert_eq!(message(&none), format!("DIR/train: expected one folder a class; {layout}"));

    let folder = folder();
    fs::create_dir(folder.path().join("train/bird")).unwrap();
    let classes = "DIR/test: expected the classes of the training set; missing: bird";
    assert_eq!(message(&folder), classes);
    fs::create_dir(folder.path().join("test/bee")).unwrap();
    assert_eq!(message(&folder), format!("{classes}; not in the training set: bee"));
    fs::remove_dir(folder.path().join("test/bee")).unwrap();
    fs::create_dir(folder.path().join("test/bird")).unwrap();
    let endings = "png, .jpg, .jpeg, .jpe, .jfif, .webp, .bmp, .gif, .tif, .tiff, .pgm, .ppm, .pbm, .pnm";
    let expected = format!("expected one image or more, with a name that ends in .{endings}");
    // Whatever is wrong is said at once: empty folders, files that are no images, damaged pixels.
    let empty = format!("DIR/train/bird: {expected}; DIR/test/bird: {expected}");
    assert_eq!(message(&folder), format!("DIR: 2 faults: {empty}"));
    write(&folder, "train/cat/2.png", b"");
    let cut = jpeg(jpeg_encoder::ColorType::Rgb, 3);
    write(&folder, "test/dog/0.png", &cut[..cut.len() - 2]);
    let all = message(&folder);
    assert!(all.starts_with(&format!("DIR: 4 faults: {empty}; DIR/train/cat/2.png: ")), "{all}");
    assert!(all.ends_with("failed to decode DIR/test/dog/0.png: the file ends before the image does"), "{all}");
    for split in ["train", "test"] {
        fs::remove_dir(folder.path().join(split).join("bird")).unwrap();
    }
    let both = message(&folder);
    assert!(both.starts_with("DIR: 2 faults: DIR/train/cat/2.png: ") && both.contains("dog/0.png"), "{both}");
    write(&folder, "train/cat/2.png", &rgb(1));
    assert!(message(&folder).starts_with("failed to decode DIR/test/dog/0.png: "));
    assert_eq!(load_from("no/such".as_ref()).expect_err("no folder").to_string(), "no data folder no/such");
}

#[test]
fn more_classes_than_labels_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for class in 0..257 {
        for split in ["train", "test"] {
            fs::create_dir_all(folder.path().join(format!("{split}/{class}"))).unwrap();
        }
    }
    assert_eq!(message(&folder), "DIR/train: expected at most 256 classes, found 257");
}

#[test]
fn images_unlike_the_first_are_refused() {
    let eight = BitDepth::Eight;
    let like = "expected 2x3 as in the first image, or data.size = [height, width] for all, found";
    for (name, image, found) in [
        ("train/dog/1.png", png(2, 2, ColorSpace::RGB, eight, &[0; 12]), "2x2"),
        ("test/dog/0.png", png(3, 3, ColorSpace::Luma, eight, &[0; 9]), "3x3"),
    ] {
        let folder = folder();
        write(&folder, name, &image);
        assert_eq!(message(&folder), format!("DIR/{name}: {like} {found}"));
    }
}

#[test]
fn other_colours_among_rgb_become_rgb() {
    let (eight, sixteen) = (BitDepth::Eight, BitDepth::Sixteen);
    for (name, image) in [
        ("test/dog/0.png", grey(1)),
        ("train/dog/1.png", jpeg(jpeg_encoder::ColorType::Luma, 1)),
        ("train/cat/2.png", png(3, 2, ColorSpace::LumaA, eight, &[0; 12])),
        ("train/dog/1.png", png(3, 2, ColorSpace::RGB, sixteen, &[0; 36])),
        ("train/dog/1.png", jpeg(jpeg_encoder::ColorType::Cmyk, 4)),
    ] {
        let folder = folder();
        write(&folder, name, &image);
        let data = load_from(folder.path()).expect("all can be read");
        assert_eq!([data.train.channels, data.test.channels], [3, 3]);
    }
}

#[test]
fn what_is_no_image_is_refused() {
    let folder = folder();
    let path = folder.path().join("train/cat/2.png");
    let sound = fs::read(&path).unwrap();
    for (content, expected) in [
        (&b""[..], "DIR/train/cat/2.png: expected a PNG, JPEG, WebP, BMP, GIF, TIFF or PNM image, found an empty file"),
        (
            b"no image",
            "DIR/train/cat/2.png: expected a PNG, JPEG, WebP, BMP, GIF, TIFF or PNM image, found [6e, 6f, 20, 69]",
        ),
        (&sound[..30], "failed to decode DIR/train/cat/2.png: "),
        (&sound[..50], "failed to decode DIR/train/cat/2.png: "),
        (&jpeg(jpeg_encoder::ColorType::Rgb, 3)[..500], "failed to decode DIR/train/cat/2.png: "),
    ] {
        write(&folder, "train/cat/2.png", content);
        let message = message(&folder);
        assert!(message.starts_with(expected) && !message.contains('\n'), "{message}");
    }
    write(&folder, "train/cat/2.png", &sound);
    fs::create_dir(folder.path().join("train/cat/more.png")).unwrap();
    assert_eq!(message(&folder), "DIR/train/cat/more.png: expected a regular file");
}

/// A header that claims 16000x16000 pixels must not allocate them.
#[test]
fn a_header_that_claims_too_much_is_refused() {
    let folder = folder();
    let path = folder.path().join("train/cat/10.png");
    let mut bytes = fs::read(&path).unwrap();
    bytes[16..20].copy_from_slice(&16_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&16_000_u32.to_be_bytes());
    let checksum = crc(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    fs::write(&path, bytes).unwrap();
    let expected = "DIR/train/cat/10.png: expected at most 536870912 bytes of pixels in one image, found a header that \
                    claims 16000x16000 pixels, 768000000 bytes";
    assert_eq!(message(&folder), expected);
}

proptest! {
    #[test]
    fn byte_soup_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        for mut bytes in [rgb(1), grey(1), jpeg(jpeg_encoder::ColorType::Rgb, 3), jpeg(jpeg_encoder::ColorType::Luma, 1)] {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(cut.index(bytes.len()).max(at) + 1);
            let folder = folder();
            write(&folder, "train/cat/2.png", &bytes);
            if let Ok(data) = load_from(folder.path()) {
                prop_assert_eq!(data.train.images.len(), data.train.count * data.train.image_length());
            }
        }
    }
}

/// CRC-32 as in PNG.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

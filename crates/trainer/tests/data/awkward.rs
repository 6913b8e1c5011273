//! A folder of photographs as people have them: every format, size and oddity that is read, and what is not.

use std::fs;

use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use jpeg_encoder::ColorType;
use proptest::prelude::*;
use tempfile::TempDir;
use tiff::encoder::{TiffEncoder, colortype};
use tiff::tags::Tag;

use crate::files::{load, png, png_of, refusal, write};

const RED: [u8; 3] = [200, 40, 30];
const DARK: [u8; 3] = [20, 25, 30];

/// Dark, but for a red quarter at the top left.
fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb(if x < width / 2 && y < height / 2 { RED } else { DARK }))
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).expect("memory takes all bytes");
    bytes.into_inner()
}

fn jpeg(pixels: &[u8], width: u16, height: u16, colours: ColorType, progressive: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
    encoder.set_progressive(progressive);
    encoder.encode(pixels, width, height, colours).expect("memory takes all bytes");
    bytes
}

fn jpeg_scene() -> Vec<u8> {
    jpeg(&scene(48, 32), 48, 32, ColorType::Rgb, false)
}

/// Rows of palette indices: 1 in the red quarter, 0 elsewhere.
fn indices(width: usize, height: usize) -> Vec<Vec<u8>> {
    (0..height).map(|y| (0..width).map(|x| u8::from(x < width / 2 && y < height / 2)).collect()).collect()
}

/// A segment of a JPEG behind its first two bytes.
fn with_segment(jpeg: &[u8], segment: &[u8]) -> Vec<u8> {
    [&jpeg[..2], segment, &jpeg[2..]].concat()
}

/// The Exif segment of a camera that was held in this way.
fn exif(orientation: u8) -> Vec<u8> {
    let tiff = [&b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..], &[orientation, 0, 0, 0, 0, 0, 0, 0]].concat();
    let content = [&b"Exif\0\0"[..], &tiff].concat();
    [&[0xff, 0xe1][..], &(content.len() as u16 + 2).to_be_bytes(), &content].concat()
}

fn tiff_rgb() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    TiffEncoder::new(&mut bytes).unwrap().write_image::<colortype::RGB8>(40, 40, &scene(40, 40)).unwrap();
    bytes.into_inner()
}

/// 16-bit grey, stored upside down.
fn tiff_grey() -> Vec<u8> {
    let upside_down = DynamicImage::from(scene(30, 40)).flipv().into_luma16();
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    let mut image = encoder.new_image::<colortype::Gray16>(30, 40).unwrap();
    image.encoder().write_tag(Tag::Orientation, 4_u16).unwrap();
    image.write_data(&upside_down).unwrap();
    bytes.into_inner()
}

fn animation() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for image in [DynamicImage::from(scene(32, 32)), DynamicImage::new_rgba8(32, 32)] {
        encoder.encode_frame(Frame::new(image.into_rgba8())).unwrap();
    }
    drop(encoder);
    bytes
}

/// Inks of the scene, as jpeg-encoder takes them.
fn cmyk() -> Vec<u8> {
    scene(48, 32).pixels().flat_map(|Rgb([r, g, b])| [255 - r, 255 - g, 255 - b, 0]).collect()
}

/// The scene with a transparent dark part, and something garish below the transparency.
fn transparent(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let shown = x < width / 2 && y < height / 2;
        if shown { Rgba([200, 40, 30, 255]) } else { Rgba([255, 0, 255, 0]) }
    })
}

/// Twenty and more images of the scene, in colours or in grey.
pub(crate) fn images() -> Vec<(&'static str, Vec<u8>, bool)> {
    use ImageFormat::{Bmp, Pnm, WebP};
    let palette: &[u8] = &[20, 25, 30, 200, 40, 30];
    let grey = || DynamicImage::from(scene(33, 47)).into_luma8();
    let bits: Vec<Vec<u8>> = indices(16, 16)
        .iter()
        .map(|row| row.chunks(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect())
        .collect();
    let pbm = [b"P4\n16 16\n".to_vec(), bits.concat().iter().map(|byte| !byte).collect()].concat();
    let turned = DynamicImage::from(scene(32, 48)).rotate270().into_rgb8();
    let mirrored = DynamicImage::from(scene(48, 32)).fliph().into_rgb8();
    vec![
        ("rgb.png", png_of(scene(64, 48)), true),
        ("tiny.png", png_of(scene(2, 2)), true),
        ("strip.PNG", png_of(scene(4, 2)), true),
        ("grey.png", png_of(grey()), false),
        ("palette.png", png(20, 20, [8, 3], &[(b"PLTE", palette)], &indices(20, 20)), true),
        (
            "palette with transparency.png",
            png(20, 20, [8, 3], &[(b"PLTE", &[255, 0, 255, 200, 40, 30]), (b"tRNS", &[0])], &indices(20, 20)),
            true,
        ),
        ("one bit.png", png(16, 16, [1, 0], &[], &bits), false),
        ("sixteen bits.png", png_of(DynamicImage::from(scene(40, 30)).into_rgb16()), true),
        ("alpha.png", png_of(transparent(40, 30)), true),
        ("grey alpha.png", png_of(DynamicImage::from(transparent(40, 30)).into_luma_alpha8()), false),
        ("baseline.jpg", jpeg_scene(), true),
        ("progressive.JPEG", jpeg(&scene(48, 32), 48, 32, ColorType::Rgb, true), true),
        ("grey.jpg", jpeg(&DynamicImage::from(scene(48, 32)).into_luma8(), 48, 32, ColorType::Luma, false), false),
        ("printed.jpg", jpeg(&cmyk(), 48, 32, ColorType::Cmyk, false), true),
        ("held upright.jpg", with_segment(&jpeg(&turned, 48, 32, ColorType::Rgb, false), &exif(6)), true),
        ("mirror.jfif", with_segment(&jpeg(&mirrored, 48, 32, ColorType::Rgb, false), &exif(2)), true),
        ("stray bytes.jpg", with_segment(&jpeg_scene(), b"stray bytes, as some cats have them"), true),
        ("appendix.jpg", [jpeg_scene(), b"what a camera appends".to_vec()].concat(), true),
        ("no such ending.png", jpeg_scene(), true),
        ("lossless.webp", encoded(transparent(40, 30), WebP), true),
        ("windows.bmp", encoded(scene(31, 17), Bmp), true),
        ("animated.gif", animation(), true),
        ("scan.tiff", tiff_rgb(), true),
        ("upside down.tif", tiff_grey(), false),
        ("old.pgm", encoded(grey(), Pnm), false),
        ("old.ppm", encoded(scene(9, 5), Pnm), true),
        ("old.pbm", pbm, false),
    ]
}

/// Each image in two classes, for training; one of them for testing.
fn folder(images: &[(&'static str, Vec<u8>, bool)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content, _) in images {
        write(&folder, format!("train/a/{name}"), content);
    }
    for name in ["train/b/0.png", "test/a/0.png", "test/b/0.png"] {
        write(&folder, name, &png_of(scene(20, 20)));
    }
    folder
}

#[test]
fn every_kind_of_image_shows_its_scene() {
    let mut images = images();
    assert!(images.len() >= 20);
    images.sort_by_key(|(name, ..)| *name);
    let folder = folder(&images);
    let source = r#""source": {"folder": "DIR"}, "size": [16, 16], "background": [20, 25, 30]"#;
    let data = load(&folder, &format!("{{{source}}}")).expect("all can be read");
    let train = &data.train;
    assert_eq!([train.count, train.channels, train.height, train.width], [images.len() + 1, 3, 16, 16]);
    for (index, (name, _, coloured)) in images.iter().enumerate() {
        let image = train.image(index);
        let luma = |[r, g, b]: [u8; 3]| (2126 * u32::from(r) + 7152 * u32::from(g) + 722 * u32::from(b)) / 10_000;
        // One bit is black and white, whatever the scene has.
        let shades = match (coloured, name.contains("bit.") || name.contains("pbm")) {
            (_, true) => [[255; 3], [0; 3]],
            (true, _) => [RED, DARK],
            (false, _) => [RED, DARK].map(|colour| [luma(colour) as u8; 3]),
        };
        for (place, shade) in [(3 * 16 + 3, 0), (3 * 16 + 13, 1), (13 * 16 + 3, 1), (13 * 16 + 13, 1)] {
            for channel in 0..3 {
                let (found, expected) = (image[channel * 256 + place], shades[shade][channel]);
                assert!(found.abs_diff(expected) <= 12, "{name} at {place}, {channel}: {found}, not {expected}");
            }
        }
    }

    let grey = load(&folder, &format!(r#"{{{source}, "colour": "grey"}}"#)).expect("all can be read").train;
    assert_eq!([grey.channels, grey.images.len()], [1, 256 * grey.count]);
    assert_eq!(load(&folder, &format!("{{{source}}}")).unwrap().checksums, data.checksums);
}

#[test]
fn sizes_that_differ_ask_for_one() {
    let folder = folder(&images());
    assert_eq!(
        refusal(&folder, r#"{"source": {"folder": "DIR"}}"#),
        "DIR/train/a/animated.gif: expected 30x40 as in the first image, or data.size = [height, width] for all, found 32x32"
    );
}

#[test]
fn what_is_damaged_beyond_what_others_read_is_refused() {
    let sound = folder(&images());
    let config = r#"{"source": {"folder": "DIR"}, "size": [16, 16]}"#;
    let jpeg = jpeg_scene();
    for (name, content, expected) in [
        (
            "baseline.jpg",
            &jpeg[..jpeg.len() - 30],
            "failed to decode DIR/train/a/baseline.jpg: the file ends before the image does",
        ),
        ("rgb.png", &png_of(scene(64, 48))[..60], "failed to decode DIR/train/a/rgb.png: "),
        ("scan.tiff", &tiff_rgb()[..200], "failed to decode DIR/train/a/scan.tiff: "),
        (
            "windows.bmp",
            b"<!DOCTYPE html><html>",
            "DIR/train/a/windows.bmp: expected a PNG, JPEG, WebP, BMP, GIF, TIFF or PNM image, found an HTML page: perhaps \
             what a server sent in place of the file",
        ),
        (
            "old.ppm",
            b"P6 99999 99999 255\n",
            "DIR/train/a/old.ppm: expected at most 536870912 bytes of pixels in one image, found",
        ),
    ] {
        let before = fs::read(sound.path().join("train/a").join(name)).unwrap();
        write(&sound, format!("train/a/{name}"), content);
        let message = refusal(&sound, config);
        assert!(message.starts_with(expected) && !message.contains('\n'), "{message}");
        write(&sound, format!("train/a/{name}"), &before);
    }
}

/// The size of the whole set is known from headers; nothing is decoded.
#[test]
fn a_set_that_needs_too_much_memory_is_refused_with_what_it_needs() {
    let folder = folder(&[]);
    for index in 0..117 {
        // No pixels behind its header, so that to decode one would fail.
        write(&folder, format!("train/a/{index}.png"), &png(20, 20, [8, 2], &[], &[]));
    }
    let most =
        "DIR: expected at most 4.3 GB of pixels for all images together; a smaller data.size or data.limit makes fewer";
    for (keys, found) in [
        (r#""size": [4096, 4000]"#, "120 images of 4096x4000x3, which need 5.9 GB"),
        (r#""canvas": {"size": 4096}"#, "120 images of 4096x4096x3, which need 6.0 GB"),
        (r#""canvas": {"size": 4096}, "limit": {"train": 110}"#, "112 images of 4096x4096x3, which need 5.6 GB"),
    ] {
        let config = format!(r#"{{"source": {{"folder": "DIR"}}, {keys}}}"#);
        assert_eq!(refusal(&folder, &config), format!("{most}, found {found}"));
    }
}

/// Bytes that are no text, line breaks, and names that look alike.
#[cfg(unix)]
#[test]
fn classes_may_have_any_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let names: [&[u8]; 5] = [b"caf\xe9", "caf\u{e9}".as_bytes(), "cafe\u{301}".as_bytes(), b"line\nbreak", b" spaces "];
    for (index, name) in names.iter().enumerate() {
        for split in ["train", "test"] {
            let class = folder.path().join(split).join(OsStr::from_bytes(name));
            let image = RgbImage::from_pixel(2, 2, Rgb([index as u8; 3]));
            write(&folder, class.join(OsStr::from_bytes(b"\xe9.png")), &png_of(image));
        }
    }
    let data = load(&folder, r#"{"source": {"folder": "DIR"}}"#).expect("names do not matter");
    let shown = data.class_names.unwrap();
    assert_eq!(shown, [" spaces ", "cafe\u{301}", "caf\u{e9}", "caf\u{fffd}", "line break"]);
    // In the order of the bytes of their names.
    let firsts: Vec<u8> = (0..5).map(|class| data.train.image(class)[0]).collect();
    assert_eq!((firsts, data.train.labels), (vec![4, 2, 1, 0, 3], vec![0, 1, 2, 3, 4]));
    write(&folder, OsStr::from_bytes(b"train/caf\xe9/x.png"), b"x");
    let message = refusal(&folder, r#"{"source": {"folder": "DIR"}}"#);
    assert!(message.starts_with("DIR/train/caf\u{fffd}/x.png: expected a PNG"), "{message}");
}

#[test]
fn what_systems_leave_behind_is_passed_over_and_counted() {
    let folder = folder(&images()[..1]);
    for name in [
        "train/Thumbs.db",
        "train/labels.csv",
        "train/a/desktop.ini",
        "train/a/Thumbs.db",
        "train/a/rgb.png~",
        "train/__MACOSX/a/._rgb.png",
        "test/b/@eaDir/0.png",
        "train/.ipynb_checkpoints/rgb.png",
        "train/a/.DS_Store",
        "train/a/._rgb.png",
    ] {
        write(&folder, name, b"foreign");
    }
    let data = load(&folder, r#"{"source": {"folder": "DIR"}, "size": [8, 8]}"#).expect("images beside them");
    assert_eq!((data.train.count, data.classes), (2, 2));
    let note = data.notes.concat().replace(folder.path().to_str().unwrap(), "DIR");
    assert_eq!(note, "DIR: 7 files passed over that are no images (1 .csv, 2 .db, 1 .ini, 1 .png~, …)");
    assert_eq!(data.notes.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn byte_soup_never_panics(
        at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        for (name, mut content, _) in images() {
            for (at, byte) in &at {
                let at = at.index(content.len());
                content[at] = *byte;
            }
            for content in [&content[..], &content[..cut.index(content.len())]] {
                let folder = folder(&[(name, content.to_vec(), true)]);
                if let Ok(data) = load(&folder, r#"{"source": {"folder": "DIR"}, "size": [8, 8]}"#) {
                    prop_assert_eq!(data.train.images.len(), data.train.count * data.train.image_length());
                }
            }
        }
    }
}

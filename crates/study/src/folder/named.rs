//! Files written whole under a name of their own first: where the system links no unnamed ones.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Through which Linux gives an unnamed file its name. A bare container or a changed root may be without.
const DESCRIPTORS: &str = "/proc/self/fd";

/// Whether an unnamed file can get a name; other systems than Linux know none, and use names anyway.
pub(super) fn can_link_unnamed() -> bool {
    !cfg!(target_os = "linux") || Path::new(DESCRIPTORS).exists()
}

/// Writes the parts into a new file beside `path`, which takes its place when it is on the disk; the folder's entry follows.
///
/// One that a process left when it was killed is found by its name, as [`leftovers`](super::leftovers) knows it.
pub(super) fn write(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let (mut file, temporary) = loop {
        let mut beside = std::ffi::OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}", letters()));
        let beside = folder.join(beside);
        match File::options().write(true).create_new(true).open(&beside) {
            Ok(file) => break (file, beside),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    };
    let written = parts.iter().try_for_each(|part| file.write_all(part)).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| {
        // What cannot be deleted is cleared away as what a killed process left.
        let _ = fs::remove_file(&temporary);
    })?;
    sync_folder(folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// No other system opens folders as files.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Six letters or digits, other ones at each call and in each process; a name that is taken all the same is passed over.
fn letters() -> String {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let mut mixed = (time ^ u64::from(std::process::id()).rotate_left(40)).wrapping_add(call);
    let digit = |_| {
        let digit = char::from_digit((mixed % 36) as u32, 36).unwrap_or('0');
        mixed /= 36;
        digit
    };
    (0..6).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.json");
        for content in ["one", "another"] {
            write(&path, &[content.as_bytes(), b"!"]).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{content}!"));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_take_its_place_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.json");
        fs::create_dir_all(path.join("full")).unwrap();
        assert!(write(&path, &[b"text"]).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn temporary_names_are_those_of_leftovers_and_differ() {
        let [one, other] = [letters(), letters()];
        assert!(
            one != other && one.len() == 6 && one.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{one} {other}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let [path, elsewhere] = ["result.json", "elsewhere"].map(|name| folder.path().join(name));
        fs::write(&elsewhere, "kept").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        write(&path, &[b"new"]).unwrap();
        assert!(!path.is_symlink() && fs::read_to_string(&elsewhere).unwrap() == "kept");
    }
}

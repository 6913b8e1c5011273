//! Files written whole under a name of their own first: where the system links no unnamed ones.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

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
    let mut beside = OsString::from(".");
    beside.push(name);
    beside.push(".");
    let mut new = tempfile::Builder::new();
    new.prefix(&beside).rand_bytes(6);
    // Readable to whom new files are: a temporary file alone would be its owner's.
    #[cfg(unix)]
    new.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = new.tempfile_in(folder)?;
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
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

#[cfg(test)]
mod tests {
    use std::fs;

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

    #[cfg(unix)]
    #[test]
    fn whoever_may_read_new_files_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        let [path, plain] = ["result.json", "plain"].map(|name| folder.path().join(name));
        write(&path, &[b"text"]).unwrap();
        fs::write(&plain, "text").unwrap();
        assert_eq!(mode(&path), mode(&plain));
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

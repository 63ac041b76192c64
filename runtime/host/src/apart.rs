//! Files read into memory apart from the allocator's.
//!
//! A plugin and its compiled code are megabytes that are needed once, all of them at the start. In the allocator's
//! memory their room is taken up by small things that stay, here and there, and the whole of it stays resident with
//! them: ten of the thirty-five megabytes of an idle server. A mapping of its own goes back to the system when the last
//! use of it ends.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use memmap2::MmapMut;

/// Reads a file as far as it goes at the time it is opened. The memory is private to the process: what later happens to
/// the file does not reach it.
///
/// # Errors
/// Those of the file system; also where the system has no memory.
pub fn read(path: &Path) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    let size = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    // A mapping has at least one byte.
    let mut room = MmapMut::map_anon(size.max(1))?;
    let mut filled = 0;
    while filled < size {
        match file.read(&mut room[filled..size]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(Bytes::from_owner(room).slice(..filled))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_read_to_its_last_byte_and_kept_apart_from_what_happens_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for content in [Vec::new(), vec![7], (0..=255).cycle().take(300_000).collect()] {
            fs::write(&path, &content).unwrap();
            let read = read(&path).unwrap();
            fs::write(&path, "other").unwrap();
            assert!(read == content, "{} of {} bytes", read.len(), content.len());
        }
    }

    #[test]
    fn a_folder_and_a_missing_file_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).is_err());
        assert_eq!(
            read(&folder.path().join("none")).map_err(|e| e.kind()),
            Err(io::ErrorKind::NotFound)
        );
    }
}

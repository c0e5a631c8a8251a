//! A layer as building it again a day later makes it: every time is a day later, and of every twentieth file
//! all bytes are others, as if its package had been updated.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use anyhow::Context as _;
use flate2::read::GzDecoder;

const BLOCK: usize = 512;
const DAY: u64 = 86_400;

/// Which file of so many is updated.
const UPDATED: u64 = 20;

/// Turns every byte into another one; what compresses well still does.
const OTHER: u8 = 0x55;

/// Writes the plain tar of the gzipped layer `from`, built again, to `to`.
pub(super) fn layer(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut reader = GzDecoder::new(File::open(from)?);
    let mut writer = BufWriter::with_capacity(1 << 20, File::create(to)?);
    rebuild(&mut reader, &mut writer)?;
    writer.flush().context("the layer is not written")
}

fn rebuild(reader: &mut impl Read, writer: &mut impl Write) -> anyhow::Result<()> {
    let (mut files, mut content) = (0, Vec::new());
    loop {
        let mut header = tar::Header::new_old();
        reader.read_exact(header.as_mut_bytes()).context("no end of the archive")?;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            writer.write_all(header.as_bytes())?;
            io::copy(reader, writer)?;
            return Ok(());
        }
        let size = header.entry_size()?;
        let sort = header.entry_type();
        header.set_mtime(header.mtime()? + DAY);
        header.set_cksum();
        writer.write_all(header.as_bytes())?;
        let padded = size.next_multiple_of(BLOCK as u64);
        content.clear();
        let read = reader.by_ref().take(padded).read_to_end(&mut content)?;
        anyhow::ensure!(read as u64 == padded, "the archive ends in an entry");
        if sort.is_file() && size > 0 {
            files += 1;
            if u64::is_multiple_of(files, UPDATED) {
                let length = usize::try_from(size).context("a file's length")?;
                content.iter_mut().take(length).for_each(|byte| *byte ^= OTHER);
            }
        }
        writer.write_all(&content)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_move_and_every_twentieth_file_changes() {
        let mut archive = tar::Builder::new(Vec::new());
        for number in 0..40 {
            let mut header = tar::Header::new_gnu();
            header.set_size(3);
            header.set_mtime(number);
            header.set_cksum();
            archive.append_data(&mut header, format!("f{number}"), &b"abc"[..]).unwrap();
        }
        let archive = archive.into_inner().unwrap();
        let mut again = Vec::new();
        rebuild(&mut archive.as_slice(), &mut again).unwrap();
        assert_eq!(again.len(), archive.len());
        let mut changed = 0;
        let mut entries = tar::Archive::new(again.as_slice());
        for (number, entry) in (0..).zip(entries.entries().unwrap()) {
            let mut entry = entry.unwrap();
            assert_eq!(entry.header().mtime().unwrap(), number + DAY);
            let mut text = Vec::new();
            entry.read_to_end(&mut text).unwrap();
            changed += u32::from(text != b"abc");
        }
        assert_eq!(changed, 2);
    }
}

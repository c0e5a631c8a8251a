//! Takes the compression off an archive, and hands its bytes on in blocks.
//!
//! What the input is, is read from its first bytes; its name says nothing. Members and frames that
//! follow one another are one stream, as gzip, zstd, xz and bzip2 define it. Every checksum is
//! verified, because the input is always read to its end.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::error::ConvertError;
use crate::input::Input;
use crate::limits::{Limit, Limits};
use crate::source::BLOCK;

/// How an archive is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// gzip, one or more members.
    Gzip,
    /// zstd, one or more frames.
    Zstd,
    /// xz, one or more streams.
    Xz,
    /// bzip2, one or more streams.
    Bzip2,
}

impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        })
    }
}

impl Envelope {
    /// The compression that starts with these bytes, if any.
    fn sniff(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // A skippable frame may come first, as parallel compressors put it.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            _ => None,
        }
    }

    fn decoder<'a>(
        self,
        input: impl BufRead + 'a,
        limits: &Limits,
    ) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(input)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
                decoder.window_log_max(limits.decoder_memory.max(1).ilog2().clamp(10, 31))?;
                Box::new(decoder)
            }
            Self::Xz => {
                let flags = liblzma::stream::CONCATENATED;
                // The dictionary and a little for the decoder itself.
                let memory = limits.decoder_memory.saturating_add(1 << 20);
                let stream = liblzma::stream::Stream::new_stream_decoder(memory, flags)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(input, stream))
            }
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
        })
    }
}

/// An archive without its compression.
pub(crate) struct Unpacked<'a> {
    decoder: Box<dyn Read + 'a>,
    envelope: Option<Envelope>,
    input: &'a Input,
    limits: Limits,
    /// The first block, which had to be looked at.
    head: Vec<u8>,
    bytes_out: u64,
    /// An error that comes after bytes that were still good.
    broken: Option<ConvertError>,
}

impl<'a> Unpacked<'a> {
    /// Looks at the first bytes of `reader`, whose progress `input` watches. Fails if no tar archive
    /// starts there.
    pub(crate) fn open(
        mut reader: impl Read + 'a,
        input: &'a Input,
        limits: Limits,
    ) -> Result<Self, ConvertError> {
        let mut first = Vec::new();
        read_up_to(&mut reader, BLOCK, &mut first).map_err(ConvertError::Read)?;
        if first.is_empty() {
            return Err(ConvertError::Empty);
        }
        let envelope = Envelope::sniff(&first);
        let reader = io::Cursor::new(first).chain(reader);
        let decoder: Box<dyn Read + 'a> = match envelope {
            None => Box::new(reader),
            Some(envelope) => envelope
                .decoder(BufReader::with_capacity(128 << 10, reader), &limits)
                .map_err(ConvertError::Compressor)?,
        };
        let mut unpacked =
            Self { decoder, envelope, input, limits, head: Vec::new(), bytes_out: 0, broken: None };
        let mut head = Vec::new();
        read_up_to(&mut unpacked.decoder, BLOCK, &mut head)
            .map_err(|error| unpacked.error(error))?;
        if head.first_chunk().is_none_or(|block| !crate::tar::starts_archive(block)) {
            return Err(ConvertError::NotATar { envelope, found: what_is(&head) });
        }
        unpacked.head = head;
        Ok(unpacked)
    }

    /// Fills as much of `buffer` as there is left; 0 at the end. What came before an error is still
    /// handed on, so that the error can be told with the entry it falls into.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ConvertError> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let read = if self.head.is_empty() {
                self.decoder.read(rest)
            } else {
                let length = self.head.len().min(rest.len());
                rest.iter_mut().zip(self.head.drain(..length)).for_each(|(to, from)| *to = from);
                Ok(length)
            };
            match read {
                Ok(0) => break,
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if filled > 0 => {
                    self.broken = Some(self.error(error));
                    break;
                }
                Err(error) => return Err(self.error(error)),
            }
        }
        self.bytes_out += filled as u64;
        self.check_limits()?;
        Ok(filled)
    }

    fn check_limits(&self) -> Result<(), ConvertError> {
        let (limits, out) = (&self.limits, self.bytes_out);
        if out > limits.archive_bytes {
            let limit = Limit::ArchiveBytes(limits.archive_bytes);
            return Err(ConvertError::Limit { limit, entry: None });
        }
        let allowed = self.input.bytes().saturating_mul(limits.expansion);
        if self.envelope.is_some() && out > limits.expansion_floor && out > allowed {
            let limit = Limit::Expansion(limits.expansion);
            return Err(ConvertError::Limit { limit, entry: None });
        }
        Ok(())
    }

    /// Tells a broken connection from broken data, and both from a limit on memory.
    fn error(&self, source: io::Error) -> ConvertError {
        let text = source.to_string();
        match self.envelope {
            Some(_) if text.contains("too much memory") || text.contains("memory limit") => {
                let limit = Limit::DecoderMemory(self.limits.decoder_memory);
                ConvertError::Limit { limit, entry: None }
            }
            Some(envelope) if !self.input.failed() => {
                ConvertError::Damaged { envelope, entry: None, source }
            }
            _ => ConvertError::Read(source),
        }
    }
}

fn read_up_to(reader: &mut impl Read, length: usize, out: &mut Vec<u8>) -> io::Result<()> {
    reader.take(length as u64).read_to_end(out).map(|_| ())
}

/// What bytes that are no tar archive look like.
fn what_is(head: &[u8]) -> &'static str {
    match head {
        [] => "nothing",
        [b'P', b'K', 3 | 5 | 7, ..] => "a ZIP archive",
        [b'7', b'z', 0xbc, 0xaf, ..] => "a 7z archive",
        [0x1f, 0x8b, ..] => "gzip data",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd data",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "xz data",
        [b'B', b'Z', b'h', ..] => "bzip2 data",
        [0x1f, 0x9d, ..] => "data of the old compress program",
        [0x04, 0x22, 0x4d, 0x18, ..] => "lz4 data",
        [b'L', b'Z', b'I', b'P', ..] => "lzip data",
        [b'0', b'7', b'0', b'7', ..] => "a cpio archive",
        [b'!', b'<', b'a', b'r', b'c', b'h', ..] => "an ar archive (a Debian package is one)",
        [0xed, 0xab, 0xee, 0xdb, ..] => "an RPM package",
        [b'h', b's', b'q', b's', ..] => "a squashfs image",
        _ if head.len() < BLOCK => "fewer bytes than one tar block",
        _ => "something else",
    }
}

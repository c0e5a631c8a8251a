//! `hub-client cat NAME/path`

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::str::FromStr;

use clap::Args;
use flisthub_client::{FileRange, Found};

use crate::cli::Session;
use crate::failure::{WrongKind, usage};
use crate::name::Place;
use crate::output::written;

/// Write the content of one file, or a part of it, to standard output. Symbolic links in the path are
/// followed within the tree.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file.
    #[arg(value_name = "REPOSITORY/NAME/PATH")]
    file: OsString,

    /// Only these bytes, counted from 0: `0-99`, `100-` (from there to the end), `-100` (the last ones).
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    range: Option<Range>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range(FileRange);

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no range: write FIRST-LAST, FIRST- or -COUNT");
        let number = |text: &str| match text.parse::<u64>() {
            Ok(number) if !text.starts_with('+') => Ok(number),
            _ => Err(wrong()),
        };
        let range = match text.split_once('-').ok_or_else(wrong)? {
            ("", count) => FileRange::Last(number(count)?),
            (first, "") => FileRange::From(number(first)?),
            (first, last) => FileRange::Between(number(first)?, number(last)?),
        };
        match range {
            FileRange::Last(0) => Err(wrong()),
            FileRange::Between(first, last) if last < first => Err(wrong()),
            range => Ok(Self(range)),
        }
    }
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, .. } = session;
    let place = Place::parse(&arguments.file).map_err(usage)?;
    let Place::Tree { repository, name, path } = place else {
        return Err(usage("which file? write REPOSITORY/NAME/PATH"));
    };
    let range = arguments.range.map_or(FileRange::Whole, |Range(range)| range);
    let Found::File(mut file) = runtime.block_on(hub.file((&repository, &name), &path, range))?
    else {
        let path = format!("{repository}/{name}/{path}");
        let reason = String::from("is a directory; `hub-client ls` lists it");
        return Err(WrongKind { path, reason }.into());
    };
    let mut out = io::stdout().lock();
    while let Some(part) = runtime.block_on(file.next())? {
        written(out.write_all(&part))?;
    }
    written(out.flush())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_three_forms() {
        let read = |text: &str| text.parse::<Range>().map(|Range(range)| range);
        assert_eq!(read("0-99"), Ok(FileRange::Between(0, 99)));
        assert_eq!(read("7-7"), Ok(FileRange::Between(7, 7)));
        assert_eq!(read("100-"), Ok(FileRange::From(100)));
        assert_eq!(read("-100"), Ok(FileRange::Last(100)));
        for bad in [
            "",
            "-",
            "5",
            "-0",
            "9-8",
            "a-b",
            "1-2-3",
            "+1-2",
            "0-99,200-",
            " 1-2",
            "0-18446744073709551616",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}

//! Names in a layer that stand for what is gone (OCI image specification, `layer.md`, "Whiteouts").

use flisthub_flist::{EntryName, LayerStep, TreePath};

use crate::error::Problem;

const PREFIX: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
/// What the AUFS driver of early Docker versions wrote for itself.
const AUFS: &[u8] = b".wh..wh.";

/// What a member of a layer is by its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// What its header says.
    Entry,
    /// Something is gone.
    Gone(LayerStep),
    /// Something that no tree holds.
    Nothing,
}

/// Looks at a member's name.
pub(super) fn read(path: &TreePath) -> Result<Named, Problem> {
    let mut names = path.names().filter(|name| name.starts_with(PREFIX));
    let Some(first) = names.next() else { return Ok(Named::Entry) };
    if first.starts_with(AUFS) && first != OPAQUE {
        return Ok(Named::Nothing);
    }
    let Some((above, name)) = path.split_last() else { return Ok(Named::Entry) };
    if name.as_bytes() != first || names.next().is_some() {
        return Err(Problem::Whiteout("something stands below a whiteout"));
    }
    if first == OPAQUE {
        return Ok(Named::Gone(LayerStep::Opaque(above)));
    }
    let hidden = first.get(PREFIX.len()..).unwrap_or_default();
    let hidden =
        EntryName::new(hidden).map_err(|_| Problem::Whiteout("what it takes away is no name"))?;
    Ok(Named::Gone(LayerStep::Whiteout(above.join(&hidden))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn names_say_what_is_gone() {
        for (name, named) in [
            ("", Named::Entry),
            ("a/.who/b.wh.", Named::Entry),
            (".wh.a", Named::Gone(LayerStep::Whiteout(path("a")))),
            ("a/b/.wh.c d", Named::Gone(LayerStep::Whiteout(path("a/b/c d")))),
            ("a/.wh..b", Named::Gone(LayerStep::Whiteout(path("a/.b")))),
            ("a/.wh..wh..opq", Named::Gone(LayerStep::Opaque(path("a")))),
            (".wh..wh..opq", Named::Gone(LayerStep::Opaque(TreePath::ROOT))),
            (".wh..wh.plnk/120.9", Named::Nothing),
            (".wh..wh.aufs", Named::Nothing),
        ] {
            assert_eq!(read(&path(name)), Ok(named), "{name}");
        }
        for bad in ["a/.wh.", "a/.wh..", "a/.wh...", ".wh.a/b", ".wh.a/.wh.b", ".wh..wh..opq/a"] {
            assert!(matches!(read(&path(bad)), Err(Problem::Whiteout(_))), "{bad}");
        }
    }
}

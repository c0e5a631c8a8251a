//! Which extended attributes are part of a tree.

use std::collections::BTreeMap;

/// Decides which attributes are kept.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct XattrRules {
    /// Keep those that belong to one machine's security policy or overlay mount.
    pub(crate) keep_machine: bool,
}

impl XattrRules {
    /// Whether the attribute is kept. Labels, integrity signatures and the marks of overlay mounts
    /// say how one machine is set up, not what the tree is.
    pub(crate) fn keeps(self, name: &[u8]) -> bool {
        let machine = matches!(name, b"security.selinux" | b"security.ima" | b"security.evm")
            || name.starts_with(b"trusted.overlay.");
        self.keep_machine || !machine
    }
}

/// Bytes that the attributes take, names and values together.
pub(crate) fn size(xattrs: &BTreeMap<Vec<u8>, Vec<u8>>) -> usize {
    xattrs.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// Bytes of memory that the attributes take, roughly: each is two allocations in a map.
pub(crate) fn memory(xattrs: &BTreeMap<Vec<u8>, Vec<u8>>) -> usize {
    const EACH: usize = 128;
    size(xattrs) + EACH * xattrs.len()
}

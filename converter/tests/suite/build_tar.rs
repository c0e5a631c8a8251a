//! Builds archives header by header, also ones that no program would write.

/// An archive in the making.
pub(crate) struct Tar(pub(crate) Vec<u8>);

/// A header with every field open to change.
#[derive(Clone)]
pub(crate) struct Header(pub(crate) [u8; 512]);

impl Header {
    pub(crate) fn new(kind: u8, name: &str, size: u64) -> Self {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1000);
        header.set_size(size);
        let mut this = Self(*header.as_bytes());
        this.field(0, name.as_bytes());
        this
    }

    /// Overwrites bytes from `offset` on.
    pub(crate) fn field(&mut self, offset: usize, bytes: &[u8]) -> &mut Self {
        self.0[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }

    pub(crate) fn link(&mut self, target: &str) -> &mut Self {
        self.field(157, target.as_bytes())
    }

    fn with_checksum(&self) -> [u8; 512] {
        let mut header = tar::Header::new_old();
        header.as_mut_bytes().copy_from_slice(&self.0);
        header.set_cksum();
        *header.as_bytes()
    }
}

impl Tar {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn header(&mut self, header: &Header) -> &mut Self {
        self.0.extend_from_slice(&header.with_checksum());
        self
    }

    pub(crate) fn data(&mut self, data: &[u8]) -> &mut Self {
        self.0.extend_from_slice(data);
        let over = self.0.len() % 512;
        if over != 0 {
            self.0.resize(self.0.len() + 512 - over, 0);
        }
        self
    }

    /// A member with data of the stated length; a long name in a header of its own.
    pub(crate) fn member(&mut self, kind: u8, name: &str, data: &[u8]) -> &mut Self {
        if name.len() > 100 {
            let long = [name.as_bytes(), b"\0"].concat();
            self.member(b'L', "././@LongLink", &long);
        }
        let shown: String = name.chars().take(100).collect();
        self.header(&Header::new(kind, &shown, data.len() as u64)).data(data)
    }

    pub(crate) fn file(&mut self, name: &str, data: &[u8]) -> &mut Self {
        self.member(b'0', name, data)
    }

    pub(crate) fn link(&mut self, kind: u8, name: &str, target: &str) -> &mut Self {
        self.header(Header::new(kind, name, 0).link(target))
    }

    /// An extended header with these records.
    pub(crate) fn pax(&mut self, kind: u8, records: &[(&str, &[u8])]) -> &mut Self {
        let mut data = Vec::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let mut length = rest + 1;
            while rest + length.to_string().len() != length {
                length += 1;
            }
            data.extend_from_slice(format!("{length} {key}=").as_bytes());
            data.extend_from_slice(value);
            data.push(b'\n');
        }
        self.member(kind, "PaxHeaders/x", &data)
    }

    pub(crate) fn end(&self) -> Vec<u8> {
        let mut archive = self.0.clone();
        archive.resize(archive.len() + 1024, 0);
        archive
    }
}

//! How much of a message is read.

/// How much of a message is read. All of it together bounds the memory that a reading takes; see [`Limits::default`].
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The greatest size in bytes, as it came and in UTF-8.
    pub size: usize,
    /// The greatest depth of nested elements.
    pub depth: usize,
    /// The greatest number of elements and attributes together.
    pub nodes: usize,
    /// The most bytes of texts, values of attributes and different names together, without the white space between elements.
    pub text: usize,
    /// Names of elements whose text is content of its own, such as an attachment: only its first kilobyte is kept and
    /// counted, where an address would stand.
    pub embedded: &'static [&'static str],
}

/// So many bytes of embedded content are kept.
pub(crate) const KEPT: usize = 1024;

impl Default for Limits {
    /// 20 MiB, 128 deep, 250,000 elements and attributes, 4,000,000 bytes of text, nothing embedded.
    ///
    /// A message at all of these limits is read, mapped and answered in 64 MiB, what a connector gets by default; a
    /// declaration of 999 goods items with 50 documents each stays below all of them. A change here needs that measured anew.
    fn default() -> Self {
        Self {
            size: 20 << 20,
            depth: 128,
            nodes: 250_000,
            text: 4_000_000,
            embedded: &[],
        }
    }
}

//! From a draft to what is stored: the header's canonical text, its leaf, and the body behind a salted digest.
//!
//! This is the costly part of writing, and it needs nothing of the store: a store lets its callers do it, each for
//! itself, so that its one writer has only to place the bytes.

use std::sync::Arc;

use dragoman_model::{Digest, Value};

use crate::canonical;
use crate::chain;
use crate::entry::{Draft, FORMAT, Header};
use crate::error::{CANNOT_WRITE, CORRUPT, Error, NEWER};

/// The number of bytes of a salt.
pub const SALT: usize = 16;

/// A body as it is stored: apart from its header, which has only its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBody {
    /// Random, so that a small body cannot be guessed from the digest that outlives it.
    pub salt: [u8; SALT],
    /// The canonical text of the value.
    pub text: String,
}

impl SealedBody {
    /// Salts a value.
    ///
    /// # Errors
    /// D0702 where the system gives no random bytes, D0709 where the value cannot be kept.
    pub fn new(value: &Value) -> Result<Self, Error> {
        let mut salt = [0; SALT];
        aws_lc_rs::rand::fill(&mut salt)
            .map_err(|_| Error::new(CANNOT_WRITE, "the system gave no random bytes for a salt"))?;
        Ok(SealedBody {
            salt,
            text: canonical::text(value)?,
        })
    }

    /// Takes a body from salt and text, one behind the other; none: they are not that.
    pub fn of(whole: &[u8]) -> Option<Self> {
        let (salt, text) = apart(whole);
        let (salt, text) = (salt.try_into().ok()?, String::from_utf8(text.to_vec()).ok()?);
        Some(SealedBody { salt, text })
    }

    /// SHA-256 over salt and text: what the header keeps.
    pub fn digest(&self) -> Digest {
        digest(&self.salt, self.text.as_bytes())
    }

    /// The value.
    ///
    /// # Errors
    /// D0704 where the text is not JSON.
    pub fn value(&self) -> Result<Value, Error> {
        value(self.text.as_bytes())
    }
}

/// Salt and text of a body from both, one behind the other.
pub fn apart(whole: &[u8]) -> (&[u8], &[u8]) {
    whole.split_at(SALT.min(whole.len()))
}

/// SHA-256 over a salt and the text of a body.
pub fn digest(salt: &[u8], text: &[u8]) -> Digest {
    Digest::of_parts(&[salt, text])
}

/// The value of a body's text.
///
/// # Errors
/// D0704 where the text is not JSON.
pub fn value(text: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(text).map_err(|e| {
        Error::new(
            CORRUPT,
            format!("a body in the store is not JSON ({e}); run `dragoman audit verify`"),
        )
    })
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    /// The chained part.
    pub header: Header,
    /// Its canonical text.
    pub text: String,
    /// The hash of the text as a leaf.
    pub leaf: Digest,
    /// The part that can be erased.
    pub body: Option<SealedBody>,
    /// The body as it was given, for those who need to look into it before it is stored.
    pub value: Option<Arc<Value>>,
}

impl Draft {
    /// Salts the body and writes the header.
    ///
    /// # Errors
    /// D0702 where the system gives no random bytes, D0709 where the body or a part of the header cannot be kept.
    pub fn seal(self) -> Result<Sealed, Error> {
        let body = self.body.as_deref().map(SealedBody::new).transpose()?;
        let header = Header {
            format: FORMAT,
            run: self.run,
            seq: self.seq,
            at: self.at,
            actor: self.actor,
            path: self.path,
            versions: self.versions,
            record: self.record,
            headers: self.headers,
            body: body.as_ref().map(SealedBody::digest),
        };
        let text = canonical::text(&header)?;
        let leaf = chain::leaf(text.as_bytes());
        Ok(Sealed {
            header,
            text,
            leaf,
            body,
            value: self.body,
        })
    }
}

impl Header {
    /// Reads a header's text, of any format that was ever written.
    ///
    /// # Errors
    /// D0704 where it is not a header, D0705 where its format is newer than this program.
    pub fn read(text: &str) -> Result<Header, Error> {
        let newer = |format: &str| {
            Error::new(
                NEWER,
                format!("an entry has format {format}, this program reads up to {FORMAT}"),
            )
        };
        match serde_json::from_str::<Header>(text) {
            Ok(header) if header.format > FORMAT => Err(newer(&header.format.to_string())),
            Ok(header) => Ok(header),
            Err(e) => match serde_json::from_str::<Value>(text) {
                Ok(value) if value["format"].as_u64().is_some_and(|f| f > u64::from(FORMAT)) => {
                    Err(newer(&value["format"].to_string()))
                }
                _ => Err(Error::new(CORRUPT, format!("an entry's header cannot be read ({e})"))),
            },
        }
    }
}

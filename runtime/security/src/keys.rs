//! The installation's own keys: one to authenticate what it caches, one to sign the heads of its trail.
//!
//! They are made on first use, in a folder that only the owner can enter. Whoever has the signing key can sign a
//! rewritten trail, so heads are worth as much as the places outside to which they were sent.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use aws_lc_rs::{constant_time, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dragoman_model::Digest;

use crate::error::{BAD_KEY, Error};

/// The keys of an installation.
#[derive(Debug)]
pub struct Keys {
    /// Authenticates compiled code and other caches on this machine's disk.
    pub cache: MacKey,
    /// Signs heads.
    pub signing: SigningKey,
}

impl Keys {
    /// Reads the keys in a folder; makes folder and keys where they are not there yet.
    ///
    /// # Errors
    /// D0971 where a key cannot be read, is damaged, or can be read by others than its owner.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let cache = MacKey::open(folder)?;
        let path = folder.join("signing.key");
        let pkcs8 = read_or_make(&path, || {
            Ed25519KeyPair::generate_pkcs8(&rand::SystemRandom::new()).map(|document| document.as_ref().to_vec())
        })?;
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8)
            .map_err(|_| trouble(&path, "it is damaged; put it back from a backup"))?;
        Ok(Keys {
            cache,
            signing: SigningKey(pair),
        })
    }
}

fn trouble(path: &Path, what: &str) -> Error {
    Error::new(BAD_KEY, format!("the key `{}` cannot be used: {what}", path.display()))
}

/// Reads a key file, or makes it with new bytes.
fn read_or_make(
    path: &Path,
    make: impl FnOnce() -> Result<Vec<u8>, aws_lc_rs::error::Unspecified>,
) -> Result<Vec<u8>, Error> {
    if !path.exists() {
        let bytes = make().map_err(|_| trouble(path, "the system gave no random bytes"))?;
        place(path, &bytes).map_err(|e| trouble(path, &e.to_string()))?;
    }
    // Also after making it: where two processes begin at once, both use the one that came first.
    let mode = fs::metadata(path)
        .map_err(|e| trouble(path, &e.to_string()))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        let what = format!(
            "others than its owner can reach it (mode {:o}); make it 600",
            mode & 0o777
        );
        return Err(trouble(path, &what));
    }
    fs::read(path).map_err(|e| trouble(path, &e.to_string()))
}

/// Puts a file in place as a whole, unless there is one already.
fn place(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // Threads of one process may begin at once as well, each with a file of its own.
    static PLACED: AtomicU64 = AtomicU64::new(0);
    let number = PLACED.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_extension(format!("new-{}-{number}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}

/// A key that authenticates bytes of this installation's own.
#[derive(Debug, Clone)]
pub struct MacKey(hmac::Key);

impl MacKey {
    /// A key that nobody else has and that is gone with the process.
    ///
    /// # Errors
    /// D0971 where the system gives no random bytes.
    pub fn passing() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| Error::new(BAD_KEY, "the system gave no random bytes"))?;
        Ok(MacKey(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// Reads the key of caches in a folder; makes folder and key where they are not there yet.
    ///
    /// # Errors
    /// D0971 where the key cannot be read, is damaged, or can be read by others than its owner.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let mut builder = fs::DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|e| trouble(folder, &e.to_string()))?;
        let path = folder.join("cache.key");
        let mac = read_or_make(&path, || {
            let mut bytes = vec![0; 32];
            rand::fill(&mut bytes).map(|()| bytes)
        })?;
        if mac.len() != 32 {
            return Err(trouble(&path, "it is damaged; remove it, and another is made"));
        }
        Ok(MacKey(hmac::Key::new(hmac::HMAC_SHA256, &mac)))
    }

    /// The tag of some bytes, in parts that follow each other: HMAC-SHA-256.
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut signing = hmac::Context::with_key(&self.0);
        for part in parts {
            signing.update(part);
        }
        let mut out = [0; 32];
        out.copy_from_slice(signing.sign().as_ref());
        out
    }

    /// Whether a tag is that of the bytes; in constant time.
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&self.tag(parts), tag).is_ok()
    }
}

/// A signature of a text, as it stands in a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The id of the key.
    pub key: String,
    /// 64 bytes in base64.
    pub signature: String,
}

/// The key that signs heads: Ed25519.
#[derive(Debug)]
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Signs the text of a head (`Head::signed_text`, in which `key` is set to [`PublicKey::id`] already).
    pub fn sign_head(&self, text: &str) -> Signature {
        let signature = self.0.sign(text.as_bytes());
        Signature {
            key: self.public().id(),
            signature: STANDARD.encode(signature.as_ref()),
        }
    }

    /// The public half, to be given to whoever verifies.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().to_vec())
    }
}

/// The public half of a signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// Its id: `ed25519:` and the first 16 hexadecimal digits of its digest.
    pub fn id(&self) -> String {
        format!("ed25519:{}", &Digest::of(&self.0).hex()[..16])
    }

    /// Its 32 bytes in base64.
    pub fn text(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// Reads [`PublicKey::text`].
    ///
    /// # Errors
    /// D0971 where it is not 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match STANDARD.decode(text.trim()) {
            Ok(bytes) if bytes.len() == 32 => Ok(PublicKey(bytes)),
            _ => Err(Error::new(BAD_KEY, "a public key is 32 bytes in base64")),
        }
    }

    /// Whether this key signed the text.
    pub fn verify_head(&self, text: &str, signature: &Signature) -> bool {
        signature.key == self.id()
            && STANDARD.decode(&signature.signature).is_ok_and(|bytes| {
                UnparsedPublicKey::new(&ED25519, &self.0)
                    .verify(text.as_bytes(), &bytes)
                    .is_ok()
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_for_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("keys");
        let first = Keys::open(&folder).unwrap();
        let again = Keys::open(&folder).unwrap();
        assert_eq!(first.signing.public(), again.signing.public());
        assert_eq!(first.cache.tag(&[b"code"]), again.cache.tag(&[b"code"]));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("signing.key"))), (0o700, 0o600));

        let other = tempfile::tempdir().unwrap();
        let other = Keys::open(&other.path().join("keys")).unwrap();
        assert_ne!(first.signing.public(), other.signing.public());
        assert!(!other.cache.verify(&[b"code"], &first.cache.tag(&[b"code"])));
    }

    #[test]
    fn a_key_that_others_can_reach_or_that_is_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Keys::open(folder.path()).unwrap();
        let path = folder.path().join("signing.key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = Keys::open(folder.path()).unwrap_err();
        assert_eq!(error.code.id, "D0971");
        assert!(error.message.contains("mode 644"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, b"nonsense").unwrap();
        assert!(Keys::open(folder.path()).unwrap_err().message.contains("damaged"));
    }

    #[test]
    fn a_signature_holds_for_its_text_and_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        let (text, public) = ("{\"number\":1}", keys.signing.public());
        let signature = keys.signing.sign_head(text);
        assert!(public.verify_head(text, &signature));
        assert!(!public.verify_head("{\"number\":2}", &signature));
        let other_key = Signature {
            key: "ed25519:0000000000000000".into(),
            ..signature.clone()
        };
        assert!(!public.verify_head(text, &other_key));
        let other_bytes = Signature {
            signature: STANDARD.encode([7; 64]),
            ..signature
        };
        assert!(!public.verify_head(text, &other_bytes));
        assert_eq!(PublicKey::parse(&public.text()), Ok(public));
        assert!(PublicKey::parse("AAAA").is_err());
    }
}

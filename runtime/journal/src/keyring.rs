//! The keys of the installation: whoever has the store's file and not these reads no message.
//!
//! Everything that is locked has a key of its own, derived from that of the installation and 16 random bytes, so no key ever
//! locks twice; what is locked names the key by a digest. The first key of a ring locks, all of them unlock.

use std::borrow::Cow;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use dragoman_model::Digest;

use crate::error::{CANNOT_WRITE, CORRUPT, Error, KEY_MISSING, NOT_A_KEY, UNKEEPABLE};
use crate::seal::{SALT, SealedBody};

/// The bytes of a key.
pub const KEY: usize = 32;
/// Bytes that are locked begin so: twelve that were drawn once, and the number of the way.
pub const MARK: [u8; 13] = *b"\xd7\x9e\x1b\xa4\x02\xc8\x55\xf1\x8c\x3d\xe6\x70\x01";
/// The bytes that say which key.
const ID: usize = 8;
/// A text that is locked begins so. JSON never does.
const TEXT: char = '~';
const PURPOSE: &[u8] = b"dragoman store 1";

/// How the bytes of a body stand in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Canonical JSON text, its salt beside it.
    Plain = 0,
    /// Salt and text, locked.
    Locked = 1,
}

struct Key {
    id: [u8; ID],
    secret: Prk,
}

/// The keys of an installation; none: nothing is locked.
#[derive(Default)]
pub struct Keyring {
    keys: Vec<Key>,
}

/// Salt and text of a body.
pub type SaltedText = (Vec<u8>, Vec<u8>);

/// A body as it stands in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBody<'a> {
    /// Empty where it is locked with the text: beside it, a small body could be guessed.
    pub salt: &'a [u8],
    /// The number of an [`Encoding`].
    pub encoding: i64,
    /// Its bytes.
    pub bytes: Cow<'a, [u8]>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

/// A new key in the form in which [`Keyring::new`] takes it.
///
/// # Errors
/// D0702 where the system gives no random bytes.
pub fn new_key() -> Result<String, Error> {
    Ok(BASE64.encode(random::<KEY>()?))
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| Error::new(CANNOT_WRITE, "the system gave no random bytes for a key or a salt"))?;
    Ok(bytes)
}

impl Keyring {
    /// Takes keys as people keep them: 32 bytes in base64 or in hexadecimal digits. The first one locks.
    ///
    /// # Errors
    /// D0727 where one is not a key, or is there twice.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Error> {
        let mut ring = Keyring::default();
        for (number, text) in (1..).zip(texts) {
            let not = |what: &str| Error::new(NOT_A_KEY, format!("encryption key {number} of the store {what}"));
            let bytes =
                bytes_of(text).ok_or_else(|| not("is not 32 bytes in base64; `dragoman store key` makes one"))?;
            let key = Key::new(&bytes);
            if ring.keys.iter().any(|other| other.id == key.id) {
                return Err(not("is there twice; name each once"));
            }
            ring.keys.push(key);
        }
        Ok(ring)
    }

    /// The names of its keys, the one that locks first: eight bytes of a digest, which tell nothing of the key.
    pub fn ids(&self) -> impl Iterator<Item = String> + '_ {
        self.keys.iter().map(|key| hex(&key.id))
    }

    /// What bytes begin with that the first key locked; without keys nothing does.
    pub fn mark(&self) -> Option<Vec<u8>> {
        let key = self.keys.first()?;
        Some([&MARK[..], &key.id].concat())
    }

    /// What a text begins with that the first key locked.
    pub fn text_mark(&self) -> Option<String> {
        // Mark and name are 21 bytes, which are whole digits of base64.
        self.mark().map(|mark| format!("{TEXT}{}", BASE64.encode(mark)))
    }

    /// How it stores bodies.
    pub fn encoding(&self) -> Encoding {
        match self.keys.is_empty() {
            true => Encoding::Plain,
            false => Encoding::Locked,
        }
    }

    /// A store is not opened with less than it needs: it would fail in the middle of a run.
    ///
    /// # Errors
    /// D0726 where one of the keys with which its content was locked is not there.
    pub fn must_have<'a>(&self, used: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
        let missing: Vec<&str> = used
            .into_iter()
            .filter(|used| !self.ids().any(|id| id == *used))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let has: Vec<String> = self.ids().collect();
        let has = match has.is_empty() {
            true => "none is given".to_owned(),
            false => format!("those given are {}", has.join(", ")),
        };
        let message = format!(
            "what is in the store is encrypted with the key {}, and {has}; name it under `store: encryption` of the site file",
            missing.join(", ")
        );
        Err(Error::new(KEY_MISSING, message))
    }

    /// Locks bytes; without keys they are what they were.
    ///
    /// # Errors
    /// D0702 where the system gives no random bytes, D0709 where there is no key and they look as if they were locked.
    pub fn lock<'a>(&self, plain: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
        let Some(key) = self.keys.first() else {
            // They would be taken for what they are not as soon as there is a key.
            return match plain.starts_with(&MARK) {
                true => Err(Error::new(
                    UNKEEPABLE,
                    "bytes that begin as what a store encrypts are not kept plain",
                )),
                false => Ok(Cow::Borrowed(plain)),
            };
        };
        Ok(Cow::Owned(key.lock(plain)?))
    }

    /// Unlocks bytes; those that are not locked are what they were.
    ///
    /// # Errors
    /// D0726 where the key is missing, D0704 where they were altered.
    pub fn unlock<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
        match bytes.strip_prefix(&MARK) {
            Some(rest) => self.open(rest).map(Cow::Owned),
            None => Ok(Cow::Borrowed(bytes)),
        }
    }

    /// Locks a JSON text.
    ///
    /// # Errors
    /// D0702 where the system gives no random bytes.
    pub fn lock_text(&self, text: String) -> Result<String, Error> {
        match self.keys.first() {
            Some(key) => Ok(format!("{TEXT}{}", BASE64.encode(key.lock(text.as_bytes())?))),
            None => Ok(text),
        }
    }

    /// Unlocks a text; a JSON text is what it was.
    ///
    /// # Errors
    /// D0726 where the key is missing, D0704 where it was altered.
    pub fn unlock_text<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, Error> {
        let Some(locked) = text.strip_prefix(TEXT) else {
            return Ok(Cow::Borrowed(text));
        };
        let bytes = BASE64.decode(locked).map_err(|_| altered())?;
        let rest = bytes.strip_prefix(&MARK).ok_or_else(altered)?;
        String::from_utf8(self.open(rest)?)
            .map(Cow::Owned)
            .map_err(|_| altered())
    }

    /// A body as its row has it.
    ///
    /// # Errors
    /// D0702 where the system gives no random bytes.
    pub fn store_body<'a>(&self, body: &'a SealedBody) -> Result<StoredBody<'a>, Error> {
        let Some(key) = self.keys.first() else {
            return Ok(StoredBody {
                salt: &body.salt,
                encoding: Encoding::Plain as i64,
                bytes: Cow::Borrowed(body.text.as_bytes()),
            });
        };
        let whole = [&body.salt[..], body.text.as_bytes()].concat();
        Ok(StoredBody {
            salt: &[],
            encoding: Encoding::Locked as i64,
            bytes: Cow::Owned(key.lock(&whole)?),
        })
    }

    /// Salt and text of a body from its row.
    ///
    /// # Errors
    /// D0726 where the key is missing, D0704 where it was altered.
    pub fn read_body(&self, stored: &StoredBody<'_>) -> Result<SaltedText, Error> {
        match stored.encoding {
            0 => Ok((stored.salt.to_vec(), stored.bytes.to_vec())),
            1 => {
                let rest = stored.bytes.strip_prefix(&MARK).ok_or_else(altered)?;
                let mut salt = self.open(rest)?;
                let text = salt.split_off(SALT.min(salt.len()));
                Ok((salt, text))
            }
            other => Err(Error::new(
                CORRUPT,
                format!("a body stands in a way {other} that this program does not know; use the newer program"),
            )),
        }
    }

    fn open(&self, rest: &[u8]) -> Result<Vec<u8>, Error> {
        let (id, rest) = rest.split_at_checked(ID).ok_or_else(altered)?;
        let key = self.keys.iter().find(|key| key.id == id);
        let Some(key) = key else {
            let message = format!("what is read is encrypted with the key {}, which is not given", hex(id));
            return Err(Error::new(KEY_MISSING, message));
        };
        key.open(rest).ok_or_else(altered)
    }
}

fn altered() -> Error {
    Error::new(
        CORRUPT,
        "what is encrypted in the store was altered; run `dragoman audit verify`, and go back to a backup",
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(text: &[u8]) -> Option<[u8; KEY]> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let bytes: Vec<u8> = match text.len() == 2 * KEY {
        true => (0..KEY).map(|n| pair(2 * n)).collect::<Option<_>>()?,
        false => BASE64.decode(text).ok()?,
    };
    bytes.try_into().ok()
}

impl Key {
    fn new(bytes: &[u8; KEY]) -> Self {
        let name = Digest::of_parts(&[b"dragoman store key", bytes]);
        let mut id = [0; ID];
        id.copy_from_slice(&name.0[..ID]);
        // Random bytes of full length need no extraction, but each derivation has its own salt there.
        let secret = Salt::new(HKDF_SHA256, PURPOSE).extract(bytes);
        Key { id, secret }
    }

    /// The key for what was locked with a salt; it locks once, so its nonce can be the same for all.
    fn derived(&self, salt: &[u8]) -> Option<LessSafeKey> {
        let info = [PURPOSE, salt];
        let okm = self.secret.expand(&info, &AES_256_GCM).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(okm)))
    }

    fn lock(&self, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let unlockable = || Error::new(UNKEEPABLE, "a text is too long to be encrypted");
        let salt = random::<SALT>()?;
        let key = self.derived(&salt).ok_or_else(unlockable)?;
        let mut locked = Vec::with_capacity(MARK.len() + ID + SALT + plain.len() + AES_256_GCM.tag_len());
        for part in [&MARK[..], &self.id, &salt, plain] {
            locked.extend_from_slice(part);
        }
        let body = &mut locked[MARK.len() + ID + SALT..];
        let tag = key
            .seal_in_place_separate_tag(nonce(), Aad::empty(), body)
            .map_err(|_| unlockable())?;
        locked.extend_from_slice(tag.as_ref());
        Ok(locked)
    }

    /// What follows the key's name: salt, text and tag.
    fn open(&self, rest: &[u8]) -> Option<Vec<u8>> {
        let (salt, sealed) = rest.split_at_checked(SALT)?;
        let mut plain = sealed.to_vec();
        let length = self
            .derived(salt)?
            .open_in_place(nonce(), Aad::empty(), &mut plain)
            .ok()?
            .len();
        plain.truncate(length);
        Some(plain)
    }
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OTHER: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

    fn ring(texts: &[&str]) -> Keyring {
        Keyring::new(texts.iter().map(|text| text.as_bytes())).unwrap()
    }

    #[test]
    fn what_one_ring_locks_another_with_its_key_unlocks_and_nobody_else() {
        let (old, both, other) = (ring(&[ONE]), ring(&[OTHER, ONE]), ring(&[OTHER]));
        let locked = old.lock(b"a message").unwrap();
        assert_eq!(both.unlock(&locked).unwrap(), &b"a message"[..]);
        assert_eq!(other.unlock(&locked).unwrap_err().code, KEY_MISSING);
        assert_ne!(
            both.lock(b"a message").unwrap(),
            both.lock(b"a message").unwrap(),
            "each has a key of its own"
        );
        let used: Vec<String> = old.ids().collect();
        assert_eq!(both.must_have(used.iter().map(String::as_str)), Ok(()));
        insta::assert_snapshot!(other.must_have(used.iter().map(String::as_str)).unwrap_err(), @"what is in the store is encrypted with the key f8367daf08c70942, and those given are 9cf949cf236c873f; name it under `store: encryption` of the site file");
        insta::assert_snapshot!(Keyring::default().must_have(used.iter().map(String::as_str)).unwrap_err(), @"what is in the store is encrypted with the key f8367daf08c70942, and none is given; name it under `store: encryption` of the site file");
    }

    #[test]
    fn what_is_no_key_is_said() {
        for (texts, told) in [
            (
                vec!["secret"],
                "encryption key 1 of the store is not 32 bytes in base64; `dragoman store key` makes one",
            ),
            (
                vec![ONE, "00"],
                "encryption key 2 of the store is not 32 bytes in base64; `dragoman store key` makes one",
            ),
            (
                vec![ONE, OTHER, ONE],
                "encryption key 3 of the store is there twice; name each once",
            ),
        ] {
            let error = Keyring::new(texts.iter().map(|text| text.as_bytes())).unwrap_err();
            assert_eq!((error.code, &*error.message), (NOT_A_KEY, told));
        }
        assert_eq!(
            Keyring::new([new_key().unwrap().as_bytes()]).map(|ring| ring.ids().count()),
            Ok(1)
        );
    }

    #[test]
    fn plain_bytes_that_look_locked_are_not_kept() {
        let looks = ring(&[ONE]).lock(b"x").unwrap().into_owned();
        assert_eq!(Keyring::default().lock(&looks).unwrap_err().code, UNKEEPABLE);
        let twice = ring(&[ONE]);
        assert_eq!(twice.unlock(&twice.lock(&looks).unwrap()).unwrap(), looks);
    }

    proptest! {
        #[test]
        fn everything_comes_back_and_a_changed_byte_is_seen(
            bytes in proptest::collection::vec(any::<u8>(), 0..300), text in ".*", at in any::<prop::sample::Index>(),
        ) {
            let ring = ring(&[ONE, OTHER]);
            let mut locked = ring.lock(&bytes).unwrap().into_owned();
            prop_assert_eq!(ring.unlock(&locked).unwrap(), &bytes[..]);
            let json = serde_json::to_string(&text).unwrap();
            let locked_text = ring.lock_text(json.clone()).unwrap();
            prop_assert_eq!(ring.unlock_text(&locked_text).unwrap(), &*json);
            prop_assert_eq!(Keyring::default().unlock_text(&json).unwrap(), &*json);
            prop_assert!(locked_text.starts_with(&ring.text_mark().unwrap()));
            prop_assert!(locked.starts_with(&ring.mark().unwrap()));
            let body = SealedBody { salt: [7; SALT], text: json.clone() };
            let stored = ring.store_body(&body).unwrap();
            prop_assert_eq!(ring.read_body(&stored).unwrap(), (vec![7; SALT], json.into_bytes()));
            // The mark apart: without it they are bytes of somebody else.
            let at = MARK.len() + at.index(locked.len() - MARK.len());
            locked[at] ^= 1;
            prop_assert!(ring.unlock(&locked).is_err());
        }
    }
}

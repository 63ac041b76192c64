//! Passwords, of which only a hash is kept: argon2id (RFC 9106) in a PHC string, with a salt of its own.

use std::fmt;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::error::{BAD_HASH, Error};
use crate::secret::Secret;

/// The most memory that checking a password may take, in KiB: a hash that asks for more is refused.
const MOST_MEMORY: u32 = 256 << 10;
/// The most rounds over it.
const MOST_ROUNDS: u32 = 16;

/// The hash of a password.
#[derive(Clone)]
pub struct PasswordHash(String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

impl PasswordHash {
    /// Hashes a password: 19 MiB and two rounds, as OWASP advises.
    ///
    /// # Errors
    /// D0974 where the system gives no salt.
    pub fn make(password: &Secret) -> Result<Self, Error> {
        match Argon2::default().hash_password(password.expose()) {
            Ok(hash) => Ok(PasswordHash(hash.to_string())),
            Err(error) => Err(Error::new(BAD_HASH, format!("the password cannot be hashed: {error}"))),
        }
    }

    /// Reads a PHC string.
    ///
    /// # Errors
    /// D0974 where it is none of argon2id, or checking it would take too much. The message does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Error::new(BAD_HASH, format!("this is not the hash of a password: {why}"));
        let hash = Phc::new(text.trim()).map_err(|_| refuse("it is not a PHC string (`$argon2id$...`)"))?;
        if hash.algorithm.as_str() != "argon2id" {
            return Err(refuse("it was made by something other than argon2id"));
        }
        let params = argon2::Params::try_from(&hash).map_err(|_| refuse("its parameters cannot be used"))?;
        if params.m_cost() > MOST_MEMORY || params.t_cost() > MOST_ROUNDS {
            return Err(refuse("checking it would take too much memory or time"));
        }
        if hash.hash.is_none() || hash.salt.is_none() {
            return Err(refuse("it has no salt or no hash"));
        }
        Ok(PasswordHash(text.trim().to_owned()))
    }

    /// A hash that no password fits and that takes as long to check as any: for names that nobody has, so that the time
    /// of an answer does not tell which names there are.
    pub fn of_nobody() -> Self {
        PasswordHash(format!(
            "$argon2id$v=19$m=19456,t=2,p=1${}${}",
            "A".repeat(22),
            "A".repeat(43)
        ))
    }

    /// Whether a password is the one. Takes tens of milliseconds and megabytes: not for an executor's thread.
    pub fn admits(&self, password: &Secret) -> bool {
        Phc::new(&self.0).is_ok_and(|hash| Argon2::default().verify_password(password.expose(), &hash).is_ok())
    }

    /// The PHC string, to be put where the site file says.
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_admits_its_password_only() {
        let secret = |text: &str| Secret::new(text);
        let made = PasswordHash::make(&secret("correct horse")).unwrap();
        assert!(
            made.text().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            made.text()
        );
        let read = PasswordHash::parse(&format!("{}\n", made.text())).unwrap();
        for (password, expected) in [("correct horse", true), ("correct horsE", false), ("", false)] {
            assert_eq!(read.admits(&secret(password)), expected, "{password}");
        }
        let again = PasswordHash::make(&secret("correct horse")).unwrap();
        assert_ne!(again.text(), made.text(), "each has a salt of its own");
        assert!(!format!("{made:?}").contains("argon2id"));
    }

    #[test]
    fn what_is_no_hash_is_refused_without_being_repeated() {
        let nobody = PasswordHash::of_nobody();
        assert!(PasswordHash::parse(nobody.text()).is_ok());
        assert!(!nobody.admits(&Secret::new("")));
        for wrong in [
            "correct horse",
            "",
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            &nobody.text().replace("argon2id", "argon2i"),
            &nobody.text().replace("m=19456", "m=4000000"),
            &nobody.text().replace("t=2", "t=4000000"),
            "$argon2id$v=19$m=19456,t=2,p=1",
        ] {
            let error = PasswordHash::parse(wrong).unwrap_err();
            assert_eq!(error.code.id, "D0974", "{wrong}");
            assert!(wrong.is_empty() || !error.message.contains(wrong), "{}", error.message);
        }
    }
}

//! Who asks the operator API: accounts with passwords or tokens, checked slowly enough that nobody can guess.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dragoman_model::Actor;
use dragoman_security::sender::equal;
use dragoman_security::{MacKey, PasswordHash, Secret};
use tokio::sync::Semaphore;

use crate::attempts::Attempts;
use crate::desk::Who;
use crate::error::{Error, TOO_OFTEN};
use crate::runtime::Runtime;
use crate::site::{Account, Proof};

/// Passwords that are checked at once: each takes megabytes and a core for a while.
const AT_ONCE: usize = 2;
/// Under this name attempts with a wrong token are counted: it tells nobody's account. No account can be called so.
const TOKENS: &str = "(token)";

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// They did not prove who they are.
    Unproven,
    /// Too many attempts failed; the next one may come after so long.
    Later(Duration),
}

/// The accounts of the site that is served.
pub(crate) struct Accounts {
    users: ArcSwap<BTreeMap<String, Account>>,
    attempts: Mutex<Attempts>,
    /// By account, the tag of the password that was right a moment ago, so that it need not be hashed for each request.
    right: Mutex<HashMap<String, [u8; 32]>>,
    key: MacKey,
    places: Semaphore,
}

impl Accounts {
    /// These accounts.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(crate) fn new(users: BTreeMap<String, Account>) -> Result<Self, Error> {
        Ok(Accounts {
            users: ArcSwap::from_pointee(users),
            attempts: Mutex::default(),
            right: Mutex::default(),
            key: MacKey::passing()?,
            places: Semaphore::new(AT_ONCE),
        })
    }

    /// Replaces them all at once. Whoever was let in by an account that is gone or has changed is let in no more.
    pub(crate) fn replace(&self, users: BTreeMap<String, Account>) {
        self.users.store(users.into());
        self.right().clear();
    }

    /// Whether there is any.
    pub(crate) fn are_there(&self) -> bool {
        !self.users.load().is_empty()
    }

    fn right(&self) -> std::sync::MutexGuard<'_, HashMap<String, [u8; 32]>> {
        self.right.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempts(&self) -> std::sync::MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who sends the value of this `Authorization` header: `Basic` (RFC 7617) or `Bearer` (RFC 6750).
    ///
    /// # Errors
    /// See [`Denied`].
    pub(crate) async fn identify(&self, authorization: Option<&str>) -> Result<Who, Denied> {
        let (scheme, proof) = authorization
            .and_then(|value| value.split_once(' '))
            .ok_or(Denied::Unproven)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.by_token(proof.trim());
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(Denied::Unproven);
        }
        let bytes = STANDARD.decode(proof.trim()).map_err(|_| Denied::Unproven)?;
        let at = bytes.iter().position(|byte| *byte == b':').ok_or(Denied::Unproven)?;
        let name = std::str::from_utf8(&bytes[..at]).map_err(|_| Denied::Unproven)?;
        self.by_password(name, Secret::new(&bytes[at + 1..])).await
    }

    fn by_token(&self, token: &str) -> Result<Who, Denied> {
        let users = self.users.load();
        let mut found = None;
        // All are compared, so that the time does not tell how far down the list it is.
        for (name, account) in users.iter() {
            if let Proof::Token(known) = &account.proof
                && equal(known.expose(), token.as_bytes())
            {
                found = Some(who(name, account, "token"));
            }
        }
        match found {
            Some(who) => Ok(who),
            // Only wrong tokens are counted: whoever guesses shuts nobody out.
            None => match self.attempts().begin(TOKENS, Instant::now()) {
                Ok(()) => Err(Denied::Unproven),
                Err(wait) => Err(Denied::Later(wait)),
            },
        }
    }

    async fn by_password(&self, name: &str, password: Secret) -> Result<Who, Denied> {
        let account = self.users.load().get(name).cloned();
        let hash = match account.as_ref().map(|a| &a.proof) {
            Some(Proof::Password(hash)) => hash.clone(),
            _ => PasswordHash::of_nobody(),
        };
        // With the hash in it: a password that was changed is right no more, whatever is remembered.
        let tag = self.key.tag(&[hash.text().as_bytes(), &[0], password.expose()]);
        if let Some(account) = &account
            && self.right().get(name).is_some_and(|right| equal(right, &tag))
        {
            // Also while somebody else guesses: they shut nobody out who is at work.
            return Ok(who(name, account, "password"));
        }
        self.attempts().begin(name, Instant::now()).map_err(Denied::Later)?;
        let _place = self.places.acquire().await.map_err(|_| Denied::Unproven)?;
        let checked = tokio::task::spawn_blocking(move || hash.admits(&password)).await;
        match (checked, account) {
            (Ok(true), Some(account)) => {
                self.attempts().succeeded(name);
                self.right().insert(name.to_owned(), tag);
                Ok(who(name, &account, "password"))
            }
            _ => Err(Denied::Unproven),
        }
    }
}

impl Runtime {
    /// Who says to be a user of the site, where nobody serves it: looked at as a server would.
    ///
    /// # Errors
    /// There is no such account with this password.
    pub async fn identify(&self, name: &str, password: &str) -> Result<Who, Error> {
        let accounts = Accounts::new(self.users.clone())?;
        match accounts.by_password(name, Secret::new(password)).await {
            Ok(who) => Ok(who),
            Err(Denied::Unproven) => Err(not_let_in(name)),
            Err(Denied::Later(wait)) => {
                let message = format!("too many attempts failed; try again in {} s", wait.as_secs().max(1));
                Err(Error::new(TOO_OFTEN, message, ""))
            }
        }
    }
}

/// What is said to whoever has no account with the password that they gave: which of the two was wrong is not said.
pub(crate) fn not_let_in(name: &str) -> Error {
    Error::Refused {
        code: "unauthorized".into(),
        message: format!("the site has no account `{name}` with the password that was given"),
        help: None,
    }
}

fn who(id: &str, account: &Account, authentication: &str) -> Who {
    let actor = Actor {
        name: account.name.clone(),
        ..Actor::person(id, authentication)
    };
    Who {
        actor,
        roles: account.roles.clone(),
    }
}

#[cfg(test)]
mod tests {
    use dragoman_model::Role;

    use super::*;

    fn accounts() -> Accounts {
        let account = |proof| Account {
            name: Some("Olga Nowak".into()),
            roles: vec![Role::Approver],
            proof,
        };
        let hash = PasswordHash::make(&Secret::new("right: right")).unwrap();
        let users = BTreeMap::from([
            ("olga".to_owned(), account(Proof::Password(hash))),
            (
                "register".to_owned(),
                account(Proof::Token(Secret::new("a-token-that-is-long"))),
            ),
        ]);
        Accounts::new(users).unwrap()
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    /// What an `Authorization` header proves: who it is, and how.
    async fn check(accounts: &Accounts, header: &str, expected: Option<(&str, &str)>) {
        let found = accounts.identify(Some(header)).await;
        let brief = found.as_ref().map(|who| (&*who.actor.id, &*who.actor.authentication));
        assert_eq!(brief.ok(), expected, "{header}: {found:?}");
        if let Err(denied) = found {
            assert_eq!(denied, Denied::Unproven, "{header}");
        }
    }

    #[tokio::test]
    async fn people_have_passwords_and_services_tokens() {
        let accounts = accounts();
        let olga = Some(("olga", "password"));
        check(&accounts, &basic("olga:right: right"), olga).await;
        check(&accounts, &basic("olga:right: right").replace("Basic", "basic"), olga).await;
        check(&accounts, &basic("olga:wrong"), None).await;
        check(&accounts, &basic("olga"), None).await;
        check(&accounts, &basic("nobody:right: right"), None).await;
        check(&accounts, &basic("register:a-token-that-is-long"), None).await;
        check(&accounts, "Basic %%%", None).await;
        check(&accounts, "Bearer a-token-that-is-long", Some(("register", "token"))).await;
        check(&accounts, "Bearer a-token-that-is-wrong", None).await;
        check(&accounts, "Bearer right: right", None).await;
        check(&accounts, "Digest olga", None).await;
        assert_eq!(accounts.identify(None).await.err(), Some(Denied::Unproven));
    }

    #[tokio::test]
    async fn who_guesses_is_slowed_and_who_is_at_work_is_not() {
        let accounts = accounts();
        let at_work = basic("olga:right: right");
        check(&accounts, &at_work, Some(("olga", "password"))).await;
        let mut later = 0;
        for _ in 0..30 {
            later += u32::from(matches!(
                accounts.identify(Some(&basic("olga:guess"))).await,
                Err(Denied::Later(_))
            ));
        }
        assert!(later > 0, "nothing slows them");
        check(&accounts, &at_work, Some(("olga", "password"))).await;
        // Those who are let in by an account that is no longer there are let in no more.
        accounts.replace(BTreeMap::new());
        assert!(accounts.identify(Some(&at_work)).await.is_err());
    }
}

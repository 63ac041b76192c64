//! Who did something.

use serde::{Deserialize, Serialize};

/// What sort of actor it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person, authenticated.
    Person,
    /// The runtime itself, acting for its operator.
    System,
    /// A sender of messages, authenticated or not (see `authentication`).
    Sender,
}

/// Who did something, how that is known, and for whom.
///
/// It is part of every journal entry from the first format on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The account, the sender's name in the site file, or the runtime's worker name.
    pub id: String,
    /// The name of the person, where the account has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What sort of actor.
    pub kind: ActorKind,
    /// How the identity was established: `bearer`, `mutual_tls`, `hmac` (senders), `password`, `token` (accounts),
    /// `local_token` (whoever can read the server's file on its machine: the user who serves), `os_user` (the user who
    /// opens the store), `none`.
    pub authentication: String,
    /// On whose behalf, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

impl Actor {
    /// The runtime itself, under a worker's name.
    pub fn system(worker: &str) -> Self {
        Actor {
            id: worker.into(),
            name: None,
            kind: ActorKind::System,
            authentication: "none".into(),
            on_behalf_of: None,
        }
    }

    /// A sender, and how it was authenticated.
    pub fn sender(name: &str, authentication: &str) -> Self {
        Actor {
            id: name.into(),
            name: None,
            kind: ActorKind::Sender,
            authentication: authentication.into(),
            on_behalf_of: None,
        }
    }

    /// A person, and how they were authenticated.
    pub fn person(id: &str, authentication: &str) -> Self {
        Actor {
            id: id.into(),
            name: None,
            kind: ActorKind::Person,
            authentication: authentication.into(),
            on_behalf_of: None,
        }
    }
}

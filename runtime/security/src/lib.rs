//! Keys of the installation, secrets by reference, signatures of heads, and the proofs that senders and people give.
//!
//! In: a folder for keys, references such as `env:NAME`, header values, bytes. Out: tags, signatures, secrets, yes or no.
//!
//! **Invariants.** A secret is never printed, not even by `Debug`, and no error message contains one. Comparisons with
//! a secret take the same time whatever is wrong. Private keys are readable by their owner only.
//!
//! **Not here:** what is signed (`journal`), which credential goes to which endpoint (`host`), TLS settings (`server`).

pub mod error;
pub mod keys;
pub mod password;
pub mod secret;
pub mod sender;

pub use error::Error;
pub use keys::{Keys, MacKey, PublicKey, Signature, SigningKey};
pub use password::PasswordHash;
pub use secret::{Secret, SecretSource};
pub use sender::{Bearer, Hmac};

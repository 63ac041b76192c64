//! What calls read of the store: a connection's state, documents, and the components that runs are pinned to.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use dragoman_journal::Journal;
use dragoman_model::{Digest, DocumentReference};

/// A boxed answer; errors are texts for people.
pub type Stored<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// What calls read. Nothing is written through it: writes go with the step's commit.
pub trait Storage: Send + Sync {
    /// A connection's value and its version.
    fn state_get(&self, connection: String, key: String) -> Stored<'_, Option<(Vec<u8>, u64)>>;
    /// Keys under a prefix, in order, after a key.
    fn state_keys(
        &self,
        connection: String,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Stored<'_, Vec<String>>;
    /// A document.
    fn document(&self, digest: Digest) -> Stored<'_, Option<(DocumentReference, Vec<u8>)>>;
    /// The bytes of a component that a run is pinned to.
    fn component(&self, digest: Digest) -> Stored<'_, Option<Vec<u8>>>;
}

/// The journal as a storage.
pub struct JournalStorage(pub Arc<dyn Journal>);

impl Storage for JournalStorage {
    fn state_get(&self, connection: String, key: String) -> Stored<'_, Option<(Vec<u8>, u64)>> {
        Box::pin(async move { self.0.state_get(connection, key).await.map_err(|e| e.to_string()) })
    }

    fn state_keys(
        &self,
        connection: String,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Stored<'_, Vec<String>> {
        Box::pin(async move {
            self.0
                .state_keys(connection, prefix, after, limit)
                .await
                .map_err(|e| e.to_string())
        })
    }

    fn document(&self, digest: Digest) -> Stored<'_, Option<(DocumentReference, Vec<u8>)>> {
        Box::pin(async move { self.0.document(digest).await.map_err(|e| e.to_string()) })
    }

    fn component(&self, digest: Digest) -> Stored<'_, Option<Vec<u8>>> {
        Box::pin(async move { self.0.version(digest).await.map_err(|e| e.to_string()) })
    }
}

/// A storage with nothing in it, for hosts without a journal.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStorage;

impl Storage for NoStorage {
    fn state_get(&self, _: String, _: String) -> Stored<'_, Option<(Vec<u8>, u64)>> {
        Box::pin(async { Ok(None) })
    }

    fn state_keys(&self, _: String, _: String, _: Option<String>, _: u32) -> Stored<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn document(&self, _: Digest) -> Stored<'_, Option<(DocumentReference, Vec<u8>)>> {
        Box::pin(async { Ok(None) })
    }

    fn component(&self, _: Digest) -> Stored<'_, Option<Vec<u8>>> {
        Box::pin(async { Ok(None) })
    }
}

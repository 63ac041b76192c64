//! `documents`.

use bytes::Bytes;
use dragoman_model::{Digest, DocumentReference};
use wasmtime::component::Resource;

use super::wit::documents::{self as wit, Error};
use super::wit::types;
use crate::documents::DocumentError;
use crate::session::Session;

/// A document being read.
#[derive(Debug)]
#[allow(unreachable_pub)] // The generated bindings export it again, which a crate-private type may not be.
pub struct Reader {
    reference: DocumentReference,
    bytes: Bytes,
}

/// A document being written; none once it is finished.
#[derive(Debug)]
#[allow(unreachable_pub)] // As `Reader`.
pub struct Writer {
    media_type: String,
    bytes: Option<Vec<u8>>,
}

impl From<DocumentError> for Error {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::NotFound => Error::NotFound,
            DocumentError::Quota(message) => Error::Quota(message),
            DocumentError::Other(message) => Error::Other(message),
        }
    }
}

/// A reference in the contract's words.
pub(crate) fn reference(reference: &DocumentReference) -> types::DocumentReference {
    types::DocumentReference {
        digest: reference.digest.to_string(),
        media_type: reference.media_type.clone(),
        size: reference.size,
    }
}

/// The bytes of a document that the call may see.
pub(crate) async fn load(session: &mut Session, digest: &str) -> Result<(DocumentReference, Bytes), DocumentError> {
    let digest: Digest = digest.parse().map_err(|_| DocumentError::NotFound)?;
    if let Some(found) = session.documents.find(digest)? {
        return Ok(found);
    }
    let Some(powers) = session.powers.clone() else {
        return Err(DocumentError::NotFound);
    };
    let stored = powers.storage.document(digest).await.map_err(DocumentError::Other)?;
    let (reference, bytes) = stored.ok_or(DocumentError::NotFound)?;
    let bytes = Bytes::from(bytes);
    session.documents.remember(reference.clone(), bytes.clone());
    Ok((reference, bytes))
}

impl wit::Host for Session {
    async fn open(&mut self, digest: String) -> wasmtime::Result<Result<Resource<Reader>, Error>> {
        self.enter()?;
        match load(self, &digest).await {
            Ok((reference, bytes)) => Ok(Ok(self.table.push(Reader { reference, bytes })?)),
            Err(error) => Ok(Err(error.into())),
        }
    }

    fn create(&mut self, media_type: String) -> wasmtime::Result<Result<Resource<Writer>, Error>> {
        self.enter()?;
        if self.powers.is_none() {
            return Ok(Err(Error::Quota(
                "nothing is written while a plugin describes itself".to_owned(),
            )));
        }
        let writer = Writer {
            media_type: crate::log::escape(&media_type, 200),
            bytes: Some(Vec::new()),
        };
        Ok(Ok(self.table.push(writer)?))
    }
}

impl wit::HostReader for Session {
    fn info(&mut self, reader: Resource<Reader>) -> wasmtime::Result<types::DocumentReference> {
        self.enter()?;
        Ok(reference(&self.table.get(&reader)?.reference))
    }

    fn read(&mut self, reader: Resource<Reader>, offset: u64, length: u32) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        self.enter()?;
        let bytes = &self.table.get(&reader)?.bytes;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let to = from.saturating_add(length as usize).min(bytes.len());
        Ok(Ok(bytes[from..to].to_vec()))
    }

    fn drop(&mut self, reader: Resource<Reader>) -> wasmtime::Result<()> {
        self.table.delete(reader)?;
        Ok(())
    }
}

impl wit::HostWriter for Session {
    fn append(&mut self, writer: Resource<Writer>, bytes: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        self.enter()?;
        let Some(content) = self.table.get_mut(&writer)?.bytes.as_mut() else {
            return Ok(Err(Error::Other("the document is finished".to_owned())));
        };
        if let Err(error) = self.documents.take(bytes.len() as u64) {
            return Ok(Err(error.into()));
        }
        content.extend_from_slice(&bytes);
        Ok(Ok(()))
    }

    fn finish(&mut self, writer: Resource<Writer>) -> wasmtime::Result<Result<types::DocumentReference, Error>> {
        self.enter()?;
        let writer = self.table.get_mut(&writer)?;
        let Some(content) = writer.bytes.take() else {
            return Ok(Err(Error::Other("the document is finished".to_owned())));
        };
        let made = self.documents.add(Bytes::from(content), &writer.media_type);
        Ok(Ok(reference(&made)))
    }

    fn drop(&mut self, writer: Resource<Writer>) -> wasmtime::Result<()> {
        self.table.delete(writer)?;
        Ok(())
    }
}

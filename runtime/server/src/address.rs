//! Where a running server is, and how its operator proves to be the user who serves.

use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use dragoman_model::Digest;
use serde::{Deserialize, Serialize};

use crate::error::{Error, LISTEN};

const FILE: &str = "serving.json";

/// The address of the server of a store. It lies in the store's folder, readable by its own user only.
#[derive(Debug, Clone)]
pub struct Address {
    /// Where it listens.
    pub address: SocketAddr,
    /// What the operator API asks for.
    pub token: String,
    file: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Written {
    address: SocketAddr,
    token: String,
    pid: u32,
}

impl Address {
    /// Writes it, with a new token.
    pub(crate) fn announce(store: &Path, address: SocketAddr) -> Result<Address, Error> {
        let refuse = |e: String| {
            let message = format!("the server's address cannot be written into {}: {e}", store.display());
            Error::new(
                LISTEN,
                message,
                "check that this user may write there, and that there is space",
            )
        };
        let mut random = [0; 32];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| refuse("the system gives no randomness".into()))?;
        let token = Digest::of(&random).hex();
        let file = store.join(FILE);
        let written = Written {
            address,
            token: token.clone(),
            pid: std::process::id(),
        };
        let text = serde_json::to_string(&written).map_err(|e| refuse(e.to_string()))?;
        let temporary = store.join(format!(".{FILE}.{}", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        let opened = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary);
        opened
            .and_then(|mut f| std::io::Write::write_all(&mut f, text.as_bytes()))
            .and_then(|()| std::fs::rename(&temporary, &file))
            .map_err(|e| refuse(e.to_string()))?;
        Ok(Address { address, token, file })
    }

    /// The address of whoever serves a store; none: nobody says so. It may be that of a server that died.
    pub fn find(store: &Path) -> Option<Address> {
        let file = store.join(FILE);
        let written: Written = serde_json::from_slice(&std::fs::read(&file).ok()?).ok()?;
        Some(Address {
            address: written.address,
            token: written.token,
            file,
        })
    }

    /// Removes it, at an orderly end.
    pub(crate) fn withdraw(&self) {
        // It is only a hint: where it cannot be removed, whoever asks finds nobody there.
        let _ = std::fs::remove_file(&self.file);
    }
}

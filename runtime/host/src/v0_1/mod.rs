//! Version 0.1 of the contract: its bindings, and each of its imports over the host's own machinery.

pub(crate) mod bindings;
mod context;
mod credentials;
pub(crate) mod documents;
mod http;
mod state;

use wasmtime::component::{HasSelf, Linker};

use crate::session::Session;
use bindings::dragoman::connector as wit;

pub(crate) use bindings::PluginPrivilegedPre as Pre;

/// Links the imports of this version; revealing secrets only where asked for.
pub(crate) fn link(linker: &mut Linker<Session>, reveal: bool) -> wasmtime::Result<()> {
    wit::types::add_to_linker::<_, HasSelf<_>>(linker, |s| s)?;
    wit::context::add_to_linker::<_, HasSelf<_>>(linker, |s| s)?;
    wit::log::add_to_linker::<_, HasSelf<_>>(linker, |s| s)?;
    wit::clock::add_to_linker::<_, HasSelf<_>>(linker, |s| s)?;
    wit::random::add_to_linker::<_, HasSelf<_>>(linker, |s| s)?;
    wit::documents::add_to_linker::<_, HasSelf<_>>(linker, |s| s)?;
    wit::http::add_to_linker::<_, HasSelf<_>>(linker, |s| s)?;
    wit::credentials::add_to_linker::<_, HasSelf<_>>(linker, |s| s)?;
    wit::state::add_to_linker::<_, HasSelf<_>>(linker, |s| s)?;
    if reveal {
        wit::credentials_reveal::add_to_linker::<_, HasSelf<_>>(linker, |s| s)?;
    }
    Ok(())
}

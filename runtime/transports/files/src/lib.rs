//! Messages that come as files in a folder.
//!
//! In: folders with the pipelines that watch them. Out: deliveries to the engine, one per file and pipeline.
//!
//! A file is taken once it has not changed for the trigger's settle time. When its message is durable with every
//! pipeline that watches it, it is moved to `taken/` beside it; one that some pipeline cannot read is moved to `refused/` with a note in JSON; one that the engine has no
//! room for stays and is tried again. Its key is its name and content, so that a crash between the two moves nothing twice.
//!
//! **Invariants.** A file is never deleted and never overwritten. No file is moved before its message is durable.
//!
//! **Not here:** what becomes of the message (`engine`).

mod folder;

pub use folder::{Folder, Swept, Watcher, watch};

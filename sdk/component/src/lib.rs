//! Makes a component out of the core module that `cargo build --target wasm32-unknown-unknown` gives for a connector.
//!
//! In: the bytes of a core module with its component type inside (the SDK's macros put it there). Out: the bytes of a
//! component, validated.
//!
//! **Invariants.** No WASI adapter is ever added: a module that imports anything but the contract is refused here.
//!
//! **Not here:** loading and running a component (`runtime/host`).

/// Why no component could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are a component already.
    #[error("this is a component already: `plugin build` takes the core module that cargo built")]
    AlreadyComponent,
    /// The bytes are not WebAssembly at all.
    #[error("this is not a WebAssembly module: it does not begin with `\\0asm`")]
    NotWasm,
    /// The module does not fit the contract.
    #[error("the module cannot be made a component: {0}")]
    Refused(String),
}

/// Makes a component.
///
/// # Errors
/// Where the bytes are no core module, carry no component type, or import what the contract does not have.
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, Error> {
    match module.get(..8) {
        Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => {}
        Some([0, b'a', b's', b'm', ..]) => return Err(Error::AlreadyComponent),
        _ => return Err(Error::NotWasm),
    }
    wit_component::ComponentEncoder::default()
        .module(module)
        .map_err(|e| Error::Refused(format!("{e:#}")))?
        .validate(true)
        .encode()
        .map_err(|e| Error::Refused(format!("{e:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_core_module_is_refused_with_a_sentence() {
        assert!(matches!(componentize(b"hello, world"), Err(Error::NotWasm)));
        assert!(matches!(
            componentize(b"\0asm\x0d\0\x01\0"),
            Err(Error::AlreadyComponent)
        ));
        assert!(matches!(componentize(b""), Err(Error::NotWasm)));
    }
}

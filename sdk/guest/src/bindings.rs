//! What wit-bindgen writes for the world `plugin` of the contract. Generated code calls across the component
//! boundary by raw pointers, hence the only `unsafe` of the SDK; it is documented in the contract itself.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::all)]

wit_bindgen::generate!({
    path: "../wit/0.1",
    world: "plugin",
    pub_export_macro: true,
    export_macro_name: "export",
    default_bindings_module: "dragoman_guest::bindings",
    runtime_path: "dragoman_guest::wit_bindgen::rt",
});

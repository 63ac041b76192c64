//! What wasmtime writes for version 0.1 of the contract, of the world with every import.
//!
//! The code is generated from `sdk/wit/0.1/connector.wit`, where it is documented. It lifts and lowers values through
//! raw memory, hence `unsafe`: this module and `cache` are the only ones of this crate that may have it.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../sdk/wit/0.1",
    world: "plugin-privileged",
    imports: {
        "dragoman:connector/http.send": async | trappable,
        "dragoman:connector/documents.open": async | trappable,
        "dragoman:connector/state": async | trappable,
        default: trappable,
    },
    exports: { default: async },
    with: {
        "dragoman:connector/documents.reader": crate::v0_1::documents::Reader,
        "dragoman:connector/documents.writer": crate::v0_1::documents::Writer,
    },
});

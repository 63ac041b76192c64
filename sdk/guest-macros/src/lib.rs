//! The macros of the Rust SDK for connector plugins; `dragoman-guest` re-exports them, and its documentation
//! says how they are used.
//!
//! In go a struct, an `impl` block or a record; out come the implementations of `Connector` and `Operations`,
//! the export glue (for wasm only), and the derives of a record.
//!
//! Invariants: what is wrong with an attribute is a compile error at its place; names are given by full path,
//! so that a plugin needs no import for what the macros write.
//!
//! Not here: any behaviour; what is generated calls `dragoman_guest`.

mod arguments;
mod connector;
mod documentation;
mod operation;
mod operations;
mod record;
#[cfg(test)]
mod refusals;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes a struct a connector: `#[connector(name = "shop", config = Config, endpoints = ["api"],
/// credentials = ["key"], check = Shop::check)]`; all but `name` may be left out.
///
/// The struct's first documentation paragraph is its summary. A field named `config` takes the configuration,
/// other fields their `Default`. `check` is a `fn(&Config) -> Vec<Issue>` for what a schema cannot say.
#[proc_macro_attribute]
pub fn connector(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as connector::Arguments);
    let item = parse_macro_input!(item as syn::ItemStruct);
    answer(connector::expand(arguments, &item))
}

/// Makes the methods with `#[operation(...)]` of an `impl` block the operations of a connector, and the
/// connector a plugin: exactly one such block in a plugin.
#[proc_macro_attribute]
pub fn operations(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = proc_macro2::TokenStream::from(arguments);
    if !arguments.is_empty() {
        let error = syn::Error::new_spanned(arguments, "#[operations] takes no arguments");
        return error.into_compile_error().into();
    }
    let item = parse_macro_input!(item as syn::ItemImpl);
    answer(operations::expand(item))
}

/// Marks a method as an operation, inside an `impl` block with `#[operations]`:
/// `#[operation(effect = read, documents = ["message"], codes = ["order.not_found"])]`.
///
/// - `effect`: `read`; `idempotent` or `idempotent(lifetime = "24h")`; `once` or `once(settle = "60s")`
/// - `probe`: the method that asks whether an earlier request took effect
/// - `undo`: the name of the operation that undoes this one
/// - `name`: where it is not the method's
/// - `documents`, `codes`: lists of names; `attributes`: a list of pairs
///
/// The method takes `&self`, then nothing, `&Call`, or `&Call` and a payload; it answers
/// `Result<T, Failure>` or `Result<Output<T>, Failure>`. Its first documentation paragraph is the summary.
#[proc_macro_attribute]
pub fn operation(_: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    let text = "#[operation] belongs on a method inside an `impl` block with #[operations]";
    let error = syn::Error::new(proc_macro2::Span::call_site(), text).into_compile_error();
    quote::quote!(#error #item).into()
}

/// Makes a struct or enum a record of a payload: derives `Debug`, `Clone`, `PartialEq`, `Serialize`,
/// `Deserialize` and `JsonSchema`, and writes absent as absent.
///
/// A field of type `Option` without an own `#[serde(...)]` may be absent and is not written when it is
/// `None`; an enum's cases are snake_case unless it says otherwise. Other attributes stay as they are.
#[proc_macro_attribute]
pub fn record(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = proc_macro2::TokenStream::from(arguments);
    if !arguments.is_empty() {
        let error = syn::Error::new_spanned(arguments, "#[record] takes no arguments");
        return error.into_compile_error().into();
    }
    answer(record::expand(parse_macro_input!(item as syn::DeriveInput)))
}

fn answer(expanded: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expanded.unwrap_or_else(syn::Error::into_compile_error).into()
}

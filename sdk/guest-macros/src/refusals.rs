//! What is wrong with an attribute is said in words, as a compile error.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{connector, operations, record};

/// Expands something wrong, and looks for the words.
fn check(expanded: syn::Result<TokenStream>, words: &str) {
    match expanded {
        Ok(tokens) => panic!("expected `{words}`, got {tokens}"),
        Err(error) => {
            let said: Vec<String> = error.into_iter().map(|error| error.to_string()).collect();
            assert!(
                said.iter().any(|said| said.contains(words)),
                "expected `{words}`, got {said:?}"
            );
        }
    }
}

#[test]
fn connectors() {
    let expand =
        |arguments: TokenStream, item: TokenStream| connector::expand(syn::parse2(arguments)?, &syn::parse2(item)?);
    let unit = || {
        quote!(
            struct Shop;
        )
    };
    check(expand(quote!(), unit()), "needs a name");
    check(expand(quote!(name = "Shop"), unit()), "lower-case");
    check(
        expand(quote!(name = "shop", kind = "x"), unit()),
        "expected `name`, `config`",
    );
    check(expand(quote!(name = "shop", check = c), unit()), "nothing to check");
    check(
        expand(
            quote!(name = "shop"),
            quote!(
                struct Shop(u8);
            ),
        ),
        "named fields",
    );
    check(
        expand(
            quote!(name = "shop"),
            quote!(
                struct Shop {
                    config: u8,
                }
            ),
        ),
        "has to be named",
    );
    assert!(expand(quote!(name = "my-shop", config = Config,), unit()).is_ok());
}

/// Expands an `impl` block with these methods, and looks for the words.
fn refused(methods: &str, words: &str) {
    let block = syn::parse_str(&format!("impl Shop {{ {methods} }}"));
    check(block.and_then(operations::expand), words);
}

#[test]
fn arguments_of_an_operation() {
    for (arguments, words) in [
        ("", "has to say its effect"),
        ("effect = write", "expected `read`, `idempotent` or `once`"),
        ("effect = once(lifetime = \"1s\")", "expected `settle`"),
        ("effect = idempotent(lifetime = \"1\")", "`24h`"),
        ("effect = once(settle = \"1s\", 5)", "nothing more is expected"),
        ("effect = read, colour = \"red\"", "expected `effect`, `probe`"),
        ("effect = read, probe = b", "nothing to probe"),
        ("effect = once, probe = b", "no method `b`"),
        ("effect = once, undo = \"b\"", "no operation named `b`"),
        ("effect = read, name = \"getIt\"", "lower-case"),
    ] {
        refused(&format!("#[operation({arguments})] fn a(&self) -> R {{}}"), words);
    }
}

#[test]
fn methods_of_an_operation() {
    for (method, words) in [
        ("fn a() -> R {}", "takes `&self` first"),
        ("fn a(&mut self) -> R {}", "takes `&self` first"),
        ("fn a(self) -> R {}", "takes `&self` first"),
        ("fn a(&self) {}", "answers `Result<T, Failure>`"),
        ("async fn a(&self) -> R {}", "not async"),
        ("fn a(&self, c: &Call, i: I, j: J) -> R {}", "`&Call` and a payload"),
        ("fn getIt(&self) -> R {}", "lower-case"),
    ] {
        refused(&format!("#[operation(effect = read)] {method}"), words);
    }
}

#[test]
fn operations_beside_each_other() {
    let read = "#[operation(effect = read)]";
    refused("", "no method with #[operation");
    refused("fn a(&self) {}", "no method with #[operation");
    let probe = "#[operation(effect = once, probe = b)] fn a(&self, c: &Call, i: I) -> R {}";
    refused(&format!("{probe} fn b(&self) -> P {{}}"), "`Sent` at the end");
    let twice = "#[operation(effect = read, name = \"a\")] fn b(&self) -> R {}";
    refused(
        &format!("{read} fn a(&self) -> R {{}} {twice}"),
        "two operations named `a`",
    );
    // All that is wrong is said at once.
    let two = format!("#[operation()] fn a(&self) -> R {{}} {read} fn b(&self) {{}}");
    refused(&two, "has to say its effect");
    refused(&two, "answers `Result<T, Failure>`");
    let of_a_trait = syn::parse_str("impl Seller for Shop {}");
    check(of_a_trait.and_then(operations::expand), "without a trait");
    let generic = syn::parse_str("impl<T> Shop<T> {}");
    check(generic.and_then(operations::expand), "no generic parameters");
}

#[test]
fn records() {
    check(
        syn::parse_str("union A { a: u8 }").and_then(record::expand),
        "a struct or an enum",
    );
    for (item, words, expected) in [
        ("struct A { b: Option<u8> }", "skip_serializing_if", true),
        ("struct A { b: u8 }", "skip_serializing_if", false),
        (
            "struct A { #[serde(rename = \"c\")] b: Option<u8> }",
            "skip_serializing_if",
            false,
        ),
        ("enum A { B }", "snake_case", true),
        ("#[serde(rename_all = \"lowercase\")] enum A { B }", "snake_case", false),
        (
            "#[serde(tag = \"kind\")] enum A { B { c: Option<u8> } }",
            "skip_serializing_if",
            true,
        ),
    ] {
        let expanded = syn::parse_str(item).and_then(record::expand).unwrap().to_string();
        assert_eq!(expanded.contains(words), expected, "{words} in {expanded}");
    }
}

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
    let expand = |arguments: TokenStream, item: TokenStream| {
        connector::expand(syn::parse2(arguments)?, &syn::parse2(item)?)
    };
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
    check(
        expand(quote!(name = "shop", check = c), unit()),
        "nothing to check",
    );
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

#[test]
fn operations_of_a_connector() {
    let expand =
        |method: TokenStream| operations::expand(syn::parse2(quote!(impl Shop { #method }))?);
    for (method, words) in [
        (quote!(), "no method with #[operation"),
        (
            quote!(
                #[operation()]
                fn a(&self) -> R {}
            ),
            "has to say its effect",
        ),
        (
            quote!(
                #[operation(effect = write)]
                fn a(&self) -> R {}
            ),
            "expected `read`, `idempotent` or `once`",
        ),
        (
            quote!(
                #[operation(effect = once(lifetime = "1s"))]
                fn a(&self) -> R {}
            ),
            "expected `settle`",
        ),
        (
            quote!(
                #[operation(effect = idempotent(lifetime = "1"))]
                fn a(&self) -> R {}
            ),
            "`24h`",
        ),
        (
            quote!(
                #[operation(effect = read, colour = "red")]
                fn a(&self) -> R {}
            ),
            "expected `effect`, `probe`",
        ),
        (
            quote!(
                #[operation(effect = read, probe = b)]
                fn a(&self) -> R {}
            ),
            "nothing to probe",
        ),
        (
            quote!(
                #[operation(effect = once, probe = b)]
                fn a(&self) -> R {}
            ),
            "no method `b`",
        ),
        (
            quote!(
                #[operation(effect = once, undo = "b")]
                fn a(&self) -> R {}
            ),
            "no operation named `b`",
        ),
        (
            quote!(
                #[operation(effect = read)]
                fn a() -> R {}
            ),
            "takes `&self` first",
        ),
        (
            quote!(
                #[operation(effect = read)]
                fn a(&mut self) -> R {}
            ),
            "takes `&self` first",
        ),
        (
            quote!(
                #[operation(effect = read)]
                fn a(&self) {}
            ),
            "answers `Result<T, Failure>`",
        ),
        (
            quote!(
                #[operation(effect = read)]
                async fn a(&self) -> R {}
            ),
            "not async",
        ),
        (
            quote!(
                #[operation(effect = read)]
                fn a(&self, c: &Call, i: I, j: J) -> R {}
            ),
            "`&Call` and a payload",
        ),
        (
            quote!(
                #[operation(effect = read)]
                fn getIt(&self) -> R {}
            ),
            "lower-case",
        ),
        (
            quote! {
                #[operation(effect = once, probe = b)] fn a(&self, c: &Call, i: I) -> R {}
                fn b(&self) -> P {}
            },
            "`Sent` at the end",
        ),
        (
            quote! {
                #[operation(effect = read)] fn a(&self) -> R {}
                #[operation(effect = read, name = "a")] fn b(&self) -> R {}
            },
            "two operations named `a`",
        ),
        (
            quote! {
                #[operation()] fn a(&self) -> R {}
                #[operation(effect = read)] fn b(&self) {}
            },
            "answers `Result<T, Failure>`",
        ),
    ] {
        check(expand(method), words);
    }
    let of_a_trait = syn::parse2(quote!(impl Seller for Shop {})).unwrap();
    check(operations::expand(of_a_trait), "without a trait");
    let generic = syn::parse2(quote!(
        impl<T> Shop<T> {}
    ))
    .unwrap();
    check(operations::expand(generic), "no generic parameters");
}

#[test]
fn records() {
    check(
        record::expand(syn::parse_quote!(union A { a: u8 })),
        "a struct or an enum",
    );
    let check = |item: TokenStream, words: &str, expected: bool| {
        let expanded = record::expand(syn::parse2(item).unwrap())
            .unwrap()
            .to_string();
        assert_eq!(expanded.contains(words), expected, "{words} in {expanded}");
    };
    check(
        quote!(
            struct A {
                b: Option<u8>,
            }
        ),
        "skip_serializing_if",
        true,
    );
    check(
        quote!(
            struct A {
                b: u8,
            }
        ),
        "skip_serializing_if",
        false,
    );
    check(
        quote!(
            struct A {
                #[serde(rename = "c")]
                b: Option<u8>,
            }
        ),
        "skip_serializing_if",
        false,
    );
    check(
        quote!(
            enum A {
                B,
            }
        ),
        "snake_case",
        true,
    );
    check(
        quote!(
            #[serde(rename_all = "lowercase")]
            enum A {
                B,
            }
        ),
        "snake_case",
        false,
    );
    check(
        quote!(
            #[serde(tag = "kind")]
            enum A {
                B { c: Option<u8> },
            }
        ),
        "skip_serializing_if",
        true,
    );
}

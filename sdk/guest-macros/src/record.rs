//! `#[record]`: the derives of a payload's type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Type, parse_quote};

pub(crate) fn expand(mut item: DeriveInput) -> syn::Result<TokenStream> {
    match &mut item.data {
        Data::Struct(data) => optional(&mut data.fields),
        Data::Enum(data) => data
            .variants
            .iter_mut()
            .for_each(|variant| optional(&mut variant.fields)),
        Data::Union(data) => {
            let text = "a record is a struct or an enum";
            return Err(syn::Error::new_spanned(data.union_token, text));
        }
    }
    if matches!(item.data, Data::Enum(_)) && !says(&item.attrs, "rename_all") {
        item.attrs.push(parse_quote!(#[serde(rename_all = "snake_case")]));
    }
    Ok(quote! {
        #[derive(
            ::core::fmt::Debug,
            ::core::clone::Clone,
            ::core::cmp::PartialEq,
            ::dragoman_guest::serde::Serialize,
            ::dragoman_guest::serde::Deserialize,
            ::dragoman_guest::schemars::JsonSchema,
        )]
        #[serde(crate = "::dragoman_guest::serde")]
        #[schemars(crate = "::dragoman_guest::schemars")]
        #item
    })
}

/// Lets optional fields be absent, where they have no serde attribute of their own.
fn optional(fields: &mut Fields) {
    for field in fields.iter_mut() {
        if is_option(&field.ty) && !field.attrs.iter().any(is_serde) && field.ident.is_some() {
            write_when_present(field);
        }
    }
}

fn write_when_present(field: &mut Field) {
    let attribute: Attribute = parse_quote! {
        #[serde(default, skip_serializing_if = "::core::option::Option::is_none")]
    };
    field.attrs.push(attribute);
}

fn is_serde(attribute: &Attribute) -> bool {
    attribute.path().is_ident("serde")
}

/// Whether one of the `serde` attributes has this word in it.
fn says(attributes: &[Attribute], word: &str) -> bool {
    let tokens = |attribute: &Attribute| match &attribute.meta {
        syn::Meta::List(list) => list.tokens.to_string().contains(word),
        _ => false,
    };
    attributes.iter().filter(|attribute| is_serde(attribute)).any(tokens)
}

fn is_option(kind: &Type) -> bool {
    let Type::Path(path) = kind else {
        return false;
    };
    let last = path.path.segments.last();
    last.is_some_and(|segment| segment.ident == "Option")
}

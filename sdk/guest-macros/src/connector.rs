//! `#[connector(...)]`: the implementation of `Connector` for a struct.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{ExprPath, Fields, Ident, ItemStruct, LitStr, Token, Type};

use crate::arguments::{checked_name, strings};
use crate::documentation::summary;

/// What stands in the parentheses.
#[derive(Default)]
pub(crate) struct Arguments {
    name: Option<LitStr>,
    config: Option<Type>,
    endpoints: Vec<LitStr>,
    credentials: Vec<LitStr>,
    check: Option<ExprPath>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut read = Self::default();
        while !input.is_empty() {
            let argument: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match argument.to_string().as_str() {
                "name" => read.name = Some(input.parse()?),
                "config" => read.config = Some(input.parse()?),
                "endpoints" => read.endpoints = strings(input)?,
                "credentials" => read.credentials = strings(input)?,
                "check" => read.check = Some(input.parse()?),
                _ => {
                    let text = "expected `name`, `config`, `endpoints`, `credentials` or `check`";
                    return Err(syn::Error::new(argument.span(), text));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(read)
    }
}

pub(crate) fn expand(arguments: Arguments, item: &ItemStruct) -> syn::Result<TokenStream> {
    let Some(name) = arguments.name else {
        let text = "a connector needs a name: #[connector(name = \"shop\")]";
        return Err(syn::Error::new(item.ident.span(), text));
    };
    checked_name(&name, '-')?;
    let (ident, endpoints, credentials) = (&item.ident, &arguments.endpoints, &arguments.credentials);
    let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();
    let said = summary(&item.attrs);
    let configured = arguments.config.is_some();
    let construct = construct(&item.fields, configured)?;
    let config = arguments
        .config
        .map_or_else(|| quote!(::dragoman_guest::Empty), |kind| quote!(#kind));
    let check = match (&arguments.check, configured) {
        (Some(check), true) => quote!(#check(config)),
        (None, _) => quote!({
            let _ = config;
            ::std::vec::Vec::new()
        }),
        (Some(check), false) => {
            let text = "there is nothing to check without `config`";
            return Err(syn::Error::new_spanned(check, text));
        }
    };
    Ok(quote! {
        #item

        impl #impl_generics ::dragoman_guest::Connector for #ident #type_generics #where_clause {
            type Config = #config;
            const NAME: &'static str = #name;
            const VERSION: &'static str = ::core::env!("CARGO_PKG_VERSION");
            const SUMMARY: &'static str = #said;
            const CONFIGURED: bool = #configured;
            const ENDPOINTS: &'static [&'static str] = &[#(#endpoints),*];
            const CREDENTIALS: &'static [&'static str] = &[#(#credentials),*];

            fn new(config: Self::Config) -> Self {
                #construct
            }

            fn check(config: &Self::Config) -> ::std::vec::Vec<::dragoman_guest::Issue> {
                #check
            }
        }
    })
}

/// The body of `new`: the field `config` takes the configuration, all others their default.
fn construct(fields: &Fields, configured: bool) -> syn::Result<TokenStream> {
    let Fields::Named(named) = fields else {
        return match fields {
            Fields::Unit => Ok(quote!({
                let _ = config;
                Self
            })),
            _ => {
                let text = "a connector is a unit struct or one with named fields";
                Err(syn::Error::new_spanned(fields, text))
            }
        };
    };
    let names = named.named.iter().filter_map(|field| field.ident.as_ref());
    let (taken, others): (Vec<_>, Vec<_>) = names.partition(|name| *name == "config");
    match (taken.first(), configured) {
        (Some(_), true) => Ok(quote!(Self { config, #(#others: ::core::default::Default::default()),* })),
        (None, _) => Ok(quote!({
            let _ = config;
            Self { #(#others: ::core::default::Default::default()),* }
        })),
        (Some(field), false) => {
            let text = "the type of the field `config` has to be named: #[connector(config = Config)]";
            Err(syn::Error::new(field.span(), text))
        }
    }
}

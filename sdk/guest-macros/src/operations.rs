//! `#[operations]`: the implementation of `Operations` for an `impl` block, and the plugin's exports.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{ImplItem, ImplItemFn, ItemImpl, Type};

use crate::operation::{Arguments, Operation, Takes};

pub(crate) fn expand(mut item: ItemImpl) -> syn::Result<TokenStream> {
    if let Some((_, path, _)) = &item.trait_ {
        let text = "#[operations] belongs on an `impl` block without a trait";
        return Err(syn::Error::new_spanned(path, text));
    }
    if !item.generics.params.is_empty() {
        let text = "a connector has no generic parameters";
        return Err(syn::Error::new_spanned(&item.generics, text));
    }
    let operations = take_operations(&mut item)?;
    if operations.is_empty() {
        let text = "there is no method with #[operation(...)] here";
        return Err(syn::Error::new_spanned(&item.self_ty, text));
    }
    check_names(&operations)?;
    let this = &item.self_ty;
    let described = operations.iter().map(Operation::described);
    let invoke = invoke(&operations);
    let probe = probe(&operations, &item)?;
    let exports = exports(this);
    Ok(quote! {
        #item

        impl ::dragoman_guest::Operations for #this {
            fn operations() -> ::std::vec::Vec<::dragoman_guest::connector::Operation> {
                ::std::vec![#(#described),*]
            }

            #invoke

            #probe
        }

        #exports
    })
}

/// The function `invoke` of the trait: one case per operation.
fn invoke(operations: &[Operation]) -> TokenStream {
    let cases = operations.iter().map(invoked);
    let unknown = unknown(operations);
    quote! {
        fn invoke(
            &self,
            operation: &str,
            call: &::dragoman_guest::Call,
            payload: &str,
        ) -> ::core::result::Result<::dragoman_guest::dispatch::RawOutput, ::dragoman_guest::Failure> {
            let _ = (call, payload);
            match operation {
                #(#cases,)*
                #unknown
            }
        }
    }
}

/// The function `probe` of the trait: one case per operation.
fn probe(operations: &[Operation], item: &ItemImpl) -> syn::Result<TokenStream> {
    let cases = operations.iter().map(|operation| probed(operation, item));
    let cases = cases.collect::<syn::Result<Vec<_>>>()?;
    let unknown = unknown(operations);
    Ok(quote! {
        fn probe(
            &self,
            operation: &str,
            call: &::dragoman_guest::Call,
            payload: &str,
            sent: ::dragoman_guest::Sent,
        ) -> ::core::result::Result<
            ::dragoman_guest::Probed<::dragoman_guest::dispatch::RawOutput>,
            ::dragoman_guest::Failure,
        > {
            let _ = (call, payload, &sent);
            match operation {
                #(#cases,)*
                #unknown
            }
        }
    })
}

fn unknown(operations: &[Operation]) -> TokenStream {
    let names = operations.iter().map(|operation| &operation.name);
    quote! {
        _ => ::core::result::Result::Err(
            ::dragoman_guest::dispatch::unknown_operation(operation, &[#(#names),*]),
        )
    }
}

/// The exports are generated code over raw pointers; only a plugin has them, a native build has not.
fn exports(this: &Type) -> TokenStream {
    quote! {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, unreachable_pub)]
        mod __dragoman_exports {
            type Plugin = ::dragoman_guest::Exported<super::#this>;
            ::dragoman_guest::bindings::export!(Plugin with_types_in ::dragoman_guest::bindings);
        }
    }
}

/// Takes the `#[operation(...)]` attributes off the methods, and reads the operations. All that is wrong is
/// said at once.
fn take_operations(item: &mut ItemImpl) -> syn::Result<Vec<Operation>> {
    let mut operations = Vec::new();
    let mut errors: Option<syn::Error> = None;
    let methods = item.items.iter_mut().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    });
    for method in methods {
        match take_operation(method) {
            Ok(found) => operations.extend(found),
            Err(error) => match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            },
        }
    }
    errors.map_or(Ok(operations), Err)
}

fn take_operation(method: &mut ImplItemFn) -> syn::Result<Option<Operation>> {
    let is_ours = |attribute: &syn::Attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|segment| segment.ident == "operation")
    };
    let Some(place) = method.attrs.iter().position(is_ours) else {
        return Ok(None);
    };
    let attribute = method.attrs.remove(place);
    let arguments: Arguments = attribute.parse_args()?;
    Operation::new(arguments, method).map(Some)
}

fn check_names(operations: &[Operation]) -> syn::Result<()> {
    let mut known: BTreeMap<String, &Operation> = BTreeMap::new();
    for operation in operations {
        if known.insert(operation.name.value(), operation).is_some() {
            let text = format!("there are two operations named `{}`", operation.name.value());
            return Err(syn::Error::new(operation.name.span(), text));
        }
    }
    for undo in operations.iter().filter_map(|operation| operation.undo.as_ref()) {
        if !known.contains_key(&undo.value()) {
            let text = format!("there is no operation named `{}` here", undo.value());
            return Err(syn::Error::new(undo.span(), text));
        }
    }
    Ok(())
}

fn invoked(operation: &Operation) -> TokenStream {
    let (name, method) = (&operation.name, &operation.method);
    let run = quote!(::dragoman_guest::dispatch);
    match operation.takes {
        Takes::Nothing => quote!(#name => #run::run_bare(self.#method())),
        Takes::Call => quote!(#name => #run::run_bare(self.#method(call))),
        Takes::Payload(_) => quote!(#name => #run::run(payload, |input| self.#method(call, input))),
    }
}

fn probed(operation: &Operation, item: &ItemImpl) -> syn::Result<TokenStream> {
    let name = &operation.name;
    let run = quote!(::dragoman_guest::dispatch);
    let Some(probe) = &operation.probe else {
        return Ok(quote!(#name => ::core::result::Result::Err(#run::no_probe(operation))));
    };
    let answers = &operation.answers;
    // A probe that answers another payload than its operation does not compile.
    let fits = quote!(#run::same_payload::<#answers, _>);
    Ok(match Takes::of(method(item, probe)?, 1)? {
        Takes::Nothing => quote!(#name => #run::run_bare_probe(#fits(self.#probe(sent)))),
        Takes::Call => quote!(#name => #run::run_bare_probe(#fits(self.#probe(call, sent)))),
        Takes::Payload(_) => quote! {
            #name => #run::run_probe(payload, |input| #fits(self.#probe(call, input, sent)))
        },
    })
}

fn method<'a>(item: &'a ItemImpl, name: &Ident) -> syn::Result<&'a ImplItemFn> {
    let mut methods = item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    });
    methods.find(|method| method.sig.ident == *name).ok_or_else(|| {
        let text = format!("there is no method `{name}` in this `impl` block");
        syn::Error::new(name.span(), text)
    })
}

//! `#[operation(...)]`: what stands in the parentheses, and the method below it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{FnArg, Ident, ImplItemFn, LitStr, ReturnType, Token, Type, parenthesized, spanned::Spanned};

use crate::arguments::{checked_name, pairs, seconds, strings};
use crate::documentation::summary;

/// What an operation does to the world outside, as it was written.
enum Effect {
    Read,
    Idempotent(Option<u64>),
    Once(Option<u64>),
}

/// What stands in the parentheses.
#[derive(Default)]
pub(crate) struct Arguments {
    effect: Option<Effect>,
    probe: Option<Ident>,
    undo: Option<LitStr>,
    name: Option<LitStr>,
    documents: Vec<LitStr>,
    codes: Vec<LitStr>,
    attributes: Vec<(LitStr, LitStr)>,
}

impl Parse for Effect {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let kind: Ident = input.parse()?;
        let length = |word: &str| {
            if !input.peek(syn::token::Paren) {
                return Ok(None);
            }
            let inside;
            parenthesized!(inside in input);
            let argument: Ident = inside.parse()?;
            if argument != word {
                return Err(syn::Error::new(argument.span(), format!("expected `{word}`")));
            }
            inside.parse::<Token![=]>()?;
            let text: LitStr = inside.parse()?;
            if !inside.is_empty() {
                return Err(inside.error("nothing more is expected here"));
            }
            seconds(&text).map(Some)
        };
        match kind.to_string().as_str() {
            "read" => Ok(Self::Read),
            "idempotent" => Ok(Self::Idempotent(length("lifetime")?)),
            "once" => Ok(Self::Once(length("settle")?)),
            _ => Err(syn::Error::new(kind.span(), "expected `read`, `idempotent` or `once`")),
        }
    }
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut read = Self::default();
        while !input.is_empty() {
            let argument: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match argument.to_string().as_str() {
                "effect" => read.effect = Some(input.parse()?),
                "probe" => read.probe = Some(input.parse()?),
                "undo" => read.undo = Some(input.parse()?),
                "name" => read.name = Some(input.parse()?),
                "documents" => read.documents = strings(input)?,
                "codes" => read.codes = strings(input)?,
                "attributes" => read.attributes = pairs(input)?,
                _ => {
                    let text = "expected `effect`, `probe`, `undo`, `name`, `documents`, `codes` or `attributes`";
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

/// What a method takes after `&self`.
pub(crate) enum Takes {
    Nothing,
    Call,
    Payload(Box<Type>),
}

impl Takes {
    /// Reads it off a signature. `more` is what follows the payload, as `Sent` does in a probe.
    pub(crate) fn of(method: &ImplItemFn, more: usize) -> syn::Result<Self> {
        let mut inputs = method.sig.inputs.iter();
        let refused = |text: &str| Err(syn::Error::new(method.sig.span(), text));
        match inputs.next() {
            Some(FnArg::Receiver(receiver)) if receiver.reference.is_some() && receiver.mutability.is_none() => {}
            _ => return refused("a method of an operation takes `&self` first"),
        }
        if method.sig.asyncness.is_some() {
            return refused("an operation is not async: host functions answer when they are done");
        }
        let types: Vec<&Type> = inputs
            .filter_map(|input| match input {
                FnArg::Typed(typed) => Some(&*typed.ty),
                FnArg::Receiver(_) => None,
            })
            .collect();
        match types.len().checked_sub(more) {
            Some(0) => Ok(Self::Nothing),
            Some(1) => Ok(Self::Call),
            Some(2) => Ok(Self::Payload(Box::new(types[1].clone()))),
            _ if more == 0 => refused("an operation takes `&self`, then nothing, `&Call`, or `&Call` and a payload"),
            _ => refused("a probe takes what its operation takes, and `Sent` at the end"),
        }
    }
}

/// An operation that was read.
pub(crate) struct Operation {
    pub(crate) method: Ident,
    pub(crate) name: LitStr,
    pub(crate) takes: Takes,
    pub(crate) answers: Type,
    pub(crate) probe: Option<Ident>,
    pub(crate) undo: Option<LitStr>,
    summary: String,
    effect: Effect,
    documents: Vec<LitStr>,
    codes: Vec<LitStr>,
    attributes: Vec<(LitStr, LitStr)>,
}

impl Operation {
    pub(crate) fn new(arguments: Arguments, method: &ImplItemFn) -> syn::Result<Self> {
        let ident = method.sig.ident.clone();
        let Some(effect) = arguments.effect else {
            let text = "an operation has to say its effect: `effect = read`, `idempotent` or `once`";
            return Err(syn::Error::new(ident.span(), text));
        };
        let ReturnType::Type(_, answers) = &method.sig.output else {
            let text = "an operation answers `Result<T, Failure>`; `Result<Empty, Failure>` if there is nothing to say";
            return Err(syn::Error::new(ident.span(), text));
        };
        if let (Effect::Read, Some(probe)) = (&effect, &arguments.probe) {
            let text = "an operation of effect `read` has nothing to probe for";
            return Err(syn::Error::new(probe.span(), text));
        }
        let name = arguments
            .name
            .unwrap_or_else(|| LitStr::new(&ident.to_string(), ident.span()));
        checked_name(&name, '_')?;
        Ok(Self {
            takes: Takes::of(method, 0)?,
            answers: (**answers).clone(),
            summary: summary(&method.attrs),
            method: ident,
            name,
            effect,
            probe: arguments.probe,
            undo: arguments.undo,
            documents: arguments.documents,
            codes: arguments.codes,
            attributes: arguments.attributes,
        })
    }

    /// The type of its payload, `Empty` where it takes none.
    pub(crate) fn payload(&self) -> TokenStream {
        match &self.takes {
            Takes::Payload(kind) => quote!(#kind),
            Takes::Nothing | Takes::Call => quote!(::dragoman_guest::Empty),
        }
    }

    /// The expression that says what it is.
    pub(crate) fn described(&self) -> TokenStream {
        let (payload, answers) = (self.payload(), &self.answers);
        let (name, summary) = (&self.name, &self.summary);
        let kind = quote!(::dragoman_guest::connector::OperationEffect);
        let effect = match &self.effect {
            Effect::Read => quote!(#kind::Read),
            Effect::Idempotent(lifetime) => {
                let lifetime = option(lifetime.as_ref());
                quote!(#kind::Idempotent(#lifetime))
            }
            Effect::Once(settle) => {
                let settle = option(settle.as_ref());
                quote!(#kind::Once(#settle))
            }
        };
        let has_probe = self.probe.is_some();
        let undo = option(self.undo.as_ref());
        let (documents, codes) = (&self.documents, &self.codes);
        let attributes = self.attributes.iter().map(|(name, value)| quote!((#name, #value)));
        quote! {
            ::dragoman_guest::connector::Operation {
                effect: #effect,
                has_probe: #has_probe,
                undo: #undo,
                documents: ::std::vec![#(#documents),*],
                codes: ::std::vec![#(#codes),*],
                attributes: ::std::vec![#(#attributes),*],
                ..::dragoman_guest::connector::Operation::new::<#payload, #answers>(#name, #summary)
            }
        }
    }
}

fn option(value: Option<&impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

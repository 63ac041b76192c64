//! The values that arguments of attributes may have: names, lists, pairs, lengths of time.

use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{LitStr, Token, bracketed, parenthesized};

/// A list of strings in brackets.
pub(crate) fn strings(input: ParseStream<'_>) -> syn::Result<Vec<LitStr>> {
    let inside;
    bracketed!(inside in input);
    let list = Punctuated::<LitStr, Token![,]>::parse_terminated(&inside)?;
    Ok(list.into_iter().collect())
}

/// A list of pairs of strings in brackets: `[("name", "value")]`.
pub(crate) fn pairs(input: ParseStream<'_>) -> syn::Result<Vec<(LitStr, LitStr)>> {
    let inside;
    bracketed!(inside in input);
    let pair = |input: ParseStream<'_>| {
        let inside;
        parenthesized!(inside in input);
        let name: LitStr = inside.parse()?;
        inside.parse::<Token![,]>()?;
        Ok((name, inside.parse()?))
    };
    let list = inside.parse_terminated(pair, Token![,])?;
    Ok(list.into_iter().collect())
}

/// The name of a connector or operation: lower-case letters, digits and what joins them.
pub(crate) fn checked_name(name: &LitStr, joint: char) -> syn::Result<()> {
    let text = name.value();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == joint;
    if text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(fits) {
        return Ok(());
    }
    let text = format!("a name here is lower-case letters, digits and `{joint}`, beginning with a letter");
    Err(syn::Error::new(name.span(), text))
}

/// A length of time in whole seconds: `90s`, `15m`, `24h`, `10d`.
pub(crate) fn seconds(text: &LitStr) -> syn::Result<u64> {
    let refused = || syn::Error::new(text.span(), "a length of time is written `90s`, `15m`, `24h` or `10d`");
    let written = text.value();
    let mut number = written.chars();
    let factor = match number.next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return Err(refused()),
    };
    let count: u64 = number.as_str().parse().map_err(|_| refused())?;
    count.checked_mul(factor).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::seconds;
    use proc_macro2::Span;
    use syn::LitStr;

    #[test]
    fn lengths_of_time() {
        for (text, expected) in [
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("24h", Some(86_400)),
            ("10d", Some(864_000)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("s", None),
            ("1.5h", None),
            ("-1s", None),
            ("5 s", None),
            ("99999999999999999999d", None),
            ("5\u{e9}", None),
        ] {
            let read = seconds(&LitStr::new(text, Span::call_site())).ok();
            assert_eq!(read, expected, "{text}");
        }
    }
}

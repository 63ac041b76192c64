//! Summaries out of documentation comments.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The first paragraph of an item's documentation, in one line.
pub(crate) fn summary(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(said) = &attribute.meta else {
            return None;
        };
        let Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) = &said.value
        else {
            return None;
        };
        said.path.is_ident("doc").then(|| text.value())
    });
    // A block comment is one attribute of several lines.
    let lines: Vec<String> = lines
        .flat_map(|text| text.split('\n').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let words = lines.iter().map(|line| line.trim());
    let paragraph = words
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn the_first_paragraph_in_one_line() {
        let item: syn::ItemStruct = syn::parse_quote! {
            ///
            /// Orders of
            /// the shop.
            ///
            /// More of it.
            #[allow(dead_code)]
            struct Shop;
        };
        assert_eq!(summary(&item.attrs), "Orders of the shop.");
        let bare: syn::ItemStruct = syn::parse_quote! { struct Shop; };
        assert_eq!(summary(&bare.attrs), "");
    }
}

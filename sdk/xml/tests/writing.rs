//! What the writer writes is read back, and what it cannot write it refuses.

use dragoman_xml::{Document, Error, Writer};
use proptest::prelude::*;

fn check(write: impl FnOnce(&mut Writer)) -> Result<String, Error> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.finish()
}

#[test]
fn an_indented_text_is_written() {
    let text = check(|writer| {
        writer.element("o:order", &[("xmlns:o", "urn:x"), ("n", "\"1\" & <2>")], |writer| {
            writer.element("o:empty", &[], |_| {});
            writer.optional("o:none", &[], Some("  "));
            writer.leaf("o:text", &[], "a < b & c");
        });
    })
    .unwrap();
    assert_eq!(
        text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <o:order xmlns:o=\"urn:x\" n=\"&quot;1&quot; &amp; &lt;2&gt;\">\n  <o:empty/>\n  \
         <o:text>a &lt; b &amp; c</o:text>\n</o:order>\n"
    );
}

#[test]
fn what_xml_cannot_hold_is_refused() {
    let refused = |write: fn(&mut Writer)| check(write).unwrap_err().to_string();
    assert_eq!(refused(|_| {}), "cannot be written as xml: 0 root elements");
    assert_eq!(
        refused(|writer| {
            writer.leaf("a", &[], "").leaf("b", &[], "");
        }),
        "cannot be written as xml: 2 root elements"
    );
    assert_eq!(
        refused(|writer| {
            writer.leaf("p:a", &[], "");
        }),
        "cannot be written as xml: the prefix `p` is not declared"
    );
    assert_eq!(
        refused(|writer| {
            writer.leaf("a b", &[], "");
        }),
        "cannot be written as xml: `a b` is not a name"
    );
    assert_eq!(
        refused(|writer| {
            writer.leaf("a", &[], "\u{1}");
        }),
        "cannot be written as xml: the character U+0001"
    );
}

proptest! {
    #[test]
    fn any_text_comes_back(text in "[ -~\\n\\r\\t\u{a0}-\u{d7ff}]*", value in "[ -~\\n\\r\\t\u{a0}-\u{d7ff}]*") {
        let written = check(|writer| { writer.element("r", &[], |writer| { writer.leaf("t", &[("v", &value)], &text); }); }).unwrap();
        let document = Document::parse(written.as_bytes()).unwrap();
        let leaf = document.root().child("t").unwrap();
        prop_assert_eq!(leaf.raw_text(), text);
        prop_assert_eq!(leaf.attributes().next().map(|(_, _, value)| value.to_owned()), Some(value));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Document::parse(&bytes);
    }

    #[test]
    fn no_markup_makes_it_panic(text in "[<>/a&;#x'\"!\\-\\[\\]? =:C]{0,80}") {
        let _ = Document::parse(text.as_bytes());
    }
}

//! What is read, what is refused, and where the refusal points.

use dragoman_xml::{Document, Error, Limits, soap};

/// Parses and gives the refusal's sentence, or `ok`.
fn check(bytes: &[u8]) -> String {
    match Document::parse(bytes) {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn well_formed_messages_are_read() {
    let cases: &[&[u8]] = &[
        b"<a/>",
        b"\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><a/>",
        b"<?xml version='1.0'?>\r\n<!-- before --> <a>x</a> <!-- behind -->\n",
        b"  \n <a></a >",
        b"<?pi some?><p:a xmlns:p=\"urn:x\" p:b='1' c='>'/>",
        b"<a xml:lang=\"en\">&lt;&#65;&#x42;<![CDATA[<&]]></a>",
        "<\u{fc}mlaut/>".as_bytes(),
    ];
    for case in cases {
        assert_eq!(check(case), "ok", "{}", String::from_utf8_lossy(case));
    }
}

const REFUSED: &[(&[u8], &str)] = &[
    (b"", "not well-formed at 1:1: the message is empty"),
    (b"  \n ", "not well-formed at 1:1: the message is empty"),
    (b"hello", "not well-formed at 1:1: text stands outside the root element"),
    (b"<!-- only -->", "not well-formed at 1:14: the message has no element"),
    (
        b"<a>\n<b></a></b>",
        "not well-formed at 2:4: </a> closes <b>, which was opened at 2:1",
    ),
    (
        b"<a>\n  <b>x</b>\n",
        "not well-formed at 3:1: the message ends while <a> from 1:1 is open",
    ),
    (b"</a>", "not well-formed at 1:1: </a> closes nothing"),
    (b"<a/><b/>", "not well-formed at 1:5: <b> is a second root element"),
    (
        b"<a/>tail",
        "not well-formed at 1:5: text stands outside the root element",
    ),
    (
        b"<a/>&amp;",
        "not well-formed at 1:5: text stands outside the root element",
    ),
    (
        b"<a/><![CDATA[x]]>",
        "not well-formed at 1:5: a CDATA section stands outside the root element",
    ),
    (
        b"\n<?xml version=\"1.0\"?><a/>",
        "not well-formed at 2:1: the xml declaration is not at the beginning",
    ),
    (
        b"<?xml encoding=\"utf-8\"?><a/>",
        "not well-formed at 1:1: the xml declaration has no version",
    ),
    (
        b"<!DOCTYPE a><a/>",
        "at 1:1: a document type declaration (DTD) is not accepted",
    ),
    (
        b"\n<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        "at 2:1: a document type declaration (DTD) is not accepted",
    ),
    (b"<a>&x;</a>", "not well-formed at 1:4: the entity `&x;` is not defined"),
    (
        b"<a b='&x;'/>",
        "not well-formed at 1:1: the entity `&x;` is not defined",
    ),
    (
        b"<a>&#0;</a>",
        "not well-formed at 1:4: `&#0;` is not a character of xml",
    ),
    (
        b"<a>&#+65;</a>",
        "not well-formed at 1:4: `&#+65;` is not a character of xml",
    ),
    (
        b"<a>]]></a>",
        "not well-formed at 1:4: `]]>` stands outside a CDATA section",
    ),
    (b"<m:a/>", "at 1:1: the prefix `m` is not bound to a namespace"),
    (
        b"<a>\n <b m:c='1'/></a>",
        "at 2:2: the prefix `m` is not bound to a namespace",
    ),
    (
        b"<a><p:b xmlns:p='urn:x'/><p:c/></a>",
        "at 1:26: the prefix `p` is not bound to a namespace",
    ),
    (
        b"<p:a xmlns:p=''/>",
        "not well-formed at 1:1: the prefix `p` cannot be bound to ``",
    ),
    (
        b"<a b='1' b='2'/>",
        "not well-formed at 1:1: the attribute `b` is given twice",
    ),
    (
        b"<a b='1'c='2'/>",
        "not well-formed at 1:1: white space is missing before an attribute",
    ),
    (b"<a b/>", "not well-formed at 1:1: the attribute `b` has no value"),
    (
        b"<a b=1/>",
        "not well-formed at 1:1: the value of the attribute `b` is not quoted",
    ),
    (
        b"<a b='<'/>",
        "not well-formed at 1:1: the value of the attribute `b` holds a `<`",
    ),
    (b"<1a/>", "not well-formed at 1:1: `1a` is not the name of an element"),
    (
        b"<a:b:c/>",
        "not well-formed at 1:1: `a:b:c` is not the name of an element",
    ),
    (
        b"<a>\x01</a>",
        "not well-formed at 1:4: the character U+0001 is not allowed",
    ),
    (b"<a>\n\xFF</a>", "at 2:1: the byte 0xFF is not valid UTF-8"),
    (
        b"<\0a\0/\0>\0",
        "at 1:1: the message is in UTF-16 without a byte order mark: begin with one, or send it as UTF-8",
    ),
    (
        b"\xFF\xFE\0\0<\0\0\0",
        "at 1:1: the message is in UTF-32: send it as UTF-8",
    ),
    (
        b"\xFF\xFE<\0a\0>\0\n\0\x00\xD8<\0",
        "at 2:1: the surrogate 0xD800 has no other half",
    ),
    (
        b"\xFE\xFF\0<\0a\0/\0>\0",
        "at 1:5: the message ends in the middle of a character of UTF-16",
    ),
    (
        b"<?xml version='1.0' encoding='UTF-16'?><a/>",
        "at 1:1: the encoding `utf-16` is not read: send the message as UTF-8",
    ),
    (
        b"<a>\r<b>\r\n\r </c>",
        "not well-formed at 4:2: </c> closes <b>, which was opened at 2:1",
    ),
    (
        b"<?xml version='1.0' encoding='EBCDIC'?><a/>",
        "at 1:1: the encoding `ebcdic` is not read: send the message as UTF-8",
    ),
    (
        b"\xEF\xBB\xBF<?xml version='1.0' encoding='iso-8859-1'?><a/>",
        "at 1:1: the message has the byte order mark of UTF-8 and says it is `iso-8859-1`",
    ),
    (
        b"<?xml version='1.0' encoding='windows-1252'?><a>\x81</a>",
        "at 1:49: the byte 0x81 does not exist in windows-1252",
    ),
];

#[test]
fn everything_else_is_refused_with_its_place() {
    for (case, expected) in REFUSED {
        assert_eq!(&check(case), expected, "{}", String::from_utf8_lossy(case));
    }
}

#[test]
fn what_the_parser_itself_refuses_has_a_place() {
    for case in [
        "<a",
        "<a><!-- x",
        "<a>& b</a>",
        "<a><b",
        "<a><!-- a -- b --></a>",
        "<a>&amp</a>",
    ] {
        let error = Document::parse(case.as_bytes()).expect_err(case);
        assert!(error.position().is_some(), "{case}: {error}");
    }
}

#[test]
fn other_encodings_give_the_same_characters() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>Z\xFCrich</a>";
    let windows = b"<?xml version='1.0' encoding='Windows-1252'?><a>\x80 5</a>";
    assert_eq!(Document::parse(latin).unwrap().root().text(), Some("Zürich"));
    assert_eq!(Document::parse(windows).unwrap().root().text(), Some("€ 5"));
}

#[test]
fn utf_16_is_read_with_its_mark() {
    let units = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let marked = format!("\u{feff}{text}");
        marked.encode_utf16().flat_map(bytes).collect()
    };
    for declaration in ["", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='UTF-16'?>"] {
        let text = format!("{declaration}<a>Zürich 𝄞</a>");
        for bytes in [units(&text, u16::to_le_bytes), units(&text, u16::to_be_bytes)] {
            assert_eq!(
                Document::parse(bytes).unwrap().root().text(),
                Some("Zürich 𝄞"),
                "{text}"
            );
        }
    }
    let named = "<?xml version='1.0' encoding='UTF-16LE'?><a/>";
    assert_eq!(check(&units(named, u16::to_le_bytes)), "ok");
    let says = "at 1:1: the message has the byte order mark of UTF-16 and says it is";
    assert_eq!(check(&units(named, u16::to_be_bytes)), format!("{says} `utf-16le`"));
    let other = named.replace("UTF-16LE", "utf-8");
    assert_eq!(check(&units(&other, u16::to_be_bytes)), format!("{says} `utf-8`"));
}

#[test]
fn a_question_mark_says_nothing() {
    let document = Document::parse("<a><b>?</b><b> ?? </b><b>why?</b></a>".as_bytes()).unwrap();
    let root = document.root();
    assert_eq!((root.text_of("b"), root.value_of("b")), (Some("?"), Some("why?")));
    assert_eq!(root.child("b").unwrap().value(), None);
}

#[test]
fn text_is_counted_once_it_is_kept() {
    let limits = Limits {
        text: 20,
        embedded: &["Content"],
        ..Limits::default()
    };
    let within = |text: &str| Document::parse_within(text.as_bytes(), limits).map(|document| document.root().clone());
    let refused = |text: &str| within(text).map(|_| ()).map_err(|error| error.to_string());
    let over = |at: &str| Err(format!("at {at}: the message has more than 20 bytes of text"));
    // White space between elements and names that come again cost nothing.
    let spread = format!("<a>{0}<b>123</b>{0}<b>456</b>{0}</a>", " ".repeat(18));
    assert_eq!(refused(&spread), Ok(()));
    assert_eq!(refused("<a>12345678901234567890</a>"), over("1:4"));
    assert_eq!(refused("<a>\n<b c='12345678901234567890'/></a>"), over("2:1"));
    assert_eq!(refused("<a>\n<abcdefghijklmnopqrstu/></a>"), over("2:1"));
    assert_eq!(refused("<a xmlns='urn:abcdefghijklmnopq'/>"), over("1:1"));
    assert_eq!(refused("<a>1234567890&amp;1234567890</a>"), over("1:19"));
    let long = Limits { text: 2000, ..limits };
    let attached = format!("<a><Content>cid:{}é</Content></a>", "x".repeat(1_000_000));
    let document = Document::parse_within(attached.into_bytes(), long).unwrap();
    assert_eq!(document.root().text_of("Content").map(str::len), Some(1024));
}

/// The limits rest on it: 250,000 elements of a message have to fit into a sandbox beside its text, where they take half of this.
#[test]
fn an_element_is_small() {
    assert!(size_of::<dragoman_xml::Element>() <= 64);
}

#[test]
fn limits_are_kept() {
    let limits = Limits {
        size: 200,
        depth: 3,
        nodes: 5,
        ..Limits::default()
    };
    let latin = [
        b"<?xml version='1.0' encoding='ISO-8859-1'?><a>".as_slice(),
        &[0xFC; 100],
    ]
    .concat();
    assert!(matches!(
        Document::parse_within(latin, limits),
        Err(Error::TooLarge { size: 246, limit: 200 })
    ));
    let within = |text: &str| Document::parse_within(text.as_bytes(), limits).map(|_| ());
    assert_eq!(within("<a><b><c/></b></a>"), Ok(()));
    assert!(matches!(
        within("<a><b><c><d/></c></b></a>"),
        Err(Error::TooDeep { limit: 3, .. })
    ));
    assert!(matches!(
        within("<a><b/><b/><b/><b/><b/></a>"),
        Err(Error::TooMany { limit: 5, .. })
    ));
    assert!(matches!(
        within("<a b='1' c='1' d='1' e='1' f='1'/>"),
        Err(Error::TooMany { .. })
    ));
    assert!(matches!(
        within(&format!("<a>{}</a>", "x".repeat(200))),
        Err(Error::TooLarge { .. })
    ));
    let deep = "<a>".repeat(100_000);
    assert!(matches!(Document::parse(deep.as_bytes()), Err(Error::TooDeep { .. })));
}

#[test]
fn the_tree_answers_by_local_name() {
    let text = "<m:o xmlns:m='urn:m' xmlns='urn:d'>\n <i/>\n <i u=' KGM '> 1.5 </i><p><q/></p><p><q>2</q></p></m:o>";
    let document = Document::parse(text.as_bytes()).unwrap();
    let root = document.root();
    assert_eq!(
        (root.name(), root.prefix(), root.namespace()),
        ("o", Some("m"), Some("urn:m"))
    );
    assert_eq!(root.child("i").unwrap().namespace(), Some("urn:d"));
    assert_eq!(root.child("i").unwrap().text(), None);
    assert_eq!(root.text_of("i"), Some("1.5"));
    assert_eq!(root.children_named("i").nth(1).unwrap().attribute("u"), Some("KGM"));
    assert_eq!(root.text_of("p/q"), Some("2"));
    assert_eq!(root.all("p/q").len(), 2);
    assert_eq!(root.path("p/nothing").map(|e| e.name()), None);
    assert_eq!(root.find("q").unwrap().position().to_string(), "3:27");
    assert!(root.path("p").unwrap().is_blank() && !root.is_blank());
    let names: Vec<&str> = root.descendants().map(|element| element.name()).collect();
    assert_eq!(names, ["o", "i", "i", "p", "q", "p", "q"]);
}

#[test]
fn soap_envelopes_are_opened() {
    let wrap = |space: &str, body: &str| {
        format!("<s:Envelope xmlns:s='{space}'><s:Header/><s:Body>{body}</s:Body></s:Envelope>")
    };
    for space in [soap::SOAP_1_1, soap::SOAP_1_2] {
        let document = Document::parse(wrap(space, "<a/>").as_bytes()).unwrap();
        assert_eq!(soap::open(document.root()).payload().unwrap().name(), "a");
    }
    let foreign = Document::parse(wrap("urn:post", "<a/>").as_bytes()).unwrap();
    assert_eq!(soap::open(foreign.root()).payload().unwrap().name(), "Envelope");
    let empty = Document::parse(wrap(soap::SOAP_1_1, "").as_bytes()).unwrap();
    assert!(matches!(soap::open(empty.root()), soap::Message::Empty));
    let fault = "<s:Fault><faultcode>s:Client</faultcode><faultstring>Invalid Request</faultstring><detail><x>a</x></detail></s:Fault>";
    let document = Document::parse(wrap(soap::SOAP_1_1, fault).as_bytes()).unwrap();
    let soap::Message::Fault(fault) = soap::open(document.root()) else {
        panic!("a fault was expected");
    };
    assert_eq!(fault.code.as_deref(), Some("Client"));
    assert_eq!(fault.text.as_deref(), Some("Invalid Request"));
    assert_eq!(fault.detail.as_deref(), Some("a"));
}

#[test]
fn an_element_has_a_bounded_number_of_attributes() {
    let element = |count: usize| {
        let attributes: String = (0..count).map(|number| format!(" a{number}=''")).collect();
        format!("<a{attributes}/>")
    };
    assert_eq!(check(element(256).as_bytes()), "ok");
    assert_eq!(
        check(element(20_000).as_bytes()),
        "not well-formed at 1:1: an element has more than 256 attributes"
    );
    let names: String = (0..100).map(|number| format!(" xmlns:a{number}='urn:a'")).collect();
    assert_eq!(
        check(format!("<a{names}>").repeat(12).as_bytes()),
        "not well-formed at 1:17931: more than 1024 namespace declarations are in force"
    );
}

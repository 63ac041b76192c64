//! What authorities really send: read where it can be read whole, refused with its place where it cannot.

use dragoman_documents::Event;
use dragoman_xml::Refusal;
use wco_customs::{Config, SupplementaryUnit, read_declaration, read_notice};

const META: &str = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2";
const RES: &str = "urn:wco:datamodel:WCO:RES-DMS:2";

/// A response without namespaces, with what comes behind its date.
fn response(rest: &str) -> String {
    format!(
        "<Response><FunctionCode>08</FunctionCode><FunctionalReferenceID>n1</FunctionalReferenceID>\
         <IssueDateTime><DateTimeString formatCode=\"304\">20230526205510+01</DateTimeString></IssueDateTime>{rest}\
         <Declaration><FunctionalReferenceID>L1</FunctionalReferenceID><ID>23GB1</ID><VersionID>2</VersionID></Declaration></Response>"
    )
}

/// The notice in one line, or the refusal.
fn check(message: &str) -> String {
    match read_notice(message.as_bytes(), "sha256:digest", &Config::default()) {
        Ok(notice) => format!(
            "{:?} {} {}={} {} v{} {}",
            notice.event,
            notice.message_id,
            notice.declaration.scheme,
            notice.declaration.value,
            notice.lrn.unwrap_or_default(),
            notice.version.unwrap_or_default(),
            notice.effective_at
        ),
        Err(error) => format!("{}: {error}", error.code()),
    }
}

#[test]
fn a_notice_is_found_in_whatever_is_around_it() {
    let bare = response("");
    let meta = format!("<MetaData>{bare}</MetaData>");
    let prefixed = bare.replace("</", "</p:").replace('<', "<p:").replace("<p:/p:", "</p:");
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    let messages = [
        bare.clone(),
        format!("\u{FEFF}{meta}"),
        format!("<?xml version='1.0'?>\r\n<!-- a notification -->\r\n  {meta}\n<!-- end -->\n"),
        format!(
            "<MetaData xmlns='{META}'>{}</MetaData>",
            bare.replacen("<Response", &format!("<Response xmlns='{RES}'"), 1)
        ),
        format!("<md:MetaData xmlns:md='{META}' xmlns:p='{RES}'>{prefixed}</md:MetaData>"),
        format!(
            "<submitDeclarationRequest xmlns='http://uk/gov/hmrc/mdg/declarationmanagement/submitdeclaration/request/schema/v1'><requestDetail>{meta}</requestDetail></submitDeclarationRequest>"
        ),
        format!(
            "<s:Envelope xmlns:s='{soap}'><s:Header><To>x</To></s:Header><s:Body><notify xmlns='urn:x'>{meta}</notify></s:Body></s:Envelope>"
        ),
        format!("<Envelope><Body>{bare}</Body></Envelope>"),
        meta.replace("304", ""),
        meta.replace("20230526205510+01", " 2023-05-26T20:55:10+01:00 "),
        meta.replace(" formatCode=\"304\">20230526205510+01", ">Fri May 26 20:55:10 BST 2023"),
        meta.replace(">08<", "> 8 <"),
        meta.replace("<ID>", "<ID/><ID>"),
    ];
    for message in messages {
        assert_eq!(
            check(&message),
            "Released n1 mrn=23GB1 L1 v2 2023-05-26T20:55:10+01:00",
            "{message}"
        );
    }
}

#[test]
fn what_a_notice_leaves_out_is_absent_or_has_its_stand_in() {
    let without_id = response("").replace(
        "<FunctionalReferenceID>n1</FunctionalReferenceID>",
        "<FunctionalReferenceID/>",
    );
    assert_eq!(
        check(&without_id),
        "Released sha256:digest mrn=23GB1 L1 v2 2023-05-26T20:55:10+01:00"
    );
    let without_mrn = response("").replace("<ID>23GB1</ID>", "<ID> </ID>");
    assert_eq!(
        check(&without_mrn),
        "Released n1 lrn=L1 L1 v2 2023-05-26T20:55:10+01:00"
    );
    let status = response(
        "<Status><EffectiveDateTime><DateTimeString formatCode=\"102\">20230527</DateTimeString></EffectiveDateTime></Status>",
    );
    assert_eq!(check(&status), "Released n1 mrn=23GB1 L1 v2 2023-05-27");
    for (code, event) in [
        ("17", Event::Other),
        ("50", Event::Other),
        ("99", Event::Other),
        ("010", Event::Invalidated),
        ("7", Event::Inspected),
    ] {
        let notice = read_notice(
            response("").replace(">08<", &format!(">{code}<")).as_bytes(),
            "",
            &Config::default(),
        )
        .unwrap();
        assert_eq!((notice.event, notice.code.as_str()), (event, code));
    }
    let notice = read_notice(
        response(
            "<AdditionalInformation><StatementCode/><StatementDescription>GB000041 Felixstowe</StatementDescription><StatementTypeCode>AES</StatementTypeCode></AdditionalInformation>\
             <ContactOffice><ID>GB000060</ID></ContactOffice>",
        )
        .as_bytes(),
        "",
        &Config::default(),
    )
    .unwrap();
    let exit = notice.actual_office_of_exit.unwrap();
    assert_eq!(
        (exit.code.as_deref(), exit.name.as_deref()),
        (Some("GB000041"), Some("Felixstowe"))
    );
    assert_eq!(notice.office.unwrap().code.as_deref(), Some("GB000060"));
}

#[test]
fn a_question_mark_is_absent() {
    let asked = |from: &str, to: &str| response("").replace(&format!(">{from}<"), &format!(">{to}<"));
    for unknown in ["?", " ?? "] {
        assert_eq!(
            check(&asked("n1", unknown)),
            "Released sha256:digest mrn=23GB1 L1 v2 2023-05-26T20:55:10+01:00"
        );
        assert_eq!(
            check(&asked("23GB1", unknown)),
            "Released n1 lrn=L1 L1 v2 2023-05-26T20:55:10+01:00"
        );
    }
    let message = declaration(
        "<ID>?</ID><Exporter><Name>?</Name><Address><CityName>?</CityName></Address></Exporter>",
        &document(
            "C400",
            "GBICP1",
            &write_off("<QuantityQuantity unitCode='?'>10</QuantityQuantity>"),
        ),
        "<NetNetWeightMeasure unitCode='#G'>5</NetNetWeightMeasure><TariffQuantity unitCode='#G'>5</TariffQuantity>",
    );
    let read = read_declaration(message.as_bytes(), &Config::default()).unwrap();
    assert_eq!((read.id.scheme.as_str(), read.exporter), ("lrn", None));
    assert_eq!(
        (&read.permits[0].lines[0].quantity, &read.goods[0].tariff_quantity),
        (&None, &None)
    );
    let mass = read.goods[0].net_mass.as_ref().unwrap();
    assert_eq!((mass.unit.as_str(), mass.qualifier.as_deref()), ("KGM", Some("G")));
}

#[test]
fn a_version_that_is_no_number_is_absent() {
    let notice = response("").replace("<VersionID>2<", "<VersionID>two<");
    assert_eq!(check(&notice), "Released n1 mrn=23GB1 L1 v0 2023-05-26T20:55:10+01:00");
    let lodged = declaration("<VersionID>two</VersionID>", "", "");
    let read = read_declaration(lodged.as_bytes(), &Config::default()).unwrap();
    assert_eq!(read.version, None);
}

#[test]
fn a_notice_about_two_declarations_is_refused() {
    let second = |inside: &str| {
        response("").replace(
            "</Response>",
            &format!("<Declaration>{inside}</Declaration></Response>"),
        )
    };
    let taken = "Released n1 mrn=23GB1 L1 v2 2023-05-26T20:55:10+01:00";
    for same in ["", "<ID>23GB1</ID>", "<VersionID>3</VersionID>", "<ID>?</ID>"] {
        assert_eq!(check(&second(same)), taken, "{same}");
    }
    let refused = check(&second("\n<ID>23GB2</ID>"));
    assert!(
        refused.starts_with("message.unexpected") && refused.contains("two declarations, 23GB1 and 23GB2"),
        "{refused}"
    );
    assert!(refused.contains("at 1:"), "{refused}");
    let unnumbered = second("<FunctionalReferenceID>L2</FunctionalReferenceID>").replace("<ID>23GB1</ID>", "");
    assert!(
        check(&unnumbered).contains("two declarations, L1 and L2"),
        "{}",
        check(&unnumbered)
    );
}

#[test]
fn local_times_are_in_the_configured_zone() {
    let message = response("").replace("20230526205510+01", "20230526205510");
    assert!(check(&message).ends_with(" 2023-05-26T20:55:10Z"));
    let config = Config {
        zone: Some("Europe/Warsaw".to_owned()),
        ..Config::default()
    };
    let notice = read_notice(message.as_bytes(), "", &config).unwrap();
    assert_eq!(notice.effective_at.to_string(), "2023-05-26T20:55:10+02:00");
}

#[test]
fn numbers_are_those_of_xml_schema() {
    for (written, value) in [("+1", "1"), (".5", "0.5"), ("5.", "5"), (" 2.50 ", "2.50")] {
        let quantity = write_off(&format!(
            "<QuantityQuantity unitCode='KGM'>{written}</QuantityQuantity>"
        ));
        let message = declaration("", &document("C400", "GBICP1", &quantity), "");
        let expected = format!("GB GBICP1 [1:{value} KGM WriteOff]");
        assert_eq!(permits(&message, &Config::default()), [expected]);
    }
}

#[test]
fn utf_16_is_read() {
    let units: Vec<u16> = format!("\u{feff}{}", response("")).encode_utf16().collect();
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let message: Vec<u8> = units.iter().flat_map(|unit| bytes(*unit)).collect();
        let notice = read_notice(message, "", &Config::default()).unwrap();
        assert_eq!(notice.declaration.value, "23GB1");
    }
}

#[test]
fn what_no_answer_could_hold_is_refused_with_its_place() {
    let documents: String = (0..60_000)
        .map(|number| document("C400", &format!("PLECP{number}{}", "x".repeat(50)), ""))
        .collect();
    let refused = read_declaration(declaration("", &documents, "").into_bytes(), &Config::default()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the message cannot be read: at 1:11: Declaration holds more than 8000000 bytes of what is read"
    );
    let fewer: String = documents
        .split_inclusive("</AdditionalDocument>")
        .take(20_000)
        .collect();
    let read = read_declaration(declaration("", &fewer, "").into_bytes(), &Config::default()).unwrap();
    assert_eq!(read.permits.len(), 20_000);
}

/// A second goods item in a declaration of one.
fn with_second_item(message: &str) -> String {
    let second = "</GovernmentAgencyGoodsItem><GovernmentAgencyGoodsItem><SequenceNumeric>2</SequenceNumeric></GovernmentAgencyGoodsItem>";
    message.replace("</GovernmentAgencyGoodsItem>", second)
}

#[test]
fn what_is_written_off_for_the_whole_declaration_is_kept() {
    let pieces = write_off("<QuantityQuantity unitCode='C62'>200</QuantityQuantity>");
    let header = document("C635", "GBICP9", &pieces) + &document("C400", "GBICP9", &pieces);
    let single = declaration(&header, "", NET);
    assert_eq!(permits(&single, &Config::default()), ["GB GBICP9 [1:200 C62 WriteOff]"]);
    let several = with_second_item(&single);
    let read = read_declaration(several.as_bytes(), &Config::default()).unwrap();
    let permit = &read.permits[0];
    assert_eq!((read.permits.len(), permit.lines.len()), (1, 0));
    let amounts: Vec<String> = permit
        .written_off
        .iter()
        .map(|one| format!("{} {}", one.value, one.unit))
        .collect();
    assert_eq!(amounts, ["200 C62"]);
}

#[test]
fn every_error_of_a_rejection_is_kept() {
    let errors = "<Error><ValidationCode>CDS12016</ValidationCode><Description>Date is wrong</Description>\
        <Pointer><DocumentSectionCode>42A</DocumentSectionCode></Pointer>\
        <Pointer><SequenceNumeric>2</SequenceNumeric><DocumentSectionCode>68A</DocumentSectionCode><TagID>D005</TagID></Pointer></Error>\
        <Error><ValidationCode>CDS12077</ValidationCode></Error><Error><Description>Third</Description></Error>";
    let notice = read_notice(
        response(errors).replace(">08<", ">03<").as_bytes(),
        "",
        &Config::default(),
    )
    .unwrap();
    let found: Vec<(Option<&str>, Option<&str>, Option<&str>)> = notice
        .errors
        .iter()
        .map(|error| (error.code.as_deref(), error.pointer.as_deref(), error.text.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            (Some("CDS12016"), Some("42A/68A[2]/D005"), Some("Date is wrong")),
            (Some("CDS12077"), None, None),
            (None, None, Some("Third")),
        ]
    );
}

#[test]
fn what_is_broken_is_refused_with_its_place() {
    let meta = format!("<MetaData>\n{}\n</MetaData>", response(""));
    let cases = [
        (meta.replace("MetaData>", "_2MetaData>"), "message.unreadable: the message cannot be read: at 1:1: <_2MetaData> looks like <_2:MetaData> whose colon was lost"),
        (meta.replace("MetaData>", "mdMetaData>"), "message.unreadable: the message cannot be read: at 1:1: <mdMetaData> looks like <md:MetaData> whose colon was lost"),
        (format!("<x>{}</x>", meta.replace("MetaData>", "mdMetaData>")), "message.unreadable: the message cannot be read: at 1:4: <mdMetaData> looks like <md:MetaData> whose colon was lost"),
        (meta.replace("MetaData>", "md:MetaData>"), "message.unreadable: the message cannot be read: at 1:1: the prefix `md` is not bound to a namespace"),
        (meta[..meta.len() - 15].to_owned(), "message.unreadable: the message cannot be read: not well-formed at 2:"),
        (format!("{meta}{meta}"), "message.unreadable: the message cannot be read: not well-formed at 3:12: <MetaData> is a second root element"),
        (format!("<!DOCTYPE MetaData [<!ENTITY x 'y'>]>\n{meta}"), "message.unreadable: the message cannot be read: at 1:1: a document type declaration (DTD) is not accepted"),
        (meta.replace("<ID>", "<IDD>"), "message.unreadable: the message cannot be read: not well-formed at 2:"),
        (meta.replace("20230526205510+01", "yesterday"), "message.unreadable: the message cannot be read: at 2:106: `yesterday` in IssueDateTime is not a date"),
        ("Not Found".to_owned(), "message.unreadable: the message cannot be read: not well-formed at 1:1: text stands outside the root element"),
        ("{\"a\": 1}".to_owned(), "message.unreadable: the message cannot be read: not well-formed at 1:1: text stands outside the root element"),
        (String::new(), "message.unreadable: the message cannot be read: not well-formed at 1:1: the message is empty"),
        ("<html><body>Bad gateway</body></html>".to_owned(), "message.unexpected: not the message that was expected: at 1:1: <html> holds no Response"),
        (format!("<MetaData>{}{}</MetaData>", response(""), response("")), "message.unexpected: not the message that was expected: at 1:"),
        ("<MetaData><Declaration><FunctionCode>9</FunctionCode></Declaration></MetaData>".to_owned(), "message.unexpected: not the message that was expected: at 1:11: this is a declaration, and a notification (Response) was expected"),
        ("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><s:Fault><s:Reason><s:Text>Server busy</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>".to_owned(), "message.unexpected: not the message that was expected: at 1:1: a SOAP fault: Server busy"),
        (meta.replace("<FunctionCode>08</FunctionCode>", ""), "message.incomplete: the message is incomplete: at 2:1: the response has no FunctionCode"),
        (meta.replace("<ID>23GB1</ID>", "").replace("<FunctionalReferenceID>L1</FunctionalReferenceID>", ""), "message.incomplete: the message is incomplete: at 2:"),
        (meta.replace("20230526205510+01", ""), "message.incomplete: the message is incomplete: at 2:1: the response has no IssueDateTime, and no other date"),
    ];
    for (message, expected) in cases {
        let found = check(&message);
        assert!(found.starts_with(expected), "{message}\n{found}");
    }
}

/// A declaration of one goods item with the given documents.
fn declaration(header: &str, documents: &str, measure: &str) -> String {
    format!(
        "<MetaData><Declaration><FunctionCode>9</FunctionCode><FunctionalReferenceID>L1</FunctionalReferenceID><TypeCode>EXA</TypeCode>{header}\
         <GoodsShipment><ExportCountry><ID>PL</ID></ExportCountry><GovernmentAgencyGoodsItem><SequenceNumeric>1</SequenceNumeric>{documents}\
         <Commodity><Classification><ID>71131100</ID><IdentificationTypeCode>TSP</IdentificationTypeCode></Classification>\
         <GoodsMeasure>{measure}</GoodsMeasure></Commodity></GovernmentAgencyGoodsItem></GoodsShipment></Declaration></MetaData>"
    )
}

fn document(code: &str, id: &str, written_off: &str) -> String {
    format!(
        "<AdditionalDocument><CategoryCode>{}</CategoryCode><ID>{id}</ID><TypeCode>{}</TypeCode>{written_off}</AdditionalDocument>",
        &code[..1],
        &code[1..]
    )
}

fn write_off(quantity: &str) -> String {
    format!("<WriteOff>{quantity}</WriteOff>")
}

/// The permits of a declaration, one text each.
fn permits(message: &str, config: &Config) -> Vec<String> {
    let declaration = read_declaration(message.as_bytes(), config).unwrap();
    declaration
        .permits
        .iter()
        .map(|permit| {
            let lines: Vec<String> = permit
                .lines
                .iter()
                .map(|line| match (&line.quantity, line.basis) {
                    (Some(quantity), Some(basis)) => format!(
                        "{}:{} {}{} {basis:?}",
                        line.goods_item,
                        quantity.value,
                        quantity.unit,
                        quantity
                            .qualifier
                            .as_ref()
                            .map(|text| format!("#{text}"))
                            .unwrap_or_default()
                    ),
                    _ => format!("{}:-", line.goods_item),
                })
                .collect();
            format!("{} {} [{}]", permit.issuing_country, permit.number, lines.join(", "))
        })
        .collect()
}

const NET: &str = "<NetNetWeightMeasure>5</NetNetWeightMeasure>";

/// What stands in the header, the documents of the goods item, its measures, and the permits that are found.
type PermitCase = (&'static str, String, &'static str, &'static [&'static str]);

fn permit_cases() -> [PermitCase; 9] {
    let kilograms = write_off("<QuantityQuantity unitCode=\"KGM#G\">10.00</QuantityQuantity>");
    let pieces = write_off("<QuantityQuantity unitCode=\"NMB\">3</QuantityQuantity>");
    let tariff = "<NetNetWeightMeasure>5</NetNetWeightMeasure><TariffQuantity unitCode=\"GRM\">500</TariffQuantity>";
    [
        (
            "",
            document("C400", "GBICP1", &kilograms),
            NET,
            &["GB GBICP1 [1:10.00 KGM#G WriteOff]"],
        ),
        (
            "",
            document("C400", "GBICP1", &kilograms) + &document("C635", "GBICP1", &kilograms),
            NET,
            &["GB GBICP1 [1:10.00 KGM#G WriteOff]"],
        ),
        (
            "",
            document("C635", "GBICP1", &kilograms) + &document("C400", "GBICP1", ""),
            NET,
            &["GB GBICP1 [1:10.00 KGM#G WriteOff]"],
        ),
        (
            "",
            document("C400", "GBICP1", &kilograms) + &document("C400", "GBICP1", &pieces),
            NET,
            &["GB GBICP1 [1:10.00 KGM#G WriteOff, 1:3 C62 WriteOff]"],
        ),
        (
            "",
            document("C400", "GBICP1", "") + &document("C639", "GBICP160/2017", ""),
            tariff,
            &["GB GBICP1 [1:500 GRM TariffQuantity]"],
        ),
        (
            "",
            document("C400", "123/2026", ""),
            NET,
            &["PL 123/2026 [1:5 KGM NetMass]"],
        ),
        ("", document("C400", "GBICP1", ""), "", &["GB GBICP1 [1:-]"]),
        (
            "",
            document("C400", "GBICP1", &write_off("<QuantityQuantity>10</QuantityQuantity>")),
            NET,
            &["GB GBICP1 [1:-]"],
        ),
        (
            "<AdditionalDocument><CategoryCode>C</CategoryCode><ID>GBICP9</ID><TypeCode>400</TypeCode></AdditionalDocument>",
            document("C400", "GBICP1", ""),
            NET,
            &["GB GBICP1 [1:5 KGM NetMass]", "GB GBICP9 [1:5 KGM NetMass]"],
        ),
    ]
}

#[test]
fn permits_are_gathered_with_their_quantities() {
    for (header, documents, measure, expected) in permit_cases() {
        assert_eq!(
            permits(&declaration(header, &documents, measure), &Config::default()),
            expected,
            "{documents}"
        );
    }
}

#[test]
fn configuration_says_what_the_messages_leave_out() {
    let message = declaration("", &document("C400", "123", ""), "<TariffQuantity>500</TariffQuantity>");
    let unit = |commodity: &str, unit: &str| SupplementaryUnit {
        commodity: commodity.to_owned(),
        unit: unit.to_owned(),
    };
    let config = Config {
        issuing_country: Some("CH".to_owned()),
        supplementary_units: Some(vec![unit("7113", "GRM"), unit("71", "KGM"), unit("71139", "C62")]),
        ..Config::default()
    };
    assert_eq!(permits(&message, &config), ["CH 123 [1:500 GRM TariffQuantity]"]);
    assert_eq!(permits(&message, &Config::default()), ["PL 123 [1:-]"]);
    let import = message.replace("EXA", "IMA");
    assert_eq!(permits(&import, &Config::default()), ["XX 123 [1:-]"]);
    let other = Config {
        permit_codes: Some(vec!["C405".to_owned()]),
        ..Config::default()
    };
    assert_eq!(permits(&message, &other), Vec::<String>::new());
}

#[test]
fn declarations_that_cannot_be_taken_are_refused() {
    let check = |message: &str| {
        let error: Refusal = read_declaration(message.as_bytes(), &Config::default()).unwrap_err();
        format!("{}: {error}", error.code())
    };
    let good = declaration("", "", "");
    let cases = [
        (
            good.replace(">EXA<", ">INV<"),
            "message.unexpected: not the message that was expected: at 1:11: this is a request to invalidate",
        ),
        (
            good.replace("L1", " "),
            "message.incomplete: the message is incomplete: at 1:11: the declaration has neither ID nor FunctionalReferenceID",
        ),
        (
            declaration("", &document("C400", "", ""), ""),
            "message.incomplete: the message is incomplete: at 1:",
        ),
        (
            declaration(
                "",
                &document(
                    "C400",
                    "GBICP1",
                    &write_off("<QuantityQuantity unitCode='KGM'>1,5</QuantityQuantity>"),
                ),
                "",
            ),
            "message.unreadable: the message cannot be read: at 1:",
        ),
        (
            good.replace("<SequenceNumeric>1<", "<SequenceNumeric>one<"),
            "message.unreadable: the message cannot be read: at 1:",
        ),
        (
            good.replace("</GovernmentAgencyGoodsItem>", "</GovernmentAgencyGoodsItem><GovernmentAgencyGoodsItem><SequenceNumeric>1</SequenceNumeric></GovernmentAgencyGoodsItem>"),
            "message.unreadable: the message cannot be read: at 1:429: the goods item number 1 is given twice",
        ),
        (
            declaration("", &document("C400", "?", ""), ""),
            "message.incomplete: the message is incomplete: at 1:",
        ),
        (
            response(""),
            "message.unexpected: not the message that was expected: at 1:1: this is a notification (Response), and a declaration was expected",
        ),
    ];
    for (message, expected) in cases {
        assert!(check(&message).starts_with(expected), "{message}\n{}", check(&message));
    }
}

#[test]
fn a_sample_that_is_cut_anywhere_is_refused() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples/export-with-permits");
    let notice = std::fs::read(format!("{folder}/notice-16-exited.xml")).unwrap();
    let declaration = std::fs::read(format!("{folder}/declaration.xml")).unwrap();
    for end in 0..notice.trim_ascii_end().len() {
        let refused = read_notice(&notice[..end], "", &Config::default()).unwrap_err();
        assert_eq!(refused.code(), "message.unreadable", "at {end}");
    }
    for end in 0..declaration.trim_ascii_end().len() {
        let refused = read_declaration(&declaration[..end], &Config::default()).unwrap_err();
        assert_eq!(refused.code(), "message.unreadable", "at {end}");
    }
}

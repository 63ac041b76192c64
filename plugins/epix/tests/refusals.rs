//! Messages that are refused, each with its code and the place where it was seen; and dirt that is not.

use dragoman_documents::{Moment, Permit, PermitKind};
use dragoman_guest::Failure;
use epix::{Error, read_permit};

const NAMES: &str = "xmlns:c=\"urn:un:unece:uncefact:data:standard:CITESEPermit:2\" \
     xmlns:r=\"urn:un:unece:uncefact:data:draft:ReusableAggregateBusinessInformationEntity:1\"";

/// A message with this in its header and consignment.
fn message(header: &str, consignment: &str) -> String {
    format!(
        "<CITESEPermit {NAMES}>\n<c:HeaderExchangedDocument>\n{header}\n</c:HeaderExchangedDocument>\n\
         <c:SpecifiedSupplyChainConsignment>\n{consignment}\n</c:SpecifiedSupplyChainConsignment>\n</CITESEPermit>"
    )
}

/// The failure's code, and the place in its first issue.
fn check(message: &[u8], code: &str, place: &str) {
    let shown = String::from_utf8_lossy(message).into_owned();
    let failure = Failure::from(Error::from(read_permit(message, None).expect_err(&shown)));
    assert_eq!(failure.code, code, "{shown}\n{failure}");
    let path = failure.issues.first().map(|issue| issue.path.as_str());
    assert_eq!(path, Some(place), "{shown}\n{failure}");
    assert!(failure.message.contains(place), "{failure}");
}

#[test]
fn what_is_no_permit_is_refused_with_its_place() {
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    let envelope = |inside: &str| format!("<s:Envelope xmlns:s=\"{soap}\">\n<s:Body>{inside}</s:Body></s:Envelope>");
    let permit = message("<r:ID>XA1</r:ID>", "");
    let cases = [
        (String::new(), "message.unreadable", "1:1"),
        ("permit".to_owned(), "message.unreadable", "1:1"),
        (permit[..permit.len() - 4].to_owned(), "message.unreadable", "8:1"),
        (permit.replace("</r:ID>", "</r:Id>"), "message.unreadable", "3:10"),
        (permit.replace("r:ID", "q:ID"), "message.unreadable", "3:1"),
        (format!("<!DOCTYPE a>\n{permit}"), "message.unreadable", "1:1"),
        (format!("{permit}<more/>"), "message.unreadable", "8:16"),
        (
            permit
                .replace("CITESEPermit ", "urnCITESEPermit ")
                .replace("/CITES", "/urnCITES"),
            "message.unreadable",
            "1:1",
        ),
        ("<order/>".to_owned(), "message.unexpected", "1:1"),
        (envelope(""), "message.unexpected", "1:1"),
        (envelope("<other/>"), "message.unexpected", "1:1"),
        (
            envelope("<s:Fault><faultcode>s:Server</faultcode><faultstring>CalleeNotFound</faultstring></s:Fault>"),
            "message.unexpected",
            "1:1",
        ),
        (
            envelope(&format!("<all>{permit}\n{permit}</all>")),
            "message.unexpected",
            "10:1",
        ),
        ("<CITESEPermit/>".to_owned(), "message.incomplete", "1:1"),
        ("<CBFShip/>".to_owned(), "message.incomplete", "1:1"),
        (message("<r:ID>?</r:ID>", ""), "message.incomplete", "2:1"),
        (message("", ""), "message.incomplete", "2:1"),
    ];
    for (message, code, place) in cases {
        check(message.as_bytes(), code, place);
    }
    check(b"<a>\xff\xfe</a>", "message.unreadable", "1:4");
}

#[test]
fn values_that_cannot_be_read_are_refused_with_their_place() {
    let header = |line: &str| message(&format!("<r:ID>XA1</r:ID>\n{line}"), "");
    let item = |line: &str| {
        let item = "r:IncludedSupplyChainConsignmentItem";
        message("<r:ID>XA1</r:ID>", &format!("<{item}>\n{line}</{item}>"))
    };
    let package = |amount: &str, unit: &str| {
        format!(
            "<r:TransportLogisticsPackage><r:ItemQuantity unitCode='{unit}'>{amount}</r:ItemQuantity>\
             </r:TransportLogisticsPackage>"
        )
    };
    let cases = [
        (header("<r:IssueDateTime>soon</r:IssueDateTime>"), "4:1"),
        (header("<r:IssueDateTime>2026-02-30T00:00:00Z</r:IssueDateTime>"), "4:1"),
        (header("<r:CopyIndicator>perhaps</r:CopyIndicator>"), "4:1"),
        (item(&package("five", "PCS")), "7:30"),
        (item(&package("1,5", "KGM")), "7:30"),
        (
            item(&format!("{}\n{}", package("1", "KGM"), package("2", "PCS"))),
            "8:30",
        ),
        (
            item("<r:ID>A</r:ID>").replace("</c:Spec", &format!("{}\n</c:Spec", an_item("a"))),
            "8:1",
        ),
        (
            item("<r:ID>B</r:ID>").replace("</c:Spec", &format!("{}\n</c:Spec", an_item(""))),
            "8:1",
        ),
    ];
    for (message, place) in cases {
        check(message.as_bytes(), "message.unreadable", place);
    }
}

fn an_item(id: &str) -> String {
    format!("<r:IncludedSupplyChainConsignmentItem><r:ID>{id}</r:ID></r:IncludedSupplyChainConsignmentItem>")
}

#[test]
fn no_permit_has_items_or_endorsements_without_end() {
    let items = |count: usize| {
        (0..count)
            .map(|number| an_item(&number.to_string()))
            .collect::<String>()
    };
    let event = |second: usize| {
        format!(
            "<r:ExaminationTransportEvent><r:ActualOccurrenceDateTime>2026-01-01T10:{:02}:{:02}Z\
             </r:ActualOccurrenceDateTime></r:ExaminationTransportEvent>",
            second / 60,
            second % 60
        )
    };
    let events = |count: usize| (0..count).map(event).collect::<String>();
    assert_eq!(read("<r:ID>XA1</r:ID>", &items(10_000)).items.len(), 10_000);
    assert_eq!(read("<r:ID>XA1</r:ID>", &events(1_000)).endorsements.len(), 1_000);
    let header = "<r:ID>XA1</r:ID>";
    let more = message(header, &(items(10_000) + "\n" + &an_item("more")));
    check(more.as_bytes(), "message.unreadable", "7:1");
    let more = message(header, &(events(1_000) + "\n" + &event(1_000)));
    check(more.as_bytes(), "message.unreadable", "7:1");
}

#[test]
fn marks_and_lines_that_come_twice_are_kept() {
    let mark = |text: &str| {
        format!("<r:PhysicalLogisticsShippingMarks><r:Marking>{text}</r:Marking></r:PhysicalLogisticsShippingMarks>")
    };
    let marks = [mark("N 1"), mark("?"), mark("N 1")].concat();
    let permit = read(
        "<r:ID>XA1</r:ID>",
        &format!(
            "<r:ConsigneeTradeParty><r:PostalTradeAddress><r:StreetName>Quay 3\n\nGate 3</r:StreetName><r:StreetName/>\
             <r:StreetName>Quay 3</r:StreetName></r:PostalTradeAddress></r:ConsigneeTradeParty>\
             <r:IncludedSupplyChainConsignmentItem>{marks}</r:IncludedSupplyChainConsignmentItem>"
        ),
    );
    assert_eq!(permit.items[0].marks, ["N 1", "N 1"]);
    let street = permit.importer.unwrap().address.unwrap().street;
    assert_eq!(street.as_deref(), Some("Quay 3\n\nGate 3\nQuay 3"));
}

#[test]
fn a_day_that_ends_at_24_hours_ends_then() {
    let until = |text: &str| {
        let period = format!(
            "<r:ID>1</r:ID><r:EffectiveSpecifiedPeriod><r:EndDateTime>{text}</r:EndDateTime></r:EffectiveSpecifiedPeriod>"
        );
        read(&period, "").valid_until.unwrap().to_string()
    };
    assert_eq!(until("2026-04-30T24:00:00"), "2026-04-30");
    assert_eq!(until("2026-04-30T24:00:00+02:00"), "2026-05-01T00:00:00+02:00");
}

fn read(header: &str, consignment: &str) -> Permit {
    read_permit(message(header, consignment).as_bytes(), None).unwrap()
}

#[test]
fn what_says_nothing_is_absent() {
    let permit = read(
        "<r:ID schemeID='?'> XX1 </r:ID><r:Name>?</r:Name><r:TypeCode>?</r:TypeCode><r:PurposeCode/>\
         <r:IssueDateTime>?</r:IssueDateTime><r:CopyIndicator> </r:CopyIndicator>\
         <r:FourthSignatoryDocumentAuthentication><r:TypeCode>D</r:TypeCode></r:FourthSignatoryDocumentAuthentication>",
        "<r:ConsigneeTradeParty><r:ID>?</r:ID><r:Name/><r:PostalTradeAddress><r:CountryID>?</r:CountryID>\
         </r:PostalTradeAddress></r:ConsigneeTradeParty>\
         <r:ExaminationTransportEvent><r:UnitQuantity unitCode='?'/></r:ExaminationTransportEvent>",
    );
    let expected = Permit {
        number: "XX1".to_owned(),
        issuing_country: "XX".to_owned(),
        ..Permit::default()
    };
    assert_eq!(permit, expected);
}

#[test]
fn the_issuing_country_is_found() {
    let check = |header: &str, asked: Option<&str>, expected: &str| {
        let message = message(header, "");
        let permit = read_permit(message.as_bytes(), asked).unwrap();
        assert_eq!(permit.issuing_country, expected, "{header}");
    };
    let authority = "<r:FirstSignatoryDocumentAuthentication><r:ProviderTradeParty><r:PostalTradeAddress>\
         <r:CountryID>ch</r:CountryID></r:PostalTradeAddress></r:ProviderTradeParty></r:FirstSignatoryDocumentAuthentication>";
    check(&format!("<r:ID>FR1</r:ID>{authority}"), Some("DE"), "CH");
    check("<r:ID>FR1202501030-R</r:ID>", Some("DE"), "FR");
    check("<r:ID>00017</r:ID>", Some("DE"), "DE");
    check("<r:ID>00017</r:ID>", None, "XX");
}

#[test]
fn kinds_are_those_of_the_toolkit() {
    let check = |code: &str, kind: PermitKind, name: Option<&str>| {
        let permit = read(&format!("<r:ID>1</r:ID><r:TypeCode>{code}</r:TypeCode>"), "");
        assert_eq!((permit.kind, permit.kind_name.as_deref()), (kind, name), "{code}");
    };
    check("E", PermitKind::Export, None);
    check("r", PermitKind::ReExport, None);
    check("I", PermitKind::Import, None);
    check("O", PermitKind::Other, None);
    check("Z", PermitKind::Other, Some("Z"));
}

#[test]
fn a_time_without_an_offset_is_a_day() {
    let permit = read(
        "<r:ID>1</r:ID><r:EffectiveSpecifiedPeriod><r:EndDateTime>2026-05-01T00:00:00</r:EndDateTime>\
         </r:EffectiveSpecifiedPeriod>",
        "",
    );
    let day = "2026-05-01".parse().map(Moment::Day).unwrap();
    assert_eq!(permit.valid_until, Some(day));
}

/// The quantities of each endorsement, as `item:amount`.
fn endorsed(consignment: &str) -> Vec<String> {
    let permit = read("<r:ID>1</r:ID>", consignment);
    let lines = |one: &dragoman_documents::Endorsement| {
        let lines = one.items.iter();
        let lines: Vec<String> = lines
            .map(|line| format!("{}:{}", line.item, line.quantity.value))
            .collect();
        lines.join(" ")
    };
    permit.endorsements.iter().map(lines).collect()
}

#[test]
fn box_14_is_put_together_from_header_and_items() {
    let event = |at: &str, amount: &str| {
        format!(
            "<r:ExaminationTransportEvent><r:ActualOccurrenceDateTime>{at}</r:ActualOccurrenceDateTime>\
             <r:UnitQuantity unitCode='PCS'>{amount}</r:UnitQuantity></r:ExaminationTransportEvent>"
        )
    };
    let item = |events: &[String]| {
        let item = "r:IncludedSupplyChainConsignmentItem";
        format!("<{item}>{}</{item}>", events.concat())
    };
    let (first, second) = ("2026-01-01T10:00:00Z", "2026-02-01T10:00:00Z");
    let check = |parts: &[String], expected: &[&str]| {
        assert_eq!(endorsed(&parts.concat()), expected, "{parts:?}");
    };
    // One event in the header takes all.
    check(
        &[event(first, ""), item(&[event("", "5")]), item(&[event("", "3")])],
        &["A:5 B:3"],
    );
    // The only quantity belongs to the only item.
    check(&[event(first, "7"), item(&[])], &["A:7"]);
    // Among several items nobody can say whose a total is.
    check(&[event(first, "7"), item(&[]), item(&[])], &[""]);
    // Nothing in the header: the items' own times.
    check(
        &[
            item(&[event(first, "5"), event(second, "1")]),
            item(&[event(first, "3")]),
        ],
        &["A:5 B:3", "A:1"],
    );
    // Several in the header: by place where the numbers agree, else by time.
    check(
        &[
            event(first, ""),
            event(second, ""),
            item(&[event("", "5"), event("", "1")]),
            item(&[event(second, "3")]),
        ],
        &["A:5", "A:1 B:3"],
    );
}

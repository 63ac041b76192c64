//! What is written is read back equal: over generated permits with every field that a permit can have.

use dragoman_documents::{
    Actor, ActorKind, Address, Attachment, Date, DateTime, Decimal, DeclarationId, EndorsedItem, Endorsement,
    EndorsementStatus, LastReExport, Moment, Office, Origin, Party, Permit, PermitItem, PermitKind, PermitStatus,
    PermitUsage, PermitUse, Port, Quantity, Reported, Signatory, SignatoryRole, Withdrawal,
};
use epix::{Form, read_permit, write_permit};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

/// Texts with what XML has to escape, letters of several alphabets, and line feeds inside.
fn text() -> impl Strategy<Value = String> {
    "[A-Za-z0-9<>&\"'é漢/.#-]([ A-Za-z0-9<>&\"'?é漢\\n\\r\\t,;:]{0,12}[A-Za-z0-9<>&é漢)])?"
}

fn country() -> impl Strategy<Value = String> {
    select(vec!["PL", "CH", "CO", "XA", "ZZ"]).prop_map(str::to_owned)
}

fn date() -> impl Strategy<Value = Date> {
    (1950u16..2100, 1u8..13, 1u8..29).prop_map(|(y, m, d)| Date::new(y, m, d).unwrap())
}

fn time() -> impl Strategy<Value = DateTime> {
    (0i64..4_000_000_000, -14i16..15).prop_map(|(seconds, hours)| DateTime::from_unix(seconds, hours * 60).unwrap())
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![date().prop_map(Moment::Day), time().prop_map(Moment::Time)]
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (0u64..1_000_000, 0u8..4).prop_map(|(digits, places)| {
        let scale = 10u64.pow(places.into());
        let text = match places {
            0 => digits.to_string(),
            _ => format!("{}.{:0width$}", digits / scale, digits % scale, width = places.into()),
        };
        text.parse().unwrap()
    })
}

fn quantity() -> impl Strategy<Value = Quantity> {
    let units = vec![
        ("C62", None),
        ("C62", Some("PCS")),
        ("C62", Some("KIL")),
        ("KGM", None),
        ("KGM", Some("KIL")),
        ("MTQ", Some("m3")),
        ("XYZ", None),
    ];
    let qualifier = of(select(vec!["G", "A B"]));
    (decimal(), select(units), qualifier).prop_map(|(value, (unit, original), qualifier)| Quantity {
        value,
        unit: unit.to_owned(),
        qualifier: qualifier.map(str::to_owned),
        original_unit: original.map(str::to_owned),
    })
}

/// Some where there is anything in it.
fn filled<T: Default + PartialEq>(part: T) -> Option<T> {
    (part != T::default()).then_some(part)
}

fn party() -> impl Strategy<Value = Option<Party>> {
    // Lines may come twice, and blank ones between others.
    let line = proptest::string::string_regex("([A-C] [1-2])?").unwrap();
    let street = proptest::collection::vec(line, 0..5).prop_map(|lines| {
        let street = lines.join("\n").trim().to_owned();
        (!street.is_empty()).then_some(street)
    });
    let address = (street, of(text()), of(text()), of(text()), of(country()));
    (of(text()), of(text()), address).prop_map(|(id, name, address)| {
        let (street, city, postcode, subdivision, country) = address;
        let address = filled(Address {
            street,
            city,
            postcode,
            subdivision,
            country,
        });
        filled(Party { id, name, address })
    })
}

fn origin() -> impl Strategy<Value = Origin> {
    let code = of(select(vec!["861", "811", "626"]));
    (of(country()), of(text()), of(date()), code)
        .prop_filter("says something", |(country, permit, day, _)| {
            country.is_some() || permit.is_some() || day.is_some()
        })
        .prop_map(|(country, permit, issued_on, code)| Origin {
            country,
            permit,
            issued_on,
            type_code: code.map(str::to_owned),
        })
}

fn item() -> impl Strategy<Value = PermitItem> {
    let id = select(vec!["A", "B", "C", "D"]).prop_map(str::to_owned);
    let names = (of(text()), of(text()), of(text()), of(text()));
    let marks = (
        proptest::collection::vec(prop_oneof![text(), Just("M 1".to_owned())], 0..4),
        proptest::collection::vec(text(), 0..2),
    );
    let source = (
        of(select(vec!["W", "I", "C"])),
        of(select(vec!["C", "W"])),
        of(select(vec!["I", "II"])),
        of(select(vec!["A", "B"])),
    );
    let amounts = (of(quantity()), of(decimal()), of(decimal()), of(2000u16..2100));
    let last = (of(country()), of(text()), of(date()));
    let rest = (
        proptest::collection::vec(origin(), 0..4),
        last,
        of(text()),
        of(date()),
        of(text()),
    );
    (id, names, marks, source, amounts, rest).prop_map(
        |(id, names, (marks, traceability_ids), source, amounts, rest)| {
            let own = |code: Option<&str>| code.map(str::to_owned);
            let (country, certificate, issued_on) = rest.1;
            PermitItem {
                id,
                scientific_name: names.0,
                common_name: names.1,
                description: names.2,
                term_code: names.3,
                marks,
                traceability_ids,
                appendix: own(source.2),
                eu_annex: own(source.3),
                source_code: own(source.0),
                secondary_source_code: own(source.1),
                quantity: amounts.0,
                used_to_date_quota: amounts.1,
                annual_quota: amounts.2,
                quota_year: amounts.3,
                origin: rest.0,
                last_re_export: filled(LastReExport {
                    country,
                    certificate,
                    issued_on,
                }),
                operation: rest.2,
                acquired_on: rest.3,
                hs_code: rest.4,
            }
        },
    )
}

fn actor() -> impl Strategy<Value = Option<Actor>> {
    let kind = of(select(vec![ActorKind::Officer, ActorKind::SystemOnBehalfOf]));
    (of(text()), of(text()), of(text()), of(text()), kind).prop_map(|(person_id, name, authority, role, kind)| {
        filled(Actor {
            person_id,
            name,
            authority,
            role,
            kind,
            authentication: None,
            evidence: None,
        })
    })
}

fn endorsement() -> impl Strategy<Value = Endorsement> {
    // Items that are not on the permit, and the same one twice, can happen.
    let line = (select(vec!["A", "B", "C", "D", "E"]), quantity());
    let line = line.prop_map(|(item, quantity)| EndorsedItem {
        item: item.to_owned(),
        quantity,
    });
    let place = (of(text()), of(text()), of(text()), of(text()));
    let ids = (of(text()), text(), country(), of(text()), of(text()), any::<bool>());
    let withdrawal = of((text(), actor(), of(moment())));
    let lines = proptest::collection::vec(line, 0..4);
    (of(moment()), place, actor(), lines, ids, withdrawal).prop_map(
        |(at, place, endorsed_by, items, ids, withdrawal)| {
            let (code, name, port_code, port_name) = place;
            let scheme = "mrn".to_owned();
            Endorsement {
                id: ids.0,
                permit: ids.1,
                issuing_country: ids.2,
                at,
                office: filled(Office { code, name }),
                port: filled(Port {
                    code: port_code,
                    name: port_name,
                }),
                endorsed_by,
                transport_document: ids.3,
                items,
                declaration: ids.4.map(|value| DeclarationId { scheme, value }),
                status: if ids.5 {
                    EndorsementStatus::Valid
                } else {
                    EndorsementStatus::Withdrawn
                },
                withdrawal: withdrawal.map(|(reason, by, at)| Withdrawal { reason, by, at }),
                supersedes: None,
            }
        },
    )
}

fn signatory() -> impl Strategy<Value = Option<Signatory>> {
    use SignatoryRole::{A, B, C, D};
    let parts = (of(text()), of(text()), of(text()), of(moment()), of(text()));
    (of(select(vec![A, B, C, D])), parts).prop_map(|(role, (name, authority, place, at, method))| {
        filled(Signatory {
            role,
            name,
            authority,
            place,
            at,
            method,
        })
    })
}

type Head = (Permit, Vec<Option<Signatory>>);

fn head() -> impl Strategy<Value = Head> {
    use PermitKind::{Export, Import, Other, ReExport};
    let kind = (
        select(vec![Export, ReExport, Import, Other]),
        of(text()),
        of(any::<bool>()),
    );
    let validity = (of(moment()), of(moment()), of(text()));
    let texts = (of(text()), of(text()), of(text()), of(text()));
    let issue = (of(moment()), of(text()), of(text()));
    let signatories = proptest::collection::vec(signatory(), 0..5);
    (text(), country(), kind, validity, texts, issue, signatories).prop_map(
        |(number, issuing_country, kind, validity, texts, issue, signatories)| {
            let permit = Permit {
                number,
                issuing_country,
                kind: kind.0,
                kind_name: kind.1,
                copy_indicator: kind.2,
                valid_from: validity.0,
                valid_until: validity.1,
                time_zone: validity.2,
                special_conditions: texts.0,
                purpose_code: texts.1,
                purpose: texts.2,
                security_stamp: texts.3,
                issued_at: issue.0,
                issued_place: issue.1,
                transport_document: issue.2,
                ..Permit::default()
            };
            (permit, signatories)
        },
    )
}

/// Permits in the order in which a message has things: signatures by role, endorsed items as on the permit.
fn permit() -> impl Strategy<Value = Permit> {
    let parties = (party(), party(), party(), party(), of(country()), of(country()));
    let lists = (
        proptest::collection::vec(item(), 0..4),
        proptest::collection::vec(endorsement(), 0..4),
        proptest::collection::vec((of(text()), of(text())), 0..3),
    );
    let standing = (
        of(select(vec![PermitStatus::Issued, PermitStatus::Revoked])),
        of(select(vec![PermitUsage::Unused, PermitUsage::Used])),
        of(select(vec![PermitUse::Single, PermitUse::Multiple])),
        of(any::<bool>()),
        of((2000u16..2100, of(moment()))),
        (of(text()), of(text()), of(text())),
    );
    (head(), parties, lists, standing).prop_map(|(head, parties, lists, standing)| {
        let (mut items, mut endorsements, attachments) = lists;
        let mut ids = std::collections::BTreeSet::new();
        items.retain(|item| ids.insert(item.id.clone()));
        let place = |line: &EndorsedItem| {
            let place = items.iter().position(|item: &PermitItem| item.id == line.item);
            place.unwrap_or(usize::MAX)
        };
        for endorsement in &mut endorsements {
            endorsement.items.sort_by_key(place);
        }
        let (permit, signatories) = head;
        let mut signatories: Vec<Signatory> = signatories.into_iter().flatten().collect();
        signatories.sort_by_key(|one| (one.role.is_none(), one.role));
        let attachments = attachments.into_iter().filter_map(|(name, digest)| {
            filled(Attachment {
                name,
                media_type: None,
                digest,
            })
        });
        Permit {
            importer: parties.0,
            exporter: parties.1,
            applicant: parties.2,
            authority: parties.3,
            country_of_import: parties.4,
            country_of_export: parties.5,
            signatories,
            items,
            endorsements,
            attachments: attachments.collect(),
            status: standing.0,
            usage: standing.1,
            use_kind: standing.2,
            composite: standing.3,
            reported: standing.4.map(|(year, at)| Reported { year: Some(year), at }),
            token: standing.5.0,
            replaces: standing.5.1,
            replaced_by: standing.5.2,
            ..permit
        }
    })
}

/// Reads what was written, and compares the JSON: two moments are equal there only if they are written the same.
fn check(permit: &Permit, form: Form) {
    let text = write_permit(permit, form).unwrap_or_else(|error| panic!("{error}\n{permit:#?}"));
    let read = read_permit(text.as_bytes(), None).unwrap();
    assert_eq!(
        serde_json::to_value(&read).unwrap(),
        serde_json::to_value(permit).unwrap(),
        "{text}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_read_back_equal(permit in permit()) {
        check(&permit, Form::Message);
        check(&permit, Form::Response);
    }

    #[test]
    fn reading_never_panics(permit in permit(), at in 0usize..4000, byte in any::<u8>()) {
        let mut bytes = write_permit(&permit, Form::Response).unwrap().trim_end().to_owned().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read_permit(&bytes, None);
        bytes.truncate(at);
        prop_assert!(read_permit(&bytes, None).is_err());
    }
}

#[test]
fn a_permit_with_an_item_twice_is_not_written() {
    let item = |id: &str| PermitItem {
        id: id.to_owned(),
        ..PermitItem::default()
    };
    let permit = Permit {
        number: "XA1".to_owned(),
        issuing_country: "XA".to_owned(),
        items: vec![item("A"), item("a")],
        ..Permit::default()
    };
    let error = write_permit(&permit, Form::Message).unwrap_err().to_string();
    assert!(error.contains("the ID a is given twice"), "{error}");
}

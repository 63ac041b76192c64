//! Every published message: notifications, the export case, declarations that carry permits or waivers.

mod standards;

use dragoman_documents::{Declaration, Event};
use dragoman_xml::Refusal;
use std::collections::BTreeSet;
use std::path::Path;
use wco_customs::{Config, read_declaration, read_notice};

fn read(folder: &Path, file: &str) -> Vec<u8> {
    std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every file below a folder must be in the table: a sample that is added is a case that is missing.
fn assert_complete(folder: &Path, table: &BTreeSet<&str>) {
    let mut pending = vec![folder.to_path_buf()];
    while let Some(place) = pending.pop() {
        for entry in std::fs::read_dir(&place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                assert!(table.contains(name.as_str()), "{name} is in no table");
            }
        }
    }
}

type NoticeRow = (
    &'static str,
    Event,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u32,
    &'static str,
);

/// file, event, code, message id, MRN, LRN, version, effective at
const NOTIFICATIONS: &[NoticeRow] = &[
    (
        "01_DMSACC.xml",
        Event::Accepted,
        "01",
        "a6e4e95b91be4fe4a95800c235c7c010",
        "19GBCKKCQSXV2FGVA8",
        "3.1_P1_TT_1311RM41",
        2,
        "2019-11-13T08:00:00Z",
    ),
    (
        "02_DMSRCV.xml",
        Event::Received,
        "02",
        "96209a1284e649abbd269c37b2530b74",
        "19GBCKKCQSXV2FGVA8",
        "3.1_P1_TT_1311RM41",
        1,
        "2019-11-13T17:21:39Z",
    ),
    (
        "03_DMSREJ.xml",
        Event::Rejected,
        "03",
        "561fb99741a94910913f9bd1e4d4055e",
        "20GB1NA4Y2YSRFGVR6",
        "Sample_A_TC01_1102_03",
        1,
        "2020-02-11T11:42:12Z",
    ),
    (
        "05_DMSCTL.xml",
        Event::Held,
        "05",
        "cf614e6aa7fe4c01ae675b40ef4dffcf",
        "20GB1Q3RTK463FGVR4",
        "IM08a_PHYCTL_002",
        1,
        "2020-02-13T11:07:23Z",
    ),
    (
        "06_DMSDOC.xml",
        Event::DocumentsRequested,
        "06",
        "450a2ae1589b40cb9db92fef786e8777",
        "23GBCXDLLRXMOCTAA4",
        "CDCMRESLCTTT2211KM05",
        1,
        "2023-11-22T16:33:45Z",
    ),
    (
        "07_DMSRES.xml",
        Event::Inspected,
        "07",
        "f01bff53f1ff47c1b2fdac4bf560dfe8",
        "19GBCKKCQSXV2FGVA8",
        "3.1_P1_TT_1311RM41",
        2,
        "2019-11-13T17:22:17Z",
    ),
    (
        "08_DMSROG.xml",
        Event::Released,
        "08",
        "b850b7f5b53a4e699713199658a2d17f",
        "20GB1OJPU2P01FGVR4",
        "R251_TC05_2111_13",
        3,
        "2020-02-12T09:15:07Z",
    ),
    (
        "09_DMSCLE.xml",
        Event::Cleared,
        "09",
        "33a255bb919f485681b057d74164cb00",
        "19GBCKKCQSXV2FGVA8",
        "3.1_P1_TT_1311RM41",
        2,
        "2019-11-13T17:22:17Z",
    ),
    (
        "10_DMSINV.xml",
        Event::Invalidated,
        "10",
        "6d28f492631e40d5ac020129051f3f85",
        "20GB0NKQGSX2IX8PR5",
        "TC18_SM_1701_004",
        1,
        "2020-01-17T13:30:13Z",
    ),
    (
        "11_DMSREQ.xml",
        Event::Other,
        "11",
        "1fefd5ad7dae41d7b847c8efab5f39fb",
        "20GB1OJPU2P01FGVR4",
        "Comp_Amend_001",
        1,
        "2020-02-12T09:11:50Z",
    ),
    (
        "13_DMSTAX.xml",
        Event::Taxed,
        "13",
        "026dbf69ad164b92868f5df716955cad",
        "20GB1Q3RTK463FGVR4",
        "IM08a_PHYCTL_002",
        1,
        "2020-02-13T11:11:55Z",
    ),
    (
        "14_DMSCPI.xml",
        Event::Other,
        "14",
        "58732f17f9d7459d91e775e1edf9cd55",
        "20GB7HGPXUC5DFGVR2",
        "TT_IM01a_CPI_0707_09",
        1,
        "2020-07-07T13:58:08Z",
    ),
    (
        "15_DMSCPR.xml",
        Event::Other,
        "15",
        "bee6c4091dd14ef2a058c73398029611",
        "20GB7HGPXUC5DFGVR2",
        "TT_IM01a_CPI_0707_09",
        1,
        "2020-07-08T13:58:08Z",
    ),
    (
        "16_DMSEOG.xml",
        Event::Exited,
        "16",
        "fb2794252d6b45e6b5def84d53bb969f",
        "19GBCKKCQSXV2FGVA8",
        "3.1_P1_TT_1311RM41",
        2,
        "2019-11-13T00:00:00Z",
    ),
    (
        "17_DMSGER.xml",
        Event::Other,
        "18",
        "8a96724cd7cc4a0cbbff980753ec4627",
        "24GB9WRD7U2Y5ISAA2",
        "U.7847610GCIRM",
        1,
        "2024-10-21T16:28:14Z",
    ),
];

const MRN: &str = "24GB0MC86MH6WYKAA3";
const LRN: &str = "7849431KJ7CH";

const EXPORT_CASE: &[NoticeRow] = &[
    (
        "Example_Notifications/01_DMSRCV.xml",
        Event::Received,
        "02",
        "e8607b1bf6944fcc9919bdacddb12d9b",
        MRN,
        LRN,
        1,
        "2024-01-16T15:13:13Z",
    ),
    (
        "Example_Notifications/02_DMSACC.xml",
        Event::Accepted,
        "01",
        "488e4ab8b03a4de48eb3b089d26ebf20",
        MRN,
        LRN,
        2,
        "2024-01-16T15:13:37Z",
    ),
    (
        "Example_Notifications/03_DMSRES.xml",
        Event::Inspected,
        "07",
        "49ed529aed4d40168beda2310addd4db",
        MRN,
        LRN,
        2,
        "2024-01-16T15:13:38Z",
    ),
    (
        "Example_Notifications/04_DMSCLE.xml",
        Event::Cleared,
        "09",
        "45af95269973487d8c491f07fcad24c3",
        MRN,
        LRN,
        2,
        "2024-01-16T15:13:38Z",
    ),
    (
        "Example_Notifications/05_DMSEOG.xml",
        Event::Exited,
        "16",
        "c3ab43ea544a4ad2bc018ca4bdfe810a",
        MRN,
        LRN,
        2,
        "2024-01-16T00:00:00Z",
    ),
];

fn check_notices(folder: &Path, table: &[NoticeRow]) {
    for (file, event, code, message_id, mrn, lrn, version, effective_at) in table {
        let notice = read_notice(read(folder, file), "sha256:none", &Config::default())
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(notice.event, *event, "{file}");
        assert_eq!(notice.code, *code, "{file}");
        assert_eq!(notice.message_id, *message_id, "{file}");
        assert_eq!(
            (notice.declaration.scheme.as_str(), notice.declaration.value.as_str()),
            ("mrn", *mrn),
            "{file}"
        );
        assert_eq!(notice.lrn.as_deref(), Some(*lrn), "{file}");
        assert_eq!(notice.version, Some(*version), "{file}");
        assert_eq!(notice.effective_at.to_string(), *effective_at, "{file}");
    }
}

#[test]
fn notifications_are_read() {
    let Some(wco) = standards::wco() else { return };
    let folder = wco.join("notifications");
    assert_complete(&folder, &NOTIFICATIONS.iter().map(|row| row.0).collect());
    check_notices(&folder, NOTIFICATIONS);

    let exited = read_notice(read(&folder, "16_DMSEOG.xml"), "", &Config::default()).unwrap();
    assert_eq!(exited.actual_office_of_exit.unwrap().code.as_deref(), Some("GB000041"));
    let invalidated = read_notice(read(&folder, "10_DMSINV.xml"), "", &Config::default()).unwrap();
    assert_eq!(invalidated.reason.as_deref(), Some("Comments for Submitter for TC18"));
    let rejected = read_notice(read(&folder, "03_DMSREJ.xml"), "", &Config::default()).unwrap();
    assert_eq!(rejected.errors.len(), 1);
    assert_eq!(rejected.errors[0].code.as_deref(), Some("CDS12005"));
    assert_eq!(rejected.errors[0].pointer.as_deref(), Some("42A/17C/R144"));
}

#[test]
fn the_export_case_is_read() {
    let Some(wco) = standards::wco() else { return };
    let folder = wco.join("export-case");
    let others = [
        "TT_EX011a.xml",
        "Movement_Messages/EAL.xml",
        "Movement_Messages/EDL.xml",
    ];
    assert_complete(&folder, &EXPORT_CASE.iter().map(|row| row.0).chain(others).collect());
    check_notices(&folder, EXPORT_CASE);

    let declaration = read_declaration(read(&folder, "TT_EX011a.xml"), &Config::default()).unwrap();
    assert_eq!(
        (declaration.id.scheme.as_str(), declaration.id.value.as_str()),
        ("lrn", LRN)
    );
    assert_eq!(declaration.ucr.as_deref(), Some("4GB602115393506-Q6OE1VLI4"));
    assert_eq!(declaration.procedure_code.as_deref(), Some("1040"));
    assert_eq!(declaration.country_of_export.as_deref(), Some("GB"));
    assert_eq!(declaration.country_of_destination.as_deref(), Some("US"));
    assert_eq!(declaration.office_of_exit.unwrap().code.as_deref(), Some("GB000040"));
    assert_eq!(declaration.containers, ["CONU1234567"]);
    assert_eq!(declaration.goods[0].hs_code.as_deref(), Some("46021910"));
    assert!(declaration.permits.is_empty() && declaration.waivers.is_empty());
    for movement in &others[1..] {
        let refused = read_notice(read(&folder, movement), "", &Config::default()).unwrap_err();
        assert!(matches!(refused, Refusal::Unexpected { .. }), "{movement}: {refused}");
    }
}

/// file, LRN, goods items, waivers as goods item numbers, permits as country, number and lines
type DeclarationRow = (
    &'static str,
    &'static str,
    usize,
    &'static [u32],
    &'static [(&'static str, &'static str, &'static str)],
);

const DECLARATIONS: &[DeclarationRow] = &[
    ("Step1_TT_IM083a.xml", "U.78477672OFLR", 3, &[1, 2], &[]),
    (
        "Step1_TT_IM138a.xml",
        "7849431UBIFB",
        1,
        &[],
        &[("GB", "GBICP896458895015", "1: 50 KGM NetMass")],
    ),
    ("Step1_TT_IM164a.xml", "7849431P0DLV17_025", 1, &[1], &[]),
    ("Step1_TT_IM173a.xml", "7849431PKQ9E", 1, &[1], &[]),
    ("Step1_TT_IM181a.xml", "7849431WBZJ0", 1, &[1], &[]),
    ("Step1_TT_IM185a.xml", "7849431VVMOK", 1, &[1], &[]),
    (
        "TT_IM036a.xml",
        "78494316TTBI",
        1,
        &[],
        &[("XI", "XIICP553202734852", "1: 50 KGM NetMass")],
    ),
    (
        "TT_IM074a.xml",
        "U.7867523S0UB3",
        1,
        &[],
        &[
            ("FR", "FRICP12568", "1: 2000 KGM NetMass"),
            ("GB", "GBICP553202734852", "1: 2000 KGM NetMass"),
        ],
    ),
    (
        "TT_IM091a.xml",
        "78494319USHP",
        1,
        &[],
        &[("GB", "GBICP54321", "1: 0.5 KGM NetMass")],
    ),
];

/// The lines of a permit on one line of text.
fn lines(declaration: &Declaration, number: &str) -> String {
    let permit = declaration
        .permits
        .iter()
        .find(|permit| permit.number == number)
        .unwrap();
    let texts = permit.lines.iter().map(|line| match (&line.quantity, line.basis) {
        (Some(quantity), Some(basis)) => format!("{}: {} {} {basis:?}", line.goods_item, quantity.value, quantity.unit),
        _ => format!("{}: none", line.goods_item),
    });
    texts.collect::<Vec<_>>().join(", ")
}

#[test]
fn declarations_with_permits_are_read() {
    let Some(wco) = standards::wco() else { return };
    let folder = wco.join("declarations-with-cites");
    assert_complete(&folder, &DECLARATIONS.iter().map(|row| row.0).collect());
    for (file, lrn, goods, waivers, permits) in DECLARATIONS {
        let declaration =
            read_declaration(read(&folder, file), &Config::default()).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(declaration.lrn.as_deref(), Some(*lrn), "{file}");
        assert_eq!(declaration.goods.len(), *goods, "{file}");
        let read_waivers: Vec<u32> = declaration
            .waivers
            .iter()
            .filter_map(|waiver| waiver.goods_item)
            .collect();
        assert_eq!(read_waivers, *waivers, "{file}");
        let found: Vec<(&str, &str, String)> = declaration
            .permits
            .iter()
            .map(|permit| {
                (
                    permit.issuing_country.as_str(),
                    permit.number.as_str(),
                    lines(&declaration, &permit.number),
                )
            })
            .collect();
        let expected: Vec<(&str, &str, String)> = permits
            .iter()
            .map(|(country, number, lines)| (*country, *number, (*lines).to_owned()))
            .collect();
        assert_eq!(found, expected, "{file}");
        let wrong_kind = read_notice(read(&folder, file), "", &Config::default()).unwrap_err();
        assert!(matches!(wrong_kind, Refusal::Unexpected { .. }), "{file}: {wrong_kind}");
    }
}

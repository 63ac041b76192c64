//! `dragoman plugin call` on real messages: events, ids, permits, and what is refused where.

use dragoman_acceptance::Error;
use dragoman_support::process::{Finished, workspace_root};
use serde_json::{Value, json};

use crate::place::{command, orderly, plugin, standard, text};

/// Calls an operation of `wco-customs` or another plugin with a message.
async fn call(name: &str, operation: &str, message: &str) -> Result<Finished, Error> {
    let document = format!("message={message}");
    let plugin = plugin(name);
    let arguments = ["plugin", "call", text(&plugin), operation, "--document", &document];
    command(&workspace_root(), &arguments).await
}

/// The output, after an exit with 0.
#[track_caller]
fn output(finished: &Finished, file: &str) -> Result<Value, Error> {
    assert_eq!(finished.code, Some(0), "{file}: {}{}", finished.out, finished.err);
    Ok(serde_json::from_str(&finished.out)?)
}

/// The failure, after an exit with this code.
#[track_caller]
fn failure(finished: &Finished, exit: i32, what: &str) -> Result<Value, Error> {
    assert_eq!(finished.code, Some(exit), "{what}: {}{}", finished.out, finished.err);
    orderly(&finished.err);
    Ok(serde_json::from_str(&finished.out)?)
}

/// File, event, code, version, movement reference number.
const NOTICES: &[(&str, &str, &str, u64, &str)] = &[
    ("notifications/01_DMSACC.xml", "accepted", "01", 2, "19GBCKKCQSXV2FGVA8"),
    ("notifications/02_DMSRCV.xml", "received", "02", 1, "19GBCKKCQSXV2FGVA8"),
    ("notifications/03_DMSREJ.xml", "rejected", "03", 1, "20GB1NA4Y2YSRFGVR6"),
    ("notifications/05_DMSCTL.xml", "held", "05", 1, "20GB1Q3RTK463FGVR4"),
    (
        "notifications/06_DMSDOC.xml",
        "documents_requested",
        "06",
        1,
        "23GBCXDLLRXMOCTAA4",
    ),
    (
        "notifications/07_DMSRES.xml",
        "inspected",
        "07",
        2,
        "19GBCKKCQSXV2FGVA8",
    ),
    ("notifications/08_DMSROG.xml", "released", "08", 3, "20GB1OJPU2P01FGVR4"),
    ("notifications/09_DMSCLE.xml", "cleared", "09", 2, "19GBCKKCQSXV2FGVA8"),
    (
        "notifications/10_DMSINV.xml",
        "invalidated",
        "10",
        1,
        "20GB0NKQGSX2IX8PR5",
    ),
    ("notifications/11_DMSREQ.xml", "other", "11", 1, "20GB1OJPU2P01FGVR4"),
    ("notifications/13_DMSTAX.xml", "taxed", "13", 1, "20GB1Q3RTK463FGVR4"),
    ("notifications/14_DMSCPI.xml", "other", "14", 1, "20GB7HGPXUC5DFGVR2"),
    ("notifications/15_DMSCPR.xml", "other", "15", 1, "20GB7HGPXUC5DFGVR2"),
    ("notifications/16_DMSEOG.xml", "exited", "16", 2, "19GBCKKCQSXV2FGVA8"),
    // The file's name says 17; the message itself says 18.
    ("notifications/17_DMSGER.xml", "other", "18", 1, "24GB9WRD7U2Y5ISAA2"),
    (
        "export-case/Example_Notifications/01_DMSRCV.xml",
        "received",
        "02",
        1,
        "24GB0MC86MH6WYKAA3",
    ),
    (
        "export-case/Example_Notifications/02_DMSACC.xml",
        "accepted",
        "01",
        2,
        "24GB0MC86MH6WYKAA3",
    ),
    (
        "export-case/Example_Notifications/03_DMSRES.xml",
        "inspected",
        "07",
        2,
        "24GB0MC86MH6WYKAA3",
    ),
    (
        "export-case/Example_Notifications/04_DMSCLE.xml",
        "cleared",
        "09",
        2,
        "24GB0MC86MH6WYKAA3",
    ),
    (
        "export-case/Example_Notifications/05_DMSEOG.xml",
        "exited",
        "16",
        2,
        "24GB0MC86MH6WYKAA3",
    ),
];

#[tokio::test]
async fn every_published_notification_is_read() -> Result<(), Error> {
    let Some(folder) = standard("wco") else { return Ok(()) };
    let mut ids = std::collections::BTreeSet::new();
    for (file, event, code, version, mrn) in NOTICES {
        let finished = call("wco-customs", "read_notice", text(&folder.join(file))).await?;
        let notice = output(&finished, file)?;
        let seen = json!([
            notice["event"],
            notice["code"],
            notice["version"],
            notice["declaration"]
        ]);
        let wanted = json!([event, code, version, { "scheme": "mrn", "value": mrn }]);
        assert_eq!(seen, wanted, "{file}");
        let id = notice["message_id"].as_str().unwrap_or_default().to_owned();
        assert!(!id.is_empty() && ids.insert(id), "{file}: {}", notice["message_id"]);
    }
    let there = |folder: std::path::PathBuf| std::fs::read_dir(folder).map_or(0, Iterator::count);
    let files = there(folder.join("notifications")) + there(folder.join("export-case/Example_Notifications"));
    assert_eq!(files, NOTICES.len(), "a notification has no line in the table");
    Ok(())
}

/// File, local reference number, direction, permits as `country number quantity unit`, waivers.
type Read = (&'static str, &'static str, &'static str, &'static [&'static str], usize);

const DECLARATIONS: &[Read] = &[
    ("export-case/TT_EX011a.xml", "7849431KJ7CH", "export", &[], 0),
    (
        "declarations-with-cites/Step1_TT_IM083a.xml",
        "U.78477672OFLR",
        "import",
        &[],
        2,
    ),
    (
        "declarations-with-cites/Step1_TT_IM138a.xml",
        "7849431UBIFB",
        "import",
        &["GB GBICP896458895015 50 KGM"],
        0,
    ),
    (
        "declarations-with-cites/Step1_TT_IM164a.xml",
        "7849431P0DLV17_025",
        "import",
        &[],
        1,
    ),
    (
        "declarations-with-cites/Step1_TT_IM173a.xml",
        "7849431PKQ9E",
        "import",
        &[],
        1,
    ),
    (
        "declarations-with-cites/Step1_TT_IM181a.xml",
        "7849431WBZJ0",
        "import",
        &[],
        1,
    ),
    (
        "declarations-with-cites/Step1_TT_IM185a.xml",
        "7849431VVMOK",
        "import",
        &[],
        1,
    ),
    (
        "declarations-with-cites/TT_IM036a.xml",
        "78494316TTBI",
        "import",
        &["XI XIICP553202734852 50 KGM"],
        0,
    ),
    (
        "declarations-with-cites/TT_IM074a.xml",
        "U.7867523S0UB3",
        "import",
        &["FR FRICP12568 2000 KGM", "GB GBICP553202734852 2000 KGM"],
        0,
    ),
    (
        "declarations-with-cites/TT_IM091a.xml",
        "78494319USHP",
        "import",
        &["GB GBICP54321 0.5 KGM"],
        0,
    ),
];

#[tokio::test]
async fn every_published_declaration_is_read() -> Result<(), Error> {
    let Some(folder) = standard("wco") else { return Ok(()) };
    for (file, lrn, direction, permits, waivers) in DECLARATIONS {
        let finished = call("wco-customs", "read_declaration", text(&folder.join(file))).await?;
        let declaration = output(&finished, file)?;
        let list = |member: &str| declaration[member].as_array().cloned().unwrap_or_default();
        let mut seen = Vec::new();
        for permit in list("permits") {
            for line in permit["lines"].as_array().into_iter().flatten() {
                let words = [
                    &permit["issuing_country"],
                    &permit["number"],
                    &line["quantity"]["value"],
                    &line["quantity"]["unit"],
                ];
                let words: Vec<&str> = words.iter().filter_map(|v| v.as_str()).collect();
                seen.push(words.join(" "));
            }
        }
        assert_eq!(&seen, permits, "{file}");
        assert_eq!(list("waivers").len(), *waivers, "{file}");
        assert_eq!(declaration["id"], json!({ "scheme": "lrn", "value": lrn }), "{file}");
        assert_eq!(declaration["direction"], *direction, "{file}");
    }
    Ok(())
}

#[tokio::test]
async fn a_published_permit_answer_is_read() -> Result<(), Error> {
    let Some(file) = standard("epix/v2-get_non_final_cites_certificate.xml") else {
        return Ok(());
    };
    let finished = call("epix", "read_permit", text(&file)).await?;
    let permit = output(&finished, "epix")?;
    assert!(permit["number"].as_str().is_some_and(|n| !n.is_empty()), "{permit}");
    assert!(
        !permit.to_string().contains("\"?\""),
        "a `?` is absent, not a value: {permit}"
    );
    Ok(())
}

#[tokio::test]
async fn another_kind_of_message_is_refused() -> Result<(), Error> {
    let Some(folder) = standard("wco") else { return Ok(()) };
    let wrong = [
        ("read_declaration", "export-case/Movement_Messages/EAL.xml"),
        ("read_declaration", "export-case/Movement_Messages/EDL.xml"),
        ("read_notice", "export-case/Movement_Messages/EAL.xml"),
        ("read_notice", "export-case/TT_EX011a.xml"),
        ("read_declaration", "notifications/08_DMSROG.xml"),
    ];
    for (operation, file) in wrong {
        let finished = call("wco-customs", operation, text(&folder.join(file))).await?;
        let failure = failure(&finished, 11, file)?;
        assert_eq!(failure["effect"], "none", "{file}: {failure}");
        let message = failure["message"].as_str().unwrap_or_default();
        assert!(says_where(message), "{operation} {file}: {message}");
    }
    Ok(())
}

/// Whether a message names a line and a column, as `at 1:55`.
fn says_where(message: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    message.split([' ', ',', ')', ';']).any(|word| {
        word.trim_end_matches(':')
            .split_once(':')
            .is_some_and(|(line, column)| digits(line) && digits(column))
    })
}

#[tokio::test]
async fn broken_messages_are_refused_at_their_place() -> Result<(), Error> {
    let sample = workspace_root().join("plugins/wco-customs/tests/samples/export-with-permits/notice-08-released.xml");
    let sample = match std::fs::read_to_string(&sample) {
        Ok(sample) => sample,
        Err(_) => dragoman_acceptance::Case::with_permits().notice("08")?,
    };
    let half: String = sample.chars().take(sample.chars().count() / 2).collect();
    let broken = [
        ("cut.xml", half),
        ("empty.xml", String::new()),
        ("text.xml", "this is not XML at all".to_owned()),
        (
            "dtd.xml",
            "<!DOCTYPE a [<!ENTITY b \"c\">]>\n<Response>&b;</Response>".to_owned(),
        ),
        (
            "mismatched.xml",
            sample.replacen("</FunctionCode>", "</FunctionCod>", 1),
        ),
        (
            "prefixed.xml",
            sample.replacen("</p:FunctionCode>", "</p:FunctionCod>", 1),
        ),
    ];
    let folder = dragoman_support::process::TempSite::new()?;
    for (name, content) in broken.into_iter().filter(|(_, content)| *content != sample) {
        let path = folder.write(name, content)?;
        for operation in ["read_notice", "read_declaration"] {
            let finished = call("wco-customs", operation, text(&path)).await?;
            let failure = failure(&finished, 11, name)?;
            let message = failure["message"].as_str().unwrap_or_default();
            assert!(says_where(message), "{operation} {name}: {message}");
        }
    }
    Ok(())
}

//! What is written as a case is read as the same, whatever it holds.

use dragoman_manifest::cases::document;
use dragoman_manifest::parse_case;
use dragoman_manifest::written_duration;
use dragoman_model::Source;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Values of messages: texts that look like other things, numbers, lists and objects within each other.
fn values() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        Just("no".to_owned()),
        Just("0012".to_owned()),
        Just("2026-11-02".to_owned()),
        Just("orders[0].usage".to_owned()),
        Just("a: b # c".to_owned()),
        Just("{{ x }}\n\ttwo lines ".to_owned()),
        Just("=steps.a".to_owned()),
        Just(String::new()),
    ];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(json!(1.5)),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_:# ]{1,8}|\\PC{1,4}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn read(text: &str) -> dragoman_manifest::Case {
    let (case, diagnostics) = parse_case(Source::new("case.yaml", text));
    let told: Vec<String> = diagnostics.iter().map(|d| d.render(false)).collect();
    case.unwrap_or_else(|| panic!("{}\n{text}", told.join("\n")))
}

proptest! {
    #[test]
    fn a_written_case_reads_as_the_same(message in values(), output in values(), after in 0u64..400_000_000_000) {
        let text = document(&[
            ("case", json!("It is written.")),
            ("pipeline", json!("ship-orders")),
            ("trigger", json!({ "message": message })),
            ("people", json!([{ "wait": "clerk", "answer": output, "after": written_duration(after) }])),
        ]);
        let case = read(&text);
        let dragoman_manifest::cases::Content::Message(said) = &case.trigger.content else {
            panic!("{text}");
        };
        prop_assert_eq!(said.value(), message);
        prop_assert_eq!(case.people[0].answer.value(), output.clone());
        prop_assert_eq!(case.people[0].after, after);
        // What is expected is written into the text that is there, once where there was nothing and once over it.
        for text in [text.clone(), format!("{text}# the end\nexpect:\n  # kept\n  output: [x]\n  ending: failed\n"), format!("{text}expect: {{ output: 7 }}\n")] {
            let new = read(&text).with_expected(&[("output", Some(output.clone())), ("reason", Some(json!("a: b")))]);
            let expect = read(&new).expect;
            prop_assert_eq!(expect.output.map(|o| o.value()), Some(output.clone()), "{}", new);
            prop_assert_eq!(expect.reason.map(|r| r.value), Some("a: b".to_owned()));
            prop_assert_eq!(expect.ending.is_some(), text.contains("ending"));
            prop_assert_eq!(new.contains("# kept"), text.contains("# kept"), "{}", new);
        }
    }

    #[test]
    fn no_text_makes_reading_a_case_panic(text in "(case|pipeline|trigger|answers|expect|people|[ :\\-{}\\[\\]a-z.\n]){0,40}") {
        let _ = parse_case(Source::new("case.yaml", text));
    }
}

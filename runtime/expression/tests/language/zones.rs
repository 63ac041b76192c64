//! `date(time, zone)`: which zones are found when the expression is checked, and which when it is evaluated.

use dragoman_expression::Expected;
use serde_json::{Value, json};

use crate::world::World;

/// The world with a site; `zone` is what its value was when the expression was checked, `later` what it is by now.
fn world(zone: &str, later: &str) -> World {
    let mut world = World::new();
    world.environment = world
        .environment
        .with_values("site", &json!({ "zone": zone, "limit": 1 }));
    world.roots["site"] = json!({ "zone": later, "limit": 1 });
    world
}

/// The day in a zone of the site, or why there is none.
fn day(text: &str, later: &str) -> Result<Option<Value>, String> {
    let world = world("Europe/Zurich", later);
    let (expression, shape) = world.check(text).unwrap_or_else(|found| panic!("{text}\n{found}"));
    assert_eq!(shape.to_string(), "date", "{text}");
    expression.evaluate(&world).map_err(|error| error.to_string())
}

/// Code, place and help of what is said of an expression.
#[track_caller]
fn refused(text: &str, zone: &str, expected: [&str; 3]) {
    let found = world(zone, zone).diagnose(text, &Expected::Anything);
    let found = found.err().unwrap_or_else(|| panic!("{text} was accepted"));
    let told: Vec<[&str; 3]> = found
        .iter()
        .map(|d| {
            [
                d.code.id,
                d.span.as_ref().map_or("", |span| &text[span.range.clone()]),
                &d.help[0],
            ]
        })
        .collect();
    assert_eq!(told, [expected], "{text}");
}

#[test]
fn a_zone_may_be_a_value() {
    let text = "date(order.placed_at, site.zone)";
    assert_eq!(day(text, "Europe/Zurich"), Ok(Some(json!("2026-11-21"))));
    assert_eq!(day(text, "America/Lima"), Ok(Some(json!("2026-11-20"))));
    let chosen = "date(order.placed_at, order.count > 2 ? 'UTC' : site.zone)";
    assert_eq!(day(chosen, "Europe/Zurich"), Ok(Some(json!("2026-11-20"))));
    // What has no time has the same day in every zone, and no zone is looked for.
    assert_eq!(
        day("date('2026-11-21', site.zone)", "Mars"),
        Ok(Some(json!("2026-11-21")))
    );
}

#[test]
fn a_zone_that_is_none_fails_when_it_is_known() {
    let text = "date(order.placed_at, site.zone)";
    let why = "D0320: `site.zone`: is \"Europe/Zurch\", which is no time zone; did you mean \"Europe/Zurich\"?";
    assert_eq!(day(text, "Europe/Zurch"), Err(why.into()));
    assert_eq!(
        day(text, "x"),
        Err("D0320: `site.zone`: is \"x\", which is no time zone".into())
    );
}

#[test]
fn a_zone_of_the_site_is_looked_up_by_the_check() {
    let text = "date(order.placed_at, site.zone)";
    refused(
        text,
        "Europe/Zurch",
        [
            "D0321",
            "site.zone",
            "let this value be the name of one: `\"Europe/Zurich\"`",
        ],
    );
    refused(
        "date(order.placed_at, 'Europe/Zurch')",
        "UTC",
        ["D0321", "'Europe/Zurch'", "write the name of one: `\"Europe/Zurich\"`"],
    );
    refused(
        "date(order.placed_at, site.limit)",
        "UTC",
        [
            "D0304",
            "site.limit",
            "write the name of a zone in quotes: `\"Europe/Zurich\"`, `\"UTC\"`",
        ],
    );
}

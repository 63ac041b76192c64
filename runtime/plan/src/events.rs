//! The events of a site: what pipelines may hand to it, and the shape of what each brings.

use std::collections::BTreeMap;

use dragoman_manifest::pipeline::{OperationName, SaidShape};
use dragoman_manifest::{Site, Spanned};
use dragoman_model::Diagnostic;
use dragoman_schema::{Marks, Shape};

use crate::World;
use crate::check::{place_in, schema_shape, unknown_name};
use crate::codes;

/// The events that a site file says, by name, each with its shape; none where its shape is wrong, or follows from a
/// connection that cannot be used. The world has the site's connections already.
pub fn site_events(site: &Site, world: &World) -> (BTreeMap<String, Option<Shape>>, Vec<Diagnostic>) {
    let mut events = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for (name, said) in &site.events {
        let shape = match said {
            SaidShape::Schema { schema, places } => {
                let what = format!("the event `{}`", name.value);
                let place = |at: &str| place_in(places, at).unwrap_or(&name.span).clone();
                schema_shape(schema, &place, &what, codes::EVENT_SHAPE, &mut diagnostics)
            }
            SaidShape::Operation(operation) => output_of(operation, world, &mut diagnostics),
        };
        events.insert(name.value.clone(), shape);
    }
    (events, diagnostics)
}

/// What of the events of a site file is personal or secret, as their schemas say.
pub fn event_marks(site: &Site, world: &World) -> BTreeMap<String, Marks> {
    let events = site.events.iter().map(|(name, said)| {
        let marks = match said {
            SaidShape::Schema { schema, .. } => Marks::of_schema(schema),
            SaidShape::Operation(operation) => {
                let connection = world.connections.get(&operation.connection.value);
                let surface = connection.and_then(|c| c.surface.operations.get(&operation.operation.value));
                surface.map(|surface| surface.output_marks.clone()).unwrap_or_default()
            }
        };
        (name.value.clone(), marks)
    });
    events.collect()
}

/// The shape of an operation's output; none where there is no such operation, which is reported, or nothing is known of
/// its connection.
fn output_of(name: &OperationName, world: &World, diagnostics: &mut Vec<Diagnostic>) -> Option<Shape> {
    let OperationName { connection, operation } = name;
    if world.broken_connections.contains(&connection.value) {
        return None;
    }
    let report = |name: &Spanned<String>, names: Vec<&String>, code, what: &str, place: &str| {
        unknown_name(name, names.into_iter(), code, what, place)
    };
    let Some(found) = world.connections.get(&connection.value) else {
        let names = world.connections.keys().collect();
        let place = "`connections` of the site file";
        let code = codes::UNKNOWN_CONNECTION;
        diagnostics.push(report(connection, names, code, "there is no connection", place));
        return None;
    };
    let Some(surface) = found.surface.operations.get(&operation.value) else {
        let names = found.surface.operations.keys().collect();
        let what = format!("the plugin `{}` has no operation", found.surface.name);
        diagnostics.push(report(operation, names, codes::UNKNOWN_OPERATION, &what, "the plugin"));
        return None;
    };
    Some(surface.output.clone())
}

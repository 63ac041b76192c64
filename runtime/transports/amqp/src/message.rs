//! A message as the broker delivered it, in the form in which the engine takes messages.

use bytes::Bytes;
use dragoman_model::Digest;
use lapin::BasicProperties;
use lapin::types::AMQPValue;

/// Headers that never go into the trail: credentials, and the broker's own count, which differs with each delivery.
const LEFT_OUT: [&str; 5] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    DELIVERY_COUNT,
];
/// What nobody says and nothing shows.
const BYTES: &str = "application/octet-stream";
/// How often a quorum queue has delivered the message before.
const DELIVERY_COUNT: &str = "x-delivery-count";

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) body: Bytes,
    /// As the publisher says, or as it looks.
    pub(crate) media_type: String,
    /// Names in small letters, as those of HTTP are.
    pub(crate) headers: Vec<(String, String)>,
    /// How often it was delivered before and not taken; 0 where the queue does not count.
    pub(crate) before: u64,
    pub(crate) exchange: String,
    pub(crate) routing_key: String,
}

impl Message {
    pub(crate) fn of(delivery: &mut lapin::message::Delivery) -> Self {
        let body = Bytes::from(std::mem::take(&mut delivery.data));
        let properties = &delivery.properties;
        let said = properties.content_type().as_ref().map(|t| media_type(t.as_str()));
        Message {
            media_type: said
                .filter(|t| !t.is_empty())
                .unwrap_or_else(|| dragoman_engine::source::media_type(&body).unwrap_or(BYTES).to_owned()),
            headers: headers(properties),
            before: before(properties),
            exchange: delivery.exchange.to_string(),
            routing_key: delivery.routing_key.to_string(),
            body,
        }
    }

    /// By what it is known.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.body)
    }
}

/// Application headers, and three of the properties under the names that they have there where no header has them.
fn headers(properties: &BasicProperties) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| {
        let name = name.to_ascii_lowercase();
        if !LEFT_OUT.contains(&&*name) && !headers.iter().any(|(known, _)| *known == name) {
            headers.push((name, value));
        }
    };
    for (name, value) in properties.headers().iter().flat_map(|table| table.inner()) {
        if let Some(text) = text(value) {
            add(name.as_str(), text);
        }
    }
    let further = [
        ("message-id", properties.message_id()),
        ("correlation-id", properties.correlation_id()),
        ("content-type", properties.content_type()),
    ];
    for (name, value) in further {
        if let Some(value) = value {
            add(name, value.to_string());
        }
    }
    headers
}

/// A value of a header as a text. Lists, tables and bytes have none.
fn text(value: &AMQPValue) -> Option<String> {
    Some(match value {
        AMQPValue::LongString(text) => std::str::from_utf8(text.as_bytes()).ok()?.to_owned(),
        AMQPValue::ShortString(text) => text.to_string(),
        AMQPValue::Boolean(value) => value.to_string(),
        AMQPValue::Float(value) => value.to_string(),
        AMQPValue::Double(value) => value.to_string(),
        AMQPValue::Timestamp(seconds) => seconds.to_string(),
        whole => number(whole)?.to_string(),
    })
}

fn number(value: &AMQPValue) -> Option<i64> {
    Some(match value {
        AMQPValue::ShortShortInt(n) => i64::from(*n),
        AMQPValue::ShortShortUInt(n) => i64::from(*n),
        AMQPValue::ShortInt(n) => i64::from(*n),
        AMQPValue::ShortUInt(n) => i64::from(*n),
        AMQPValue::LongInt(n) => i64::from(*n),
        AMQPValue::LongUInt(n) => i64::from(*n),
        AMQPValue::LongLongInt(n) => *n,
        _ => return None,
    })
}

fn before(properties: &BasicProperties) -> u64 {
    let headers = properties.headers().as_ref();
    let count = headers.and_then(|table| number(table.inner().get(DELIVERY_COUNT)?));
    count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

fn media_type(said: &str) -> String {
    said.split(';').next().unwrap_or(said).trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use lapin::types::{FieldArray, FieldTable};
    use proptest::prelude::*;

    use super::*;

    fn message(properties: BasicProperties, body: &[u8]) -> Message {
        let mut delivery = lapin::message::Delivery::mock(1, "".into(), "orders".into(), false, body.to_vec());
        delivery.properties = properties;
        Message::of(&mut delivery)
    }

    fn table(entries: Vec<(&str, AMQPValue)>) -> FieldTable {
        let mut table = FieldTable::default();
        for (name, value) in entries {
            table.insert(name.into(), value);
        }
        table
    }

    #[test]
    fn headers_are_texts_under_small_names_and_properties_stand_in_for_those_that_are_absent() {
        let headers = table(vec![
            ("Country", AMQPValue::LongString("PL".into())),
            ("Lines", AMQPValue::LongInt(3)),
            ("Urgent", AMQPValue::Boolean(true)),
            ("Message-Id", AMQPValue::LongString("of the header".into())),
            ("Authorization", AMQPValue::LongString("Bearer secret".into())),
            ("list", AMQPValue::FieldArray(FieldArray::default())),
            ("bytes", AMQPValue::LongString(vec![0xff, 0xfe].into())),
            (DELIVERY_COUNT, AMQPValue::LongLongInt(2)),
        ]);
        let properties = BasicProperties::default()
            .with_headers(headers)
            .with_message_id("of the property".into())
            .with_correlation_id("c-1".into())
            .with_content_type("Application/XML; charset=utf-8".into());
        let message = message(properties, b"<a/>");
        let mut found: Vec<String> = message.headers.iter().map(|(n, v)| format!("{n}={v}")).collect();
        found.sort();
        let expected = [
            "content-type=Application/XML; charset=utf-8",
            "correlation-id=c-1",
            "country=PL",
            "lines=3",
            "message-id=of the header",
            "urgent=true",
        ];
        assert_eq!(found, expected);
        assert_eq!((&*message.media_type, message.before), ("application/xml", 2));
    }

    #[test]
    fn what_nobody_says_is_guessed() {
        for (body, expected) in [
            (&b" <a/>"[..], "application/xml"),
            (b"{}", "application/json"),
            (b"", "application/octet-stream"),
        ] {
            assert_eq!(message(BasicProperties::default(), body).media_type, expected);
        }
    }

    /// Any value of a header, nested.
    fn values() -> impl Strategy<Value = AMQPValue> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(AMQPValue::Boolean),
            any::<i64>().prop_map(AMQPValue::LongLongInt),
            any::<i8>().prop_map(AMQPValue::ShortShortInt),
            any::<f64>().prop_map(AMQPValue::Double),
            any::<u64>().prop_map(AMQPValue::Timestamp),
            any::<Vec<u8>>().prop_map(|bytes| AMQPValue::LongString(bytes.into())),
            Just(AMQPValue::Void),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            proptest::collection::vec(inner, 0..3).prop_map(|all| AMQPValue::FieldArray(FieldArray::from(all)))
        })
    }

    proptest! {
        #[test]
        fn no_header_brings_it_down_and_each_name_is_there_once(
            headers in proptest::collection::vec(("[A-Za-z-]{0,12}", values()), 0..6),
            count in values(),
            body in any::<Vec<u8>>(),
        ) {
            let mut all: Vec<(&str, AMQPValue)> = headers.iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
            all.push((DELIVERY_COUNT, count));
            let message = message(BasicProperties::default().with_headers(table(all)), &body);
            prop_assert_eq!(&message.body[..], &body[..]);
            let mut names: Vec<&String> = message.headers.iter().map(|(name, _)| name).collect();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), message.headers.len());
        }
    }
}

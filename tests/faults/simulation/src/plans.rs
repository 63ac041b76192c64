//! What runs in a simulation: pipelines that together use all that makes something happen once. Some work on one message at
//! once, so that one worker leaves to others what it has no room for.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use dragoman_engine::{Boxed, PlanSource};
use dragoman_model::{Digest, Source, Value};
use dragoman_plan::{Plan, World};
use serde_json::json;

use crate::partner::surface;

/// Claims of one account: more than there is must be refused, however they come together.
pub(crate) const STOCK: i64 = 4;

/// An order: a claim, each parcel shipped and told, the whole told, an event. Orders whose number begins alike take turns.
const ORDERS: &str = "
key: trigger.message.number
serial: \"trigger.message.number.startsWith('a') ? 'a' : 'b'\"
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: used
    claim:
      ledger: stock
      account: \"'plenty'\"
      once: trigger.message.number
      lines: \"[{'item': 'a', 'quantity': quantity('1', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('100', 'KGM')}]\"
  - id: sent
    each: steps.order.parcels
    as: parcel
    item_key: parcel
    steps:
      - id: shipped
        call: shop.ship
        once: trigger.message.number + parcel
        ref: trigger.message.number
        with: { number: =trigger.message.number + parcel }
        retry: { for: 2d }
      - { id: inner, call: shop.notify, with: { number: =trigger.message.number + parcel }, retry: { for: 2d } }
  - { id: told, call: shop.notify, with: { number: =trigger.message.number }, retry: { for: 2d } }
  - id: emitted
    emit: { event: shipped, key: trigger.message.number, data: { number: =trigger.message.number } }
";

/// Waits for the event of an order, which may have come before.
const WAITS: &str = "
key: trigger.message.number
steps:
  - id: shipped
    wait: { event: shipped, key: trigger.message.number, for: 30d }
  - { id: heard, call: shop.notify, with: { number: '=\"w\" + trigger.message.number' }, retry: { for: 2d } }
";

/// Begun by the event of an order.
const HEARS: &str = "
key: trigger.message.number
limits: { concurrent: 1 }
steps:
  - { id: heard, call: shop.notify, with: { number: '=\"h\" + trigger.message.number' }, retry: { for: 2d } }
";

/// The same act as that of an order, under the same key: whoever comes second joins.
const JOINS: &str = "
key: trigger.message.number
limits: { concurrent: 1 }
steps:
  - sleep: 3s
  - id: shipped
    call: shop.ship
    once: trigger.message.number + 'x'
    with: { number: '=trigger.message.number + \"x\"' }
    retry: { for: 2d }
  - { sleep: 5s }
  - { id: told, call: shop.notify, with: { number: '=\"j\" + trigger.message.number' }, retry: { for: 2d } }
";

/// An act of a partner that honours no key and cannot be asked: at most once, and a person where it is not known.
const POSTS: &str = "
key: trigger.message.number
limits: { concurrent: 1 }
steps:
  - { id: posted, call: shop.post, with: { number: '=\"p\" + trigger.message.number' }, retry: { for: 2d } }
";

/// Claims of an account that has less than is asked for.
const CLAIMS: &str = "
key: trigger.message.number
limits: { concurrent: 1 }
on_failure: fail
steps:
  - id: used
    claim:
      ledger: stock
      account: \"'scarce'\"
      once: '\"c\" + trigger.message.number'
      lines: \"[{'item': 'a', 'quantity': quantity('1', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('LIMIT', 'KGM')}]\"
  - { id: told, call: shop.notify, with: { number: '=\"c\" + trigger.message.number' }, retry: { for: 2d } }
";

/// Somebody is asked before anything is sent.
const ASKS: &str = "
key: trigger.message.number
steps:
  - id: clerk
    wait: { decision: go, answers: [ship, refuse], for: 30d, show: [=trigger.message.number], roles: [approver] }
  - id: shipped
    call: shop.ship
    once: '\"q\" + trigger.message.number'
    with: { number: '=\"q\" + trigger.message.number' }
    retry: { for: 2d }
  - { id: told, call: shop.notify, with: { number: '=\"q\" + trigger.message.number' }, retry: { for: 2d } }
";

/// What may be given up at any moment: then what it claimed is given back, and what is under way comes to certainty.
const GIVES_UP: &str = "
key: trigger.message.number
steps:
  - id: used
    claim:
      ledger: stock
      account: \"'given'\"
      once: '\"g\" + trigger.message.number'
      lines: \"[{'item': 'a', 'quantity': quantity('1', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('100', 'KGM')}]\"
  - id: shipped
    call: shop.ship
    once: '\"g\" + trigger.message.number'
    with: { number: '=\"g\" + trigger.message.number' }
    retry: { for: 2d }
  - sleep: 15s
  - { id: told, call: shop.notify, with: { number: '=\"g\" + trigger.message.number' }, retry: { for: 2d } }
";

/// The pipelines that messages come to.
pub(crate) const ASKED: [&str; 8] = [
    "orders",
    "waits",
    "joins",
    "posts",
    "claims",
    "joins-too",
    "asks",
    "gives-up",
];

/// The plans of all simulations: they are made once.
pub(crate) struct Plans(BTreeMap<String, Arc<Plan>>);

impl Plans {
    /// All plans.
    pub(crate) fn get() -> Arc<Plans> {
        static PLANS: OnceLock<Arc<Plans>> = OnceLock::new();
        Arc::clone(PLANS.get_or_init(|| Arc::new(Plans::build())))
    }

    fn build() -> Plans {
        let hook = |name: &str| {
            format!(
                "on: [{{ id: hook, http: {{ path: /{name}, from: partner, reply: accepted }}, read: shop.read_order }}]\n"
            )
        };
        let heard = "on: [{ id: heard, event: { name: shipped } }]\n".to_owned();
        let claims = CLAIMS.replace("LIMIT", &STOCK.to_string());
        let all = [
            ("orders", hook("orders"), ORDERS),
            ("waits", hook("waits"), WAITS),
            ("hears", heard, HEARS),
            ("joins", hook("joins"), JOINS),
            ("joins-too", hook("joins-too"), JOINS),
            ("posts", hook("posts"), POSTS),
            ("claims", hook("claims"), &claims),
            ("asks", hook("asks"), ASKS),
            ("gives-up", hook("gives-up"), GIVES_UP),
        ];
        Plans(
            all.into_iter()
                .map(|(name, top, text)| (name.to_owned(), plan(name, &top, text)))
                .collect(),
        )
    }
}

/// # Panics
/// Where a plan of this file is wrong.
fn plan(name: &str, top: &str, text: &str) -> Arc<Plan> {
    let text = format!("dragoman: 1\npipeline: {name}\nsummary: A simulation.\n{top}{text}");
    let mut world = World::default().with_connection("shop", Arc::new(surface()));
    world.ledgers.insert("stock".into());
    world.senders.insert("partner".into());
    world.emitted.insert("orders".into(), None);
    let number = json!({ "type": "object", "required": ["number"],
        "properties": { "number": { "type": "string" } } });
    let (number, _) = dragoman_schema::Shape::from_schema(&number);
    world.events.insert("shipped".into(), Some(number));
    let (said, diagnostics) = dragoman_manifest::parse_pipeline(Source::new(format!("{name}.yaml"), text));
    match said
        .filter(|_| diagnostics.is_empty())
        .map(|said| dragoman_plan::build(&said, &world))
    {
        Some(Ok(plan)) => Arc::new(plan),
        Some(Err(diagnostics)) => panic!("{diagnostics:#?}"),
        None => panic!("{diagnostics:#?}"),
    }
}

impl PlanSource for Plans {
    fn current(&self, pipeline: &str) -> Option<Arc<Plan>> {
        self.0.get(pipeline).cloned()
    }

    fn offered(&self) -> Vec<Arc<Plan>> {
        self.0.values().cloned().collect()
    }

    fn pinned(&self, version: Digest) -> Boxed<'_, Option<Arc<Plan>>> {
        let found = self.0.values().find(|plan| plan.version == version).cloned();
        Box::pin(async move { found })
    }

    fn site(&self) -> Arc<Value> {
        Arc::new(json!({}))
    }
}

//! The connector and its operations.

use dragoman_guest::prelude::*;

use crate::misbehave;
use crate::records::{Accepted, Caller, Config, Count, Echoed, Key, Memory, Order, Read, Receipt};

/// Answers, calls out, and misbehaves on demand.
#[connector(name = "echo", config = Config, endpoints = ["api"], credentials = ["key"], check = check)]
pub struct Echo {
    config: Config,
}

/// A greeting of more than twenty letters is refused, to have something beyond the schema.
fn check(config: &Config) -> Vec<Issue> {
    let long = config
        .greeting
        .as_ref()
        .filter(|greeting| greeting.chars().count() > 20);
    let issue = |_: &String| Issue::new("/greeting", "greeting.long", "a greeting has at most 20 letters");
    long.map(issue).into_iter().collect()
}

#[operations]
impl Echo {
    /// Gives back what it takes.
    #[operation(effect = read)]
    fn echo(&self, _call: &Call, input: Echoed) -> Result<Echoed, Failure> {
        let text = match &self.config.greeting {
            Some(greeting) => format!("{greeting}{}", input.text),
            None => input.text,
        };
        Ok(Echoed {
            text,
            lines: input.lines,
        })
    }

    /// Gives back what it takes, as an act that happens once; nothing is sent.
    #[operation(effect = once)]
    fn stamp(&self, _call: &Call, input: Echoed) -> Result<Echoed, Failure> {
        Ok(input)
    }

    /// Gives back what it takes, as an act that may be repeated under its key; nothing is sent.
    #[operation(effect = idempotent)]
    fn tell(&self, _call: &Call, input: Echoed) -> Result<Echoed, Failure> {
        Ok(input)
    }

    /// Says who is calling.
    #[operation(effect = read)]
    fn caller(&self, call: &Call) -> Result<Caller, Failure> {
        let random = random::bytes(8);
        Ok(Caller {
            run: call.run().to_owned(),
            pipeline: call.pipeline().to_owned(),
            step: call.step().to_owned(),
            connection: call.connection().to_owned(),
            attempt: call.attempt(),
            key: call.key().to_owned(),
            deadline_ms: u64::try_from(call.deadline().as_millis()).unwrap_or(u64::MAX),
            dry_run: call.dry_run(),
            now_ms: clock::now_ms(),
            random: random.iter().map(|byte| format!("{byte:02x}")).collect(),
            has_key: credentials::has("key"),
        })
    }

    /// Gets an order from the endpoint `api`.
    #[operation(effect = read, codes = ["order.not_found"])]
    fn get(&self, _call: &Call, input: Key) -> Result<Order, Failure> {
        let response = http::get("api", path!["orders", input.key]).send()?;
        match response.status {
            404 => Err(Failure::rejected("order.not_found", "there is no such order")),
            _ => response.expect_success()?.json(),
        }
    }

    /// Places an order at the endpoint `api`.
    #[operation(effect = once(settle = "60s"), probe = placed, codes = ["order.refused"])]
    fn place(&self, call: &Call, input: Order) -> Result<Output<Receipt>, Failure> {
        let request = http::put("api", path!["orders", input.number]).json(&input);
        let response = request.idempotency_key(call.key()).send()?;
        if response.status == 409 {
            let said = response.problem().and_then(|problem| problem.detail);
            return Err(Failure::rejected("order.refused", said.unwrap_or_default()));
        }
        let response = response.expect_success()?;
        let accepted: Accepted = response.json()?;
        let message_id = response.header("message-id").unwrap_or_default().to_owned();
        let receipt = Receipt {
            number: input.number,
            reference: accepted.reference,
            status: response.status,
        };
        Ok(Output::new(receipt).attribute("message-id", message_id))
    }

    fn placed(&self, _call: &Call, input: Order, _sent: Sent) -> Result<Probed<Receipt>, Failure> {
        let response = http::get("api", path!["orders", input.number]).send()?;
        match response.status {
            404 => Ok(Probed::Absent),
            202 => Ok(Probed::Pending(response.retry_after())),
            _ => {
                let response = response.expect_success()?;
                let accepted: Accepted = response.json()?;
                Ok(Probed::Applied(Receipt {
                    number: input.number,
                    reference: accepted.reference,
                    status: response.status,
                }))
            }
        }
    }

    /// Announces an order to the endpoint `api`; the key keeps it from being announced twice.
    #[operation(effect = idempotent(lifetime = "24h"))]
    fn notify(&self, call: &Call, input: Order) -> Result<Receipt, Failure> {
        let request = http::post("api", "/notices").json(&input);
        let response = request.idempotency_key(call.key()).send()?.expect_success()?;
        let accepted: Accepted = response.json()?;
        Ok(Receipt {
            number: input.number,
            reference: accepted.reference,
            status: response.status,
        })
    }

    /// Reads the document `message`.
    #[operation(effect = read, documents = ["message"])]
    fn read_document(&self, call: &Call) -> Result<Read, Failure> {
        let content = call.document("message")?;
        Ok(Read {
            document: call.reference("message")?.clone(),
            length: content.len() as u64,
            text: String::from_utf8_lossy(&content).into_owned(),
        })
    }

    /// Makes a document of a text, named `copy`.
    #[operation(effect = read)]
    fn write_document(&self, _call: &Call, input: Echoed) -> Result<Output<Document>, Failure> {
        let document = documents::write("text/plain", input.text.as_bytes())?;
        Ok(Output::new(document.clone()).document("copy", document))
    }

    /// Remembers a value under a key.
    #[operation(effect = read)]
    fn remember(&self, _call: &Call, input: Memory) -> Result<Empty, Failure> {
        let expected = match input.version {
            None => state::Expected::Anything,
            Some(0) => state::Expected::Absent,
            Some(version) => state::Expected::Version(version),
        };
        match input.value {
            Some(value) => state::put(&input.key, value.as_bytes(), expected)?,
            None => state::delete(&input.key, expected)?,
        }
        Ok(Empty {})
    }

    /// Recalls what was remembered under a key.
    #[operation(effect = read)]
    fn recall(&self, _call: &Call, input: Key) -> Result<Memory, Failure> {
        let entry = state::get(&input.key)?;
        let text = |entry: &state::Entry| String::from_utf8_lossy(&entry.value).into_owned();
        Ok(Memory {
            value: entry.as_ref().map(text),
            version: entry.map(|entry| entry.version),
            key: input.key,
        })
    }

    /// Writes so many log lines.
    #[operation(effect = read)]
    fn log_lines(&self, _call: &Call, input: Count) -> Result<Empty, Failure> {
        for number in 1..=input.count {
            log::info("a line", &[("number", &number.to_string())]);
        }
        Ok(Empty {})
    }

    /// Answers with a failure of class permanent.
    #[operation(effect = read, codes = ["echo.refused"])]
    fn fail(&self, _call: &Call, input: Echoed) -> Result<Empty, Failure> {
        Err(Failure::permanent("echo.refused", input.text).issue("/text", "echo.text", "not this"))
    }

    /// Loops for ever.
    #[operation(effect = read)]
    fn spin(&self) -> Result<Empty, Failure> {
        misbehave::spin()
    }

    /// Allocates, and touches, until it is refused; then it says how many MiB it got.
    #[operation(effect = read)]
    fn eat(&self) -> Result<Count, Failure> {
        Ok(Count {
            count: misbehave::eat(),
        })
    }

    /// Panics.
    #[operation(effect = read)]
    fn panic(&self) -> Result<Empty, Failure> {
        misbehave::panic()
    }

    /// Calls itself until the stack is used up.
    #[operation(effect = read)]
    fn deep(&self) -> Result<Count, Failure> {
        Ok(Count {
            count: misbehave::deep(0),
        })
    }
}

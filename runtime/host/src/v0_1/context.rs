//! `context`, `log`, `clock`, `random`.

use super::wit::{clock, context, log, random, types};
use crate::log::Level;
use crate::session::Session;

impl types::Host for Session {}

impl context::Host for Session {
    fn current(&mut self) -> wasmtime::Result<context::Call> {
        self.enter()?;
        let facts = &self.facts;
        Ok(context::Call {
            run: facts.run.clone(),
            pipeline: facts.pipeline.clone(),
            step: facts.step.clone(),
            connection: facts.connection.clone(),
            attempt: facts.attempt,
            key: facts.key.clone(),
            deadline_ms: u64::try_from(facts.deadline.as_millis()).unwrap_or(u64::MAX),
            dry_run: facts.dry_run,
            traceparent: facts.traceparent.clone(),
            attributes: Vec::new(),
        })
    }

    fn config(&mut self) -> wasmtime::Result<String> {
        self.enter()?;
        Ok(self.facts.config.as_ref().to_owned())
    }
}

impl log::Host for Session {
    fn emit(&mut self, level: log::Level, message: String, fields: Vec<(String, String)>) -> wasmtime::Result<()> {
        self.enter()?;
        let level = match level {
            log::Level::Trace => Level::Trace,
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        if let Some(line) = self.log.line(&message, &fields) {
            write(level, &line, self);
        }
        Ok(())
    }
}

/// Gives a line to `tracing`, which wants its levels as constants.
fn write(level: Level, line: &str, session: &Session) {
    let (connection, step, run) = (&*session.facts.connection, &*session.facts.step, &*session.facts.run);
    macro_rules! at {
        ($level:ident) => {
            tracing::event!(target: "dragoman::plugin", tracing::Level::$level, connection, step, run, "{line}")
        };
    }
    match level {
        Level::Trace => at!(TRACE),
        Level::Debug => at!(DEBUG),
        Level::Info => at!(INFO),
        Level::Warn => at!(WARN),
        Level::Error => at!(ERROR),
    }
}

impl clock::Host for Session {
    fn now_ms(&mut self) -> wasmtime::Result<u64> {
        self.enter()?;
        Ok(Session::now_ms(self))
    }
}

impl random::Host for Session {
    fn bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        self.enter()?;
        self.random(length)
    }
}

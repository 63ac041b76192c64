//! What is counted as it passes.

use std::time::Duration;

use dragoman_engine::Meter;
use dragoman_journal::{Ending, Record};
use dragoman_model::{Class, Failure, Timestamp, Value};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Runs of a pipeline; `child`: those that other runs began.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Runs {
    pipeline: String,
    child: &'static str,
}

/// Runs of a pipeline that ended so.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    pipeline: String,
    child: &'static str,
    ending: &'static str,
}

/// Calls of an operation that ended so.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Called {
    connection: String,
    operation: String,
    result: &'static str,
}

/// Calls of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Took {
    connection: String,
    operation: String,
}

/// Requests over HTTP that were answered so.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    to: &'static str,
    status: u16,
}

/// What is missing of a day.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Missing {
    lack: &'static str,
}

/// Upper bounds of the time that a call takes, in seconds: from a cache's answer to the usual limit of a call.
const BOUNDS: [f64; 10] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

type Times = Family<Took, Histogram, fn() -> Histogram>;

/// What has been counted since the start.
pub(crate) struct Counted {
    begun: Family<Runs, Counter>,
    ended: Family<Ended, Counter>,
    parked: Family<Runs, Counter>,
    calls: Family<Called, Counter>,
    probes: Family<Called, Counter>,
    times: Times,
    answers: Family<Answered, Counter>,
    missing: Family<Missing, Gauge>,
    reconciled: Gauge,
}

impl Default for Counted {
    fn default() -> Self {
        Counted {
            begun: Family::default(),
            ended: Family::default(),
            parked: Family::default(),
            calls: Family::default(),
            probes: Family::default(),
            times: Family::new_with_constructor(|| Histogram::new(BOUNDS)),
            answers: Family::default(),
            missing: Family::default(),
            reconciled: Gauge::default(),
        }
    }
}

impl Counted {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("runs_begun", "Runs that began", self.begun.clone());
        registry.register("runs_ended", "Runs that ended", self.ended.clone());
        registry.register(
            "runs_parked",
            "Runs that stopped for a person to repair them",
            self.parked.clone(),
        );
        registry.register("calls", "Calls over connections", self.calls.clone());
        registry.register("probes", "Questions whether a call took effect", self.probes.clone());
        registry.register_with_unit(
            "call_duration",
            "How long calls took",
            Unit::Seconds,
            self.times.clone(),
        );
        registry.register("http_requests", "Requests that were answered", self.answers.clone());
        registry.register(
            "reconciliation_missing",
            "Runs that are not settled, as the last day that was reconciled has it",
            self.missing.clone(),
        );
        let until = "The end of the last day that was reconciled, since 1970";
        registry.register_with_unit("reconciliation_until", until, Unit::Seconds, self.reconciled.clone());
    }

    /// A call, or a probe, has come to its end.
    pub(super) fn called(&self, connection: &str, operation: &str, failure: Option<&Failure>, is_probe: bool) {
        let called = Called {
            connection: connection.to_owned(),
            operation: operation.to_owned(),
            result: failure.map_or("answered", |failure| match failure.class {
                Class::Retryable => "retryable",
                Class::Permanent => "permanent",
                Class::Rejected => "rejected",
            }),
        };
        let counted = if is_probe { &self.probes } else { &self.calls };
        counted.get_or_create(&called).inc();
    }

    /// How long a call took.
    pub(super) fn took(&self, connection: &str, operation: &str, time: Duration) {
        let took = Took {
            connection: connection.to_owned(),
            operation: operation.to_owned(),
        };
        self.times.get_or_create(&took).observe(time.as_secs_f64());
    }

    /// A day was reconciled.
    pub(crate) fn reconciled(&self, report: &Value) {
        for lack in ["open", "half_done", "nothing"] {
            let count = report["counts"][lack].as_i64().unwrap_or(0);
            self.missing.get_or_create(&Missing { lack }).set(count);
        }
        let until = report["until"].as_str().and_then(|until| Timestamp::parse(until).ok());
        self.reconciled.set(until.map_or(0, |until| until.millis() / 1_000));
    }

    /// A request over HTTP was answered; `to`: `operators` or `senders`.
    pub(super) fn answered(&self, to: &'static str, status: u16) {
        self.answers.get_or_create(&Answered { to, status }).inc();
    }
}

impl Meter for Counted {
    fn entry(&self, pipeline: &str, child: bool, record: &Record) {
        let child = if child { "true" } else { "false" };
        let runs = || Runs {
            pipeline: pipeline.to_owned(),
            child,
        };
        match record {
            Record::Accepted { .. } => self.begun.get_or_create(&runs()).inc(),
            Record::Parked { .. } => self.parked.get_or_create(&runs()).inc(),
            Record::Closed { ending } => {
                let ended = Ended {
                    pipeline: pipeline.to_owned(),
                    child,
                    ending: match ending {
                        Ending::Completed => "completed",
                        Ending::Stopped => "stopped",
                        Ending::Failed => "failed",
                        Ending::Cancelled => "cancelled",
                    },
                };
                self.ended.get_or_create(&ended).inc()
            }
            _ => 0,
        };
    }
}

//! `dragoman plugin call`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use dragoman_engine::{Call as Calling, StepRunner};
use dragoman_host::{Connection, Runner};
use dragoman_model::{Class, DocumentReference, Failure, Issue, RunId, Timestamp, Value};
use dragoman_schema::{Surface, unknown_members};
use dragoman_server::CONFIG;
use serde_json::json;

use super::{load, read};
use crate::answer::{Error, Outcome};
use crate::codes::OPTION;

/// Calls one operation of a plugin, without any site: no endpoint is bound, nothing is kept. Prints the output as JSON
/// and exits with 0; or prints the failure as JSON and exits with 10 (retryable), 11 (permanent), 12 (rejected) or
/// 13 (a trap or a limit).
#[derive(Debug, Args)]
pub(crate) struct Call {
    /// The plugin
    file: PathBuf,
    /// The operation
    operation: String,
    /// The connection's configuration
    #[arg(long, value_name = "JSON", default_value = "{}")]
    config: String,
    /// The payload
    #[arg(long, value_name = "JSON", default_value = "{}")]
    input: String,
    /// A document beside the payload; may come more than once
    #[arg(long, value_name = "NAME=FILE")]
    document: Vec<String>,
    /// Also what the call used, to standard error
    #[arg(long)]
    usage: bool,
}

/// The name of the one connection there is.
const CONNECTION: &str = "call";

impl Call {
    pub(super) async fn run(self) -> Outcome {
        let parse = |what: &str, text: &str| -> Result<Value, Error> {
            serde_json::from_str(text).map_err(|e| Error::coded(OPTION, format!("`--{what}` is not JSON: {e}")))
        };
        let config = parse("config", &self.config)?;
        let input = parse("input", &self.input)?;
        let (documents, unstored) = self.documents()?;
        let (host, plugin) = load(&self.file).await?;
        let connection = Connection::new(plugin.digest, config);
        let (surface, issues) = host
            .check(&connection)
            .await
            .map_err(|e| Error::coded(e.code, e.message))?;
        if !surface.operations.contains_key(&self.operation) {
            let names: Vec<&str> = surface.operations.keys().map(String::as_str).collect();
            return Err(Error::coded(
                OPTION,
                format!("{} has no operation `{}`", surface.name, self.operation),
            )
            .help(format!("it has {}", names.join(", "))));
        }
        configured(&surface, &issues, &connection.config)?;
        host.set_connections(BTreeMap::from([(CONNECTION.to_owned(), connection)]));
        let report = Runner::new(host)
            .call(Calling {
                plugin: plugin.digest,
                connection: CONNECTION.into(),
                operation: self.operation,
                input: input.into(),
                documents,
                unstored,
                run: RunId::at(Timestamp::from_millis(0), [0; 10]),
                pipeline: "call".into(),
                step: "call".into(),
                attempt: 1,
                key: "call".into(),
                deadline: Duration::from_secs(30),
                fence: None,
                dry_run: false,
                traceparent: String::new(),
            })
            .await;
        if self.usage {
            eprintln!("{}", json!(report.usage));
        }
        match report.result {
            Ok(output) => {
                println!("{:#}", output.payload);
                Ok(ExitCode::SUCCESS)
            }
            Err(failure) => {
                println!("{:#}", json!(failure));
                Ok(exit(&failure))
            }
        }
    }

    /// The documents' references by name, and their bytes.
    #[expect(clippy::type_complexity, reason = "the two halves of one call, taken apart at once")]
    fn documents(
        &self,
    ) -> Result<
        (
            BTreeMap<String, DocumentReference>,
            Vec<(DocumentReference, bytes::Bytes)>,
        ),
        Error,
    > {
        let mut references = BTreeMap::new();
        let mut unstored = Vec::new();
        for given in &self.document {
            let Some((name, file)) = given.split_once('=') else {
                return Err(Error::coded(OPTION, format!("`--document {given}` has no name"))
                    .help("write --document message=FILE"));
            };
            let bytes = read(file.as_ref())?;
            let media_type = match file.rsplit('.').next() {
                Some("xml") => "application/xml",
                Some("json") => "application/json",
                _ => "application/octet-stream",
            };
            let reference = DocumentReference::of(&bytes, media_type);
            if references.insert(name.to_owned(), reference.clone()).is_some() {
                return Err(Error::coded(OPTION, format!("`--document {name}=` is given twice"))
                    .help("a name is of one document; give the other another name"));
            }
            unstored.push((reference, bytes));
        }
        Ok((references, unstored))
    }
}

/// Refuses a configuration that the plugin refuses, or that has a name which nothing would read.
fn configured(surface: &Surface, issues: &[Issue], config: &Value) -> Result<(), Error> {
    if let Some(issue) = issues.first() {
        return Err(Error::coded(
            CONFIG,
            match &*issue.path {
                "" => format!("the whole configuration is refused: {}", issue.message),
                path => format!("the configuration is refused at `{path}`: {}", issue.message),
            },
        ));
    }
    let unknown = unknown_members(&surface.config_schema, config);
    let Some(member) = unknown.first() else {
        return Ok(());
    };
    let place = if member.path.is_empty() {
        String::new()
    } else {
        format!(" at {}", member.path)
    };
    let help = match &member.nearest {
        Some(nearest) => format!("write `{nearest}`"),
        None => format!("there is {}", member.known.join(", ")),
    };
    let message = format!("the configuration of {} has no `{}`{place}", surface.name, member.name);
    Err(Error::coded(CONFIG, message).help(help))
}

fn exit(failure: &Failure) -> ExitCode {
    if failure.code.starts_with("plugin.") {
        return ExitCode::from(13);
    }
    ExitCode::from(match failure.class {
        Class::Retryable => 10,
        Class::Permanent => 11,
        Class::Rejected => 12,
    })
}

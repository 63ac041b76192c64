//! `dragoman plugin inspect`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dragoman_model::{OperationEffect, Value};
use dragoman_schema::OperationSurface;
use serde_json::json;

use super::load;
use crate::answer::{Error, Outcome};
use crate::codes::OPTION;

/// Says what a plugin offers and what it can do.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The plugin
    file: PathBuf,
    /// The configuration it describes itself with
    #[arg(long, value_name = "JSON", default_value = "{}")]
    config: String,
    /// For programs, with the schemas
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(super) async fn run(self) -> Outcome {
        let config: Value = serde_json::from_str(&self.config)
            .map_err(|e| Error::coded(OPTION, format!("`--config` is not JSON: {e}")))?;
        let (host, plugin) = load(&self.file).await?;
        let surface = host
            .describe(&plugin, &config, &[])
            .await
            .map_err(|e| Error::coded(e.code, e.message))?;
        if self.json {
            let operations: serde_json::Map<String, Value> = surface
                .operations
                .iter()
                .map(|(name, o)| (name.clone(), operation(o)))
                .collect();
            println!(
                "{:#}",
                json!({ "digest": surface.digest, "name": surface.name, "version": surface.version,
                        "summary": surface.summary, "endpoints": surface.endpoints, "credentials": surface.credentials,
                        "can": plugin.imports.sentences(), "config": surface.config_schema, "operations": operations })
            );
            return Ok(ExitCode::SUCCESS);
        }
        println!("{} {}  {}", surface.name, surface.version, surface.summary);
        println!("{}\n", surface.digest);
        println!("It can:");
        for sentence in plugin.imports.sentences() {
            println!("  {sentence}");
        }
        for (what, names) in [("endpoints", &surface.endpoints), ("credentials", &surface.credentials)] {
            if !names.is_empty() {
                println!("It asks for the {what}: {}", names.join(", "));
            }
        }
        println!("\nOperations:");
        for (name, operation) in &surface.operations {
            println!("  {name:<20} {:<22} {}", effect(operation), operation.summary);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn effect(operation: &OperationSurface) -> String {
    let probe = if operation.has_probe { ", can be asked" } else { "" };
    match operation.effect {
        OperationEffect::Read => "read".into(),
        OperationEffect::Idempotent { .. } => format!("idempotent{probe}"),
        OperationEffect::Once { .. } => format!("once{probe}"),
    }
}

fn operation(operation: &OperationSurface) -> Value {
    json!({ "summary": operation.summary, "effect": operation.effect, "has_probe": operation.has_probe,
            "undo": operation.undo, "documents": operation.documents, "codes": operation.codes,
            "input": operation.input_schema, "output": operation.output_schema })
}

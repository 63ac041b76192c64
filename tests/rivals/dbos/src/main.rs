//! The same work as the bench's pipeline, by the in-process library `dbos` on PostgreSQL: three steps a run, 1 KB each,
//! answered once the workflow has ended. It prints its address and serves until it is killed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use dbos::{Config, DBOS, RunOptions, WorkflowRef, step};
use serde_json::Value;

async fn work(order: Value) -> dbos::Result<Value> {
    let verified = step("verify", || async { Ok::<_, dbos::Error>(order.clone()) }).await?;
    let endorsed = step("endorse", || async { Ok::<_, dbos::Error>(verified.clone()) }).await?;
    step("usage", || async { Ok::<_, dbos::Error>(endorsed.clone()) }).await
}

async fn begin(State(work): State<WorkflowRef<Value, Value>>, Json(order): Json<Value>) -> (StatusCode, Json<Value>) {
    let id = order["text"].as_str().unwrap_or_default().to_owned();
    let options = RunOptions {
        workflow_id: Some(&id),
        ..RunOptions::default()
    };
    match work.run_with(order, options).await {
        Ok(done) => (StatusCode::OK, Json(serde_json::json!({ "text": done["text"] }))),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, Json(error.to_string().into())),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("write the database's URL")?;
    let config = Config {
        app_version: Some("1".into()),
        ..Config::new("bench", url)
    };
    let dbos = DBOS::new(config);
    let work = dbos.register_workflow("bench", work)?;
    dbos.launch().await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("serving on http://{}", listener.local_addr()?);
    axum::serve(
        listener,
        axum::Router::new().route("/bench", post(begin)).with_state(work),
    )
    .await?;
    Ok(())
}

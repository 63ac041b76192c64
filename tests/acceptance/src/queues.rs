//! Customs with a broker: the country's messages come out of queues in place of being posted.

use std::path::Path;
use std::time::Duration;

use dragoman_support::broker::{Broker, Client, Declared, Published};
use dragoman_support::eventually;

use crate::country::PATIENCE;
use crate::{Country, Error};

/// The queue of rejected messages.
pub const DEAD: &str = "dead";
/// A broker that does not confirm a message for so long does not have it.
const UNCONFIRMED: Duration = Duration::from_secs(10);

/// What customs puts into queues.
pub const XML: Published<'_> = Published {
    message_id: None,
    correlation_id: None,
    content_type: Some("application/xml"),
    headers: &[],
};

/// Gives the country's site pipelines of its own: those of the example, changed.
///
/// # Errors
/// The example's site file or its pipelines are not as they were when this was written.
pub fn with_own_pipelines(country: &Country, change: impl Fn(&str) -> String) -> Result<(), Error> {
    let folder = country.folder();
    let file = folder.join("dragoman.yaml");
    let site = std::fs::read_to_string(&file)?;
    let pipelines = site
        .lines()
        .find_map(|line| line.strip_prefix("pipelines: "))
        .ok_or("the site names no folder of pipelines")?;
    std::fs::create_dir_all(folder.join("pipelines"))?;
    for name in ["declaration-lodged", "export-invalidated", "export-release"] {
        let text = std::fs::read_to_string(Path::new(pipelines.trim()).join(name).join("pipeline.yaml"))?;
        std::fs::write(folder.join(format!("pipelines/{name}.yaml")), change(&text))?;
    }
    std::fs::write(
        &file,
        site.replace(&format!("pipelines: {pipelines}"), "pipelines: pipelines"),
    )?;
    Ok(())
}

/// Gives the country's site the broker, and its pipelines queues in place of these of customs' paths (`declarations`,
/// `notices`).
///
/// # Errors
/// As [`with_own_pipelines`].
pub fn by_queue(country: &Country, broker: &Broker, queues: &[&str]) -> Result<(), Error> {
    with_own_pipelines(country, |text| with_queues(text, queues))?;
    let folder = country.folder();
    let file = folder.join("dragoman.yaml");
    let site = std::fs::read_to_string(&file)?;
    let (head, behind) = site.split_once("\nsenders:\n").ok_or("the site has no senders")?;
    let url = broker.url();
    let brokers = format!(
        "brokers:\n  national: {{ url: \"{url}\", user: guest, password: file:broker.txt, private: true, prefetch: 10 }}\n"
    );
    let depot = "  queues: { broker: national }\n";
    std::fs::write(&file, format!("{head}\n{brokers}\nsenders:\n{depot}{behind}"))?;
    std::fs::write(folder.join("broker.txt"), "guest\n")?;
    Ok(())
}

/// The triggers that customs posts to, as triggers that read a queue of the path's last word where it is one of these.
fn with_queues(text: &str, queues: &[&str]) -> String {
    let lines = text.lines().map(|line| {
        let posted = line.split_once("http: { path: /customs/");
        let found = posted.map(|(before, rest)| (before, rest.split(',').next().unwrap_or(rest)));
        match found {
            Some((before, queue)) if queues.contains(&queue) => {
                format!("{before}amqp: {{ queue: {queue}, from: queues }}")
            }
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// Declares these queues, and that of their dead letters.
///
/// # Errors
/// The broker refuses.
pub async fn declare(client: &Client, queues: &[&str]) -> Result<(), Error> {
    client.declare(DEAD, Declared::default()).await?;
    let declared = Declared {
        dead_letters: Some(DEAD),
        classic: false,
    };
    for queue in queues {
        client.declare(queue, declared).await?;
    }
    Ok(())
}

/// Waits until a queue has no message, and nobody holds one of it.
///
/// # Errors
/// It has some for too long.
pub async fn worked_off(client: &Client, country: &Country, queue: &str) -> Result<(), Error> {
    let seen = eventually("a queue that is worked off", PATIENCE, async || {
        let left = client.count(queue).await.map_err(|e| e.to_string())?;
        let status = country.ask("/v1/status").await.map_err(|e| e.to_string())?;
        let queues = status["queues"].as_array().cloned().unwrap_or_default();
        let held = queues.iter().find(|q| q["queue"] == queue).map(|q| q["held"].clone());
        if left == 0 && held == Some(0.into()) {
            return Ok(());
        }
        Err(format!("{left} wait; {queues:?}"))
    });
    Ok(seen.await?)
}

/// A sender's way to a broker that may be away.
#[derive(Default)]
pub(crate) struct Publisher(Option<Client>);

impl Publisher {
    /// Publishes, over the connection there was where it still is one; whether the broker has the message for good.
    pub(crate) async fn publish(&mut self, url: &str, queue: &str, body: &str) -> bool {
        let client = match self.0.take() {
            Some(client) => client,
            None => match Client::connect(url).await {
                Ok(client) => client,
                Err(_) => return false,
            },
        };
        let confirmed = tokio::time::timeout(UNCONFIRMED, client.publish(queue, body.as_bytes(), XML)).await;
        let taken = matches!(confirmed, Ok(Ok(())));
        if taken {
            self.0 = Some(client);
        }
        taken
    }
}

//! Waiting for something to become so, with a deadline. Tests never sleep: they wait for a condition, here.

use std::time::Duration;

use tokio::time::Instant;

use crate::Error;

/// Asks again and again, at first every 2 ms and later every 50 ms, until `probe` answers `Ok`, whose value is given back.
///
/// # Errors
/// [`Error::Deadline`] with `what` and the last reason that `probe` gave, once `deadline` has passed.
pub async fn eventually<T>(
    what: &str,
    deadline: Duration,
    mut probe: impl AsyncFnMut() -> Result<T, String>,
) -> Result<T, Error> {
    let end = Instant::now() + deadline;
    let mut pause = Duration::from_millis(2);
    loop {
        let last = match probe().await {
            Ok(value) => return Ok(value),
            Err(last) => last,
        };
        if Instant::now() + pause > end {
            return Err(Error::Deadline {
                what: what.to_owned(),
                millis: deadline.as_millis(),
                last,
            });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Waits until a `GET` of this address answers with a 2xx status.
///
/// # Errors
/// [`Error::Deadline`] with what the address answered last.
pub async fn until_served(url: &str, deadline: Duration) -> Result<(), Error> {
    eventually(url, deadline, async || match crate::http::get(url).await {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) => Err(format!("status {}", answer.status)),
        Err(error) => Err(error.to_string()),
    })
    .await
}

//! A small site: the test guest, whatever pipelines a test writes, and the command that serves it.

use std::path::{Path, PathBuf};

use dragoman_support::eventually;
use dragoman_support::http::{self, Answer};
use dragoman_support::process::{Finished, Launch, Process, TempSite, dragoman, workspace_root};
use serde_json::Value;

use crate::Error;
use crate::country::{PATIENCE, warm, work};

/// A site that is served.
pub struct Small {
    /// Its folder.
    pub site: TempSite,
    /// The process that serves it.
    pub server: Process,
    /// Its address.
    pub address: String,
}

impl Small {
    /// Writes these files into a new site, puts the test guest into its `plugins/echo.wasm`, and serves it.
    ///
    /// # Errors
    /// The command does not come up.
    pub async fn serve(files: &[(&str, &str)]) -> Result<Small, Error> {
        Self::serve_in(TempSite::new()?, files).await
    }

    /// Serves a site that was served before, in its folder.
    ///
    /// # Errors
    /// The command does not come up.
    pub async fn serve_again(site: TempSite) -> Result<Small, Error> {
        let server = launch(site.path(), &["serve"])?.start()?;
        let address = server.address(PATIENCE).await?;
        Ok(Small { site, server, address })
    }

    /// As [`Small::serve`], for a site with real connectors: what an earlier test compiled of them is taken over.
    ///
    /// # Errors
    /// The command does not come up.
    pub async fn serve_warm(files: &[(&str, &str)]) -> Result<Small, Error> {
        let site = TempSite::new()?;
        warm(&site)?;
        Self::serve_in(site, files).await
    }

    async fn serve_in(site: TempSite, files: &[(&str, &str)]) -> Result<Small, Error> {
        std::fs::copy(guest(), site.file("plugins/echo.wasm"))?;
        for (name, text) in files {
            site.write(name, text)?;
        }
        Self::serve_again(site).await
    }

    /// Kills the process that serves and serves the site anew, at another address.
    ///
    /// # Errors
    /// It cannot be killed, or the command does not come up.
    pub async fn serve_anew(&mut self) -> Result<(), Error> {
        self.server.kill().await?;
        self.server = launch(self.site.path(), &["serve"])?.start()?;
        self.address = self.server.address(PATIENCE).await?;
        Ok(())
    }

    /// Starts a process that shares the work, and waits until it does.
    ///
    /// # Errors
    /// It cannot be started, or does not begin.
    pub async fn work(&self) -> Result<Process, Error> {
        work(launch(self.site.path(), &["worker"])?).await
    }

    /// All runs, newest first, as the operator of this machine sees them.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn runs(&self) -> Result<Vec<Value>, Error> {
        let bearer = format!("Bearer {}", self.token()?);
        let found = self
            .ask("GET", "/v1/runs?limit=100000", Some(&bearer), "")
            .await?
            .json();
        Ok(found["runs"].as_array().cloned().unwrap_or_default())
    }

    /// Runs the command once, to its end, in the site's folder.
    ///
    /// # Errors
    /// It cannot be started or does not end.
    pub async fn dragoman(&self, arguments: &[&str]) -> Result<Finished, Error> {
        Ok(launch(self.site.path(), arguments)?.run(PATIENCE).await?)
    }

    /// As [`Small::dragoman`], with further variables of the environment.
    ///
    /// # Errors
    /// It cannot be started or does not end.
    pub async fn dragoman_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Finished, Error> {
        let mut launch = launch(self.site.path(), arguments)?;
        for (name, value) in environment {
            launch = launch.env(*name, *value);
        }
        Ok(launch.run(PATIENCE).await?)
    }

    /// The token with which the operator of this machine proves to be one.
    ///
    /// # Errors
    /// The server's address file cannot be read.
    pub fn token(&self) -> Result<String, Error> {
        let serving: Value = serde_json::from_slice(&std::fs::read(self.site.file("store/serving.json"))?)?;
        Ok(serving["token"].as_str().unwrap_or_default().to_owned())
    }

    /// Sends a request with an `Authorization` header (none: without), the body as JSON.
    ///
    /// # Errors
    /// There was no whole answer.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        authorization: Option<&str>,
        body: &str,
    ) -> Result<Answer, Error> {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(authorization.map(|value| ("authorization", value)));
        Ok(http::request(method, &format!("{}{path}", self.address), &headers, body).await?)
    }

    /// The status, as the operator of this machine sees it.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn status(&self) -> Result<Value, Error> {
        let bearer = format!("Bearer {}", self.token()?);
        Ok(self.ask("GET", "/v1/status", Some(&bearer), "").await?.json())
    }

    /// Waits until the status is such that `found` makes something of it.
    ///
    /// # Errors
    /// It is not in time.
    pub async fn until<T>(&self, what: &str, found: impl Fn(&Value) -> Option<T>) -> Result<T, Error> {
        let seen = eventually(what, PATIENCE, async || {
            let status = self.status().await.map_err(|e| e.to_string())?;
            found(&status).ok_or_else(|| status.to_string())
        });
        Ok(seen.await?)
    }
}

fn launch(folder: &Path, arguments: &[&str]) -> Result<Launch, Error> {
    let launch = Launch::new(dragoman()?).args(arguments.iter().copied()).folder(folder);
    Ok(launch.env("NO_COLOR", "1").env("USER", "tester"))
}

/// The component of the test guest.
pub fn guest() -> PathBuf {
    let target = std::env::var("CARGO_TARGET_DIR").map_or(workspace_root().join("target"), Into::into);
    target.join("plugins/dragoman-guest-echo.wasm")
}

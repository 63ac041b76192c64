//! One folder that a trigger watches.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dragoman_engine::source::{Acceptor, Delivery, Refused};
use dragoman_model::{Actor, Digest};
use serde_json::json;
use tokio::sync::watch as signal;

/// A folder that a trigger watches.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
    /// A glob on the name: `*` and `?`.
    pub matching: String,
    /// How long a file must not have changed.
    pub settle: Duration,
    /// The largest file taken, in bytes.
    pub largest: u64,
    /// The pipeline.
    pub pipeline: String,
    /// The trigger's id.
    pub trigger: String,
}

/// What one look at a folder did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// Files whose messages are durable now.
    pub taken: usize,
    /// Files that cannot be read.
    pub refused: usize,
    /// Files that stay: not settled, or no room.
    pub left: usize,
}

/// Looks at a folder every `period` until told to stop. Failures are logged and tried again at the next look.
pub async fn watch(
    folder: Folder,
    acceptor: Arc<dyn Acceptor>,
    period: Duration,
    mut stop: signal::Receiver<bool>,
) {
    loop {
        if let Err(error) = folder.sweep(acceptor.as_ref(), SystemTime::now()).await {
            tracing::warn!(folder = %folder.path.display(), %error, "the folder cannot be looked at");
        }
        tokio::select! {
            () = tokio::time::sleep(period) => {}
            changed = stop.changed() => if changed.is_err() || *stop.borrow() { return },
        }
    }
}

impl Folder {
    /// Looks once, at the time `now`.
    ///
    /// # Errors
    /// Where the folder cannot be made or read.
    pub async fn sweep(&self, acceptor: &dyn Acceptor, now: SystemTime) -> std::io::Result<Swept> {
        tokio::fs::create_dir_all(&self.path).await?;
        let mut names = Vec::new();
        let mut entries = tokio::fs::read_dir(&self.path).await?;
        while let Some(entry) = entries.next_entry().await? {
            if let Ok(name) = entry.file_name().into_string()
                && !name.starts_with('.')
                && glob(&self.matching, &name)
                && entry.file_type().await?.is_file()
            {
                names.push(name);
            }
        }
        names.sort();
        let mut swept = Swept::default();
        for name in names {
            match self.take(&name, acceptor, now).await {
                Ok(Some(true)) => swept.taken += 1,
                Ok(Some(false)) => swept.refused += 1,
                Ok(None) => swept.left += 1,
                Err(error) => {
                    swept.left += 1;
                    tracing::warn!(folder = %self.path.display(), file = name, %error, "the file cannot be taken yet");
                }
            }
        }
        Ok(swept)
    }

    /// Takes one file. `Some(true)`: taken; `Some(false)`: refused; none: it stays.
    async fn take(
        &self,
        name: &str,
        acceptor: &dyn Acceptor,
        now: SystemTime,
    ) -> std::io::Result<Option<bool>> {
        let path = self.path.join(name);
        let meta = tokio::fs::metadata(&path).await?;
        let age = now.duration_since(meta.modified()?).unwrap_or_default();
        if age < self.settle {
            return Ok(None);
        }
        if meta.len() > self.largest {
            let note = json!({ "code": "D0801", "message": format!("larger than {} bytes", self.largest) });
            return self
                .put_away(&path, name, "refused", Some(note))
                .await
                .map(|()| Some(false));
        }
        let body = tokio::fs::read(&path).await?;
        let delivery = Delivery {
            pipeline: self.pipeline.clone(),
            trigger: self.trigger.clone(),
            key: Some(format!("{name}|{}", Digest::of(&body))),
            media_type: media_type(name).into(),
            body: body.into(),
            headers: Vec::new(),
            attributes: json!({ "file": name }),
            sender: Actor::sender(&format!("folder:{}", self.trigger), "none"),
        };
        match acceptor.deliver(delivery).await {
            Ok(_) => self
                .put_away(&path, name, "taken", None)
                .await
                .map(|()| Some(true)),
            Err(Refused::Unreadable { failure, run }) => {
                let note = json!({ "code": failure.code, "message": failure.message, "issues": failure.issues, "run": run });
                self.put_away(&path, name, "refused", Some(note))
                    .await
                    .map(|()| Some(false))
            }
            Err(Refused::KeyConflict { run, key }) => {
                let note = json!({ "code": "key.conflict", "run": run, "key": key,
                    "message": "a message with this key and another content was taken before; it was not changed" });
                self.put_away(&path, name, "refused", Some(note))
                    .await
                    .map(|()| Some(false))
            }
            Err(Refused::Overloaded { .. } | Refused::Store { .. } | Refused::Unknown) => Ok(None),
        }
    }

    /// Moves a file aside under a free name, with a note beside it.
    async fn put_away(
        &self,
        path: &Path,
        name: &str,
        aside: &str,
        note: Option<serde_json::Value>,
    ) -> std::io::Result<()> {
        let folder = self.path.join(aside);
        tokio::fs::create_dir_all(&folder).await?;
        let mut target = folder.join(name);
        let mut number = 1;
        while tokio::fs::try_exists(&target).await? {
            target = folder.join(format!("{number}.{name}"));
            number += 1;
        }
        if let Some(note) = note {
            let mut beside = target.clone().into_os_string();
            beside.push(".why.json");
            tokio::fs::write(beside, format!("{note:#}\n")).await?;
        }
        tokio::fs::rename(path, target).await
    }
}

fn media_type(name: &str) -> &'static str {
    match name
        .rsplit('.')
        .next()
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("xml") => "application/xml",
        Some("json") => "application/json",
        Some("csv") => "text/csv",
        _ => "application/octet-stream",
    }
}

/// Whether a name fits a glob of `*` (any characters) and `?` (one).
fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some('?') => (p, n) = (p + 1, n + 1),
            Some(c) if *c == name[n] => (p, n) = (p + 1, n + 1),
            // No fit here: let the last star take one character more.
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, n) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use dragoman_engine::runner::Boxed;
    use dragoman_engine::source::Delivered;
    use dragoman_model::{Failure, RunId, Timestamp};

    use super::*;

    /// Takes what says "good", refuses the rest; remembers the keys.
    #[derive(Default)]
    struct Door {
        keys: Mutex<Vec<String>>,
        full: bool,
    }

    impl Acceptor for Door {
        fn deliver(&self, delivery: Delivery) -> Boxed<'_, Result<Delivered, Refused>> {
            Box::pin(async move {
                if self.full {
                    return Err(Refused::Overloaded {
                        retry_after_s: 1,
                        message: "full".into(),
                    });
                }
                if !delivery.body.starts_with(b"good") {
                    return Err(Refused::Unreadable {
                        failure: Failure::permanent("message.unreadable", "no"),
                        run: None,
                    });
                }
                self.keys.lock().unwrap().extend(delivery.key);
                let run = RunId::at(Timestamp::from_millis(0), [0; 10]);
                Ok(Delivered::Accepted {
                    run,
                    again: false,
                    status: "active".into(),
                })
            })
        }
    }

    fn folder(path: &Path) -> Folder {
        Folder {
            path: path.into(),
            matching: "*.xml".into(),
            settle: Duration::from_secs(2),
            largest: 100,
            pipeline: "orders".into(),
            trigger: "drop".into(),
        }
    }

    #[tokio::test]
    async fn files_are_taken_once_settled_and_kept_aside() {
        let place = tempfile::tempdir().unwrap();
        let folder = folder(place.path());
        std::fs::write(place.path().join("a.xml"), "good a").unwrap();
        std::fs::write(place.path().join("b.xml"), "bad").unwrap();
        std::fs::write(place.path().join("big.xml"), "good".repeat(100)).unwrap();
        std::fs::write(place.path().join("note.txt"), "good").unwrap();
        let door = Door::default();
        let now = SystemTime::now();
        assert_eq!(
            folder.sweep(&door, now).await.unwrap(),
            Swept {
                left: 3,
                ..Swept::default()
            }
        );
        let later = now + Duration::from_secs(5);
        assert_eq!(
            folder.sweep(&door, later).await.unwrap(),
            Swept {
                taken: 1,
                refused: 2,
                left: 0
            }
        );
        assert_eq!(
            door.keys.lock().unwrap()[0],
            format!("a.xml|{}", Digest::of(b"good a"))
        );
        std::fs::write(place.path().join("a.xml"), "good again").unwrap();
        folder
            .sweep(&door, later + Duration::from_secs(5))
            .await
            .unwrap();
        let there = |name: &str| place.path().join(name).exists();
        assert!(
            there("taken/a.xml")
                && there("taken/1.a.xml")
                && there("refused/b.xml")
                && there("refused/b.xml.why.json")
        );
        assert!(there("note.txt"));
    }

    #[tokio::test]
    async fn a_file_stays_while_there_is_no_room() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("a.xml"), "good").unwrap();
        let door = Door {
            full: true,
            ..Door::default()
        };
        let later = SystemTime::now() + Duration::from_secs(5);
        assert_eq!(
            folder(place.path()).sweep(&door, later).await.unwrap(),
            Swept {
                left: 1,
                ..Swept::default()
            }
        );
        assert!(place.path().join("a.xml").exists());
    }

    #[test]
    fn globs() {
        for (pattern, name, fits) in [
            ("*.xml", "a.xml", true),
            ("*.xml", "a.xml.tmp", false),
            ("n?tice*", "notice-08", true),
            ("*a*b", "xaxb", true),
            ("a", "b", false),
        ] {
            assert_eq!(glob(pattern, name), fits, "{pattern} {name}");
        }
    }
}

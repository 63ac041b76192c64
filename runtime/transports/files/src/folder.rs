//! One folder, and the triggers that watch it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dragoman_engine::Notices;
use dragoman_engine::source::{Acceptor, Delivery, Refused};
use dragoman_model::{Actor, Digest};
use serde_json::{Value, json};
use tokio::sync::watch as signal;

/// A folder. All triggers that watch it are here, so that each of them gets a file before it is put away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
    /// The largest file taken, in bytes.
    pub largest: u64,
    /// Who watches it.
    pub watchers: Vec<Watcher>,
}

/// A trigger that watches a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watcher {
    /// A glob on the name: `*` and `?`.
    pub matching: String,
    /// How long a file must not have changed.
    pub settle: Duration,
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
pub async fn watch(folder: Folder, acceptor: Arc<dyn Acceptor>, period: Duration, mut stop: signal::Receiver<bool>) {
    let notices = Notices::default();
    loop {
        if let Err(error) = folder.sweep(acceptor.as_ref(), SystemTime::now(), &notices).await {
            tracing::warn!(folder = %folder.path.display(), %error, "the folder cannot be looked at");
        }
        tokio::select! {
            () = tokio::time::sleep(period) => {}
            changed = stop.changed() => if changed.is_err() || *stop.borrow() { return },
        }
    }
}

impl Folder {
    /// Looks once, at the time `now`. `notices` says which files were refused.
    ///
    /// # Errors
    /// Where the folder cannot be made or read.
    pub async fn sweep(&self, acceptor: &dyn Acceptor, now: SystemTime, notices: &Notices) -> std::io::Result<Swept> {
        tokio::fs::create_dir_all(&self.path).await?;
        let mut names = Vec::new();
        let mut entries = tokio::fs::read_dir(&self.path).await?;
        while let Some(entry) = entries.next_entry().await? {
            if let Ok(name) = entry.file_name().into_string()
                && !name.starts_with('.')
                && self.watchers.iter().any(|w| glob(&w.matching, &name))
                && entry.file_type().await?.is_file()
            {
                names.push(name);
            }
        }
        names.sort();
        let mut swept = Swept::default();
        for name in names {
            match self.take(&name, acceptor, now, notices).await {
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

    /// Takes one file. `Some(true)`: every watcher took it; `Some(false)`: one of them refused it; none: it stays.
    async fn take(
        &self,
        name: &str,
        acceptor: &dyn Acceptor,
        now: SystemTime,
        notices: &Notices,
    ) -> std::io::Result<Option<bool>> {
        let path = self.path.join(name);
        let watchers: Vec<&Watcher> = self.watchers.iter().filter(|w| glob(&w.matching, name)).collect();
        let settle = watchers.iter().map(|w| w.settle).max().unwrap_or_default();
        let meta = tokio::fs::metadata(&path).await?;
        let age = now.duration_since(meta.modified()?).unwrap_or_default();
        if age < settle {
            return Ok(None);
        }
        let (notes, known) = if meta.len() > self.largest {
            let note = json!({ "code": "D0801", "message": format!("larger than {} bytes", self.largest) });
            (vec![note], Vec::new())
        } else {
            let body = tokio::fs::read(&path).await?;
            match deliver(&watchers, name, body, acceptor).await {
                Some(answered) => answered,
                None => return Ok(None),
            }
        };
        let aside = if notes.is_empty() { "taken" } else { "refused" };
        let place = self.put_away(&path, name, aside, &[&*notes, &*known].concat()).await?;
        let all = || watchers.iter().map(|w| &*w.pipeline).collect::<Vec<_>>().join(", ");
        for note in &notes {
            let pipeline = note["pipeline"].as_str().map_or_else(all, str::to_owned);
            let code = note["code"].as_str().unwrap_or_default();
            notices.file(code, &pipeline, &place.display().to_string());
        }
        Ok(Some(notes.is_empty()))
    }

    /// Moves a file aside under a free name, with its notes beside it: one as it is, several as a list. Gives its place.
    async fn put_away(&self, path: &Path, name: &str, aside: &str, notes: &[Value]) -> std::io::Result<PathBuf> {
        let folder = self.path.join(aside);
        tokio::fs::create_dir_all(&folder).await?;
        let mut target = folder.join(name);
        let mut number = 1;
        while tokio::fs::try_exists(&target).await? {
            target = folder.join(format!("{number}.{name}"));
            number += 1;
        }
        let note = match notes {
            [] => None,
            [one] => Some(one.clone()),
            several => Some(Value::from(several)),
        };
        if let Some(note) = note {
            let mut beside = target.clone().into_os_string();
            beside.push(".why.json");
            tokio::fs::write(beside, format!("{note:#}\n")).await?;
        }
        tokio::fs::rename(path, &target).await?;
        Ok(target)
    }
}

/// Delivers a file to all its watchers. Why some refuse it (nothing: all took it), and of which it came again to a run that
/// has stopped; none: it must stay and be tried again, by those too that have taken it, because the same key and content
/// are the same run there.
async fn deliver(
    watchers: &[&Watcher],
    name: &str,
    body: Vec<u8>,
    acceptor: &dyn Acceptor,
) -> Option<(Vec<Value>, Vec<Value>)> {
    let key = format!("{name}|{}", Digest::of(&body));
    let body = bytes::Bytes::from(body);
    let (mut notes, mut known, mut stays) = (Vec::new(), Vec::new(), false);
    for watcher in watchers {
        let delivery = Delivery {
            pipeline: watcher.pipeline.clone(),
            trigger: watcher.trigger.clone(),
            key: Some(key.clone()),
            media_type: media_type(name).into(),
            body: body.clone(),
            headers: Vec::new(),
            attributes: json!({ "file": name }),
            sender: Actor::sender(&format!("folder:{}", watcher.trigger), "none"),
        };
        match acceptor.deliver(delivery).await {
            Ok(delivered) => known.extend(delivered.stopped().map(|(run, status, text)| {
                json!({ "pipeline": watcher.pipeline, "code": format!("run.{status}"), "run": run, "message": text })
            })),
            Err(Refused::Unreadable { failure, run }) => notes.push(json!({
                "pipeline": watcher.pipeline, "code": failure.code, "message": failure.message,
                "issues": failure.issues, "run": run,
            })),
            Err(Refused::KeyConflict { run, key }) => notes.push(json!({
                "pipeline": watcher.pipeline, "code": "key.conflict", "run": run, "key": key,
                "message": "a message with this key and another content was taken before; it was not changed",
            })),
            // The others get it all the same: one pipeline that is full holds up no other.
            Err(Refused::Overloaded { .. } | Refused::Store { .. } | Refused::Unknown) => stays = true,
        }
    }
    (!stays).then_some((notes, known))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().map(str::to_ascii_lowercase).as_deref() {
        Some("xml") => "application/xml",
        Some("json") => "application/json",
        Some("csv") => "text/csv",
        _ => "application/octet-stream",
    }
}

/// Whether a name fits a glob of `*` (any characters) and `?` (one).
fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
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

    /// Takes what says "good", refuses the rest; remembers pipelines and keys.
    #[derive(Default)]
    struct Door {
        taken: Mutex<Vec<(String, String)>>,
        /// The pipeline that has no room.
        full: Option<&'static str>,
        /// The pipeline that can read nothing.
        blind: Option<&'static str>,
    }

    impl Acceptor for Door {
        fn deliver(&self, delivery: Delivery) -> Boxed<'_, Result<Delivered, Refused>> {
            Box::pin(async move {
                if self.full == Some(&*delivery.pipeline) {
                    return Err(Refused::Overloaded {
                        retry_after_s: 1,
                        message: "full".into(),
                    });
                }
                if !delivery.body.starts_with(b"good") || self.blind == Some(&*delivery.pipeline) {
                    return Err(Refused::Unreadable {
                        failure: Failure::permanent("message.unreadable", "no"),
                        run: None,
                    });
                }
                let key = delivery.key.unwrap_or_default();
                self.taken.lock().unwrap().push((delivery.pipeline, key));
                let run = RunId::at(Timestamp::from_millis(0), [0; 10]);
                Ok(Delivered::Accepted {
                    run,
                    again: false,
                    status: "active".into(),
                })
            })
        }
    }

    fn folder(path: &Path, watchers: &[(&str, &str)]) -> Folder {
        let watcher = |(pipeline, matching): &(&str, &str)| Watcher {
            matching: (*matching).into(),
            settle: Duration::from_secs(2),
            pipeline: (*pipeline).into(),
            trigger: "drop".into(),
        };
        Folder {
            path: path.into(),
            largest: 100,
            watchers: watchers.iter().map(watcher).collect(),
        }
    }

    /// Drops `a.xml` into a folder that these watch and looks once: which pipelines got it, and where it is then.
    async fn check(door: Door, watchers: &[(&str, &str)], taken: &[&str], place: &str, noted: Option<&str>) {
        let dropped = tempfile::tempdir().unwrap();
        std::fs::write(dropped.path().join("a.xml"), "good").unwrap();
        let later = SystemTime::now() + Duration::from_secs(5);
        folder(dropped.path(), watchers)
            .sweep(&door, later, &Notices::default())
            .await
            .unwrap();
        let seen: Vec<String> = door.taken.lock().unwrap().iter().map(|(p, _)| p.clone()).collect();
        assert_eq!(seen, taken);
        assert!(dropped.path().join(place).exists(), "not at {place}");
        let note = std::fs::read_to_string(dropped.path().join("refused/a.xml.why.json")).ok();
        assert_eq!(note.is_some(), noted.is_some());
        assert!(note.unwrap_or_default().contains(noted.unwrap_or_default()));
    }

    #[tokio::test]
    async fn a_file_goes_to_all_who_watch_the_folder() {
        let both = [("orders", "*.xml"), ("returns", "a*")];
        check(Door::default(), &both, &["orders", "returns"], "taken/a.xml", None).await;
        let one = [("orders", "*.xml"), ("returns", "b*")];
        check(Door::default(), &one, &["orders"], "taken/a.xml", None).await;
        let full = |pipeline| Door {
            full: Some(pipeline),
            ..Door::default()
        };
        check(full("orders"), &both, &["returns"], "a.xml", None).await;
        check(full("returns"), &both, &["orders"], "a.xml", None).await;
        let blind = |pipeline| Door {
            blind: Some(pipeline),
            ..Door::default()
        };
        check(blind("orders"), &both, &["returns"], "refused/a.xml", Some("orders")).await;
        check(blind("returns"), &both, &["orders"], "refused/a.xml", Some("returns")).await;
    }

    #[tokio::test]
    async fn files_are_taken_once_settled_and_kept_aside() {
        let place = tempfile::tempdir().unwrap();
        let folder = folder(place.path(), &[("orders", "*.xml")]);
        std::fs::write(place.path().join("a.xml"), "good a").unwrap();
        std::fs::write(place.path().join("b.xml"), "bad").unwrap();
        std::fs::write(place.path().join("big.xml"), "good".repeat(100)).unwrap();
        std::fs::write(place.path().join("note.txt"), "good").unwrap();
        let door = Door::default();
        let now = SystemTime::now();
        assert_eq!(
            folder.sweep(&door, now, &Notices::default()).await.unwrap(),
            Swept {
                left: 3,
                ..Swept::default()
            }
        );
        let later = now + Duration::from_secs(5);
        assert_eq!(
            folder.sweep(&door, later, &Notices::default()).await.unwrap(),
            Swept {
                taken: 1,
                refused: 2,
                left: 0
            }
        );
        assert_eq!(
            door.taken.lock().unwrap()[0].1,
            format!("a.xml|{}", Digest::of(b"good a"))
        );
        std::fs::write(place.path().join("a.xml"), "good again").unwrap();
        folder
            .sweep(&door, later + Duration::from_secs(5), &Notices::default())
            .await
            .unwrap();
        let there = |name: &str| place.path().join(name).exists();
        assert!(
            there("taken/a.xml") && there("taken/1.a.xml") && there("refused/b.xml") && there("refused/b.xml.why.json")
        );
        assert!(there("note.txt"));
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

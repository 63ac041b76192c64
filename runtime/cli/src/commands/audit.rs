//! `dragoman audit`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use dragoman_journal::audit::HEAD_UNCHECKED;
use dragoman_journal::{Head, Keyring};
use dragoman_security::{PublicKey, Signature};
use dragoman_server::{At, Place, knows_of_a_trail, read_site, store_folder, trail_gone};
use serde_json::json;

use crate::answer::{Error, Outcome};
use crate::codes::{OPTION, UNREAD};
use crate::site::SiteOption;

/// The proof that nothing in the trail was altered, dropped or cut off.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Verifies the whole trail, also while a server runs. Exits with 1 where something is wrong
    Verify(Verify),
}

#[derive(Debug, Args)]
struct Verify {
    #[command(flatten)]
    site: SiteOption,
    /// The store's folder, where there is no site file
    #[arg(long, value_name = "FOLDER")]
    store: Option<PathBuf>,
    /// A file of signed heads that was kept outside, a JSON line each; the site's own `heads:` file where nothing is said
    #[arg(long, value_name = "FILE")]
    heads: Vec<PathBuf>,
    /// The public key that signed them, in base64; the installation's own where nothing is said
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A file with a key that the store is encrypted with, where there is no site file that names it
    #[arg(long, value_name = "FILE", requires = "store")]
    encryption_key: Vec<PathBuf>,
    /// For programs
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(crate) fn run(self) -> Outcome {
        let Act::Verify(verify) = self.act;
        verify.run()
    }
}

impl Verify {
    fn run(self) -> Outcome {
        let (place, store, files) = self.places()?;
        if !place.may_be_there()
            && let Some(file) = files.iter().find(|file| knows_of_a_trail(file))
        {
            return Err(trail_gone(&place, file).into());
        }
        let (heads, unchecked) = self.read_heads(&store, &files)?;
        let trail = place.trail()?;
        // What the file itself is damaged by is said first: a damaged page may be why an entry cannot be read.
        let damage = trail.damage()?;
        if !damage.is_empty() {
            return Err(damaged(&store, &damage));
        }
        let mut report = dragoman_journal::audit::verify(trail.trail(), &heads).map_err(journal)?;
        for what in unchecked {
            report.find(HEAD_UNCHECKED, what);
        }
        let clean = report.is_clean();
        if self.json {
            let findings: Vec<_> = report
                .findings
                .iter()
                .map(|f| json!({ "code": f.code.id, "message": f.message }))
                .collect();
            println!(
                "{:#}",
                json!({ "entries": report.entries, "batches": report.batches, "erased": report.erased,
                        "heads": heads.len(), "findings": findings })
            );
        } else {
            for finding in &report.findings {
                println!("[{}] {}", finding.code, finding.message);
            }
            let heads = match heads.len() {
                0 => "no outside head: a cut-off tail or an old backup would not be seen".into(),
                n => format!("{n} outside heads agree"),
            };
            if clean {
                println!(
                    "audit: ok, {} entries in {} batches verified; {heads}",
                    report.entries, report.batches
                );
            } else if report.findings.iter().all(|finding| finding.code == HEAD_UNCHECKED) {
                println!(
                    "audit: {} entries in {} batches are whole in themselves; no outside head says that they are all",
                    report.entries, report.batches
                );
            } else {
                println!(
                    "audit: {} findings in {} entries; the trail is NOT whole",
                    report.findings.len(),
                    report.entries
                );
            }
        }
        Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The store, the folder of its keys, and the files of heads.
    fn places(&self) -> Result<(Place, PathBuf, Vec<PathBuf>), Error> {
        if let Some(store) = &self.store {
            let place = Place {
                at: At::Folder(store.clone()),
                keyring: Arc::new(self.keyring()?),
            };
            return Ok((place, store.clone(), self.heads.clone()));
        }
        let (said, _) = read_site(&self.site.site).map_err(Error::Diagnostics)?;
        let mut files = self.heads.clone();
        if files.is_empty()
            && let Some(heads) = &said.heads
        {
            let folder = self.site.site.parent().unwrap_or(Path::new("."));
            let file = folder.join(&*heads.file.value);
            if file.is_file() {
                files.push(file);
            }
        }
        let store = store_folder(&self.site.site, &said);
        Ok((Place::of(&self.site.site, &said)?, store, files))
    }

    fn keyring(&self) -> Result<Keyring, Error> {
        let mut keys = Vec::new();
        for file in &self.encryption_key {
            let unread =
                |e: std::io::Error| Error::coded(UNREAD, format!("the key {} cannot be read: {e}", file.display()));
            keys.push(std::fs::read(file).map_err(unread)?);
        }
        Keyring::new(keys.iter().map(Vec::as_slice)).map_err(journal)
    }

    /// The key that the heads are to be signed with: the one that is given, else the installation's own. None: there is
    /// none, and none is made here.
    fn public_key(&self, store: &Path) -> Result<Option<PublicKey>, Error> {
        let folder = store.join("keys");
        match &self.key {
            Some(text) => {
                let key = PublicKey::parse(text).map_err(|e| Error::coded(OPTION, format!("`--key`: {e}")))?;
                Ok(Some(key))
            }
            None if folder.join("signing.key").is_file() => {
                let keys = dragoman_security::Keys::open(&folder);
                Ok(Some(
                    keys.map_err(|e| Error::coded(e.code, e.message))?.signing.public(),
                ))
            }
            None => Ok(None),
        }
    }

    /// The heads, and what is to be said of those that nobody can check.
    fn read_heads(&self, store: &Path, files: &[PathBuf]) -> Result<(Vec<Head>, Vec<String>), Error> {
        let key = self.public_key(store)?;
        let (mut heads, mut unchecked) = (Vec::new(), Vec::new());
        for file in files {
            let refuse = |why: String| Error::coded(UNREAD, format!("{} cannot be used: {why}", file.display()));
            let text = std::fs::read_to_string(file).map_err(|e| refuse(e.to_string()))?;
            let lines: Vec<&str> = text.lines().collect();
            let before = heads.len();
            for (number, line) in lines.iter().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
                let head: Head = match serde_json::from_str(line) {
                    Ok(head) => head,
                    // A last line without its end was cut off with the server; the ones before it stand.
                    Err(_) if number + 1 == lines.len() && !text.ends_with('\n') => break,
                    Err(e) => return Err(refuse(format!("line {}: {e}", number + 1))),
                };
                let signed = head.signed_text().map_err(|e| refuse(e.to_string()))?;
                let signature = Signature {
                    key: head.key.clone(),
                    signature: head.signature.clone(),
                };
                if self.key.is_none()
                    && let Some(own) = &key
                    && own.id() != head.key
                {
                    return Err(of_another_store(file, number + 1));
                }
                if let Some(key) = &key
                    && !key.verify_head(&signed, &signature)
                {
                    return Err(refuse(format!(
                        "line {}: the signature is not that of this installation",
                        number + 1
                    ))
                    .help("give the key that signed it with --key"));
                }
                heads.push(head);
            }
            let of_file = heads.len() - before;
            if of_file == 0 {
                let help = "name the file that the site file's `heads:` names, or a copy of it";
                return Err(refuse("it has no whole head, so nothing could be compared".into()).help(help));
            }
            if key.is_none() {
                unchecked.push(format!(
                    "the signatures of the {of_file} heads in {} were not checked: there is no key in {}; give the public \
                     key that signed them with --key",
                    file.display(),
                    store.join("keys").display()
                ));
            }
        }
        Ok((heads, unchecked))
    }
}

/// A head that the keys beside this store never signed is one of another store: this one was begun in its place.
fn of_another_store(file: &Path, line: usize) -> Error {
    let message = format!(
        "{}, line {line}: the head was signed by another installation: the trail that it is of is gone, or is elsewhere",
        file.display()
    );
    Error::coded(dragoman_journal::audit::TRAIL_REWRITTEN, message)
        .help("look whether `store:` in the site file is right; give the key that signed it with --key")
}

/// The most lines of damage that are shown; one bad page can give thousands.
const SHOWN: usize = 5;

fn damaged(store: &Path, damage: &[String]) -> Error {
    let shown: Vec<&str> = damage.iter().flat_map(|d| d.lines()).take(SHOWN).collect();
    let message = format!("the store in {} is damaged:\n  {}", store.display(), shown.join("\n  "));
    Error::coded(dragoman_journal::error::CORRUPT, message)
        .help("keep the file as it is; go back to a backup, and verify that with the same outside heads")
}

fn journal(error: dragoman_journal::Error) -> Error {
    Error::coded(error.code, error.message)
}

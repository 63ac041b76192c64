//! `dragoman store`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use dragoman_journal::keyring::new_key;
use dragoman_model::Value;
use dragoman_server::{Checked, Losing, back_up, check_store, compact, encrypt_store, move_store, restore};
use serde_json::json;

use crate::answer::{Error, Outcome};
use crate::site::{SiteOption, block_on};

/// Keeping the store: looking through it, copying it, going back to a copy, making it smaller.
#[derive(Debug, Args)]
pub(crate) struct Store {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Looks through the file, the trail and the tables, also while the site is served. Exits with 1 where something is wrong
    Check(Asked),
    /// Copies the store into a new folder, also while the site is served, and looks through the copy
    Backup {
        /// The folder; it must not be there yet
        to: PathBuf,
        /// Leaves the installation's keys out; they are needed to go on with the store's signed heads
        #[arg(long)]
        without_keys: bool,
        #[command(flatten)]
        asked: Asked,
    },
    /// Puts a backup in the place of the store, which nobody may serve meanwhile. What stood there is moved aside
    Restore {
        /// The folder of the backup
        from: PathBuf,
        /// Also where the store or its outside heads have more: it is lost, and what was done since may be done again
        #[arg(long, requires = "reason")]
        lose_newer: bool,
        /// Why, for those who ask later
        #[arg(long, requires = "lose_newer")]
        reason: Option<String>,
        #[command(flatten)]
        asked: Asked,
    },
    /// Moves the store out of its folder into the database that another site file names; nobody may serve it meanwhile
    Move {
        /// The site file that names the database
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        #[command(flatten)]
        asked: Asked,
    },
    /// Writes the store's file anew without what it holds free; nobody may serve the site meanwhile
    Compact(Asked),
    /// Prints a new key to encrypt a store with, for a file that only the site's user can read
    Key,
    /// Encrypts with the first key of the site what the store has plain or under another; nobody may serve a folder meanwhile
    Encrypt(Asked),
}

#[derive(Debug, Args)]
struct Asked {
    #[command(flatten)]
    site: SiteOption,
    /// For programs
    #[arg(long)]
    json: bool,
}

impl Store {
    pub(crate) fn run(self) -> Outcome {
        match self.act {
            Act::Check(asked) => {
                let checked = check_store(&asked.site.site)?;
                asked.tell(&checked.to_json(), || print_checked(&checked));
                return Ok(if checked.is_sound() {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                });
            }
            Act::Backup {
                to,
                without_keys,
                asked,
            } => {
                let told = back_up(&asked.site.site, &to, !without_keys)?;
                asked.tell(&told, || {
                    println!("backup: {}, {} entries, whole", to.display(), told["entries"]);
                    if told["keys"] == json!([]) {
                        println!(
                            "  without keys: without the one that signs, the heads kept outside cannot be gone on with"
                        );
                    } else {
                        println!("  with the installation's keys: keep it where only its administrator can read");
                    }
                });
            }
            Act::Restore {
                from, reason, asked, ..
            } => {
                let told = restore(&asked.site.site, &from, reason.map(|reason| Losing { reason }).as_ref())?;
                asked.tell(&told, || print_restored(&told));
            }
            Act::Move { to, asked } => {
                let told = block_on(async { Ok(move_store(&asked.site.site, &to).await?) })?;
                asked.tell(&told, || print_moved(&told, &to));
            }
            Act::Compact(asked) => {
                let (before, after) = compact(&asked.site.site)?;
                let told = json!({ "before": before.bytes, "after": after.bytes });
                asked.tell(&told, || {
                    println!("compact: {} before, {} now", bytes(before.bytes), bytes(after.bytes))
                });
            }
            Act::Key => println!("{}", new_key().map_err(|e| Error::coded(e.code, e.message))?),
            Act::Encrypt(asked) => {
                let told = block_on(async { Ok(encrypt_store(&asked.site.site).await?) })?;
                asked.tell(&told, || print_encrypted(&told));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Asked {
    /// For a program, or for a person.
    fn tell(&self, told: &Value, people: impl FnOnce()) {
        match self.json {
            true => println!("{told:#}"),
            false => people(),
        }
    }
}

fn print_checked(checked: &Checked) {
    let size = checked
        .size
        .map(|size| format!(", {} ({} of them free)", bytes(size.bytes), bytes(size.free)));
    println!("store {}{}", checked.place, size.unwrap_or_default());
    for line in &checked.damage {
        println!("  damaged: {line}");
    }
    if !checked.damage.is_empty() {
        println!("check: the file is damaged; keep it as it is, and go back to a backup: `dragoman store restore`");
        return;
    }
    let Some(report) = &checked.report else { return };
    let runs: Vec<String> = checked
        .runs
        .iter()
        .map(|(standing, count)| format!("{count} {standing}"))
        .collect();
    println!("runs: {}", runs.join(", "));
    match &checked.key {
        Some(key) => println!("encrypted with the key {key}"),
        None => println!("not encrypted: `store: encryption` of the site file names no key"),
    }
    for finding in &report.findings {
        println!("[{}] {}", finding.code, finding.message);
    }
    let (entries, batches) = (report.entries, report.batches);
    if report.is_clean() {
        println!(
            "check: ok, {entries} entries in {batches} batches; `dragoman audit verify` compares them with outside heads"
        );
    } else {
        println!(
            "check: {} findings in {entries} entries; the store is NOT whole",
            report.findings.len()
        );
    }
}

fn print_moved(told: &Value, to: &Path) {
    let text = |name: &str| told[name].as_str().unwrap_or_default();
    println!("move: {} entries, whole, are now in {}", told["entries"], text("to"));
    println!(
        "  go on with `--site {}`; what was here is kept in {}",
        to.display(),
        text("aside")
    );
}

fn print_encrypted(told: &Value) {
    let key = told["key"].as_str().unwrap_or_default();
    match told["changed"].as_u64() {
        Some(changed) => {
            println!("encrypt: {changed} texts are encrypted with the key {key} now; no other key is needed");
            println!("  what they were stays in free space of the database until `VACUUM FULL`");
        }
        None => println!("encrypt: all of the store is encrypted with the key {key} now; no other key is needed"),
    }
    println!("  backups from before are as they were: they need the keys that they were made with");
}

fn print_restored(told: &Value) {
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    println!("restored: {} entries from {}", told["entries"], text("from"));
    println!("  what stood there is in {}", text("aside"));
    let lost = told["lost"].as_array().map(Vec::as_slice).unwrap_or_default();
    for loss in lost.iter().filter_map(Value::as_str) {
        println!("  lost: it has {loss}");
    }
    if lost.is_empty() {
        return;
    }
    match told.get("heads") {
        Some(Value::String(heads)) => println!("  the file of heads is in {heads}: a new one begins"),
        Some(_) => println!(
            "  the file of heads cannot be moved from here: move it to where it is kept, before the site is served"
        ),
        None => {}
    }
    println!(
        "  before messages are let in again: compare what was done since with the partners, for it may be done again"
    );
}

/// A size for people.
fn bytes(bytes: u64) -> String {
    let mib = bytes as f64 / 1_048_576.0;
    match bytes {
        0..10_240 => format!("{bytes} bytes"),
        10_240..1_048_576 => format!("{:.0} KiB", mib * 1024.0),
        _ => format!("{mib:.1} MiB"),
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_for_people() {
        for (size, said) in [
            (0, "0 bytes"),
            (10_239, "10239 bytes"),
            (10_240, "10 KiB"),
            (1_048_576, "1.0 MiB"),
            (2_726_297, "2.6 MiB"),
        ] {
            assert_eq!(bytes(size), said);
        }
    }
}

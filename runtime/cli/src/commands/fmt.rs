//! `dragoman fmt`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dragoman_manifest::{Document, format};
use dragoman_model::Diagnostic;
use dragoman_server::{read_site, read_source};

use crate::answer::{Error, Outcome, print_diagnostics};
use crate::codes::{unread, unwritten};
use crate::site::SiteOption;

/// Writes files in their canonical layout: the order of the reference, two spaces, quotes only where they are needed,
/// comments where they were. What a file means never changes. Exits with 1 where a file is no YAML, and with `--check`
/// where one is laid out otherwise.
#[derive(Debug, Args)]
pub(crate) struct Fmt {
    /// Pipelines, site files, cases, or folders of them; none: the site file and its pipelines
    files: Vec<PathBuf>,
    #[command(flatten)]
    site: SiteOption,
    /// Writes nothing, and names the files that would change
    #[arg(long)]
    check: bool,
}

impl Fmt {
    pub(crate) fn run(self) -> Outcome {
        let mut files = Vec::new();
        for file in self.named()? {
            collect(&file, &mut files)?;
        }
        let mut refused: Vec<Diagnostic> = Vec::new();
        let mut other = 0;
        for (file, document) in &files {
            let source = read_source(file).map_err(|d| Error::Diagnostics(vec![*d]))?;
            match format(&source, *document) {
                Err(diagnostics) => refused.extend(diagnostics),
                Ok(text) if text == source.text => {}
                Ok(text) => {
                    other += 1;
                    if !self.check {
                        write(file, &text)?;
                    }
                    println!("{}", file.display());
                }
            }
        }
        print_diagnostics(&refused);
        let said = match (self.check, other) {
            (_, 0) => "nothing to change".to_owned(),
            (true, n) => format!("{n} of {} files would change; `dragoman fmt` writes them", files.len()),
            (false, n) => format!("{n} of {} files written", files.len()),
        };
        eprintln!("{said}");
        let good = refused.is_empty() && (other == 0 || !self.check);
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The files and folders that are meant.
    fn named(&self) -> Result<Vec<PathBuf>, Error> {
        if !self.files.is_empty() {
            return Ok(self.files.clone());
        }
        let site = &self.site.site;
        let (said, _) = read_site(site).map_err(Error::Diagnostics)?;
        let folder = site.parent().unwrap_or(Path::new(""));
        Ok(vec![site.clone(), folder.join(&*said.pipelines.value)])
    }
}

/// A file, or those of a folder that are of this language.
fn collect(path: &Path, files: &mut Vec<(PathBuf, Document)>) -> Result<(), Error> {
    let broken = |e: std::io::Error| unread(path, e);
    if path.is_dir() {
        let mut inner: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(path).map_err(broken)? {
            inner.push(entry.map_err(broken)?.path());
        }
        inner.sort();
        for path in inner {
            let is_yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
            // What else lies in a folder (a schema, a message) is not ours.
            if path.is_dir() || is_yaml && document(&path).is_some() {
                collect(&path, files)?;
            }
        }
        return Ok(());
    }
    if !path.exists() {
        return Err(unread(path, "there is no such file"));
    }
    files.push((path.to_owned(), document(path).unwrap_or(Document::Pipeline)));
    Ok(())
}

fn document(path: &Path) -> Option<Document> {
    Document::of(&std::fs::read_to_string(path).ok()?)
}

/// Replaces a file as a whole: whoever reads it meanwhile sees the old text or the new one.
fn write(file: &Path, text: &str) -> Result<(), Error> {
    let broken = |e: std::io::Error| unwritten(file, e);
    // A link stays one: what it leads to is replaced.
    let file = file.canonicalize().map_err(broken)?;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = file.with_file_name(name);
    std::fs::write(&new, text).map_err(broken)?;
    let permissions = std::fs::metadata(&file).map_err(broken)?.permissions();
    std::fs::set_permissions(&new, permissions).map_err(broken)?;
    std::fs::rename(&new, &file).map_err(broken)
}

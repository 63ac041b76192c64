//! What customs sends: the project's own export case, as often as it is needed.

use std::path::PathBuf;

use dragoman_support::process::workspace_root;
use serde_json::{Value, json};

use crate::Error;

/// An export case with declaration and notices, made from one of the samples.
#[derive(Debug, Clone)]
pub struct Case {
    folder: PathBuf,
    /// What is replaced in the sample's texts.
    replaced: Vec<(String, String)>,
    /// The movement reference number.
    pub mrn: String,
    /// The permits it names.
    pub permits: Vec<String>,
}

impl Case {
    /// The sample with two permits on three goods items, as it is.
    pub fn with_permits() -> Self {
        Self::sample(
            "export-with-permits",
            "26PL443010NS7MX4A1",
            &["PLECP2026000117", "PLECP2026000118"],
        )
    }

    /// The sample with a waiver and no permit.
    pub fn with_waiver() -> Self {
        Self::sample("export-with-waiver", "26PL443010NS7MX4B2", &[])
    }

    /// The sample whose permit has no quantity.
    pub fn without_quantity() -> Self {
        Self::sample("export-without-quantity", "26PL443010NS7MX4C3", &["PLECP2026000119"])
    }

    fn sample(folder: &str, mrn: &str, permits: &[&str]) -> Self {
        Case {
            folder: workspace_root().join("plugins/wco-customs/tests/samples").join(folder),
            replaced: Vec::new(),
            mrn: mrn.into(),
            permits: permits.iter().map(|p| (*p).into()).collect(),
        }
    }

    /// Another declaration of the same form: with its own numbers, permits and message ids.
    #[must_use]
    pub fn numbered(mut self, number: u32) -> Self {
        let mrn = format!("26PL443010Z{number:05}A1");
        self.replaced.push((self.mrn.clone(), mrn.clone()));
        self.mrn = mrn;
        self.replaced.push(("DRG-2026-".into(), format!("N{number:05}-")));
        for (index, permit) in self.permits.iter_mut().enumerate() {
            let other = format!("PLECP9{number:05}{index:03}");
            self.replaced.push((permit.clone(), other.clone()));
            *permit = other;
        }
        self.replaced.push((
            "<FunctionalReferenceID>".into(),
            format!("<FunctionalReferenceID>{number:05}"),
        ));
        self
    }

    fn text(&self, file: &str) -> Result<String, Error> {
        let path = self.folder.join(file);
        let mut text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        for (from, to) in &self.replaced {
            // Only a notice has an id that must become another; a declaration's is its LRN, at most 22 characters.
            if from == "<FunctionalReferenceID>" {
                text = renumber(&text, to.trim_start_matches(from.as_str()));
            } else {
                text = text.replace(from, to);
            }
        }
        Ok(text)
    }

    /// The declaration.
    ///
    /// # Errors
    /// The sample is not there.
    pub fn declaration(&self) -> Result<String, Error> {
        self.text("declaration.xml")
    }

    /// A notice by the number in its file's name: `08`, `16` ...
    ///
    /// # Errors
    /// The sample has none of that number.
    pub fn notice(&self, number: &str) -> Result<String, Error> {
        let begins = format!("notice-{number}-");
        for entry in std::fs::read_dir(&self.folder)? {
            let name = entry?.file_name().into_string().unwrap_or_default();
            if name.starts_with(&begins) && name.ends_with(".xml") {
                return self.text(&name);
            }
        }
        Err(format!("{} has no notice {number}", self.folder.display()).into())
    }

    /// The same notice under another id, as an authority sends it that says a thing twice.
    ///
    /// # Errors
    /// As [`Case::notice`].
    pub fn notice_again(&self, number: &str, time: u32) -> Result<String, Error> {
        Ok(renumber(&self.notice(number)?, &format!("{time:06}")))
    }

    /// What the permit system holds for it: the example's permits under this case's numbers.
    ///
    /// # Errors
    /// The example is not there.
    pub fn register(&self) -> Result<Vec<Value>, Error> {
        let examples = example_permits()?;
        let of = |index: usize| if self.permits.len() == 1 { 2 } else { index };
        let mut permits = Vec::new();
        for (index, number) in self.permits.iter().enumerate() {
            let mut permit = examples
                .get(of(index))
                .cloned()
                .ok_or("the example has too few permits")?;
            permit["number"] = json!(number);
            permit["token"] = json!(format!("{number}-token"));
            permits.push(permit);
        }
        Ok(permits)
    }
}

/// Gives the id of a notice's response another beginning. The first id in a notice is its own, the second the LRN.
fn renumber(text: &str, beginning: &str) -> String {
    const TAG: &str = "FunctionalReferenceID>";
    if !text.contains("RES-DMS") && !text.contains("<WCOTypeName>RES") && !text.contains(":WCOTypeName>RES") {
        return text.into();
    }
    match text.find(TAG) {
        None => text.into(),
        Some(at) => {
            let start = at + TAG.len();
            let length = text[start..].find('<').unwrap_or(0);
            let kept = length.saturating_sub(beginning.len());
            format!("{}{beginning}{}", &text[..start], &text[start + length - kept..])
        }
    }
}

/// The permits of the example's register.
fn example_permits() -> Result<Vec<Value>, Error> {
    let path = workspace_root().join("examples/export/partners/permits.json");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let seed: Value = serde_json::from_str(&text)?;
    Ok(seed["permits"].as_array().cloned().unwrap_or_default())
}

//! The connector's operations: thin glue between the host and the mapping.

use crate::config::{Config, DeclarationFrom};
use crate::dossier::Standing;
use crate::{declaration, memory, notice};
use dragoman_documents::{Declaration, DeclarationId, Notice};
use dragoman_guest::prelude::*;
use dragoman_xml::Refusal;

/// A declaration to keep.
#[record]
pub struct KeepRequest {
    /// The declaration as read.
    pub declaration: Declaration,
}

/// What became of a declaration that was to be kept.
#[record]
pub struct Kept {
    /// The identity under which it is found: by MRN as soon as that is known.
    pub id: DeclarationId,
    /// Its local reference number.
    pub lrn: Option<String>,
    /// Its version.
    pub version: Option<u32>,
    /// Whether it is the version that is kept now.
    pub kept: bool,
    /// Why it was not kept.
    pub reason: Option<String>,
    /// How many permits it refers to.
    pub permits: u32,
}

/// A notice to note.
#[record]
pub struct NoteRequest {
    /// The notice as read.
    pub notice: Notice,
}

/// Which declaration is wanted: by its identity, by its LRN, or best by both.
#[record]
#[derive(Default)]
pub struct DeclarationRequest {
    /// Its identity.
    pub id: Option<DeclarationId>,
    /// Its local reference number; finds what was lodged before customs gave a number.
    pub lrn: Option<String>,
    /// The version that the notice was about.
    pub version: Option<u32>,
}

/// Customs systems that speak the WCO Data Model: notifications and declarations.
#[connector(name = "wco-customs", config = Config, endpoints = ["api"], check = Config::check)]
pub struct WcoCustoms {
    config: Config,
}

#[operations]
impl WcoCustoms {
    /// Reads a notification of customs (WCO response) into a notice.
    #[operation(effect = read, documents = ["message"], codes = ["message.unreadable", "message.unexpected", "message.incomplete"])]
    fn read_notice(&self, call: &Call) -> Result<Notice, Failure> {
        let digest = &call.reference("message")?.digest;
        notice::read_notice(call.document("message")?, digest, &self.config).map_err(refused)
    }

    /// Reads a WCO declaration, with the permits and waivers that it refers to.
    #[operation(effect = read, documents = ["message"], codes = ["message.unreadable", "message.unexpected", "message.incomplete"])]
    fn read_declaration(&self, call: &Call) -> Result<Declaration, Failure> {
        declaration::read_declaration(call.document("message")?, &self.config).map_err(refused)
    }

    /// Keeps a lodged declaration, so that later notices find it; the newest version stays.
    #[operation(effect = read, codes = ["state.conflict"])]
    fn keep_declaration(&self, _call: &Call, input: KeepRequest) -> Result<Kept, Failure> {
        let version = input.declaration.version;
        let permits = u32::try_from(input.declaration.permits.len()).unwrap_or(u32::MAX);
        let (dossier, reason) = memory::keep(input.declaration)?;
        Ok(Kept {
            id: dossier.id,
            lrn: dossier.lrn,
            version,
            kept: reason.is_none(),
            reason,
            permits,
        })
    }

    /// Notes what a notice says of its declaration, and tells how that stands now.
    #[operation(effect = read, codes = ["state.conflict"])]
    fn note_notice(&self, _call: &Call, input: NoteRequest) -> Result<Standing, Failure> {
        let dossier = memory::note(&input.notice)?;
        Ok(dossier.standing(input.notice.event))
    }

    /// Gets a declaration: the one that was kept, or from customs, as the configuration says.
    #[operation(effect = read, codes = ["declaration.not_lodged", "declaration.mismatch", "answer.unreadable", "message.unreadable", "message.unexpected", "message.incomplete"])]
    fn declaration(&self, _call: &Call, input: DeclarationRequest) -> Result<Declaration, Failure> {
        let lrn = input.lrn.as_deref();
        let by_lrn = || {
            lrn.map(|lrn| DeclarationId {
                scheme: "lrn".to_owned(),
                value: lrn.to_owned(),
            })
        };
        let id = input.id.clone().or_else(by_lrn).ok_or_else(|| {
            Failure::permanent(
                "input.invalid",
                "neither `id` nor `lrn` says which declaration is wanted",
            )
        })?;
        let found = match self.config.declaration_from.unwrap_or_default() {
            DeclarationFrom::Store => memory::recall(&id, lrn)?.and_then(|dossier| dossier.declaration()),
            DeclarationFrom::Customs => self.ask_customs(&id, &input)?,
        };
        let found = found.ok_or_else(|| not_lodged(&id))?;
        let required = input.version.filter(|_| self.config.require_version == Some(true));
        match (found.version, required) {
            (Some(version), Some(required)) if version < required => Err(not_lodged(&id).issue(
                "/version",
                "declaration.old_version",
                format!("version {version} is there, {required} is wanted"),
            )),
            _ => Ok(found),
        }
    }
}

impl WcoCustoms {
    /// Asks the customs system; none where it does not know the declaration.
    fn ask_customs(&self, id: &DeclarationId, input: &DeclarationRequest) -> Result<Option<Declaration>, Failure> {
        let path = self.path(id, input)?;
        let response = http::get("api", path).header("accept", "application/xml").send()?;
        if response.status == 404 {
            return Ok(None);
        }
        let response = response.expect_success()?;
        let read = declaration::read_declaration(response.bytes(), &self.config);
        let declaration = read.map_err(|refusal| match refusal {
            // Not customs said this but something on the way: a proxy's page, half an answer. The next one may be whole.
            Refusal::Xml(error) => response.unreadable(&error),
            other => refused(other),
        })?;
        if declaration.id.scheme == id.scheme && declaration.id != *id {
            return Err(Failure::permanent(
                "declaration.mismatch",
                format!(
                    "customs answered with declaration {} instead of {}",
                    declaration.id.value, id.value
                ),
            ));
        }
        let known = memory::recall(id, input.lrn.as_deref())?;
        Ok(Some(match known {
            Some(dossier) => dossier.dated(declaration),
            None => Declaration {
                id: id.clone(),
                ..declaration
            },
        }))
    }

    /// Fills the path template; each value is one encoded piece.
    fn path(&self, id: &DeclarationId, input: &DeclarationRequest) -> Result<String, Failure> {
        let template = self.config.path();
        let mrn = (id.scheme != "lrn").then_some(id.value.as_str());
        let lrn = input
            .lrn
            .as_deref()
            .or_else(|| (id.scheme == "lrn").then_some(id.value.as_str()));
        let version = input.version.map(|version| version.to_string());
        let mut path = template.to_owned();
        for (name, value) in [
            ("{mrn}", mrn),
            ("{lrn}", lrn),
            ("{version}", version.as_deref().or(Some(""))),
        ] {
            if !path.contains(name) {
                continue;
            }
            let value = value.ok_or_else(|| {
                Failure::permanent(
                    "input.invalid",
                    format!("the path `{template}` needs {name}, which is not known"),
                )
            })?;
            path = path.replace(name, &encoded(value));
        }
        Ok(path)
    }
}

/// A message that was not taken, as the failure of the operation, with its place.
fn refused(refusal: Refusal) -> Failure {
    let failure = Failure::permanent(refusal.code(), refusal.to_string());
    match refusal.position() {
        Some(at) => failure.issue(at.to_string(), refusal.code(), refusal.to_string()),
        None => failure,
    }
}

fn not_lodged(id: &DeclarationId) -> Failure {
    Failure::retryable(
        "declaration.not_lodged",
        format!("the declaration {} ({}) is not known yet", id.value, id.scheme),
    )
}

/// Percent-encodes all but unreserved characters (RFC 3986), so that a number cannot change the path.
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

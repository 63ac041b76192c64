//! What is known of one declaration: the newest version that was kept, and what customs has said of it.

use dragoman_documents::{Declaration, DeclarationId, DeclarationStatus, Event, Moment, Notice};
use dragoman_guest::prelude::record;

/// One noticed event.
#[record]
#[derive(Eq)]
pub struct NotedEvent {
    /// What happened.
    pub event: Event,
    /// When it took effect.
    pub effective_at: Moment,
    /// The version of the declaration that the notice was about.
    pub version: Option<u32>,
    /// The notice's identifier.
    pub message_id: String,
}

/// Everything known of one declaration.
#[record]
#[derive(Eq)]
pub struct Dossier {
    /// The declaration's identity: by MRN as soon as that is known.
    pub id: DeclarationId,
    /// Its local reference number.
    pub lrn: Option<String>,
    /// The newest version that was kept.
    pub declaration: Option<Declaration>,
    /// What customs has said, by the time of effect.
    pub events: Vec<NotedEvent>,
}

/// How a declaration stands after a notice.
#[record]
#[derive(Eq)]
pub struct Standing {
    /// The declaration.
    pub declaration: DeclarationId,
    /// Its local reference number.
    pub lrn: Option<String>,
    /// What the notice said.
    pub event: Event,
    /// What all notices together say; absent where they say nothing of it.
    pub status: Option<DeclarationStatus>,
    /// Everything noticed, by the time of effect.
    pub events: Vec<NotedEvent>,
    /// Whether the goods are known to have left.
    pub exited: bool,
    /// Whether the declaration is known to be invalidated.
    pub invalidated: bool,
    /// Whether the declaration itself was kept here.
    pub lodged: bool,
}

impl Dossier {
    /// An empty one.
    #[must_use]
    pub fn new(id: DeclarationId, lrn: Option<String>) -> Self {
        Self {
            id,
            lrn,
            declaration: None,
            events: Vec::new(),
        }
    }

    /// Whether an event was noticed.
    #[must_use]
    pub fn has(&self, event: Event) -> bool {
        self.events.iter().any(|noted| noted.event == event)
    }

    /// Whether the goods are known to have left.
    #[must_use]
    pub fn exited(&self) -> bool {
        self.has(Event::Exited) || self.has(Event::Departed)
    }

    /// Whether nothing more comes of this declaration, so that its LRN may be lodged anew.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.has(Event::Invalidated) || (self.has(Event::Rejected) && !self.has(Event::Accepted))
    }

    /// The furthest standing that the notices tell, in whatever order they came.
    #[must_use]
    pub fn status(&self) -> Option<DeclarationStatus> {
        let noticed = self.events.iter().filter_map(|noted| status_after(noted.event));
        // A refused amendment leaves an accepted declaration as it was.
        let noticed = noticed.filter(|status| *status != DeclarationStatus::Rejected || self.is_closed());
        let lodged = self.declaration.is_some().then_some(DeclarationStatus::Lodged);
        noticed.chain(lodged).max_by_key(|status| rank(*status))
    }

    /// Keeps a declaration unless a newer version is there; says why it was not kept.
    pub fn keep(&mut self, declaration: Declaration) -> Result<(), String> {
        if declaration.type_code.as_deref() == Some("COR") || declaration.function_code.as_deref() == Some("13") {
            return Err("an amendment request holds only what changes".to_owned());
        }
        match (
            self.declaration.as_ref().and_then(|kept| kept.version),
            declaration.version,
        ) {
            (Some(kept), Some(version)) if version < kept => {
                return Err(format!("version {kept} is kept already"));
            }
            // The trader's own message has no version; what customs has made of it is newer.
            (Some(kept), None) => {
                return Err(format!("version {kept} from customs is kept already"));
            }
            _ => {}
        }
        if declaration.lrn.is_some() {
            self.lrn.clone_from(&declaration.lrn);
        }
        self.declaration = Some(declaration);
        Ok(())
    }

    /// Takes what another dossier of the same declaration knows.
    pub fn join(&mut self, other: Dossier) {
        let newer = |kept: &Declaration, other: &Declaration| other.version > kept.version;
        self.declaration = match (self.declaration.take(), other.declaration) {
            (Some(kept), Some(other)) => Some(if newer(&kept, &other) { other } else { kept }),
            (kept, other) => kept.or(other),
        };
        self.lrn = self.lrn.take().or(other.lrn);
        for noted in other.events {
            self.insert(noted);
        }
    }

    /// Notes what a notice says; the same notice again changes nothing.
    pub fn note(&mut self, notice: &Notice) {
        if self.lrn.is_none() {
            self.lrn.clone_from(&notice.lrn);
        }
        self.insert(NotedEvent {
            event: notice.event,
            effective_at: notice.effective_at.clone(),
            version: notice.version,
            message_id: notice.message_id.clone(),
        });
    }

    fn insert(&mut self, event: NotedEvent) {
        if self.events.iter().any(|noted| noted.message_id == event.message_id) {
            return;
        }
        self.events.push(event);
        self.events.sort_by(|one, other| {
            let key = |noted: &NotedEvent| (noted.effective_at.begins(0), noted.event);
            key(one)
                .cmp(&key(other))
                .then_with(|| one.message_id.cmp(&other.message_id))
        });
    }

    /// The kept declaration as it stands now, under the identity that is known best.
    #[must_use]
    pub fn declaration(&self) -> Option<Declaration> {
        let kept = self.declaration.clone()?;
        Some(self.dated(kept))
    }

    /// Puts identity, LRN and standing into a declaration.
    #[must_use]
    pub fn dated(&self, declaration: Declaration) -> Declaration {
        Declaration {
            id: self.id.clone(),
            lrn: declaration.lrn.or_else(|| self.lrn.clone()),
            status: self.status().or(declaration.status),
            ..declaration
        }
    }

    /// How the declaration stands after a notice.
    #[must_use]
    pub fn standing(&self, event: Event) -> Standing {
        Standing {
            declaration: self.id.clone(),
            lrn: self.lrn.clone(),
            event,
            status: self.status(),
            events: self.events.clone(),
            exited: self.exited(),
            invalidated: self.has(Event::Invalidated),
            lodged: self.declaration.is_some(),
        }
    }
}

fn status_after(event: Event) -> Option<DeclarationStatus> {
    Some(match event {
        Event::Received => DeclarationStatus::Received,
        Event::Accepted => DeclarationStatus::Accepted,
        Event::Rejected => DeclarationStatus::Rejected,
        Event::Held => DeclarationStatus::Held,
        Event::Inspected => DeclarationStatus::Inspected,
        Event::Released => DeclarationStatus::Released,
        Event::Cleared => DeclarationStatus::Cleared,
        Event::Exited | Event::Departed => DeclarationStatus::Exited,
        Event::Invalidated => DeclarationStatus::Invalidated,
        _ => return None,
    })
}

/// How far a standing is along the way of a declaration.
fn rank(status: DeclarationStatus) -> u8 {
    match status {
        DeclarationStatus::Lodged => 0,
        DeclarationStatus::Received => 1,
        DeclarationStatus::Rejected => 2,
        DeclarationStatus::Accepted => 3,
        DeclarationStatus::Held => 4,
        DeclarationStatus::Inspected => 5,
        DeclarationStatus::Released => 6,
        DeclarationStatus::Cleared => 7,
        DeclarationStatus::Exited => 8,
        DeclarationStatus::Invalidated => 9,
    }
}

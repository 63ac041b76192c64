//! Defects that are put in on purpose: a simulation that does not find them says nothing.

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// An append is taken of whoever had the run before.
    Unfenced,
    /// A run is lent while somebody has it.
    LentTwice,
    /// It is answered before it is synced.
    AnsweredEarly,
    /// Runs of a serial do not take turns.
    NoTurns,
    /// Whoever is to look at what moved is not told.
    NotWoken,
    /// A business key is not found.
    KeyForgotten,
    /// An account is read as empty.
    AccountForgotten,
    /// Requests leave after the lease is over.
    SentLate,
    /// An event is taken for delivered when it was not.
    EventLost,
    /// Whoever begins alone on the store is not told of runs that wait.
    WaitingForgotten,
    /// Runs that wait in the store for an event are not found when it comes.
    NotHeard,
    /// What an append says is answered as written, and nothing of it is.
    AppendLost,
}

impl Defect {
    /// All of them.
    pub const ALL: [Defect; 12] = [
        Defect::Unfenced,
        Defect::LentTwice,
        Defect::AnsweredEarly,
        Defect::NoTurns,
        Defect::NotWoken,
        Defect::KeyForgotten,
        Defect::AccountForgotten,
        Defect::SentLate,
        Defect::EventLost,
        Defect::WaitingForgotten,
        Defect::NotHeard,
        Defect::AppendLost,
    ];
}

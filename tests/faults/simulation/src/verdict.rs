//! What must hold when everything is done.

use dragoman_journal::fold::RunFold;
use dragoman_journal::{Ending, Record, Standing};
use dragoman_model::RunId;

use crate::plans::STOCK;
use crate::play::Play;
use crate::store::{Run, State};

/// Runs that have not come to their end; one above one that is parked waits for it.
pub(crate) fn unfinished(play: &Play) -> Vec<String> {
    let state = play.base.durable();
    let open = state.runs.iter().filter(|(id, run)| !is_at_rest(&state, **id, run));
    let mut open: Vec<String> = open
        .map(|(id, run)| {
            format!(
                "run {id} of {} {} is {:?}, turn {:?}, due {:?}",
                run.pipeline, run.run_key, run.row.standing, run.turn, run.row.due
            )
        })
        .collect();
    let undelivered = state.events.values().filter(|(_, delivered)| !delivered);
    open.extend(undelivered.map(|(event, _)| format!("event {:?} is not delivered", event.key)));
    open
}

fn is_at_rest(state: &State, id: RunId, run: &Run) -> bool {
    match run.row.standing {
        Standing::Closed | Standing::Parked => true,
        Standing::Waiting(_) => {
            let holds = |child: &&Run| child.parent.as_ref().is_some_and(|parent| parent.run == id);
            let children: Vec<&Run> = state.runs.values().filter(holds).collect();
            let parked = children.iter().any(|child| child.row.standing == Standing::Parked);
            // What waits for the event of an order that a person has to repair waits as long.
            let order = state.keys.get(&("orders".to_owned(), run.run_key.clone()));
            let order = order.and_then(|order| state.runs.get(order));
            let awaited = order.is_some_and(|order| order.ending.is_none() && stands_still(state, order));
            parked || (run.pipeline == "waits" && awaited)
        }
        _ => false,
    }
}

/// Whether a run of an order waits for a person, itself or in a parcel.
fn stands_still(state: &State, order: &Run) -> bool {
    let of_family = state.runs.values().filter(|run| run.family == order.family);
    of_family.into_iter().any(|run| run.row.standing == Standing::Parked)
}

/// What is not as promised.
pub(crate) fn of(play: &Play) -> Vec<String> {
    let state = play.base.durable();
    let mut wrong = play.partner.wrong();
    for (id, run) in state.runs.iter() {
        wrong.extend(folds(&state, *id, run));
        wrong.extend(rests(&state, *id, run));
        wrong.extend(counts(play, run));
    }
    for message in &play.plot.messages {
        let key = (message.pipeline.to_owned(), message.number.clone());
        if !state.keys.contains_key(&key) {
            wrong.push(format!(
                "{} {} was accepted and has no run",
                message.pipeline, message.number
            ));
        }
    }
    for (id, run) in state.runs.iter() {
        wrong.extend(emitted(&state, *id, run));
        wrong.extend(decided(&state, *id, run));
    }
    wrong.extend(ledger(&state, "plenty", "orders", 100));
    wrong.extend(ledger(&state, "given", "gives-up", 100));
    wrong.extend(ledger(&state, "scarce", "claims", STOCK));
    let wanted = i64::try_from(play.plot.numbers("claims").len()).unwrap_or(0).min(STOCK);
    let taken = claimed(&state, "scarce");
    if taken != wanted {
        wrong.push(format!("{wanted} claims of what is scarce were to stand, {taken} do"));
    }
    wrong
}

/// The entries of a run are a run, and its row is their fold.
fn folds(state: &State, id: RunId, run: &Run) -> Option<String> {
    let entries = state.entries.get(&id)?;
    match RunFold::of(entries.iter().map(|entry| &entry.header)) {
        Ok(Some(fold)) if fold.allows(run.row.standing) && fold.entries == run.row.entries => None,
        folded => Some(format!(
            "run {id} is {:?}, and its entries say {folded:?}",
            run.row.standing
        )),
    }
}

/// Whether a run may stand as it does: only what nobody can know waits for a person.
fn rests(state: &State, id: RunId, run: &Run) -> Option<String> {
    if run.row.standing != Standing::Parked {
        return None;
    }
    let entries = state.entries.get(&id)?;
    let code = entries.iter().rev().find_map(|entry| match &entry.header.record {
        Record::Parked { code } => Some(code.clone()),
        _ => None,
    });
    (run.pipeline != "posts").then(|| format!("{} {} is parked for {code:?}", run.pipeline, run.run_key))
}

/// What a run did outside took effect once.
fn counts(play: &Play, run: &Run) -> Vec<String> {
    let number = match &run.parent {
        // The key of a parcel is `a1/sent[0]` or the like; what it did has the number of its order.
        Some(parent) => {
            let above = play.base.durable();
            let order = above
                .runs
                .get(&parent.run)
                .map(|order| order.run_key.clone())
                .unwrap_or_default();
            let parcel = if parent.index == 0 { "x" } else { "y" };
            format!("{order}{parcel}")
        }
        None => run.run_key.clone(),
    };
    let expected: Vec<(&str, String)> = match (run.pipeline.as_str(), run.parent.is_some()) {
        ("orders", true) => vec![("ship", number.clone()), ("notify", number)],
        ("orders", false) => vec![("notify", number)],
        ("waits", _) => vec![("notify", format!("w{number}"))],
        ("hears", _) => vec![("notify", format!("h{number}"))],
        ("joins" | "joins-too", _) => vec![("ship", format!("{number}x")), ("notify", format!("j{number}"))],
        ("asks", _) => vec![("ship", format!("q{number}")), ("notify", format!("q{number}"))],
        ("gives-up", _) => vec![("ship", format!("g{number}")), ("notify", format!("g{number}"))],
        ("posts", _) => vec![("post", format!("p{number}"))],
        ("claims", _) => vec![("notify", format!("c{number}"))],
        _ => Vec::new(),
    };
    let two = matches!(run.pipeline.as_str(), "joins" | "joins-too");
    let most = |operation: &str| if two && operation == "notify" { 2 } else { 1 };
    let least = u32::from(run.ending == Some(Ending::Completed));
    let found = expected.into_iter().map(|(operation, number)| {
        let count = play.partner.count(operation, &number);
        (operation, number, count)
    });
    found
        .filter(|(operation, _, count)| *count < least || *count > most(operation))
        .map(|(operation, number, count)| {
            format!(
                "{operation} {number} of {} {} took effect {count} times",
                run.pipeline, run.run_key
            )
        })
        .collect()
}

/// The event of an order that has ended began a run.
fn emitted(state: &State, id: RunId, run: &Run) -> Option<String> {
    let ended = run.pipeline == "orders" && run.parent.is_none() && run.ending == Some(Ending::Completed);
    let heard = state.keys.contains_key(&("hears".to_owned(), run.run_key.clone()));
    (ended && !heard).then(|| format!("run {id} emitted an event that nobody heard"))
}

/// What was asked was answered once, and what was given up has nothing claimed.
fn decided(state: &State, id: RunId, run: &Run) -> Option<String> {
    let entries = state.entries.get(&id)?;
    let count = |is: fn(&Record) -> bool| entries.iter().filter(|entry| is(&entry.header.record)).count();
    let answers = count(|record| matches!(record, Record::Answer { .. }));
    if run.pipeline == "asks" && answers != 1 {
        return Some(format!("run {id} was answered {answers} times"));
    }
    let given_up = count(|record| matches!(record, Record::Operated { .. }));
    let (claimed, released) = (
        count(|record| matches!(record, Record::Claimed { .. })),
        count(|record| matches!(record, Record::Released { .. })),
    );
    // Where the last step was under way and came to its end, there was nothing left to give up.
    let fits = match run.ending {
        Some(Ending::Cancelled) => given_up > 0,
        Some(Ending::Completed) => released == 0,
        _ => given_up == 0,
    };
    (!fits || released > claimed).then(|| {
        format!(
            "run {id} ended {:?}, given up {given_up} times, claimed {claimed}, released {released}",
            run.ending
        )
    })
}

fn claimed(state: &State, account: &str) -> i64 {
    let found = state.ledger(Some("stock"), Some(account));
    let line = found.iter().flat_map(|account| &account.lines).next();
    line.and_then(|line| line.taken.parse().ok()).unwrap_or(0)
}

/// What is taken of an account is what the runs that have it say, and no more than there is.
fn ledger(state: &State, account: &str, pipeline: &str, most: i64) -> Option<String> {
    let taken = claimed(state, account);
    let claims = |id: &RunId| -> i64 {
        let entries = state
            .entries
            .get(id)
            .map(|entries| entries.as_slice())
            .unwrap_or_default();
        let counts = entries.iter().map(|entry| match entry.header.record {
            Record::Claimed { joined: None, .. } => 1,
            Record::Released { .. } => -1,
            _ => 0,
        });
        counts.sum()
    };
    let runs = state.runs.iter().filter(|(_, run)| run.pipeline == pipeline);
    let by_runs: i64 = runs.map(|(id, _)| claims(id)).sum();
    (taken != by_runs || taken > most)
        .then(|| format!("{taken} of {account} is taken, {by_runs} by runs, and there is {most}"))
}

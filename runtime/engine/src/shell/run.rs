//! How a run comes to a task that works on it: told something, taken from the store, past its turn, gates and place.

use std::sync::Arc;

use dragoman_journal::{Due, Lease, Standing};
use dragoman_model::RunId;
use futures_util::FutureExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::Shell;
use super::accept::{TriggerNames, text};
use super::answer::{Asked, Signal};
use super::at_work::{AtWork, Left};
use super::lanes::Lane;
use super::mailbox::Mailbox;
use super::turns::Turn;
use crate::Error;
use crate::machine::{Event, Machine};

/// Whoever asks something of a run that another worker has waits so long for it at most, in milliseconds.
const PATIENCE_MS: i64 = 20_000;
/// Between two looks at first, in milliseconds.
const PAUSE_MS: i64 = 50;

/// How a run comes to its task.
pub(super) enum Start {
    /// It began in this process, which owns it.
    Begun {
        machine: Box<Machine>,
        lease: Lease,
        turn: Option<Turn>,
    },
    /// It is taken up from the store.
    Stored,
}

/// A run at work.
#[derive(Debug)]
pub(super) struct Task {
    /// The way to reach it.
    mailbox: mpsc::UnboundedSender<Signal>,
    /// The pipeline in whose lane it has or awaits a place; none: it works in another's, or nobody has looked yet.
    pub(super) lane: Option<String>,
}

/// The right of a run to work, given back when it is dropped: the place first, the turn last.
#[derive(Debug)]
pub(super) struct Place {
    _at_work: Option<OwnedSemaphorePermit>,
    _among: Option<OwnedSemaphorePermit>,
    _turn: Option<Turn>,
}

impl Shell {
    /// Tells a run something; it is taken up from the store where no task works on it.
    pub(super) fn signal(self: &Arc<Self>, run: RunId, signal: Signal) {
        if *self.stop.borrow() {
            return;
        }
        let mut running = self.running.lock();
        if let Some(task) = running.get(&run) {
            // The receiver is dropped only under this lock, after the entry was removed.
            let _ = task.mailbox.send(signal);
            return;
        }
        let (mailbox, received) = mpsc::unbounded_channel();
        let _ = mailbox.send(signal);
        running.insert(run, Task { mailbox, lane: None });
        drop(running);
        self.spawn(run, Start::Stored, received);
    }

    /// Takes up a run that is due.
    pub(super) fn take_due(self: &Arc<Self>, due: Due) {
        self.signal(due.run, Signal::Woken);
        if let Some(task) = self.running.lock().get_mut(&due.run) {
            task.lane = due.pipeline;
        }
    }

    /// Begins to work on a run that this process owns.
    pub(super) fn begin_work(self: &Arc<Self>, machine: Machine, lease: Lease) {
        let run = lease.run;
        // It lines up before anything else happens, so that what one sender sends keeps its order.
        let origin = machine.state().origin.as_ref();
        let turn = origin.filter(|origin| origin.parent.is_none()).and_then(|origin| {
            let serial = origin.serial.as_ref()?;
            Some(self.turns.line_up(serial, run))
        });
        let (mailbox, received) = mpsc::unbounded_channel();
        let lane = origin
            .filter(|origin| origin.parent.is_none())
            .map(|_| machine.plan().pipeline.clone());
        self.running.lock().insert(run, Task { mailbox, lane });
        self.spawn(
            run,
            Start::Begun {
                machine: Box::new(machine),
                lease,
                turn,
            },
            received,
        );
    }

    fn spawn(self: &Arc<Self>, run: RunId, start: Start, received: UnboundedReceiver<Signal>) {
        let shell = Arc::clone(self);
        let mut stop = self.stop.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                // A sender of the channel lives in the shell, so this ends only when it says so. What was cut off is
                // still this task's; where the work came to its end, another may have begun by now.
                _ = stop.wait_for(|stop| *stop) => {
                    shell.running.lock().remove(&run);
                    shell.leases.lock().remove(&run);
                }
                () = Arc::clone(&shell).serve(run, start, received) => {}
            }
            shell.rested.notify_waiters();
            shell.refill();
        });
    }

    /// Works on a run until it rests and nobody has anything to tell it.
    async fn serve(self: Arc<Self>, run: RunId, start: Start, received: UnboundedReceiver<Signal>) {
        let mut received = Mailbox::new(received);
        let mut start = Some(start);
        let mut rests = None;
        loop {
            let begin = start.take().unwrap_or(Start::Stored);
            let work = self.work(run, begin, &mut received);
            match std::panic::AssertUnwindSafe(work).catch_unwind().await {
                Ok(standing) => rests = standing.or(rests),
                Err(_) => {
                    tracing::error!(%run, "the task of a run panicked; it is taken up again when its lease is over");
                    // It must run out, so nothing may lengthen it. The mailbox is this task's still, and so is the lease.
                    self.leases.lock().remove(&run);
                }
            }
            let mut running = self.running.lock();
            if received.is_empty() {
                // Whoever emits what it waits for finds it here, or in the store.
                self.wakes.rests(run);
                self.forget_family(run);
                running.remove(&run);
                break;
            }
        }
        if let Some(standing) = rests {
            self.rests_until(standing);
        }
    }

    /// Works on a run; says how it stands where it was brought to rest.
    async fn work(self: &Arc<Self>, run: RunId, start: Start, received: &mut Mailbox) -> Option<Standing> {
        let (machine, lease, mut first, turn) = match start {
            Start::Begun { machine, lease, turn } => (*machine, lease, Asked::quietly(Event::Started), turn),
            Start::Stored => {
                let (machine, lease, first) = self.take_up(run, received).await?;
                (machine, lease, first, None)
            }
        };
        let held = self.hold(lease);
        let left = self.left.lock().remove(&run);
        // Who is given up while it stands in a queue ends at once: nothing of it begins that would need a place.
        let waited = match (first.gives_up(), left) {
            (true, _) => None,
            (false, Some(place)) => Some(Ok(place)),
            (false, None) => tokio::select! {
                biased;
                place = self.come_to_work(&machine, turn) => Some(Ok(place)),
                signal = received.given_up() => Some(Err(signal)),
            },
        };
        let place = match waited {
            None => None,
            Some(Ok(place)) => Some(place),
            Some(Err(signal)) => {
                first = signal.into_asked(&machine);
                None
            }
        };
        let mut at_work = AtWork::new(self, machine, Arc::clone(&held));
        let left = at_work.turns(first, received).await;
        self.let_go(&held);
        match left {
            Left::Rested(standing) => Some(standing),
            Left::Lost => {
                tracing::debug!(%run, "the run is left to its next owner");
                None
            }
            Left::CutOff => {
                tracing::debug!(%run, "the run is left to its next owner, with requests under way");
                // Where nobody else can be that, it keeps its turn until it is taken up again.
                if let Some(place) = place.filter(|_| self.limits.alone) {
                    self.left.lock().insert(run, place);
                }
                None
            }
        }
    }

    /// Waits for the turn of a run, for its gates, and for a place in the lane of its pipeline.
    async fn come_to_work(self: &Arc<Self>, machine: &Machine, turn: Option<Turn>) -> Place {
        // Children work in the place and the turn of their family.
        let is_root = machine
            .state()
            .origin
            .as_ref()
            .is_some_and(|origin| origin.parent.is_none());
        let lane = is_root.then(|| self.lanes.of(machine.plan()));
        let _waiting = lane.as_ref().map(Lane::wait);
        let turn = match turn {
            None => self.place_of(machine).await,
            turn => turn,
        };
        let turn = match turn {
            None => None,
            Some(turn) => Some(turn.come().await),
        };
        let among = match &lane {
            Some(lane) => self.pass_gates(lane, machine).await,
            None => None,
        };
        let at_work = match &lane {
            Some(lane) => lane.enter().await,
            None => None,
        };
        Place {
            _at_work: at_work,
            _among: among,
            _turn: turn,
        }
    }

    /// Takes a run from the store: the lease, the entries, the plan that it is pinned to.
    async fn take_up(self: &Arc<Self>, run: RunId, received: &mut Mailbox) -> Option<(Machine, Lease, Asked)> {
        // The signal that woke it comes first; a run that nobody tells anything is just looked at.
        let first = received.take().unwrap_or(Signal::Woken);
        match self.take_patiently(run, &first).await {
            Ok((machine, lease)) => {
                let first = match first {
                    Signal::Migrated(moving) => {
                        let machine = self.move_over(machine, lease, *moving).await?;
                        return Some((machine, lease, Asked::quietly(Event::Woken)));
                    }
                    first => first,
                };
                let asked = first.into_asked(&machine);
                Some((machine, lease, asked))
            }
            Err(problem) => {
                tracing::debug!(%run, error = %problem, "the run was not taken up");
                first.refuse(problem);
                None
            }
        }
    }

    /// Takes a run from the store. One that another worker has, or that waits for its turn, is asked for again while there is
    /// something to tell it: that it is woken, the store knows.
    async fn take_patiently(self: &Arc<Self>, run: RunId, first: &Signal) -> Result<(Machine, Lease), Error> {
        let patience = match first {
            Signal::Woken => 0,
            // Whoever is told so has something open under the reference, and is to hear of it as long as it takes.
            Signal::Voided { .. } => i64::MAX / 4,
            _ => PATIENCE_MS,
        };
        let end = self.clock.now().millis().saturating_add(patience);
        let mut pause = PAUSE_MS;
        loop {
            let taken = self.take_stored(run, first).await;
            let now = self.clock.now();
            let again = now.plus_millis(pause);
            match taken {
                Err(Error::Busy(_)) if !self.limits.alone && again.millis() < end => {}
                taken => return taken,
            }
            self.clock.until(again).await;
            pause = (pause * 2).min(PATIENCE_MS / 10);
        }
    }

    /// Passes the gates of a run's pipeline; the place among those that have something in common with it, where they are
    /// bounded. The rate counts runs that begin, not those that go on.
    async fn pass_gates(&self, lane: &Lane, machine: &Machine) -> Option<OwnedSemaphorePermit> {
        let limits = &machine.plan().limits;
        let among = match &limits.per_key {
            None => None,
            Some(per_key) => {
                let roots = machine.state().origin.as_ref().map(|origin| origin.roots.clone());
                let key = roots.and_then(|roots| text(&per_key.by, &TriggerNames(roots), "per_key").ok())?;
                lane.gates.enter(&key, per_key.concurrent).await
            }
        };
        if let Some(rate) = limits.rate
            && machine.state().next == 1
        {
            lane.gates.pace(rate, self.clock.as_ref()).await;
        }
        among
    }

    /// The place of a run with a serial in the queue of those that have the same.
    async fn place_of(self: &Arc<Self>, machine: &Machine) -> Option<Turn> {
        let origin = machine.state().origin.as_ref()?;
        let serial = origin.serial.clone()?;
        let family = self.family(machine.state().run, origin.parent.as_ref()).await;
        Some(self.turns.line_up(&serial, family))
    }
}

//! Several processes on one database, fed by a broker: killed, stopped for longer than a lease, and database and broker with
//! them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dragoman_support::broker::Broker;
use dragoman_support::postgres::Postgres;
use dragoman_support::process::Process;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::kills::READY;
use super::outbox::{Counter, NOTICES, Outbox, SENDERS, Shared};
use super::{Campaign, Random, Tally};
use crate::queues::{DEAD, by_queue, declare, worked_off};
use crate::{Country, Error, Options};

/// How many processes work beside the one that serves.
const WORKERS: usize = 2;
/// How long a request may take effect at the permit system after it was sent: not the minute that its connector says, which
/// each endorsement that a fault catches would wait out.
const SETTLE: &str = "10s";

/// A suite of faults of several processes.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// The messages, the partners, the seed; `kills` is how many faults there are.
    pub campaign: Campaign,
}

/// A process that works.
struct Worker {
    process: Process,
    /// It stands still until then.
    still: Option<Instant>,
}

/// What is at work.
struct Scene<'a> {
    campaign: &'a Campaign,
    country: Country,
    database: Postgres,
    /// Notices come out of a queue of it.
    broker: Broker,
    workers: Vec<Worker>,
    outbox: Shared,
    over: Arc<AtomicBool>,
    senders: JoinSet<()>,
}

impl Crowd {
    /// Runs it to the end and counts; none: there is no database or no broker here to run it on.
    ///
    /// # Errors
    /// The country cannot be set up, a process does not come up again, or the runs do not come to rest.
    pub async fn run(&self) -> Result<Option<Tally>, Error> {
        let Some(database) = Postgres::start().await? else {
            return Ok(None);
        };
        let Some(broker) = Broker::start().await? else {
            return Ok(None);
        };
        declare(&broker.client().await?, &[NOTICES]).await?;
        database.make("permits").await?;
        let country = Country::new(&Options {
            database: Some(format!("postgresql://127.0.0.1:{}/permits", database.port())),
            settle: Some(SETTLE.into()),
            ..Options::default()
        })
        .await?;
        by_queue(&country, &broker, &[NOTICES])?;
        narrow(&country)?;
        let campaign = &self.campaign;
        campaign.make_trouble(&country);
        let mut scene = Scene {
            campaign,
            country,
            database,
            broker,
            workers: Vec::new(),
            outbox: Outbox::keeping(campaign.in_flight),
            over: Arc::default(),
            senders: JoinSet::new(),
        };
        scene.serve().await?;
        for _ in 0..WORKERS {
            scene.begin_to_work().await?;
        }
        let mut random = Random::new(campaign.seed);
        for number in 1..=campaign.kills {
            scene
                .outbox
                .prepare(&scene.country, READY.min(campaign.in_flight * 3))?;
            scene.pass(random.between(50, 900)).await?;
            let told = scene.fault(&mut random).await?;
            campaign.tell(number, &told);
        }
        scene.end().await.map(Some)
    }
}

/// Few releases are at work in one process at once: whoever serves leaves some of them to the others.
fn narrow(country: &Country) -> Result<(), Error> {
    const WIDE: &str = "limits: { concurrent: 200,";
    let file = country.folder().join("pipelines/export-release.yaml");
    let text = std::fs::read_to_string(&file)?;
    if !text.contains(WIDE) {
        return Err(format!("{} has no `{WIDE}`", file.display()).into());
    }
    Ok(std::fs::write(&file, text.replace(WIDE, "limits: { concurrent: 6,"))?)
}

impl Scene<'_> {
    /// The site is served, and customs sends to it.
    async fn serve(&mut self) -> Result<(), Error> {
        self.country.serve().await?;
        self.over = Arc::default();
        for _ in 0..SENDERS {
            let sending = self.outbox.clone().send(self.counter(), Arc::clone(&self.over));
            self.senders.spawn(sending);
        }
        Ok(())
    }

    /// Declarations are posted, notices are put into a queue.
    fn counter(&self) -> Counter {
        Counter {
            address: self.country.address().to_owned(),
            broker: Some(self.broker.url()),
        }
    }

    /// The process that serves is killed.
    async fn kill_server(&mut self) -> Result<(), Error> {
        self.country.kill().await?;
        self.over.store(true, Ordering::Relaxed);
        while self.senders.join_next().await.is_some() {}
        Ok(())
    }

    async fn begin_to_work(&mut self) -> Result<(), Error> {
        let process = self.country.work().await?;
        self.workers.push(Worker { process, still: None });
        Ok(())
    }

    /// Lets so many milliseconds of work pass; what stood still for long enough goes on.
    async fn pass(&mut self, millis: u64) -> Result<(), Error> {
        let end = Instant::now() + Duration::from_millis(millis);
        while Instant::now() < end {
            tokio::time::sleep_until(end.min(Instant::now() + Duration::from_millis(20))).await;
            self.outbox.look(&self.country);
        }
        for worker in &mut self.workers {
            if worker.still.is_some_and(|until| until <= Instant::now()) {
                worker.process.go_on()?;
                worker.still = None;
            }
        }
        Ok(())
    }

    /// Something goes wrong; what.
    async fn fault(&mut self, random: &mut Random) -> Result<String, Error> {
        let chosen = usize::try_from(random.between(0, WORKERS as u64 - 1))?;
        Ok(match random.between(0, 12) {
            0..=3 => self.kill_worker(chosen).await?,
            4 | 5 => {
                self.kill_server().await?;
                self.serve().await?;
                "the process that serves was killed".into()
            }
            6 | 7 => self.stand_still(chosen, random)?,
            8 | 9 => {
                self.database.kill().await?;
                self.database.resume().await?;
                "the database was killed".into()
            }
            10 => {
                self.broker.kill().await?;
                self.broker.resume().await?;
                "the broker was killed".into()
            }
            11 => self.without_database(chosen, random).await?,
            _ => self.without_broker(chosen, random).await?,
        })
    }

    /// The database is away for a while. Meanwhile somebody dies: the next one recovers in the middle of that.
    async fn without_database(&mut self, chosen: usize, random: &mut Random) -> Result<String, Error> {
        let millis = random.between(100, 3_000);
        self.database.stop().await?;
        self.kill_a_worker(chosen).await?;
        self.pass(millis).await?;
        self.database.resume().await?;
        self.begin_to_work().await?;
        Ok(format!(
            "the database was away for {millis} ms, and a worker was killed meanwhile"
        ))
    }

    /// The broker is away for a while, and whoever serves begins anew in the middle of that.
    async fn without_broker(&mut self, chosen: usize, random: &mut Random) -> Result<String, Error> {
        let millis = random.between(100, 3_000);
        self.broker.stop().await?;
        self.kill_server().await?;
        self.kill_a_worker(chosen).await?;
        self.serve().await?;
        self.pass(millis).await?;
        self.broker.resume().await?;
        self.begin_to_work().await?;
        Ok(format!(
            "the broker was away for {millis} ms, and a worker and the process that serves were killed meanwhile"
        ))
    }

    async fn kill_worker(&mut self, chosen: usize) -> Result<String, Error> {
        self.kill_a_worker(chosen).await?;
        self.begin_to_work().await?;
        Ok("a worker was killed".into())
    }

    async fn kill_a_worker(&mut self, chosen: usize) -> Result<(), Error> {
        let mut worker = self.workers.remove(chosen);
        worker.process.kill().await?;
        Ok(())
    }

    /// A worker stands still, mostly for longer than its leases last.
    fn stand_still(&mut self, chosen: usize, random: &mut Random) -> Result<String, Error> {
        let millis = if random.between(0, 3) == 0 {
            random.between(100, 3_000)
        } else {
            random.between(31_000, 40_000)
        };
        let worker = &mut self.workers[chosen];
        worker.process.stand_still()?;
        worker.still = Some(Instant::now() + Duration::from_millis(millis));
        Ok(format!("a worker stands still for {millis} ms"))
    }

    /// Everything is well again: all goes on to its end, and is counted.
    async fn end(mut self) -> Result<Tally, Error> {
        // What stands still does so to its end, while the others work: their leases are taken over before it goes on.
        while self.workers.iter().any(|worker| worker.still.is_some()) {
            self.outbox
                .prepare(&self.country, READY.min(self.campaign.in_flight * 3))?;
            self.pass(200).await?;
        }
        self.outbox.close();
        while self.senders.join_next().await.is_some() {}
        self.campaign.sent(&self.country, &self.outbox, self.counter()).await?;
        let client = self.broker.client().await?;
        worked_off(&client, &self.country, NOTICES).await?;
        self.campaign.rest(&self.country).await?;
        let mut tally = Tally::of(self.campaign, &self.country, &self.outbox).await;
        let rejected = client.count(DEAD).await?;
        if let Ok(tally) = &mut tally
            && rejected > 0
        {
            tally.wrong.push(format!("{rejected} messages were rejected"));
        }
        self.country.kill().await?;
        for worker in &mut self.workers {
            worker.process.kill().await?;
        }
        tally
    }
}

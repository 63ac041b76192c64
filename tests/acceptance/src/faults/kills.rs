//! Killing the runtime again and again, with cases in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dragoman_support::eventually;
use dragoman_support::faults::{Fault, Faults, Rule};
use tokio::task::JoinSet;

use super::outbox::{Counter, Outbox, SENDERS, Shared};
use super::{Random, Tally};
use crate::{Country, Error, Options};

/// How many cases are kept ready to be sent.
pub(super) const READY: usize = 150;
/// How long the last runs may take: twice the settle time of the permit system's connector, and the back-off of what
/// failed late.
const LAST_RUNS: Duration = Duration::from_secs(300);

/// One suite of kills.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// What it is called in its report.
    pub name: &'static str,
    /// What the random moments and faults are drawn from.
    pub seed: u64,
    /// How often the runtime is killed.
    pub kills: u32,
    /// How many cases are kept in flight.
    pub in_flight: usize,
    /// Whether the permit system honours no key and cannot be asked.
    pub nasty: bool,
    /// Whether answers of the permit system may be lost, so that runs wait out its settle time.
    pub losing: bool,
    /// Whether each life is told on the screen.
    pub told: bool,
}

impl Campaign {
    /// Runs it to the end and counts.
    ///
    /// # Errors
    /// The country cannot be set up, the runtime does not come up again, or its runs do not come to rest.
    pub async fn run(&self) -> Result<Tally, Error> {
        let mut country = Country::new(&Options {
            nasty: self.nasty,
            ..Options::default()
        })
        .await?;
        // The first start compiles the connectors; no kill is to be spent on that.
        country.serve().await?;
        country.kill().await?;
        self.make_trouble(&country);
        let outbox = Outbox::keeping(self.in_flight);
        let mut random = Random::new(self.seed);
        for number in 1..=self.kills {
            outbox.prepare(&country, READY.min(self.in_flight * 3))?;
            self.life(&mut country, &outbox, &mut random, number).await?;
        }
        outbox.close();
        country.serve().await?;
        let counter = posted(&country);
        self.sent(&country, &outbox, counter).await?;
        self.rest(&country).await?;
        let tally = Tally::of(self, &country, &outbox).await;
        country.kill().await?;
        tally
    }

    /// From a start to a kill: mostly at a random moment of its work, sometimes while it still starts.
    async fn life(
        &self,
        country: &mut Country,
        outbox: &Shared,
        random: &mut Random,
        number: u32,
    ) -> Result<(), Error> {
        if random.between(0, 6) == 0 {
            let moment = random.between(5, 200);
            country.begin()?;
            tokio::time::sleep(Duration::from_millis(moment)).await;
            country.kill().await?;
            self.tell(number, &format!("killed {moment} ms after its start began"));
            return Ok(());
        }
        let moment = random.between(50, 800);
        country.serve().await?;
        let over = Arc::new(AtomicBool::new(false));
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            senders.spawn(outbox.clone().send(posted(country), over.clone()));
        }
        let end = tokio::time::Instant::now() + Duration::from_millis(moment);
        let mut in_flight = outbox.look(country);
        while tokio::time::Instant::now() < end {
            tokio::time::sleep_until(end.min(tokio::time::Instant::now() + Duration::from_millis(20))).await;
            in_flight = outbox.look(country);
        }
        country.kill().await?;
        over.store(true, Ordering::Relaxed);
        while senders.join_next().await.is_some() {}
        self.tell(
            number,
            &format!("killed after {moment} ms of work, {in_flight} cases in flight"),
        );
        Ok(())
    }

    /// Everything is well again: what was not answered is sent again.
    pub(super) async fn sent(&self, country: &Country, outbox: &Shared, counter: Counter) -> Result<(), Error> {
        let partners = [
            &country.register.faults(),
            &country.partner.faults(),
            &country.species.faults(),
        ];
        partners.into_iter().for_each(|faults| faults.clear());
        let over = Arc::new(AtomicBool::new(false));
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            senders.spawn(outbox.clone().send(counter.clone(), over.clone()));
        }
        while senders.join_next().await.is_some() {}
        let sent = eventually("everything is sent", Duration::from_secs(1), async || {
            match outbox.left() {
                0 => Ok(()),
                left => Err(format!("{left} messages are not answered 202")),
            }
        });
        Ok(sent.await?)
    }

    /// All runs come to their end.
    pub(super) async fn rest(&self, country: &Country) -> Result<(), Error> {
        self.say("everything is sent; the last runs wait out what is uncertain");
        country.at_rest(LAST_RUNS).await?;
        Ok(())
    }

    /// The partners fail and delay from now on.
    pub(super) fn make_trouble(&self, country: &Country) {
        let (register, partner, species) = (
            country.register.faults(),
            country.partner.faults(),
            country.species.faults(),
        );
        for (index, faults) in [register, partner, species].into_iter().enumerate() {
            faults.seed(self.seed.wrapping_add(index as u64));
        }
        let harmless = [
            (Fault::fail_before(503), 0.05),
            (Fault::Slow { ms: 150 }, 0.05),
            (Fault::SlowAfter { ms: 150 }, 0.03),
        ];
        let losing = [
            (Fault::CutBefore, 0.03),
            (Fault::CutAfter, 0.05),
            (Fault::FailAfter { status: 500 }, 0.04),
            (Fault::Garbage, 0.04),
            (Fault::DropHalf, 0.03),
        ];
        let chances = |faults: &Faults, route: &str, which: &[(Fault, f64)]| {
            for (fault, chance) in which {
                faults.push(Rule::chance(route, fault.clone(), *chance));
            }
        };
        chances(register, "*", &harmless);
        chances(partner, "*", &harmless);
        chances(partner, "*", &losing);
        chances(species, "*", &harmless);
        if self.losing {
            chances(register, "*", &losing);
            chances(species, "*", &losing);
        } else {
            chances(register, "PUT *", &losing[1..2]);
        }
    }

    pub(super) fn tell(&self, number: u32, text: &str) {
        self.say(&format!("fault {number} of {}: {text}", self.kills));
    }

    pub(super) fn say(&self, text: &str) {
        if self.told {
            println!("  {}: {text}", self.name);
        }
    }
}

/// Where customs posts everything.
fn posted(country: &Country) -> Counter {
    Counter {
        address: country.address().to_owned(),
        broker: None,
    }
}

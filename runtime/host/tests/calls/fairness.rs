//! Guests that misbehave do not slow the others down, not even on one core.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dragoman_host::{CallLimits, HostSettings};
use serde_json::json;

use crate::world::World;

/// How long each stretch is measured, and how many there are with bad guests and without. They alternate, so that
/// whatever else the machine does disturbs both alike.
const STRETCH: Duration = Duration::from_millis(400);
const STRETCHES: u32 = 6;

/// The times of calls of a well-behaved operation, made without a pause by two clients.
async fn stretch(world: &Arc<World>) -> Vec<Duration> {
    let client = |world: Arc<World>| async move {
        let text = "x".repeat(1_000);
        let (until, mut times) = (Instant::now() + STRETCH, Vec::new());
        while Instant::now() < until {
            let began = Instant::now();
            world
                .call("echo", json!({"text": text}))
                .await
                .result
                .expect("a call that behaves succeeds");
            times.push(began.elapsed());
            tokio::task::yield_now().await;
        }
        times
    };
    let clients = [1, 2].map(|_| tokio::spawn(client(world.clone())));
    let mut times = Vec::new();
    for client in clients {
        times.extend(client.await.unwrap());
    }
    times
}

/// The time below which 99 of 100 stay.
fn p99(mut times: Vec<Duration>) -> u128 {
    times.sort();
    times[times.len() * 99 / 100].as_micros()
}

/// Run by the test below in a process of its own, pinned to one core.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by `bad_guests_do_not_slow_the_others_down`"]
async fn measured() {
    let world = World::with(HostSettings::default(), |connection| {
        connection.limits = CallLimits {
            cpu_ms: 40,
            wall_ms: 20_000,
            ..CallLimits::default()
        };
    })
    .await;
    let world = Arc::new(world);
    let (tell, told) = tokio::sync::watch::channel(false);
    for operation in ["spin", "eat", "panic", "deep"] {
        let (world, mut told) = (world.clone(), told.clone());
        tokio::spawn(async move {
            while told.wait_for(|going| *going).await.is_ok() {
                let _ = world.call(operation, json!({})).await;
                tokio::task::yield_now().await;
            }
        });
    }
    stretch(&world).await;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..STRETCHES {
        alone.extend(stretch(&world).await);
        tell.send_replace(true);
        beside.extend(stretch(&world).await);
        tell.send_replace(false);
        while world.runner.host().in_use().1 < 64 {
            tokio::task::yield_now().await;
        }
    }
    println!("microseconds: {} {}", p99(alone), p99(beside));
}

#[test]
fn bad_guests_do_not_slow_the_others_down() {
    let executable = std::env::current_exe().unwrap();
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(executable);
    command.args(["--ignored", "--exact", "fairness::measured", "--nocapture"]);
    // Other programs on the machine disturb a measurement now and then, but not four times in a row.
    let mut tried = Vec::new();
    for _ in 0..4 {
        let output = command.output().expect("`taskset` of util-linux can be run");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text
            .lines()
            .find_map(|line| line.split_once("microseconds: "))
            .map(|(_, rest)| rest);
        // The test runner writes its verdict behind what the test printed.
        let numbers: Vec<u64> = line
            .unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
            .split_whitespace()
            .map_while(|number| number.parse().ok())
            .collect();
        // One slice of the operating system's scheduler is not the host's to give or take.
        if numbers[1] <= numbers[0] * 2 + 1_000 {
            return;
        }
        tried.push((numbers[0], numbers[1]));
    }
    panic!("p99 alone and beside bad guests, in microseconds: {tried:?}");
}

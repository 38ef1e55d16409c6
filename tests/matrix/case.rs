//! One case: a run that is killed at one of its requests, and the one after it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use spaceport::sandbox::{Entry, When};

use crate::scenarios::Scenario;
use crate::state::{LEDGER, State, Texts, idle_writes};
use crate::world::{Kept, Ran, World, hanging};

/// How many writes of the ledger and its lease a second run may have beyond those of an undisturbed
/// one: the lease of the run that was killed is removed, and the ledger is saved once more when that
/// run's intents were.
const LEDGER_WRITES: usize = 2;

/// A scenario that is ready to be told: its start, and what an undisturbed run makes of it.
pub struct Ready {
    pub scenario: &'static Scenario,
    start: Kept,
    texts: Texts,
    pub calm: Calm,
    /// Places whose digest is of a random text.
    loose: BTreeSet<String>,
}

/// What an undisturbed run does and leaves.
pub struct Calm {
    pub requests: Vec<Entry>,
    pub writes: Writes,
    state: State,
}

/// Writes, counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Writes {
    /// Of objects, by method and path or by the operation's name.
    objects: BTreeMap<String, usize>,
    /// Of the ledger and its lease.
    ledger: usize,
}

/// Where a run is killed.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// How many requests took effect before the one in question.
    pub request: usize,
    /// Whether that one took effect, though its answer was never seen.
    pub when: When,
}

/// What the second run cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub requests: usize,
    pub writes: usize,
}

impl Ready {
    /// Makes the start and lets two runs pass undisturbed.
    pub fn new(scenario: &'static Scenario) -> Result<Ready, String> {
        let start = (scenario.start)().kept();
        let texts = Texts::known(start.env(), &start.world().state());
        let calm = Calm::of(scenario, &start.world(), &texts)?;
        let again = Calm::of(scenario, &start.world(), &texts)?;
        if calm.requests.len() != again.requests.len() || calm.writes != again.writes {
            return Err(format!(
                "two undisturbed runs send different requests\n{:#?}\n{:#?}",
                calm.requests, again.requests
            ));
        }
        let loose = calm.state.loose(&again.state)?;
        Ok(Ready {
            scenario,
            start,
            texts,
            calm,
            loose,
        })
    }

    /// All points where its run can be killed.
    pub fn points(&self) -> Vec<Point> {
        let all = 0..self.calm.requests.len();
        all.flat_map(|request| [When::Before, When::After].map(|when| Point { request, when }))
            .collect()
    }

    /// Kills a run and lets the next one complete it.
    pub fn case(&self, point: Point) -> Result<Cost, String> {
        let world = self.start.world();
        let done = self.killed(&world, point)?;
        // What the killed run still had under way ends with its connections.
        let world = world.restarted();
        let half = world.state();

        let ran = world.run(self.scenario.arguments);
        let requests = world.sandbox.requests();
        if ran.code != Some(0) {
            return Err(format!("the second run does not end well\n{}", words(&ran)));
        }
        let state = State::of(&world, self.scenario.ledger, &self.texts);
        let mut wrong = state.differences(&self.calm.state, &self.loose);
        let unlike = self.scenario.unlike;
        wrong.retain(|line| !unlike.iter().any(|place| line.contains(place)));

        let writes = Writes::of(&requests);
        wrong.extend(writes.excess(&self.calm.writes, &done, self.scenario.again));
        for row in idle_writes(&half, &world.state()) {
            wrong.push(format!("{row}: was written again as it was"));
        }
        wrong.extend(self.unrest(&world));
        match wrong.is_empty() {
            true => Ok(Cost {
                requests: requests.len(),
                writes: writes.count(),
            }),
            false => Err(format!(
                "{}\n  the killed run had written\n{done}  the second one wrote\n{writes}",
                wrong.join("\n")
            )),
        }
    }

    /// Starts a run and kills it: exactly the requests up to the point took effect. What they wrote.
    fn killed(&self, world: &World, Point { request, when }: Point) -> Result<Writes, String> {
        let nth = u32::try_from(request).expect("few requests");
        world.sandbox.fault(hanging(when).skip(nth));
        let later = hanging(When::Before).skip(nth + 1).forever();
        world.sandbox.fault(later);
        let mut running = world.start(self.scenario.arguments);
        if !world.until_one_hangs_or(|| running.has_ended()) {
            return Err(format!("it ended before\n{}", words(&running.end())));
        }
        let answered = request + usize::from(when == When::After);
        world.until_answered(answered);
        running.kill();
        let requests = world.sandbox.requests();
        assert_eq!(requests.len(), answered, "{requests:#?}");
        Ok(Writes::of(&requests))
    }

    /// What a third run finds to do, which is nothing.
    fn unrest(&self, world: &World) -> Vec<String> {
        world.forget_requests();
        let ran = world.run(self.scenario.proof);
        let writes = Writes::of(&world.sandbox.requests());
        match ran.code == Some(0) && writes.count() == 0 {
            true => vec![],
            false => vec![format!(
                "a third run finds something to do\n{}",
                words(&ran)
            )],
        }
    }

    /// What a request of an undisturbed run is, for people.
    pub fn request(&self, nth: usize) -> String {
        name(&self.calm.requests[nth])
    }
}

impl Calm {
    fn of(scenario: &Scenario, world: &World, texts: &Texts) -> Result<Calm, String> {
        let ran = world.run(scenario.arguments);
        if ran.code != Some(0) {
            let words = words(&ran);
            return Err(format!("an undisturbed run does not end well\n{words}"));
        }
        let requests = world.sandbox.requests();
        Ok(Calm {
            writes: Writes::of(&requests),
            state: State::of(world, scenario.ledger, texts),
            requests,
        })
    }
}

impl Writes {
    fn of(requests: &[Entry]) -> Writes {
        let mut writes = Writes::default();
        for entry in requests.iter().filter(|entry| entry.write) {
            if entry.path.split('/').any(|part| part == LEDGER) {
                writes.ledger += 1;
            } else {
                *writes.objects.entry(name(entry)).or_default() += 1;
            }
        }
        writes
    }

    /// All of them.
    pub fn count(&self) -> usize {
        self.objects.values().sum::<usize>() + self.ledger
    }

    /// What a second run wrote beyond what was missing and what may be sent `again`.
    fn excess(&self, calm: &Writes, done: &Writes, again: &[&str]) -> Vec<String> {
        let of = |writes: &Writes, name: &str| writes.objects.get(name).copied().unwrap_or(0);
        let mut found = Vec::new();
        for (name, is) in &self.objects {
            let again = again.iter().filter(|one| **one == name).count();
            let missing = of(calm, name).saturating_sub(of(done, name));
            if *is > missing + again {
                found.push(format!("{name}: sent {is} times, {missing} were missing"));
            }
        }
        if self.ledger > calm.ledger + LEDGER_WRITES {
            let (is, should) = (self.ledger, calm.ledger);
            found.push(format!("ledger: {is} writes instead of {should}"));
        }
        found
    }
}

impl std::fmt::Display for Writes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, count) in &self.objects {
            writeln!(formatter, "    {count} × {name}")?;
        }
        writeln!(formatter, "    {} × the ledger", self.ledger)
    }
}

impl Point {
    /// `before` or `after`.
    pub fn side(&self) -> &'static str {
        match self.when {
            When::Before => "before",
            When::After => "after",
        }
    }
}

fn name(entry: &Entry) -> String {
    match &entry.operation {
        Some(operation) => operation.clone(),
        None => format!("{} {}", entry.method, entry.path),
    }
}

fn words(ran: &Ran) -> String {
    let code: Value = ran.code.into();
    format!(
        "  exit code {code}\n  --- stdout\n{}\n  --- stderr\n{}",
        ran.out, ran.err
    )
}

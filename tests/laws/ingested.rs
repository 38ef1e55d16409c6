//! The newest event of a stack and an ingest after it agree on all that both write: whatever happened in
//! which order before, an ingest changes nothing that the event wrote, and the event again changes
//! nothing that the ingest wrote.
//!
//! Events happen in Spacelift and are delivered later, one by one and in order; in between stacks are
//! edited and ingests run. Left out is what no event can tell: of two runs of one stack at once the
//! newest event is not the stack's state, and a run keeps the branch that it began with. There an
//! ingest puts right what the event wrote (see `tests/stories/ingest.rs`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};
use serde_json::{Value, json};
use spaceport::sandbox::{By, Effect, Fault, Service, When};

use crate::bed::{config, holds};
use crate::fleet::{BLUEPRINT, Fleet, meant};

/// The stacks of a case.
const STACKS: usize = 3;

/// How a run may go, after `QUEUED`.
const WAYS: [&[&str]; 4] = [
    &["INITIALIZING", "PLANNING", "FINISHED"],
    &[
        "PLANNING",
        "UNCONFIRMED",
        "CONFIRMED",
        "APPLYING",
        "FINISHED",
    ],
    &["PLANNING", "UNCONFIRMED", "DISCARDED"],
    &["INITIALIZING", "FAILED"],
];

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A tracked run takes its next step; without one, a run begins that goes this way.
    Run { stack: usize, way: usize },
    /// A pull request's run, from its first state to its last.
    Proposed { stack: usize },
    /// Somebody changes a stack.
    Edit {
        stack: usize,
        what: usize,
        to: usize,
    },
    /// The oldest event that was not delivered yet is.
    Deliver { stack: usize },
    /// The newest event that was delivered is again.
    Again { stack: usize },
    /// All stacks are ingested.
    Ingest,
}

fn step() -> impl Strategy<Value = Step> {
    let stack = 0..STACKS;
    prop_oneof![
        5 => (stack.clone(), 0..WAYS.len()).prop_map(|(stack, way)| Step::Run { stack, way }),
        1 => stack.clone().prop_map(|stack| Step::Proposed { stack }),
        3 => (stack.clone(), 0..7_usize, 0..3_usize)
            .prop_map(|(stack, what, to)| Step::Edit { stack, what, to }),
        6 => stack.clone().prop_map(|stack| Step::Deliver { stack }),
        2 => stack.prop_map(|stack| Step::Again { stack }),
        3 => Just(Step::Ingest),
    ]
}

/// An event on its way.
#[derive(Debug, Clone)]
struct Letter {
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    /// What the stack was when it happened, see [`Stack::age`].
    age: u32,
}

/// A stack, and what is known of its events.
#[derive(Debug, Default)]
struct Stack {
    id: String,
    run: Option<(String, VecDeque<&'static str>)>,
    /// Grows with all that an event would tell.
    age: u32,
    pending: VecDeque<Letter>,
    newest: Option<Letter>,
}

impl Stack {
    /// The newest event, if it was delivered and tells what the stack is.
    fn told(&self) -> Option<&Letter> {
        let newest = self.newest.as_ref();
        newest.filter(|letter| letter.age == self.age && self.pending.is_empty())
    }
}

/// A case under way.
struct Case<'a> {
    fleet: &'a Fleet,
    seen: BTreeSet<String>,
    stacks: Vec<Stack>,
}

impl Case<'_> {
    fn steer(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.fleet.world.post(path, body);
        assert_eq!(status, 200, "{path}: {answer}");
        self.fleet.world.settle();
        answer
    }

    fn entity(&self, stack: usize) -> Value {
        meant(&self.fleet.world.entity(BLUEPRINT, &self.stacks[stack].id))
    }

    /// Takes the events that were sent since the last time.
    fn collect(&mut self) {
        let log = self.fleet.world.steering("/_sandbox/spacelift/deliveries");
        for sent in log["deliveries"].as_array().into_iter().flatten() {
            if !self.seen.insert(text(&sent["id"])) {
                continue;
            }
            let body: Value = serde_json::from_str(&text(&sent["body"])).expect("JSON");
            let of = body["stack"]["id"].as_str().unwrap_or_default();
            let Some(stack) = self.stacks.iter_mut().find(|stack| stack.id == of) else {
                continue;
            };
            let headers = sent["headers"].as_array().into_iter().flatten();
            let url = text(&sent["url"]);
            let key = url.rsplit_once('/').map_or("", |(_, key)| key);
            stack.pending.push_back(Letter {
                path: format!("/ingest/{key}"),
                headers: headers
                    .map(|pair| (text(&pair[0]), text(&pair[1])))
                    .collect(),
                body: text(&sent["body"]),
                age: stack.age,
            });
        }
    }

    fn run(&mut self, stack: usize, way: usize) {
        let one = &mut self.stacks[stack];
        one.age += 1;
        let id = one.id.clone();
        match &mut one.run {
            Some((run, left)) => {
                let (run, next) = (run.clone(), left.pop_front().expect("it goes on"));
                if left.is_empty() {
                    one.run = None;
                }
                let on = json!({"stop_at": next});
                self.steer(&format!("/_sandbox/runs/{run}"), on);
            }
            None => {
                let path = [&["QUEUED"], WAYS[way]].concat();
                let asked = json!({"stack": id, "path": path, "stop_at": "QUEUED"});
                let made = self.steer("/_sandbox/runs", asked);
                let left = WAYS[way].iter().copied().collect();
                self.stacks[stack].run = Some((text(&made["run"]["id"]), left));
            }
        }
        self.collect();
    }

    fn proposed(&mut self, stack: usize) {
        let asked =
            json!({"stack": self.stacks[stack].id, "type": "PROPOSED", "branch": "feature"});
        self.steer("/_sandbox/runs", asked);
        self.collect();
    }

    fn edit(&mut self, stack: usize, what: usize, to: usize) {
        let one = &mut self.stacks[stack];
        // A run keeps the branch that it began with.
        if what == 4 && one.run.is_some() {
            return;
        }
        let (field, value) = [
            ("name", json!(["One", "Two", "Three"][to])),
            ("description", json!(["One", "", "Three"][to])),
            ("labels", json!([["a", "b"].as_slice(), &["b"], &[]][to])),
            ("namespace", json!(["acme", "", "others"][to])),
            ("branch", json!(["main", "trunk", "next"][to])),
            ("repository", json!(["one", "two", "three"][to])),
            ("provider", json!(["GITHUB", "GITLAB", "GIT"][to])),
        ][what]
            .clone();
        one.age += 1;
        let id = one.id.clone();
        self.fleet.edit(&id, |input| {
            input.insert(field.to_owned(), value);
        });
        self.fleet.world.settle();
        self.collect();
    }

    fn deliver(&mut self, stack: usize) {
        let Some(letter) = self.stacks[stack].pending.pop_front() else {
            return;
        };
        self.post(&letter);
        self.stacks[stack].newest = Some(letter);
    }

    /// Hands a letter to the intake, past the fault that keeps all others from it.
    fn post(&self, letter: &Letter) {
        let world = &self.fleet.world;
        let status = world.deliver(&letter.path, &letter.headers, &letter.body);
        assert_eq!(status, 202);
        world.settle();
    }

    fn again(&self, stack: usize) -> TestCaseResult {
        let Some(letter) = self.stacks[stack].told() else {
            return Ok(());
        };
        let before = self.entity(stack);
        self.post(letter);
        let after = self.entity(stack);
        holds(before == after, || {
            format!("the newest event again changed\n{before}\ninto\n{after}\n{letter:?}")
        })
    }

    fn ingest(&self) -> TestCaseResult {
        let told = self.fleet.ingest(&[]);
        holds(told.ran.code == Some(0), || format!("{told:#?}"))?;
        let sent = self.fleet.sent().into_iter().flatten();
        let sent: BTreeMap<String, Value> = sent
            .map(|entity| (text(&entity["identifier"]), entity))
            .collect();
        for stack in &self.stacks {
            let Some(letter) = stack.told() else {
                continue;
            };
            let Some(entity) = sent.get(&stack.id) else {
                continue;
            };
            // No event tells the space.
            let only = json!({"identifier": stack.id, "properties": {"space": "root"}});
            holds(*entity == only, || {
                format!("after {letter:?}\nan ingest wrote {entity}")
            })?;
        }
        Ok(())
    }

    fn take(&mut self, step: &Step) -> TestCaseResult {
        match *step {
            Step::Run { stack, way } => self.run(stack, way),
            Step::Proposed { stack } => self.proposed(stack),
            Step::Edit { stack, what, to } => self.edit(stack, what, to),
            Step::Deliver { stack } => self.deliver(stack),
            Step::Again { stack } => self.again(stack)?,
            Step::Ingest => self.ingest()?,
        }
        Ok(())
    }

    /// All that is under way arrives; then both agree, and with Spacelift.
    fn end(&mut self) -> TestCaseResult {
        for stack in 0..STACKS {
            while !self.stacks[stack].pending.is_empty() {
                self.deliver(stack);
            }
        }
        self.ingest()?;
        for stack in 0..STACKS {
            self.again(stack)?;
        }
        self.fleet.is_right();
        let told = self.fleet.ingest(&[]);
        holds(told.counts() == (0, 0, STACKS, 0), || format!("{told:#?}"))?;
        holds(self.fleet.writes().is_empty(), || "it wrote".into())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Some stacks of their own for each case: what was delivered before is dropped by its id.
fn begin(fleet: &Fleet, number: u32) -> Case<'_> {
    for id in fleet.stacks().into_keys() {
        fleet.delete(&id);
    }
    fleet.empty();
    let create =
        "mutation ($input: StackInput!) { stackCreate(input: $input, manageState: true) { id } }";
    let stacks = (0..STACKS).map(|stack| {
        let input = json!({"input": {
            "name": format!("case {number} {stack}"), "branch": "main", "repository": "infra",
            "namespace": "acme", "administrative": false, "space": "root",
        }});
        let made = fleet.world.spacelift(create, input);
        Stack {
            id: text(&made["stackCreate"]["id"]),
            ..Stack::default()
        }
    });
    let mut case = Case {
        fleet,
        seen: BTreeSet::new(),
        stacks: stacks.collect(),
    };
    case.collect();
    case
}

/// All cases of one project, in which repeated events are dropped by their id or not.
fn hold(drops_repeats: bool) {
    let fleet = Fleet::with(0, |world| {
        if !drops_repeats {
            let text = world.read("webhook.yaml");
            let lines = text
                .lines()
                .filter(|line| !line.contains("requestIdentifierPath"));
            let less: Vec<&str> = lines.collect();
            assert!(less.len() < text.lines().count());
            world.write("webhook.yaml", &less.join("\n"));
        }
    });
    // What Spacelift sends is taken and lost: it is delivered by hand, when the case says so.
    let lost = Effect::Status {
        status: 202,
        when: When::Before,
    };
    let lost = Fault::new(lost).by(By::Sandbox).service(Service::Intake);
    fleet.world.sandbox.fault(lost.forever());
    // A case is a dozen runs of the binary at most.
    let cases = (config().cases / 16).max(1);
    let mut runner = TestRunner::new(Config { cases, ..config() });
    let number = std::cell::Cell::new(0);
    let steps = prop::collection::vec(step(), 4..24);
    let held = runner.run(&steps, |steps| {
        number.set(number.get() + 1);
        let mut case = begin(&fleet, number.get());
        for step in &steps {
            case.take(step)?;
        }
        case.end()
    });
    if let Err(error) = held {
        panic!("{error}");
    }
}

#[test]
fn the_newest_event_and_an_ingest_agree() {
    hold(true);
}

#[test]
fn they_agree_when_events_come_twice() {
    hold(false);
}

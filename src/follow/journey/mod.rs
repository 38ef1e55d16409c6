//! Journey: one event, hop by hop, as data.
//!
//! What passed, what was dropped and why, what was sent, which entities came of it. The engines are
//! asked for every program of the project; nothing here reads a clock, a secret or the network.
//! Deliberately not here: text for people (see `show`), and what somebody expects (see `trial`).
//!
//! | room | noun |
//! |---|---|
//! | `event` | an event of Spacelift, and the policies that see it |
//! | `space` | which policies reach a run |
//! | `body` | the body that Spacelift sends when a policy gives none |
//! | `delivery` | what a webhook of Spacelift sends, and where it leads |
//! | `security` | whether both ends of a wire are set up alike |
//! | `mapper` | a delivery at a webhook of Port |
//! | `ingest` | an item of Spacelift at an ingest |
//! | `entity` | entities, merged and checked |
//! | `action` | an action that somebody runs |
//! | `form` | inputs against the form of an action |
//! | `invoke` | what an action or automation sends |
//! | `automation` | what Port starts by itself |

mod action;
mod automation;
mod body;
mod delivery;
mod entity;
mod event;
mod form;
mod ingest;
mod invoke;
mod mapper;
mod security;
mod space;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::{Value as Json, json};

use crate::follow::wiring::Wiring;
use crate::sim::child::Engines;
use crate::sim::job::{Answer, Fault, Job};
use crate::words::{Addr, Place, Pointer};
pub use action::Run;
pub use entity::{Entity, Key};

/// The clock of a simulation unless another is given: 2026-01-01T00:00:00Z, in seconds.
pub const NOW: f64 = 1_767_225_600.0;

/// How many automations may set each other off before the rest is left out.
const DEEPEST: usize = 5;

/// What a journey starts with.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// The input document of notification policies (SA section 9).
    Event(Json),
    /// What is posted to a webhook of Port: a body, or `{body, headers, queryParams}`.
    Payload {
        /// The payload.
        payload: Json,
        /// The webhook of Port; `None` when the project has only one.
        webhook: Option<Addr>,
    },
    /// A delivery of the older webhook of one stack, which no policy decides about: its body.
    StackEvent {
        /// The body.
        payload: Json,
        /// The stack's webhook.
        webhook: Addr,
    },
    /// A self-service action that somebody runs.
    Action(Run),
    /// The answer that a run got: `{action, status, response}`.
    Answer(Json),
    /// An item that an ingest reads.
    Item {
        /// The name of the ingest.
        ingest: String,
        /// The item, with the fields of Spacelift's GraphQL.
        item: Json,
    },
}

/// Why something stops or is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// What is so: a lower-case fragment without a period.
    pub message: String,
    /// Where that comes from in the project's files.
    pub place: Option<Place>,
    /// What to do.
    pub help: Option<String>,
}

impl Why {
    /// Something without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Why {
            message: message.into(),
            place: None,
            help: None,
        }
    }

    /// Says where it comes from.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What happens at a hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Something happened in Spacelift.
    Event,
    /// A policy decides.
    Policy,
    /// A webhook of Spacelift sends.
    Delivery,
    /// Spacelift tells people.
    Message,
    /// A webhook of Port takes a delivery.
    Mapper,
    /// One mapping of it looks at one item.
    Mapping,
    /// An ingest looks at one item.
    Ingest,
    /// An entity is made, changed or deleted.
    Entity,
    /// Somebody runs an action.
    Action,
    /// A run ends.
    Run,
    /// An automation is asked.
    Automation,
    /// Port sends a request, or does what stands for one.
    Request,
}

impl Step {
    /// The word for it in output.
    pub fn word(self) -> &'static str {
        match self {
            Step::Event => "event",
            Step::Policy => "policy",
            Step::Delivery => "delivery",
            Step::Message => "message",
            Step::Mapper => "webhook",
            Step::Mapping => "mapping",
            Step::Ingest => "ingest",
            Step::Entity => "entity",
            Step::Action => "action",
            Step::Run => "run",
            Step::Automation => "automation",
            Step::Request => "request",
        }
    }
}

/// One hop, and those that follow from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Hop {
    /// What happens.
    pub step: Step,
    /// The object that it happens at.
    pub addr: Option<Addr>,
    /// Where in the files that is decided.
    pub place: Option<Place>,
    /// What happens, in words: a fragment without a period.
    pub what: String,
    /// Why the event goes no further here, when something keeps it.
    pub stopped: Option<Why>,
    /// What is worth knowing and keeps nothing.
    pub notes: Vec<Why>,
    /// Details by name.
    pub facts: Vec<(&'static str, Json)>,
    /// What follows.
    pub next: Vec<Hop>,
}

impl Hop {
    fn new(step: Step, what: impl Into<String>) -> Self {
        Hop {
            step,
            addr: None,
            place: None,
            what: what.into(),
            stopped: None,
            notes: Vec::new(),
            facts: Vec::new(),
            next: Vec::new(),
        }
    }

    fn of(mut self, addr: &Addr, place: Place) -> Self {
        self.addr = Some(addr.clone());
        self.place = Some(place);
        self
    }

    fn fact(&mut self, name: &'static str, value: impl Into<Json>) {
        self.facts.push((name, value.into()));
    }

    fn stop(mut self, why: Why) -> Self {
        self.stopped = Some(why);
        self
    }

    /// This hop and all that follow from it.
    pub fn all(&self) -> Vec<&Hop> {
        let below = self.next.iter().flat_map(Hop::all);
        std::iter::once(self).chain(below).collect()
    }
}

/// What a webhook of Spacelift sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The webhook of Spacelift; `None` when somebody else sent it.
    pub endpoint: Option<Addr>,
    /// The webhook of Port that it leads to; `None` when it leaves the project.
    pub mapper: Option<Addr>,
    /// Where it goes, its method, headers and body.
    pub request: Request,
}

/// A request over HTTP, or what an action does instead of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Who sends it; `None` for a delivery from outside.
    pub by: Option<Addr>,
    /// `WEBHOOK` for a request over HTTP, else the type of the action's backend.
    pub kind: String,
    /// `url`, `method`, `headers` and `body` of a request; the rendered fields of other backends.
    pub fields: Json,
}

impl Delivery {
    /// As data: `{"webhook": ADDRESS, "to": ADDRESS}` and the fields of the request.
    pub fn to_json(&self) -> Json {
        let text = |addr: &Option<Addr>| addr.as_ref().map(ToString::to_string);
        let head = json!({ "webhook": text(&self.endpoint), "to": text(&self.mapper) });
        with_fields(head, &self.request.fields)
    }
}

impl Request {
    /// As data: `{"by": ADDRESS, "type": WORD}` and its fields.
    pub fn to_json(&self) -> Json {
        let by = self.by.as_ref().map(ToString::to_string);
        with_fields(json!({ "by": by, "type": self.kind }), &self.fields)
    }
}

fn with_fields(mut head: Json, fields: &Json) -> Json {
    if let (Some(head), Some(fields)) = (head.as_object_mut(), fields.as_object()) {
        head.extend(fields.clone());
    }
    head
}

/// A whole journey.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Journey {
    /// The hops.
    pub hops: Vec<Hop>,
    /// The entities that were made or changed, as they are at the end.
    pub entities: BTreeMap<Key, Entity>,
    /// The entities that were deleted.
    pub deleted: BTreeSet<Key>,
    /// What webhooks of Spacelift sent, in order.
    pub deliveries: Vec<Delivery>,
    /// What Port sent, in order.
    pub requests: Vec<Request>,
    /// The automations that fired, in order.
    pub automations: Vec<Addr>,
}

impl Journey {
    /// All hops.
    pub fn all(&self) -> impl Iterator<Item = &Hop> {
        self.hops.iter().flat_map(Hop::all)
    }

    /// Everything that kept the event from going on.
    pub fn stops(&self) -> impl Iterator<Item = (&Hop, &Why)> {
        self.all()
            .filter_map(|hop| Some((hop, hop.stopped.as_ref()?)))
    }

    /// Whether anything came of it: an entity, a request, an automation.
    pub fn is_fruitless(&self) -> bool {
        self.entities.is_empty() && self.deleted.is_empty() && self.requests.is_empty()
    }
}

/// What is there before the event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// Entities of Port: objects with `blueprint` and `identifier`.
    pub entities: Vec<Json>,
}

/// Follows an event through a project. `now` is in seconds since the Unix epoch.
pub fn follow(
    wiring: &Wiring<'_>,
    engines: &Engines,
    start: &Start,
    given: &Given,
    now: f64,
) -> Journey {
    let mut walk = Walk {
        wiring,
        engines,
        now,
        store: entity::Store::of(&given.entities),
        journey: Journey::default(),
        depth: 0,
    };
    let hops = match start {
        Start::Event(input) => vec![walk.event(input)],
        Start::Payload { payload, webhook } => vec![walk.payload(payload, webhook.as_ref())],
        Start::StackEvent { payload, webhook } => vec![walk.stack_event(payload, webhook)],
        Start::Action(run) => vec![walk.action(run)],
        Start::Answer(run) => vec![walk.answer(run)],
        Start::Item { ingest, item } => vec![walk.item(ingest, item)],
    };
    let mut journey = walk.journey;
    journey.hops = hops;
    (journey.entities, journey.deleted) = walk.store.changed();
    journey
}

/// A journey while it is under way.
struct Walk<'a> {
    wiring: &'a Wiring<'a>,
    engines: &'a Engines,
    now: f64,
    store: entity::Store,
    journey: Journey,
    /// How many automations have set each other off.
    depth: usize,
}

impl Walk<'_> {
    fn ask(&self, job: Job) -> Result<Answer, Fault> {
        let answers = self.engines.run(std::slice::from_ref(&job));
        let none = || Err(unexpected());
        answers.into_iter().next().unwrap_or_else(none)
    }

    /// The place in the files that a fault of a program means.
    fn why(&self, addr: &Addr, at: &Pointer, fault: &Fault) -> Why {
        let place = match &fault.span {
            Some(span) => self.inside(addr, at, span.clone()),
            None => self.wiring.at(addr, at),
        };
        Why {
            message: fault.message.clone(),
            place: Some(place),
            help: fault.help.clone(),
        }
    }

    fn inside(&self, addr: &Addr, at: &Pointer, span: Range<usize>) -> Place {
        self.wiring.inside(addr, at, span)
    }

    /// What templates read as `.secrets`: a text for every secret of the project that says which one
    /// it stands for.
    fn secrets(&self) -> Json {
        let secrets = self.wiring.playing(crate::kinds::Role::Secret);
        let texts = secrets.map(|secret| {
            let text = format!("<secret {}>", secret.name);
            (secret.name.clone(), Json::from(text))
        });
        Json::Object(texts.collect())
    }

    /// The time of the simulation as Port writes times.
    fn time(&self) -> String {
        let at = jiff::Timestamp::from_millisecond((self.now * 1000.0) as i64);
        at.map_or_else(
            |_| String::new(),
            |at| at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        )
    }
}

/// An engine that answers another question than it was asked.
fn unexpected() -> Fault {
    Fault::new(
        crate::sim::job::FaultKind::Crash,
        "the engine gave no answer to this question",
    )
}

/// A JSON pointer of the form `/a/b`, which all those in the code are.
fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).unwrap_or_default()
}

/// The run of an action or automation in a simulation.
fn run_id() -> Json {
    json!("r_simulated")
}

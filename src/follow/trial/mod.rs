//! Trials: `kind: test` documents, run.
//!
//! Each is a journey of its own; they share nothing and run side by side, and their verdicts keep the
//! order of the files. Deliberately not here: reading the documents (see `want::trial`), and text for
//! people (see `show`).
//!
//! | room | noun |
//! |---|---|
//! | `start` | what a test begins with |
//! | `compare` | what was expected against what came |
//! | `list` | expected lists against those that came |

mod compare;
mod list;
mod start;
#[cfg(test)]
mod tests;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value as Json, json};

use crate::follow::journey::{Delivery, Journey, NOW, Request, Why, follow};
use crate::follow::wiring::Wiring;
use crate::follow::writer::Writer;
use crate::sim::child::Engines;
use crate::want::trial::Trial;
use crate::words::{Node, Place, Pointer};

/// What became of a test.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What the test shows.
    pub name: String,
    /// Where its document stands.
    pub place: Place,
    /// Everything that is not as expected; empty when it passed.
    pub failures: Vec<Failure>,
}

/// Something that is not as expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What is so: a fragment without a period.
    pub message: String,
    /// Where the expectation stands.
    pub place: Place,
    /// Where in the value that is: what may be shown depends on it.
    pub at: Pointer,
    /// What was expected, when it is a value.
    pub expected: Option<Json>,
    /// What came instead, when it is a value.
    pub got: Option<Json>,
    /// What it comes from, the nearest first.
    pub causes: Vec<Why>,
}

/// Runs tests side by side. The verdicts are in the order of the tests.
pub fn run(wiring: &Wiring<'_>, engines: &Engines, trials: &[&Trial]) -> Vec<Verdict> {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let next = AtomicUsize::new(0);
    let verdicts: Mutex<Vec<Option<Verdict>>> = Mutex::new(vec![None; trials.len()]);
    std::thread::scope(|scope| {
        for _ in 0..workers.min(trials.len()) {
            scope.spawn(|| {
                while let Some(trial) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    trials.get(index).map(|trial| (index, *trial))
                } {
                    let (index, trial) = trial;
                    let verdict = verdict(wiring, engines, trial);
                    let mut verdicts = match verdicts.lock() {
                        Ok(verdicts) => verdicts,
                        Err(broken) => broken.into_inner(),
                    };
                    if let Some(slot) = verdicts.get_mut(index) {
                        *slot = Some(verdict);
                    }
                }
            });
        }
    });
    let verdicts = match verdicts.into_inner() {
        Ok(verdicts) => verdicts,
        Err(broken) => broken.into_inner(),
    };
    verdicts.into_iter().flatten().collect()
}

fn verdict(wiring: &Wiring<'_>, engines: &Engines, trial: &Trial) -> Verdict {
    let now = trial.node.get("now").and_then(Node::text);
    let now = now.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let now = now.map_or(NOW, |at| at.as_millisecond() as f64 / 1000.0);
    let start = start::of(wiring, &trial.node);
    let given = start::given(wiring, &trial.node);
    let journey = follow(wiring, engines, &start, &given, now);
    let mut judge = Judge {
        wiring,
        journey: &journey,
        failures: Vec::new(),
    };
    judge.all(trial);
    Verdict {
        name: trial.name.clone(),
        place: trial.place,
        failures: judge.failures,
    }
}

/// Expectations against one journey.
struct Judge<'a> {
    wiring: &'a Wiring<'a>,
    journey: &'a Journey,
    failures: Vec<Failure>,
}

impl Judge<'_> {
    fn all(&mut self, trial: &Trial) {
        let Some(expect) = trial.node.get("expect") else {
            return;
        };
        let is_on = |key: &str| {
            expect
                .get(key)
                .is_some_and(|n| n.to_value().as_bool() == Some(true))
        };
        let exactly = is_on("exactly");
        if is_on("nothing")
            && let Some((key, _)) = expect.entry("nothing")
        {
            self.nothing(key.place);
        }
        let lists: [(&str, Vec<Json>); 5] = [
            ("entities", self.entities()),
            ("deleted", self.deleted()),
            ("deliveries", self.deliveries()),
            ("requests", self.requests()),
            ("automations", self.automations()),
        ];
        for (key, got) in lists {
            if let Some((name, wanted)) = expect.entry(key) {
                self.list(
                    key,
                    name.place,
                    wanted.items().unwrap_or(&[]),
                    &got,
                    exactly,
                );
            }
        }
        if let Some(wanted) = expect.get("dropped") {
            let one = std::slice::from_ref(wanted);
            wanted
                .items()
                .unwrap_or(one)
                .iter()
                .for_each(|node| self.dropped(node));
        }
    }

    fn nothing(&mut self, place: Place) {
        let came: Vec<Json> = [
            self.entities(),
            self.deleted(),
            self.requests(),
            self.automations(),
        ]
        .concat();
        if !came.is_empty() {
            self.fail(Failure {
                message: "nothing was expected to come of it".into(),
                place,
                at: Pointer::root(),
                expected: None,
                got: Some(Json::Array(came)),
                causes: self.makers(),
            });
        }
    }

    /// Who made what came.
    fn makers(&self) -> Vec<Why> {
        let entities = self.journey.entities.iter();
        let entities = entities.filter_map(|((blueprint, id), entity)| {
            let (writer, at) = entity.by.as_ref()?;
            let why = Why::new(format!("{writer} makes {blueprint} {id}"));
            Some(why.at(writer.at(self.wiring, at)))
        });
        let requests = self.journey.requests.iter().filter_map(|request| {
            let addr = request.by.as_ref()?;
            let at = Pointer::root().join("invocationMethod");
            let why = Why::new(format!("{addr} asks its backend"));
            Some(why.at(self.wiring.at(addr, &at)))
        });
        entities.chain(requests).collect()
    }

    fn dropped(&mut self, wanted: &Node) {
        let text = wanted.text().unwrap_or_default();
        let mut stops = self.journey.stops();
        if stops.any(|(_, why)| why.message.contains(text)) {
            return;
        }
        let stops: Vec<Json> = self
            .journey
            .stops()
            .map(|(_, why)| json!(why.message))
            .collect();
        self.fail(Failure {
            message: "nothing was dropped for this reason".into(),
            place: wanted.place,
            at: Pointer::root(),
            expected: Some(json!(text)),
            got: Some(Json::Array(stops)),
            causes: self.troubles(),
        });
    }

    fn fail(&mut self, failure: Failure) {
        self.failures.push(failure);
    }

    /// What kept the event from going on, and what went wrong on the way.
    fn troubles(&self) -> Vec<Why> {
        let mut troubles: Vec<Why> = Vec::new();
        for hop in self.journey.all() {
            // What stands nowhere in the files is no cause in them.
            let noted = hop.notes.iter().filter(|why| why.place.is_some());
            let own = hop.stopped.iter().chain(noted);
            for why in own {
                if !troubles.contains(why) {
                    troubles.push(why.clone());
                }
            }
        }
        troubles
    }

    fn entities(&self) -> Vec<Json> {
        let entities = self.journey.entities.values();
        entities.map(|entity| entity.value.clone()).collect()
    }

    fn deleted(&self) -> Vec<Json> {
        let deleted = self.journey.deleted.iter();
        deleted
            .map(|(blueprint, id)| json!({ "blueprint": blueprint, "identifier": id }))
            .collect()
    }

    fn deliveries(&self) -> Vec<Json> {
        let deliveries = self.journey.deliveries.iter();
        deliveries.map(Delivery::to_json).collect()
    }

    fn requests(&self) -> Vec<Json> {
        let requests = self.journey.requests.iter();
        requests.map(Request::to_json).collect()
    }

    fn automations(&self) -> Vec<Json> {
        let automations = self.journey.automations.iter();
        automations.map(|addr| json!(addr.to_string())).collect()
    }

    /// Where a value that came was made: which text of the project says so.
    fn origin(&self, list: &str, got: &Json, at: &Pointer) -> Option<Why> {
        let (writer, place) = match list {
            "entities" => {
                let text = |key: &str| got.get(key)?.as_str().map(str::to_owned);
                let key = (text("blueprint")?, text("identifier")?);
                self.journey.entities.get(&key)?.by.clone()?
            }
            "requests" => {
                let by = got.get("by")?.as_str()?.parse().ok()?;
                (Writer::Object(by), Pointer::root().join("invocationMethod"))
            }
            _ => return None,
        };
        let spec = writer.spec(self.wiring)?;
        let mut whole = at.parts().iter().fold(place, |at, part| at.join(part));
        // The nearest text on the way: a value may be made by a program as a whole.
        let program = loop {
            match spec.pointer(&whole.to_string()) {
                Some(Json::String(text)) => break text.clone(),
                Some(_) => return None,
                None => whole.pop()?,
            };
        };
        let shown = program.trim().replace('\n', " ");
        let why = Why::new(format!("made by {shown}"));
        Some(why.at(writer.at(self.wiring, &whole)))
    }
}

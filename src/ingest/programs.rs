//! Programs: the filter and the mapping of an ingest, run over items in the engines' children.
//!
//! Deliberately not here: which items there are (see `source`) and what is made of the entities (see `judge`).

use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value as Json, json};

use crate::sim::child::Engines;
use crate::sim::job::{Answer, Fault, FaultKind, Job};
use crate::sim::mapping::{Items, Made};
use crate::want::ingest::Ingest;
use crate::words::Node;

/// What is run over each item.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    filter: Option<String>,
    mapping: Json,
    account: Json,
    now: f64,
    /// How many items were given up because their programs took too long, or killed the child.
    given_up: Arc<AtomicU32>,
}

/// So many items may be given up; each takes a second, and tens of thousands would take a day.
const MOST_GIVEN_UP: u32 = 10;

impl Programs {
    /// Those of an ingest.
    pub(super) fn of(ingest: &Ingest, account: &str, now: f64) -> Programs {
        let filter = ingest.filter.as_ref().and_then(Node::text);
        // What is settled later, and secrets, are findings already; a null fails loudly where one comes through.
        let mapping = ingest.mapping.to_value().to_json_with(&mut |_| Json::Null);
        Programs {
            filter: filter.map(str::to_owned),
            mapping,
            account: json!({ "url": account }),
            now,
            given_up: Arc::default(),
        }
    }

    /// The identifier alone, of all items.
    pub(super) fn identifier(&self) -> Programs {
        Programs {
            filter: None,
            mapping: json!({ "identifier": self.mapping.get("identifier") }),
            ..self.clone()
        }
    }

    /// What becomes of each item, in their order. Blocks.
    ///
    /// Where an answer cannot be had for all of them, because one takes too long or kills the child, they are tried in
    /// halves, so that only that one fails. After ten such items no more is tried.
    pub(super) fn run(&self, engines: &Engines, items: Vec<Json>) -> Vec<Made> {
        let count = items.len();
        if self.given_up.load(Ordering::Relaxed) >= MOST_GIVEN_UP {
            let why = "not tried: the programs took too long on ten items before";
            let fault = Fault::new(FaultKind::Limit, why);
            return vec![failed(fault); count];
        }
        let job = Job::Items(Items {
            filter: self.filter.clone(),
            mapping: self.mapping.clone(),
            items,
            account: self.account.clone(),
            now: self.now,
        });
        let fault = match engines.run(slice::from_ref(&job)).pop() {
            Some(Ok(Answer::Items(made))) if made.len() == count => return made,
            Some(Err(fault)) => fault,
            _ => Fault::new(
                FaultKind::Crash,
                "the engine gave another answer than was asked for",
            ),
        };
        let Job::Items(Items { mut items, .. }) = job else {
            return Vec::new();
        };
        if count > 1 {
            let rest = items.split_off(count / 2);
            let mut made = self.run(engines, items);
            made.extend(self.run(engines, rest));
            return made;
        }
        if matches!(fault.kind, FaultKind::Limit | FaultKind::Crash) {
            self.given_up.fetch_add(1, Ordering::Relaxed);
        }
        vec![failed(fault)]
    }
}

fn failed(fault: Fault) -> Made {
    Made {
        entity: None,
        faults: vec![(String::new(), fault)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_ten_items_that_took_too_long_no_more_is_tried() {
        let programs = Programs {
            filter: None,
            mapping: json!({ "identifier": ".item.id" }),
            account: json!({ "url": "https://acme.app.spacelift.io" }),
            now: 0.0,
            given_up: Arc::default(),
        };
        let engines = Engines::same_process();
        let items = || vec![json!({"id": "a"}), json!({"id": "b"})];
        let tried = |programs: &Programs| {
            let made = programs.run(&engines, items());
            made.iter().filter(|made| made.entity.is_some()).count()
        };
        programs
            .given_up
            .store(MOST_GIVEN_UP - 1, Ordering::Relaxed);
        assert_eq!(tried(&programs), 2);
        programs.given_up.fetch_add(1, Ordering::Relaxed);
        // What is read of identifiers alone counts with it.
        assert_eq!(tried(&programs.identifier()), 0);
        let told = &programs.run(&engines, items())[0].faults[0].1.message;
        assert!(told.contains("not tried"), "{told}");
    }
}

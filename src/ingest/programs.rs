//! Programs: the filter and the mapping of an ingest, run over items in the engines' children.
//!
//! Deliberately not here: which items there are (see `source`) and what is made of the entities (see `judge`).

use std::slice;

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
}

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
    /// halves, so that only that one fails.
    pub(super) fn run(&self, engines: &Engines, items: Vec<Json>) -> Vec<Made> {
        let count = items.len();
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
        let failed = Made {
            entity: None,
            faults: vec![(String::new(), fault)],
        };
        vec![failed]
    }
}

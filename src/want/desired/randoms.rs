//! Randoms: which fields share the text of `${random.NAME}`, and who of them gets it first.
//!
//! The text itself is made when it is sent. Deliberately not here: when it is sent (see `decide`).

use std::collections::BTreeMap;

use crate::kinds::Picks;
use crate::want::desired::Object;
use crate::words::graph::Graph;
use crate::words::{Addr, Pointer};

/// A field that gets the text of `${random.NAME}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// The object.
    pub addr: Addr,
    /// Its field.
    pub at: Pointer,
    /// Whether the object checks others with the text, so that it has to know a new one first.
    pub receives: bool,
    /// Whether the field is left to others once the object exists.
    pub left_alone: bool,
}

/// All fields that share a text, by its name.
pub fn consumers<'a>(
    objects: impl IntoIterator<Item = &'a Object>,
) -> BTreeMap<String, Vec<Consumer>> {
    let mut consumers: BTreeMap<String, Vec<Consumer>> = BTreeMap::new();
    for object in objects {
        // Most kinds have no secret; looking for one in all of their fields would cost more.
        let picks = Picks::of(object.kind);
        if picks.write_only.is_empty() {
            continue;
        }
        for (at, source) in object.spec.secrets() {
            let Some(name) = source.random() else {
                continue;
            };
            let covers = |patterns: &[Pointer]| patterns.iter().any(|p| p.covers(&at));
            let consumer = Consumer {
                addr: object.addr.clone(),
                receives: covers(&picks.receives),
                left_alone: object.lifecycle.seed || covers(&object.lifecycle.ignore),
                at,
            };
            consumers.entry(name.to_owned()).or_default().push(consumer);
        }
    }
    consumers
}

/// Adds the edges that let receivers of a text come before those who sign with it: deliveries
/// with a new text would be refused until then. Where an edge would close a cycle, the objects'
/// own references decide.
pub fn receivers_first<'a>(objects: impl IntoIterator<Item = &'a Object>, graph: &mut Graph) {
    for sharing in consumers(objects).values() {
        for receiver in sharing.iter().filter(|one| one.receives) {
            let needed = graph.closure([receiver.addr.clone()]);
            for sender in sharing.iter().filter(|one| !one.receives) {
                if !needed.contains(&sender.addr) {
                    graph.edge(sender.addr.clone(), receiver.addr.clone());
                }
            }
        }
    }
}

//! The order of a plan's writes: creates and updates after what they need, then what leaves
//! before what it needed.
//!
//! An object that is written in passes has several steps; all others have one.

use std::collections::BTreeMap;

use crate::decide::plan::passes::forward;
use crate::decide::plan::{Change, Plan};
use crate::words::Addr;
use crate::words::graph::Graph;

/// One write: of which object, and which of its writes, from 0 on.
pub type Step = (Addr, usize);

/// All writes of a plan.
#[derive(Debug, Default)]
pub struct Order {
    /// In layers; each needs only earlier ones.
    pub layers: Vec<Vec<Step>>,
    /// Which write waits for which.
    pub needs: Graph<Step>,
}

/// The writes of a plan, in order.
pub fn order(plan: &Plan) -> Order {
    let (forward, backward) = (forwards(plan), backwards(plan));
    // A plan gives passes to everything that would need each other; should one not, then its
    // writes are tried in the order of their addresses.
    let ordered = |graph: &Graph<Step>| {
        graph
            .layers()
            .unwrap_or_else(|_| graph.nodes().map(|step| vec![step.clone()]).collect())
    };
    let layers = ordered(&forward).into_iter().chain(ordered(&backward));
    Order {
        layers: layers.collect(),
        needs: forward.with(backward),
    }
}

/// The last of an object's writes.
pub fn last(change: &Change) -> Step {
    (change.addr.clone(), change.passes.len().max(1) - 1)
}

/// Creates, updates and replacements.
fn forwards(plan: &Plan) -> Graph<Step> {
    let among = forward(&plan.changes);
    let written = || plan.writes().filter(|c| !c.leaves());
    let mut steps = Graph::default();
    let lasts: BTreeMap<&Addr, Step> = written().map(|c| (&c.addr, last(c))).collect();
    // Objects of one component wait for each other's writes, not for each other.
    let mut tied: BTreeMap<Addr, usize> = BTreeMap::new();
    if written().any(|change| !change.passes.is_empty()) {
        for (number, group) in among.components().into_iter().enumerate() {
            tied.extend(group.into_iter().map(|addr| (addr, number)));
        }
    }
    for change in written() {
        let first = (change.addr.clone(), 0);
        steps.node(first.clone());
        for need in among.needs(&change.addr) {
            let together = tied.contains_key(need) && tied.get(need) == tied.get(&change.addr);
            if let Some(last) = lasts.get(need).filter(|_| !together) {
                steps.edge(first.clone(), last.clone());
            }
        }
        for (nth, pass) in change.passes.iter().enumerate() {
            let step = (change.addr.clone(), nth);
            for earlier in &pass.after {
                steps.edge(step.clone(), earlier.clone());
            }
            if let Some(before) = nth.checked_sub(1) {
                steps.edge(step, (change.addr.clone(), before));
            }
        }
    }
    steps
}

/// What leaves: what was needed goes after what needed it went, or let it go.
fn backwards(plan: &Plan) -> Graph<Step> {
    let doomed = || plan.writes().filter(|c| c.leaves());
    let mut steps = Graph::default();
    let lasts: BTreeMap<&Addr, Step> = doomed().map(|c| (&c.addr, last(c))).collect();
    for change in doomed() {
        let lets_go = (change.addr.clone(), 0);
        let gone = last(change);
        steps.node(lets_go.clone());
        steps.edge(gone, lets_go.clone());
        // An edge towards what stays would make a node of it.
        for needed in change.needs.iter().filter_map(|need| lasts.get(need)) {
            steps.edge(needed.clone(), lets_go.clone());
        }
    }
    steps
}

//! The order of a plan's changes: creates and updates after what they need, then deletes before
//! what they needed.

use crate::decide::plan::{Action, Plan};
use crate::words::Addr;
use crate::words::graph::Graph;

/// The changes in layers; each layer needs only earlier ones.
pub fn layers(plan: &Plan) -> Vec<Vec<Addr>> {
    let mut forward = Graph::default();
    let mut backward = Graph::default();
    for change in plan.writes() {
        match change.action {
            Action::Delete => backward.node(change.addr.clone()),
            _ => forward.node(change.addr.clone()),
        }
    }
    for change in plan.writes() {
        for need in &change.needs {
            match change.action {
                // An edge towards what stays would make a node of it.
                Action::Delete if backward.contains(need) => {
                    backward.edge(need.clone(), change.addr.clone())
                }
                Action::Delete => {}
                _ if forward.contains(need) => forward.edge(change.addr.clone(), need.clone()),
                _ => {}
            }
        }
    }
    // The project's graph has no cycles; a ledger from elsewhere may: its deletes are then tried
    // in the order of their addresses.
    let ordered = |graph: Graph| {
        graph
            .layers()
            .unwrap_or_else(|_| graph.nodes().map(|a| vec![a.clone()]).collect())
    };
    ordered(forward)
        .into_iter()
        .chain(ordered(backward))
        .collect()
}

//! Parts of one object, written one after the other.
//!
//! Several documents may manage places of the same object, and a write replaces all of it. So each
//! is computed anew from what the write before it left; a write that failed left nothing.

use std::collections::BTreeMap;

use super::change::Done;
use super::order::Step;
use crate::decide::graft::graft;
use crate::decide::plan::{Change, Plan};
use crate::words::{Addr, Value};

/// What the writes of this apply made of objects of which only parts are managed.
#[derive(Debug, Default)]
pub struct Parts {
    after: BTreeMap<(&'static str, String), Value>,
}

impl Parts {
    /// What is to be written, over what was written before; `change` then has seen that.
    pub fn over(&self, change: &mut Change, want: Option<Value>) -> Option<Value> {
        let (Some(part), Some(seen)) = (&change.part, &mut change.seen) else {
            return want;
        };
        let Some(after) = self.after.get(&(change.kind.name(), seen.id.clone())) else {
            return want;
        };
        seen.value.clone_from(after);
        want.map(|want| graft(after, &want, &part.written()))
    }

    /// Notes what a change left.
    pub fn note(&mut self, change: &Change, done: &Done) {
        let (Some(_), Some(seen), Done::Written { want, .. }) = (&change.part, &change.seen, done)
        else {
            return;
        };
        let key = (change.kind.name(), seen.id.clone());
        self.after.insert(key, want.clone());
    }
}

/// Layers in which no object is written twice.
pub fn apart(layers: Vec<Vec<Step>>, plan: &Plan) -> Vec<Vec<Step>> {
    let host = |addr: &Addr| {
        let changes = &plan.changes;
        let at = changes.binary_search_by(|change| change.addr.cmp(addr));
        let change = changes.get(at.ok()?)?;
        change.part.as_ref()?;
        Some((change.kind.name(), change.seen.as_ref()?.id.as_str()))
    };
    if plan.changes.iter().all(|change| change.part.is_none()) {
        return layers;
    }
    let mut apart: Vec<Vec<Step>> = Vec::new();
    for mut layer in layers {
        while !layer.is_empty() {
            let mut written = Vec::new();
            let (now, later) = layer.into_iter().partition(|(addr, _)| match host(addr) {
                Some(host) if written.contains(&host) => false,
                Some(host) => {
                    written.push(host);
                    true
                }
                None => true,
            });
            apart.push(now);
            layer = later;
        }
    }
    apart
}

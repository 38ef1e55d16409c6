//! What is written in passes: changed objects that need each other, and doomed ones.
//!
//! Deliberately not here: the order itself (see `passes` and `doomed` of the plan).

use std::collections::BTreeMap;

use crate::decide::plan::make::Input;
use crate::decide::plan::{Plan, doomed, passes};
use crate::kinds;
use crate::words::{Addr, Value};

/// Gives passes to the changes that need them; nobody else pays for it.
pub(super) fn passes(plan: &mut Plan, input: &Input) {
    doomed::loosen(&mut plan.changes);
    let forward = passes::forward(&plan.changes);
    if forward.layers().is_ok() {
        return;
    }
    let declared: BTreeMap<(&str, &str), &Value> = input
        .desired
        .objects
        .values()
        .filter(|object| object.manage.is_empty())
        .map(|object| ((object.kind.name(), object.name.as_str()), &object.spec))
        .collect();
    let others = |addr: &Addr| {
        let kind = kinds::of(addr)?.name();
        let live = || Some(&input.live.by_id(kind, &addr.name)?.value);
        declared
            .get(&(kind, addr.name.as_str()))
            .copied()
            .or_else(live)
    };
    let firm = |from: &Addr, to: &Addr| input.desired.graph.is_firm(from, to);
    passes::schedule(&mut plan.changes, &forward, &firm, &others);
}

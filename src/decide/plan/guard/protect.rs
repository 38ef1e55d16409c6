//! The guard over `lifecycle.protect`: deleting or replacing what it keeps. The ledger remembers
//! it, so deleting the file does not lift it.

use crate::decide::plan::{Action, Change, Input, Plan, Refusal};

/// One refusal for each object.
pub(super) fn refusals(plan: &Plan, input: &Input) -> Vec<Refusal> {
    let ledger = input.ledger;
    let protected = &input.flags.protected;
    let kept = |change: &&Change| match change.action {
        // Of somebody else's object the managed places are protected; the document that is still
        // there has the last word.
        _ if change.leaves() && protected.contains(&change.addr) => true,
        Action::Update => change.part.as_ref().is_some_and(|part| {
            let entry = ledger.entries.get(&change.addr);
            !part.given_up.is_empty()
                && entry.is_some_and(|entry| entry.protect)
                && (change.leaves() || change.lifecycle.protect)
        }),
        Action::Delete => ledger
            .entries
            .get(&change.addr)
            .is_some_and(|entry| entry.protect),
        // Its document is there and has the last word.
        Action::Replace => change.lifecycle.protect,
        _ => false,
    };
    plan.changes
        .iter()
        .filter(kept)
        .map(|change| Refusal {
            guard: "protect",
            addrs: vec![change.addr.clone()],
            message: match change.part {
                Some(_) => format!("what `{}` manages is protected, and some of it would be removed", change.addr),
                None => format!("`{}` is protected, and would be {}d", change.addr, change.action.word()),
            },
            allow: match change.action {
                _ if plan.destroys => format!("`lifecycle: {{ protect: false }}` in its document and an apply; or `spaceport forget {}`, which leaves it as it is", change.addr),
                _ if change.leaves() => "bring its file back with `lifecycle: { protect: false }`, apply, then remove it".into(),
                _ => "`lifecycle: { protect: false }` in its document".into(),
            },
        })
        .collect()
}

//! One write of a change that takes several, as a change of its own.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::decide::plan::{Action, Change};
use crate::kinds::Observed;

/// The nth write of a change, from 0 on; `made` is the object as the write before left it.
///
/// The first does what the change says, with the parts that can be there by then; the others
/// complete it. A doomed object first lets go of others and is deleted then.
pub fn step<'c>(change: &'c Change, nth: usize, made: Option<&Observed>) -> Cow<'c, Change> {
    let Some(pass) = change.passes.get(nth) else {
        return Cow::Borrowed(change);
    };
    if change.action == Action::Delete {
        if nth + 1 == change.passes.len() {
            return Cow::Borrowed(change);
        }
        return Cow::Owned(Change {
            action: Action::Update,
            want: change.seen.as_ref().map(|seen| pass.of(&seen.value)),
            ..change.clone()
        });
    }
    let mut write = Change {
        want: change.want.as_ref().map(|want| pass.of(want)),
        ..change.clone()
    };
    if let Some(made) = made.filter(|_| nth > 0) {
        write.action = Action::Update;
        write.seen = Some(made.clone());
        write.sends = BTreeSet::new();
        // The first write gave them their names.
        write.renames = Vec::new();
    }
    Cow::Owned(write)
}

//! One change, sent. Knows nothing of other changes or of the ledger.

use std::borrow::Cow;

use crate::decide::diff;
use crate::decide::plan::settle;
use crate::decide::plan::{Action, Change};
use crate::kinds::Touch;
use crate::there::services::{Failure, Repeat, Writer};
use crate::words::Value;
use crate::words::value::Map;

/// What a change that ended well leaves behind.
pub enum Done {
    /// The object exists as wanted.
    Written {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// What others may read of it, when it is new.
        exports: Option<Map>,
        /// The spec as it was wanted, references settled.
        want: Value,
        /// What its service says about this write.
        touched: Touch,
    },
    /// The object is gone.
    Gone,
    /// Nothing was left to be done when its turn came.
    Unchanged {
        /// The spec as it was wanted, references settled.
        want: Value,
    },
}

/// Sends what one change needs; `want` is its spec with all references settled.
pub async fn send(writer: &Writer, change: &Change, want: Option<Value>) -> Result<Done, Failure> {
    let kind = change.kind;
    match (change.action, &change.seen, want) {
        (Action::Delete, Some(seen), _) => {
            remove(writer, change, &seen.id).await?;
            Ok(Done::Gone)
        }
        (Action::Replace, Some(seen), Some(want)) => {
            remove(writer, change, &seen.id).await?;
            create(writer, change, want).await
        }
        (Action::Create, _, Some(want)) => create(writer, change, want).await,
        (Action::Update, Some(seen), Some(want)) => {
            // First, so that what is written afterwards has the new names and the data stays.
            for call in change
                .renames
                .iter()
                .filter_map(|r| kind.rename(&seen.id, r))
            {
                writer.send(&call, Repeat::Unreceived).await?;
            }
            let before = change.before().unwrap_or(Cow::Borrowed(seen));
            let seen = &*before;
            // What was deferred is known now, so the difference is looked at again.
            let found = diff::compare(kind, &want, &seen.value, &change.lifecycle.ignore);
            let mut changed = found.top_level();
            for key in change.sends.iter().filter_map(|at| at.first()) {
                if !changed.iter().any(|k| k == key) {
                    changed.push(key.to_owned());
                }
            }
            // What was somebody else's becomes ours by its label.
            if let (Some(field), Some(_)) = (kind.labels(), change.foreign())
                && !changed.iter().any(|key| key == field)
            {
                changed.push(field.to_owned());
            }
            // What the service makes of the rest of the object by itself is not published.
            if changed.is_empty() && change.renames.is_empty() {
                return Ok(Done::Unchanged { want });
            }
            let touched = writer
                .update(kind, seen, &change.body(&want), &changed)
                .await?;
            let name = change.name.clone();
            // Where the user chooses the id, another identifier is another id.
            let id = match kind.identity().is_chosen() {
                true => name.clone(),
                false => seen.id.clone(),
            };
            Ok(Done::Written {
                id,
                name,
                exports: None,
                want,
                touched,
            })
        }
        // Other actions do not write, and a plan gives each of these what it needs.
        (_, _, want) => Ok(Done::Unchanged {
            want: want.unwrap_or_default(),
        }),
    }
}

/// Deletes an object, and the data under it when the plan says that there is some: then the guards
/// have let it go.
async fn remove(writer: &Writer, change: &Change, id: &str) -> Result<(), Failure> {
    match change.loses() {
        true => writer.purge(change.kind, id).await,
        false => writer.delete(change.kind, id).await,
    }
}

async fn create(writer: &Writer, change: &Change, want: Value) -> Result<Done, Failure> {
    let made = writer.create(change.kind, &change.body(&want)).await?;
    let exports = settle::exports_of(change.kind, &made);
    Ok(Done::Written {
        id: made.id,
        name: made.name,
        exports: Some(exports),
        want,
        touched: made.touched,
    })
}

//! One change, sent. Knows nothing of other changes or of the ledger.

use crate::decide::diff;
use crate::decide::plan::settle;
use crate::decide::plan::{Action, Change};
use crate::there::services::{Failure, Writer};
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
            writer.delete(kind, &seen.id).await?;
            Ok(Done::Gone)
        }
        (Action::Replace, Some(seen), Some(want)) => {
            writer.delete(kind, &seen.id).await?;
            create(writer, change, want).await
        }
        (Action::Create, _, Some(want)) => create(writer, change, want).await,
        (Action::Update, Some(seen), Some(want)) => {
            // What was deferred is known now, so the difference is looked at again.
            let found = diff::compare(kind, &want, &seen.value, &change.lifecycle.ignore);
            let mut changed = found.top_level();
            for key in change.sends.iter().filter_map(|at| at.first()) {
                if !changed.iter().any(|k| k == key) {
                    changed.push(key.to_owned());
                }
            }
            if changed.is_empty() {
                return Ok(Done::Unchanged { want });
            }
            writer
                .update(kind, seen, &change.body(&want), &changed)
                .await?;
            let (id, name) = (seen.id.clone(), change.name.clone());
            Ok(Done::Written {
                id,
                name,
                exports: None,
                want,
            })
        }
        // Other actions do not write, and a plan gives each of these what it needs.
        (_, _, want) => Ok(Done::Unchanged {
            want: want.unwrap_or_default(),
        }),
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
    })
}

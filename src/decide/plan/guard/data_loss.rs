//! The guard over data: a change that loses what the entities of a blueprint hold (design 5.6).
//!
//! A kind says what would be lost; here it is refused, unless there are no entities or the flag
//! names the object. Only objects with losses are counted. Deliberately not here: the counting.

use crate::decide::plan::{Action, Change, Flags, Plan, Refusal};
use crate::kinds::{Census, Loss};
use crate::words::Addr;

/// How much data is under an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Population {
    /// So many.
    Known(u64),
    /// The service would not say, and answered this.
    Unknown(String),
}

impl Change {
    /// What it would take from the data under its object.
    pub(in crate::decide::plan) fn lost(&self) -> Vec<Loss> {
        let Some(seen) = self.before() else {
            return Vec::new();
        };
        match self.action {
            Action::Delete | Action::Replace => self.kind.losses(&seen.value, None),
            Action::Update => self.kind.losses(&seen.value, self.want.as_ref()),
            _ => Vec::new(),
        }
    }

    /// Whether there is data that it would lose, as far as is known: what was not counted counts.
    pub fn loses(&self) -> bool {
        !self.losses.is_empty() && self.counted != Some(Population::Known(0))
    }

    /// How much data is under its object, in words: `40 entities have this blueprint`.
    pub fn population(&self) -> Option<String> {
        let census = self.kind.census(&self.seen.as_ref()?.id)?;
        Some(match self.counted.as_ref()? {
            Population::Known(count) => census.words(*count),
            Population::Unknown(_) => format!("nobody knows how many {}", census.many),
        })
    }
}

impl Plan {
    /// What is to be counted before the guards can say more than that nobody knows.
    pub fn uncounted(&self) -> Vec<(Addr, Census)> {
        let open = self
            .changes
            .iter()
            .filter(|change| !change.losses.is_empty() && change.counted.is_none());
        open.filter_map(|change| {
            let census = change.kind.census(&change.seen.as_ref()?.id)?;
            Some((change.addr.clone(), census))
        })
        .collect()
    }
}

/// One refusal for each object.
pub(super) fn refusals(plan: &Plan, flags: &Flags) -> Vec<Refusal> {
    if flags.allow_all_data_loss {
        return Vec::new();
    }
    plan.changes
        .iter()
        .filter(|change| change.loses() && !flags.allow_data_loss.contains(&change.addr))
        .map(refusal)
        .collect()
}

fn refusal(change: &Change) -> Refusal {
    let addr = &change.addr;
    let many = match &change.counted {
        Some(Population::Known(1)) => format!("`{addr}` has 1 entity"),
        Some(Population::Known(count)) => format!("`{addr}` has {count} entities"),
        Some(Population::Unknown(said)) => {
            format!("`{addr}` may have entities, nobody could count them ({said})")
        }
        None => format!("`{addr}` may have entities, nobody counted them"),
    };
    let whole = change.action.destroys();
    let what = match whole {
        true => format!("and would be {}d", change.action.word()),
        false => {
            let losses: Vec<String> = change.losses.iter().map(Loss::to_string).collect();
            format!(
                "and their data would be lost or no longer fit: {}",
                losses.join(", ")
            )
        }
    };
    let counted = matches!(change.counted, Some(Population::Known(_)));
    let comma = if whole && counted { "" } else { "," };
    let mut allow = format!("`--allow-data-loss {addr}`");
    let renamed: Vec<String> = change
        .losses
        .iter()
        .filter_map(|loss| Some(format!("{}: {}", loss.at, loss.renamed.as_ref()?)))
        .collect();
    if !renamed.is_empty() {
        allow.push_str(&format!(
            "; but if it is only a new name, write `renamed: {{ {} }}` in its document, which keeps the data",
            renamed.join(", ")
        ));
    }
    Refusal {
        guard: "data-loss",
        addrs: vec![addr.clone()],
        message: format!("{many}{comma} {what}"),
        allow,
    }
}

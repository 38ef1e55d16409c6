//! Plans and reports for people: calm at 80 columns, complete without colour.
//!
//! Every action has a symbol and a word; what the user's texts hold stands behind a gutter, so
//! that no text can pass for a line of ours.
//!
//! | room | noun |
//! |---|---|
//! | [`mod@plan`] | a whole plan: changes, refusals, secrets, summary |
//! | [`mod@drift`] | what is not as the last apply left it |
//! | [`fields`] | the places of one change |
//! | [`mod@moves`] | objects that have another address |
//! | [`part`] | which parts of somebody else's objects are managed |
//! | [`mod@passes`] | what is written in several writes |
//! | [`tree`] | a whole spec, nested like YAML |
//! | [`value`] | one value in one line |
//! | [`block`] | a text of several lines, and the difference of two |
//! | [`refused`] | what stands against a plan |
//! | [`mod@report`] | an apply: a line per change, what failed, the proof |

pub mod block;
pub mod drift;
pub mod fields;
pub mod moves;
pub mod part;
pub mod passes;
pub mod plan;
pub mod refused;
pub mod report;
pub mod tree;
pub mod value;

use crate::decide::plan::Action;
use crate::show::{Meaning, redact, text};

pub use drift::drift;
pub use plan::plan;
pub use report::{Column, converged, converged_but, counter, progress, report};

#[cfg(test)]
pub(in crate::show::render) mod tests;

/// The symbol of an action.
pub fn symbol(action: Action) -> &'static str {
    match action {
        Action::Adopt | Action::Move => "→",
        Action::Create => "+",
        Action::Update => "~",
        Action::Replace => "±",
        Action::Delete => "-",
        Action::Forget => "·",
    }
}

/// What the colour of an action means.
pub fn meaning(action: Action) -> Meaning {
    match action {
        Action::Create => Meaning::Add,
        Action::Update => Meaning::Change,
        Action::Replace | Action::Delete => Meaning::Remove,
        Action::Adopt | Action::Move | Action::Forget => Meaning::Detail,
    }
}

/// A text of a service or of another room, harmless and in one line.
pub(in crate::show::render) fn said(words: &str) -> String {
    text::escape(&redact::text(words))
}

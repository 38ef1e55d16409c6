//! Renderers: a plan or a report as text, one room per format.
//!
//! They take data, decide nothing and have one escape each. Deliberately not here: findings for
//! people and machines, which have a room of their own.
//!
//! | room | noun |
//! |---|---|
//! | [`human`] | for people, in a terminal or a log |
//! | [`markdown`] | for people, in a comment on a pull request |
//! | [`github`] | for GitHub's runner, which makes annotations of it |

pub mod github;
pub mod human;
pub mod markdown;

#[cfg(test)]
mod inert;

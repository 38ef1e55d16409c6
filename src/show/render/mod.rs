//! Renderers: a plan or a report as text, one room per format.
//!
//! They take data, decide nothing and have one escape each. Deliberately not here: findings,
//! which have a room of their own.
//!
//! | room | noun |
//! |---|---|
//! | [`human`] | for people, in a terminal or a log |

pub mod human;

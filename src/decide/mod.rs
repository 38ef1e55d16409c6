//! Deciding: from desired, live and the ledger to a plan.
//!
//! Pure but for the loading and saving in [`ledger::home`]: a plan is data, and the same inputs
//! give the same plan.
//!
//! | room | noun |
//! |---|---|
//! | [`canon`] | the one spelling in which desired and live are compared |
//! | [`diff`] | which places differ, and what a replacing write must carry over |
//! | [`drift`] | what of ours is not as the last apply left it |
//! | [`graft`] | the managed places of an object put into somebody else's |
//! | [`ledger`] | what is ours |
//! | [`plan`] | what would change, why, and what stands against it |
//! | [`same`] | whether there is no difference, told quickly |

pub mod canon;
pub mod diff;
pub mod drift;
pub mod graft;
pub mod ledger;
pub mod plan;
pub mod same;

#[cfg(test)]
mod laws;

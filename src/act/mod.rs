//! Acting: carrying out a plan, and what became of it.
//!
//! Takes a plan and nothing else to decide by; it may do less than the plan shows, never more
//! (law 3). Deliberately not here: reading files, asking the user, printing.
//!
//! | room | noun |
//! |---|---|
//! | [`apply`] | the changes of a plan, in order, with the ledger around them |
//! | [`report`] | what became of each change |

pub mod apply;
pub mod report;

//! Lint: what is allowed in a project's files and will go wrong all the same.
//!
//! A lint is a function over the project that adds findings and asks engines questions; all
//! questions of all lints are asked at once. Deliberately not here: what services refuse, which the
//! kinds check, and how findings look (see `show`).
//!
//! | room | noun |
//! |---|---|
//! | [`levels`] | what becomes of the findings of lints |
//! | [`allow`] | comments that allow a lint in one place |

pub mod allow;
pub mod levels;

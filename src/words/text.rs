//! Texts of the trees: a short one lies where it is, a long one is shared by all its copies.
//!
//! Keys and most values are short, and projects hold them by the million: each of them on its own
//! piece of memory would cost more than what it says. The only module that names the crate.
//! Deliberately not here: texts that are being written; those are `String`s.

/// A text that is never changed: up to 23 bytes lie in it, more are shared.
pub type Text = smol_str::SmolStr;

/// What a value shows of itself, as a text.
pub fn shown(value: impl std::fmt::Display) -> Text {
    smol_str::format_smolstr!("{value}")
}

//! Every finding code with its documentation, in one list.
//!
//! A test holds that each code in use stands here, and that each one here can be provoked.

/// The documentation of one finding code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The code, for example `yaml::duplicate_key`.
    pub code: &'static str,
    /// What it means.
    pub means: &'static str,
    /// What to do about it.
    pub mend: &'static str,
}

/// All codes, sorted.
pub const CODES: &[Code] = &[];

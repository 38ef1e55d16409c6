//! Observed: an object as a service holds it, and the text of it that a file may hold.
//!
//! Deliberately not here: reading it (see the kinds and `there`).

use crate::kinds::{Birth, Touch};
use crate::words::Value;
use crate::words::value::Map;

/// An object as a service holds it.
#[derive(Debug, Clone)]
pub struct Observed {
    /// Identifier or assigned id: what requests address it by.
    pub id: String,
    /// What a document's identity field is matched with.
    pub name: String,
    /// Its fields, as the service spells them.
    pub value: Value,
    /// What `${…}` may read from it.
    pub exports: Map,
    /// When and by whom it was made. Kinds leave it empty; who reads a list fills it in.
    pub born: Birth,
    /// When and by whom it was last written, filled in likewise.
    pub touched: Touch,
}

/// Who wrote it last makes no difference: a write that changes nothing moves that too.
impl PartialEq for Observed {
    fn eq(&self, other: &Observed) -> bool {
        (&self.id, &self.name, &self.value) == (&other.id, &other.name, &other.value)
            && (&self.exports, &self.born) == (&other.exports, &other.born)
    }
}

/// A field whose text people keep in a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextFile {
    /// The field, at the top of the spec.
    pub field: &'static str,
    /// The folder of such files.
    pub folder: &'static str,
    /// What their names end with, without the dot.
    pub extension: &'static str,
}

//! Port's templates: `{{ … }}` in the texts and keys of a tree (PA section 3).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::job::Fault;

/// A tree to render.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The tree: texts and keys may hold `{{ JQ }}`.
    pub template: Value,
    /// What `.` is: an object with `inputs`, `entity`, `trigger`, `action`, `run`, `secrets`, `event`, `user`
    /// as far as they are there.
    pub roots: Value,
    /// What `now` is, in seconds since the Unix epoch.
    pub now: f64,
}

/// A rendered tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rendered {
    /// The tree.
    pub value: Value,
    /// What did not go well without stopping it, each with the JSON pointer of the text in the template.
    pub notes: Vec<Note>,
}

/// Something about one text of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The JSON pointer of the text, or of the pair whose key it is.
    pub at: String,
    /// What is said.
    pub fault: Fault,
}

/// Renders a tree.
pub fn render(request: &Request) -> Result<Rendered, Fault> {
    Ok(Rendered {
        value: request.template.clone(),
        notes: Vec::new(),
    })
}

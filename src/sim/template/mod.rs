//! Port's templates: `{{ … }}` in the texts and keys of a tree (PA section 3).
//!
//! What a program means is the business of [`super::jq`]; this room says where programs stand in a text,
//! what they read, and what their outputs become.
//!
//! | room | noun |
//! |---|---|
//! | `tokens` | the words of a JQ text, well formed or not |
//! | `pieces` | a text cut into literal parts and programs |
//! | `paths` | what a program reads of its input |
//! | `render` | a tree with all programs answered |

mod paths;
mod pieces;
mod render;
mod tokens;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::job::Fault;

pub(crate) use paths::mentions;
pub use paths::{keys, names, paths, reads_more};
pub use pieces::{Piece, pieces};
pub use render::render;

/// The names at the root of what a template reads (PA section 3).
pub const ROOTS: [&str; 8] = [
    "inputs", "entity", "trigger", "action", "run", "secrets", "event", "user",
];

/// A tree to render.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The tree: texts and keys may hold `{{ JQ }}`.
    pub template: Value,
    /// What `.` is: an object with `inputs`, `entity`, `trigger`, `action`, `run`, `secrets`, `event`, `user`
    /// as far as they are there.
    pub roots: Value,
    /// What `now` is, in seconds since the Unix epoch.
    pub now: f64,
}

/// Names the roots without their content: secrets stand among them.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roots = self.roots.as_object();
        let roots: Vec<&String> = roots.map(|map| map.keys().collect()).unwrap_or_default();
        f.debug_struct("Request")
            .field("template", &self.template)
            .field("roots", &roots)
            .field("now", &self.now)
            .finish()
    }
}

/// A rendered tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rendered {
    /// The tree.
    pub value: Value,
    /// What is worth knowing about it, each with the JSON pointer of the text in the template.
    pub notes: Vec<Note>,
}

impl Rendered {
    /// What could not be rendered; Port would not make the call (a guess).
    pub fn failures(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| note.failed)
    }
}

/// Something about one text of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The JSON pointer of the text, or of the pair whose key it is.
    pub at: String,
    /// Whether the text could not be rendered; otherwise it was, and something about it is odd.
    pub failed: bool,
    /// What is said; its span counts bytes of the text.
    pub fault: Fault,
}

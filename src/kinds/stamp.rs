//! Stamps: what Port adds to every object that it stores (PA section 1, "What the server adds").

use serde_json::Value as Json;

use crate::kinds::shape::{Field, Shape, field};
use crate::words::Value;
use crate::words::value::Map;

const STAMPS: [(&str, &str); 7] = [
    ("id", "The server's own id."),
    ("_id", "The server's own id."),
    ("orgId", "The organization that holds it."),
    ("createdAt", "When it was created."),
    ("createdBy", "Who created it."),
    ("updatedAt", "When it was last written."),
    ("updatedBy", "Who wrote it last."),
];

/// The stamps as computed fields: warned about in files, dropped from live.
pub fn fields() -> impl Iterator<Item = Field> {
    STAMPS
        .into_iter()
        .map(|(name, doc)| field(name, Shape::Any, doc).computed())
}

/// When an object was made, and by whom, where its service tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Birth {
    /// RFC 3339.
    pub at: Option<String>,
    /// A user, or the client of a machine.
    pub by: Option<String>,
}

/// When and by whom an item of a list of Port was made.
pub fn birth(item: &Json) -> Birth {
    let text = |name: &str| item.get(name).and_then(Json::as_str).map(str::to_owned);
    Birth {
        at: text("createdAt"),
        by: text("createdBy"),
    }
}

/// The fields of an item of a list, without its stamps; `None` when it is no map.
pub fn without(item: &Json) -> Option<Map> {
    let fields = item.as_object()?;
    Some(
        fields
            .iter()
            .filter(|(key, _)| STAMPS.iter().all(|(stamp, _)| stamp != key))
            .map(|(key, value)| (key.clone(), Value::from(value)))
            .collect(),
    )
}

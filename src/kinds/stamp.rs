//! Stamps: what Port adds to every object that it stores (PA section 1, "What the server adds"),
//! and what of it other services tell as well.

use jiff::Timestamp;

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
pub fn birth(item: &Value) -> Birth {
    let text = |name: &str| item.get_text(name).map(str::to_owned);
    Birth {
        at: text("createdAt"),
        by: text("createdBy"),
    }
}

/// When an object was last written, and by whom, where its service tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touch {
    /// RFC 3339.
    pub at: Option<String>,
    /// A user, or the client of a machine.
    pub by: Option<String>,
}

impl Touch {
    /// In words, to the minute: `by auth0|ann, 2026-11-20 10:00Z`; `None` when nothing is known.
    pub fn words(&self) -> Option<String> {
        let at = self.at.as_deref().map(minute);
        match (&self.by, at) {
            (Some(by), Some(at)) => Some(format!("by {by}, {at}")),
            (Some(by), None) => Some(format!("by {by}")),
            (None, at) => at,
        }
    }
}

/// A time to the minute, or as it is when it is none.
fn minute(at: &str) -> String {
    match at.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%MZ").to_string(),
        Err(_) => at.to_owned(),
    }
}

/// When and by whom an item of a list was last written. Port says it in RFC 3339, Spacelift in
/// seconds (SA section 5).
pub fn touch(item: &Value) -> Touch {
    let at = match item.get("updatedAt") {
        Some(Value::Text(text)) => Some(text.to_string()),
        Some(Value::Number(seconds)) => seconds
            .as_i64()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .map(|time| time.to_string()),
        _ => None,
    };
    let by = item.get_text("updatedBy");
    Touch {
        at,
        by: by.map(str::to_owned),
    }
}

/// The fields of an item of a list, without its stamps; `None` when it is no map.
pub fn without(item: &Value) -> Option<Map> {
    let fields = item.as_map()?.iter();
    let own = fields.filter(|(key, _)| STAMPS.iter().all(|(stamp, _)| *key != stamp));
    Some(Map::of_distinct(
        own.map(|(key, value)| (key.clone(), value.clone())),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn both_spellings_of_a_time_are_read_and_told_to_the_minute() {
        let said = |item: Json| touch(&item.into()).words();
        assert_eq!(
            said(json!({ "updatedAt": "2026-11-20T10:00:59.123Z", "updatedBy": "auth0|ann" })),
            Some("by auth0|ann, 2026-11-20 10:00Z".into())
        );
        assert_eq!(
            said(json!({ "updatedAt": 1_763_632_800 })),
            Some("2025-11-20 10:00Z".into())
        );
        assert_eq!(said(json!({ "updatedBy": "ci" })), Some("by ci".into()));
        assert_eq!(said(json!({ "updatedAt": "soon" })), Some("soon".into()));
        for nothing in [json!({}), json!({ "updatedAt": null }), json!([1])] {
            assert_eq!(said(nothing), None);
        }
    }
}

//! Programs: the texts of an ingest that are JQ, and what each is for.
//!
//! Deliberately not here: what they read (see `reads`).

use crate::want::ingest::Ingest;
use crate::words::{Data, Node, Pointer};

/// One program of an ingest.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    /// What it fills: `identifier`, `properties.state`; `filter` fills nothing.
    pub field: String,
    /// Where in the document it stands.
    pub at: Pointer,
    /// The text.
    pub node: &'a Node,
    /// The program.
    pub code: &'a str,
}

/// All programs of an ingest: the filter first, then the mapping in its order.
pub fn programs(ingest: &Ingest) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    if let Some(filter) = &ingest.filter {
        let at = Pointer::default().join("filter");
        gather(filter, "filter", &at, &mut found);
    }
    let at = Pointer::default().join("mapping");
    for (key, value) in ingest.mapping.entries().unwrap_or_default() {
        let (name, at) = (key.text.as_str(), at.join(&key.text));
        match (name, value.entries()) {
            ("properties" | "relations", Some(parts)) => {
                for (key, value) in parts {
                    let field = format!("{name}.{}", key.text);
                    gather(value, &field, &at.join(&key.text), &mut found);
                }
            }
            _ => gather(value, name, &at, &mut found),
        }
    }
    found
}

fn gather<'a>(node: &'a Node, field: &str, at: &Pointer, found: &mut Vec<Part<'a>>) {
    match &node.data {
        Data::Text(code) => found.push(Part {
            field: field.to_owned(),
            at: at.clone(),
            node,
            code,
        }),
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                gather(item, field, &at.join(index), found);
            }
        }
        Data::Map(entries) => {
            for (key, value) in entries.iter() {
                gather(value, field, &at.join(&key.text), found);
            }
        }
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::Deferred(_) | Data::Secret(_) => {}
    }
}

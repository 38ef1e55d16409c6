//! The reading document: one GraphQL query for the viewer, the spaces and every kind's objects.
//!
//! Text in, text out. Deliberately not here: sending it (see `read`).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::kinds::{Kind, List};

/// The root fields that are asked for.
#[derive(Debug, Clone)]
pub(super) struct Document {
    fields: BTreeMap<&'static str, RootField>,
}

/// One root field. Kinds that are read from the same one share it.
#[derive(Debug, Clone)]
pub(super) struct RootField {
    selection: String,
    pub paged: bool,
    pub kinds: Vec<&'static dyn Kind>,
}

/// The items of one answer, and where the next page begins.
#[derive(Debug, PartialEq)]
pub(super) struct Page {
    pub items: Vec<Json>,
    pub next: Option<String>,
}

/// The root field of spaces, which is read whether or not a kind needs it.
pub(super) const SPACES: &str = "spaces";
/// How many items a page has; what all clients use (SA section 4).
const PAGE: u32 = 50;

impl Document {
    /// The document that reads these kinds and the spaces.
    pub fn new(kinds: &[&'static dyn Kind]) -> Self {
        let mut document = Document::only(kinds);
        document.add(SPACES, "{ id name }", false, None);
        document
    }

    /// The document that reads these kinds and nothing else.
    pub fn only(kinds: &[&'static dyn Kind]) -> Self {
        let mut document = Document {
            fields: BTreeMap::new(),
        };
        for kind in kinds {
            if let List::Spacelift {
                field,
                selection,
                paged,
            } = kind.list()
            {
                document.add(field, selection, paged, Some(*kind));
            }
        }
        document
    }

    /// Every field may be selected twice, so selections are simply put together.
    fn add(
        &mut self,
        name: &'static str,
        selection: &str,
        paged: bool,
        kind: Option<&'static dyn Kind>,
    ) {
        let inner = selection.trim();
        let inner = inner.strip_prefix('{').unwrap_or(inner);
        let inner = inner.strip_suffix('}').unwrap_or(inner).trim();
        let field = self.fields.entry(name).or_insert_with(|| RootField {
            selection: String::new(),
            paged,
            kinds: Vec::new(),
        });
        if field.selection != inner {
            if !field.selection.is_empty() {
                field.selection.push(' ');
            }
            field.selection.push_str(inner);
        }
        field.kinds.extend(kind);
    }

    /// The root fields with their names.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &RootField)> {
        self.fields.iter().map(|(name, field)| (*name, field))
    }

    /// Leaves a root field out; returns it with its kinds when it was there.
    pub fn leave_out(&mut self, name: &str) -> Option<(&'static str, RootField)> {
        self.fields.remove_entry(name)
    }

    /// The query text. The viewer is in it, so that an empty list cannot be a lost session.
    pub fn text(&self) -> String {
        let paged = self.fields.values().any(|field| field.paged);
        let mut text = String::from("query Read");
        if paged {
            text.push_str("($page: SearchInput!)");
        }
        text.push_str(" { viewer { id name }");
        for (name, field) in &self.fields {
            field.write(name, &mut text);
        }
        text.push_str(" }");
        text
    }

    /// The query text for a further page of one field.
    pub fn page_text(&self, name: &str) -> Option<String> {
        let field = self.fields.get(name)?;
        let mut text = String::from("query Page($page: SearchInput!) { viewer { id }");
        field.write(name, &mut text);
        text.push_str(" }");
        Some(text)
    }

    /// The variables of either text: the page that begins after a cursor.
    pub fn variables(&self, after: Option<&str>) -> Json {
        let paged = self.fields.values().any(|field| field.paged);
        match (paged, after) {
            (false, _) => Json::Null,
            (true, None) => json!({ "page": { "first": PAGE } }),
            (true, Some(after)) => json!({ "page": { "first": PAGE, "after": after } }),
        }
    }
}

impl RootField {
    fn write(&self, name: &str, text: &mut String) {
        let selection = &self.selection;
        // Writing into a `String` cannot fail.
        let _ = if self.paged {
            write!(
                text,
                " {name}(input: $page) {{ edges {{ node {{ {selection} }} }} \
                 pageInfo {{ endCursor hasNextPage }} }}"
            )
        } else {
            write!(text, " {name} {{ {selection} }}")
        };
    }

    /// Takes the items of this field out of an answer; what is wrong with it otherwise.
    pub fn page(&self, name: &str, answer: &mut Json) -> Result<Page, String> {
        let mut member = answer["data"][name].take();
        if !self.paged {
            return match member {
                Json::Array(items) => Ok(Page { items, next: None }),
                _ => Err(format!("no list `{name}`")),
            };
        }
        let Json::Array(edges) = member["edges"].take() else {
            return Err(format!("no `edges` in `{name}`"));
        };
        let info = &member["pageInfo"];
        let next = match info["hasNextPage"].as_bool() {
            None => return Err(format!("no `pageInfo` in `{name}`")),
            Some(false) => None,
            Some(true) => match info["endCursor"].as_str() {
                Some(cursor) if !edges.is_empty() => Some(cursor.to_owned()),
                _ => return Err(format!("a further page of `{name}` without a cursor")),
            },
        };
        let items = edges.into_iter().map(|mut edge| edge["node"].take());
        Ok(Page {
            items: items.collect(),
            next,
        })
    }
}

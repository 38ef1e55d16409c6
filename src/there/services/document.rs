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
    selections: Vec<&'static str>,
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
/// What is asked about them: as much as their kind asks, so that it stands there once.
const ABOUT_SPACES: &str = "{ id name description parentSpace inheritEntities labels }";
/// How many items a page has; what all clients use (SA section 4).
const PAGE: u32 = 50;

impl Document {
    /// The document that reads these kinds and the spaces.
    pub fn new(kinds: &[&'static dyn Kind]) -> Self {
        let mut document = Document::only(kinds);
        document.add(SPACES, ABOUT_SPACES, false, None);
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

    /// A field may be selected twice in GraphQL, so selections are simply put together.
    fn add(
        &mut self,
        name: &'static str,
        selection: &'static str,
        paged: bool,
        kind: Option<&'static dyn Kind>,
    ) {
        let inner = selection.trim();
        let inner = inner.strip_prefix('{').unwrap_or(inner);
        let inner = inner.strip_suffix('}').unwrap_or(inner).trim();
        let field = self.fields.entry(name).or_insert_with(|| RootField {
            selections: Vec::new(),
            paged,
            kinds: Vec::new(),
        });
        if !field.selections.contains(&inner) {
            field.selections.push(inner);
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
        let selection = self.selections.join(" ");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;
    use crate::there::services::script::Badge;

    #[test]
    fn kinds_are_asked_for_in_one_document() {
        let policy = kinds::find("spacelift.policy").unwrap();
        let secret = kinds::find("port.secret").unwrap();
        let document = Document::new(&[policy, secret]);
        assert_eq!(
            document.text(),
            "query Read { viewer { id name } \
             policies { id name type engineType body description labels space updatedAt } spaces { id name description parentSpace inheritEntities labels } }"
        );
        assert_eq!(document.variables(None), Json::Null);

        let document = Document::only(&[&Badge]);
        assert_eq!(
            document.text(),
            "query Read($page: SearchInput!) { viewer { id name } searchBadges(input: $page) \
             { edges { node { id name } } pageInfo { endCursor hasNextPage } } }"
        );
        assert_eq!(
            document.page_text("searchBadges").unwrap(),
            "query Page($page: SearchInput!) { viewer { id } searchBadges(input: $page) \
             { edges { node { id name } } pageInfo { endCursor hasNextPage } } }"
        );
    }

    #[test]
    fn kinds_that_share_a_field_share_its_selection() {
        let mut document = Document::only(&[]);
        for selection in ["{ id a { b } }", "{ id name }", "{ id name }"] {
            document.add(SPACES, selection, false, None);
        }
        assert!(
            document.text().contains("spaces { id a { b } id name }"),
            "{}",
            document.text()
        );
    }

    #[test]
    fn pages_without_what_they_need_are_refused() {
        let document = Document::only(&[&Badge]);
        let (name, field) = document.fields().next().unwrap();
        let page = |search: Json| field.page(name, &mut json!({"data": {name: search}}));
        let info = |more, cursor: Json| json!({"hasNextPage": more, "endCursor": cursor});
        let edge = json!({"node": {"id": 1}});

        let last = page(json!({"edges": [], "pageInfo": info(false, Json::Null)})).unwrap();
        assert_eq!(last.next, None);
        let more = page(json!({"edges": [edge], "pageInfo": info(true, "c".into())})).unwrap();
        assert_eq!((more.items.len(), more.next.as_deref()), (1, Some("c")));

        page(Json::Null).unwrap_err();
        page(json!({"edges": [edge]})).unwrap_err();
        page(json!({"edges": [edge], "pageInfo": info(true, Json::Null)})).unwrap_err();
        page(json!({"edges": [], "pageInfo": info(true, "c".into())})).unwrap_err();
    }
}

//! The `searchX` lists: predicates, full text, order and pages (SA section 4). Which objects a list has is
//! the caller's decision.
//!
//! A cursor names a place in the order, not an object, so it stays good when the object goes away.

use std::collections::BTreeSet;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::guesses;
use super::refusal::Refusal;
use super::view::{Answer, Item, Leaves, Look};

/// One page of a search.
struct Page<'s> {
    look: Look<'s>,
    type_name: &'static str,
    edges: Vec<(String, Item<'s>)>,
    has_next: bool,
    has_previous: bool,
}

/// Where an object stands in an order; the id settles ties.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place(Key, String);

/// What objects are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Key {
    Number(i64),
    Text(String),
}

/// A property that can be searched by.
enum Attribute<'s> {
    Flag(bool),
    Number(i64),
    Text(&'s str),
    Texts(&'s BTreeSet<String>),
}

/// Answers a search over `items` with the output type `type_name`.
pub(super) fn page<'s>(
    look: Look<'s>,
    items: Vec<Item<'s>>,
    input: Arguments<'_>,
    type_name: &'static str,
) -> Answer<'s> {
    let mut found = Vec::with_capacity(items.len());
    let order = input.input("orderBy");
    for item in items {
        if matches(look, item, input)? {
            found.push((place(look, item, order.text("field")), item));
        }
    }
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    let descending = order.text("direction") == Some("DESC");
    if descending {
        found.reverse();
    }
    let start = match input.text("after").filter(|cursor| !cursor.is_empty()) {
        None => 0,
        Some(cursor) => {
            let after = read_cursor(cursor)?;
            found.partition_point(|(place, _)| match descending {
                true => *place >= after,
                false => *place <= after,
            })
        }
    };
    let length = page_length(input.number("first"), look.page_limit);
    let has_next = found.len() > start.saturating_add(length);
    let edges = found.into_iter().skip(start).take(length);
    Ok(ResolvedValue::object(Page {
        look,
        type_name,
        edges: edges
            .map(|(place, item)| (write_cursor(&place), item))
            .collect(),
        has_next,
        has_previous: start > 0,
    }))
}

fn page_length(first: Option<i64>, limit: Option<usize>) -> usize {
    let asked = first
        .and_then(|first| usize::try_from(first).ok())
        .filter(|first| *first > 0)
        .unwrap_or(guesses::PAGE_DEFAULT);
    let allowed = limit.unwrap_or(guesses::PAGE_MAXIMUM).max(1);
    asked.min(allowed).min(guesses::PAGE_MAXIMUM)
}

fn place(look: Look<'_>, item: Item<'_>, order: Option<&str>) -> Place {
    let key = match order.and_then(|field| attribute(look, item, field)) {
        Some(Attribute::Flag(flag)) => Key::Number(i64::from(flag)),
        Some(Attribute::Number(number)) => Key::Number(number),
        Some(Attribute::Text(text)) => Key::Text(text.to_owned()),
        // Clients also order by fields that the sandbox has no opinion on; that is no mistake of theirs.
        Some(Attribute::Texts(_)) | None => Key::Number(guesses::scattered(item.id())),
    };
    Place(key, item.id().to_owned())
}

fn write_cursor(place: &Place) -> String {
    let text = serde_json::to_string(place).expect("a pair of plain values always serializes");
    URL_SAFE_NO_PAD.encode(text)
}

fn read_cursor(cursor: &str) -> Result<Place, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let place = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    place.ok_or_else(|| guesses::BAD_CURSOR.into())
}

/// Whether an object passes the full text and every predicate.
fn matches(look: Look<'_>, item: Item<'_>, input: Arguments<'_>) -> Result<bool, Refusal> {
    if let Some(wanted) = input.text("fullTextSearch") {
        let fields = ["id", "name", "description", "labels"];
        let found = fields
            .iter()
            .filter_map(|field| attribute(look, item, field))
            .any(|attribute| attribute.has_text(|text| guesses::text_matches(text, wanted)));
        if !found {
            return Ok(false);
        }
    }
    for predicate in input.inputs("predicates") {
        let field = predicate.needed_text("field")?;
        let Some(attribute) = attribute(look, item, field) else {
            return Err(guesses::unknown_search_field(field).into());
        };
        let constraint = predicate.input("constraint");
        let any_text = |name: &str| match constraint.texts(name) {
            Some(wanted) => attribute.has_text(|text| wanted.iter().any(|w| w == text)),
            None => true,
        };
        let flags = match (constraint.flags("booleanEquals"), &attribute) {
            (Some(wanted), Attribute::Flag(flag)) => wanted.contains(flag),
            (Some(_), _) => false,
            (None, _) => true,
        };
        let passes = flags && any_text("enumEquals") && any_text("stringMatches");
        if passes == predicate.flag("exclude").unwrap_or(false) {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Attribute<'_> {
    fn has_text(&self, mut test: impl FnMut(&str) -> bool) -> bool {
        match self {
            Self::Text(text) => test(text),
            Self::Texts(texts) => texts.iter().any(|text| test(text)),
            Self::Flag(_) | Self::Number(_) => false,
        }
    }
}

/// The property `field` of an object; `label` and `labels` mean the same.
fn attribute<'s>(look: Look<'s>, item: Item<'s>, field: &str) -> Option<Attribute<'s>> {
    use Attribute::{Flag, Number, Text, Texts};
    if field == "id" {
        return Some(Text(item.id()));
    }
    Some(match (item, field) {
        (Item::Policy(policy), "name") => Text(&policy.name),
        (Item::Policy(policy), "description") => Text(policy.description.as_deref().unwrap_or("")),
        (Item::Policy(policy), "type") => Text(&policy.policy_type),
        (Item::Policy(policy), "engineType") => Text(&policy.engine_type),
        (Item::Policy(policy), "space") => Text(&policy.space),
        (Item::Policy(policy), "label" | "labels") => Texts(&policy.labels),
        (Item::Policy(policy), "createdAt") => Number(policy.created_at),
        (Item::Policy(policy), "updatedAt") => Number(policy.updated_at),
        (Item::Webhook(webhook), "name") => Text(&webhook.name),
        (Item::Webhook(webhook), "endpoint") => Text(&webhook.endpoint),
        (Item::Webhook(webhook), "enabled") => Flag(webhook.enabled),
        (Item::Webhook(webhook), "space") => Text(&webhook.space),
        (Item::Webhook(webhook), "label" | "labels") => Texts(&webhook.labels),
        (Item::Webhook(webhook), "createdAt") => Number(webhook.created_at),
        (Item::Stack(stack), "name") => Text(&stack.name),
        (Item::Stack(stack), "description") => Text(stack.description.as_deref().unwrap_or("")),
        (Item::Stack(stack), "space") => Text(&stack.space),
        (Item::Stack(stack), "branch") => Text(&stack.branch),
        (Item::Stack(stack), "repository") => Text(&stack.repository),
        (Item::Stack(stack), "namespace") => Text(&stack.namespace),
        (Item::Stack(stack), "provider") => Text(&stack.provider),
        (Item::Stack(stack), "projectRoot") => Text(stack.project_root.as_deref().unwrap_or("")),
        (Item::Stack(stack), "label" | "labels") => Texts(&stack.labels),
        (Item::Stack(stack), "autodeploy") => Flag(stack.autodeploy),
        (Item::Stack(_), "administrative") => Flag(false),
        (Item::Stack(stack), "createdAt") => Number(stack.created_at),
        (Item::Sample(sample), "key") => Text(&sample.key),
        (Item::Sample(sample), "outcome") => Text(&sample.outcome),
        (Item::Sample(sample), "timestamp") => Number(sample.timestamp),
        (Item::Stack(stack), "state") => {
            let run = look.state.deciding_run(&stack.id);
            Text(run.map_or("NONE", |run| run.state.as_str()))
        }
        _ => return None,
    })
}

impl ObjectValue for Page<'_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "edges" => Ok(ResolvedValue::list(self.edges.iter().map(
                move |(cursor, item)| {
                    ResolvedValue::object(Edge {
                        page: self,
                        cursor,
                        item: *item,
                    })
                },
            ))),
            "pageInfo" => {
                let cursor = |edge: Option<&(String, Item<'_>)>| match edge {
                    Some((cursor, _)) => cursor.as_str().into(),
                    None => "".into(),
                };
                Ok(ResolvedValue::object(Leaves {
                    type_name: "PageInfo",
                    fields: vec![
                        ("startCursor", cursor(self.edges.first())),
                        ("endCursor", cursor(self.edges.last())),
                        ("hasNextPage", self.has_next.into()),
                        ("hasPreviousPage", self.has_previous.into()),
                    ],
                }))
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

/// One object of a page.
struct Edge<'p> {
    page: &'p Page<'p>,
    cursor: &'p str,
    item: Item<'p>,
}

impl ObjectValue for Edge<'_> {
    fn type_name(&self) -> &str {
        match self.page.type_name {
            "SearchPoliciesOutput" => "SearchPoliciesOutputEdge",
            "SearchStacksOutput" => "SearchStacksOutputEdge",
            "SearchPolicyEvaluationRecordsOutput" => "SearchPolicyEvaluationRecordsOutputEdge",
            _ => "SearchNamedWebhooksIntegrationsOutputEdge",
        }
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "cursor" => Ok(ResolvedValue::leaf(self.cursor)),
            "node" => Ok(self.page.look.object(self.item)),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

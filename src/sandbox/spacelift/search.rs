//! The `searchX` lists: predicates, full text, order and pages (SA section 4). Which objects a list has is
//! the caller's decision.
//!
//! A cursor names a place in the order, not an object, so it stays good when the object goes away. A page costs
//! one look at each object at the most, and nothing is copied but what is on it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::guesses;
use super::refusal::Refusal;
use super::roster::Roster;
use super::view::{Answer, Item, Leaves, Look};

/// Faults of pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// No page is longer than that.
    pub limit: Option<usize>,
    /// By how many objects a page begins later than it should, or earlier when it is negative: the boundary
    /// moved while somebody was reading (SA section 15, trap 8).
    pub shift: i64,
}

/// What is searched.
pub(super) enum Source<'s> {
    /// Objects in no order.
    Items(Vec<Item<'s>>),
    /// Stacks, which are at hand in the order of lists.
    Stacks(&'s Roster),
}

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
struct Place<'s>(Key<'s>, Cow<'s, str>);

/// What objects are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Key<'s> {
    Number(i64),
    Text(Cow<'s, str>),
}

/// An object and its place.
type Placed<'s> = (Place<'s>, Item<'s>);

/// The objects around the beginning of a page.
struct Around<'s> {
    /// From the beginning on, in order.
    ahead: Vec<Placed<'s>>,
    /// Before it, the nearest first.
    before: Vec<Placed<'s>>,
}

/// How a list is searched.
#[derive(Clone, Copy)]
struct Search<'s, 'a> {
    look: Look<'s>,
    input: Arguments<'a>,
    /// The property that objects are ordered by.
    order: Option<&'a str>,
    descending: bool,
    /// How many objects are looked for behind the cursor, and before it.
    wanted: (usize, usize),
}

/// A property that can be searched by.
enum Attribute<'s> {
    Flag(bool),
    Number(i64),
    Text(&'s str),
    Texts(&'s BTreeSet<String>),
}

/// Answers a search over `source` with the output type `type_name`.
pub(super) fn page<'s>(
    look: Look<'s>,
    source: Source<'s>,
    input: Arguments<'_>,
    type_name: &'static str,
) -> Answer<'s> {
    let order = input.input("orderBy");
    let length = page_length(input.number("first"), look.paging.limit);
    let shift = usize::try_from(look.paging.shift.unsigned_abs()).unwrap_or(usize::MAX);
    // However far a page moves back, it ends further on than the one before, so that reading comes to an end.
    let (later, earlier) = match look.paging.shift > 0 {
        true => (shift, 0),
        false => (0, shift.min(length - 1)),
    };
    let search = Search {
        look,
        input,
        order: order.text("field"),
        descending: order.text("direction") == Some("DESC"),
        wanted: (
            length.saturating_add(later).saturating_add(1),
            earlier.max(1),
        ),
    };
    let cursor = input.text("after").filter(|cursor| !cursor.is_empty());
    let cursor = cursor.map(read_cursor).transpose()?;
    let around = match source {
        Source::Stacks(roster) if search.is_scattered(roster) => {
            search.walk(roster, cursor.as_ref())?
        }
        Source::Stacks(roster) => {
            let stacks = roster.values().map(Item::Stack);
            search.pick(stacks, cursor.as_ref())?
        }
        Source::Items(items) => search.pick(items.into_iter(), cursor.as_ref())?,
    };
    let has_previous = !around.before.is_empty();
    let again = around.before.into_iter().take(earlier).rev();
    let mut edges: Vec<Placed<'_>> = again.collect();
    edges.extend(around.ahead.into_iter().skip(later));
    let has_next = edges.len() > length;
    edges.truncate(length);
    Ok(ResolvedValue::object(Page {
        look,
        type_name,
        edges: edges
            .into_iter()
            .map(|(place, item)| (write_cursor(&place), item))
            .collect(),
        has_next,
        has_previous,
    }))
}

impl<'s> Search<'s, '_> {
    /// Whether stacks are asked for in the order of lists, which is also that of fields without an order.
    fn is_scattered(self, roster: &'s Roster) -> bool {
        let any = roster.values().next().map(Item::Stack);
        any.is_none_or(|any| {
            let field = self
                .order
                .and_then(|field| attribute(self.look, any, field));
            matches!(field, None | Some(Attribute::Texts(_)))
        })
    }

    /// Goes along the order of lists from the cursor on, in both directions.
    fn walk(self, roster: &'s Roster, cursor: Option<&Place<'_>>) -> Result<Around<'s>, Refusal> {
        let cursor = match cursor {
            None => None,
            Some(Place(Key::Number(number), id)) => Some((*number, &**id)),
            // It was issued for another order.
            Some(Place(Key::Text(_), _)) => return Err(guesses::BAD_CURSOR.into()),
        };
        let behind = match self.descending {
            true => roster.falling(cursor, false),
            false => roster.rising(cursor, false),
        };
        let until = match self.descending {
            _ if cursor.is_none() => Box::new(std::iter::empty()),
            true => roster.rising(cursor, true),
            false => roster.falling(cursor, true),
        };
        Ok(Around {
            ahead: self.matching(behind.map(Item::Stack), self.wanted.0)?,
            before: self.matching(until.map(Item::Stack), self.wanted.1)?,
        })
    }

    /// The first of some objects in order that match.
    fn matching(
        self,
        items: impl Iterator<Item = Item<'s>>,
        most: usize,
    ) -> Result<Vec<Placed<'s>>, Refusal> {
        let mut found = Vec::new();
        for item in items {
            if found.len() == most {
                break;
            }
            if matches(self.look, item, self.input)? {
                found.push((place(self.look, item, self.order), item));
            }
        }
        Ok(found)
    }

    /// Picks those next to the cursor from objects in no order.
    fn pick(
        self,
        items: impl Iterator<Item = Item<'s>>,
        cursor: Option<&Place<'_>>,
    ) -> Result<Around<'s>, Refusal> {
        let in_order = |left: &Place<'_>, right: &Place<'_>| match self.descending {
            true => right.cmp(left),
            false => left.cmp(right),
        };
        let (mut ahead, mut before) = (Vec::new(), Vec::new());
        for item in items {
            if matches(self.look, item, self.input)? {
                let place = place(self.look, item, self.order);
                match cursor.is_none_or(|cursor| in_order(&place, cursor) == Ordering::Greater) {
                    true => ahead.push((place, item)),
                    false => before.push((place, item)),
                }
            }
        }
        smallest(&mut ahead, self.wanted.0, |l, r| in_order(&l.0, &r.0));
        smallest(&mut before, self.wanted.1, |l, r| in_order(&r.0, &l.0));
        Ok(Around { ahead, before })
    }
}

/// Leaves the smallest of a list, in order, without putting the others into one.
fn smallest<T>(list: &mut Vec<T>, count: usize, order: impl Fn(&T, &T) -> Ordering) {
    if count < list.len() {
        list.select_nth_unstable_by(count, &order);
        list.truncate(count);
    }
    list.sort_unstable_by(order);
}

fn page_length(first: Option<i64>, limit: Option<usize>) -> usize {
    let asked = first
        .and_then(|first| usize::try_from(first).ok())
        .filter(|first| *first > 0)
        .unwrap_or(guesses::PAGE_DEFAULT);
    let allowed = limit.unwrap_or(guesses::PAGE_MAXIMUM).max(1);
    asked.min(allowed).min(guesses::PAGE_MAXIMUM)
}

fn place<'s>(look: Look<'s>, item: Item<'s>, order: Option<&str>) -> Place<'s> {
    let key = match order.and_then(|field| attribute(look, item, field)) {
        Some(Attribute::Flag(flag)) => Key::Number(i64::from(flag)),
        Some(Attribute::Number(number)) => Key::Number(number),
        Some(Attribute::Text(text)) => Key::Text(text.into()),
        // Clients also order by fields that the sandbox has no opinion on; that is no mistake of theirs.
        Some(Attribute::Texts(_)) | None => Key::Number(guesses::scattered(item.id())),
    };
    Place(key, item.id().into())
}

fn write_cursor(place: &Place<'_>) -> String {
    let text = serde_json::to_string(place).expect("a pair of plain values always serializes");
    URL_SAFE_NO_PAD.encode(text)
}

fn read_cursor(cursor: &str) -> Result<Place<'static>, Refusal> {
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

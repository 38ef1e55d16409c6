//! Journeys: an event hop by hop, for people and for machines.
//!
//! Stand-ins are shown, for they say what something is without saying its text. A literal value of a
//! header that authorises is not. Deliberately not here: what happens at a hop (see `follow`).
//!
//! | room | noun |
//! |---|---|
//! | `human` | the hops as lines |
//! | `harmless` | values as they may be shown |

mod harmless;
mod human;

use serde_json::{Value as Json, json};

use crate::follow::journey::{Delivery, Hop, Journey, Request, Why};
use crate::words::{Place, Pointer, Sources};
pub use harmless::{harmless, sentence};
pub use human::human;

/// A journey for machines:
///
/// `{"simulated_at", "hops": [HOP], "entities": [ENTITY], "deleted": [{"blueprint","identifier"}],
/// "deliveries": [{"webhook","to","url","method","headers","body"}], "requests": [{"by","type",…}],
/// "automations": [ADDRESS]}`. A HOP is `{"step","address","file","line","column","what","stopped":
/// WHY or null,"notes": [WHY],"facts": {…},"next": [HOP]}`, a WHY `{"message","file","line","column",
/// "help"}`.
pub fn json(journey: &Journey, sources: &Sources, at: &str) -> Json {
    let root = Pointer::root();
    let clean = |value: &Json| harmless(&root, value);
    let deliveries = journey.deliveries.iter().map(Delivery::to_json);
    let requests = journey.requests.iter().map(Request::to_json);
    let deleted = journey.deleted.iter();
    let entities = journey.entities.values();
    json!({
        "simulated_at": at,
        "hops": journey.hops.iter().map(|hop| hop_json(hop, sources)).collect::<Vec<_>>(),
        "entities": entities.map(|entity| clean(&entity.value)).collect::<Vec<_>>(),
        "deleted": deleted
            .map(|(blueprint, id)| json!({ "blueprint": blueprint, "identifier": id }))
            .collect::<Vec<_>>(),
        "deliveries": deliveries.map(|one| clean(&one)).collect::<Vec<_>>(),
        "requests": requests.map(|one| clean(&one)).collect::<Vec<_>>(),
        "automations": journey.automations.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn hop_json(hop: &Hop, sources: &Sources) -> Json {
    let facts = hop.facts.iter().map(|(name, value)| {
        let at = Pointer::root().join(name);
        ((*name).to_owned(), harmless(&at, value))
    });
    let mut value = json!({
        "step": hop.step.word(),
        "address": hop.addr.as_ref().map(ToString::to_string),
    });
    extend(&mut value, &place(hop.place, sources));
    extend(
        &mut value,
        &json!({
            "what": sentence(&hop.what),
            "stopped": hop.stopped.as_ref().map(|why| why_json(why, sources)),
            "notes": hop.notes.iter().map(|why| why_json(why, sources)).collect::<Vec<_>>(),
            "facts": Json::Object(facts.collect()),
            "next": hop.next.iter().map(|hop| hop_json(hop, sources)).collect::<Vec<_>>(),
        }),
    );
    value
}

/// A reason for machines: `{"message","file","line","column","help"}`.
pub(in crate::show) fn why_json(why: &Why, sources: &Sources) -> Json {
    let mut value = json!({ "message": sentence(&why.message) });
    extend(&mut value, &place(why.place, sources));
    extend(
        &mut value,
        &json!({ "help": why.help.as_deref().map(sentence) }),
    );
    value
}

/// `{"file","line","column"}`, counted from 1; null for what has no place.
pub(in crate::show) fn place(place: Option<Place>, sources: &Sources) -> Json {
    let found = place.map(|place| {
        let (line, column) = sources.line_column(place);
        (sources.file(place.file).path.as_str(), line, column)
    });
    json!({
        "file": found.map(|(file, _, _)| file),
        "line": found.map(|(_, line, _)| line),
        "column": found.map(|(_, _, column)| column),
    })
}

/// `file:line:column`.
pub(in crate::show) fn spot(place: Place, sources: &Sources) -> String {
    let (line, column) = sources.line_column(place);
    format!("{}:{line}:{column}", sources.file(place.file).path)
}

pub(in crate::show) fn extend(value: &mut Json, more: &Json) {
    if let (Some(value), Some(more)) = (value.as_object_mut(), more.as_object()) {
        value.extend(more.clone());
    }
}

//! `manage`: the places of somebody else's object that a document is about.
//!
//! Deliberately not here: which places a kind has and what a partial spec may hold (see
//! `kinds::part`).

use crate::kinds::{Kind, part};
use crate::words::{Data, Finding, Findings, Node, Place, Pointer};

/// What of `lifecycle` means nothing where only parts are managed, and why.
const MEANINGLESS: [(&str, &str); 3] = [
    ("seed", "parts that are managed hold no secret; remove it"),
    (
        "adopt",
        "the object stays somebody else's, so nothing is taken over; remove it",
    ),
    (
        "extra",
        "fields that spaceport does not know stay as they are live; remove it",
    ),
];

/// The managed places of a document, empty when it declares the object whole; `None` when it
/// names none that can be read.
pub fn read(node: &Node, kind: &dyn Kind, findings: &mut Findings) -> Option<Vec<Pointer>> {
    let Some((key, list)) = node.entry("manage") else {
        return Some(Vec::new());
    };
    if let Some(why) = kind.only_whole() {
        findings.push(
            Finding::error(
                "config::manage",
                key.place,
                format!("parts of a `{}` cannot be managed: {why}", kind.name()),
            )
            .help("declare it whole, without `manage`"),
        );
        return None;
    }
    let mut places: Vec<(Pointer, Place)> = Vec::new();
    for item in list.items().unwrap_or(&[]) {
        let text = item.text().filter(|text| text.starts_with('/'));
        let Some(place) = text.and_then(Pointer::parse) else {
            continue;
        };
        if let Some((what, help)) = part::problem(kind, &place) {
            findings.push(Finding::error("config::manage", item.place, what).help(help));
        } else if let Some((first, at)) = places.iter().find(|(first, _)| first.meets(&place)) {
            findings.push(overlap(item.place, &place, first).related(*at, "also named here"));
        }
        places.push((place, item.place));
    }
    lifecycle(node.get("lifecycle"), findings);
    let places: Vec<Pointer> = places.into_iter().map(|(place, _)| place).collect();
    (!places.is_empty()).then_some(places)
}

fn lifecycle(node: Option<&Node>, findings: &mut Findings) {
    for (name, help) in MEANINGLESS {
        if let Some((key, value)) = node.and_then(|node| node.entry(name))
            && !matches!(value.data, Data::Bool(false) | Data::Null)
        {
            findings.push(
                Finding::error(
                    "config::not_here",
                    key.place,
                    format!("`lifecycle.{name}` means nothing beside `manage`"),
                )
                .help(help),
            );
        }
    }
}

/// Two patterns that speak about the same place.
pub fn overlap(place: Place, one: &Pointer, other: &Pointer) -> Finding {
    let what = match one == other {
        true => format!("`{one}` is managed twice"),
        false => format!("`{one}` and `{other}` meet: one is inside of the other"),
    };
    Finding::error("config::manage_overlap", place, what)
        .help("let one document manage each place; name the narrower places only")
}

//! Parts of an object: which places of a kind `manage` may name, and the check of a spec that
//! holds only them.
//!
//! A pointer goes through maps to a field or key. Lists have no identity of their items, so they
//! are managed as a whole. Deliberately not here: what happens to the places (see `decide`).

use crate::kinds::shape::{Field, Object, Shape};
use crate::kinds::{Kind, Picks, check};
use crate::words::finding::did_you_mean;
use crate::words::node::Key;
use crate::words::{Data, Finding, Findings, Node, Place, Pointer, Text, Value};

static ANY: Shape = Shape::Any;

/// What the kinds find that only the whole object can answer.
const OF_THE_WHOLE: [&str; 3] = [
    "config::missing_field",
    "config::system_blueprint",
    "config::unknown_key",
];

/// What may stand at a place, as the shape of the kind says.
#[derive(Clone, Copy)]
struct Step<'a> {
    shape: &'a Shape,
    field: Option<&'a Field>,
}

/// What may stand one step below any of these.
fn below<'a>(steps: &[Step<'a>], key: &str) -> Vec<Step<'a>> {
    fn one<'a>(shape: &'a Shape, key: &str, found: &mut Vec<Step<'a>>) {
        match shape {
            Shape::Any => found.push(Step {
                shape: &ANY,
                field: None,
            }),
            Shape::Object(object) => fields(object, key, found),
            Shape::Tagged { variants, .. } => variants
                .iter()
                .for_each(|(_, object)| fields(object, key, found)),
            Shape::Map { of, .. } => found.push(Step {
                shape: of,
                field: None,
            }),
            Shape::OneOf(shapes) => shapes.iter().for_each(|shape| one(shape, key, found)),
            _ => {}
        }
    }
    fn fields<'a>(object: &'a Object, key: &str, found: &mut Vec<Step<'a>>) {
        let named = object.fields.iter().filter(|f| key == "*" || f.name == key);
        found.extend(named.map(|field| Step {
            shape: &field.shape,
            field: Some(field),
        }));
    }
    let mut found = Vec::new();
    steps
        .iter()
        .for_each(|step| one(step.shape, key, &mut found));
    found
}

fn root(kind: &dyn Kind) -> [Step<'_>; 1] {
    [Step {
        shape: kind.shape(),
        field: None,
    }]
}

fn at<'a>(kind: &'a dyn Kind, place: &Pointer) -> Vec<Step<'a>> {
    let parts = place.parts().iter();
    parts.fold(root(kind).to_vec(), |steps, part| below(&steps, part))
}

/// Names of the fields that may stand below any of these.
fn known<'a>(steps: &[Step<'a>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = below(steps, "*")
        .iter()
        .filter_map(|step| step.field)
        .filter(|field| !field.rules.computed)
        .map(|field| field.name)
        .collect();
    names.dedup();
    names
}

/// Whether the service refuses an object that lacks this place while it has what is around it.
pub fn is_required(kind: &dyn Kind, place: &Pointer) -> bool {
    at(kind, place)
        .iter()
        .any(|step| step.field.is_some_and(|field| field.required))
}

/// The fields that the service demands beside each other at a place, when a map is made there.
pub fn demands(kind: &dyn Kind, place: &Pointer) -> Vec<&'static str> {
    fn of(shape: &Shape) -> Vec<&'static str> {
        match shape {
            Shape::Object(object) => {
                let required = object.fields.iter().filter(|field| field.required);
                required.map(|field| field.name).collect()
            }
            Shape::Tagged { tag, .. } => vec![tag],
            Shape::OneOf(shapes) => {
                let all = shapes.iter().map(of);
                all.min_by_key(Vec::len).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
    let all = at(kind, place).into_iter().map(|step| of(step.shape));
    all.min_by_key(Vec::len).unwrap_or_default()
}

/// The fields that say which object is meant.
fn identity(kind: &dyn Kind) -> Vec<&'static str> {
    let identity = kind.identity();
    identity
        .parts()
        .into_iter()
        .chain(identity.also())
        .collect()
}

/// Why a document may not manage this place: what is wrong, and what to do.
pub fn problem(kind: &dyn Kind, place: &Pointer) -> Option<(String, String)> {
    let identity = identity(kind);
    let mut steps = root(kind).to_vec();
    let mut above = Pointer::root();
    for part in place.parts() {
        let next = below(&steps, part);
        if next.is_empty() {
            return Some(match steps.iter().any(|s| is_list(s.shape)) {
                true => (
                    format!("`{above}` is a list, which is managed as a whole"),
                    format!("write `{above}`"),
                ),
                false => unknown(kind, &above, part, &known(&steps)),
            });
        }
        let rule = |holds: fn(&Field) -> bool| next.iter().any(|s| s.field.is_some_and(holds));
        let named = identity.iter().find(|field| part == "*" || part == **field);
        if let (true, Some(field)) = (above.parts().is_empty(), named) {
            return Some((
                format!("`{place}` covers `{field}`, which says whose parts are managed"),
                "name the other places only".into(),
            ));
        }
        if rule(|field| field.rules.computed) && part != "*" {
            return Some((
                format!("`{place}` is set by the server"),
                "remove the pointer".into(),
            ));
        }
        above.push(part);
        steps = next;
    }
    let picks = Picks::of(kind);
    if let Some(at) = picks.immutable.iter().find(|at| at.meets(place)) {
        return Some((
            format!("`{at}` cannot be changed, only deleted and created anew"),
            "that is for the owner of the object; remove the pointer".into(),
        ));
    }
    if let Some(labels) = kind.labels().filter(|field| place.first() == Some(field)) {
        return Some((
            format!("`/{labels}` also says which project the object belongs to"),
            "remove the pointer, or declare the object whole".into(),
        ));
    }
    // A list of fields that is replaced as a whole would lose the secret, which nobody can read.
    let beside = |at: &&Pointer| at.parts().len() > 1 && at.first() == place.first();
    let secret = picks
        .write_only
        .iter()
        .find(|at| at.meets(place) || beside(at));
    if let Some(at) = secret {
        return Some((
            format!("`{at}` is a secret that cannot be read, so nothing around it can be kept"),
            "remove the pointer, or declare the object whole".into(),
        ));
    }
    if place.has_any() && is_required(kind, place) {
        return Some((
            format!("`{place}` would take a field that is needed from objects of others"),
            "name the keys instead of `*`".into(),
        ));
    }
    None
}

fn is_list(shape: &Shape) -> bool {
    match shape {
        Shape::List { .. } => true,
        Shape::OneOf(shapes) => shapes.iter().any(is_list),
        _ => false,
    }
}

fn unknown(kind: &dyn Kind, above: &Pointer, part: &str, known: &[&str]) -> (String, String) {
    let help = did_you_mean(part, known.iter().copied()).unwrap_or_else(|| match known {
        [] => format!("`{above}` holds a plain value; write `{above}`"),
        known => {
            let known: Vec<String> = known.iter().map(|k| format!("`{k}`")).collect();
            format!("known there: {}", known.join(", "))
        }
    });
    let place = match above.parts() {
        [] => kind.name().to_owned(),
        _ => above.to_string(),
    };
    (format!("`{place}` has no `{part}`"), help)
}

/// Checks a spec that holds the managed places and the identity, and nothing else.
pub fn check(kind: &dyn Kind, spec: &Node, places: &[Pointer], findings: &mut Findings) {
    let mut inside = Vec::new();
    let mut walk = Walk {
        kind,
        places,
        inside: &mut inside,
        findings,
    };
    walk.map(&root(kind), spec, &mut Pointer::root(), "spec");
    let identity = kind.identity().parts().into_iter();
    for field in identity.filter(|field| spec.entries().is_some() && spec.get(field).is_none()) {
        findings.push(
            missing(spec, "spec", field)
                .help(format!("add `{field}`: it says whose parts are managed")),
        );
    }
    for place in places.iter().filter(|place| is_required(kind, place)) {
        let mut above = place.clone();
        let last = above.pop().unwrap_or_default();
        let there = spec.at(place).is_some_and(|node| node.data != Data::Null);
        if !there && !place.has_any() {
            let name = above.parts().last().map_or("spec", Text::as_str);
            findings.push(
                missing(spec.nearest(place), name, &last)
                    .help("the service needs it, so it can be changed but not removed"),
            );
        }
    }
    // What the kind knows besides is told about whole objects; only what stands inside of the
    // managed places is surely meant by it.
    let mut more = Findings::default();
    kind.check(spec, &mut more);
    let within = |place: Place| {
        inside.iter().any(|part: &Place| {
            part.file == place.file && part.start <= place.start && place.end <= part.end
        })
    };
    let counts = |finding: &Finding| {
        !OF_THE_WHOLE.contains(&finding.code) && finding.place.is_some_and(within)
    };
    findings.extend(more.sorted().into_iter().filter(counts));
}

fn missing(node: &Node, name: &str, field: &str) -> Finding {
    Finding::error(
        "config::missing_field",
        node.place,
        format!("`{name}` has no `{field}`"),
    )
}

struct Walk<'a> {
    kind: &'a dyn Kind,
    places: &'a [Pointer],
    /// Where the managed places stand in the files.
    inside: &'a mut Vec<Place>,
    findings: &'a mut Findings,
}

impl Walk<'_> {
    fn map(&mut self, steps: &[Step], node: &Node, at: &mut Pointer, name: &str) {
        let Some(entries) = node.entries() else {
            if let Some(step) = steps.first() {
                check::check(step.shape, node, name, self.findings);
            }
            return;
        };
        for (key, value) in entries {
            at.push(&key.text);
            let next = below(steps, &key.text);
            self.entry(steps, &next, key, value, at, name);
            at.pop();
        }
    }

    fn entry(
        &mut self,
        steps: &[Step],
        next: &[Step],
        key: &Key,
        value: &Node,
        at: &mut Pointer,
        name: &str,
    ) {
        let identity = at.parts().len() == 1 && identity(self.kind).contains(&key.text.as_str());
        if next.is_empty() {
            let unknown = check::unknown_field(key, name, &known(steps));
            self.findings.push(unknown);
        } else if identity || self.places.iter().any(|place| place.covers(at)) {
            if !identity {
                self.inside.push(Place {
                    start: key.place.start.min(value.place.start),
                    ..value.place
                });
            }
            self.whole(next, value, &key.text);
        } else if self.places.iter().any(|place| place.leads_below(at)) {
            self.map(next, value, at, &key.text);
        } else {
            self.findings.push(
                Finding::error(
                    "config::not_managed",
                    key.place,
                    format!("`{at}` is not among the places that `manage` names"),
                )
                .help(format!(
                    "add `{at}` to `manage`, or remove it here: it belongs to somebody else"
                )),
            );
        }
    }

    /// A managed value is complete. Where several forms are possible, one must fit.
    fn whole(&mut self, steps: &[Step], value: &Node, name: &str) {
        let optional = steps
            .iter()
            .any(|step| step.field.is_none_or(|field| !field.required));
        if value.data == Data::Null && optional {
            return;
        }
        let mut first = None;
        for step in steps {
            let mut found = Findings::default();
            check::check(step.shape, value, name, &mut found);
            if found.is_empty() {
                return;
            }
            first.get_or_insert(found);
        }
        self.findings
            .extend(first.into_iter().flat_map(Findings::sorted));
    }
}

/// The places that patterns name in a value, without `*`.
pub fn expand(places: &[Pointer], value: &Value) -> Vec<Pointer> {
    fn walk(place: &[Text], value: &Value, at: &mut Pointer, found: &mut Vec<Pointer>) {
        let Some((part, rest)) = place.split_first() else {
            return found.push(at.clone());
        };
        let entries = value.as_map().into_iter().flatten();
        for (key, inner) in entries.filter(|(key, _)| part == "*" || part == *key) {
            at.push(key);
            walk(rest, inner, at, found);
            at.pop();
        }
    }
    let mut found = Vec::new();
    for place in places {
        walk(place.parts(), value, &mut Pointer::root(), &mut found);
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::{find, story};

    fn place(text: &str) -> Pointer {
        Pointer::parse(text).expect("a pointer")
    }

    fn says(kind: &str, at: &str) -> String {
        problem(find(kind).expect("a kind"), &place(at))
            .map_or("fine".into(), |(what, help)| format!("{what} ({help})"))
    }

    #[test]
    fn a_pointer_names_what_the_kind_has_and_others_can_share() {
        for (kind, at, answer) in [
            ("port.blueprint", "/relations/team", "fine"),
            ("port.blueprint", "/schema/properties/*", "fine"),
            ("port.blueprint", "/title", "fine"),
            ("port.blueprint", "/ownership", "fine"),
            ("port.action", "/trigger/userInputs/properties/x", "fine"),
            (
                "port.blueprint",
                "/relation/team",
                "`port.blueprint` has no `relation` (did you mean `relations`?)",
            ),
            (
                "port.blueprint",
                "/title/x",
                "`/title` has no `x` (`/title` holds a plain value; write `/title`)",
            ),
            (
                "port.blueprint",
                "/identifier",
                "`/identifier` covers `identifier`, which says whose parts are managed (name the other places only)",
            ),
            (
                "port.blueprint",
                "/*",
                "`/*` covers `identifier`, which says whose parts are managed (name the other places only)",
            ),
            (
                "port.blueprint",
                "/createdAt",
                "`/createdAt` is set by the server (remove the pointer)",
            ),
            (
                "port.blueprint",
                "/relations/*/target",
                "`/relations/*/target` would take a field that is needed from objects of others (name the keys instead of `*`)",
            ),
            (
                "port.webhook",
                "/mappings/0/filter",
                "`/mappings` is a list, which is managed as a whole (write `/mappings`)",
            ),
            ("port.webhook", "/mappings", "fine"),
            (
                "port.webhook",
                "/security/signaturePrefix",
                "`/security/secret` is a secret that cannot be read, so nothing around it can be kept (remove the pointer, or declare the object whole)",
            ),
            ("spacelift.webhook", "/enabled", "fine"),
            (
                "spacelift.webhook",
                "/secret",
                "`/secret` is a secret that cannot be read, so nothing around it can be kept (remove the pointer, or declare the object whole)",
            ),
            (
                "spacelift.policy",
                "/labels",
                "`/labels` also says which project the object belongs to (remove the pointer, or declare the object whole)",
            ),
            (
                "spacelift.policy",
                "/type",
                "`/type` cannot be changed, only deleted and created anew (that is for the owner of the object; remove the pointer)",
            ),
        ] {
            assert_eq!(says(kind, at), answer, "{kind} {at}");
        }
    }

    fn found(places: &[&str], spec: Json) -> Vec<String> {
        let places: Vec<Pointer> = places.iter().map(|at| place(at)).collect();
        let mut findings = Findings::default();
        let kind = find("port.blueprint").expect("a kind");
        check(kind, &story::node(&spec), &places, &mut findings);
        let said = findings.sorted().into_iter();
        said.map(|f| format!("{}: {}", f.code, f.message)).collect()
    }

    #[test]
    fn a_partial_spec_needs_nothing_but_the_managed_places() {
        let relation = json!({ "target": "_team" });
        let spec = json!({ "identifier": "_user", "relations": { "team": relation } });
        assert_eq!(found(&["/relations/team"], spec.clone()), [""; 0]);
        assert_eq!(found(&["/relations"], spec.clone()), [""; 0]);
        assert_eq!(
            found(&["/relations/other"], spec.clone()),
            ["config::not_managed: `/relations/team` is not among the places that `manage` names"]
        );
        let spec = json!({ "identifier": "a", "relations": { "team": {} }, "titel": "x" });
        assert_eq!(
            found(&["/relations/team", "/title"], spec),
            [
                "config::missing_field: `spec` has no `title`",
                "config::missing_field: `team` has no `target`",
                "config::unknown_field: unknown field `titel` in `spec`",
            ]
        );
        assert_eq!(
            found(&["/relations/team"], json!({ "relations": {} })),
            ["config::missing_field: `spec` has no `identifier`"]
        );
    }

    #[test]
    fn patterns_are_told_apart_by_what_is_there() {
        let value = Value::from(json!({ "a": { "x": 1, "y": 2 }, "b": null }));
        let of = |at: &str| -> Vec<String> {
            let found = expand(&[place(at)], &value);
            found.iter().map(Pointer::to_string).collect()
        };
        assert_eq!(of("/a/*"), ["/a/x", "/a/y"]);
        assert_eq!(of("/a/z"), [""; 0]);
        assert_eq!(of("/*/x"), ["/a/x"]);
        assert_eq!(of("/b"), ["/b"]);
    }
}

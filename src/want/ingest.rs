//! Ingests: `kind: ingest` documents, read and checked.
//!
//! Deliberately not here: what their programs read (see `follow::ingest`), the objects around them
//! (see `desired`) and running them (see `ingest`).

use crate::kinds::check;
use crate::kinds::ingest::{DELETE, KIND, Origin, shape};
use crate::want::config::{LedgerHome, Limits};
use crate::want::document;
use crate::want::resolve::{Context, Resolver};
use crate::words::node::Key;
use crate::words::template::Reference;
use crate::words::{Data, Finding, Findings, Node, Place, Pointer, Severity, Template, Text};

/// What of Spacelift becomes which entities.
#[derive(Debug, Clone)]
pub struct Ingest {
    /// What the command line calls it; unique in the project.
    pub name: String,
    /// Where its document stands.
    pub place: Place,
    /// What is read.
    pub from: Origin,
    /// The blueprint of the entities: a plain identifier.
    pub blueprint: String,
    /// JQ: only items of which it gives `true`.
    pub filter: Option<Node>,
    /// `identifier`, `title`, `icon`, `team`, `properties`, `relations`: JQ in every text, as in a
    /// webhook's mapping; every `${…}` is filled in, and nothing is null.
    pub mapping: Node,
    /// Whether entities of items that are gone go too.
    pub prune: bool,
    /// The most that a run may delete.
    pub limits: Limits,
    /// The environments that it is for; empty means all.
    pub environments: Vec<String>,
    /// The whole document with every `${…}` filled in: what pointers like `/mapping/identifier`
    /// lead into.
    pub node: Node,
}

impl Ingest {
    /// Where the value at a pointer into the document stands, `/mapping/title`; the nearest value
    /// above it when nothing is there.
    pub fn at(&self, pointer: &Pointer) -> Place {
        self.node.nearest(pointer).place
    }

    /// Where the text of its name stands.
    pub fn name_at(&self) -> Place {
        self.at(&Pointer::root().join("name"))
    }
}

/// Whether a document is an ingest.
pub fn is(node: &Node) -> bool {
    node.get("kind").and_then(Node::text) == Some(KIND)
}

/// Reads an ingest; `None` when it has an error or belongs to other environments. `known` gives
/// what references to objects read as that the files tell: identifiers.
pub fn read(
    node: &Node,
    context: Context<'_>,
    known: &dyn Fn(&Reference) -> Option<String>,
    findings: &mut Findings,
) -> Option<Ingest> {
    let before = findings.len();
    let mut resolver = Resolver::new(context, &[]);
    let whole = settled(&resolver.resolve(node), known);
    findings.extend(std::mem::take(&mut resolver.findings));
    for (reference, place) in &resolver.deferred {
        if known(reference).is_none() {
            findings.push(unknown(reference, *place));
        }
    }
    let whole = without_searches(&whole, findings);
    check::check(shape(), &whole, "the ingest", findings);
    let whole = without_nulls(&whole);
    needs_ledger(&whole, context, findings);
    let here = document::environments(node, context.config, findings);
    let mut own = findings.iter().skip(before);
    if !here || own.any(|finding| finding.severity == Severity::Error) {
        return None;
    }
    let text = |key: &str| whole.get(key).and_then(Node::text);
    Some(Ingest {
        name: text("name")?.to_owned(),
        place: node.place,
        from: Origin::of(text("from")?)?,
        blueprint: text("blueprint")?.to_owned(),
        filter: whole.get("filter").cloned(),
        mapping: whole.get("mapping")?.clone(),
        prune: text("prune") == Some(DELETE),
        limits: limits(whole.get("limits"), context.config.limits),
        environments: document::named(node).map(str::to_owned).collect(),
        node: whole,
    })
}

/// The brake that a document names, and else the project's.
fn limits(written: Option<&Node>, project: Limits) -> Limits {
    let number = |key: &str| match &written?.get(key)?.data {
        Data::Number(number) => number.as_u64(),
        _ => None,
    };
    Limits {
        deletes: number("deletes").unwrap_or(project.deletes),
        percent: number("percent").unwrap_or(project.percent),
    }
}

fn unknown(reference: &Reference, place: Place) -> Finding {
    let message = format!("the files do not tell what `${{{reference}}}` is");
    Finding::error("config::ingest", place, message)
        .help("an ingest runs without an apply before it: write the text itself, or `${var.NAME}`")
}

/// What the files tell, filled in. The rest is told already, and passes every check.
fn settled(node: &Node, known: &dyn Fn(&Reference) -> Option<String>) -> Node {
    each(node, &mut |_, node| match &node.data {
        Data::Deferred(template) if !node.is_broken() => {
            let text = template.settle(&mut |reference| known(reference)).literal();
            Some(text.map_or(passes(node), |text| {
                Node::new(node.place, Data::Text(text.into()))
            }))
        }
        _ => None,
    })
}

/// What passes every check, so that one problem is told once.
fn passes(node: &Node) -> Node {
    Node::new(node.place, Data::Deferred(Template::default()))
}

/// What a search finds is known to Port alone, which evaluates it while it writes.
fn without_searches(node: &Node, findings: &mut Findings) -> Node {
    let searches = |at: &Pointer| match at.parts() {
        [mapping, key] => mapping == "mapping" && (key == "identifier" || key == "team"),
        [mapping, map, _] => mapping == "mapping" && map == "relations",
        _ => false,
    };
    each(node, &mut |at, node| {
        if !searches(at) || node.entries().is_none() {
            return None;
        }
        let name = at.parts().last().map_or("", Text::as_str);
        let message = format!("`{name}` is a search, and nobody but Port knows what it finds");
        findings.push(
            Finding::error("config::ingest", node.place, message)
                .help("write JQ that gives identifiers: an ingest compares before it writes"),
        );
        Some(passes(node))
    })
}

/// Null means that nothing is written there.
fn without_nulls(node: &Node) -> Node {
    let Some(entries) = node.entries() else {
        return node.clone();
    };
    let kept = entries.iter().filter(|(_, value)| value.data != Data::Null);
    let kept: Vec<(Key, Node)> = kept
        .map(|(key, value)| (key.clone(), without_nulls(value)))
        .collect();
    Node::new(node.place, Data::Map(kept.into()))
}

/// A node with some of the nodes in its maps replaced, each told by where it stands.
fn each(node: &Node, replace: &mut dyn FnMut(&Pointer, &Node) -> Option<Node>) -> Node {
    fn walk(
        node: &Node,
        at: &mut Pointer,
        replace: &mut dyn FnMut(&Pointer, &Node) -> Option<Node>,
    ) -> Node {
        if let Some(other) = replace(at, node) {
            return other;
        }
        let Some(entries) = node.entries() else {
            return node.clone();
        };
        let mut walked: Vec<(Key, Node)> = Vec::new();
        for (key, value) in entries {
            at.push(&key.text);
            walked.push((key.clone(), walk(value, at, replace)));
            at.pop();
        }
        Node::new(node.place, Data::Map(walked.into()))
    }
    walk(node, &mut Pointer::root(), replace)
}

/// Only the ledger knows which entities are of something of ours (law 6).
fn needs_ledger(node: &Node, context: Context<'_>, findings: &mut Findings) {
    let Some(prune) = node.get("prune") else {
        return;
    };
    if prune.text() == Some(DELETE) && context.config.ledger == Some(LedgerHome::None) {
        findings.push(
            Finding::error(
                "config::ingest",
                prune.place,
                "without a ledger nobody knows which entities are ours to delete",
            )
            .help("write `prune: keep`, or give the project a ledger"),
        );
    }
}

/// Checks ingests against each other: those of one environment have names of their own.
pub fn check(ingests: &[Ingest], findings: &mut Findings) {
    for (index, ingest) in ingests.iter().enumerate() {
        let twin = |first: &&Ingest| {
            first.name == ingest.name && document::meet(&first.environments, &ingest.environments)
        };
        if let Some(first) = ingests[..index].iter().find(twin) {
            let message = format!("two ingests are called `{}`", ingest.name);
            findings.push(
                Finding::error("config::ingest", ingest.name_at(), message)
                    .related(first.name_at(), "the first one")
                    .help("`spaceport ingest NAME` must mean one of them"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;
    use crate::want::config::Choice;
    use crate::want::desired;

    const HEAD: &str = "version: 1\nproject: demo\nport: {}\nspacelift: { account: acme }\nlimits: { deletes: 7 }\nenvironments: { staging: { limits: { deletes: 2 } }, prod: {} }\n";

    /// The only ingest of a project whose other object is the blueprint `stack`.
    fn read(environment: &str, document: &str) -> (Option<Ingest>, Vec<&'static str>) {
        let folder = tempfile::tempdir().expect("a folder");
        let blueprint = "kind: port.blueprint\nspec: { identifier: stack, title: S, schema: { properties: { a: { type: string } } } }";
        for (name, text) in [
            ("spaceport.yaml", HEAD),
            ("blueprint.yaml", blueprint),
            ("ingest.yaml", document),
        ] {
            fs::write(folder.path().join(name), text).expect("written");
        }
        let choice = Choice {
            environment: Some(environment.to_owned()),
            ..Choice::default()
        };
        let (desired, findings) = desired::load(folder.path(), &choice, &BTreeMap::new());
        let codes = findings.iter().map(|finding| finding.code).collect();
        (desired.ingests.into_iter().next(), codes)
    }

    const STACKS: &str =
        "kind: ingest\nname: stacks\nenvironments: [staging]\nfrom: spacelift.stacks\n";

    #[test]
    fn the_brake_is_the_projects_where_the_ingest_names_none() {
        let text = format!("{STACKS}blueprint: stack\nmapping: {{ identifier: .item.id }}\n");
        let (ingest, found) = read("staging", &text);
        assert_eq!(found, [""; 0]);
        let ingest = ingest.expect("it is read");
        assert!(!ingest.prune);
        assert_eq!((ingest.limits.deletes, ingest.limits.percent), (2, 30));
        let (ingest, _) = read("staging", &format!("{text}limits: {{ percent: 5 }}\n"));
        let limits = ingest.expect("it is read").limits;
        assert_eq!((limits.deletes, limits.percent), (2, 5));
        assert!(read("prod", &text).0.is_none());
    }

    #[test]
    fn what_the_files_tell_is_filled_in_and_nulls_go() {
        let text = format!(
            "{STACKS}blueprint: \"${{port.blueprint.stack.identifier}}\"\nfilter: null\nmapping: {{ identifier: .item.id, title: null, properties: {{ a: '\"${{spacelift.url}}\"' }} }}\n"
        );
        let (ingest, found) = read("staging", &text);
        assert_eq!(found, [""; 0]);
        let ingest = ingest.expect("it is read");
        assert_eq!((ingest.blueprint.as_str(), ingest.filter), ("stack", None));
        let mapping = ingest.mapping.to_value();
        assert!(mapping.get("title").is_none());
        let property = mapping.at(&Pointer::root().join("properties").join("a"));
        let url = Some("\"https://acme.app.spacelift.io\"");
        assert_eq!(property.and_then(|value| value.as_text()), url);
    }

    #[test]
    fn a_warning_keeps_no_ingest_from_being_run() {
        let text = format!(
            "{STACKS}blueprint: stack\nmapping: {{ identifier: .item.id, properties: {{ a: '\"{{{{ ${{var.a}} }}}}\"' }} }}\n"
        );
        let (ingest, found) = read("staging", &text);
        assert_eq!(found, ["lint::reference_in_braces"]);
        assert!(ingest.is_some());
    }
}

//! Documents: the frame around every object, `kind`, `ref`, `environments`, `spec`, `lifecycle`.
//!
//! Deliberately not here: what stands in `spec` (see `kinds`).

use crate::kinds::{self, Kind, Picks, Shape, check, project};
use crate::want::config::{Config, unknown_kind};
use crate::want::manage;
use crate::want::renamed::{self, Renamed};
use crate::words::finding::did_you_mean;
use crate::words::value::Map;
use crate::words::{Data, Finding, Findings, Node, Pointer, Template, Value};

/// One object's frame, checked; its spec is still as written.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it is.
    pub kind: &'static dyn Kind,
    /// The name in addresses, when given.
    pub reference: Option<Node>,
    /// The object itself, as written.
    pub spec: Node,
    /// What happens to it over time.
    pub lifecycle: Lifecycle,
    /// Keys of the spec that have another name now.
    pub renamed: Vec<Renamed>,
    /// The places that are managed; empty means the whole object.
    pub manage: Vec<Pointer>,
    /// The environments that have it; empty means all.
    pub environments: Vec<String>,
    /// The whole document.
    pub node: Node,
}

/// How an object is treated over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lifecycle {
    /// Never deleted or replaced.
    pub protect: bool,
    /// Places that are left out of the diff and taken from live in the write body.
    pub ignore: Vec<Pointer>,
    /// Taken over although it differs.
    pub adopt: bool,
    /// Its secret is sent on create only, hands off afterwards.
    pub seed: bool,
    /// Fields that we do not know; sent as they are.
    pub extra: Map,
}

/// Reads a document's frame; `None` when it has an error or belongs to other environments.
pub fn read(node: &Node, config: &Config, findings: &mut Findings) -> Option<Document> {
    let Some(entries) = node.entries() else {
        findings.push(
            Finding::error(
                "config::document",
                node.place,
                format!(
                    "a document is a map with `kind` and `spec`, this is {}",
                    node.what()
                ),
            )
            .help("every document of the project describes one object"),
        );
        return None;
    };
    let Some(kind_node) = node.get("kind") else {
        findings.push(bare(node, entries.iter().map(|(k, _)| k.text.as_str())));
        return None;
    };
    let before = findings.len();
    check::check(project::document_shape(), node, "the document", findings);
    let kind = match kind_node.text() {
        Some(name) => match kinds::find(name) {
            Some(kind) => kind,
            None => {
                findings.push(unknown_kind(name, kind_node));
                return None;
            }
        },
        None => return None,
    };
    let lifecycle = lifecycle(node.get("lifecycle"), kind, findings);
    let renamed = renamed::read(node.get("renamed"), kind, findings);
    let manage = manage::read(node, kind, findings);
    let here = environments(node, config, findings);
    // Errors in the frame leave the spec readable, so that its findings come at the same time.
    let (spec, manage) = (node.get("spec")?, manage?);
    if spec.data == Data::Null && findings.len() > before {
        return None;
    }
    here.then(|| Document {
        kind,
        reference: node.get("ref").cloned(),
        spec: spec.clone(),
        lifecycle,
        renamed,
        manage,
        environments: named(node).map(str::to_owned).collect(),
        node: node.clone(),
    })
}

/// A vendor's object without the frame.
fn bare<'a>(node: &Node, keys: impl Iterator<Item = &'a str>) -> Finding {
    let keys: Vec<&str> = keys.collect();
    let near = did_you_mean("kind", keys.iter().copied().filter(|k| *k != "kind"));
    let looks = kinds::ALL
        .iter()
        .find(|kind| keys.contains(&kind.looks().1));
    match looks {
        Some(kind) if near.is_none() => Finding::error(
            "config::bare_object",
            node.place,
            format!(
                "the document has no `kind`; it looks like {}",
                kind.looks().0
            ),
        )
        .help(format!(
            "put the object under `spec:` and write `kind: {}` above it, or let `spaceport add` do it",
            kind.name()
        )),
        _ => Finding::error(
            "config::missing_field",
            node.place,
            "the document has no `kind`",
        )
        .help(near.unwrap_or_else(|| "write for example `kind: port.blueprint`".into())),
    }
}

/// The environments that a document names.
pub(in crate::want) fn named(node: &Node) -> impl Iterator<Item = &str> {
    let names = node.get("environments").and_then(Node::items);
    names.unwrap_or(&[]).iter().filter_map(Node::text)
}

/// Whether two documents are both for some environment; no names mean all.
pub(in crate::want) fn meet(one: &[String], other: &[String]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|name| other.contains(name))
}

/// Whether a document is for the chosen environment.
pub(in crate::want) fn environments(node: &Node, config: &Config, findings: &mut Findings) -> bool {
    let Some(names) = node.get("environments").and_then(Node::items) else {
        return true;
    };
    let mut here = false;
    for name in names {
        let Some(text) = name.text() else { continue };
        if !config.environments.iter().any(|known| known == text) {
            let known = config.environments.iter().map(String::as_str);
            findings.push(
                Finding::error(
                    "config::unknown_environment",
                    name.place,
                    format!("there is no environment `{text}`"),
                )
                .help(did_you_mean(text, known).unwrap_or_else(|| {
                    "declare it under `environments:` in `spaceport.yaml`".into()
                })),
            );
        }
        here |= config.environment.as_deref() == Some(text);
    }
    // Without a chosen environment (offline checks) every document counts.
    here || config.environment.is_none()
}

/// `extra` is for fields that we do not know: it is sent as it is, so a known field in it would
/// escape its checks, and a secret one would be shown.
fn unknown_only(shape: &Shape, extra: &Node, findings: &mut Findings) {
    if let Some(text) = extra.text()
        && Template::may_be_in(text)
        && !text.contains("${{")
    {
        findings.push(
            Finding::error(
                "config::not_here",
                extra.place,
                "`${…}` is not read in `lifecycle.extra`",
            )
            .help("what stands there is sent as it is; write the text itself"),
        );
    }
    for item in extra.items().unwrap_or(&[]) {
        unknown_only(&Shape::Any, item, findings);
    }
    for (key, value) in extra.entries().unwrap_or(&[]) {
        let known = match shape {
            Shape::Map { of, .. } => Some(of.as_ref()),
            Shape::Object(object) => object
                .fields
                .iter()
                .find(|field| field.name == key.text)
                .map(|field| &field.shape),
            _ => None,
        };
        match known {
            Some(Shape::Map { .. } | Shape::Object(_)) if value.entries().is_some() => {
                unknown_only(known.unwrap_or(&Shape::Any), value, findings);
            }
            Some(_) => findings.push(
                Finding::error(
                    "config::not_here",
                    key.place,
                    format!(
                        "`{}` is a known field, not one for `lifecycle.extra`",
                        key.text
                    ),
                )
                .help("write it in `spec`"),
            ),
            None => unknown_only(&Shape::Any, value, findings),
        }
    }
}

fn lifecycle(node: Option<&Node>, kind: &'static dyn Kind, findings: &mut Findings) -> Lifecycle {
    let Some(node) = node else {
        return Lifecycle::default();
    };
    let flag = |key: &str| matches!(node.get(key).map(|n| &n.data), Some(Data::Bool(true)));
    let mut lifecycle = Lifecycle {
        protect: flag("protect"),
        adopt: flag("adopt"),
        seed: flag("seed"),
        ..Lifecycle::default()
    };
    for item in node.get("ignore").and_then(Node::items).unwrap_or(&[]) {
        let Some(text) = item.text() else { continue };
        lifecycle.ignore.extend(Pointer::parse(text));
    }
    if lifecycle.seed && Picks::of(kind).write_only.is_empty() {
        let place = node.entry("seed").map_or(node.place, |(key, _)| key.place);
        findings.push(
            Finding::error(
                "config::seed",
                place,
                format!("`seed` needs a secret, and `{}` has none", kind.name()),
            )
            .help("use `ignore` for fields that others change"),
        );
    }
    if let Some(extra) = node.get("extra") {
        unknown_only(kind.shape(), extra, findings);
    }
    if let Some(Value::Map(extra)) = node.get("extra").map(Node::to_value) {
        lifecycle.extra = extra;
    }
    lifecycle
}

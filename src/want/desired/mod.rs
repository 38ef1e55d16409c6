//! Desired: every object that the project wants, checked, addressed and connected.
//!
//! The last stage that sees files. What it returns has values without places, except where a
//! later stage may still have to point at something. Deliberately not here: live.
//!
//! | room | noun |
//! |---|---|
//! | `identity` | addresses, and what the services know objects by |
//! | `connect` | references, checked against the project, and the graph |

mod connect;
mod identity;

use std::collections::BTreeMap;
use std::path::Path;

use crate::kinds::{self, Kind, Mention, Picks, check};
use crate::want::config::{self, Choice, Config};
use crate::want::document::{self, Lifecycle};
use crate::want::resolve::{Context, Resolver};
use crate::want::source::{self, Folder};
use crate::words::graph::Graph;
use crate::words::template::Reference;
use crate::words::value::{Map, SecretSource};
use crate::words::{Addr, Finding, Findings, Node, Place, Sources, Value};
pub use connect::property_exists;

/// One object that the project wants.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its address.
    pub addr: Addr,
    /// Its kind.
    pub kind: &'static dyn Kind,
    /// What its service knows it by: the identifier, or the exact name.
    pub name: String,
    /// Its fields; other objects' attributes are `Deferred`, secrets are `Secret`.
    pub spec: Value,
    /// How it is treated over time.
    pub lifecycle: Lifecycle,
    /// Where its document stands.
    pub place: Place,
    /// The objects that it names by plain identifier, with places.
    pub mentions: Vec<(Mention, Place)>,
    /// The attributes of other objects that it reads, with places.
    pub reads: Vec<(Addr, String, Place)>,
}

/// Everything that the project wants in one environment.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// The settings.
    pub config: Config,
    /// The objects by address.
    pub objects: BTreeMap<Addr, Object>,
    /// Who needs whom, among the objects.
    pub graph: Graph,
    /// The texts that places point into.
    pub sources: Sources,
}

/// Reads, checks and connects a whole project. The result is usable when no finding is an error.
pub fn load(root: &Path, choice: &Choice, env: &BTreeMap<String, String>) -> (Desired, Findings) {
    let (mut folder, mut findings) = source::load(root);
    let documents = std::mem::take(&mut folder.documents);
    let empty = documents.is_empty();
    let readable = !findings.has_errors();
    let (config, more) = config::read(&folder, choice, env);
    findings.extend(more);
    let mut building = Building {
        config: &config,
        folder: &folder,
        env,
        objects: BTreeMap::new(),
        declared: BTreeMap::new(),
        hidden: Vec::new(),
        findings,
    };
    // Each is let go once it became an object: a big project is not held twice.
    for node in documents {
        building.document(&node);
    }
    // A file that cannot be read is told already, and may be all that there is.
    if readable && empty && folder.project.is_some() {
        building.findings.push(
            Finding::error("config::empty_project", folder.project.as_ref().map(|p| p.place), "the project holds no objects")
                .help("an empty project is refused, because it would mean deleting everything; add an object, or remove the project"),
        );
    }
    building.same_identity();
    building.settle_identities();
    let graph = building.connect();
    let Building {
        objects,
        hidden,
        findings,
        ..
    } = building;
    let mut sources = folder.sources;
    hidden.into_iter().for_each(|place| sources.hide(place));
    (
        Desired {
            objects,
            graph,
            config,
            sources,
        },
        findings,
    )
}

struct Building<'a> {
    config: &'a Config,
    folder: &'a Folder,
    env: &'a BTreeMap<String, String>,
    objects: BTreeMap<Addr, Object>,
    /// Where secret texts stand in the files.
    hidden: Vec<Place>,
    declared: BTreeMap<Addr, Vec<Declared>>,
    findings: Findings,
}

/// Where an address is declared, and for which environments.
struct Declared {
    environments: Vec<String>,
    place: Place,
}

impl Declared {
    /// Whether some environment has both; no names mean all.
    fn meets(&self, others: &[String]) -> bool {
        let shared = || self.environments.iter().any(|name| others.contains(name));
        self.environments.is_empty() || others.is_empty() || shared()
    }
}

impl Building<'_> {
    fn document(&mut self, node: &Node) {
        let Some(document) = document::read(node, self.config, &mut self.findings) else {
            return;
        };
        let kind = document.kind;
        let picks = Picks::of(kind);
        let context = Context {
            config: self.config,
            folder: self.folder,
            env: self.env,
        };
        let mut resolver = Resolver::new(context, &picks.write_only);
        let spec = resolver.resolve(&document.spec);
        self.findings.extend(std::mem::take(&mut resolver.findings));
        self.hidden.append(&mut resolver.secrets);
        let reads = std::mem::take(&mut resolver.deferred);
        let spec = kind.upgrade(spec, &mut self.findings);
        check::check(kind.shape(), &spec, "spec", &mut self.findings);
        kind.check(&spec, &mut self.findings);
        let Some((addr, name)) = self.identify(&document, &spec) else {
            return;
        };
        let place = document.node.place;
        let declared = self.declared.entry(addr.clone()).or_default();
        let first = declared
            .iter()
            .find(|first| first.meets(&document.environments));
        if let Some(first) = first {
            self.findings.push(
                Finding::error(
                    "config::duplicate_address",
                    place,
                    format!("`{addr}` is declared twice"),
                )
                .related(first.place, "first declared here")
                .help("remove one, or give one of them another `ref`"),
            );
            return;
        }
        let environments = document.environments;
        declared.push(Declared {
            environments,
            place,
        });
        if declared.len() > 1 {
            // Without a chosen environment the variants of an object are all checked, and the
            // first stands for it.
            return;
        }
        let mut value = without_nulls(kind.shape(), spec.to_value());
        merge(&mut value, &document.lifecycle.extra);
        let mentions = kind.mentions(&value);
        let mentions = mentions
            .into_iter()
            .map(|m| {
                let place = spec.nearest(&m.at).place;
                (m, place)
            })
            .collect();
        let reads = reads
            .into_iter()
            .filter_map(|(_, reference, place)| match reference {
                Reference::Attribute(addr, attribute) => Some((addr, attribute, place)),
                _ => None,
            })
            .collect();
        let object = Object {
            addr: addr.clone(),
            kind,
            name,
            spec: value,
            lifecycle: document.lifecycle,
            place,
            mentions,
            reads,
        };
        self.objects.insert(addr, object);
    }
}

/// The value with every reference that `fill` knows replaced, inside secrets too.
pub fn settle(value: &Value, fill: &mut dyn FnMut(&Reference) -> Option<String>) -> Value {
    value.map_leaves(&mut |_, leaf| match leaf {
        Value::Deferred(template) => {
            let settled = template.settle(fill);
            Some(match settled.literal() {
                Some(text) => Value::Text(text),
                None => Value::Deferred(settled),
            })
        }
        Value::Secret(source) => Some(Value::Secret(SecretSource::new(
            source.template().settle(fill),
        ))),
        _ => None,
    })
}

/// Nulls of known optional fields mean "absent"; nulls inside free-form values are data.
fn without_nulls(shape: &kinds::Shape, value: Value) -> Value {
    use kinds::Shape;
    match (shape, value) {
        (Shape::Map { of, .. }, value) if matches!(**of, Shape::Any) => value,
        (Shape::Map { of, .. }, Value::Map(mut map)) => {
            map.retain(|_, value| !value.is_null());
            for value in map.values_mut() {
                *value = without_nulls(of, std::mem::take(value));
            }
            Value::Map(map)
        }
        (Shape::List { of, .. }, Value::List(list)) => {
            Value::List(list.into_iter().map(|v| without_nulls(of, v)).collect())
        }
        (Shape::OneOf(shapes), value) => match Shape::fitting(shapes, &value) {
            Some(shape) => without_nulls(shape, value),
            None => value,
        },
        (Shape::Object(_) | Shape::Tagged { .. }, Value::Map(mut map)) => {
            let text = |tag: &str| map.get(tag).and_then(Value::as_text).map(str::to_owned);
            let Some(object) = shape.object(text) else {
                return Value::Map(map);
            };
            map.retain(|key, value| {
                let Some(field) = object.field(key) else {
                    return true;
                };
                let kept = !value.is_null() || matches!(field.shape, Shape::Any);
                if kept && !field.rules.computed {
                    *value = without_nulls(&field.shape, std::mem::take(value));
                }
                kept && !field.rules.computed
            });
            Value::Map(map)
        }
        (_, value) => value,
    }
}

/// Lays `extra` over a value, map by map.
fn merge(value: &mut Value, extra: &Map) {
    let Value::Map(map) = value else { return };
    for (key, more) in extra {
        match (map.get_mut(key), more) {
            (Some(under @ Value::Map(_)), Value::Map(more)) => merge(under, more),
            _ => {
                map.insert(key.clone(), more.clone());
            }
        }
    }
}

//! Desired: every object that the project wants, checked, addressed and connected.
//!
//! The last stage that sees files. What it returns has values without places, except where a
//! later stage may still have to point at something. Deliberately not here: live.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::kinds::{self, Identity, Kind, Mention, Picks, check};
use crate::want::config::{self, Choice, Config, unknown_kind};
use crate::want::document::{self, Document, Lifecycle};
use crate::want::resolve::{Context, Resolver};
use crate::want::source::{self, Folder};
use crate::words::finding::did_you_mean;
use crate::words::graph::Graph;
use crate::words::template::Reference;
use crate::words::value::{Map, SecretSource};
use crate::words::{Addr, Data, Finding, Findings, Node, Place, Pointer, Sources, Value};

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
    let (config, more) = config::read(&folder, choice, env);
    findings.extend(more);
    let mut building = Building {
        config: &config,
        folder: &folder,
        env,
        objects: BTreeMap::new(),
        findings,
    };
    // Each is let go once it became an object: a big project is not held twice.
    for node in documents {
        building.document(&node);
    }
    if empty && folder.project.is_some() {
        building.findings.push(
            Finding::error("config::empty_project", folder.project.as_ref().map(|p| p.place), "the project holds no objects")
                .help("an empty project is refused, because it would mean deleting everything; add an object, or remove the project"),
        );
    }
    building.same_identity();
    building.settle_identities();
    let graph = building.connect();
    let Building {
        objects, findings, ..
    } = building;
    (
        Desired {
            objects,
            graph,
            config,
            sources: folder.sources,
        },
        findings,
    )
}

struct Building<'a> {
    config: &'a Config,
    folder: &'a Folder,
    env: &'a BTreeMap<String, String>,
    objects: BTreeMap<Addr, Object>,
    findings: Findings,
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
        let reads = std::mem::take(&mut resolver.deferred);
        let spec = kind.upgrade(spec, &mut self.findings);
        check::check(kind.shape(), &spec, "spec", &mut self.findings);
        kind.check(&spec, &mut self.findings);
        let Some((addr, name)) = self.identify(&document, &spec) else {
            return;
        };
        if let Some(first) = self.objects.get(&addr) {
            self.findings.push(
                Finding::error(
                    "config::duplicate_address",
                    document.node.place,
                    format!("`{addr}` is declared twice"),
                )
                .related(first.place, "first declared here")
                .help("remove one, or give one of them another `ref`"),
            );
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
        let place = document.node.place;
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

    /// The address and what the service knows the object by.
    fn identify(&mut self, document: &Document, spec: &Node) -> Option<(Addr, String)> {
        let kind = document.kind;
        let field = kind.identity().field();
        let identity = spec.get(field)?;
        let name = match &identity.data {
            Data::Text(text) if !text.is_empty() => text.clone(),
            Data::Deferred(_) => {
                self.findings.push(
                    Finding::error(
                        "config::identity",
                        identity.place,
                        format!("`{field}` must be known before anything is applied"),
                    )
                    .help("use `${var.…}` or a plain text"),
                );
                return None;
            }
            _ => return None,
        };
        let reference = match &document.reference {
            Some(node) => node.text()?.to_owned(),
            None => {
                let written = document.spec.get(field).and_then(Node::text);
                if written.is_some_and(|text| text != name) {
                    self.findings.push(
                        Finding::error("config::needs_ref", identity.place, format!("`{field}` holds a reference, so the object needs a `ref`"))
                            .help("add `ref: NAME` beside `kind`; it names the object in every environment"),
                    );
                    return None;
                }
                match kind.identity() {
                    Identity::Field(_) => name.clone(),
                    Identity::Name(_) => match kinds::slug(&name) {
                        slug if slug.is_empty() => name.clone(),
                        slug => slug,
                    },
                }
            }
        };
        if reference.contains('"') || reference.contains(char::is_control) {
            self.findings.push(Finding::error(
                "config::address",
                identity.place,
                format!("`{reference}` cannot be part of an address"),
            ));
            return None;
        }
        Some((Addr::new(kind.service(), kind.word(), reference), name))
    }

    /// Two documents must not mean the same live object.
    fn same_identity(&mut self) {
        let mut seen: BTreeMap<(&str, &str), &Object> = BTreeMap::new();
        let mut doubles = Vec::new();
        for object in self.objects.values() {
            if let Some(first) = seen.insert((object.kind.name(), &object.name), object) {
                doubles.push(
                    Finding::error(
                        "config::duplicate_identity",
                        object.place,
                        format!(
                            "`{}` and `{}` are the same object, `{}`",
                            first.addr, object.addr, object.name
                        ),
                    )
                    .related(first.place, "also declared here")
                    .help("remove one of them"),
                );
            }
        }
        self.findings.extend(doubles);
    }

    /// Identifiers are known from the files, so references to them are settled at once.
    fn settle_identities(&mut self) {
        let known: BTreeMap<Addr, (&'static str, String)> = self
            .objects
            .values()
            .filter(|o| matches!(o.kind.identity(), Identity::Field(_)))
            .map(|o| (o.addr.clone(), (o.kind.identity().field(), o.name.clone())))
            .collect();
        let fill = |reference: &Reference| match reference {
            Reference::Attribute(addr, attribute) => known
                .get(addr)
                .filter(|(field, _)| field == attribute)
                .map(|(_, name)| name.clone()),
            _ => None,
        };
        for object in self.objects.values_mut() {
            let settles = |(addr, attribute, _): &(Addr, String, Place)| {
                known.get(addr).is_some_and(|(field, _)| field == attribute)
            };
            if !object.reads.iter().any(settles) {
                continue;
            }
            object.spec = settle(&object.spec, &mut |reference| fill(reference));
            let places = std::mem::take(&mut object.mentions);
            object.mentions = object
                .kind
                .mentions(&object.spec)
                .into_iter()
                .map(|m| {
                    let place = places
                        .iter()
                        .find(|(old, _)| old.at == m.at)
                        .map_or(object.place, |(_, place)| *place);
                    (m, place)
                })
                .collect();
        }
    }

    /// Checks every reference against the project and makes the graph.
    fn connect(&mut self) -> Graph {
        let mut graph = Graph::default();
        let mut places: BTreeMap<(Addr, Addr), Place> = BTreeMap::new();
        let by_name: BTreeMap<(&str, &str), &Addr> = self
            .objects
            .values()
            .map(|o| ((o.kind.name(), o.name.as_str()), &o.addr))
            .collect();
        let mut findings = Findings::default();
        for object in self.objects.values() {
            graph.node(object.addr.clone());
            for (addr, attribute, place) in &object.reads {
                attribute_exists(addr, attribute, *place, &mut findings);
                if self.objects.contains_key(addr) {
                    graph.edge(object.addr.clone(), addr.clone());
                    places
                        .entry((object.addr.clone(), addr.clone()))
                        .or_insert(*place);
                } else if !self.config.external.contains(addr) && kinds::of(addr).is_some() {
                    findings.push(self.unresolved(addr, *place));
                }
            }
            for (mention, place) in &object.mentions {
                let declared = mention
                    .kinds()
                    .filter_map(|kind| kinds::find(&kind))
                    .find_map(|kind| {
                        by_name
                            .get(&(kind.name(), mention.addr.name.as_str()))
                            .copied()
                    });
                match declared {
                    Some(target) => {
                        let edge = (object.addr.clone(), target.clone());
                        graph.edge(edge.0.clone(), edge.1.clone());
                        places.entry(edge).or_insert(*place);
                        property_exists(mention, &self.objects[target].spec, *place, &mut findings);
                    }
                    None if self.config.external.contains(&mention.addr)
                        || mention.addr.name.starts_with('_') => {}
                    // The mention of the object itself is reported; its properties need no more.
                    None if mention.property.is_some() => {}
                    None => findings.push(self.unresolved(&mention.addr, *place)),
                }
            }
        }
        if let Err(cycles) = graph.layers() {
            for cycle in cycles {
                findings.push(cycle_finding(&cycle, &places));
            }
        }
        self.findings.extend(findings);
        graph
    }

    /// An object that the files do not declare; it may be live.
    fn unresolved(&self, addr: &Addr, place: Place) -> Finding {
        let names: BTreeSet<&str> = self
            .objects
            .keys()
            .filter(|a| a.kind == addr.kind && a.service == addr.service)
            .map(|a| a.name.as_str())
            .collect();
        Finding::warning(
            "ref::unresolved",
            place,
            format!("`{addr}` is not in the project"),
        )
        .help(
            did_you_mean(&addr.name, names.iter().copied()).unwrap_or_else(|| {
                format!(
                    "declare it, or list it under `external:` in `{}` if it exists elsewhere",
                    source::PROJECT_FILE
                )
            }),
        )
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

/// Checks that a property that a mention names exists in the mentioned object.
pub fn property_exists(mention: &Mention, target: &Value, place: Place, findings: &mut Findings) {
    let Some((property, maps)) = &mention.property else {
        return;
    };
    let known: Vec<&str> = maps
        .iter()
        .filter_map(|map| target.at(&Pointer::parse(map)?)?.as_map())
        .flat_map(|map| map.keys().map(String::as_str))
        .collect();
    if !known.contains(&property.as_str()) {
        findings.push(
            Finding::error(
                "ref::unknown_property",
                place,
                format!("`{}` has no property `{property}`", mention.addr),
            )
            .help(
                did_you_mean(property, known.iter().copied()).unwrap_or_else(|| {
                    match known.is_empty() {
                        true => "it has none at all".into(),
                        false => format!("it has {}", known.join(", ")),
                    }
                }),
            ),
        );
    }
}

fn attribute_exists(addr: &Addr, attribute: &str, place: Place, findings: &mut Findings) {
    let Some(kind) = kinds::of(addr) else {
        let node = Node::new(place, Data::Null);
        findings.push(unknown_kind(&addr.kind_name(), &node));
        return;
    };
    let mut known: Vec<&str> = kind.exports().iter().map(|(name, _)| *name).collect();
    if let Identity::Field(field) = kind.identity() {
        known.push(field);
    }
    if !known.contains(&attribute) {
        findings.push(
            Finding::error(
                "ref::unknown_attribute",
                place,
                format!("a `{}` has no attribute `{attribute}`", kind.name()),
            )
            .help(
                did_you_mean(attribute, known.iter().copied()).unwrap_or_else(|| {
                    format!(
                        "it has {}",
                        known
                            .iter()
                            .map(|k| format!("`{k}`"))
                            .collect::<Vec<_>>()
                            .join(", ")
                    )
                }),
            ),
        );
    }
}

fn cycle_finding(cycle: &[Addr], places: &BTreeMap<(Addr, Addr), Place>) -> Finding {
    let closed: Vec<String> = cycle
        .iter()
        .chain(cycle.first())
        .map(|a| format!("`{a}`"))
        .collect();
    let edges = cycle.iter().zip(cycle.iter().cycle().skip(1));
    let mut edge_places =
        edges.filter_map(|(from, to)| Some((to, *places.get(&(from.clone(), to.clone()))?)));
    let first = edge_places.next().map(|(_, place)| place);
    let mut finding = Finding::error(
        "ref::cycle",
        first,
        format!("objects need each other: {}", closed.join(" → ")),
    )
    .help("break the cycle: none of them can be created first in this version");
    for (to, place) in edge_places {
        finding = finding.related(place, format!("needs `{to}`"));
    }
    finding
}

/// Nulls of known optional fields mean "absent"; nulls inside free-form values are data.
fn without_nulls(shape: &kinds::Shape, value: Value) -> Value {
    use kinds::Shape;
    match (shape, value) {
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

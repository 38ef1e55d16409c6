//! Connecting: every reference is checked against the project and becomes an edge of the graph.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::{self, Identity, Mention};
use crate::want::config::unknown_kind;
use crate::want::desired::Building;
use crate::want::source;
use crate::words::finding::did_you_mean;
use crate::words::graph::Graph;
use crate::words::{Addr, Data, Finding, Findings, Node, Place, Pointer, Service, Value};

impl Building<'_> {
    /// Checks every reference against the project and makes the graph.
    pub(super) fn connect(&mut self) -> Graph {
        let mut graph = Graph::default();
        let mut places: BTreeMap<(Addr, Addr), Place> = BTreeMap::new();
        let by_name: BTreeMap<(&str, &str), &Addr> = self
            .objects
            .values()
            .map(|o| ((o.kind.name(), o.name.as_str()), &o.addr))
            .collect();
        let mut findings = self.without_section();
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

    /// Objects of a service that the project file does not name.
    fn without_section(&self) -> Findings {
        let mut findings = Findings::default();
        if self.config.project.is_empty() {
            // The project file has a problem of its own, which is told already.
            return findings;
        }
        for service in Service::ALL {
            let (named, example) = match service {
                Service::Port => (self.config.region.is_some(), "port: { region: eu }"),
                Service::Spacelift => (
                    self.config.account.is_some(),
                    "spacelift: { account: ACCOUNT }",
                ),
            };
            let first = self
                .objects
                .values()
                .find(|object| object.addr.service == service);
            if let (Some(object), false) = (first, named) {
                let message = format!(
                    "`{}` needs the section `{service}` of `{}`",
                    object.addr,
                    source::PROJECT_FILE
                );
                findings.push(
                    Finding::error("config::no_section", object.place, message)
                        .help(format!("add `{example}`")),
                );
            }
        }
        findings
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

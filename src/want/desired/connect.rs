//! Connecting: every reference is checked against the project and becomes an edge of the graph.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::kinds::{self, Mention, Role, parts};
use crate::want::config::unknown_kind;
use crate::want::desired::{Building, Object, randoms};
use crate::want::source;
use crate::words::finding::did_you_mean;
use crate::words::graph::Graph;
use crate::words::map::Hashing;
use crate::words::{
    Addr, Data, Finding, Findings, Node, Place, Pointer, Service, Sources, Text, Value,
};

/// Who needs whom, by places in the list of objects.
#[derive(Default)]
struct Edges {
    /// From, to, and whether it can wait.
    all: Vec<(usize, usize, bool)>,
    /// Where those stand in the files that cannot wait.
    places: Vec<(usize, usize, Place)>,
}

impl Edges {
    fn add(&mut self, from: usize, to: usize, waits: bool, place: Place) {
        self.all.push((from, to, waits));
        if !waits {
            self.places.push((from, to, place));
        }
    }
}

impl Building<'_> {
    /// Checks every reference against the project and makes the graph.
    pub(super) fn connect(&mut self) -> Graph {
        // Objects go by their places in the order of addresses: there are many edges, and names
        // are slow to compare.
        let all: Vec<&Object> = self.objects.values().collect();
        let places = all.iter().enumerate();
        let by_addr: HashMap<&Addr, usize, Hashing> = places
            .clone()
            .map(|(at, object)| (&object.addr, at))
            .collect();
        let by_name: HashMap<(&str, &str), usize, Hashing> = places
            .filter(|(_, object)| object.manage.is_empty())
            .map(|(at, object)| ((object.kind.name(), object.name.as_str()), at))
            .collect();
        let named = |addr: &Addr| {
            let kind = kinds::of(addr)?.name();
            by_name.get(&(kind, addr.name.as_str())).copied()
        };
        let others = |addr: &Addr| Some(&all[named(addr)?].spec);
        let mut managed: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (at, part) in all.iter().enumerate() {
            if !part.manage.is_empty() {
                let key = (part.kind.name(), part.name.as_str());
                managed.entry(key).or_default().push(at);
            }
        }
        let mut findings = self.without_section();
        let mut edges = Edges::default();
        for (from, object) in all.iter().enumerate() {
            for (addr, attribute, place) in &object.reads {
                attribute_exists(addr, attribute, *place, &mut findings);
                if let Some(to) = by_addr.get(addr) {
                    // An identifier is known from the files; what is done with it is a mention.
                    let identity = all[*to].kind.identity();
                    let known = identity.is_chosen() && identity.field() == attribute;
                    edges.add(from, *to, known, *place);
                } else if !self.config.external.contains(addr) && kinds::of(addr).is_some() {
                    findings.push(self.unresolved(addr, *place));
                }
            }
            for (mention, place) in &object.mentions {
                let name = mention.addr.name.as_str();
                let mut kinds = mention.kinds();
                let declared = kinds.find_map(|kind| by_name.get(&(kind.name(), name)).copied());
                match declared {
                    Some(to) => {
                        let waits = parts::can_wait(object.kind, &mention.at);
                        edges.add(from, to, waits, *place);
                        property_exists(mention, &all[to].spec, *place, &mut findings);
                    }
                    // An object of which only parts are managed is live already: it is waited for
                    // only when the part that is meant is new. Whether it has the rest, live says.
                    None if managed.contains_key(&meant(mention)) => {
                        let waits = parts::can_wait(object.kind, &mention.at);
                        let whose = managed.get(&meant(mention)).into_iter().flatten();
                        for to in whose.filter(|to| has_property(mention, &all[**to].spec)) {
                            edges.add(from, *to, waits, *place);
                        }
                    }
                    None if self.config.external.contains(&mention.addr)
                        || mention.addr.name.starts_with('_') => {}
                    // The mention of the object itself is reported; its properties need no more.
                    None if mention.property.is_some() => {}
                    None if is_secret(mention) => {
                        findings.push(self.unknown_secret(&mention.addr.name, *place));
                    }
                    None => findings.push(self.unresolved(&mention.addr, *place)),
                }
            }
            // Ways over several relations lead further than mentions do.
            for part in object.kind.parts(&object.name, &object.spec, &others) {
                for to in part.needs.iter().filter_map(|need| named(&need.addr)) {
                    edges.all.push((from, to, true));
                }
            }
        }
        let nodes: Vec<Addr> = all.iter().map(|object| object.addr.clone()).collect();
        let mut graph = Graph::of(&nodes, edges.all);
        randoms::receivers_first(self.objects.values(), &mut graph);
        let places = || {
            let mut places = BTreeMap::new();
            for (from, to, place) in edges.places {
                let edge = (nodes[from].clone(), nodes[to].clone());
                places.entry(edge).or_insert(place);
            }
            places
        };
        self.circles(&graph, places, &mut findings);
        self.findings.extend(findings);
        graph
    }

    /// Objects of a service that the project file does not name.
    fn without_section(&self) -> Findings {
        let mut findings = Findings::default();
        // Without a readable project file there is nothing to add a section to.
        if !matches!(&self.folder.project, Some(project) if project.entries().is_some()) {
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
            // A value that could not be read is a finding of its own.
            let named = named || self.names(service);
            let mut objects = self.objects.values();
            let first = objects
                .find(|object| object.addr.service == service)
                .map(|object| (object.addr.to_string(), object.place));
            // An ingest reads the one and writes the other.
            let ingest = self.ingests.first();
            let first =
                first.or(ingest.map(|ingest| (format!("ingest {}", ingest.name), ingest.place)));
            if let (Some((name, place)), false) = (first, named) {
                let message = format!(
                    "`{name}` needs the section `{service}` of `{}`",
                    source::PROJECT_FILE
                );
                findings.push(
                    Finding::error("config::no_section", place, message)
                        .help(format!("add `{example}`")),
                );
            }
        }
        findings
    }

    /// Whether the project file says which organization or account of a service is meant.
    fn names(&self, service: Service) -> bool {
        let key = match service {
            Service::Port => "region",
            Service::Spacelift => "account",
        };
        let written = |root: &Node| root.get(&service.to_string())?.get(key)?.text().map(|_| ());
        let project = self.folder.project.as_ref();
        let chosen = self.config.environment.as_ref();
        let over = project.and_then(|root| root.get("environments")?.get(chosen?));
        project
            .into_iter()
            .chain(over)
            .any(|root| written(root).is_some())
    }

    /// A secret that a template reads and the files do not declare. One that is declared and that
    /// nothing reads is likely meant, when the words of one name are among those of the other.
    fn unknown_secret(&self, name: &str, place: Place) -> Finding {
        let secrets = || {
            let all = self.objects.values();
            all.filter(|object| object.kind.role() == Some(Role::Secret))
        };
        let names: Vec<&str> = secrets().map(|object| object.name.as_str()).collect();
        let read = |name: &str| {
            let all = self.objects.values().flat_map(|object| &object.mentions);
            all.clone()
                .any(|(mention, _)| is_secret(mention) && mention.addr.name == name)
        };
        let wanted = words(name);
        let twin = names.iter().find(|known| {
            let has = words(known);
            (has.is_subset(&wanted) || wanted.is_subset(&has)) && has.len() > 1 && !read(known)
        });
        let spelling = place_of_name(&self.folder.sources, place, name);
        let help = match twin {
            Some(twin) => format!("one secret with two names? `{twin}` is declared and nothing reads it: use one name for both"),
            None => did_you_mean(name, names.iter().copied()).unwrap_or_else(|| {
                format!(
                    "declare it, or list `port.secret.{name}` under `external:` in `{}` if it exists elsewhere",
                    source::PROJECT_FILE
                )
            }),
        };
        Finding::warning(
            "lint::unknown_secret",
            spelling,
            format!("the secret `{name}` is not in the project"),
        )
        .help(help)
    }

    /// An object that the files do not declare; it may be live.
    pub(super) fn unresolved(&self, addr: &Addr, place: Place) -> Finding {
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

/// Where a name stands in a scalar: not where a longer name begins with it.
fn place_of_name(sources: &Sources, place: Place, name: &str) -> Place {
    let text = sources.text(place);
    let ends = |at: usize| {
        let next = text[at + name.len()..].chars().next();
        !next.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-')
    };
    let nth = text.match_indices(name).position(|(at, _)| ends(at));
    sources.within(place, name, nth.unwrap_or(0))
}

/// Whether a template reads a secret there.
fn is_secret(mention: &Mention) -> bool {
    let role = kinds::of(&mention.addr).and_then(|kind| kind.role());
    !mention.hard && role == Some(Role::Secret)
}

/// The words of a name, `API` and `KEY` of `API_KEY`.
fn words(name: &str) -> BTreeSet<&str> {
    name.split(['_', '-'])
        .filter(|word| !word.is_empty())
        .collect()
}

/// The kind and name that a mention means first.
fn meant(mention: &Mention) -> (&'static str, &str) {
    let kind = kinds::of(&mention.addr).map_or("", |kind| kind.name());
    (kind, mention.addr.name.as_str())
}

/// Whether a spec, possibly of parts only, has the property that a mention names.
fn has_property(mention: &Mention, target: &Value) -> bool {
    let property = mention.property.as_ref();
    property.is_some_and(|(property, maps)| properties(maps, target).contains(&property.as_str()))
}

/// The keys of some maps of a spec.
fn properties<'a>(maps: &[&str], target: &'a Value) -> Vec<&'a str> {
    maps.iter()
        .filter_map(|map| target.at(&Pointer::parse(map)?)?.as_map())
        .flat_map(|map| map.keys().map(Text::as_str))
        .collect()
}

/// Where the key stands in the files that is the property's name of a mention; `None` where a text names it.
pub(super) fn key_of(mention: &Mention, spec: &Node) -> Option<Place> {
    let (property, _) = mention.property.as_ref()?;
    let mut above = mention.at.clone();
    let last = above.pop()?;
    let (key, _) = spec.at(&above)?.entry(&last)?;
    (last == *property).then_some(key.place)
}

/// Checks that a property that a mention names exists in the mentioned object.
pub fn property_exists(mention: &Mention, target: &Value, place: Place, findings: &mut Findings) {
    let Some((property, maps)) = &mention.property else {
        return;
    };
    let known = properties(maps, target);
    let what = match maps.iter().all(|map| map.ends_with("relations")) {
        true => "relation",
        false => "property",
    };
    if !known.contains(&property.as_str()) {
        findings.push(
            Finding::error(
                "ref::unknown_property",
                place,
                format!("`{}` has no {what} `{property}`", mention.addr),
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
    if kind.identity().is_chosen() {
        known.push(kind.identity().field());
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

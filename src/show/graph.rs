//! Graphs for people: what is wired to what, as Mermaid and as DOT.
//!
//! A name is a label in quotes and never an identifier, and what could mean something to Mermaid
//! or Graphviz is an entity or an escape. Deliberately not here: who needs whom (see
//! `want::desired` and `decide::plan`).

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::plan::{Action, Change, Plan};
use crate::show::redact;
use crate::show::text::{cut, escape};
use crate::want::desired::Desired;
use crate::words::template::Reference;
use crate::words::{Addr, Service, Value};

/// Columns of a label in a plan's graph.
const LABEL: usize = 80;

/// Attributes and places that are named at one edge.
const LABELS: usize = 2;

/// Edges that Mermaid draws unless it is told otherwise (`maxEdges`).
pub const DRAWN: usize = 500;

/// Objects, and what they read or mention of each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagram {
    /// The objects, each with how it is drawn.
    pub nodes: BTreeMap<Addr, Mark>,
    /// Who refers to whom, and by what: attributes that are read, places of mentions.
    pub edges: BTreeMap<(Addr, Addr), BTreeSet<String>>,
    /// The ingests, each with the blueprint that it fills.
    pub ingests: BTreeSet<(Inflow, Addr)>,
}

/// An ingest as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inflow {
    /// Its name.
    pub name: String,
    /// What it reads, `spacelift.stacks`.
    pub from: &'static str,
}

/// How an object is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// It stays as it is.
    Plain,
    /// It is not in the project.
    Elsewhere,
    /// It changes.
    Changed(Action),
}

impl Diagram {
    /// Everything that a project declares, and what it refers to elsewhere.
    pub fn of_project(desired: &Desired) -> Diagram {
        let mut diagram = Diagram::default();
        let mut known: BTreeMap<(&str, &str), &Addr> = BTreeMap::new();
        for object in desired.objects.values() {
            diagram.nodes.insert(object.addr.clone(), Mark::Plain);
            let key = (object.kind.name(), object.name.as_str());
            // The whole object comes before parts of it.
            match object.manage.is_empty() {
                true => {
                    known.insert(key, &object.addr);
                }
                false => {
                    known.entry(key).or_insert(&object.addr);
                }
            }
        }
        for object in desired.objects.values() {
            for needed in desired.graph.needs(&object.addr) {
                diagram.edge(&object.addr, needed, None);
            }
            for (addr, attribute, _) in &object.reads {
                diagram.edge(&object.addr, addr, Some(attribute.clone()));
            }
            for (mention, _) in &object.mentions {
                let declared = mention.kinds().find_map(|kind| {
                    let key = (kind.name(), mention.addr.name.as_str());
                    known.get(&key).copied()
                });
                let label = Some(mention.at.to_string());
                match declared {
                    Some(addr) => diagram.edge(&object.addr, addr, label),
                    // The services bring these along.
                    None if mention.addr.name.starts_with('_') => {}
                    None => diagram.edge(&object.addr, &mention.addr, label),
                }
            }
        }
        for ingest in &desired.ingests {
            let name = ingest.blueprint.as_str();
            let elsewhere = Addr::new(Service::Port, "blueprint", name);
            let kind = elsewhere.kind_name();
            let addr = known.get(&(kind.as_str(), name)).copied();
            let addr = addr.unwrap_or(&elsewhere);
            let mark = diagram.nodes.entry(addr.clone());
            mark.or_insert(Mark::Elsewhere);
            let inflow = Inflow {
                name: ingest.name.clone(),
                from: ingest.from.name(),
            };
            diagram.ingests.insert((inflow, addr.clone()));
        }
        diagram
    }

    /// How many edges are drawn.
    pub fn lines(&self) -> usize {
        self.edges.len() + self.ingests.len()
    }

    /// The changes of a plan that are wired to something, and what they are wired to.
    pub fn of_plan(plan: &Plan) -> Diagram {
        let mut diagram = Diagram::default();
        let named: BTreeMap<(&str, &str), &Addr> = plan
            .changes
            .iter()
            .map(|change| ((change.kind.name(), change.name.as_str()), &change.addr))
            .collect();
        for change in &plan.changes {
            let labels = labels(change, &named);
            for needed in &change.needs {
                diagram.edge(&change.addr, needed, None);
                for label in labels.get(needed).into_iter().flatten() {
                    diagram.edge(&change.addr, needed, Some(label.clone()));
                }
            }
        }
        for change in &plan.changes {
            if let Some(mark) = diagram.nodes.get_mut(&change.addr) {
                *mark = match change.action {
                    Action::Adopt | Action::Move => Mark::Plain,
                    action => Mark::Changed(action),
                };
            }
        }
        for mark in diagram.nodes.values_mut() {
            // What a plan needs and does not change is there.
            if *mark == Mark::Elsewhere {
                *mark = Mark::Plain;
            }
        }
        diagram
    }

    /// The changes of a plan with all that the project wires to them, in both directions.
    pub fn of_plan_in(plan: &Plan, desired: &Desired) -> Diagram {
        let mut diagram = Diagram::of_plan(plan);
        let changed: BTreeMap<&Addr, Mark> = plan
            .changes
            .iter()
            .filter(|change| change.action.writes())
            .map(|change| (&change.addr, Mark::Changed(change.action)))
            .collect();
        let project = Diagram::of_project(desired);
        for ((from, to), labels) in project.edges {
            if !changed.contains_key(&from) && !changed.contains_key(&to) {
                continue;
            }
            for end in [&from, &to] {
                let stays = || project.nodes.get(end).copied().unwrap_or(Mark::Elsewhere);
                let mark = changed.get(end).copied().unwrap_or_else(stays);
                diagram.nodes.entry(end.clone()).or_insert(mark);
            }
            diagram.edges.entry((from, to)).or_default().extend(labels);
        }
        diagram
    }

    /// The same without what stays as it is.
    pub fn changed(mut self) -> Diagram {
        let nodes = &self.nodes;
        let changes = |addr: &Addr| matches!(nodes.get(addr), Some(Mark::Changed(_)));
        self.edges
            .retain(|(from, to), _| changes(from) && changes(to));
        let edges = &self.edges;
        self.nodes
            .retain(|addr, _| edges.keys().any(|(from, to)| from == addr || to == addr));
        // No plan changes an ingest.
        self.ingests.clear();
        self
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn edge(&mut self, from: &Addr, to: &Addr, label: Option<String>) {
        if from == to {
            return;
        }
        for end in [from, to] {
            self.nodes.entry(end.clone()).or_insert(Mark::Elsewhere);
        }
        let labels = self.edges.entry((from.clone(), to.clone())).or_default();
        labels.extend(label);
    }

    /// The lines of a Mermaid flowchart.
    pub fn mermaid(&self) -> Vec<String> {
        let ids = self.ids();
        let mut lines = vec!["flowchart LR".to_owned()];
        for (service, nodes) in self.clusters() {
            lines.push(format!("  subgraph {service}[\"{}\"]", service.title()));
            for (addr, mark) in nodes {
                let label = entities(&cut(&caption(addr, mark), LABEL));
                lines.push(format!("    n{}[\"{label}\"]", ids[addr]));
            }
            lines.push("  end".to_owned());
        }
        for ((from, to), labels) in &self.edges {
            let (from, to) = (ids[from], ids[to]);
            lines.push(match labels.is_empty() {
                true => format!("  n{from} --> n{to}"),
                false => {
                    let label = entities(&cut(&joined(labels), LABEL));
                    format!("  n{from} -->|\"{label}\"| n{to}")
                }
            });
        }
        for (index, (inflow, to)) in self.ingests.iter().enumerate() {
            let label = entities(&cut(&titled(inflow), LABEL));
            lines.push(format!("  i{index}([\"{label}\"])"));
            lines.push(format!("  i{index} -->|\"{}\"| n{}", inflow.from, ids[to]));
        }
        let mut classes: BTreeMap<Mark, Vec<String>> = BTreeMap::new();
        for (addr, mark) in &self.nodes {
            classes
                .entry(*mark)
                .or_default()
                .push(format!("n{}", ids[addr]));
        }
        for (mark, nodes) in classes {
            if let Some((name, look)) = class(mark) {
                lines.push(format!("  classDef {name} {look}"));
                lines.push(format!("  class {} {name}", nodes.join(",")));
            }
        }
        lines
    }

    /// The lines of a DOT graph.
    pub fn dot(&self) -> Vec<String> {
        let ids = self.ids();
        let mut lines: Vec<String> = [
            "digraph spaceport {",
            "  rankdir=LR;",
            "  node [shape=box];",
        ]
        .map(str::to_owned)
        .into();
        for (service, nodes) in self.clusters() {
            lines.push(format!("  subgraph cluster_{service} {{"));
            lines.push(format!("    label=\"{}\";", service.title()));
            for (addr, mark) in nodes {
                let label = quoted(&caption(addr, mark));
                let look = match mark {
                    Mark::Elsewhere => ", style=dashed",
                    Mark::Plain | Mark::Changed(_) => "",
                };
                lines.push(format!("    n{} [label={label}{look}];", ids[addr]));
            }
            lines.push("  }".to_owned());
        }
        for ((from, to), labels) in &self.edges {
            let (from, to) = (ids[from], ids[to]);
            lines.push(match labels.is_empty() {
                true => format!("  n{from} -> n{to};"),
                false => format!("  n{from} -> n{to} [label={}];", quoted(&joined(labels))),
            });
        }
        for (index, (inflow, to)) in self.ingests.iter().enumerate() {
            let (label, from) = (quoted(&titled(inflow)), quoted(inflow.from));
            lines.push(format!("  i{index} [label={label}, style=rounded];"));
            lines.push(format!("  i{index} -> n{} [label={from}];", ids[to]));
        }
        lines.push("}".to_owned());
        lines
    }

    fn ids(&self) -> BTreeMap<&Addr, usize> {
        let nodes = self.nodes.keys().enumerate();
        nodes.map(|(index, addr)| (addr, index)).collect()
    }

    /// The objects of each service that has some.
    fn clusters(&self) -> impl Iterator<Item = (Service, Vec<(&Addr, Mark)>)> {
        let clusters = Service::ALL.into_iter().map(|service| {
            let nodes = self
                .nodes
                .iter()
                .filter(|(addr, _)| addr.service == service);
            (service, nodes.map(|(addr, mark)| (addr, *mark)).collect())
        });
        clusters.filter(|(_, nodes): &(Service, Vec<_>)| !nodes.is_empty())
    }
}

/// What a change reads of others and where it mentions them, as far as its spec still tells.
fn labels(
    change: &Change,
    named: &BTreeMap<(&str, &str), &Addr>,
) -> BTreeMap<Addr, BTreeSet<String>> {
    let mut labels: BTreeMap<Addr, BTreeSet<String>> = BTreeMap::new();
    let Some(want) = &change.want else {
        return labels;
    };
    want.leaves(&mut |_, leaf| {
        let Value::Deferred(template) = leaf else {
            return;
        };
        for reference in template.references() {
            if let Reference::Attribute(addr, attribute) = reference {
                let labels = labels.entry(addr.clone()).or_default();
                labels.insert(attribute.clone());
            }
        }
    });
    for mention in change.kind.mentions(want) {
        let changed = mention.kinds().find_map(|kind| {
            let key = (kind.name(), mention.addr.name.as_str());
            named.get(&key).copied()
        });
        let addr = changed.unwrap_or(&mention.addr).clone();
        labels
            .entry(addr)
            .or_default()
            .insert(mention.at.to_string());
    }
    labels
}

/// An object's words: its kind and name, the service being told by where it stands.
fn caption(addr: &Addr, mark: Mark) -> String {
    let whole = escape(&redact::text(&addr.to_string()));
    let service = format!("{}.", addr.service);
    let name = whole.strip_prefix(&service).unwrap_or(&whole);
    match mark {
        Mark::Plain => name.to_owned(),
        Mark::Elsewhere => format!("{name} · elsewhere"),
        Mark::Changed(action) => format!("{name} · {}", action.word()),
    }
}

/// An ingest's words.
fn titled(inflow: &Inflow) -> String {
    format!("ingest {}", escape(&redact::text(&inflow.name)))
}

fn joined(labels: &BTreeSet<String>) -> String {
    let shown: Vec<String> = labels
        .iter()
        .take(LABELS)
        .map(|label| escape(&redact::text(&short(label))))
        .collect();
    match labels.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The end of a long pointer, which says most.
fn short(label: &str) -> String {
    let parts: Vec<&str> = label.rsplitn(4, '/').collect();
    match parts.as_slice() {
        [last, above, third, rest] if !rest.is_empty() => format!("…/{third}/{above}/{last}"),
        _ => label.to_owned(),
    }
}

/// The class of a mark in a flowchart, and how it looks on light and dark alike.
fn class(mark: Mark) -> Option<(&'static str, &'static str)> {
    match mark {
        Mark::Plain => None,
        Mark::Elsewhere => Some(("elsewhere", "stroke-dasharray:4 4")),
        Mark::Changed(Action::Create) => Some(("create", "stroke:#1a7f37,stroke-width:3px")),
        Mark::Changed(Action::Update) => Some(("update", "stroke:#bf8700,stroke-width:3px")),
        Mark::Changed(Action::Replace) => Some(("replace", "stroke:#cf222e,stroke-width:3px")),
        Mark::Changed(Action::Delete) => Some((
            "delete",
            "stroke:#cf222e,stroke-width:3px,stroke-dasharray:6 3",
        )),
        Mark::Changed(Action::Adopt | Action::Move | Action::Forget) => {
            Some(("noted", "stroke:#8250df,stroke-width:3px"))
        }
    }
}

/// A label for Mermaid: all that is no letter, digit, space or plain mark is an entity.
fn entities(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric() || " ._-/,·…".contains(c) => shown.push(c),
            c => shown.push_str(&format!("#{};", u32::from(c))),
        }
    }
    shown
}

/// A label for DOT in quotes, where Graphviz reads escapes and entities.
fn quoted(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('&', "&amp;");
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> Addr {
        text.parse().expect("an address")
    }

    #[test]
    fn neighbours_can_be_left_away() {
        let mut diagram = Diagram::default();
        let [a, b, c, d] =
            ["a", "b", "c", "d"].map(|name| Addr::new(Service::Port, "blueprint", name));
        diagram.edge(&a, &b, None);
        diagram.edge(&c, &a, None);
        diagram.edge(&c, &d, None);
        for addr in [&a, &b, &d] {
            let mark = Mark::Changed(Action::Update);
            diagram.nodes.insert(addr.clone(), mark);
        }
        let kept = diagram.changed();
        assert_eq!(
            kept.nodes.into_keys().collect::<Vec<_>>(),
            [a.clone(), b.clone()]
        );
        assert_eq!(kept.edges.into_keys().collect::<Vec<_>>(), [(a, b)]);
    }

    #[test]
    fn names_are_labels_and_never_identifiers() {
        let mut diagram = Diagram::default();
        let hostile = Addr::new(Service::Port, "blueprint", "x\"]; click n0\u{202e}&");
        diagram.edge(
            &addr("spacelift.webhook.port"),
            &hostile,
            Some("a|\"b\\".into()),
        );
        diagram.edge(&hostile, &addr("port.blueprint.end"), None);
        diagram.nodes.insert(hostile, Mark::Changed(Action::Delete));
        insta::assert_snapshot!(diagram.mermaid().join("\n"), @r##"
        flowchart LR
          subgraph port["Port"]
            n0["blueprint.end · elsewhere"]
            n1["blueprint#91;#34;x#34;#93;#59; click n0#92;u#123;202e#125;#38;#34;#93; · delete"]
          end
          subgraph spacelift["Spacelift"]
            n2["webhook.port · elsewhere"]
          end
          n1 --> n0
          n2 -->|"a#124;#34;b#92;"| n1
          classDef elsewhere stroke-dasharray:4 4
          class n0,n2 elsewhere
          classDef delete stroke:#cf222e,stroke-width:3px,stroke-dasharray:6 3
          class n1 delete
        "##);
        insta::assert_snapshot!(diagram.dot().join("\n"), @r##"
        digraph spaceport {
          rankdir=LR;
          node [shape=box];
          subgraph cluster_port {
            label="Port";
            n0 [label="blueprint.end · elsewhere", style=dashed];
            n1 [label="blueprint[\"x\"]; click n0\\u{202e}&amp;\"] · delete"];
          }
          subgraph cluster_spacelift {
            label="Spacelift";
            n2 [label="webhook.port · elsewhere", style=dashed];
          }
          n1 -> n0;
          n2 -> n1 [label="a|\"b\\"];
        }
        "##);
    }

    #[test]
    fn ingests_point_at_the_blueprints_that_they_fill() {
        let mut diagram = Diagram::default();
        let blueprint = addr("port.blueprint.stack");
        diagram.nodes.insert(blueprint.clone(), Mark::Plain);
        for (name, from) in [
            ("stacks", "spacelift.stacks"),
            ("spaces", "spacelift.spaces"),
        ] {
            let name = name.to_owned();
            diagram
                .ingests
                .insert((Inflow { name, from }, blueprint.clone()));
        }
        insta::assert_snapshot!(diagram.mermaid().join("\n"), @r#"
        flowchart LR
          subgraph port["Port"]
            n0["blueprint.stack"]
          end
          i0(["ingest spaces"])
          i0 -->|"spacelift.spaces"| n0
          i1(["ingest stacks"])
          i1 -->|"spacelift.stacks"| n0
        "#);
        insta::assert_snapshot!(diagram.dot().join("\n"), @r#"
        digraph spaceport {
          rankdir=LR;
          node [shape=box];
          subgraph cluster_port {
            label="Port";
            n0 [label="blueprint.stack"];
          }
          i0 [label="ingest spaces", style=rounded];
          i0 -> n0 [label="spacelift.spaces"];
          i1 [label="ingest stacks", style=rounded];
          i1 -> n0 [label="spacelift.stacks"];
        }
        "#);
    }

    #[test]
    fn long_labels_keep_their_end_and_many_are_counted() {
        let labels = ["/a/b/c/d", "/a/b/c/e", "/x", "/y", "url"].map(str::to_owned);
        assert_eq!(joined(&labels.into()), "…/b/c/d, …/b/c/e and 3 more");
        assert_eq!(short("a/b"), "a/b");
        assert_eq!(short("/mappings/0/blueprint"), "/mappings/0/blueprint");
    }
}

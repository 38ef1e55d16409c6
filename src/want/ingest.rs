//! Ingests: `kind: ingest` documents, read and checked.
//!
//! Deliberately not here: what their programs read (see `follow::ingest`) and running them (see
//! `ingest`).

use crate::kinds::check;
use crate::kinds::ingest::{DELETE, KIND, Origin, shape};
use crate::want::config::Limits;
use crate::want::document;
use crate::want::resolve::{Context, Resolver};
use crate::words::{Data, Findings, Node, Place, Pointer};

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
    /// webhook's mapping; every `${…}` is filled in.
    pub mapping: Node,
    /// Whether entities of items that are gone go too.
    pub prune: bool,
    /// The most that a run may delete.
    pub limits: Limits,
    /// The environments that it is for; empty means all.
    pub environments: Vec<String>,
    /// The whole document, with every `${…}` filled in: what pointers like `/mapping/identifier`
    /// lead into.
    pub node: Node,
}

impl Ingest {
    /// Where the value at a pointer below the document stands, `/mapping/title`; the nearest value
    /// above it when nothing is there.
    pub fn at(&self, pointer: &Pointer) -> Place {
        self.node.nearest(pointer).place
    }
}

/// Whether a document is an ingest.
pub fn is(node: &Node) -> bool {
    node.get("kind").and_then(Node::text) == Some(KIND)
}

/// Reads an ingest; `None` when it has an error or belongs to other environments.
pub fn read(node: &Node, context: Context<'_>, findings: &mut Findings) -> Option<Ingest> {
    let before = findings.len();
    let mut resolver = Resolver::new(context, &[]);
    let whole = resolver.resolve(node);
    findings.extend(std::mem::take(&mut resolver.findings));
    check::check(shape(), &whole, "the ingest", findings);
    let here = document::environments(node, context.config, findings);
    if !here || findings.len() > before {
        return None;
    }
    let text = |key: &str| whole.get(key).and_then(Node::text);
    Some(Ingest {
        name: text("name")?.to_owned(),
        place: node.place,
        from: Origin::of(text("from")?)?,
        blueprint: text("blueprint")?.to_owned(),
        filter: whole
            .get("filter")
            .filter(|filter| filter.data != Data::Null)
            .cloned(),
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

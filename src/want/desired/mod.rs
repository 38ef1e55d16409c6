//! Desired: every object that the project wants, checked, addressed and connected.
//!
//! The last stage that sees files. What it returns has values without places, except where a
//! later stage may still have to point at something. Deliberately not here: live.
//!
//! | room | noun |
//! |---|---|
//! | `identity` | addresses, and what the services know objects by |
//! | `named` | names of declared objects that become references |
//! | `ingests` | ingests, and the blueprints that they fill |
//! | `open` | actions that everyone may run |
//! | `connect` | references, checked against the project, and the graph |
//! | `circles` | objects that need each other so that none can be made first |
//! | [`kept`] | the nodes that objects were made of, for those who point into files later |
//! | `values` | values settled, cleaned and laid over each other |
//! | [`randoms`] | the fields that share a text, and who gets it first |

mod circles;
mod connect;
mod identity;
mod ingests;
pub mod kept;
mod named;
mod open;
pub mod randoms;
mod values;

use std::collections::BTreeMap;
use std::path::Path;

use crate::kinds::{Kind, Mention, Picks, Rename, check, part};
use crate::want::config::{self, Choice, Config};
use crate::want::document::{self, Document, Lifecycle};
use crate::want::ingest::{self, Ingest};
use crate::want::moved;
use crate::want::renamed;
use crate::want::resolve::{Context, Resolver};
use crate::want::source::{self, Folder};
use crate::want::trial::{self, Trial};
use crate::words::graph::Graph;
use crate::words::template::Reference;
use crate::words::{Addr, Finding, Findings, Node, Place, Pointer, Sources, Value};
pub use connect::property_exists;
pub use identity::usual_name;
pub use kept::Kept;
pub use values::settle;
use values::{merge, without_nulls};

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
    /// Keys of its spec that have another name now.
    pub renamed: Vec<Rename>,
    /// The places that are managed, with `*` for any key; empty means the whole object.
    pub manage: Vec<Pointer>,
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
    /// The nodes that the objects were made of; empty unless asked for, see [`load_kept`].
    pub nodes: BTreeMap<Addr, Kept>,
    /// The tests in the order of their files; empty unless asked for like `nodes`.
    pub trials: Vec<Trial>,
    /// The ingests in the order of their files.
    pub ingests: Vec<Ingest>,
}

/// The code of the finding that a project holds no objects.
pub const EMPTY_PROJECT: &str = "config::empty_project";

impl Desired {
    /// The same project without its objects, for a plan in which all that is ours goes. Made on
    /// purpose only: a project that reads as empty is a finding.
    pub fn emptied(self) -> Desired {
        let config = Config {
            moved: Default::default(),
            ..self.config
        };
        Desired {
            config,
            sources: self.sources,
            ..Desired::default()
        }
    }
}

/// Reads, checks and connects a whole project. The result is usable when no finding is an error.
pub fn load(root: &Path, choice: &Choice, env: &BTreeMap<String, String>) -> (Desired, Findings) {
    let (folder, findings) = source::load(root);
    build(folder, findings, choice, env)
}

/// The same with the nodes that the objects were made of, for those who point into files later.
pub fn load_kept(
    root: &Path,
    choice: &Choice,
    env: &BTreeMap<String, String>,
) -> (Desired, Findings) {
    let (folder, findings) = source::load(root);
    connected(folder, findings, choice, env, Some(BTreeMap::new()))
}

/// Checks and connects a project that was read, `findings` being those of the reading.
pub fn build(
    folder: Folder,
    findings: Findings,
    choice: &Choice,
    env: &BTreeMap<String, String>,
) -> (Desired, Findings) {
    connected(folder, findings, choice, env, None)
}

fn connected(
    mut folder: Folder,
    mut findings: Findings,
    choice: &Choice,
    env: &BTreeMap<String, String>,
    kept: Option<BTreeMap<Addr, Kept>>,
) -> (Desired, Findings) {
    let documents = std::mem::take(&mut folder.documents);
    // Tests and ingests alone are no objects: a plan would mean deleting everything.
    let empty = documents
        .iter()
        .all(|node| trial::is(node) || ingest::is(node));
    let readable = !findings.has_errors();
    let (config, more) = config::read(&folder, choice, env);
    findings.extend(more);
    let mut building = Building {
        config: &config,
        folder: &folder,
        env,
        objects: BTreeMap::new(),
        declared: BTreeMap::new(),
        elsewhere: Vec::new(),
        hidden: Vec::new(),
        waiting: Vec::new(),
        kept,
        trials: Vec::new(),
        unread: Vec::new(),
        ingests: Vec::new(),
        findings,
    };
    // Each is let go once it became an object: a big project is not held twice.
    for node in documents {
        building.document(&node);
    }
    building.place_waiting();
    // A file that cannot be read is told already, and may be all that there is.
    if readable && empty && folder.project.is_some() {
        building.findings.push(
            Finding::error(EMPTY_PROJECT, folder.project.as_ref().map(|p| p.place), "the project holds no objects")
                .help("an empty project is refused, because it would mean deleting everything; add an object, or remove the project"),
        );
    }
    building.same_identity();
    building.settle_identities();
    building.refer_by_name();
    building.open_actions();
    let here = building.objects.keys().collect();
    moved::check(
        &config.moved,
        &here,
        &building.elsewhere,
        &mut building.findings,
    );
    building.read_ingests();
    building.trials();
    let graph = building.connect();
    let keeps = building.kept.is_some();
    let Building {
        objects,
        hidden,
        kept,
        trials,
        ingests,
        findings,
        ..
    } = building;
    // Made in one go they take half of the room that they do after one insertion each.
    let objects = objects.into_iter().collect();
    let mut sources = folder.sources;
    hidden.into_iter().for_each(|place| sources.hide(place));
    (
        Desired {
            objects,
            graph,
            config,
            sources,
            nodes: kept.unwrap_or_default(),
            trials: if keeps { trials } else { Vec::new() },
            ingests,
        },
        without_echoes(findings),
    )
}

/// What follows from an unknown environment alone is not said besides.
fn without_echoes(findings: Findings) -> Findings {
    const ECHOES: &[&str] = &["config::no_section", "ref::missing_variable"];
    let unknown = |finding: &Finding| finding.code == "config::unknown_environment";
    if !findings.iter().any(unknown) {
        return findings;
    }
    let own = |finding: &Finding| !ECHOES.contains(&finding.code);
    let mut kept = Findings::default();
    kept.extend(findings.into_iter().filter(own));
    kept
}

struct Building<'a> {
    config: &'a Config,
    folder: &'a Folder,
    env: &'a BTreeMap<String, String>,
    objects: BTreeMap<Addr, Object>,
    /// The addresses in documents of other environments, as far as they can be told.
    elsewhere: Vec<Option<Addr>>,
    /// Where secret texts stand in the files.
    hidden: Vec<Place>,
    declared: BTreeMap<Addr, Vec<Declared>>,
    /// Checked documents whose identity is another document's identifier.
    waiting: Vec<Checked>,
    /// The nodes of the objects, when somebody asked for them.
    kept: Option<BTreeMap<Addr, Kept>>,
    trials: Vec<Trial>,
    /// Documents of ingests, read when the identifiers of objects are known.
    unread: Vec<Node>,
    ingests: Vec<Ingest>,
    findings: Findings,
}

/// A document whose spec was resolved and checked.
struct Checked {
    document: Document,
    spec: Node,
    /// What it reads of other objects, with places.
    reads: Vec<(Addr, String, Place)>,
}

/// Where an address is declared, and for which environments.
struct Declared {
    environments: Vec<String>,
    place: Place,
}

impl Declared {
    /// Whether some environment has both.
    fn meets(&self, others: &[String]) -> bool {
        document::meet(&self.environments, others)
    }
}

impl<'a> Building<'a> {
    fn document(&mut self, node: &Node) {
        if trial::is(node) {
            let context = self.context();
            let trial = trial::read(node, context, &mut self.findings);
            self.trials.extend(trial);
            return;
        }
        if ingest::is(node) {
            self.unread.push(node.clone());
            return;
        }
        let Some(document) = document::read(node, self.config, &mut self.findings) else {
            self.elsewhere.push(identity::written(node));
            return;
        };
        let kind = document.kind;
        let picks = Picks::of(kind);
        let context = self.context();
        let mut resolver = Resolver::new(context, &picks.write_only);
        let spec = resolver.resolve(&document.spec);
        self.findings.extend(std::mem::take(&mut resolver.findings));
        self.hidden.append(&mut resolver.secrets);
        let deferred = std::mem::take(&mut resolver.deferred);
        let reads = deferred
            .into_iter()
            .filter_map(|(reference, place)| match reference {
                Reference::Attribute(addr, attribute) => Some((addr, attribute, place)),
                _ => None,
            })
            .collect();
        let spec = kind.upgrade(spec, &mut self.findings);
        if document.manage.is_empty() {
            check::check(kind.shape(), &spec, "spec", &mut self.findings);
            kind.check(&spec, &mut self.findings);
        } else {
            part::check(kind, &spec, &document.manage, &mut self.findings);
        }
        renamed::check(&document.renamed, &spec, &mut self.findings);
        let waits = Self::waits(kind, &spec);
        let checked = Checked {
            document,
            spec,
            reads,
        };
        match waits {
            true => self.waiting.push(checked),
            false => self.place(checked),
        }
    }

    fn context(&self) -> Context<'a> {
        Context {
            config: self.config,
            folder: self.folder,
            env: self.env,
        }
    }

    /// A test that names an object which went is for those to say who ask for tests: it keeps nobody
    /// from planning that it goes.
    fn trials(&mut self) {
        if self.kept.is_none() {
            return;
        }
        let known = self.objects.keys().map(|addr| (addr, ())).collect();
        trial::check(&self.trials, &known, &self.ingests, &mut self.findings);
    }

    /// Places the documents that waited for the others.
    fn place_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return;
        }
        let known = self.identities();
        for mut checked in waiting {
            Self::settle_identity(checked.document.kind, &mut checked.spec, &known);
            self.place(checked);
        }
    }

    /// Makes a checked document an object of the project.
    fn place(&mut self, checked: Checked) {
        let Checked {
            document,
            spec,
            reads,
        } = checked;
        let kind = document.kind;
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
        if let Some(kept) = &mut self.kept {
            let nodes = Kept {
                checked: spec.clone(),
            };
            kept.insert(addr.clone(), nodes);
        }
        let mut value = spec.to_value();
        // Most specs hold nothing of the kind, and looking costs less than going by the shape.
        let computed = &Picks::of(kind).computed;
        let unsaid = |at: &Pointer| at.has_any() || spec.at(at).is_some();
        if spec.has_null() || computed.iter().any(unsaid) {
            value = without_nulls(kind.shape(), value);
        }
        merge(&mut value, &document.lifecycle.extra);
        let mentions = kind.mentions(&value);
        let mentions = mentions
            .into_iter()
            .map(|m| {
                let place = connect::key_of(&m, &spec).unwrap_or(spec.nearest(&m.at).place);
                (m, place)
            })
            .collect();
        let object = Object {
            addr: addr.clone(),
            kind,
            name,
            spec: value,
            lifecycle: document.lifecycle,
            renamed: document.renamed.into_iter().map(|r| r.rename).collect(),
            manage: document.manage,
            place,
            mentions,
            reads,
        };
        self.objects.insert(addr, object);
    }
}

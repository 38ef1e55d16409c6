//! Export: live objects as documents that a plan calls equal.
//!
//! Pure: what both services hold and what the project has already become documents, and sentences
//! about what could not become one. Each is proven by the planner itself before anybody sees it.
//! Deliberately not here: reading the services and writing files (see `commands`).
//!
//! | room | noun |
//! |---|---|
//! | [`spec`] | the spec of a live object |
//! | [`names`] | names for addresses, variables and files |
//! | [`glob`] | patterns of addresses |
//! | `pick` | which live objects become documents |
//! | `refer` | ids that become references |
//! | [`proof`] | the documents, planned |
//! | [`files`] | the files that documents are written to |
//! | [`back`] | live values in a document that exists |
//! | [`paste`] | what vendors' pages print, as documents |
//! | [`splice`] | one value of a YAML text set or removed, the rest untouched |

pub mod back;
pub mod files;
pub mod glob;
pub mod names;
pub mod paste;
mod pick;
pub mod proof;
mod refer;
pub mod spec;
pub mod splice;

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::ledger::Ledger;
use crate::kinds::{Kind, Picks, Shape, label};
use crate::show::export::glob::Glob;
use crate::show::export::spec::Spec;
use crate::there::live::Live;
use crate::want::desired::Desired;
use crate::words::template::{Reference, escape};
use crate::words::value::{Map, SecretSource};
use crate::words::{Addr, Pointer, Template, Text, Value};

/// What an export is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the project has already.
    pub desired: &'a Desired,
    /// What the services hold.
    pub live: &'a Live,
    /// What is ours.
    pub ledger: &'a Ledger,
    /// Which addresses; none means all that the project does not have.
    pub globs: &'a [Glob],
    /// Whether ids become references.
    pub with_references: bool,
}

/// A kind and an id.
pub type Id = (&'static str, String);

/// Live objects as documents.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// The documents, in the order of their addresses.
    pub documents: Vec<Document>,
    /// What is left out, and why: an address and the rest of a sentence.
    pub left_out: Vec<(String, String)>,
    /// How many objects the project has already.
    pub known: usize,
    /// How many objects say nothing, by kind and why.
    pub ordinary: BTreeMap<(&'static str, &'static str), usize>,
    /// The objects whose secrets nobody can tell to exist, which a write without one keeps.
    pub untold: Vec<Addr>,
}

/// One live object as a document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its address.
    pub addr: Addr,
    /// Its kind.
    pub kind: &'static dyn Kind,
    /// Its id in its service.
    pub id: String,
    /// The name in addresses, when it is another than the usual one.
    pub reference: Option<String>,
    /// The spec, with references and secrets as leaves.
    pub spec: Value,
    /// Fields that this version does not know, of bodies that keep them.
    pub extra: Map,
    /// Places that stay as they are in the service, because they hold a credential.
    pub ignore: Vec<Pointer>,
    /// Fields that this version does not know and that a write would leave out.
    pub unknown: Vec<Pointer>,
    /// The variables that its secrets come from.
    pub secrets: Vec<(Pointer, String)>,
    /// The document of the project that it stands for.
    pub replaces: Option<Addr>,
}

/// Makes the documents, without the objects that `refused` names with reasons.
pub fn export(input: Input, refused: &BTreeMap<Id, String>) -> Export {
    let picked = pick::pick(input, refused);
    let mut export = Export {
        known: picked.known,
        ordinary: picked.ordinary,
        left_out: picked.left_out,
        ..Export::default()
    };
    let targets = refer::Targets::new(&input, &picked.addrs);
    let mut variables = BTreeSet::new();
    for chosen in picked.chosen {
        let kind = chosen.kind;
        let mut value = label::without(kind, &chosen.seen.value).into_owned();
        let secrets = secrets(kind, &mut value, &chosen.addr, &mut variables, &mut export);
        let Spec {
            mut known,
            extra,
            unknown,
        } = spec::of_live(kind, &value);
        known = targets.refer(kind, &chosen.addr, &known, input.with_references);
        let ignore = match spec::hide(kind, &mut known) {
            Ok(ignore) => ignore,
            Err(why) => {
                export.left_out.push((chosen.addr.to_string(), why));
                continue;
            }
        };
        export.documents.push(Document {
            addr: chosen.addr,
            kind,
            id: chosen.seen.id.clone(),
            reference: chosen.reference,
            spec: known,
            extra,
            ignore,
            unknown,
            secrets,
            replaces: chosen.replaces,
        });
    }
    export.documents.sort_by(|a, b| a.addr.cmp(&b.addr));
    export.left_out.sort();
    export
}

/// Puts the sources of an object's secrets into its value, and says what they are read from.
fn secrets(
    kind: &dyn Kind,
    value: &mut Value,
    addr: &Addr,
    variables: &mut BTreeSet<String>,
    export: &mut Export,
) -> Vec<(Pointer, String)> {
    let mut found = Vec::new();
    for place in &Picks::of(kind).write_only {
        let keys = value.at(place).and_then(Value::as_map);
        let keys: Vec<Text> = keys
            .map(|map| map.keys().cloned().collect())
            .unwrap_or_default();
        let places: Vec<Pointer> = match keys.is_empty() {
            false => keys.iter().map(|key| place.join(key)).collect(),
            true => match kind.holds_secret(value, place) {
                Some(true) => vec![place.clone()],
                Some(false) => Vec::new(),
                None => {
                    // Of a map of secrets the keys are known.
                    let one = spec::field(kind, place)
                        .is_some_and(|field| matches!(field.shape, Shape::Text(_)));
                    if one && export.untold.last() != Some(addr) {
                        export.untold.push(addr.clone());
                    }
                    Vec::new()
                }
            },
        };
        spec::remove(value, place);
        for at in places {
            let name = names::variable(addr, kind, &at, variables);
            let source = Template::of(Reference::Env(name.clone()));
            spec::put(value, &at, Value::Secret(SecretSource::new(source)));
            found.push((at, name));
        }
    }
    found
}

impl Export {
    /// Whether no live object was asked for.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
            && self.left_out.is_empty()
            && self.ordinary.is_empty()
            && self.known == 0
    }
}

impl Document {
    /// The whole document, its texts as they have to be written.
    pub fn value(&self) -> Value {
        let mut whole = Map::new();
        whole.insert("kind".to_owned(), Value::text(self.kind.name()));
        if let Some(reference) = &self.reference {
            whole.insert("ref".to_owned(), Value::text(reference));
        }
        whole.insert("spec".to_owned(), written(&self.spec));
        let mut lifecycle = Map::new();
        if !self.ignore.is_empty() {
            let ignore = self.ignore.iter().map(|at| Value::text(at.to_string()));
            lifecycle.insert("ignore".to_owned(), Value::List(ignore.collect()));
        }
        if !self.extra.is_empty() {
            lifecycle.insert("extra".to_owned(), Value::Map(self.extra.clone()));
        }
        if !lifecycle.is_empty() {
            whole.insert("lifecycle".to_owned(), Value::Map(lifecycle));
        }
        Value::Map(whole)
    }
}

/// A value whose texts read as what it holds: `${` of live texts escaped, references written out.
pub fn written(value: &Value) -> Value {
    value.map_leaves(&mut |_, leaf| match leaf {
        Value::Text(text) => Some(Value::text(escape(text))),
        Value::Deferred(template) => Some(Value::text(template.source())),
        Value::Secret(source) => Some(Value::text(source.template().source())),
        _ => None,
    })
}

/// The reference to an attribute of an object.
fn attribute(addr: &Addr, name: &str) -> Reference {
    Reference::Attribute(addr.clone(), name.to_owned())
}

//! The kinds: what spaceport can declare, one file each.
//!
//! A kind is data and a few pure functions: its fields ([`shape`]), its identity, what other
//! objects it mentions, how the service lists it and which requests create, change and delete it.
//! Requests are values here; nothing in this layer can send one.
//!
//! Adding a kind is one file and one line in [`ALL`]; `.github/CONTRIBUTING.md` walks through it.
//!
//! | room | noun |
//! |---|---|
//! | [`shape`] | the fields of a kind and their rules |
//! | [`check`] | a node against a shape |
//! | [`schema`] | a shape as JSON Schema |
//! | [`charset`] | the identifier rules that several kinds share |
//! | [`call`] | requests as values |
//! | [`label`] | labels that are reserved for spaceport |
//! | [`project`] | the fields around a spec and of `spaceport.yaml` |
//! | [`property`] | properties in Port's dialect of JSON Schema |
//! | [`query`] | queries over entities |
//! | [`derived`] | calculations, mirrors and aggregations of a blueprint |
//! | [`inputs`] | the form of a self-service action |
//! | [`invocation`] | what an action or automation does, in seven forms |
//! | [`action_body`] | what actions and automations share |
//! | [`action_v1`] | actions in the old form |
//! | [`picks`] | where a rule holds, gathered once for each kind |
//! | [`stamp`] | what Port adds to every object |

pub mod action_body;
pub mod action_v1;
pub mod call;
pub mod charset;
pub mod check;
pub mod derived;
pub mod inputs;
pub mod invocation;
pub mod label;
pub mod picks;
pub mod project;
pub mod property;
pub mod query;
pub mod schema;
pub mod shape;
pub mod stamp;

#[cfg(test)]
pub mod generate;
mod port_action;
mod port_automation;
mod port_blueprint;
mod port_secret;
mod port_webhook;
mod spacelift_policy;
mod spacelift_webhook;
#[cfg(test)]
mod story;

use std::fmt::Debug;

use serde_json::Value as Json;

use crate::words::value::Map;
use crate::words::{Addr, Findings, Node, Pointer, Service, Value};
pub use call::{Call, List};
pub use picks::Picks;
pub use shape::Shape;

/// Every kind, in the order of every list: service, then name.
pub const ALL: &[&dyn Kind] = &[
    &port_action::Action,
    &port_automation::Automation,
    &port_blueprint::Blueprint,
    &port_secret::Secret,
    &port_webhook::Webhook,
    &spacelift_policy::Policy,
    &spacelift_webhook::Webhook,
];

/// The kind with this full name, `port.blueprint`.
pub fn find(name: &str) -> Option<&'static dyn Kind> {
    ALL.iter().copied().find(|kind| kind.name() == name)
}

/// The kind of an address.
pub fn of(addr: &Addr) -> Option<&'static dyn Kind> {
    ALL.iter()
        .copied()
        .find(|kind| kind.service() == addr.service && kind.word() == addr.kind)
}

/// How an object of a kind is recognised in its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// A field that the user chooses is the remote id: `identifier`, `secretName`.
    Field(&'static str),
    /// The service assigns an id; this field holds a name that is matched exactly.
    Name(&'static str),
}

impl Identity {
    /// The field of the spec that holds the identifier or the name.
    pub fn field(self) -> &'static str {
        match self {
            Identity::Field(field) | Identity::Name(field) => field,
        }
    }
}

/// Another object that a spec names by plain identifier, without `${…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Where in the spec the identifier stands.
    pub at: Pointer,
    /// The object that is meant; its name is the identifier.
    pub addr: Addr,
    /// Another kind that the same identifier may belong to: `port.automation` where runs of either
    /// are meant.
    pub or_kind: Option<&'static str>,
    /// A property of that object that must exist too, and in which of its maps to look:
    /// pointers to maps whose keys count, `/schema/properties` for example.
    pub property: Option<(String, &'static [&'static str])>,
    /// Whether the service refuses the object without it. Soft mentions order the writes too,
    /// but a missing one is only a warning.
    pub hard: bool,
}

impl Mention {
    /// The full names of the kinds that may be meant, the likeliest first.
    pub fn kinds(&self) -> impl Iterator<Item = String> {
        let other = self.or_kind.map(str::to_owned);
        std::iter::once(self.addr.kind_name()).chain(other)
    }
}

/// An object as a service holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Identifier or assigned id: what requests address it by.
    pub id: String,
    /// What a document's identity field is matched with.
    pub name: String,
    /// Its fields, as the service spells them.
    pub value: Value,
    /// What `${…}` may read from it.
    pub exports: Map,
}

/// What a kind knows about itself. Everything is pure.
pub trait Kind: Debug + Sync + Send {
    /// The full name as written after `kind:`, `port.blueprint`.
    fn name(&self) -> &'static str;

    /// One sentence for the reader of YAML.
    fn doc(&self) -> &'static str;

    /// The fields of `spec`.
    fn shape(&self) -> &Shape;

    /// How an object that was pasted without its frame is recognised: what it looks like, in
    /// words, and a field that only objects of this kind have.
    fn looks(&self) -> (&'static str, &'static str);

    /// How its objects are recognised.
    fn identity(&self) -> Identity;

    /// What `${SERVICE.KIND.NAME.ATTR}` may read, with a few words each. The identity field is
    /// always readable and not listed.
    fn exports(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Brings older spellings of a document to the current one and says so in a finding.
    fn upgrade(&self, spec: Node, _findings: &mut Findings) -> Node {
        spec
    }

    /// Checks what the shape cannot say. Runs after the shape's check, also when that found
    /// something, so it takes nothing for granted.
    fn check(&self, _spec: &Node, _findings: &mut Findings) {}

    /// The objects that a spec names by plain identifier.
    fn mentions(&self, _spec: &Value) -> Vec<Mention> {
        Vec::new()
    }

    /// Brings a whole spec to its canonical form where field rules are not enough. Applied to
    /// desired and live alike; applying it twice changes nothing more.
    fn canonical(&self, _spec: &mut Value) {}

    /// Where the service lists its objects.
    fn list(&self) -> List;

    /// Reads one item of the list; `None` when it is of another kind (automations among actions)
    /// or the system's own.
    fn observe(&self, item: &Json) -> Option<Observed>;

    /// The requests that create an object. The answer of the first holds the new object.
    fn create(&self, want: &Value) -> Vec<Call>;

    /// The requests that change an object. `want` is the whole new spec, `changed` the top-level
    /// keys that differ (also those whose secrets are to be sent), `seen` the live object.
    /// Secrets that are not to be sent are absent from `want`.
    fn update(&self, seen: &Observed, want: &Value, changed: &[String]) -> Vec<Call>;

    /// Whether an object with this id is the service's own and is never deleted.
    fn is_system(&self, _id: &str) -> bool {
        false
    }

    /// The request that deletes an object.
    fn delete(&self, id: &str) -> Call;

    /// Where in the answer of [`Kind::create`]'s first request the new object is: a JSON pointer.
    fn created_at(&self) -> &'static str;

    /// The service that holds its objects.
    fn service(&self) -> Service {
        if self.name().starts_with("port.") {
            Service::Port
        } else {
            Service::Spacelift
        }
    }

    /// The kind without its service, as in addresses.
    fn word(&self) -> &'static str {
        self.name().split_once('.').map_or("", |(_, word)| word)
    }
}

/// The mention of an object by its identifier at a place in the spec.
pub fn mention(at: Pointer, kind: &dyn Kind, name: impl Into<String>) -> Mention {
    Mention {
        at,
        addr: Addr::new(kind.service(), kind.word(), name),
        or_kind: None,
        property: None,
        hard: true,
    }
}

/// The id that Spacelift makes from a name: lower case, every run of other characters than
/// `a-z0-9` one `-`, none at the ends. A guess that fits all examples (SA section 5), used only
/// to name objects in addresses.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

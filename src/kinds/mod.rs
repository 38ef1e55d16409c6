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
//! | [`rename`] | keys inside of an object that get another name |
//! | [`schema`] | a shape as JSON Schema |
//! | [`charset`] | the identifier rules that several kinds share |
//! | [`call`] | requests as values |
//! | [`loss`] | what of the data under an object a change would take away |
//! | [`blueprint_keys`] | the keys of a blueprint that can get another name |
//! | [`blueprint_data`] | the data under a blueprint |
//! | [`observed`] | an object as a service holds it |
//! | [`identity`] | how an object is recognised |
//! | [`label`] | labels that are reserved for spaceport |
//! | [`project`] | the fields around a spec and of `spaceport.yaml` |
//! | [`property`] | properties in Port's dialect of JSON Schema |
//! | [`query`] | queries over entities |
//! | [`derived`] | calculations, mirrors and aggregations of a blueprint |
//! | [`inputs`] | the form of a self-service action |
//! | [`invocation`] | what an action or automation does, in seven forms |
//! | [`action_body`] | what actions and automations share |
//! | [`action_v1`] | actions in the old form |
//! | [`part`] | which places of an object may be managed alone |
//! | [`parts`] | pieces of a spec that may be written later than the rest |
//! | [`picks`] | where a rule holds, gathered once for each kind |
//! | [`program`] | texts that a service runs, and what they may read |
//! | [`role`] | the part that an object plays when an event passes |
//! | [`stamp`] | what Port adds to every object |
//! | [`trial`] | the fields of `kind: test` documents |
//! | [`webhook_mapping`] | what an event becomes |

pub mod action_body;
pub mod action_v1;
pub mod blueprint_data;
pub mod blueprint_keys;
mod blueprint_parts;
pub mod call;
pub mod charset;
pub mod check;
pub mod derived;
pub mod identity;
pub mod ingest;
pub mod inputs;
pub mod invocation;
pub mod label;
pub mod loss;
pub mod manual;
pub mod observed;
pub mod part;
pub mod parts;
pub mod picks;
pub mod program;
pub mod project;
pub mod property;
pub mod query;
pub mod rename;
pub mod role;
pub mod schema;
pub mod shape;
pub mod stamp;
pub mod trial;
pub mod webhook_mapping;

#[cfg(test)]
pub mod generate;
mod port_action;
mod port_action_permissions;
mod port_automation;
mod port_blueprint;
mod port_scorecard;
mod port_secret;
mod port_webhook;
mod spacelift_policy;
mod spacelift_space;
mod spacelift_stack_webhook;
mod spacelift_webhook;
#[cfg(test)]
mod story;

use std::collections::BTreeSet;
use std::fmt::Debug;

use crate::words::{Addr, Findings, Node, Pointer, Service, Text, Value};
pub use call::{Call, List};
pub use identity::Identity;
pub use loss::{Census, Loss, Lost};
pub use observed::{Observed, TextFile};
pub use picks::Picks;
pub use port_blueprint::LEDGER as LEDGER_BLUEPRINT;
pub use rename::Rename;
pub use role::Role;
pub use shape::Shape;
pub use stamp::{Birth, Touch};

/// Every kind, in the order of every list: service, then name.
pub const ALL: &[&dyn Kind] = &[
    &port_action::Action,
    &port_action_permissions::ActionPermissions,
    &port_automation::Automation,
    &port_blueprint::Blueprint,
    &port_scorecard::Scorecard,
    &port_secret::Secret,
    &port_webhook::Webhook,
    &spacelift_policy::Policy,
    &spacelift_space::Space,
    &spacelift_stack_webhook::StackWebhook,
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
    /// The kinds that may be meant, the likeliest first.
    pub fn kinds(&self) -> impl Iterator<Item = &'static dyn Kind> {
        of(&self.addr)
            .into_iter()
            .chain(self.or_kind.and_then(find))
    }
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

    /// Why its addresses come from `ref` alone, when its identity makes no name.
    fn needs_ref(&self) -> Option<&'static str> {
        None
    }

    /// Whether reading its objects costs more than a question among others, so that it is read
    /// only when config or ledger has some.
    fn on_demand(&self) -> bool {
        false
    }

    /// Whether the service makes its objects a moment after another one, so that "not there" may
    /// mean "not yet".
    fn comes_late(&self) -> bool {
        false
    }

    /// The kind that its objects come and go with, under the same id: who owns that one owns both.
    fn part_of(&self) -> Option<&'static str> {
        None
    }

    /// Where a spec lets whoever may use the object act on Spacelift, if it does.
    fn acts_on_spacelift(&self, _spec: &Value) -> Option<Pointer> {
        None
    }

    /// Whether a spec says who may use the object that it is a part of.
    fn restricts(&self, _spec: &Value) -> bool {
        false
    }

    /// Whether what its objects hold cannot be read, so that only the time of the last write tells
    /// that somebody else wrote it.
    fn cannot_be_read(&self) -> bool {
        false
    }

    /// What the service does to a place of an object by itself, as a sentence for who finds this
    /// value there.
    fn by_itself(&self, _at: &Pointer, _live: Option<&Value>) -> Option<&'static str> {
        None
    }

    /// Why its objects cannot be deleted and what that leaves, when they cannot: they are given up.
    fn stays(&self) -> Option<&'static str> {
        None
    }

    /// What `${SERVICE.KIND.NAME.ATTR}` may read, with a few words each. The identity field is
    /// always readable and not listed.
    fn exports(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// The part that its objects play when an event passes through the project, if they have one.
    fn role(&self) -> Option<Role> {
        None
    }

    /// What an export of an object reads as where no service is asked: a text that looks like the
    /// real one, and is the same wherever the object is referred to. `name` is what the service
    /// knows the object by.
    fn stand_in(&self, _name: &str, _export: &str) -> Option<String> {
        None
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

    /// The pieces of a spec that may be written later than the object with this identifier, when
    /// objects need each other. None: it is always written as a whole. Such a piece holds no secret.
    fn parts<'v>(
        &self,
        _identifier: &str,
        _spec: &'v Value,
        _others: &parts::Others<'_, 'v>,
    ) -> Vec<parts::Part> {
        Vec::new()
    }

    /// Brings a whole spec to its canonical form where field rules are not enough. Applied to
    /// desired and live alike; applying it twice changes nothing more.
    fn canonical(&self, _spec: &mut Value) {}

    /// Where the service lists its objects.
    fn list(&self) -> List;

    /// Reads one item of the list; `None` when it is of another kind (automations among actions)
    /// or the system's own.
    fn observe(&self, item: &Value) -> Option<Observed>;

    /// Reads an item of the list that may hold several objects.
    fn observe_all(&self, item: &Value) -> Vec<Observed> {
        self.observe(item).into_iter().collect()
    }

    /// The requests that create an object. The answer of the first holds the new object.
    fn create(&self, want: &Value) -> Vec<Call>;

    /// The requests that change an object. `want` is the whole new spec, `changed` the top-level
    /// keys that differ (also those whose secrets are to be sent), `seen` the live object.
    /// Secrets that are not to be sent are absent from `want`.
    fn update(&self, seen: &Observed, want: &Value, changed: &[String]) -> Vec<Call>;

    /// Why parts of its objects cannot be managed alone, if they cannot.
    fn only_whole(&self) -> Option<&'static str> {
        None
    }

    /// The space whose things an object can use: the one that it lies in, and of a space the parent
    /// that it inherits from (SA section 6).
    fn reach<'a>(&self, _spec: &'a Value) -> Option<&'a Value> {
        None
    }

    /// Whether an object itself uses the objects that it reads attributes of, so that they have to
    /// lie within its reach.
    fn uses(&self, _spec: &Value) -> bool {
        false
    }

    /// The field that holds labels, of kinds whose objects are marked with our own label.
    fn labels(&self) -> Option<&'static str> {
        None
    }

    /// Whether another identifier renames the live object in place, so that its data stays. Objects
    /// that the service gives an id keep it under every name; this is about the others.
    fn renames(&self) -> bool {
        let Shape::Object(object) = self.shape() else {
            return false;
        };
        let identity = object.field(self.identity().field());
        identity.is_some_and(|field| field.rules.renames)
    }

    /// The maps in a spec whose keys can get another name and keep their data: pointers.
    fn renamable(&self) -> &'static [&'static str] {
        &[]
    }

    /// The request that gives a key of a live object another name.
    fn rename(&self, _id: &str, _rename: &Rename) -> Option<Call> {
        None
    }

    /// Whether an object with this id is the service's own and is never deleted.
    fn is_system(&self, _id: &str) -> bool {
        false
    }

    /// Whether policies send events to its objects, which they name by their ids.
    fn receives_events(&self) -> bool {
        false
    }

    /// Whether a live object holds a secret at a place that is never read back; `None` when nothing
    /// tells, and a write without one keeps what is there.
    fn holds_secret(&self, _live: &Value, _at: &Pointer) -> Option<bool> {
        None
    }

    /// Why a live object needs no document unless somebody asks for one: what it says when nobody
    /// has said anything.
    fn is_ordinary(&self, _live: &Value) -> Option<&'static str> {
        None
    }

    /// The field whose text people keep in a file of its own, and what such files are called.
    fn text_file(&self) -> Option<TextFile> {
        None
    }

    /// The spec of an object with this name, made of what is only the main part of one, as guides
    /// print it.
    fn wrap(&self, _part: &Node, _name: &str) -> Option<Node> {
        None
    }

    /// Whether an empty list of its objects was not seen at all, as far as the number of spaces
    /// tells that were listed.
    fn list_is_blind(&self, _spaces: usize) -> bool {
        false
    }

    /// Reads the new object in the answer of [`Kind::create`]'s first request, which may say less
    /// than a list does; `want` is what was sent.
    fn observe_created(&self, _want: &Value, item: &Value) -> Option<Observed> {
        self.observe(item)
    }

    /// The request that deletes an object.
    fn delete(&self, id: &str) -> Call;

    /// What of the data under a live object a change would take away. `want` is the whole new spec;
    /// without it the object is deleted.
    fn losses(&self, _seen: &Value, _want: Option<&Value>) -> Vec<Loss> {
        Vec::new()
    }

    /// Where the service counts the data under an object.
    fn census(&self, _id: &str) -> Option<Census> {
        None
    }

    /// The request that deletes an object with all data under it, where [`Kind::delete`] does not.
    /// The service does it over time, as a migration (PA section 2).
    fn purge(&self, _id: &str) -> Option<Call> {
        None
    }

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

/// The kinds to read: all but those on demand, and of these the ones that somebody has.
pub fn to_read(had: &BTreeSet<&'static str>) -> Vec<&'static dyn Kind> {
    let read = |kind: &&dyn Kind| !kind.on_demand() || had.contains(kind.name());
    ALL.iter().copied().filter(read).collect()
}

/// The mention of an object by its identifier at a place in the spec.
pub fn mention(at: Pointer, kind: &dyn Kind, name: impl Into<Text>) -> Mention {
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

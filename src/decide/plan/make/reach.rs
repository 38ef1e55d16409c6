//! Reach: an object that uses others has to lie where it can use them, in their space or in one
//! that inherits from it (SA section 6).
//!
//! A notification policy whose webhook is out of reach delivers nothing, and nobody is told
//! (SA section 10), so the plan says it (design, section 6). Deliberately not here: refusing it.

use std::borrow::Cow;

use crate::decide::plan::make::Planning;
use crate::decide::plan::settle;
use crate::kinds::{self, Kind};
use crate::want::desired::Object;
use crate::words::template::Reference;
use crate::words::{Addr, Value};

/// The kind of what objects lie in.
const SPACE: &str = "spacelift.space";

/// A space: one that is there, or one that the plan creates.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lies {
    Id(String),
    New(Addr),
}

impl Planning<'_> {
    /// Notes who cannot use what it names.
    pub(super) fn reach(&mut self) {
        // Without the list of spaces nobody can tell.
        if self.input.live.refused.contains_key(SPACE) {
            return;
        }
        let all = self.input.desired.objects.values();
        let spaces: Vec<&Object> = all.filter(|one| one.kind.name() == SPACE).collect();
        let mut notes = Vec::new();
        for object in self.input.desired.objects.values() {
            if object.reads.is_empty() || !object.kind.uses(&object.spec) {
                continue;
            }
            let Some(from) = self.lies(object) else {
                continue;
            };
            let reached = self.reached(from.clone(), &spaces);
            let mut named: Vec<&Addr> = object.reads.iter().map(|(addr, _, _)| addr).collect();
            named.sort();
            named.dedup();
            for addr in named {
                if let Some(there) = self.lies_at(addr)
                    && !reached.contains(&there)
                {
                    notes.push(format!(
                        "`{}` lies in {} and cannot use `{addr}` in {there}: nothing would be delivered; put `{addr}` into that space or one that it inherits from",
                        object.addr,
                        from
                    ));
                }
            }
        }
        self.plan.notes.extend(notes);
    }

    /// The space, the parent that it inherits from, and so on.
    fn reached(&self, from: Lies, spaces: &[&Object]) -> Vec<Lies> {
        let mut reached = Vec::new();
        let mut next = Some(from);
        while let Some(space) = next.filter(|space| !reached.contains(space)) {
            next = self.above(&space, spaces);
            reached.push(space);
        }
        reached
    }

    /// The space that a space inherits from: as the project wants it, else as it is.
    fn above(&self, space: &Lies, spaces: &[&Object]) -> Option<Lies> {
        let declared = spaces.iter().find(|object| match space {
            Lies::New(addr) => object.addr == *addr,
            Lies::Id(id) => self.exports.attribute(&object.addr, "id") == Some(id),
        });
        match (declared, space) {
            (Some(object), _) => self.lies(object),
            (None, Lies::Id(id)) => {
                let live = self.input.live.spaces.iter().find(|live| live.id == *id)?;
                live.inherits.then(|| live.parent.clone().map(Lies::Id))?
            }
            (None, Lies::New(_)) => None,
        }
    }

    /// Where an object of the project lies, or a live one that it refers to.
    fn lies_at(&self, addr: &Addr) -> Option<Lies> {
        if let Some(object) = self.input.desired.objects.get(addr) {
            return self.lies(object);
        }
        let kind = kinds::of(addr)?;
        let live = self.input.live;
        let found = match live.by_id(kind.name(), &addr.name) {
            Some(found) => found,
            None => match live.by_name(kind.name(), &addr.name).as_slice() {
                [one] => one,
                _ => return None,
            },
        };
        place(kind, &found.value)
    }

    fn lies(&self, object: &Object) -> Option<Lies> {
        let settled = match object.spec.is_plain() {
            true => Cow::Borrowed(&object.spec),
            false => Cow::Owned(self.exports.settle(&object.spec)),
        };
        let (spec, _) = settle::names_to_ids(object.kind, settled, self.input.live);
        place(object.kind, &spec)
    }
}

fn place(kind: &dyn Kind, spec: &Value) -> Option<Lies> {
    match kind.reach(spec)? {
        Value::Deferred(template) => match template.single()? {
            Reference::Attribute(addr, _) => Some(Lies::New(addr.clone())),
            _ => None,
        },
        other => Some(Lies::Id(other.as_text()?.to_owned())),
    }
}

impl std::fmt::Display for Lies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Lies::Id(id) => write!(f, "the space `{id}`"),
            Lies::New(addr) => write!(f, "the new space `{addr}`"),
        }
    }
}

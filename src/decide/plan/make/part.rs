//! Parts of somebody else's object: what of them differs, and what is given up when a document
//! or one of its pointers leaves.
//!
//! What is wanted is the live object with the managed places put into it, so everything else is
//! written back as it was read. The object itself is never created, taken over or deleted.

use std::borrow::Cow;

use crate::decide::diff;
use crate::decide::graft::{graft, homeless, narrowed};
use crate::decide::ledger::Entry;
use crate::decide::plan::make::{Planning, forget, ignored, why};
use crate::decide::plan::{Action, Change, Part, Reason};
use crate::kinds::{Kind, Observed, part};
use crate::want::config::LedgerHome;
use crate::want::desired::Object;
use crate::words::{Addr, Finding, Pointer, Value};

impl<'a> Planning<'a> {
    /// Plans a document that manages parts of an object.
    pub(super) fn part(&mut self, object: &'a Object) {
        self.check_references(object);
        let live = match self.host(object) {
            Ok(live) => live,
            Err(finding) => return self.findings.push(finding),
        };
        let kind = object.kind;
        self.claimed.insert((kind.name(), live.id.clone()));
        self.exports
            .insert(object.addr.clone(), super::settle::exports_of(kind, live));
        let ours = self.settled(object);
        for (place, above) in homeless(kind, &live.value, &ours, &object.manage) {
            self.findings.push(
                Finding::error(
                    "live::nothing_to_manage",
                    object.place,
                    format!(
                        "`{}` manages `{place}`, and `{}` has no `{above}` that it could stand in",
                        object.addr, live.name
                    ),
                )
                .help(format!(
                    "manage `{above}`, or wait until the owner of the object has made it"
                )),
            );
        }
        let held = self.entry(&object.addr);
        let from = held.map(|(at, _)| at).filter(|at| **at != object.addr);
        self.left.extend(from);
        let entry = held.map(|(_, entry)| entry);
        let part = Part {
            places: object.manage.clone(),
            placed: part::expand(&object.manage, &ours),
            given_up: entry.map_or(Vec::new(), |entry| self.given_up(kind, live, entry)),
        };
        let want = graft(&live.value, &ours, &part.written());
        let ignore = ignored(object);
        let found = diff::compare(kind, &want, &live.value, &ignore);
        let fields = narrowed(found.fields, &part.written());
        let change = Change {
            unknown: found.unknown,
            seen: Some(live.clone()),
            part: Some(part),
            from: from.cloned(),
            // It stays somebody else's.
            label: None,
            ..self.blank(object)
        };
        if let Some(entry) = entry.filter(|entry| entry.manage.is_empty()) {
            self.plan.notes.push(format!(
                "`{}` was ours as a whole{}; from now on only the places that it manages are, and it is never deleted",
                object.addr,
                if entry.adopted { ", taken over" } else { "" },
            ));
        }
        if !fields.is_empty() {
            self.plan.changes.push(Change {
                action: Action::Update,
                reason: why(&fields),
                fields,
                want: Some(diff::write_body(kind, &want, &live.value, &ignore)),
                ..change
            });
        } else if self.is_part_recorded(object, live, &change) {
            self.plan.unchanged += 1;
        } else {
            let same = |entry: &Entry| change.part.as_ref().is_some_and(|part| part.same(entry));
            self.plan.changes.push(Change {
                action: Action::Adopt,
                reason: match entry.is_some_and(|entry| entry.id == live.id && same(entry)) {
                    true => Reason::Protection,
                    false => Reason::Equal,
                },
                want: Some(want),
                ..change
            });
        }
    }

    /// The live object whose parts a document manages.
    fn host(&self, object: &Object) -> Result<&'a Observed, Finding> {
        let (live, kind) = (self.input.live, object.kind);
        let entry = self.entry(&object.addr).map(|(_, entry)| entry);
        let identity = kind.identity();
        let mut named = live.by_name(kind.name(), &object.name);
        if let Some(also) = identity.also()
            && let Some(said) = object.spec.get(also)
        {
            named.retain(|seen| seen.value.get(also) == Some(said));
        }
        let found = match identity.is_chosen() {
            true => live.by_id(kind.name(), &object.name),
            false => match named.as_slice() {
                [] => None,
                [one] => Some(*one),
                several => {
                    let ours = several
                        .iter()
                        .find(|seen| entry.is_some_and(|entry| entry.id == seen.id));
                    match ours {
                        Some(ours) => Some(*ours),
                        None => return Err(super::references::ambiguous(object, several)),
                    }
                }
            },
        };
        let Some(found) = found else {
            return Err(Finding::error(
                "live::nothing_to_manage",
                object.place,
                format!(
                    "`{}` manages parts of `{}`, and {} has no such object",
                    object.addr,
                    object.name,
                    kind.service().title()
                ),
            )
            .help(
                "wait until its integration has made it, or declare it whole, without `manage`",
            ));
        };
        match entry.filter(|entry| entry.id != found.id) {
            Some(entry) if live.by_id(kind.name(), &entry.id).is_some() => {
                Err(another_object(object, entry, &found.id))
            }
            _ => Ok(found),
        }
    }

    /// A document that managed parts of one object and now declares another one whole: the parts
    /// would be lost sight of.
    pub(super) fn part_left_behind(&mut self, object: &Object, entry: &Entry) {
        let kind = object.kind.name();
        let claimed = self.claimed.contains(&(kind, entry.id.clone()));
        if object.manage.is_empty() && !claimed && self.input.live.by_id(kind, &entry.id).is_some()
        {
            let finding = another_object(object, entry, &object.name);
            self.findings.push(finding);
        }
    }

    /// What the ledger says was put into a live object and no document manages any more. Fields
    /// that the service demands stay as they are: there is nothing to go back to.
    fn given_up(
        &mut self,
        kind: &'static dyn Kind,
        live: &Observed,
        entry: &Entry,
    ) -> Vec<Pointer> {
        let objects = self.input.desired.objects.values();
        let about: Vec<&Object> = objects
            .filter(|other| other.kind.name() == kind.name() && other.name == live.name)
            .collect();
        let managed = |place: &Pointer| {
            about.iter().any(|other| {
                other.manage.is_empty() || other.manage.iter().any(|kept| kept.meets(place))
            })
        };
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for place in &entry.placed {
            if entry.id != live.id || managed(place) || live.value.at(place).is_none() {
                continue;
            }
            match part::is_required(kind, place) {
                true => kept.push(format!("`{place}`")),
                false => gone.push(place.clone()),
            }
        }
        if !kept.is_empty() {
            self.plan.notes.push(format!(
                "{} of `{}` is no longer managed and stays as it is: {} needs it",
                kept.join(", "),
                live.name,
                kind.service().title()
            ));
        }
        gone
    }

    /// What becomes of an entry about parts whose document is gone.
    pub(super) fn part_gone(
        &mut self,
        addr: &Addr,
        kind: &'static dyn Kind,
        entry: &Entry,
    ) -> Change {
        let blank = forget(addr, kind, &entry.name, &entry.needs);
        let live = self.input.live.by_id(kind.name(), &entry.id);
        // An id that is given again may be another object by now.
        let Some(live) = live.filter(|live| live.name == entry.name) else {
            return blank;
        };
        let given_up = self.given_up(kind, live, entry);
        let want = graft(&live.value, &Value::Null, &given_up);
        let found = diff::compare(kind, &want, &live.value, &[]);
        let fields = narrowed(found.fields, &given_up);
        if fields.is_empty() {
            return blank;
        }
        Change {
            action: Action::Update,
            fields,
            seen: Some(live.clone()),
            want: Some(want),
            part: Some(Part {
                given_up,
                ..Part::default()
            }),
            ..blank
        }
    }

    /// Whether the ledger has these very parts, as they are protected now.
    fn is_part_recorded(&self, object: &Object, live: &Observed, change: &Change) -> bool {
        let entry = self.input.ledger.entries.get(&object.addr);
        let same = |entry: &Entry| {
            entry.id == live.id
                && entry.protect == object.lifecycle.protect
                && change.part.as_ref().is_some_and(|part| part.same(entry))
        };
        self.input.desired.config.ledger == Some(LedgerHome::None) || entry.is_some_and(same)
    }

    /// A live object as the documents about parts of it want it.
    pub(super) fn with_parts(&self, kind: &dyn Kind, live: &'a Observed) -> Cow<'a, Value> {
        let parts = self.input.desired.objects.values().filter(|object| {
            !object.manage.is_empty()
                && object.kind.name() == kind.name()
                && object.name == live.name
        });
        parts.fold(Cow::Borrowed(&live.value), |value, object| {
            Cow::Owned(graft(&value, &object.spec, &object.manage))
        })
    }
}

impl Part {
    /// Whether the ledger has the same places.
    fn same(&self, entry: &Entry) -> bool {
        !entry.manage.is_empty() && entry.manage == self.places && entry.placed == self.placed
    }
}

/// The address of a document stays with the object that the ledger has under it.
fn another_object(object: &Object, entry: &Entry, now: &str) -> Finding {
    Finding::error(
        "live::another_object",
        object.place,
        format!(
            "`{}` is `{}` in the ledger, and the document now means `{now}`",
            object.addr, entry.id
        ),
    )
    .help("give the document another `ref`; the old object is then left as it should be")
}

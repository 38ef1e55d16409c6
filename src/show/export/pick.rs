//! Picking: which live objects become documents, and what they are called.
//!
//! Names are given to all live objects, whichever are asked for, so that a narrower export uses the
//! same ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::plan::live_of;
use crate::decide::plan::settle::{self, Exports};
use crate::kinds::identity::said;
use crate::kinds::{self, Identity, Kind, Observed, label, slug};
use crate::show::export::{Id, Input, names};
use crate::want::desired::usual_name;
use crate::words::template::escape;
use crate::words::{Addr, Value};

/// One object to be written down.
pub(super) struct Chosen<'a> {
    pub(super) addr: Addr,
    pub(super) kind: &'static dyn Kind,
    pub(super) seen: &'a Observed,
    pub(super) reference: Option<String>,
    pub(super) replaces: Option<Addr>,
}

/// What is exported, and what is not.
#[derive(Default)]
pub(super) struct Picked<'a> {
    pub(super) chosen: Vec<Chosen<'a>>,
    /// The addresses of what is exported or in the project, by kind and id.
    pub(super) addrs: BTreeMap<Id, Addr>,
    pub(super) left_out: Vec<(String, String)>,
    pub(super) known: usize,
    pub(super) ordinary: BTreeMap<(&'static str, &'static str), usize>,
}

pub(super) fn pick<'a>(input: Input<'a>, refused: &BTreeMap<Id, String>) -> Picked<'a> {
    let known = in_project(&input);
    let mut taken: BTreeSet<Addr> = input.desired.objects.keys().cloned().collect();
    let mut picked = Picked::default();
    for kind in kinds::ALL.iter().copied() {
        for seen in input.live.of_kind(kind.name()) {
            if kind.is_system(&seen.id) {
                continue;
            }
            let id: Id = (kind.name(), seen.id.clone());
            let (addr, reference) = match known.get(&id) {
                Some(addr) => {
                    let reference = usual(kind, seen).as_deref() != Some(addr.name.as_str());
                    (addr.clone(), reference)
                }
                None => {
                    let usual = usual(kind, seen);
                    let (addr, is_usual) =
                        names::address(kind, usual.as_deref(), &seen.id, &mut taken);
                    (addr, !is_usual)
                }
            };
            let named = input.globs.iter().any(|glob| glob.fits(&addr));
            if !input.globs.is_empty() && !named {
                if known.contains_key(&id) {
                    picked.addrs.insert(id, addr);
                }
                continue;
            }
            if known.contains_key(&id) && !named {
                picked.known += 1;
                picked.addrs.insert(id, addr);
                continue;
            }
            // A star may fit everything; only what is asked for by itself is worth its document.
            let asked = input
                .globs
                .iter()
                .any(|glob| glob.may_name_only(kind.name()));
            if let Some(why) = kind.is_ordinary(&seen.value).filter(|_| !asked) {
                *picked.ordinary.entry((kind.name(), why)).or_default() += 1;
                continue;
            }
            let why = refused.get(&id).cloned();
            if let Some(why) = why.or_else(|| ambiguous(&input, kind, seen)) {
                picked.left_out.push((addr.to_string(), why));
                continue;
            }
            let reference = reference || kind.needs_ref().is_some() || is_escaped(kind, seen);
            picked.addrs.insert(id.clone(), addr.clone());
            picked.chosen.push(Chosen {
                reference: reference.then(|| addr.name.to_string()),
                replaces: known.get(&id).cloned(),
                addr,
                kind,
                seen,
            });
        }
    }
    picked
}

/// The name that a document without a `ref` has in addresses.
fn usual(kind: &dyn Kind, seen: &Observed) -> Option<String> {
    match kind.needs_ref() {
        Some(_) => Some(slug(&seen.name)).filter(|name| !name.is_empty()),
        None => Some(usual_name(kind, &name_of(kind, seen))),
    }
}

/// What the documents of an object match it by.
fn name_of(kind: &dyn Kind, seen: &Observed) -> String {
    let name = kind.identity().name_in(&seen.value);
    name.unwrap_or_else(|| seen.name.clone())
}

/// Whether a text of the identity cannot be written as it is.
fn is_escaped(kind: &dyn Kind, seen: &Observed) -> bool {
    let parts = kind.identity().parts();
    let mut texts = parts
        .into_iter()
        .filter_map(|part| seen.value.get_text(part));
    texts.any(|text| escape(text) != text)
}

/// The live objects that the project has, by kind and id, with their addresses there.
fn in_project(input: &Input) -> BTreeMap<Id, Addr> {
    let mut known = BTreeMap::new();
    let mut exports = Exports::default();
    let mut rest = Vec::new();
    for object in input.desired.objects.values() {
        match live_of(input.live, input.ledger, object) {
            Some(seen) if !matches!(object.kind.identity(), Identity::NameWith(..)) => {
                let of = settle::exports_of(object.kind, seen);
                exports.insert(object.addr.clone(), of);
                known.insert((object.kind.name(), seen.id.clone()), object.addr.clone());
            }
            _ => rest.push(object),
        }
    }
    // What is recognised by two fields may read the others in one of them.
    for object in rest {
        let Some(also) = object.kind.identity().also() else {
            continue;
        };
        let spec = exports.settle(&object.spec);
        let wanted = said(object.kind.shape(), also, &spec);
        let named = input.live.by_name(object.kind.name(), &object.name);
        let found = named.into_iter().find(|seen| {
            let is = said(object.kind.shape(), also, &seen.value);
            let ours = input.ledger.entries.get(&object.addr);
            is == wanted || ours.is_some_and(|entry| entry.id == seen.id)
        });
        if let Some(seen) = found {
            let of = settle::exports_of(object.kind, seen);
            exports.insert(object.addr.clone(), of);
            known.insert((object.kind.name(), seen.id.clone()), object.addr.clone());
        }
    }
    known
}

/// Why no document can mean this object and no other.
fn ambiguous(input: &Input, kind: &dyn Kind, seen: &Observed) -> Option<String> {
    let config = &input.desired.config;
    let own = label::of(&config.project, config.environment.as_deref());
    if let Some(theirs) = label::foreign(kind, &seen.value, &own) {
        return Some(format!(
            "it has the label `{theirs}`, so it is somebody else's"
        ));
    }
    if kind.identity().is_chosen() {
        return None;
    }
    let also = |value: &Value| {
        let field = kind.identity().also()?;
        said(kind.shape(), field, value)
    };
    let here = also(&seen.value);
    let twins = input.live.by_name(kind.name(), &seen.name);
    let twins: Vec<&Observed> = twins
        .into_iter()
        .filter(|twin| also(&twin.value) == here)
        .filter(|twin| label::foreign(kind, &twin.value, &own).is_none())
        .collect();
    (twins.len() > 1).then(|| {
        format!(
            "{} live objects are named `{}`, and no file can say which one is meant; give them different names",
            twins.len(),
            seen.name
        )
    })
}

//! What an object is in live, and whether live has what it refers to.

use std::borrow::Cow;

use crate::decide::plan::make::Planning;
use crate::decide::plan::settle;
use crate::kinds::{Identity, Observed, identity};
use crate::want::desired::{self, Object};
use crate::words::{Addr, Finding, Value};

impl<'a> Planning<'a> {
    /// The live object that a desired object is, if there is one.
    pub(super) fn matching(&self, object: &Object) -> Result<Option<&'a Observed>, Finding> {
        let live = self.input.live;
        let kind = object.kind;
        if let Some((_, entry)) = self.entry(&object.addr)
            && !kind.identity().is_chosen()
            && let Some(found) = live.by_id(kind.name(), &entry.id)
        {
            return Ok(Some(found));
        }
        match kind.identity() {
            Identity::Field(_) | Identity::Pair(..) => Ok(live
                .by_id(kind.name(), &object.name)
                .or_else(|| self.former(object))),
            Identity::Name(_) | Identity::NameWith(..) => match self.named(object).as_slice() {
                [] => Ok(None),
                [one] => Ok(Some(one)),
                several => Err(ambiguous(object, several)),
            },
        }
    }

    /// The live objects with this name that are not known to be another object of the project.
    fn named(&self, object: &Object) -> Vec<&'a Observed> {
        let mut named = self.input.live.by_name(object.kind.name(), &object.name);
        named.retain(|live| {
            self.owner(object.kind, &live.id)
                .is_none_or(|addr| self.frees(addr, object))
        });
        if let Some(also) = object.kind.identity().also()
            && !named.is_empty()
        {
            let settled = Cow::Owned(self.exports.settle(&object.spec));
            let (want, _) = settle::names_to_ids(object.kind, settled, self.input.live);
            let of = |spec: &Value| identity::said(object.kind.shape(), also, spec);
            named.retain(|live| of(&live.value) == of(&want));
        }
        self.prefer_own(object.kind, &mut named);
        named
    }

    /// The live object that was made for this document when it had another identifier.
    /// One that is not ours to delete cannot become it by being replaced.
    fn former(&self, object: &Object) -> Option<&'a Observed> {
        let (held, entry) = self.entry(&object.addr)?;
        let kind = object.kind.name();
        let declared = self.declared.contains(&(kind, entry.id.as_str()));
        let known = self.owner(object.kind, &entry.id) == Some(held);
        let stays = object.kind.renames() || !entry.adopted;
        // What cannot be deleted cannot be replaced either: it is another one.
        let replaced = object.kind.stays().is_none();
        (known && !declared && stays && replaced)
            .then(|| self.input.live.by_id(kind, &entry.id))
            .flatten()
    }

    /// What an object is to be, with everything that it reads from others as far as live knows.
    pub(super) fn settled(&mut self, object: &'a Object) -> Cow<'a, Value> {
        let settled = match object.spec.is_plain() {
            true => Cow::Borrowed(&object.spec),
            false => Cow::Owned(self.exports.settle(&object.spec)),
        };
        let (want, problems) = settle::names_to_ids(object.kind, settled, self.input.live);
        for (_, message, help) in problems {
            self.findings.push(
                Finding::error(
                    "live::unknown_space",
                    object.place,
                    format!("`{}`: {message}", object.addr),
                )
                .maybe_help(help),
            );
        }
        want
    }

    /// References to what the project does not declare are looked up in live.
    pub(super) fn check_references(&mut self, object: &'a Object) {
        let desired = self.input.desired;
        for (addr, attribute, place) in &object.reads {
            if desired.objects.contains_key(addr) || self.exports.contains(addr) {
                continue;
            }
            match settle::outside(addr, self.input.live) {
                Some(exports) => self.exports.insert(addr.clone(), exports),
                None => self.findings.push(self.absent(
                    addr,
                    &format!("`${{{addr}.{attribute}}}`"),
                    *place,
                )),
            }
        }
        for (mention, place) in &object.mentions {
            let name = mention.addr.name.as_str();
            let mut kinds = mention.kinds();
            if kinds.any(|kind| self.declared.contains(&(kind.name(), name))) {
                continue;
            }
            let mut kinds = mention.kinds();
            match kinds.find_map(|kind| Some((kind, self.input.live.by_id(kind.name(), name)?))) {
                Some((kind, found)) => {
                    let value = self.with_parts(kind, found);
                    desired::property_exists(mention, &value, *place, &mut self.findings)
                }
                None if mention.hard && mention.property.is_none() => {
                    self.findings
                        .push(self.absent(&mention.addr, &format!("`{name}`"), *place));
                }
                None => {}
            }
        }
    }

    fn absent(&self, addr: &Addr, what: &str, place: crate::words::Place) -> Finding {
        let refused = self.input.live.refused.get(addr.kind_name().as_str());
        let help = match refused {
            Some(said) => format!("this credential may not list objects of this kind: {said}"),
            None => "declare it in the project, create it there, or correct the name".into(),
        };
        Finding::error(
            "live::not_found",
            place,
            format!(
                "{what}: `{addr}` is neither in the project nor in {}",
                addr.service.title()
            ),
        )
        .help(help)
    }
}

/// Several live objects have the name that a document means.
pub(super) fn ambiguous(object: &Object, several: &[&Observed]) -> Finding {
    let ids: Vec<&str> = several.iter().map(|seen| seen.id.as_str()).collect();
    Finding::error(
        "live::ambiguous_name",
        object.place,
        format!(
            "{} live objects are named `{}`: {}",
            several.len(),
            object.name,
            ids.join(", ")
        ),
    )
    .help("rename all but one of them in the service")
}

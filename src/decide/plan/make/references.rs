//! What an object is in live, and whether live has what it refers to.

use crate::decide::plan::make::Planning;
use crate::decide::plan::settle;
use crate::kinds::{self, Identity, Observed};
use crate::want::desired::{self, Object};
use crate::words::{Addr, Finding};

impl<'a> Planning<'a> {
    /// The live object that a desired object is, if there is one.
    pub(super) fn matching(&self, object: &Object) -> Result<Option<&'a Observed>, Finding> {
        let live = self.input.live;
        let kind = object.kind;
        if let Some(entry) = self.input.ledger.entries.get(&object.addr)
            && matches!(kind.identity(), Identity::Name(_))
            && let Some(found) = live.by_id(kind.name(), &entry.id)
        {
            return Ok(Some(found));
        }
        match kind.identity() {
            Identity::Field(_) => Ok(live
                .by_id(kind.name(), &object.name)
                .or_else(|| self.former(object))),
            Identity::Name(_) => match self.named(object).as_slice() {
                [] => Ok(None),
                [one] => Ok(Some(one)),
                several => Err(Finding::error(
                    "live::ambiguous_name",
                    object.place,
                    format!(
                        "{} live objects are named `{}`: {}",
                        several.len(),
                        object.name,
                        several
                            .iter()
                            .map(|o| o.id.as_str())
                            .collect::<Vec<_>>()
                            .join(", ")
                    ),
                )
                .help("rename all but one of them in the service")),
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
        named
    }

    /// The live object that was made for this document when it had another identifier.
    fn former(&self, object: &Object) -> Option<&'a Observed> {
        let entry = self.input.ledger.entries.get(&object.addr)?;
        let kind = object.kind.name();
        let declared = self.declared.contains(&(kind, entry.id.as_str()));
        let known = self.owner(object.kind, &entry.id) == Some(&object.addr);
        (known && !declared && !entry.adopted)
            .then(|| self.input.live.by_id(kind, &entry.id))
            .flatten()
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
            let kinds: Vec<&'static dyn kinds::Kind> = mention
                .kinds()
                .filter_map(|kind| kinds::find(&kind))
                .collect();
            if kinds
                .iter()
                .any(|kind| self.declared.contains(&(kind.name(), name)))
            {
                continue;
            }
            match kinds
                .iter()
                .find_map(|kind| self.input.live.by_id(kind.name(), name))
            {
                Some(found) => {
                    desired::property_exists(mention, &found.value, *place, &mut self.findings)
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

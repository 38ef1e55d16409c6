//! Names of declared objects where a field may hold the name of a live one: they become references.
//!
//! `space: Platform` means the declared space `Platform`, also before it exists. Deliberately not
//! here: names of objects that only live has (see `decide`).

use std::collections::BTreeMap;

use crate::kinds::{self, Picks, picks};
use crate::want::desired::Building;
use crate::words::{Addr, Template, Value};

/// What is read of an object that is named.
const ATTRIBUTE: &str = "id";

impl Building<'_> {
    /// Turns the names of declared objects into references to them.
    pub(super) fn refer_by_name(&mut self) {
        let Some(kind) = kinds::find(picks::NAMED) else {
            return;
        };
        let mut declared: BTreeMap<&str, Vec<&Addr>> = BTreeMap::new();
        let named = self
            .objects
            .values()
            .filter(|object| object.kind.name() == kind.name());
        for object in named.filter(|object| !kind.is_system(&object.name)) {
            declared.entry(&object.name).or_default().push(&object.addr);
        }
        if declared.is_empty() {
            return;
        }
        // What several objects are named is left to live, which says so.
        let unique: BTreeMap<String, Addr> = declared
            .into_iter()
            .filter_map(|(name, addrs)| match addrs.as_slice() {
                [one] => Some((name.to_owned(), (*one).clone())),
                _ => None,
            })
            .collect();
        for object in self.objects.values_mut() {
            let places = &Picks::of(object.kind).by_name;
            let mut reads = Vec::new();
            let spec = object.spec.map_leaves(&mut |at, leaf| {
                let text = leaf.as_text().filter(|_| places.contains(at))?;
                let addr = unique.get(text).filter(|addr| **addr != object.addr)?;
                let template = Template::parse(&format!("${{{addr}.{ATTRIBUTE}}}")).ok()?;
                reads.push((addr.clone(), ATTRIBUTE.to_owned(), object.place));
                Some(Value::Deferred(template))
            });
            if !reads.is_empty() {
                object.spec = spec;
                object.reads.extend(reads);
            }
        }
    }
}

//! Identity: the address of each object, and what its service knows it by.

use std::collections::BTreeMap;

use crate::kinds::{self, Identity};
use crate::want::desired::{Building, Object, settle};
use crate::want::document::Document;
use crate::words::template::Reference;
use crate::words::{Addr, Data, Finding, Node, Place};

impl Building<'_> {
    /// The address and what the service knows the object by.
    pub(super) fn identify(&mut self, document: &Document, spec: &Node) -> Option<(Addr, String)> {
        let kind = document.kind;
        let field = kind.identity().field();
        let identity = spec.get(field)?;
        let name = match &identity.data {
            Data::Text(text) if !text.is_empty() => text.clone(),
            Data::Deferred(_) if identity.is_broken() => return None,
            Data::Deferred(_) => {
                self.findings.push(
                    Finding::error(
                        "config::identity",
                        identity.place,
                        format!("`{field}` must be known before anything is applied"),
                    )
                    .help("use `${var.…}` or a plain text"),
                );
                return None;
            }
            _ => return None,
        };
        let reference = match &document.reference {
            Some(node) => node.text()?.to_owned(),
            None => {
                let written = document.spec.get(field).and_then(Node::text);
                if written.is_some_and(|text| text != name) {
                    self.findings.push(
                        Finding::error("config::needs_ref", identity.place, format!("`{field}` holds a reference, so the object needs a `ref`"))
                            .help("add `ref: NAME` beside `kind`; it names the object in every environment"),
                    );
                    return None;
                }
                match kind.identity() {
                    Identity::Field(_) => name.clone(),
                    Identity::Name(_) => match kinds::slug(&name) {
                        slug if slug.is_empty() => name.clone(),
                        slug => slug,
                    },
                }
            }
        };
        if reference.contains('"') || reference.contains(char::is_control) {
            self.findings.push(Finding::error(
                "config::address",
                identity.place,
                format!("`{reference}` cannot be part of an address"),
            ));
            return None;
        }
        Some((Addr::new(kind.service(), kind.word(), reference), name))
    }

    /// Two documents must not mean the same live object.
    pub(super) fn same_identity(&mut self) {
        let mut seen: BTreeMap<(&str, &str), &Object> = BTreeMap::new();
        let mut doubles = Vec::new();
        for object in self.objects.values() {
            let first = seen.insert((object.kind.name(), &object.name), object);
            if let Some(first) = first.filter(|first| self.meet(&first.addr, &object.addr)) {
                doubles.push(
                    Finding::error(
                        "config::duplicate_identity",
                        object.place,
                        format!(
                            "`{}` and `{}` are the same object, `{}`",
                            first.addr, object.addr, object.name
                        ),
                    )
                    .related(first.place, "also declared here")
                    .help("remove one of them"),
                );
            }
        }
        self.findings.extend(doubles);
    }

    /// Whether some environment has both objects.
    fn meet(&self, one: &Addr, other: &Addr) -> bool {
        let declared = |addr| self.declared.get(addr).into_iter().flatten();
        declared(one).any(|first| declared(other).any(|second| first.meets(&second.environments)))
    }

    /// Identifiers are known from the files, so references to them are settled at once.
    pub(super) fn settle_identities(&mut self) {
        let known: BTreeMap<Addr, (&'static str, String)> = self
            .objects
            .values()
            .filter(|o| matches!(o.kind.identity(), Identity::Field(_)))
            .map(|o| (o.addr.clone(), (o.kind.identity().field(), o.name.clone())))
            .collect();
        let fill = |reference: &Reference| match reference {
            Reference::Attribute(addr, attribute) => known
                .get(addr)
                .filter(|(field, _)| field == attribute)
                .map(|(_, name)| name.clone()),
            _ => None,
        };
        for object in self.objects.values_mut() {
            let settles = |(addr, attribute, _): &(Addr, String, Place)| {
                known.get(addr).is_some_and(|(field, _)| field == attribute)
            };
            if !object.reads.iter().any(settles) {
                continue;
            }
            object.spec = settle(&object.spec, &mut |reference| fill(reference));
            let places = std::mem::take(&mut object.mentions);
            object.mentions = object
                .kind
                .mentions(&object.spec)
                .into_iter()
                .map(|m| {
                    let place = places
                        .iter()
                        .find(|(old, _)| old.at == m.at)
                        .map_or(object.place, |(_, place)| *place);
                    (m, place)
                })
                .collect();
        }
    }
}

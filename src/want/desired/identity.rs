//! Identity: the address of each object, and what its service knows it by.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kinds::identity::{joined, said};
use crate::kinds::{self, Kind};
use crate::want::desired::{Building, Object, settle};
use crate::want::document::Document;
use crate::want::manage;
use crate::words::template::Reference;
use crate::words::{Addr, Data, Finding, Node, Place};

/// The address of a document as far as its text tells without reading any `${…}`.
pub(super) fn written(document: &Node) -> Option<Addr> {
    let kind = kinds::find(document.get("kind")?.text()?)?;
    let name = match document.get("ref") {
        Some(reference) => reference.text()?.to_owned(),
        None => {
            let spec = document.get("spec")?;
            let parts = kind.identity().parts();
            let texts: Option<Vec<&str>> = parts
                .into_iter()
                .map(|part| spec.get(part)?.text())
                .collect();
            usual_name(kind, &joined(&texts?))
        }
    };
    Some(Addr::new(kind.service(), kind.word(), name))
}

/// The name in addresses of an object without a `ref`.
pub fn usual_name(kind: &dyn Kind, name: &str) -> String {
    match kinds::slug(name) {
        slug if !kind.identity().is_chosen() && !slug.is_empty() => slug,
        _ => name.to_owned(),
    }
}

impl Building<'_> {
    /// The address and what the service knows the object by.
    pub(super) fn identify(&mut self, document: &Document, spec: &Node) -> Option<(Addr, String)> {
        let kind = document.kind;
        let identity = kind.identity();
        let mut texts: Vec<(&str, &Node, &str)> = Vec::new();
        for field in identity.parts() {
            let node = spec.get(field)?;
            match &node.data {
                Data::Text(text) if !text.is_empty() => texts.push((field, node, text)),
                Data::Deferred(_) if !node.is_broken() => {
                    self.findings.push(
                        Finding::error(
                            "config::identity",
                            node.place,
                            format!("`{field}` must be known before anything is applied"),
                        )
                        .help("use `${var.…}` or a plain text"),
                    );
                    return None;
                }
                _ => return None,
            }
        }
        let parts: Vec<&str> = texts.iter().map(|(_, _, text)| *text).collect();
        let name = joined(&parts);
        let place = texts.last()?.1.place;
        let reference = match &document.reference {
            Some(node) => node.text()?.to_owned(),
            None => {
                if let Some(why) = kind.needs_ref() {
                    self.findings.push(
                        Finding::error(
                            "config::needs_ref",
                            document.node.place,
                            format!("a `{}` needs a `ref`: {why}", kind.name()),
                        )
                        .help("add `ref: NAME` beside `kind`; it names the object in addresses"),
                    );
                    return None;
                }
                let filled = texts.iter().find(|(field, _, text)| {
                    let written = document.spec.get(field).and_then(Node::text);
                    written.is_some_and(|written| written != *text)
                });
                if let Some((field, node, _)) = filled {
                    self.findings.push(
                        Finding::error("config::needs_ref", node.place, format!("`{field}` holds a reference, so the object needs a `ref`"))
                            .help("add `ref: NAME` beside `kind`; it names the object in every environment"),
                    );
                    return None;
                }
                usual_name(kind, &name)
            }
        };
        if reference.contains('"') || reference.contains(char::is_control) {
            self.findings.push(Finding::error(
                "config::address",
                place,
                format!("`{reference}` cannot be part of an address"),
            ));
            return None;
        }
        Some((Addr::new(kind.service(), kind.word(), reference), name))
    }

    /// Two documents must not mean the same live object.
    pub(super) fn same_identity(&mut self) {
        let mut seen: BTreeMap<(&str, &str, Option<String>), Vec<&Object>> = BTreeMap::new();
        let mut doubles = Vec::new();
        for object in self.objects.values() {
            let also = object.kind.identity().also();
            let also = also.and_then(|field| said(object.kind.shape(), field, &object.spec));
            let key = (object.kind.name(), object.name.as_str(), also);
            let others = seen.entry(key).or_default();
            for first in others.iter().rev() {
                if !self.meet(&first.addr, &object.addr) {
                    continue;
                }
                if !first.manage.is_empty() && !object.manage.is_empty() {
                    doubles.extend(managed_twice(first, object));
                    continue;
                }
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
                break;
            }
            others.push(object);
        }
        self.findings.extend(doubles);
    }

    /// Whether some environment has both objects.
    fn meet(&self, one: &Addr, other: &Addr) -> bool {
        let declared = |addr| self.declared.get(addr).into_iter().flatten();
        declared(one).any(|first| declared(other).any(|second| first.meets(&second.environments)))
    }

    /// Whether the identity of a document is a reference to another one's identifier, which the
    /// files may tell as soon as all of them are read.
    pub(super) fn waits(kind: &dyn Kind, spec: &Node) -> bool {
        let identifies = |reference: &Reference| match reference {
            Reference::Attribute(addr, attribute) => kinds::of(addr).is_some_and(|kind| {
                kind.identity().is_chosen() && kind.identity().field() == attribute
            }),
            _ => false,
        };
        let parts = kind.identity().parts();
        parts.into_iter().any(|part| match spec.get(part) {
            Some(Node {
                data: Data::Deferred(template),
                ..
            }) => template.references().all(identifies),
            _ => false,
        })
    }

    /// Fills the identities of other documents into the identity of one that waited for them.
    pub(super) fn settle_identity(
        kind: &dyn Kind,
        spec: &mut Node,
        known: &BTreeMap<Addr, (&'static str, String)>,
    ) {
        let Data::Map(entries) = &mut spec.data else {
            return;
        };
        let parts = kind.identity().parts();
        for (key, node) in Arc::make_mut(entries) {
            if let Data::Deferred(template) = &node.data
                && parts.contains(&key.text.as_str())
                && let Some(text) = template.render(&mut |reference| fill(known, reference))
            {
                node.data = Data::Text(text.into());
            }
        }
    }

    /// The identifiers that the files tell, with the fields that hold them.
    pub(super) fn identities(&self) -> BTreeMap<Addr, (&'static str, String)> {
        let chosen = self
            .objects
            .values()
            .filter(|object| object.kind.identity().is_chosen());
        chosen
            .filter_map(|object| {
                let field = object.kind.identity().field();
                let text = object.spec.get_text(field)?.to_owned();
                Some((object.addr.clone(), (field, text)))
            })
            .collect()
    }

    /// Identifiers are known from the files, so references to them are settled at once.
    pub(super) fn settle_identities(&mut self) {
        let known = self.identities();
        for object in self.objects.values_mut() {
            let settles = |(addr, attribute, _): &(Addr, String, Place)| {
                known.get(addr).is_some_and(|(field, _)| field == attribute)
            };
            if !object.reads.iter().any(settles) {
                continue;
            }
            object.spec = settle(&object.spec, &mut |reference| fill(&known, reference));
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

/// The places that two documents about parts of one object both manage.
fn managed_twice<'a>(one: &'a Object, other: &'a Object) -> impl Iterator<Item = Finding> + 'a {
    let met = other.manage.iter().filter_map(|place| {
        let first = one.manage.iter().find(|first| first.meets(place))?;
        Some((place, first))
    });
    met.map(|(place, first)| {
        manage::overlap(other.place, place, first)
            .related(one.place, format!("also managed by `{}`", one.addr))
    })
}

/// The identifier that a reference reads, when it is among those that the files tell.
pub(super) fn fill(
    known: &BTreeMap<Addr, (&'static str, String)>,
    reference: &Reference,
) -> Option<String> {
    let Reference::Attribute(addr, attribute) = reference else {
        return None;
    };
    let (field, text) = known.get(addr)?;
    (field == attribute).then(|| text.clone())
}

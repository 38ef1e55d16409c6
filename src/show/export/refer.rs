//! Ids that become references: addresses that events are posted to, ids of webhooks in policies,
//! and ids of spaces.
//!
//! Whoever knows an intake URL can post to it, so it is never written out, whether or not references
//! are asked for. Everything else stays as it is unless they are. Deliberately not here: identifiers
//! of Port, which are references by themselves.

use std::collections::BTreeMap;

use crate::kinds::{self, Kind};
use crate::show::export::{Id, Input, attribute, names, spec};
use crate::words::template::Part;
use crate::words::{Addr, Template, Value};

/// The shortest key that is looked for in texts: shorter ones may be words.
const SHORTEST_KEY: usize = 12;

/// What ids stand for.
pub(super) struct Targets {
    /// Texts that are unlike any other, the longest first.
    addresses: Vec<(String, Part)>,
    /// Ids of named webhooks.
    webhooks: BTreeMap<String, Part>,
    /// Ids of spaces, with their addresses.
    spaces: BTreeMap<String, Addr>,
}

impl Targets {
    /// What the ids of live objects stand for; `addrs` are those that are exported or in the project.
    pub(super) fn new(input: &Input, addrs: &BTreeMap<Id, Addr>) -> Targets {
        let mut addresses = Vec::new();
        let mut webhooks = BTreeMap::new();
        let mut spaces = BTreeMap::new();
        for (name, seen) in input.live.iter() {
            let Some(kind) = kinds::find(name) else {
                continue;
            };
            let known = addrs.get(&(kind.name(), seen.id.clone()));
            // What the project does not have is found by its identifier.
            let elsewhere = Some(Addr::new(kind.service(), kind.word(), &seen.id))
                .filter(|_| kind.identity().is_chosen() && names::is_addressable(&seen.id));
            for (export, _) in kind.exports() {
                let Some(text) = seen.exports.get(export).and_then(Value::as_text) else {
                    continue;
                };
                let part = |addr: &Addr| Part::Reference(attribute(addr, export));
                match kind.identity().is_chosen() {
                    true if text.chars().count() >= SHORTEST_KEY => {
                        let addr = known.or(elsewhere.as_ref());
                        addresses.extend(addr.map(|addr| (text.to_owned(), part(addr))));
                    }
                    false if kind.name() == kinds::picks::NAMED => {
                        spaces.extend(known.map(|addr| (text.to_owned(), addr.clone())));
                    }
                    false if kind.receives_events() => {
                        webhooks.extend(known.map(|addr| (text.to_owned(), part(addr))));
                    }
                    _ => {}
                }
            }
        }
        addresses.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.0.cmp(&b.0)));
        Targets {
            addresses,
            webhooks,
            spaces,
        }
    }

    /// A spec in which ids are references.
    pub(super) fn refer(&self, kind: &dyn Kind, own: &Addr, spec: &Value, ids: bool) -> Value {
        let identity = kind.identity().parts();
        let text_file = kind.text_file().map(|file| file.field);
        spec.map_leaves(&mut |at, leaf| {
            let text = leaf.as_text()?;
            if at.first().is_some_and(|first| identity.contains(&first)) {
                return None;
            }
            if ids && spec::is_by_name(kind, at) {
                let addr = self.spaces.get(text).filter(|addr| *addr != own)?;
                let parts = vec![Part::Reference(attribute(addr, "id"))];
                return Some(Value::Deferred(Template { parts }));
            }
            let mut template = Template::default();
            template.push_text(text);
            let long = |(address, _): &&(String, Part)| address.len() <= text.len();
            for (address, reference) in self.addresses.iter().filter(long) {
                template = within(
                    template,
                    |text| whole_at(text, address),
                    address.len(),
                    reference,
                );
            }
            if ids && at.first() == text_file && at.parts().len() == 1 {
                for (id, reference) in &self.webhooks {
                    template = within(template, |text| literal_at(text, id), id.len(), reference);
                }
            }
            // Inside of `{{ … }}` nothing of ours is read.
            let reads = Template::parse(&template.source()).is_ok_and(|read| read == template);
            let refers = template.references().next().is_some();
            (refers && reads).then_some(Value::Deferred(template))
        })
    }
}

/// The template with a reference in place of what `find` finds in its literal parts.
fn within(
    template: Template,
    find: impl Fn(&str) -> Option<usize>,
    length: usize,
    reference: &Part,
) -> Template {
    let mut made = Template::default();
    for part in template.parts {
        let Part::Text(text) = part else {
            made.parts.push(part);
            continue;
        };
        let mut rest = text.as_str();
        while let Some(at) = find(rest) {
            made.push_text(&rest[..at]);
            made.parts.push(reference.clone());
            rest = &rest[at + length..];
        }
        made.push_text(rest);
    }
    made
}

/// Where a text stands by itself and not inside of a longer word.
fn whole_at(text: &str, word: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || "_-".contains(c);
    let mut found = text.match_indices(word);
    found.find_map(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(part);
        let after = text[at + word.len()..].chars().next().is_some_and(part);
        (!before && !after).then_some(at)
    })
}

/// Where a text is a whole literal of Rego, and not the key of an object: an id such as `port` may
/// be any word of a rule.
fn literal_at(text: &str, id: &str) -> Option<usize> {
    let mut found = text.match_indices(id);
    found.find_map(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + id.len()..]);
        let quoted = ['"', '`'].into_iter().find(|q| before.ends_with(*q));
        let rest = after.strip_prefix(quoted?)?;
        (!rest.trim_start().starts_with(':') || rest.trim_start().starts_with(":=")).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_and_whole_literals_are_ids() {
        let url = "https://ingest.port.io/abcdefgh";
        assert_eq!(
            whole_at("to https://ingest.port.io/abcdefgh!", url),
            Some(3)
        );
        assert_eq!(whole_at("https://ingest.port.io/abcdefghi", url), None);
        assert_eq!(whole_at("xhttps://ingest.port.io/abcdefgh", url), None);

        let rego = "webhook[{\"endpoint_id\": \"port\"}] { input.port == \"portal\" }";
        let at = literal_at(rego, "port").unwrap();
        assert_eq!(&rego[at - 1..at + 5], "\"port\"");
        assert_eq!(literal_at("x := {\"port\": 1}", "port"), None);
        assert_eq!(literal_at("port", "port"), None);
    }
}

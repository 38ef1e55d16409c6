//! Secrets: a text in a write-only field becomes the source of a secret, never its text.

use std::collections::BTreeMap;

use crate::want::config::LedgerHome;
use crate::want::resolve::{Filled, Resolver};
use crate::words::template::{Part, Reference};
use crate::words::value::SecretSource;
use crate::words::{Data, Finding, Node, Place, Template, Text};

/// Where the settings name the key that Port will hold.
const RUNTIME: [&str; 2] = ["spacelift", "runtime"];

impl Resolver<'_> {
    /// A text in a write-only field: nothing of it is filled in but what the files say.
    pub(super) fn secret_text(&mut self, node: &Node, template: &Template) -> Node {
        if let Some(reference @ Reference::Json(_)) = template.single()
            && let Filled::Node(found) = self.fill(reference, node.place, 0)
        {
            // A whole map of secrets; its texts have become secrets on the way.
            return Node::new(node.place, found.data);
        }
        let mut filled = Template::default();
        self.fill_secret(template, node.place, &mut filled);
        self.stands_alone(&filled, node.place);
        let written = template.references().all(|reference| {
            // Other references may be given on the command line.
            matches!(reference, Reference::File(_))
        });
        if written && filled.references().next().is_none() && !filled.parts.is_empty() {
            self.findings.push(
                Finding::warning(
                    "lint::literal_secret",
                    node.place,
                    "a secret's text stands in the file",
                )
                .help("read it from the environment: `${env.NAME}`"),
            );
        }
        Node::new(node.place, self.secret(filled))
    }

    /// Why a text that we make cannot be used, and what to do instead.
    fn refuses_random(&self, reference: &Reference) -> Option<(String, &'static str)> {
        if self.at.parts().starts_with(&RUNTIME.map(Text::from)) {
            let why = format!(
                "`${{{reference}}}` cannot be a key of Spacelift, which makes its keys itself"
            );
            return Some((why, "make the key in Spacelift and write `${env.NAME}`"));
        }
        let without = self.context.config.ledger == Some(LedgerHome::None);
        without.then(|| {
            (
                format!("`${{{reference}}}` needs a ledger, and this project has none: nobody would know whether its text was sent"),
                "give the project a ledger, or write `${env.NAME}` and make the text yourself",
            )
        })
    }

    /// What is compared of a text that we make is the text alone, so nothing else may be around it.
    fn stands_alone(&mut self, filled: &Template, place: Place) {
        if filled.single().is_some() {
            return;
        }
        let random = filled
            .references()
            .find(|reference| matches!(reference, Reference::Random(_)))
            .cloned();
        if let Some(reference) = random {
            let here = self.place_of(&reference, place, 0);
            self.findings.push(
                Finding::error(
                    "ref::random",
                    here,
                    format!("`${{{reference}}}` stands inside of another text, and has to be the whole one"),
                )
                .help(format!("write `\"${{{reference}}}\"` and nothing around it")),
            );
        }
    }

    pub(super) fn secret(&self, template: Template) -> Data {
        Data::Secret(SecretSource::new(template))
    }

    fn fill_secret(&mut self, template: &Template, place: Place, filled: &mut Template) {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for part in &template.parts {
            let reference = match part {
                Part::Text(text) => {
                    filled.push_text(text);
                    continue;
                }
                Part::Reference(reference) => reference,
            };
            let raw = reference.to_string();
            let nth = *seen.entry(raw).and_modify(|n| *n += 1).or_insert(0);
            let here = self.place_of(reference, place, nth);
            if let Reference::File(path) = reference
                && let Some(Ok(included)) = self.context.folder.included.get(path)
            {
                let text = &self.context.folder.sources.file(included.file).text;
                self.secrets.push(Place::new(included.file, 0, text.len()));
            }
            match reference {
                Reference::Env(_) => filled.parts.push(part.clone()),
                Reference::RuntimeToken if self.context.config.runtime.is_some() => {
                    filled.parts.push(part.clone())
                }
                Reference::RuntimeToken => self.findings.push(
                    Finding::error("ref::no_runtime", here, "`${spacelift.runtime.token}` needs a runtime key")
                        .help("name it in `spaceport.yaml`: `spacelift: { runtime: { key_id: ${env.…}, key_secret: ${env.…} } }`"),
                ),
                Reference::Random(_) => match self.refuses_random(reference) {
                    Some((why, help)) => self
                        .findings
                        .push(Finding::error("ref::random", here, why).help(help)),
                    None => filled.parts.push(part.clone()),
                },
                Reference::File(path) => {
                    if let Some((template, place)) = self.open(path, here) {
                        self.fill_secret(&template, place, filled);
                        self.close();
                    }
                }
                _ => match self.fill(reference, place, nth) {
                    Filled::Text(text) => filled.push_text(&text),
                    Filled::Node(found) => self.push(&found, reference, here, filled),
                    Filled::Keep => filled.parts.push(part.clone()),
                    Filled::Problem => {}
                },
            }
        }
    }
}

//! Secrets: a text in a write-only field becomes the source of a secret, never its text.

use std::collections::BTreeMap;

use crate::want::resolve::{Filled, Resolver};
use crate::words::template::{Part, Reference};
use crate::words::value::SecretSource;
use crate::words::{Data, Finding, Node, Place, Template};

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
                Reference::Random(_) => self.findings.push(
                    Finding::error(
                        "ref::random",
                        here,
                        "`${random.…}` is not available in this version",
                    )
                    .help("use `${env.NAME}` with a text that you make yourself"),
                ),
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

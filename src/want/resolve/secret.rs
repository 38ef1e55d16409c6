//! Secrets: a text in a write-only field becomes the source of a secret, never its text.

use crate::want::resolve::{Filled, Resolver};
use crate::words::template::{Part, Reference};
use crate::words::value::SecretSource;
use crate::words::{Data, Finding, Node, Template};

impl Resolver<'_> {
    /// A text in a write-only field: nothing of it is filled in but what the files say.
    pub(super) fn secret_text(&mut self, node: &Node, template: &Template) -> Node {
        let mut filled = Template::default();
        for part in &template.parts {
            let Part::Reference(reference) = part else {
                if let Part::Text(text) = part {
                    filled.push_text(text);
                }
                continue;
            };
            match reference {
                Reference::Env(_) => filled.parts.push(part.clone()),
                Reference::RuntimeToken if self.context.config.runtime.is_some() => {
                    filled.parts.push(part.clone())
                }
                Reference::RuntimeToken => {
                    let here = self.place_of(reference, node.place, 0);
                    self.findings.push(
                        Finding::error("ref::no_runtime", here, "`${spacelift.runtime.token}` needs a runtime key")
                            .help("name it in `spaceport.yaml`: `spacelift: { runtime: { key_id: ${env.…}, key_secret: ${env.…} } }`"),
                    );
                }
                Reference::Random(_) => {
                    let here = self.place_of(reference, node.place, 0);
                    self.findings.push(
                        Finding::error(
                            "ref::random",
                            here,
                            "`${random.…}` is not available in this version",
                        )
                        .help("use `${env.NAME}` with a text that you make yourself"),
                    );
                }
                _ => match self.fill(reference, node.place, 0) {
                    Filled::Text(text) => filled.push_text(&text),
                    Filled::Node(found) => match &found.data {
                        Data::Text(text) => filled.push_text(text),
                        Data::Bool(b) => filled.push_text(&b.to_string()),
                        Data::Number(n) => filled.push_text(&n.to_string()),
                        Data::Deferred(inner) => filled.parts.extend(inner.parts.iter().cloned()),
                        _ => {}
                    },
                    Filled::Keep => filled.parts.push(part.clone()),
                    Filled::Problem => {}
                },
            }
        }
        if template.references().next().is_none() && !template.parts.is_empty() {
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
}

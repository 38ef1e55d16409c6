//! Resolving `${…}` in nodes: who may use which form where, and what it becomes.
//!
//! What files and settings know is filled in; attributes of objects stay `Deferred`; everything
//! in a write-only field becomes `Secret`, so that its text is never in the tree.
//! Pure: files were read by `source`, the environment is a map that holds no secret's text
//! on purpose of this module: texts of secrets are fetched by `there::services` when sent.
//!
//! | room | noun |
//! |---|---|
//! | `fill` | what each form of `${…}` becomes |
//! | `secret` | texts in write-only fields |

mod fill;
mod secret;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::want::config::Config;
use crate::want::source::Folder;
use crate::words::node::Key;
use crate::words::pointer::Step;
use crate::words::template::{Part, Reference};
use crate::words::{Data, Finding, Findings, Node, Place, Pointer, Template};

/// The tool's own credentials: never readable outside secrets (design, section 2).
pub const CREDENTIALS: &[&str] = &[
    "PORT_CLIENT_ID",
    "PORT_CLIENT_SECRET",
    "SPACELIFT_API_KEY_ID",
    "SPACELIFT_API_KEY_SECRET",
    "SPACELIFT_API_TOKEN",
    "SPACEPORT_FINGERPRINT_KEY",
    "SPACEPORT_LEDGER_KEY",
];

/// How deep files may name files.
const DEEPEST: usize = 8;

/// What resolving may look at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Variables, environment allow-list, region and account.
    pub config: &'a Config,
    /// The project's files.
    pub folder: &'a Folder,
    /// The process environment.
    pub env: &'a BTreeMap<String, String>,
}

/// Resolves nodes and collects findings and the places of what stays deferred.
pub struct Resolver<'a> {
    context: Context<'a>,
    write_only: &'a [Pointer],
    /// Where in the spec it is, kept only while something is write-only.
    at: Pointer,
    files: Vec<String>,
    /// What was wrong.
    pub findings: Findings,
    /// Where secret texts stand in the files.
    pub secrets: Vec<Place>,
    /// Each reference to another object, and where it stands in the files.
    pub deferred: Vec<(Reference, Place)>,
}

/// What one text became.
enum Filled {
    Node(Node),
    Text(String),
    Keep,
    Problem,
}

impl<'a> Resolver<'a> {
    /// A resolver for nodes whose places `write_only` are secrets.
    pub fn new(context: Context<'a>, write_only: &'a [Pointer]) -> Self {
        Resolver {
            context,
            write_only,
            at: Pointer::root(),
            files: Vec::new(),
            findings: Findings::default(),
            secrets: Vec::new(),
            deferred: Vec::new(),
        }
    }

    /// The node with everything filled in that is known now.
    pub fn resolve(&mut self, node: &Node) -> Node {
        self.changed(node).unwrap_or_else(|| node.clone())
    }

    /// The node with something filled in; `None` when nothing in it is a reference or a secret,
    /// so that what most files mostly hold is shared and not copied.
    fn changed(&mut self, node: &Node) -> Option<Node> {
        let data = match &node.data {
            Data::Text(text) if self.is_secret() || Template::may_be_in(text) => {
                return Some(self.text(node, text));
            }
            Data::List(items) => {
                let mut changed: Option<Vec<Node>> = None;
                for (index, item) in items.iter().enumerate() {
                    if let Some(item) = self.below(index, item) {
                        changed.get_or_insert_with(|| items.to_vec())[index] = item;
                    }
                }
                Data::List(Arc::new(changed?))
            }
            Data::Map(entries) => {
                let mut changed: Option<Vec<(Key, Node)>> = None;
                for (index, (key, value)) in entries.iter().enumerate() {
                    if let Some(value) = self.below(key.text.as_str(), value) {
                        changed.get_or_insert_with(|| entries.to_vec())[index].1 = value;
                    }
                }
                Data::Map(Arc::new(changed?))
            }
            Data::Bool(_) | Data::Number(_) if self.is_secret() => {
                self.secrets.push(node.place);
                return None;
            }
            // A secret of a wrong type keeps its type, for the error about it.
            _ => return None,
        };
        Some(Node::new(node.place, data))
    }

    /// The node with every text that refers to something left open, for checks of what is not
    /// used now. Finds bad syntax only.
    pub fn unsettled(&mut self, node: &Node) -> Node {
        let data = match &node.data {
            Data::Text(text) if Template::may_be_in(text) => match self.parse(text, node.place) {
                Some(template) => match template.literal() {
                    Some(text) => Data::Text(text.into()),
                    None => Data::Deferred(Template::default()),
                },
                None => Data::Deferred(Template::default()),
            },
            Data::List(items) => Data::List(Arc::new(
                items.iter().map(|item| self.unsettled(item)).collect(),
            )),
            Data::Map(entries) => Data::Map(Arc::new(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), self.unsettled(value)))
                    .collect(),
            )),
            other => other.clone(),
        };
        Node::new(node.place, data)
    }

    fn below(&mut self, part: impl Step, node: &Node) -> Option<Node> {
        if self.write_only.is_empty() {
            return self.changed(node);
        }
        self.at.push(part);
        let node = self.changed(node);
        self.at.pop();
        node
    }

    fn is_secret(&self) -> bool {
        self.write_only
            .iter()
            .any(|pattern| pattern.covers(&self.at))
    }

    fn text(&mut self, node: &Node, text: &str) -> Node {
        let secret = self.is_secret();
        let parsed = self.parse(text, node.place);
        // References alone may be shown, and help more than dots.
        let shown = |t: &Template| t.parts.iter().all(|p| matches!(p, Part::Reference(_)));
        if secret && !parsed.as_ref().is_some_and(shown) {
            self.secrets.push(node.place);
        }
        let Some(template) = parsed else {
            return Node::new(
                node.place,
                if secret {
                    self.secret(Template::default())
                } else {
                    Data::Deferred(Template::default())
                },
            );
        };
        if secret {
            return self.secret_text(node, &template);
        }
        if let Some(reference) = template.single() {
            return match self.fill(reference, node.place, 0) {
                Filled::Node(found) => found,
                Filled::Text(text) => Node::new(node.place, Data::Text(text.into())),
                Filled::Keep => {
                    let parts = vec![Part::Reference(reference.clone())];
                    Node::new(node.place, Data::Deferred(Template { parts }))
                }
                // Passes every check, so that one problem is reported once.
                Filled::Problem => Node::new(node.place, Data::Deferred(Template::default())),
            };
        }
        let mut filled = Template::default();
        self.fill_parts(&template, node.place, &mut filled);
        let data = match filled.literal() {
            Some(text) => Data::Text(text.into()),
            None => Data::Deferred(filled),
        };
        Node::new(node.place, data)
    }

    /// Fills a text's references; included files are templates themselves.
    fn fill_parts(&mut self, template: &Template, place: Place, filled: &mut Template) {
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
            match self.fill(reference, place, nth) {
                Filled::Text(text) => filled.push_text(&text),
                Filled::Node(node) => {
                    let here = self.place_of(reference, place, nth);
                    self.push(&node, reference, here, filled);
                }
                Filled::Keep => filled.parts.push(part.clone()),
                Filled::Problem => {}
            }
        }
    }

    /// Puts what a reference stands for into the text around it.
    fn push(&mut self, node: &Node, reference: &Reference, here: Place, filled: &mut Template) {
        let parts = match &node.data {
            Data::Text(text) => return filled.push_text(text),
            Data::Bool(b) => return filled.push_text(&b.to_string()),
            Data::Number(n) => return filled.push_text(&n.to_string()),
            Data::Deferred(template) => &template.parts,
            Data::Secret(source) => &source.template().parts,
            Data::Null | Data::List(_) | Data::Map(_) => {
                let what = node.what();
                let message =
                    format!("`${{{reference}}}` is {what} and cannot stand inside a text");
                return self
                    .findings
                    .push(Finding::error("ref::not_text", here, message));
            }
        };
        for part in parts {
            match part {
                Part::Text(text) => filled.push_text(text),
                part => filled.parts.push(part.clone()),
            }
        }
    }

    fn parse(&mut self, text: &str, place: Place) -> Option<Template> {
        match Template::parse(text) {
            Ok(template) => {
                self.lint_braces(&template, place);
                Some(template)
            }
            Err(problems) => {
                for problem in problems {
                    let here = self.context.folder.sources.within(place, &problem.raw, 0);
                    self.findings.push(
                        Finding::error("ref::syntax", here, problem.message).help(problem.help),
                    );
                }
                None
            }
        }
    }

    /// `{{ … }}` passes untouched, also when a reference of ours stands inside by mistake.
    fn lint_braces(&mut self, template: &Template, place: Place) {
        for part in &template.parts {
            let Part::Text(text) = part else { continue };
            for form in [
                "${port.",
                "${spacelift.",
                "${var.",
                "${env.",
                "${file:",
                "${json:",
            ] {
                let inside = text.match_indices(form).any(|(at, _)| {
                    text[..at]
                        .rfind("{{")
                        .is_some_and(|open| !text[open..at].contains("}}"))
                });
                if inside {
                    let here = self.context.folder.sources.within(place, form, 0);
                    self.findings.push(
                        Finding::warning("lint::reference_in_braces", here, format!("`{form}…}}` stands inside `{{{{ … }}}}` and is not resolved"))
                            .help("end the `{{ … }}` before it, or put a space between the braces if they are no template"),
                    );
                }
            }
        }
    }

    fn place_of(&self, reference: &Reference, place: Place, nth: usize) -> Place {
        self.context
            .folder
            .sources
            .within(place, &format!("${{{reference}}}"), nth)
    }
}

//! Resolving `${…}` in nodes: who may use which form where, and what it becomes.
//!
//! What files and settings know is filled in; attributes of objects stay `Deferred`; everything
//! in a write-only field becomes `Secret`, so that its text is never in the tree.
//! Pure: files were read by `source`, the environment is a map that holds no secret's text
//! on purpose of this module: texts of secrets are fetched by `there::services` when sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::want::config::Config;
use crate::want::source::Folder;
use crate::words::finding::did_you_mean;
use crate::words::hosts;
use crate::words::node::Key;
use crate::words::template::{Part, Reference};
use crate::words::value::SecretSource;
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
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Variables, environment allow-list, region and account.
    pub config: &'a Config,
    /// The project's files.
    pub folder: &'a Folder,
    /// The process environment.
    pub env: &'a BTreeMap<String, String>,
}

/// Resolves nodes and collects findings and the places of what stays deferred.
#[derive(Debug)]
pub struct Resolver<'a> {
    context: Context<'a>,
    write_only: &'a [Pointer],
    at: Pointer,
    files: Vec<String>,
    /// What was wrong.
    pub findings: Findings,
    /// Each reference to another object, where it stands in the value and in the files.
    pub deferred: Vec<(Pointer, Reference, Place)>,
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
            Data::Text(text) if self.is_secret() || text.contains("${") => {
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
            // A secret of a wrong type keeps its type, for the error about it.
            _ => return None,
        };
        Some(Node::new(node.place, data))
    }

    fn below(&mut self, part: impl std::fmt::Display, node: &Node) -> Option<Node> {
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
        let Some(template) = self.parse(text, node.place) else {
            return Node::new(
                node.place,
                if secret {
                    self.secret(Template::default())
                } else {
                    Data::Null
                },
            );
        };
        if secret {
            return self.secret_text(node, &template);
        }
        if let Some(reference) = template.single() {
            return match self.fill(reference, node.place, 0) {
                Filled::Node(found) => found,
                Filled::Text(text) => Node::new(node.place, Data::Text(text)),
                Filled::Keep => {
                    let parts = vec![Part::Reference(reference.clone())];
                    Node::new(node.place, Data::Deferred(Template { parts }))
                }
                // An empty text passes type checks, so that one problem is reported once.
                Filled::Problem => Node::new(node.place, Data::Deferred(template)),
            };
        }
        let mut filled = Template::default();
        self.fill_parts(&template, node.place, &mut filled);
        let data = match filled.literal() {
            Some(text) => Data::Text(text),
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
                Filled::Node(node) => match &node.data {
                    Data::Text(text) => filled.push_text(text),
                    Data::Bool(b) => filled.push_text(&b.to_string()),
                    Data::Number(n) => filled.push_text(&n.to_string()),
                    Data::Deferred(inner) => inner.parts.iter().for_each(|part| match part {
                        Part::Text(text) => filled.push_text(text),
                        part => filled.parts.push(part.clone()),
                    }),
                    _ => self.findings.push(Finding::error(
                        "ref::not_text",
                        self.place_of(reference, place, nth),
                        format!(
                            "`${{{reference}}}` is {} and cannot stand inside a text",
                            node.what()
                        ),
                    )),
                },
                Filled::Keep => filled.parts.push(part.clone()),
                Filled::Problem => {}
            }
        }
    }

    fn fill(&mut self, reference: &Reference, place: Place, nth: usize) -> Filled {
        let here = self.place_of(reference, place, nth);
        match reference {
            Reference::Attribute(..) => {
                self.deferred
                    .push((self.at.clone(), reference.clone(), here));
                Filled::Keep
            }
            Reference::Var(name) => self.variable(name, here),
            Reference::Env(name) => self.environment(name, here),
            Reference::File(path) => self.file(path, here),
            Reference::Json(path) => self.json(path, here),
            Reference::PortApiUrl => self.host(
                reference,
                here,
                self.context
                    .config
                    .region
                    .as_deref()
                    .map(hosts::port_origin),
            ),
            Reference::SpaceliftUrl => self.host(
                reference,
                here,
                self.context
                    .config
                    .account
                    .as_deref()
                    .map(hosts::spacelift_origin),
            ),
            Reference::SpaceliftGraphqlUrl => {
                let url = self
                    .context
                    .config
                    .account
                    .as_deref()
                    .map(hosts::spacelift_origin);
                self.host(reference, here, url.map(|url| format!("{url}/graphql")))
            }
            Reference::RuntimeToken | Reference::Random(_) => {
                self.findings.push(
                    Finding::error("ref::secret_only", here, format!("`${{{reference}}}` is a secret and this field is not"))
                        .help("it may stand in write-only fields only, for example `secretValue` of a `port.secret`"),
                );
                Filled::Problem
            }
        }
    }

    fn variable(&mut self, name: &str, here: Place) -> Filled {
        let config = self.context.config;
        if let Some(node) = config.variables.get(name) {
            return Filled::Node(Node::new(here, node.data.clone()));
        }
        if config.unset.contains(name) {
            self.findings.push(
                Finding::error(
                    "ref::missing_variable",
                    here,
                    format!("variable `{name}` has no value"),
                )
                .help(format!(
                    "give it a `default` in `spaceport.yaml`, or pass `--var {name}=VALUE`"
                )),
            );
        } else {
            let names = config
                .variables
                .keys()
                .chain(&config.unset)
                .map(String::as_str);
            self.findings.push(
                Finding::error(
                    "ref::missing_variable",
                    here,
                    format!("there is no variable `{name}`"),
                )
                .help(
                    did_you_mean(name, names).unwrap_or_else(|| {
                        "declare it under `variables:` in `spaceport.yaml`".into()
                    }),
                ),
            );
        }
        Filled::Problem
    }

    fn environment(&mut self, name: &str, here: Place) -> Filled {
        if CREDENTIALS.contains(&name) {
            self.findings.push(
                Finding::error(
                    "ref::credential",
                    here,
                    format!("`{name}` is a credential of spaceport itself"),
                )
                .help("it may stand in write-only fields only"),
            );
            return Filled::Problem;
        }
        if !self.context.config.env.contains(name) {
            let names = self.context.config.env.iter().map(String::as_str);
            self.findings.push(
                Finding::error(
                    "ref::env_not_listed",
                    here,
                    format!("this field may not read the environment variable `{name}`"),
                )
                .help(did_you_mean(name, names).unwrap_or_else(|| {
                    format!("list it in `spaceport.yaml`: `env: [{name}]`; secrets need no listing")
                })),
            );
            return Filled::Problem;
        }
        match self.context.env.get(name) {
            Some(text) => Filled::Text(text.clone()),
            None => {
                self.findings.push(
                    Finding::error(
                        "ref::unset_env",
                        here,
                        format!("environment variable `{name}` is not set"),
                    )
                    .help(format!(
                        "run with `{name}=…`; its text becomes part of this field"
                    )),
                );
                Filled::Problem
            }
        }
    }

    fn host(
        &mut self,
        reference: &Reference,
        here: Place,
        url: Option<impl Into<String>>,
    ) -> Filled {
        match url {
            Some(url) => Filled::Text(url.into()),
            None => {
                let (section, example) = match reference {
                    Reference::PortApiUrl => ("port", "port: { region: eu }"),
                    _ => ("spacelift", "spacelift: { account: ACCOUNT }"),
                };
                self.findings.push(
                    Finding::error(
                        "ref::no_service",
                        here,
                        format!(
                            "`${{{reference}}}` needs the section `{section}` of `spaceport.yaml`"
                        ),
                    )
                    .help(format!("add `{example}`")),
                );
                Filled::Problem
            }
        }
    }

    fn file(&mut self, path: &str, here: Place) -> Filled {
        let Some(file) = self.enter(path, here) else {
            return Filled::Problem;
        };
        let text = self.context.folder.sources.file(file).text.clone();
        let whole = Place::new(file, 0, text.len());
        let filled = match self.parse(&text, whole) {
            Some(template) => {
                let mut filled = Template::default();
                self.fill_parts(&template, whole, &mut filled);
                let data = match filled.literal() {
                    Some(text) => Data::Text(text),
                    None => Data::Deferred(filled),
                };
                Filled::Node(Node::new(here, data))
            }
            None => Filled::Problem,
        };
        self.files.pop();
        filled
    }

    fn json(&mut self, path: &str, here: Place) -> Filled {
        if self.enter(path, here).is_none() {
            return Filled::Problem;
        }
        let included = self.context.folder.included.get(path);
        let nodes = included
            .and_then(|i| i.as_ref().ok())
            .map_or(&[][..], |i| &i.nodes);
        let filled = match nodes {
            [node] => Filled::Node(self.resolve(node)),
            _ => {
                self.findings.push(Finding::error(
                    "ref::json",
                    here,
                    format!(
                        "`{path}` holds {} documents, `${{json:}}` needs exactly one",
                        nodes.len()
                    ),
                ));
                Filled::Problem
            }
        };
        self.files.pop();
        filled
    }

    /// Goes into a file, unless it cannot be read or is already being read.
    fn enter(&mut self, path: &str, here: Place) -> Option<u32> {
        if self.files.iter().any(|open| open == path) || self.files.len() >= DEEPEST {
            self.findings.push(
                Finding::error(
                    "ref::file_cycle",
                    here,
                    format!("`{path}` names itself, or files name each other too deep"),
                )
                .help(self.files.join(" → ")),
            );
            return None;
        }
        match self.context.folder.included.get(path) {
            Some(Ok(included)) => {
                self.files.push(path.to_owned());
                Some(included.file)
            }
            Some(Err(problem)) => {
                self.findings.push(
                    Finding::error("ref::file", here, format!("`{path}` {problem}"))
                        .help("paths are relative to the project's folder and stay inside it"),
                );
                None
            }
            None => {
                self.findings.push(Finding::error(
                    "ref::file",
                    here,
                    format!("`{path}` was not read"),
                ));
                None
            }
        }
    }

    /// A text in a write-only field: nothing of it is filled in but what the files say.
    fn secret_text(&mut self, node: &Node, template: &Template) -> Node {
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

    fn secret(&self, template: Template) -> Data {
        Data::Secret(SecretSource::new(template))
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

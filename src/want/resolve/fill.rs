//! Filling: what each form of `${…}` becomes outside of secrets.
//!
//! Deliberately not here: texts of secrets (see `secret`), whose references are kept.

use crate::want::resolve::{CREDENTIALS, DEEPEST, Filled, Resolver};
use crate::want::source;
use crate::words::finding::did_you_mean;
use crate::words::hosts;
use crate::words::template::Reference;
use crate::words::{Data, Finding, Node, Place, Template};

impl Resolver<'_> {
    pub(super) fn fill(&mut self, reference: &Reference, place: Place, nth: usize) -> Filled {
        let here = self.place_of(reference, place, nth);
        match reference {
            Reference::Attribute(..) => {
                self.deferred.push((reference.clone(), here));
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
        let Some((template, whole)) = self.open(path, here) else {
            return Filled::Problem;
        };
        let mut filled = Template::default();
        self.fill_parts(&template, whole, &mut filled);
        self.close();
        let data = match filled.literal() {
            Some(text) => Data::Text(text.into()),
            None => Data::Deferred(filled),
        };
        Filled::Node(Node::new(here, data))
    }

    /// Goes into a file that is a template itself, and returns it with its place. Whoever gets it
    /// closes it.
    pub(super) fn open(&mut self, path: &str, here: Place) -> Option<(Template, Place)> {
        let file = self.enter(path, here)?;
        let text = self.context.folder.sources.file(file).text.clone();
        let whole = Place::new(file, 0, text.len());
        let template = self.parse(&text, whole);
        if template.is_none() {
            self.close();
        }
        Some((template?, whole))
    }

    /// Leaves the file that was entered last.
    pub(super) fn close(&mut self) {
        self.files.pop();
    }

    fn json(&mut self, path: &str, here: Place) -> Filled {
        if self.enter(path, here).is_none() {
            return Filled::Problem;
        }
        let included = self.context.folder.included.get(&source::plain(path));
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
        self.close();
        filled
    }

    /// Goes into a file, unless it cannot be read or is already being read.
    fn enter(&mut self, path: &str, here: Place) -> Option<u32> {
        let plain = source::plain(path);
        if self.files.contains(&plain) || self.files.len() >= DEEPEST {
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
        match self.context.folder.included.get(&plain) {
            Some(Ok(included)) => {
                self.files.push(plain);
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
}

//! The fields of Spacelift that an ingest reads, as a tree over the schema, and those that do not exist.
//!
//! Deliberately not here: which keys programs read (see `reads`), and documents (see `selection`).

use std::collections::BTreeMap;
use std::ops::Range;

use super::programs::Part;
use super::reads::Read;
use crate::follow::paths::Step;
use crate::sim::graphql::{Arguments, Member, members};
use crate::sim::template;
use crate::want::yaml;
use crate::words::finding::did_you_mean;
use crate::words::{Finding, Place, Sources};

/// A field that does not exist, and where it stands in the project's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where the program stands that reads it.
    pub place: Place,
    /// What is wrong, without a period.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The program, and which bytes of it are meant.
    code: String,
    span: Range<usize>,
}

impl Problem {
    /// The same for the user.
    pub fn finding(&self, sources: &Sources) -> Finding {
        let place = yaml::inside_filled(sources, self.place, &self.code, self.span.clone());
        Finding::error("config::ingest_field", place, &self.message).maybe_help(self.help.clone())
    }
}

/// Selected fields; one without any below is plain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<&'static str, Fields>);

/// How deep fields are followed that a program may read without naming their way.
const DEPTH: usize = 4;

impl Fields {
    /// Adds a plain field.
    pub fn plain(&mut self, name: &'static str) {
        self.0.entry(name).or_default();
    }

    /// As GraphQL, `id` first: `id name spaceDetails { name }`.
    pub fn text(&self) -> String {
        let first = self.0.get_key_value("id").into_iter();
        let others = self.0.iter().filter(|(name, _)| **name != "id");
        let one = |(name, below): (&&str, &Fields)| match below.0.is_empty() {
            true => (*name).to_owned(),
            false => format!("{name} {{ {} }}", below.text()),
        };
        first.chain(others).map(one).collect::<Vec<_>>().join(" ")
    }

    /// Adds what a program reads of a type, `.item` being the root.
    pub fn read(
        &mut self,
        of: &'static str,
        part: &Part<'_>,
        read: &Read,
        problems: &mut Vec<Problem>,
    ) {
        let names = template::names(part.code);
        match way(of, &read.keys[1.min(read.keys.len())..], part) {
            Ok(way) => self.add(of, &way, &names),
            Err(problem) => problems.push(problem),
        }
    }

    fn add(&mut self, of: &'static str, way: &[Member], names: &[String]) {
        match way.split_first() {
            None => self.all(of, names, 0),
            Some((member, _)) if member.plain => self.plain(member.name),
            Some((member, rest)) => {
                let below = self.0.entry(member.name).or_default();
                below.add(member.of, rest, names);
            }
        }
    }

    /// All plain fields of a type, and of the others those that are named.
    fn all(&mut self, of: &'static str, names: &[String], depth: usize) {
        for member in members(of) {
            if member.arguments != Arguments::None || member.name == SECRET {
                continue;
            }
            if member.plain {
                self.plain(member.name);
            } else if depth < DEPTH && names.iter().any(|name| name == member.name) {
                let below = self.0.entry(member.name).or_default();
                below.all(member.of, names, depth + 1);
            }
        }
        if self.0.is_empty() {
            self.plain("__typename");
        }
    }
}

/// A field that no catalog should hold: it can be read, and is not (SA section 7).
const SECRET: &str = "secret";

/// The fields that keys lead through.
fn way(root: &'static str, keys: &[Step], part: &Part<'_>) -> Result<Vec<Member>, Problem> {
    let mut way: Vec<Member> = Vec::new();
    for key in keys {
        let problem = |message: String, help: Option<String>| Problem {
            place: part.node.place,
            message,
            help,
            code: part.code.to_owned(),
            span: key.span.clone(),
        };
        let of = match way.last() {
            None => root,
            Some(above) if above.plain => return Err(below_plain(root, &way, above, problem)),
            Some(above) if above.list => {
                let message = format!("`{}` is a list, so that `.{}` fails", above.name, key.name);
                let to: Vec<&str> = way.iter().map(|member| member.name).collect();
                let help = format!("write `.item.{}[].{}`", to.join("."), key.name);
                return Err(problem(message, Some(help)));
            }
            Some(above) => above.of,
        };
        let all = members(of);
        let Some(member) = all.iter().find(|member| member.name == key.name) else {
            let message = format!("Spacelift's `{of}` has no field `{}`", key.name);
            return Err(problem(message, meant(of, &key.name, &all)));
        };
        if member.arguments == Arguments::Required {
            let message = format!(
                "`{}` needs arguments, which an ingest cannot give",
                key.name
            );
            return Err(problem(message, Some("leave it out".to_owned())));
        }
        if member.name == SECRET {
            let message = "a secret does not belong into the catalog".to_owned();
            return Err(problem(message, Some("leave it out".to_owned())));
        }
        way.push(*member);
    }
    Ok(way)
}

fn below_plain(
    root: &'static str,
    way: &[Member],
    above: &Member,
    problem: impl Fn(String, Option<String>) -> Problem,
) -> Problem {
    let what = match above.list {
        true => "a list of plain values",
        false => "a plain value",
    };
    let around = match way.len().checked_sub(2).and_then(|at| way.get(at)) {
        Some(member) => member.of,
        None => root,
    };
    let details = format!("{}Details", above.name);
    let fuller = members(around).into_iter().find(|m| m.name == details);
    problem(
        format!("`{}` is {what}, and nothing is below it", above.name),
        fuller.map(|_| format!("read it from `{details}`")),
    )
}

/// What a field was meant to be: GraphQL's own spelling, or its name for what deliveries and policies call otherwise.
fn meant(of: &str, name: &str, all: &[Member]) -> Option<String> {
    let plain = |text: &str| text.replace(['_', '-'], "").to_lowercase();
    if let Some(member) = all.iter().find(|member| plain(member.name) == plain(name)) {
        return Some(format!("GraphQL calls it `{}`", member.name));
    }
    let known = ELSEWHERE.iter().find(|(kind, others, _)| {
        (kind.is_empty() || *kind == of) && others.iter().any(|other| *other == plain(name))
    });
    if let Some((_, _, help)) = known {
        return Some((*help).to_owned());
    }
    did_you_mean(name, all.iter().map(|member| member.name)).or_else(|| {
        Some(format!(
            "look for it in the fields of `{of}`: {}",
            listed(all)
        ))
    })
}

/// Names, as many as fit into a line.
fn listed(all: &[Member]) -> String {
    let names = all.iter().filter(|member| member.plain);
    let names: Vec<String> = names.map(|member| format!("`{}`", member.name)).collect();
    match names.len() {
        0..=12 => names.join(", "),
        _ => format!("{}, and more", names[..12].join(", ")),
    }
}

/// What policies' inputs and deliveries call otherwise (SA sections 9 and 11), without capitals and strokes.
const ELSEWHERE: &[(&str, &[&str], &str)] = &[
    (
        "Stack",
        &["vcs", "gitprovider", "vcsprovider"],
        "GraphQL calls it `provider`",
    ),
    (
        "Stack",
        &["owner", "organization", "repoowner"],
        "GraphQL calls it `namespace`",
    ),
    ("Stack", &["repo"], "GraphQL calls it `repository`"),
    ("Stack", &["status"], "GraphQL calls it `state`"),
    (
        "Stack",
        &["tfversion"],
        "GraphQL calls it `terraformVersion`",
    ),
    ("Stack", &["spaceid"], "GraphQL calls it `space`"),
    ("Stack", &["spacename"], "write `.item.spaceDetails.name`"),
    (
        "Stack",
        &["link", "url"],
        "lists have no addresses: write `.account.url + \"/stack/\" + .item.id`",
    ),
    (
        "Space",
        &["parent", "parentid"],
        "GraphQL calls it `parentSpace`",
    ),
    (
        "Space",
        &["inherit", "inherits"],
        "GraphQL calls it `inheritEntities`",
    ),
    ("Policy", &["spaceid"], "GraphQL calls it `space`"),
    ("Policy", &["spacename"], "write `.item.spaceDetails.name`"),
    (
        "Policy",
        &["rego", "text", "source"],
        "GraphQL calls it `body`",
    ),
    ("Policy", &["engine"], "GraphQL calls it `engineType`"),
    ("", &["slug", "identifier"], "GraphQL calls it `id`"),
    ("", &["title"], "GraphQL calls it `name`"),
    (
        "",
        &["account", "accountname"],
        "it is not part of an item: `.account.url` is the account's address",
    ),
];

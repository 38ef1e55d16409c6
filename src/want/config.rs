//! The project file `spaceport.yaml`: one environment's settings, checked.
//!
//! A file may name a region and an account only; hosts come from the environment or from flags
//! (law 9, see `there::endpoints`). Deliberately not here: the objects (see `desired`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kinds::{self, check, project};
use crate::want::moved::{self, Moved};
use crate::want::resolve::{Context, Resolver};
use crate::want::source::Folder;
use crate::words::finding::did_you_mean;
use crate::words::value::SecretSource;
use crate::words::{Addr, Data, Finding, Findings, Level, Node, Pointer, Template, codes};

/// Where the ledger lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerHome {
    /// In Port, which is what a file without `ledger` means.
    Port,
    /// In a file of the project, at this path relative to its folder.
    File(String),
    /// Nowhere: what is in the config is ours, nothing is ever deleted.
    None,
}

/// The brake: how many deletes one apply may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most deletes.
    pub deletes: u64,
    /// Most deletes as a part of the owned objects, counted from 10 owned objects on.
    pub percent: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            deletes: 5,
            percent: 30,
        }
    }
}

/// The key that Port will hold and that `${spacelift.runtime.token}` is minted from.
#[derive(Debug, Clone, PartialEq)]
pub struct Runtime {
    /// Where the key's id comes from.
    pub key_id: SecretSource,
    /// Where the key's secret comes from.
    pub key_secret: SecretSource,
}

/// The settings of a project in one environment.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The project's name.
    pub project: String,
    /// Port's region, `eu` or `us`; `None` when the project has no Port section.
    pub region: Option<String>,
    /// The Spacelift account; `None` when the project has no Spacelift section.
    pub account: Option<String>,
    /// The runtime key.
    pub runtime: Option<Runtime>,
    /// Where the ledger lives; `None` while that is open or wrong.
    pub ledger: Option<LedgerHome>,
    /// The brake.
    pub limits: Limits,
    /// The variables' values.
    pub variables: BTreeMap<String, Node>,
    /// Variables that are declared without a value.
    pub unset: BTreeSet<String>,
    /// Environment variables that fields other than secrets may read.
    pub env: BTreeSet<String>,
    /// Objects that exist elsewhere and are only referred to.
    pub external: BTreeSet<Addr>,
    /// What becomes of the findings of lints, by code; of the others nothing changes.
    pub lints: BTreeMap<&'static str, Level>,
    /// The addresses that objects had before.
    pub moved: Vec<Moved>,
    /// The chosen environment.
    pub environment: Option<String>,
    /// Whether the project declares environments.
    pub has_environments: bool,
    /// The names of all declared environments.
    pub environments: Vec<String>,
}

/// What is chosen on the command line.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// `-e`, or `SPACEPORT_ENVIRONMENT`.
    pub environment: Option<String>,
    /// `--var`.
    pub variables: BTreeMap<String, String>,
}

/// Reads the settings from the project file.
pub fn read(
    folder: &Folder,
    choice: &Choice,
    env: &BTreeMap<String, String>,
) -> (Config, Findings) {
    let mut findings = Findings::default();
    let Some(root) = &folder.project else {
        return (Config::default(), findings);
    };
    let mut config = Config::default();
    if root.entries().is_none() {
        check::check(
            project::project_shape(),
            root,
            "spaceport.yaml",
            &mut findings,
        );
        return (config, findings);
    }
    environments(root, choice, &mut config, &mut findings);
    let chosen = config
        .environment
        .as_ref()
        .and_then(|name| root.get("environments")?.get(name));
    let merged = match chosen {
        Some(over) => overlay(root, over),
        None => root.clone(),
    };
    variables(&merged, choice, &mut config, &mut findings);
    config.env = texts(&merged, "env").map(str::to_owned).collect();
    let context = Context {
        config: &config,
        folder,
        env,
    };
    let secrets = ["key_id", "key_secret"]
        .map(|key| Pointer::root().join("spacelift").join("runtime").join(key));
    let mut resolver = Resolver::new(context, &secrets);
    let resolved = resolver.resolve(&without(&merged, &["environments", "variables"]));
    findings.extend(std::mem::take(&mut resolver.findings));
    // What an environment refers to is only looked up when it is the chosen one.
    let written = resolver.unsettled(root);
    findings.extend(std::mem::take(&mut resolver.findings));
    let whole = with_entries_of(&resolved, &written, &["environments", "variables"]);
    check::check(
        project::project_shape(),
        &whole,
        "spaceport.yaml",
        &mut findings,
    );
    settings(&resolved, &mut config, &mut findings);
    (config, findings)
}

fn environments(root: &Node, choice: &Choice, config: &mut Config, findings: &mut Findings) {
    if let Some(entries) = root.get("environments").and_then(Node::entries) {
        config.has_environments = !entries.is_empty();
        config.environments = entries
            .iter()
            .map(|(key, _)| key.text.to_string())
            .collect();
    }
    let default = root.get("default_environment").and_then(Node::text);
    config.environment = choice.environment.clone().or(default.map(str::to_owned));
    let Some(name) = &config.environment else {
        return;
    };
    if !config.environments.contains(name) {
        let place = match &choice.environment {
            Some(_) => None,
            None => root.get("default_environment").map(|n| n.place),
        };
        let known = config.environments.iter().map(String::as_str);
        let help =
            did_you_mean(name, known).unwrap_or_else(|| match config.environments.is_empty() {
                true => "the project declares no `environments`".into(),
                false => format!("declared are {}", config.environments.join(", ")),
            });
        findings.push(
            Finding::error(
                "config::unknown_environment",
                place,
                format!("there is no environment `{name}`"),
            )
            .help(help),
        );
        config.environment = None;
    }
}

fn variables(merged: &Node, choice: &Choice, config: &mut Config, findings: &mut Findings) {
    for (key, node) in merged
        .get("variables")
        .and_then(Node::entries)
        .unwrap_or(&[])
    {
        let value = match node.entries() {
            Some(_) => node.get("default"),
            None => Some(node),
        };
        match value {
            Some(value) => {
                let value = own_text(value, findings);
                config.variables.insert(key.text.to_string(), value);
            }
            None => {
                config.unset.insert(key.text.to_string());
            }
        }
    }
    for (name, text) in &choice.variables {
        let known = config.variables.contains_key(name) || config.unset.remove(name);
        if !known {
            let names = config
                .variables
                .keys()
                .chain(&config.unset)
                .map(String::as_str);
            findings.push(
                Finding::error(
                    "config::unknown_variable",
                    None,
                    format!(
                        "`--var {name}` sets a variable that `spaceport.yaml` does not declare"
                    ),
                )
                .maybe_help(did_you_mean(name, names)),
            );
            continue;
        }
        let place = merged
            .get("variables")
            .and_then(|v| v.get(name))
            .map_or(merged.place, |n| n.place);
        // A number or boolean keeps its type when the default has that type.
        let data = match config.variables.get(name).map(|n| &n.data) {
            Some(Data::Bool(_)) => text.parse().map(Data::Bool).ok(),
            Some(Data::Number(_)) => text.parse().map(Data::Number).ok(),
            _ => None,
        };
        config.variables.insert(
            name.clone(),
            Node::new(place, data.unwrap_or_else(|| Data::Text(text.into()))),
        );
    }
}

/// The value of a variable, which may refer to nothing: it would be unclear what comes first.
fn own_text(value: &Node, findings: &mut Findings) -> Node {
    let literal = match value.text().map(Template::parse) {
        // What is no reference at all is found where all of the file is looked at.
        None | Some(Err(_)) => return value.clone(),
        Some(Ok(template)) => template.literal(),
    };
    if literal.is_none() {
        findings.push(
            Finding::error(
                "ref::syntax",
                value.place,
                "the value of a variable refers to something",
            )
            .help("write the reference where the variable is used, or pass `--var NAME=VALUE`"),
        );
    }
    Node::new(value.place, Data::Text(literal.unwrap_or_default().into()))
}

fn settings(node: &Node, config: &mut Config, findings: &mut Findings) {
    let text = |node: Option<&Node>| node.and_then(Node::text).map(str::to_owned);
    config.project = text(node.get("project")).unwrap_or_default();
    config.region = node
        .get("port")
        .and_then(|port| text(port.get("region")).or(Some("eu".into())));
    if let Some(spacelift) = node.get("spacelift") {
        config.account = text(spacelift.get("account"));
        if let Some(runtime) = spacelift.get("runtime") {
            let source = |key: &str| match &runtime.get(key)?.data {
                Data::Secret(source) => Some(source.clone()),
                _ => None,
            };
            config.runtime = source("key_id")
                .zip(source("key_secret"))
                .map(|(key_id, key_secret)| Runtime { key_id, key_secret });
            if let Some(runtime_key) = &config.runtime
                && runtime_key.key_id.origin() == "${env.SPACELIFT_API_KEY_ID}"
            {
                findings.push(
                    Finding::warning(
                        "lint::runtime_key",
                        runtime.place,
                        "the key that Port will hold is the key that applies",
                    )
                    .help(
                        "make a second Spacelift key with fewer rights for Port and name it here",
                    ),
                );
            }
        }
    }
    // The chosen environment may name the ledger; without one no command gets that far.
    let open = config.has_environments && config.environment.is_none();
    if !(open && node.get("ledger").is_none()) {
        config.ledger = ledger(node, findings);
    }
    if let Some(limits) = node.get("limits") {
        let number = |key: &str| match &limits.get(key)?.data {
            Data::Number(n) => n.as_u64(),
            _ => None,
        };
        config.limits.deletes = number("deletes").unwrap_or(config.limits.deletes);
        config.limits.percent = number("percent").unwrap_or(config.limits.percent);
    }
    for code in codes::lints() {
        let level = node.get("lints").and_then(|lints| lints.get(code.code));
        if let Some(level) = level.and_then(Node::text).and_then(Level::of) {
            config.lints.insert(code.code, level);
        }
    }
    config.moved = moved::read(node.get("moved"), findings);
    for item in node.get("external").and_then(Node::items).unwrap_or(&[]) {
        let Some(text) = item.text() else { continue };
        match text.parse::<Addr>() {
            Ok(addr) if kinds::of(&addr).is_some() => {
                config.external.insert(addr);
            }
            Ok(addr) => findings.push(unknown_kind(&addr.kind_name(), item)),
            Err(message) => findings.push(Finding::error("config::address", item.place, message)),
        }
    }
}

/// An unknown kind, with the nearest known one.
pub fn unknown_kind(name: &str, node: &Node) -> Finding {
    let names = kinds::ALL.iter().map(|k| k.name());
    let names: Vec<&str> = names
        .chain([kinds::ingest::KIND, kinds::trial::KIND])
        .collect();
    Finding::error(
        "config::unknown_kind",
        node.place,
        format!("unknown kind `{name}`"),
    )
    .help(
        did_you_mean(name, names.iter().copied())
            .unwrap_or_else(|| format!("one of {}", names.join(", "))),
    )
}

fn ledger(node: &Node, findings: &mut Findings) -> Option<LedgerHome> {
    let written = node.get("ledger");
    if let Some(ledger) = written {
        match (ledger.text(), ledger.get("file").and_then(Node::text)) {
            (Some("none"), _) => return Some(LedgerHome::None),
            (_, Some(path)) => return Some(LedgerHome::File(path.to_owned())),
            (Some("port"), _) => {}
            // The check of the file's shape says what is wrong with it.
            _ => return None,
        }
    }
    if node.get("port").is_some() {
        return Some(LedgerHome::Port);
    }
    findings.push(
        Finding::error(
            "config::ledger_home",
            written.unwrap_or(node).place,
            "the ledger is kept in Port, and the project has no section `port`",
        )
        .help("add `port: { region: eu }`, or write `ledger: { file: .spaceport/ledger.json }`"),
    );
    None
}

/// The project with an environment's keys laid over it: maps key by key, everything else whole.
fn overlay(under: &Node, over: &Node) -> Node {
    let (Some(under_entries), Some(over_entries)) = (under.entries(), over.entries()) else {
        return over.clone();
    };
    let mut entries = under_entries.to_vec();
    for (key, value) in over_entries {
        match entries.iter_mut().find(|(k, _)| k.text == key.text) {
            Some((_, place)) => *place = overlay(place, value),
            None => entries.push((key.clone(), value.clone())),
        }
    }
    Node::new(under.place, Data::Map(Arc::new(entries)))
}

fn without(node: &Node, keys: &[&str]) -> Node {
    let entries = node
        .entries()
        .unwrap_or(&[])
        .iter()
        .filter(|(k, _)| !keys.contains(&k.text.as_str()))
        .cloned();
    Node::new(node.place, Data::Map(Arc::new(entries.collect())))
}

fn with_entries_of(node: &Node, other: &Node, keys: &[&str]) -> Node {
    let more = other
        .entries()
        .unwrap_or(&[])
        .iter()
        .filter(|(k, _)| keys.contains(&k.text.as_str()));
    let entries = node.entries().unwrap_or(&[]).iter().chain(more).cloned();
    Node::new(node.place, Data::Map(Arc::new(entries.collect())))
}

fn texts<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a str> {
    node.get(key)
        .and_then(Node::items)
        .unwrap_or(&[])
        .iter()
        .filter_map(Node::text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::want::yaml;
    use crate::words::Severity;

    /// The settings that a project file gives, with the codes of what was found.
    fn config(text: &str, choice: &Choice) -> (Config, Vec<&'static str>) {
        let mut folder = Folder::default();
        let file = folder.sources.add("spaceport.yaml", text);
        let (nodes, _) = yaml::read(file, text);
        folder.project = nodes.into_iter().next();
        let (config, findings) = read(&folder, choice, &BTreeMap::new());
        let codes = findings.iter().map(|finding| finding.code).collect();
        (config, codes)
    }

    fn choice(environment: Option<&str>, variables: &[(&str, &str)]) -> Choice {
        let variables = variables.iter();
        Choice {
            environment: environment.map(str::to_owned),
            variables: variables
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        }
    }

    const TWO: &str = "\
version: 1
project: two
port: { region: eu }
spacelift: { account: \"${var.account}\" }
ledger: { file: ledger.json }
limits: { deletes: 9, percent: 50 }
variables: { account: acme, least: 3, public: { default: false } }
environments:
  staging:
    port: { region: us }
    limits: { deletes: 1 }
    ledger: none
    variables: { account: acme-staging }
  prod: {}
default_environment: prod
";

    #[test]
    fn an_environment_changes_what_it_names_and_nothing_else() {
        let (prod, found) = config(TWO, &Choice::default());
        assert_eq!(found, [""; 0]);
        assert_eq!(prod.environment.as_deref(), Some("prod"));
        assert_eq!(prod.region.as_deref(), Some("eu"));
        assert_eq!(prod.account.as_deref(), Some("acme"));
        assert_eq!(prod.ledger, Some(LedgerHome::File("ledger.json".into())));

        let (staging, found) = config(TWO, &choice(Some("staging"), &[]));
        assert_eq!(found, [""; 0]);
        assert_eq!(staging.project, "two");
        assert_eq!(staging.region.as_deref(), Some("us"));
        assert_eq!(staging.account.as_deref(), Some("acme-staging"));
        assert_eq!(staging.ledger, Some(LedgerHome::None));
        let limits = Limits {
            deletes: 1,
            percent: 50,
        };
        assert_eq!(staging.limits, limits);
    }

    #[test]
    fn an_environment_changes_levels_one_by_one() {
        let text = "version: 1\nproject: p\nledger: none\nlints: { lint::plain_http: error, lint::open_action: allow }\nenvironments: { a: { lints: { lint::plain_http: hint } } }\n";
        let (none, found) = config(text, &Choice::default());
        assert_eq!(found, [""; 0]);
        let error = Level::As(Severity::Error);
        let expected = [
            ("lint::open_action", Level::Allow),
            ("lint::plain_http", error),
        ];
        assert_eq!(none.lints, BTreeMap::from(expected));
        let (a, found) = config(text, &choice(Some("a"), &[]));
        assert_eq!(found, [""; 0]);
        let hint = Level::As(Severity::Hint);
        let expected = [
            ("lint::open_action", Level::Allow),
            ("lint::plain_http", hint),
        ];
        assert_eq!(a.lints, BTreeMap::from(expected));
    }

    #[test]
    fn a_variable_of_the_command_line_has_the_type_of_its_default() {
        let given = [("account", "17"), ("least", "5"), ("public", "true")];
        let (config, found) = config(TWO, &choice(None, &given));
        assert_eq!(found, [""; 0]);
        let data = |name: &str| config.variables[name].data.clone();
        assert_eq!(data("account"), Data::Text("17".into()));
        assert_eq!(data("least"), Data::Number(5.into()));
        assert_eq!(data("public"), Data::Bool(true));
        assert_eq!(config.account.as_deref(), Some("17"));
    }

    #[test]
    fn a_variable_without_a_value_is_missed_only_where_it_is_used() {
        let text = "version: 1\nproject: p\nledger: none\nvariables: { a: { description: x } }\n";
        let (read, found) = config(text, &Choice::default());
        assert_eq!(found, [""; 0]);
        assert_eq!(read.unset, BTreeSet::from(["a".to_owned()]));
        let used = format!("{text}spacelift: {{ account: \"${{var.a}}\" }}\n");
        assert_eq!(
            config(&used, &Choice::default()).1,
            ["ref::missing_variable"]
        );
        assert_eq!(config(&used, &choice(None, &[("a", "b")])).1, [""; 0]);
    }

    #[test]
    fn the_runtime_key_is_kept_as_where_it_comes_from() {
        let text = "version: 1\nproject: p\nledger: none\nspacelift:\n  account: a\n  runtime: { key_id: \"${env.ID}\", key_secret: \"${env.KEY}\" }\n";
        let runtime = config(text, &Choice::default()).0.runtime;
        let runtime = runtime.expect("it is named");
        assert_eq!(runtime.key_id.origin(), "${env.ID}");
        assert_eq!(runtime.key_secret.origin(), "${env.KEY}");
    }
}

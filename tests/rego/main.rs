//! Real policies of other people: they get the right dialect, they load or are refused with a place,
//! and they decide as other engines say.
//!
//! `SPACEPORT_CORPUS` names the folder that holds them; without it there is nothing to see, and the
//! tests say so. Independent sources of decisions, in this order:
//!
//! 1. `decisions.json` beside this file: what rego-cpp decided (another implementation of Rego, in
//!    C++; release 0.4.6 for bodies in v0, 1.5.2 for v1), for the corpus' own sample inputs and for
//!    those of `inputs.json`. Recorded as the number of objects of each rule and a digest of them.
//!    `record.py` made it and says what that engine could not evaluate.
//! 2. The authors' own tests (`*_test.rego`), run by the engine that we use.
#![cfg(feature = "rego")]

mod bombs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use spaceport::sim::job::FaultKind;
use spaceport::sim::rego::{self, EngineType, Policy, Request};

/// A line of the corpus' index.
#[derive(Deserialize)]
struct Entry {
    file: String,
    syntax: String,
    has_package: bool,
    #[serde(rename = "type")]
    policy_type: String,
    inputs: Vec<String>,
    test: Option<String>,
}

impl Entry {
    /// The name under which decisions are recorded.
    fn name(&self) -> &str {
        let name = self.file.rsplit('/').next().unwrap_or(&self.file);
        name.trim_end_matches(".rego")
    }

    fn engine(&self) -> EngineType {
        match self.syntax.starts_with("v1") {
            true => EngineType::RegoV1,
            false => EngineType::RegoV0,
        }
    }

    fn policy(&self, root: &Path) -> Policy {
        let mut body = text(root.join(&self.file));
        // Fragments of pages have no package; what is left to see is the rest.
        if !self.has_package {
            body = format!("package spacelift\n{body}");
        }
        Policy {
            body,
            engine: self.engine(),
            policy_type: self.policy_type.clone(),
        }
    }
}

fn corpus() -> Option<(PathBuf, Vec<Entry>)> {
    let Some(root) = std::env::var_os("SPACEPORT_CORPUS") else {
        println!("SPACEPORT_CORPUS is not set: real policies are not checked");
        return None;
    };
    let root = Path::new(&root).join("rego");
    let lines = text(root.join("index.jsonl"));
    let entries = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("an entry"));
    let mut entries: Vec<Entry> = entries.collect();
    entries.sort_by(|a, b| a.file.cmp(&b.file));
    Some((root, entries))
}

fn text(path: PathBuf) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: PathBuf) -> Json {
    serde_json::from_str(&text(path)).expect("the file is JSON")
}

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/rego")
        .join(name)
}

#[test]
fn every_policy_gets_its_dialect() {
    let Some((root, entries)) = corpus() else {
        return;
    };
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &entries {
        let body = text(root.join(&entry.file));
        let dialect = rego::dialect(&body);
        let fits = (
            dialect.fits(EngineType::RegoV0),
            dialect.fits(EngineType::RegoV1),
        );
        let right = match entry.syntax.as_str() {
            "v0" => fits.0,
            "v0-future" => fits.0,
            _ => fits.1,
        };
        // What decides must be there: a body of one dialect alone has a head that says so.
        let said = dialect.has_package() == entry.has_package;
        *counts
            .entry(format!("{} {fits:?}", entry.syntax))
            .or_default() += 1;
        if !right || !said {
            wrong.push(format!(
                "{} {} {fits:?} {}",
                entry.file, entry.syntax, entry.has_package
            ));
        }
    }
    // Pages call some bodies v0 that import the keywords: both engines read those.
    let counts: Vec<String> = counts
        .iter()
        .map(|(fits, n)| format!("{n} {fits}"))
        .collect();
    let expected = [
        "169 v0 (true, false)",
        "6 v0 (true, true)",
        "12 v0-future (true, false)",
        "14 v0-future (true, true)",
        "114 v1 (false, true)",
    ];
    assert_eq!(counts, expected);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_policy_loads_or_is_refused_with_a_place() {
    let Some((root, entries)) = corpus() else {
        return;
    };
    let mut refused = Vec::new();
    let mut placeless = Vec::new();
    for entry in &entries {
        let policy = entry.policy(&root);
        if let Err(fault) = rego::load(&policy) {
            let place = fault.span.clone().map(|span| &policy.body[span]);
            if place.is_none_or(str::is_empty) {
                placeless.push(entry.file.clone());
            }
            let place = place.unwrap_or_default();
            refused.push(format!("{} `{place}`: {}", entry.name(), fault.message));
        }
    }
    println!(
        "{} of {} load",
        entries.len() - refused.len(),
        entries.len()
    );
    assert!(placeless.is_empty(), "{placeless:#?}");
    // Fragments of pages: placeholders, a keyword without its import, rules that are said to be above.
    insta::assert_snapshot!(refused.join("\n"), @r#"
028ccbb115ee `{`: no valid Rego: expecting }
34a90f974c27 `<`: no valid Rego: expecting expression
4f894aa3e2f0 `<`: no valid Rego: expecting expression
a8ed4afe43d3 `{`: no valid Rego: expecting }
37e2bf762026 `module_version`: nothing gives `module_version` a value
63e88ead5a2d `module_version`: nothing gives `module_version` a value
896d355dfb94 `in`: no valid Rego: expecting `}` while parsing query
a7237c4bdfa2 `affected`: nothing gives `affected` a value
b0044bae0774 `affected`: nothing gives `affected` a value
1809f89e480e `deny`: nothing gives `deny` a value
267b4b3b57fd `created_resources`: nothing gives `created_resources` a value
5350f720c9e7 `deny`: nothing gives `deny` a value
bde630c276ae `deny`: nothing gives `deny` a value
"#);
}

#[test]
fn decisions_are_those_of_another_engine() {
    let Some((root, entries)) = corpus() else {
        return;
    };
    let recorded = json(beside("decisions.json"));
    let inputs = json(beside("inputs.json"));
    let own = inputs.as_object().expect("inputs by name");
    let mut wrong = Vec::new();
    let (mut seen, mut yields) = (0, 0);
    for entry in entries.iter().filter(|e| e.policy_type == "NOTIFICATION") {
        let Some(decisions) = recorded[entry.name()].as_object() else {
            wrong.push(format!("{}: nothing is recorded", entry.file));
            continue;
        };
        let policy = entry.policy(&root);
        let theirs = entry.inputs.iter().map(|path| {
            let name = path.rsplit('/').next().unwrap_or(path).to_owned();
            (name, json(root.join(path)))
        });
        let ours = own
            .iter()
            .map(|(name, input)| (name.clone(), input.clone()));
        for (name, input) in theirs.chain(ours) {
            let Some(expected) = decisions.get(&name) else {
                continue;
            };
            let request = Request {
                policy: policy.clone(),
                input,
            };
            let got = match rego::decide(&request) {
                Ok(decision) => digests(&decision.document),
                Err(fault) => Json::String(fault.message),
            };
            seen += 1;
            yields += usize::from(got.as_object().is_some_and(|rules| rules.len() > 1));
            if compared(entry.name(), &got) != compared(entry.name(), expected) {
                wrong.push(format!("{} {name}: {got} is not {expected}", entry.file));
            }
        }
    }
    println!("{seen} decisions compared, {yields} of them yield something");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Policies whose texts come out differently there, and why; the number of objects is the same.
const DIFFERENT_TEXTS: [(&str, &str); 2] = [
    (
        "04f46a3be874",
        "rego-cpp 0.4.6 has no `time.format` and no `%q`",
    ),
    (
        "0be147e3a303",
        "rego-cpp 1.5.2 prints nothing for an object in `%s`, and keeps no order in `concat` of a set",
    ),
];

/// Decisions without their digests, of a policy whose texts differ.
fn compared(name: &str, decision: &Json) -> Json {
    let Some(map) = decision.as_object() else {
        return decision.clone();
    };
    let differs = DIFFERENT_TEXTS.iter().any(|(policy, _)| *policy == name);
    let number = |told: &Json| match told.as_str().and_then(|told| told.split_once(' ')) {
        Some((number, _)) if differs => Json::from(number),
        _ => told.clone(),
    };
    let numbers = map.iter().map(|(rule, told)| (rule.clone(), number(told)));
    Json::Object(numbers.collect())
}

/// What is recorded of a decision: of each rule that yields something, the number and a digest.
fn digests(document: &Json) -> Json {
    let rules = ["webhook", "slack", "inbox", "pull_request"];
    let told = rules.iter().filter_map(|rule| {
        let objects = document[rule].as_array()?;
        let mut texts: Vec<String> = objects.iter().map(|o| sorted(o).to_string()).collect();
        texts.sort();
        let digest = Sha256::digest(texts.join("\n").as_bytes());
        let hex: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let told = format!("{} {hex}", texts.len());
        (!texts.is_empty()).then(|| ((*rule).to_owned(), Json::String(told)))
    });
    let mut told: Map<String, Json> = told.collect();
    told.insert("sample".to_owned(), document["sample"].clone());
    Json::Object(told)
}

/// A tree whose keys are in order.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(sorted).collect(),
        Json::Object(map) => {
            let pairs: BTreeMap<&String, Json> = map.iter().map(|(k, v)| (k, sorted(v))).collect();
            Json::Object(pairs.into_iter().map(|(k, v)| (k.clone(), v)).collect())
        }
        other => other.clone(),
    }
}

/// The policy of our own example project: tracked runs in every state, and nothing else.
#[test]
fn our_own_policy_sends_what_it_says() {
    let path = "port-config/policies/port_webhook_notification.rego";
    let body = text(Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    let inputs = json(beside("inputs.json"));
    for (name, input) in inputs.as_object().expect("inputs by name") {
        let policy = Policy {
            body: body.clone(),
            engine: EngineType::RegoV1,
            policy_type: "NOTIFICATION".to_owned(),
        };
        let request = Request {
            policy,
            input: input.clone(),
        };
        let decision = rego::decide(&request).expect("a decision");
        let tracked = input["run_updated"]["run"]["type"] == "TRACKED";
        assert_eq!(decision.webhook.len(), usize::from(tracked), "{name}");
        assert!(decision.faults.is_empty() && decision.slack.is_empty());
    }
}

#[test]
fn the_authors_own_tests_pass() {
    let Some((root, entries)) = corpus() else {
        return;
    };
    let mut failed = Vec::new();
    let (mut files, mut rules) = (0, 0);
    for entry in &entries {
        let Some(test) = &entry.test else { continue };
        files += 1;
        match run(&entry.policy(&root).body, &text(root.join(test))) {
            Ok(results) => {
                rules += results.len();
                let bad = results.iter().filter(|(_, passed)| !passed);
                failed.extend(bad.map(|(name, _)| format!("{test}: {name}")));
            }
            Err(error) => {
                let said = error.rsplit("error: ").next().unwrap_or_default();
                failed.push(format!("{test}: {said}"));
            }
        }
    }
    println!("{rules} tests in {files} files, {} failed", failed.len());
    // The first is wrong: rego-cpp says the same (`not is_null(input.pull_request)` holds when there is
    // no such key). The second puts a value in the place of a rule, which regorus cannot.
    let expected = [
        "other/git_push/012a12c787bd_test.rego: test_ignore_non_pr_events",
        "other/git_push/1fbb3dcb9957_test.rego: undefined rule",
    ];
    assert_eq!(failed, expected);
}

/// The rules of a test module by name, and whether each is true.
fn run(policy: &str, tests: &str) -> Result<Vec<(String, bool)>, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let mut engine = regorus::Engine::new();
    engine.set_rego_v0(true);
    engine.set_strict_builtin_errors(false);
    engine
        .add_policy("policy.rego".to_owned(), policy.to_owned())
        .map_err(|e| told(&e))?;
    let package = engine
        .add_policy("test.rego".to_owned(), tests.to_owned())
        .map_err(|e| told(&e))?;
    let heads = rego::dialect(tests).heads;
    let mut names: Vec<String> = heads.into_iter().map(|head| head.name).collect();
    names.retain(|name| name.starts_with("test_"));
    names.dedup();
    let results = names.into_iter().map(|name| {
        let value = engine
            .eval_rule(format!("{package}.{name}"))
            .map_err(|e| told(&e))?;
        Ok((name, value == regorus::Value::from(true)))
    });
    results.collect()
}

#[test]
fn a_body_without_its_package_is_refused() {
    let Some((root, entries)) = corpus() else {
        return;
    };
    let bare = entries.iter().filter(|entry| !entry.has_package);
    let mut seen = 0;
    for entry in bare {
        let mut policy = entry.policy(&root);
        policy.body = text(root.join(&entry.file));
        let fault = rego::load(&policy).expect_err(&entry.file);
        assert_eq!(fault.kind, FaultKind::Refused, "{}", entry.file);
        assert!(
            fault.span.is_some() && fault.help.is_some(),
            "{}",
            entry.file
        );
        seen += 1;
    }
    println!("{seen} bodies without a package");
}

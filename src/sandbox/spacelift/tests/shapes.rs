//! The shape of what policies and webhooks are told, held against the vendor's documented and other people's
//! observed documents (SA sections 9 and 11). They lie outside of the project, in `SPACEPORT_CORPUS`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;
use crate::sandbox::spacelift::happenings::{InternalError, Kind};
use crate::sandbox::spacelift::runs::Delta;
use crate::sandbox::spacelift::starting::StartingStack;
use crate::sandbox::spacelift::walk::Start;
use crate::sandbox::spacelift::{input, modules};

/// Documents of one kind.
fn corpus(kind: &str) -> Option<Vec<(String, Value)>> {
    let Some(corpus) = std::env::var_os("SPACEPORT_CORPUS") else {
        println!("skipped: SPACEPORT_CORPUS is not set");
        return None;
    };
    let folder = PathBuf::from(corpus).join("spacelift-payloads").join(kind);
    let mut documents = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the corpus has this kind") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read(&path).expect("a file");
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        documents.push((name, serde_json::from_slice(&text).expect("JSON")));
    }
    assert!(!documents.is_empty());
    Some(documents)
}

/// The paths of all keys and list items, `a.b[].c`.
fn paths(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = match at {
                    "" => key.clone(),
                    at => format!("{at}.{key}"),
                };
                into.insert(path.clone());
                paths(value, &path, into);
            }
        }
        Value::Array(items) => {
            for item in items {
                let path = format!("{at}[]");
                into.insert(path.clone());
                paths(item, &path, into);
            }
        }
        _ => {}
    }
}

/// An account in which one thing of each kind has happened: a run with changes that a key has started,
/// a version of a module, an error.
fn eventful() -> SpaceliftState {
    let mut state = SpaceliftState::beginning_with(&[StartingStack::ai_agent()], 1_700_000_000);
    if let Some(root) = state.spaces.get_mut("root") {
        root.labels.insert("top".to_owned());
    }
    let webhook = crate::sandbox::spacelift::NamedWebhook {
        id: "port".to_owned(),
        name: "port".to_owned(),
        endpoint: "https://example.com".to_owned(),
        enabled: true,
        space: "root".to_owned(),
        labels: BTreeSet::from(["eu".to_owned()]),
        secret: None,
        headers: std::collections::BTreeMap::new(),
        retry_on_failure: false,
        created_at: 0,
        failures: 0,
    };
    state.webhooks.insert("port".to_owned(), webhook);
    let start = Start {
        stack: "ai-agent".to_owned(),
        run_type: "TRACKED".to_owned(),
        triggered_by: Some(format!("api::{KEY_ID}")),
        finds: Delta {
            added: 1,
            ..Delta::default()
        },
        ..Start::default()
    };
    assert!(
        state
            .start_run(start, "r".to_owned(), 1_700_000_000_000)
            .is_ok()
    );
    for state_of_run in ["PLANNING", "UNCONFIRMED"] {
        assert!(state.move_run("r", state_of_run, 1_700_000_001_000));
    }
    assert!(state.module_version(modules::sample(), "v", 0).is_ok());
    let error = InternalError {
        title: String::new(),
        message: String::new(),
        error: String::new(),
        severity: "ERROR".to_owned(),
        space: None,
    };
    state.failed(&error, 0, "e".to_owned(), false);
    state
}

/// The paths of the last document of each kind.
fn ours() -> BTreeSet<String> {
    let state = eventful();
    let mut ours = BTreeSet::new();
    for kind in [Kind::RunUpdated, Kind::ModuleVersion, Kind::InternalError] {
        let mut happenings = state.happenings.iter().rev();
        let last = happenings.find(|happening| happening.kind == kind);
        let document = input::document(&state, last.expect("one of each kind"));
        paths(&document, "", &mut ours);
    }
    ours
}

/// Lists that are always empty in the sandbox, and why.
const EMPTY: [(&str, &str); 12] = [
    (
        "module_version.module.worker_pool.labels",
        "the public pool has none",
    ),
    (
        "run_updated.plan_policy_decision.deny",
        "no plan policy is evaluated",
    ),
    (
        "run_updated.plan_policy_decision.warn",
        "no plan policy is evaluated",
    ),
    (
        "run_updated.policy_receipts",
        "no other policy is evaluated",
    ),
    (
        "run_updated.run.creator_session.teams",
        "a key is in no team",
    ),
    ("run_updated.run.flags", "flags come from policies"),
    (
        "run_updated.run.policy_receipts",
        "no other policy is evaluated",
    ),
    (
        "run_updated.run.runtime_config.after_",
        "a stack has no hooks",
    ),
    (
        "run_updated.run.runtime_config.before_",
        "a stack has no hooks",
    ),
    (
        "run_updated.run.user_provided_metadata",
        "nobody provides any",
    ),
    ("run_updated.stack.roles", "no role is attached"),
    (
        "run_updated.run.changes[].change",
        "one test's own key; no page has it",
    ),
];

/// What others have and we do not, without what [`EMPTY`] explains, and the explanations that were needed.
fn unexplained(theirs: &BTreeSet<String>) -> (Vec<&String>, BTreeSet<&'static str>) {
    let ours = ours();
    let mut needed = BTreeSet::new();
    let missing = theirs.iter().filter(|path| !ours.contains(*path));
    let rest = missing.filter(|path| {
        let explained = EMPTY.iter().find(|(empty, _)| path.starts_with(empty));
        needed.extend(explained.map(|(empty, _)| *empty));
        explained.is_none()
    });
    (rest.collect(), needed)
}

#[test]
fn the_input_document_has_the_documented_keys_and_what_others_have_seen() {
    let Some(documents) = corpus("notification-input-schema") else {
        return;
    };
    let mut documented = BTreeSet::new();
    for (_, document) in &documents {
        paths(document, "", &mut documented);
    }
    let mut all = documented.clone();
    for (_, document) in &corpus("notification-input").expect("the corpus is there") {
        paths(document, "", &mut all);
    }
    let (missing, needed) = unexplained(&all);
    assert_eq!(missing, [""; 0]);
    assert_eq!(needed.len(), EMPTY.len(), "{needed:?}");
    // What SA has from elsewhere, and the shape of what the pages call an object.
    let ours = ours();
    let further: Vec<&String> = ours.difference(&documented).collect();
    insta::assert_json_snapshot!(further, @r#"
    [
      "run_updated.run.states_history[].state",
      "run_updated.run.states_history[].timestamp",
      "run_updated.stack.worker_pool",
      "run_updated.stack.worker_pool.id",
      "run_updated.stack.worker_pool.labels",
      "run_updated.stack.worker_pool.name",
      "run_updated.stack.worker_pool.public"
    ]
    "#);
}

#[test]
fn the_bodies_have_the_keys_of_real_ones() {
    let state = eventful();
    let body = |kind: Kind| {
        let mut happenings = state.happenings.iter().rev();
        let last = happenings.find(|happening| happening.kind == kind);
        let mut keys = BTreeSet::new();
        paths(&last.expect("one of each kind").body, "", &mut keys);
        keys
    };
    let compare = |kind: &str, ours: BTreeSet<String>| {
        let documents = corpus(kind)?;
        let mut theirs = BTreeSet::new();
        for (_, document) in documents {
            // A captured request has its headers beside its body.
            let body = document.get("headers").and(document.get("body"));
            paths(body.unwrap_or(&document), "", &mut theirs);
        }
        Some((
            theirs.difference(&ours).cloned().collect::<Vec<_>>(),
            ours.difference(&theirs).cloned().collect::<Vec<_>>(),
        ))
    };
    let Some(captured) = compare("delivered-request", body(Kind::RunUpdated)) else {
        return;
    };
    assert_eq!(captured, (vec![], vec![]));
    // The documented body is older and smaller than the captured one.
    let documented = compare("webhook-run", body(Kind::RunUpdated));
    assert_eq!(documented.expect("the corpus is there").0, [""; 0]);
    let error = compare("webhook-internal-error", body(Kind::InternalError));
    assert_eq!(error.expect("the corpus is there"), (vec![], vec![]));
}

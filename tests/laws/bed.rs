//! A world for one case: the project in its folder, disguised answers, and what plans and states say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use proptest::test_runner::{Config, TestCaseError, TestCaseResult};
use serde_json::{Map, Value, json};
use spaceport::sandbox::{Effect, Fault};

use crate::dice::Dice;
use crate::project::{Document, Project, SECRETS, STACK};
use crate::world::{Ran, World};

/// The tables whose rows are objects that a project may have.
const TABLES: [&str; 12] = [
    "port/blueprints",
    "port/actions",
    "port/webhooks",
    "port/webhook_secrets",
    "port/secrets",
    "port/secret_values",
    "port/scorecards",
    "port/entities",
    "port/action_permissions",
    "spacelift/policies",
    "spacelift/webhooks",
    "spacelift/spaces",
];

/// 256 cases of each law, unless `PROPTEST_CASES` says otherwise. Failures are told by their input; no
/// file is left behind.
pub fn config() -> Config {
    Config {
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    }
}

/// A world with the secrets' variables set and no project in it.
pub fn world() -> World {
    let mut world = World::new();
    world.spacelift(
        "mutation ($input: StackInput!) { stackCreate(input: $input, manageState: true) { id } }",
        json!({"input": {
            "name": STACK, "branch": "main", "repository": "infra", "administrative": false, "space": "root",
        }}),
    );
    for (nth, name) in SECRETS.iter().enumerate() {
        world.set(name, &canary(nth));
    }
    world
}

/// The text of a secret, which must never be shown.
pub fn canary(nth: usize) -> String {
    format!("canary-{nth}-Zq\"<7>&é-{nth}{nth}{nth}")
}

/// Puts a project into the world's folder; what lies there of an earlier one is removed.
pub fn lay(world: &World, project: &Project) {
    for entry in fs::read_dir(world.root()).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir()
            && !path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'))
        {
            fs::remove_dir_all(path).expect("it can be removed");
        }
    }
    for (name, text) in project.files() {
        world.write(&name, &text);
    }
}

/// From now on answers say the same in other words, and tell more.
pub fn disguise(world: &World, seed: u64) {
    reword(world, seed);
    if seed & 1 == 1 {
        let mut fault = Fault::new(Effect::ExtraFields);
        fault.times = None;
        world.sandbox.fault(fault);
    }
}

/// From now on answers say the same in other words.
pub fn reword(world: &World, seed: u64) {
    world.sandbox.clear_faults();
    let mut dice = Dice::new(seed);
    let effects = [
        Effect::Reorder { seed },
        Effect::ShuffleKeys { seed },
        Effect::FillDefaults,
        Effect::Reescape,
    ];
    for effect in effects {
        if dice.percent(70) {
            let mut fault = Fault::new(effect);
            fault.times = None;
            world.sandbox.fault(fault);
        }
    }
}

/// A run that must end with one of these codes and show no secret.
pub fn ran(world: &World, arguments: &[&str], codes: &[i32]) -> Result<Ran, TestCaseError> {
    let ran = world.run(arguments);
    hides_canaries(&[&ran.out, &ran.err])?;
    let known = ran.code.is_some_and(|code| codes.contains(&code));
    if !known {
        return Err(TestCaseError::fail(format!(
            "{arguments:?} ended with {:?}, not {codes:?}\n{}\n{}\n{}",
            ran.code,
            ran.out,
            ran.err,
            files(world)
        )));
    }
    Ok(ran)
}

/// A run that must not write.
pub fn looked(world: &World, arguments: &[&str], codes: &[i32]) -> Result<Ran, TestCaseError> {
    let before = objects(world);
    world.forget_requests();
    let ran = ran(world, arguments, codes)?;
    let writes = world.writes();
    holds(writes.is_empty(), || {
        format!("law 2: {arguments:?} wrote {writes:?}")
    })?;
    holds(objects(world) == before, || {
        "law 2: a look changed something".into()
    })?;
    Ok(ran)
}

pub fn holds(fact: bool, otherwise: impl FnOnce() -> String) -> TestCaseResult {
    if fact {
        Ok(())
    } else {
        Err(TestCaseError::fail(otherwise()))
    }
}

/// No output has a secret's text, plain or as JSON, base64 or percent-encoded writers spell it.
pub fn hides_canaries(outputs: &[&str]) -> TestCaseResult {
    for (nth, _) in SECRETS.iter().enumerate() {
        let marks = [format!("canary-{nth}"), format!("{nth}{nth}{nth}")];
        let long = format!("Zq\"<7>&é-{}", marks[1]);
        for mark in [marks[0].clone(), long.clone(), base64(&canary(nth))] {
            for output in outputs {
                holds(!output.contains(&mark), || {
                    format!("law 5: `{mark}` is shown in\n{output}")
                })?;
            }
        }
    }
    Ok(())
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(text)
}

/// The files of a world, for messages.
pub fn files(world: &World) -> String {
    let mut all = String::new();
    gather(world.root(), &mut all);
    all
}

fn gather(folder: &std::path::Path, all: &mut String) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, all);
        } else if path.extension().is_some_and(|end| end != "lock") {
            all.push_str(&format!(
                "--- {}\n{}\n",
                path.display(),
                fs::read_to_string(&path).unwrap_or_default()
            ));
        }
    }
}

/// The rows of both services: by table, and by the name that people know them by.
pub fn objects(world: &World) -> BTreeMap<(String, String), Value> {
    let state = world.state();
    let mut found = BTreeMap::new();
    for table in TABLES {
        let (service, name) = table.split_once('/').expect("a table");
        for (key, row) in state[service][name].as_object().into_iter().flatten() {
            let known = if service == "spacelift" {
                row["name"].as_str().unwrap_or(key)
            } else {
                key
            };
            let place = (table.to_owned(), known.to_owned());
            assert!(
                found.insert(place, row.clone()).is_none(),
                "two {table} are called {known}"
            );
        }
    }
    // The ledger is no object of the project.
    found.retain(|(_, key), _| key.split(' ').next() != Some("spaceport_project"));
    let hooks = &state["spacelift"]["stacks"][STACK]["webhooks"];
    for row in hooks.as_object().into_iter().flat_map(Map::values) {
        let endpoint = row["endpoint"].as_str().unwrap_or_default().to_owned();
        let place = ("spacelift/stack_webhooks".to_owned(), endpoint);
        assert!(
            found.insert(place, row.clone()).is_none(),
            "two webhooks of a stack have one endpoint"
        );
    }
    found
}

/// The same without what every write and every start makes new.
pub fn settled(world: &World) -> BTreeMap<(String, String), Value> {
    let state = world.state();
    let mut names = BTreeMap::new();
    for (key, row) in state["port"]["webhooks"].as_object().into_iter().flatten() {
        names.insert(
            row["webhookKey"].as_str().unwrap_or_default().to_owned(),
            format!("key-of-{key}"),
        );
    }
    for table in ["webhooks", "policies", "spaces"] {
        for (key, row) in state["spacelift"][table].as_object().into_iter().flatten() {
            names.insert(
                format!("\"{key}\""),
                format!("\"id-of-{}\"", row["name"].as_str().unwrap_or_default()),
            );
        }
    }
    let mut rows = objects(world);
    for row in rows.values_mut() {
        strip(row);
        let mut text = row.to_string();
        for (from, to) in &names {
            // Inside programs the quotes around a name are escaped.
            let (inside, known) = (from.replace('"', "\\\""), to.replace('"', "\\\""));
            text = text.replace(&inside, &known).replace(from, to);
        }
        *row = serde_json::from_str(&text).expect("it is JSON still");
    }
    // Random texts differ from run to run; that they are there is told by their names.
    rows.retain(|(table, _), _| table != "port/webhook_secrets");
    rows
}

fn strip(row: &mut Value) {
    let new = [
        "createdAt",
        "updatedAt",
        "createdBy",
        "updatedBy",
        "created_at",
        "updated_at",
        "id",
        "_id",
        "webhookKey",
        "secret",
    ];
    match row {
        Value::Object(fields) => {
            fields.retain(|key, _| !new.contains(&key.as_str()));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// The addresses that a plan shows with what happens to them.
pub fn shown(plan: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in plan.lines() {
        let Some(rest) = line.strip_prefix("  ") else {
            continue;
        };
        let mut letters = rest.chars();
        let (symbol, blank) = (letters.next(), letters.next());
        let address = letters.as_str();
        let is_address = address.starts_with("port.") || address.starts_with("spacelift.");
        if blank == Some(' ') && symbol.is_some_and(|symbol| symbol != ' ') && is_address {
            let (address, words) = address.split_once("  ").unwrap_or((address, ""));
            found.insert(address.to_owned(), words.trim().to_owned());
        }
    }
    found
}

/// Which object each row belongs to, for the projects before and after an edit.
pub fn owners(projects: &[&Project]) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut owners: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for document in projects
        .iter()
        .flat_map(|project| project.documents().into_values())
    {
        for place in document.places() {
            let addrs = owners.entry(place).or_default();
            addrs.insert(document.address());
        }
    }
    owners
}

/// Whether a row says everything that a document wants; the first place where it does not.
pub fn arrived(document: &Document, row: &Value) -> Result<(), String> {
    let row = match document.kind.starts_with("spacelift.") {
        true => camel(row),
        false => row.clone(),
    };
    let mut want = document.spec.clone();
    if let Value::Object(fields) = &mut want {
        // Write-only, or part of the row's key.
        for gone in ["secretValue", "secret", "secretHeaders"] {
            fields.remove(gone);
        }
        if document.kind == "spacelift.stack_webhook" {
            fields.remove("stack");
        }
        if document.kind == "port.scorecard" {
            fields.remove("blueprint");
        }
        if document.kind == "port.action_permissions" {
            fields.remove("action");
        }
        if let Some(Value::Object(security)) = fields.get_mut("security") {
            security.remove("secret");
        }
    }
    within(&want, &row, String::new())
}

fn within(want: &Value, have: &Value, at: String) -> Result<(), String> {
    let wrong = || Err(format!("{at}: wanted {want}, is {have}"));
    match (want, have) {
        (Value::Object(want), Value::Object(have)) => {
            for (key, value) in want {
                within(
                    value,
                    have.get(key).unwrap_or(&Value::Null),
                    format!("{at}/{key}"),
                )?;
            }
            Ok(())
        }
        (Value::Array(want), Value::Array(have)) => {
            let labels = at == "/labels";
            if want.len() > have.len() || (want.len() < have.len() && !labels) {
                return wrong();
            }
            let found = |item: &Value| {
                have.iter()
                    .any(|other| within(item, other, at.clone()).is_ok())
            };
            if want.iter().all(found) {
                Ok(())
            } else {
                wrong()
            }
        }
        (Value::String(text), _) if text.replace("$${", "").contains("${") => Ok(()),
        (Value::String(text), Value::String(have)) if text.replace("$${", "${") == *have => Ok(()),
        (Value::Number(one), Value::Number(two)) if one.as_f64() == two.as_f64() => Ok(()),
        (Value::Bool(false), Value::Null) => Ok(()),
        (one, Value::Null) if at.ends_with("/operation") => {
            let is_default = *one == json!("create") || *one == json!({"type": "create"});
            if is_default { Ok(()) } else { wrong() }
        }
        // Two spellings of one meaning.
        (Value::Object(want), Value::String(have)) | (Value::String(have), Value::Object(want))
            if at.ends_with("/operation") && want.get("type") == Some(&json!(have)) =>
        {
            Ok(())
        }
        (one, two) if one == two => Ok(()),
        _ => wrong(),
    }
}

fn camel(row: &Value) -> Value {
    let fields = row.as_object().cloned().unwrap_or_default();
    let renamed: Map<String, Value> = fields
        .into_iter()
        .map(|(key, value)| {
            let name = match key.as_str() {
                "policy_type" => "type".to_owned(),
                "engine_type" => "engineType".to_owned(),
                "parent" => "parentSpace".to_owned(),
                "inherit_entities" => "inheritEntities".to_owned(),
                "retry_on_failure" => "retryOnFailure".to_owned(),
                _ => key,
            };
            (name, value)
        })
        .collect();
    renamed.into()
}

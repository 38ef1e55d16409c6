//! What a snapshot remembers: a plan from it is the plan that asks the services, and whatever a
//! file says that should be one, nothing panics.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bed::{config, hides_canaries, holds, lay, looked, ran, world};
use crate::dice::Dice;
use crate::project::{Project, SECRETS, edits, project};
use crate::world::{Ran, World, binary};

/// In a folder that starts with a dot, so that it is no file of the project.
const SNAPSHOT: &str = ".kept/snapshot.json";

/// A world in which a project is applied, on a machine that has no texts of secrets any more.
fn applied(project: &Project) -> Result<World, TestCaseError> {
    let mut world = world();
    lay(&world, project);
    ran(&world, &["apply", "--yes"], &[0])?;
    for name in SECRETS {
        world.unset(name);
    }
    for name in ["SPACELIFT_RUNTIME_KEY_ID", "SPACELIFT_RUNTIME_KEY_SECRET"] {
        world.unset(name);
    }
    Ok(world)
}

fn taken(world: &World) -> Result<String, TestCaseError> {
    world.write(SNAPSHOT, "");
    let file = world.path(SNAPSHOT);
    let file = file.to_str().expect("a text");
    looked(world, &["snapshot", "--out", file], &[0])?;
    let text = world.read(SNAPSHOT);
    hides_canaries(&[&text])?;
    let webhooks = world.state()["port"]["webhooks"].clone();
    for webhook in webhooks
        .as_object()
        .into_iter()
        .flat_map(|all| all.values())
    {
        let key = webhook["webhookKey"].as_str().unwrap_or("no key");
        holds(!text.contains(key), || {
            format!("law 5: {key} is in\n{text}")
        })?;
    }
    Ok(text)
}

/// A plan from the snapshot with nothing in the environment.
fn offline(world: &World) -> Result<Ran, TestCaseError> {
    let mut command = binary();
    command
        .arg("-C")
        .arg(world.root())
        .args(["plan", "-vv", "--live"]);
    let output = command.arg(world.path(SNAPSHOT)).output();
    let found = crate::world::ran(output.expect("the binary runs"));
    hides_canaries(&[&found.out, &found.err])?;
    Ok(found)
}

/// Puts something else at a place of a tree.
fn deface(json: &mut Value, dice: &mut Dice) {
    let inner = match json {
        Value::Array(items) => items.len(),
        Value::Object(map) => map.len(),
        _ => 0,
    };
    if inner > 0 && dice.percent(85) {
        let nth = dice.below(inner);
        let below = match json {
            Value::Array(items) => items.get_mut(nth),
            Value::Object(map) => map.values_mut().nth(nth),
            _ => None,
        };
        if let Some(below) = below {
            return deface(below, dice);
        }
    }
    let deep = (0..90).fold(json!(1), |deep, _| json!([deep]));
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(18_446_744_073_709_551_615_u64),
        json!(""),
        json!("é\u{0}\u{1b}[2J"),
        json!("${port.blueprint.x.url}"),
        json!("https://ingest.port.io/spaceport-hidden-é"),
        json!("9999-99-99T99:99:99Z"),
        json!([]),
        json!({}),
        json!([{}, [null], "x"]),
        json!({"type": "object", "properties": []}),
        json!({"": {"": ""}}),
        deep,
    ];
    *json = dice.pick(&odd).clone();
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_plan_from_a_snapshot_is_the_plan(project in project(), edits in edits()) {
        let world = applied(&project)?;
        taken(&world)?;
        lay(&world, &project.edited(&edits));
        let any = [0, 3, 5];
        // Ages are told in minutes, and one may end between two runs.
        let before = looked(&world, &["plan", "-vv"], &any)?;
        world.forget_requests();
        let found = offline(&world)?;
        holds(world.sandbox.requests().is_empty(), || "services were asked".into())?;
        let after = looked(&world, &["plan", "-vv"], &any)?;
        let same = |online: &Ran| (online.code, &online.out) == (found.code, &found.out);
        holds(same(&before) || same(&after), || format!(
            "--- online {:?}\n{}\n--- offline {:?}\n{}\n{}", before.code, before.out, found.code, found.out, found.err
        ))?;
    }

    #[test]
    fn whatever_a_snapshot_says_nothing_panics(project in project(), seed in any::<u64>()) {
        let world = applied(&project)?;
        let text = taken(&world)?;
        let mut dice = Dice::new(seed);
        for round in 0..8 {
            let mut json: Value = serde_json::from_str(&text).expect("JSON");
            for _ in 0..=round / 2 {
                deface(&mut json, &mut dice);
            }
            world.write(SNAPSHOT, &json.to_string());
            let found = offline(&world)?;
            holds(matches!(found.code, Some(0 | 1 | 3 | 5)), || format!(
                "{:?}\n{}\n{json}", found.code, found.err
            ))?;
        }
    }
}

//! Law 6: only what the ledger says is ours is deleted, whatever cannot be read or looks empty.

use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;
use reqwest::Method;
use serde_json::json;
use spaceport::sandbox::{Effect, Fault, When};

use crate::bed::{config, holds, lay, objects, ran, shown, world};
use crate::project::{Document, edits, project};
use crate::world::World;

/// What keeps an apply from seeing all there is.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    None,
    /// A file that is no YAML.
    BrokenFile,
    /// A file that is empty, where documents were.
    TornFile,
    /// A folder that must not be read.
    ClosedFolder,
    /// A list that comes back empty.
    EmptyList(&'static str),
    /// A list that is refused.
    RefusedList(&'static str, u16),
    /// Spacelift takes the session for nobody's.
    DeadSession,
    /// The ledger is gone.
    NoLedger,
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let lists = || prop::sample::select(LISTS.as_slice());
    prop_oneof![
        Just(Trouble::None),
        Just(Trouble::BrokenFile),
        Just(Trouble::TornFile),
        Just(Trouble::ClosedFolder),
        lists().prop_map(Trouble::EmptyList),
        (lists(), prop::sample::select(&[403u16, 404, 500][..]))
            .prop_map(|(list, status)| Trouble::RefusedList(list, status)),
        Just(Trouble::DeadSession),
        Just(Trouble::NoLedger),
    ]
}

const LISTS: [&str; 7] = [
    "/v1/blueprints",
    "/v1/actions",
    "/v1/webhooks",
    "/v1/organization/secrets",
    "/v1/scorecards",
    "/graphql",
    "/v1/organization",
];

fn always(effect: Effect, path: &str) -> Fault {
    let mut fault = Fault::new(effect).path(path);
    fault.times = None;
    if path != "/graphql" {
        fault = fault.method("GET");
    }
    fault
}

/// Objects of others, one of which is named like nothing of ours in each table.
fn strangers(world: &World) {
    let blueprint =
        json!({"identifier": "stranger", "title": "Not ours", "schema": {"properties": {}}});
    world.port(Method::POST, "/v1/blueprints", blueprint);
    let action = json!({
        "identifier": "stranger", "invocationMethod": {"type": "KAFKA"},
        "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}},
    });
    world.port(Method::POST, "/v1/actions", action);
    world.port(
        Method::POST,
        "/v1/webhooks",
        json!({"identifier": "stranger", "title": "t", "enabled": true}),
    );
    world.port(
        Method::POST,
        "/v1/organization/secrets",
        json!({"secretName": "STRANGER", "secretValue": "theirs"}),
    );
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_is_deleted_but_what_is_ours_and_left(
        project in project(),
        edits in edits(),
        trouble in trouble(),
    ) {
        let world = world();
        lay(&world, &project);
        ran(&world, &["apply", "--yes"], &[0])?;
        strangers(&world);
        let next = project.edited(&edits);
        lay(&world, &next);
        let before = objects(&world);
        match trouble {
            Trouble::None => {}
            Trouble::BrokenFile => world.write("broken.yaml", "kind: port.blueprint\nspec: {identifier: [\n"),
            Trouble::TornFile => world.write("torn.yaml", ""),
            Trouble::ClosedFolder => closed_folder(&world),
            Trouble::EmptyList(path) => world.sandbox.fault(always(Effect::EmptyLists, path)),
            Trouble::RefusedList(path, status) => {
                world.sandbox.fault(always(Effect::Status { status, when: When::Before }, path));
            }
            Trouble::DeadSession => world.sandbox.fault(always(Effect::DeadSession, "/graphql")),
            Trouble::NoLedger if project.in_port => {}
            Trouble::NoLedger => fs::remove_file(world.path("ledger.json")).expect("there is a ledger"),
        }
        let apply = ran(&world, &["apply", "--yes"], &[0, 1, 3, 4, 5])?;
        world.sandbox.clear_faults();
        let after = objects(&world);

        // What left the project with the edit and is in the ledger of the first apply.
        let kept: BTreeSet<_> = next.documents().values().flat_map(Document::places).collect();
        let ours: BTreeSet<_> = project.documents().values().flat_map(Document::places).collect();
        let objects_only = |place: &&(String, String)| !["port/webhook_secrets", "port/secret_values"].contains(&place.0.as_str());
        for place in before.keys().filter(objects_only).filter(|place| !after.contains_key(*place)) {
            let may = ours.contains(place) && !kept.contains(place);
            let never = match trouble {
                Trouble::NoLedger => !project.in_port,
                _ => matches!(trouble, Trouble::BrokenFile | Trouble::ClosedFolder | Trouble::DeadSession),
            };
            holds(may && !never, || format!("law 6: {trouble:?}: {place:?} was deleted\n{}\n{}", apply.out, apply.err))?;
            holds(shown(&apply.out).values().any(|words| words.starts_with("delete")), || "a delete that is not shown".into())?;
        }
        for (place, row) in before.iter().filter(|(place, _)| place.1.to_lowercase() == "stranger") {
            holds(after.get(place) == Some(row), || format!("law 6: {trouble:?}: {place:?} of others was touched"))?;
        }
        if matches!(trouble, Trouble::BrokenFile | Trouble::ClosedFolder) {
            holds(after == before && apply.code == Some(3), || format!("{trouble:?} did not stop the apply: {apply:?}"))?;
        }
    }
}

/// A folder below the project that even its owner cannot list: a link into nowhere.
fn closed_folder(world: &World) {
    #[cfg(unix)]
    std::os::unix::fs::symlink("/nowhere/at/all", world.path("closed.yaml"))
        .expect("a link can be made");
    #[cfg(not(unix))]
    world.write("closed.yaml", "{");
}

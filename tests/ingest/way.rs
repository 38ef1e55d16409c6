//! The whole way: a first ingest, a second one, and one after changes.

use serde_json::{Value as Json, json};
use spaceport::ingest::report::Done;
use spaceport::sandbox::{Effect, Fault, StartingStack};

use crate::world::{STACKS, World, ingest, plain};

#[tokio::test]
async fn the_first_ingest_writes_all_and_the_second_nothing() {
    let world = World::with((0..123).map(StartingStack::varied).collect()).await;
    let ingest = ingest(STACKS);
    let first = world.run(&ingest).await;
    assert_eq!(
        (first.broken.as_deref(), first.failed),
        (None, 0),
        "{:?}",
        first.failures
    );
    assert_eq!(
        (first.read, first.created, first.changed, first.unchanged),
        (123, 123, 0, 0)
    );
    assert_eq!((world.writes(), world.bulks()), (7, 7));
    assert_eq!(first.samples, []);
    let entities = world.entities().await;
    assert_eq!(entities.len(), 123);
    for (name, entity) in &entities {
        let link = format!("https://acme.app.spacelift.io/stack/{name}");
        assert_eq!(entity["properties"]["link"], link.as_str());
    }

    let second = world.run(&ingest).await;
    assert_eq!(
        (second.created, second.changed, second.unchanged),
        (0, 0, 123)
    );
    assert_eq!(world.writes(), 0);
    assert_eq!(
        world.entities().await,
        entities,
        "not even their dates have changed"
    );
}

#[tokio::test]
async fn seven_changed_stacks_are_seven_entities_in_one_request() {
    let world = World::with(plain(60)).await;
    let ingest = ingest(STACKS);
    world.run(&ingest).await;
    let before = world.entities().await;
    for number in 0..7 {
        world
            .label(&format!("s0{number}1").replace("s061", "s059"), "new")
            .await;
    }

    let planned = world.plan(&ingest).await;
    assert_eq!(world.writes(), 0);
    assert!(planned.planned);
    assert_eq!(
        (planned.created, planned.changed, planned.unchanged),
        (0, 7, 53)
    );
    assert_eq!(planned.samples.len(), 5);
    let sample = &planned.samples[0];
    assert_eq!(
        (sample.identifier.as_str(), sample.what),
        ("s001", Done::Changed)
    );
    assert_eq!(
        sample.fields,
        [("properties.label".to_owned(), json!([]), json!(["new"]))]
    );

    let done = world.run(&ingest).await;
    assert_eq!((done.created, done.changed, done.unchanged), (0, 7, 53));
    assert_eq!((world.writes(), world.bulks()), (1, 1));
    let after = world.entities().await;
    let touched = after
        .iter()
        .filter(|(name, entity)| before[*name] != **entity);
    assert_eq!(touched.count(), 7);
}

#[tokio::test]
async fn what_others_write_beside_the_mapping_stays() {
    let world = World::with(plain(2)).await;
    let ingest = ingest(&STACKS.replace("    space: .item.space\n", ""));
    let body = json!({
        "identifier": "s000", "title": "old", "icon": "Git",
        "properties": {"space": "mine", "branch": "old", "label": []},
    });
    world.post("/v1/blueprints/stack/entities", body).await;
    let planned = world.plan(&ingest).await;
    assert_eq!((planned.created, planned.changed), (1, 1));
    let whats: Vec<Done> = planned.samples.iter().map(|sample| sample.what).collect();
    assert_eq!(whats, [Done::Created, Done::Changed]);
    let fields: Vec<&str> = planned.samples[1]
        .fields
        .iter()
        .map(|(name, ..)| name.as_str())
        .collect();
    assert_eq!(
        fields,
        [
            "title",
            "properties.link",
            "properties.repository",
            "properties.branch",
            "properties.state"
        ]
    );
    world.run(&ingest).await;
    let entity = &world.entities().await["s000"];
    assert_eq!(
        (&entity["title"], &entity["icon"]),
        (&json!("s000"), &json!("Git"))
    );
    assert_eq!(entity["properties"]["space"], "mine");
    assert_eq!(entity["properties"]["branch"], "main");
    assert!(world.agrees(&ingest).await);
}

#[tokio::test]
async fn an_item_that_fails_is_told_and_the_others_are_written() {
    let world = World::with(plain(70)).await;
    let mapping = STACKS
        .replace("identifier: .item.id", "identifier: if .item.id == \"s003\" then null elif .item.id == \"s004\" then \"s005\" else .item.id end")
        .replace("branch: .item.branch", "branch: if .item.id < \"s002\" then error(\"no branch\") else .item.branch end");
    let filtered = mapping.replace(
        "blueprint: stack",
        "blueprint: stack\nfilter: .item.id != \"s069\"",
    );
    let report = world.run(&ingest(&filtered)).await;
    assert_eq!(
        (report.read, report.filtered, report.created, report.failed),
        (70, 1, 67, 2)
    );
    let failures: Vec<String> = report
        .failures
        .iter()
        .map(|failed| format!("{}: {}", failed.identifier, failed.reason))
        .collect();
    insta::assert_snapshot!(failures.join("\n"), @r"
    s003: mapping.identifier: the identifier is null; no entity is written then
    s005: the stacks `s004` and `s005` make the same identifier; the first one has it
    ");
    let unfilled: Vec<String> = report
        .unfilled
        .iter()
        .map(|one| {
            format!(
                "{} {}x {}: {}",
                one.field, one.times, one.identifier, one.message
            )
        })
        .collect();
    insta::assert_snapshot!(unfilled.join("\n"), @"properties.branch 2x s000: no branch; it is left as it is in the catalog then");
    let entities = world.entities().await;
    assert_eq!(entities["s000"]["properties"]["branch"], Json::Null);
    assert_eq!(entities["s000"]["properties"]["state"], "NONE");
}

#[tokio::test]
async fn entities_that_refer_to_each_other_are_written_in_any_order() {
    let world = World::with(plain(45)).await;
    // Each stack is the child of the next one, which Port does not have yet.
    let chain = STACKS.to_owned()
        + "  relations:\n    parent: '.item.id | ltrimstr(\"s\") | tonumber | if . == 44 then null else (. + 1001 | tostring | \"s\" + .[1:]) end'\n";
    let ingest = ingest(&chain);
    let report = world.run(&ingest).await;
    assert_eq!(
        (report.created, report.failed),
        (45, 0),
        "{:?}",
        report.failures
    );
    assert_eq!(
        world.entities().await["s007"]["relations"]["parent"],
        "s008"
    );
    assert!(world.agrees(&ingest).await);
}

#[tokio::test]
async fn spaces_and_policies_are_ingested_too() {
    let world = World::with(plain(1)).await;
    for from in ["spacelift.spaces", "spacelift.policies"] {
        let document = format!(
            "kind: ingest\nname: all\nfrom: {from}\nblueprint: stack\nmapping: {{ identifier: .item.id, title: .item.name }}\n"
        );
        let report = world.run(&ingest(&document)).await;
        assert_eq!(
            (report.broken.as_deref(), report.failed),
            (None, 0),
            "{from}"
        );
        assert_eq!(report.created, report.read, "{from}");
    }
    assert!(world.entities().await.contains_key("root"));
}

#[tokio::test]
async fn who_stops_it_can_go_on_later() {
    let mut world = World::with(plain(300)).await;
    let ingest = ingest(STACKS);
    world.fault(Fault::new(Effect::Slow { milliseconds: 1 }).forever());
    world.stop_after = 60;
    let stopped = world.run(&ingest).await;
    assert!(stopped.interrupted);
    assert_eq!((stopped.broken.as_deref(), stopped.failed), (None, 0));
    let written = world.entities().await.len() as u64;
    assert_eq!(
        stopped.created, written,
        "what was under way has ended, and is told"
    );
    assert!((1..300).contains(&written), "{written}");

    world.stop_after = 0;
    let rest = world.run(&ingest).await;
    assert!(!rest.interrupted);
    assert_eq!((rest.created, rest.unchanged), (300 - written, written));
    assert!(world.agrees(&ingest).await);
}

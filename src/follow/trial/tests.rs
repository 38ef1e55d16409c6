//! Expectations against what comes: what passes, what does not, and where that is said.

use super::*;
use crate::follow::story::{project, spot};

/// A mapper that takes what it is given.
const PROJECT: &str = r#"
kind: port.blueprint
spec:
  identifier: thing
  title: Thing
  schema: { properties: { size: { type: number }, tags: { type: array }, note: { type: string } }, required: [] }
---
kind: port.webhook
spec:
  identifier: mapper
  title: Mapper
  mappings:
    - blueprint: thing
      filter: .body.id != null
      entity:
        identifier: .body.id
        properties: { size: .body.size, tags: .body.tags, note: .body.note }
"#;

/// What a test says that posts one thing and expects this: each failure with its place.
fn said(expect: &str) -> Vec<String> {
    said_of("{ id: t1, size: 3, tags: [a, b] }", expect)
}

fn said_of(payload: &str, expect: &str) -> Vec<String> {
    let test = format!("kind: test\nname: t\npayload: {payload}\nexpect:\n  {expect}\n");
    let desired = project(&[("a.yaml", PROJECT), ("t.yaml", &test)]);
    let wiring = Wiring::of(&desired);
    let trials: Vec<&Trial> = desired.trials.iter().collect();
    let verdicts = run(&wiring, &Engines::same_process(), &trials);
    assert_eq!(verdicts.len(), 1);
    let failures = verdicts[0].failures.iter();
    failures
        .map(|failure| {
            let spot = spot(&desired, failure.place);
            let place = spot.split(' ').next().unwrap_or_default();
            format!("{place} {}", failure.message)
        })
        .collect()
}

#[test]
fn what_is_named_is_compared_and_nothing_else() {
    for expect in [
        "entities: [{ identifier: t1 }]",
        "entities: [{ blueprint: thing, properties: { size: 3.0 } }]",
        "entities: [{ properties: { tags: [a, b], note: null } }]",
        "deleted: []",
        "requests: []",
        "automations: []",
        "deliveries: [{ webhook: null, to: port.webhook.mapper, body: { size: 3 } }]",
        "{ exactly: true, entities: [{ blueprint: thing, identifier: t1, title: t1, properties: { size: 3, tags: [a, b] } }] }",
    ] {
        assert_eq!(said(expect), [""; 0], "{expect}");
    }
}

#[test]
fn every_difference_has_the_place_of_its_expectation() {
    for (expect, wanted) in [
        (
            "entities: [{ identifier: t1, properties: { size: 4, tags: [a] } }]",
            &[
                "t.yaml:5:52 `properties/size` of entity `t1` is another",
                "t.yaml:5:61 `properties/tags` of entity `t1` is another",
            ][..],
        ),
        (
            "entities: [{ identifier: t2 }]",
            &["t.yaml:5:14 no such entity came"],
        ),
        ("entities: []", &["t.yaml:5:3 no entity was expected"]),
        (
            "deleted: [{ identifier: t1 }]",
            &["t.yaml:5:13 no deleted entity came"],
        ),
        (
            "nothing: true",
            &["t.yaml:5:3 nothing was expected to come of it"],
        ),
        (
            "dropped: filter",
            &["t.yaml:5:12 nothing was dropped for this reason"],
        ),
        (
            "{ exactly: true, entities: [{ identifier: t1, blueprint: thing, title: t1, properties: { size: 3 } }] }",
            &["t.yaml:5:90 `properties/tags` was not expected"],
        ),
    ] {
        assert_eq!(said(expect), wanted, "{expect}");
    }
}

#[test]
fn what_is_dropped_is_expected_by_its_reason() {
    let nothing = |expect: &str| said_of("{ size: 3 }", expect);
    assert_eq!(
        nothing("{ nothing: true, dropped: its filter is not true }"),
        [""; 0]
    );
    assert_eq!(nothing("dropped: [filter, .body.id]"), [""; 0]);
    assert_eq!(
        nothing("entities: [{ identifier: t1 }]"),
        ["t.yaml:5:14 no entity came"]
    );
}

/// However many there are, verdicts keep the order of the files.
#[test]
fn verdicts_keep_their_order() {
    let tests: String = (0..40)
        .map(|n| {
            let id = if n % 7 == 0 { "t0" } else { "t1" };
            format!("---\nkind: test\nname: test {n}\npayload: {{ id: {id} }}\nexpect: {{ entities: [{{ identifier: t1 }}] }}\n")
        })
        .collect();
    let desired = project(&[("a.yaml", PROJECT), ("t.yaml", &tests)]);
    let wiring = Wiring::of(&desired);
    let trials: Vec<&Trial> = desired.trials.iter().collect();
    let verdicts = run(&wiring, &Engines::same_process(), &trials);
    let names: Vec<&str> = verdicts.iter().map(|v| v.name.as_str()).collect();
    let wanted: Vec<String> = (0..40).map(|n| format!("test {n}")).collect();
    assert_eq!(names, wanted);
    let failed = verdicts.iter().filter(|v| !v.failures.is_empty()).count();
    assert_eq!(failed, 6);
}

/// Other commands keep neither tests nor nodes: a plan of many objects holds nothing more.
#[test]
fn a_plan_holds_no_tests() {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write(
        "spaceport.yaml",
        "version: 1\nproject: demo\nport: { region: eu }\n",
    );
    write("a.yaml", PROJECT);
    write(
        "t.yaml",
        "kind: test\nname: t\npayload: { id: a }\nexpect: { nothing: true }\n",
    );
    let load = crate::want::desired::load;
    let (desired, findings) = load(folder.path(), &Default::default(), &Default::default());
    assert!(!findings.has_errors());
    assert_eq!(desired.objects.len(), 2);
    assert!(desired.trials.is_empty() && desired.nodes.is_empty());
}

/// What a test says of an item that an ingest reads.
fn said_of_item(item: &str, expect: &str) -> Vec<String> {
    let ingest = "kind: ingest\nname: stacks\nfrom: spacelift.stacks\nblueprint: thing\nfilter: .item.state != 'NONE'\nmapping:\n  identifier: .item.id\n  title: .item.lockNote\n  properties:\n    size: .item.entityCount\n    note: .account.url + \"/stack/\" + .item.id\n";
    let test = format!(
        "kind: test\nname: t\ningest: {{ name: stacks, item: {item} }}\nexpect:\n  {expect}\n"
    );
    let desired = project(&[("a.yaml", PROJECT), ("i.yaml", ingest), ("t.yaml", &test)]);
    let trials: Vec<&Trial> = desired.trials.iter().collect();
    let verdicts = run(&Wiring::of(&desired), &Engines::same_process(), &trials);
    let spot = |place: Option<Place>| place.map_or_else(String::new, |place| spot(&desired, place));
    let failures = verdicts[0].failures.iter();
    failures
        .map(|failure| {
            let causes = failure.causes.iter();
            let causes: Vec<String> = causes
                .map(|why| format!("{}: {}", spot(why.place), why.message))
                .collect();
            format!("{} <- {}", failure.message, causes.join("; "))
        })
        .collect()
}

#[test]
fn an_item_becomes_an_entity() {
    let item = "{ id: a, state: FINISHED, entityCount: 3 }";
    assert_eq!(
        said_of_item(
            item,
            "{ exactly: true, entities: [{ blueprint: thing, identifier: a, title: a, properties: { size: 3, note: \"https://acme.app.spacelift.io/stack/a\" } }] }"
        ),
        [""; 0]
    );
    insta::assert_snapshot!(
        said_of_item(item, "entities: [{ identifier: a, properties: { size: 4 } }]").join("\n"),
        @"`properties/size` of entity `a` is another <- i.yaml:10:11 .item.entityCount: made by .item.entityCount"
    );
    insta::assert_snapshot!(said_of_item(item, "nothing: true").join("\n"), @r#"
    nothing was expected to come of it <- i.yaml:7:3 identifier: .item.id
      title: .item.lockNote
      properties:
        size: .item.entityCount
        note: .account.url + "/stack/" + .item.id: ingest stacks makes thing a
    "#);
}

#[test]
fn an_item_may_come_to_nothing() {
    let nothing = |item: &str, why: &str| {
        said_of_item(item, &format!("{{ nothing: true, dropped: {why} }}")).join("\n")
    };
    assert_eq!(
        nothing("{ id: a, state: NONE }", "its filter is not true"),
        ""
    );
    assert_eq!(nothing("{ id: 1 }", "the identifier is a number"), "");
    // The blueprint does not take it.
    assert_eq!(
        nothing("{ id: a, entityCount: three }", "wants a number"),
        ""
    );
    insta::assert_snapshot!(said_of_item("{ id: a, entityCount: three }", "entities: [{ identifier: a }]").join("\n"), @r#"no entity came <- i.yaml:10:11 .item.entityCount: `size` in `properties` gets "three", and blueprint `thing` wants a number"#);
}

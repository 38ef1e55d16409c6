//! Stacks become entities: all of them, only what differs, and beside the webhook and the guide's
//! script without a quarrel.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::{CLIENT_SECRET, Effect, Fault, KEY_SECRET, Service};

use crate::fleet::{BLUEPRINT, ENTITIES, Fleet, Told, id, meant};
use crate::world::World;

/// The whole promise: all are created, the second run writes nothing, and what changed is written
/// alone, in one request, with nothing but what differs.
#[test]
fn only_what_differs_is_written() {
    let fleet = Fleet::of(120);
    let first = fleet.ingested();
    assert_eq!(first.counts(), (120, 0, 0, 0));
    assert_eq!(first.count("read"), 120);
    assert_eq!(fleet.bulks(), [200; 6]);
    fleet.is_right();

    fleet.is_at_rest();
    fleet.is_written_once();

    let before = fleet.entities();
    let changed = [3, 11, 40, 57, 64, 99, 119];
    for number in changed {
        fleet.describe(&id(number), "Described anew");
    }
    let told = fleet.ingested();
    assert_eq!(told.counts(), (0, 7, 113, 0));
    assert_eq!(fleet.bulks(), [200]);
    assert_eq!(fleet.writes().len(), 1);
    let sent = fleet.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].len(), 7);
    for entity in &sent[0] {
        let only = json!({
            "identifier": entity["identifier"], "properties": {"description": "Described anew"},
        });
        assert_eq!(*entity, only);
    }
    // Whole rows, stamps included: the others were not touched.
    let after = fleet.entities();
    let touched: Vec<&String> = after
        .iter()
        .filter(|(id, row)| before[*id] != **row)
        .map(|(id, _)| id)
        .collect();
    let expected: Vec<String> = changed.iter().map(|number| id(*number)).collect();
    assert_eq!(touched, expected.iter().collect::<Vec<_>>());
    fleet.is_right();
}

/// Every kind of edit is seen, and one that takes a value away takes it away.
#[test]
fn whatever_changes_arrives() {
    let fleet = Fleet::of(12);
    fleet.ingested();
    let space = "mutation { spaceCreate(input: {name: \"Elsewhere\", description: \"\", parentSpace: \"root\", inheritEntities: true, labels: []}) { id } }";
    let space = fleet.world.spacelift(space, json!({}));
    let space = space["spaceCreate"]["id"].clone();
    let before = fleet.stacks();
    let edits: [(&str, Value); 8] = [
        ("name", "Another name".into()),
        ("description", "Another description".into()),
        ("description", "".into()),
        ("labels", json!(["one", "two"])),
        ("labels", json!([])),
        ("namespace", "".into()),
        ("branch", "trunk".into()),
        ("space", space),
    ];
    for (number, (field, value)) in edits.into_iter().enumerate() {
        fleet.edit(&id(number), |input| {
            input.insert(field.to_owned(), value);
        });
    }
    // Some edits change nothing of a stack that was so before.
    let changed = before
        .iter()
        .filter(|(id, was)| fleet.stacks()[*id] != **was);
    let changed = changed.count();
    assert!(changed >= 6, "{changed}");
    assert_eq!(fleet.ingested().counts(), (0, changed, 12 - changed, 0));
    fleet.is_right();
    fleet.is_at_rest();
}

/// Lists come in any order, pages are as short as they like, and answers are reworded: nothing of
/// that is a difference.
#[test]
fn the_words_of_an_answer_are_no_difference() {
    let fleet = Fleet::of(30);
    fleet.ingested();
    for seed in 1..4 {
        let mut faults = vec![
            Fault::new(Effect::Reorder { seed }),
            Fault::new(Effect::ShuffleKeys { seed }),
            Fault::new(Effect::FillDefaults),
            Fault::new(Effect::Reescape),
        ];
        faults.extend((seed == 2).then(|| Fault::new(Effect::ExtraFields)));
        faults.extend((seed == 3).then(|| Fault::new(Effect::Pages { size: 7 })));
        for fault in faults {
            fleet.world.sandbox.fault(fault.forever());
        }
        let told = fleet.ingested();
        fleet.world.sandbox.clear_faults();
        assert_eq!(told.counts(), (0, 0, 30, 0), "{seed}: {told:#?}");
        assert_eq!(fleet.writes(), []);
    }
    // Labels have no order, and a value that is nothing is none.
    let mut turned = 0;
    for (id, entity) in fleet.entities() {
        let mut labels = entity["properties"]["label"].as_array().cloned();
        turned += labels.as_ref().map_or(0, |labels| labels.len() / 2);
        labels.iter_mut().for_each(|labels| labels.reverse());
        let nothing = entity["properties"]["description"].as_str() == Some("");
        let mut properties = json!({"label": labels});
        if nothing {
            properties["description"] = Value::Null;
        }
        let path = format!("{ENTITIES}/{id}");
        let body = json!({"properties": properties});
        fleet.world.port(Method::PATCH, &path, body);
    }
    assert!(turned > 20, "{turned}");
    fleet.is_at_rest();
}

/// A plan tells the numbers and samples, changes nothing, and tells them twice in the same bytes.
#[test]
fn a_plan_only_looks() {
    let fleet = Fleet::of(40);
    let plan = |format: &str| {
        fleet.forget();
        let words = ["ingest", "--plan", "--format", format];
        let ran = fleet.world.run(&words).exits(0);
        assert_eq!(fleet.writes(), []);
        ran.out
    };
    for format in ["human", "json"] {
        assert_eq!(plan(format), plan(format));
    }
    assert!(fleet.entities().is_empty());
    let told = fleet.ingest(&["--plan"]).exits(0);
    assert_eq!(told.counts(), (40, 0, 0, 0));

    fleet.ingested();
    fleet.describe(&id(4), "Described anew");
    fleet.delete(&id(8));
    let before = fleet.world.state()["port"]["entities"].clone();
    let told = fleet.ingest(&["--plan"]).exits(0);
    assert_eq!(told.counts(), (0, 1, 38, 0));
    assert_eq!(told.count("left"), 1);
    let human = plan("human");
    assert_eq!(human, plan("human"));
    for word in ["stack-004", "description", "Described anew", "Stack 4 of"] {
        assert!(human.contains(word), "{word}\n{human}");
    }
    assert_eq!(fleet.world.state()["port"]["entities"], before);

    // What the run itself says is the same in two worlds.
    let other = Fleet::of(40);
    other.ingested();
    other.describe(&id(4), "Described anew");
    other.delete(&id(8));
    for arguments in [&["ingest", "-v"][..], &["ingest", "--format", "json"]] {
        for fleet in [&fleet, &other] {
            fleet.describe(&id(5), arguments[1]);
        }
        let both = [&fleet, &other].map(|fleet| fleet.world.run(arguments).exits(0).out);
        // The heading names where the services are.
        let both = both.map(|out| match out.split_once("\nstacks: ") {
            Some((_, rest)) => rest.to_owned(),
            None => out,
        });
        assert_eq!(both[0], both[1]);
    }
}

/// The guide's script, request by request: its entities differ from ours in the repository, of which
/// it leaves the owner out, and in what it does not fill.
#[test]
fn after_the_guides_script_only_repository_and_link_differ() {
    let fleet = Fleet::of(30);
    for (id, stack) in fleet.stacks() {
        let entity = json!({
            "identifier": id, "title": stack["name"],
            "properties": {
                "space": stack["space"], "label": stack["labels"], "description": stack["description"],
                "repository": stack["repository"], "state": stack["state"],
                "git_provider": stack["provider"], "branch": stack["branch"],
            },
            "relations": {},
        });
        fleet
            .world
            .port(Method::POST, &format!("{ENTITIES}?upsert=true"), entity);
    }
    let before = fleet.entities();
    let told = fleet.ingest(&["--plan"]).exits(0);
    assert_eq!(told.counts(), (0, 30, 0, 0));

    let told = fleet.ingested();
    assert_eq!(told.counts(), (0, 30, 0, 0));
    for entity in fleet.sent().into_iter().flatten() {
        let id = entity["identifier"].as_str().expect("an identifier");
        let mut fields = entity.as_object().expect("a map").clone();
        fields.remove("identifier");
        let properties = fields.remove("properties").unwrap_or_default();
        assert!(fields.is_empty(), "{id}: {fields:?}");
        let names: BTreeSet<&str> = properties
            .as_object()
            .expect("a map")
            .keys()
            .map(String::as_str)
            .collect();
        // Without an owner the two agree on the repository.
        let owned = !fleet.world.state()["spacelift"]["stacks"][id]["namespace"]
            .as_str()
            .unwrap_or_default()
            .is_empty();
        match owned {
            true => assert_eq!(names, BTreeSet::from(["link", "repository"]), "{id}"),
            false => assert_eq!(names, BTreeSet::from(["link"]), "{id}"),
        }
    }
    fleet.is_right();
    for (id, entity) in fleet.entities() {
        assert_eq!(entity["createdBy"], before[&id]["createdBy"]);
    }
    fleet.is_at_rest();
}

/// What others keep in an entity stays: properties that we do not map, icons, teams, relations.
#[test]
fn what_is_not_mapped_is_left_alone() {
    let fleet = Fleet::with(6, |world| {
        world.edit(
            "blueprint.yaml",
            "    required: []\n",
            "      cost:\n        type: number\n        title: Cost\n    required: []\n",
        );
    });
    fleet.ingested();
    let path = format!("{ENTITIES}/{}", id(2));
    let theirs = json!({"icon": "Git", "properties": {"cost": 17}});
    fleet.world.port(Method::PATCH, &path, theirs);
    fleet.describe(&id(2), "Described anew");
    assert_eq!(fleet.ingested().counts(), (0, 1, 5, 0));
    let entity = fleet.world.entity(BLUEPRINT, &id(2));
    assert_eq!(entity["icon"], "Git");
    assert_eq!(entity["properties"]["cost"], 17);
    assert_eq!(entity["properties"]["description"], "Described anew");
    // And what they write into ours is put right.
    let theirs = json!({"properties": {"branch": "theirs", "label": null}});
    fleet.world.port(Method::PATCH, &path, theirs);
    assert_eq!(fleet.ingested().counts(), (0, 1, 5, 0));
    let names = &fleet.sent()[0][0]["properties"];
    let names: BTreeSet<&str> = names
        .as_object()
        .expect("a map")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, BTreeSet::from(["branch", "label"]));
    assert_eq!(fleet.world.entity(BLUEPRINT, &id(2))["icon"], "Git");
}

/// A run in Spacelift and an ingest after it write the same entity, whoever comes first.
#[test]
fn the_webhook_and_an_ingest_agree() {
    // Two of the eight have never run.
    let fleet = Fleet::of(8);
    let run = |stack: &str| {
        let (status, answer) = fleet.world.post("/_sandbox/runs", json!({"stack": stack}));
        assert_eq!(status, 200, "{answer}");
        fleet.world.settle();
    };
    // The policy sees the runs of its space.
    fleet.edit(&id(7), |input| {
        input.insert("space".to_owned(), "root".into());
    });
    // The webhook first: the ingest fills the space, which no delivery has, and nothing else.
    run(&id(1));
    let entity = fleet.world.entity(BLUEPRINT, &id(1));
    assert_eq!(entity["createdBy"], "spacelift_stack_mapper");
    let told = fleet.ingested();
    assert_eq!(told.counts(), (7, 1, 0, 0));
    let sent = fleet.sent().into_iter().flatten();
    let sent: Vec<Value> = sent
        .filter(|entity| entity["identifier"] == id(1).as_str())
        .collect();
    assert_eq!(
        sent,
        [json!({"identifier": id(1), "properties": {"space": fleet.stacks()[&id(1)]["space"]}})]
    );
    fleet.is_right();
    // The ingest first: a run changes the state and nothing else, and the ingest agrees.
    let before = meant(&fleet.world.entity(BLUEPRINT, &id(7)));
    run(&id(7));
    let mut after = meant(&fleet.world.entity(BLUEPRINT, &id(7)));
    assert_eq!(before["properties"]["state"], "NONE");
    assert_eq!(after["properties"]["state"], "FINISHED");
    after["properties"]["state"] = before["properties"]["state"].clone();
    assert_eq!(after, before);
    fleet.is_at_rest();
    fleet.is_right();
}

/// Two runs of one stack at once: the newest event is of the one that waits, while the stack's state is
/// that of the one it waits for. No order of events tells that, and an ingest puts it right.
#[test]
fn a_run_that_waits_behind_another_is_put_right() {
    let fleet = Fleet::of(2);
    fleet.ingested();
    let start = |asked: Value| {
        let (status, answer) = fleet.world.post("/_sandbox/runs", asked);
        assert_eq!(status, 200, "{answer}");
        fleet.world.settle();
    };
    let state = || fleet.world.entity(BLUEPRINT, &id(1))["properties"]["state"].clone();
    let path = ["QUEUED", "PLANNING", "UNCONFIRMED"];
    start(json!({"stack": id(1), "path": path, "stop_at": "UNCONFIRMED"}));
    assert_eq!(state(), "UNCONFIRMED");
    start(json!({"stack": id(1)}));
    assert_eq!(state(), "QUEUED");
    let told = fleet.ingested();
    assert_eq!(told.counts(), (0, 1, 1, 0));
    assert_eq!(state(), "UNCONFIRMED");
    fleet.is_right();
    fleet.is_at_rest();
}

/// An event that comes between an ingest's reading and its writing is overtaken by what was read; the
/// next ingest puts it right.
#[test]
fn an_event_that_is_overtaken_is_put_right() {
    let fleet = Fleet::of(2);
    let slow = Fault::new(Effect::Slow {
        milliseconds: 3_000,
    });
    fleet.world.sandbox.fault(slow.path(crate::fleet::BULK));
    let running = fleet.world.start(&crate::fleet::words(&[]));
    fleet.world.until_faults_have_struck();
    let (status, _) = fleet.world.post("/_sandbox/runs", json!({"stack": id(1)}));
    assert_eq!(status, 200);
    fleet.world.settle();
    let state = || fleet.world.entity(BLUEPRINT, &id(1))["properties"]["state"].clone();
    assert_eq!(state(), "FINISHED");
    running.end().exits(0);
    assert_eq!(state(), "NONE");
    assert_eq!(fleet.ingested().counts(), (0, 1, 1, 0));
    assert_eq!(state(), "FINISHED");
    fleet.is_right();
}

/// In the embedded sandbox as well, whose account is the one that the project names.
#[test]
fn in_the_embedded_sandbox_the_two_agree_as_well() {
    let world = World::of("port-config");
    let run = |words: &[&str]| world.run(&[&["--sandbox"][..], words].concat()).exits(0);
    run(&["apply", "--yes"]);
    let trigger = ["run", "trigger_spacelift_stack", "-i", "stack=ai-agent"];
    run(&[&trigger[..], &["--follow", "--timeout", "60"]].concat());
    let told = Told::of(run(&["ingest", "--plan", "--format", "json"]));
    assert_eq!(told.counts(), (0, 1, 0, 0));
    let fields = told.report["samples"][0]["fields"].as_array().cloned();
    let fields = fields.unwrap_or_default().into_iter();
    let fields: Vec<Value> = fields.map(|field| field["field"].clone()).collect();
    assert_eq!(fields, ["properties.space"]);
    for counts in [(0, 1, 0, 0), (0, 0, 1, 0)] {
        let told = Told::of(run(&["ingest", "--format", "json"]));
        assert_eq!(told.counts(), counts);
    }
}

/// The trigger's list is empty until the first ingest: the apply says which command fills it, and
/// only then.
#[test]
fn an_apply_says_what_fills_the_drop_down() {
    let world = World::with_a_stack("port-config");
    world
        .applied()
        .says("The drop-down of")
        .says("ingest stacks");
    let ran = world.run(&["ingest"]).exits(0);
    ran.says("1");
    assert!(!world.entity(BLUEPRINT, "ai-agent").is_null());
    let ran = world.run(&["run", "trigger_spacelift_stack", "-i", "stack=ai-agent"]);
    ran.exits(0);
    world.edit("blueprint.yaml", "title: SpaceLift Stack", "title: Stack");
    world.applied().hides("drop-down of");
}

/// Names of stacks are anybody's text: none of it reaches the terminal or a log's commands.
#[test]
fn hostile_texts_stay_texts() {
    let fleet = Fleet::of(3);
    let nasty = "\u{1b}[31m::error::\u{7}`@all` <b>|\u{202e}";
    for number in 0..3 {
        fleet.edit(&id(number), |input| {
            input.insert("name".to_owned(), nasty.into());
            input.insert("description".to_owned(), nasty.into());
        });
    }
    for arguments in [
        &["ingest", "--plan"][..],
        &["ingest"],
        &["ingest", "--plan"],
    ] {
        let ran = fleet.world.run(arguments).exits(0);
        for sign in ["\u{1b}", "\u{7}", "\u{202e}"] {
            assert!(!ran.out.contains(sign), "{}", ran.out);
            assert!(!ran.err.contains(sign), "{}", ran.err);
        }
        let commands = ran.out.lines().chain(ran.err.lines());
        assert!(!commands.into_iter().any(|line| line.starts_with("::")));
    }
    assert_eq!(fleet.world.entity(BLUEPRINT, &id(0))["title"], nasty);
    fleet.is_at_rest();
}

/// No secret is said, however loudly the ingest speaks and whatever goes wrong.
#[test]
fn no_secret_is_said() {
    let mut fleet = Fleet::of(45);
    let key = fleet.world.of_port("webhooks", "spacelift_stack_mapper")["webhookKey"].clone();
    let key = key.as_str().expect("a key").to_owned();
    let silent = |fleet: &Fleet, arguments: &[&str]| {
        let ran = fleet.world.run(arguments);
        for secret in ["eyJ", KEY_SECRET, CLIENT_SECRET, "canary", &key] {
            for text in [&ran.out, &ran.err] {
                assert!(
                    !text.contains(secret),
                    "{arguments:?} says {secret}\n{text}"
                );
            }
        }
        assert_ne!(ran.code, Some(70), "{ran:?}");
        ran
    };
    let all: [&[&str]; 5] = [
        &["-vvv", "ingest", "--plan"],
        &["-vvv", "ingest", "--plan", "--format", "json"],
        &["-vvv", "ingest"],
        &["-vvv", "ingest", "--format", "json"],
        &["-vvv", "ingest", "nobody"],
    ];
    for arguments in all {
        silent(&fleet, arguments);
    }
    let port = || Fault::new(Effect::ExpireTokens).service(Service::Port);
    for fault in [
        port().path("/v1/blueprints/space_lift_stack/entities/search"),
        crate::world::status(400, spaceport::sandbox::When::Before).path(ENTITIES),
        crate::world::status(500, spaceport::sandbox::When::Before).forever(),
        crate::world::cut(spaceport::sandbox::When::After).path(ENTITIES),
        Fault::new(Effect::DeadSession).forever(),
    ] {
        fleet.empty();
        fleet.world.sandbox.fault(fault);
        silent(&fleet, &["-vvv", "ingest", "--format", "json"]);
        silent(&fleet, &["-vvv", "ingest"]);
        fleet.world.sandbox.clear_faults();
    }
    for (name, right) in [
        ("PORT_CLIENT_SECRET", CLIENT_SECRET),
        ("SPACELIFT_API_KEY_SECRET", KEY_SECRET),
    ] {
        fleet.world.set(name, "canary-wrong");
        silent(&fleet, &["-vvv", "ingest"]).exits(1).says(name);
        fleet.world.set(name, right);
    }
}

/// Two ingests of one project, all or by name; a name that is none is told with its neighbour.
#[test]
fn ingests_are_chosen_by_name() {
    let fleet = Fleet::with(5, |world| {
        let other = world.read("blueprint.yaml").replace(BLUEPRINT, "another");
        world.write("another.yaml", &other);
        let other = world.read("ingest.yaml").replace(BLUEPRINT, "another");
        let other = other.replace("name: stacks", "name: twins");
        world.write("ingest-another.yaml", &other);
    });
    let count = |fleet: &Fleet| (fleet.entities().len(), fleet.entities_of("another").len());
    fleet.world.run(&["ingest", "twin"]).exits(64).says("twins");
    assert_eq!(count(&fleet), (0, 0));
    fleet.world.run(&["ingest", "twins"]).exits(0);
    assert_eq!(count(&fleet), (0, 5));
    fleet.world.run(&["ingest", "stacks", "twins"]).exits(0);
    assert_eq!(count(&fleet), (5, 5));
    fleet.describe(&id(3), "Described anew");
    let ran = fleet.world.run(&["ingest", "--format", "json"]).exits(0);
    let whole: Value = serde_json::from_str(&ran.out).expect("JSON");
    let told = whole["ingests"].as_array().expect("a list").iter();
    let told: BTreeMap<&str, (&Value, &Value)> = told
        .map(|one| {
            let name = one["name"].as_str().expect("a name");
            (name, (&one["updated"], &one["unchanged"]))
        })
        .collect();
    let (one, four) = (json!(1), json!(4));
    assert_eq!(
        told,
        BTreeMap::from([("stacks", (&one, &four)), ("twins", (&one, &four))])
    );
    fleet.is_right();
}

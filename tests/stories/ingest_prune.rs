//! Entities of stacks that are gone: each reason to leave one alone, by itself. What is deleted wrongly
//! is lost with all that people wrote into it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::{Effect, Fault, When};

use crate::fleet::{BLUEPRINT, ENTITIES, Fleet, Told, id};
use crate::world::{World, cut, status};

/// Few enough that the brake looks at the number alone, many enough that it looks at both.
const STACKS: usize = 55;

/// An ingest that lets go what is gone.
fn pruning(world: &World) {
    world.edit("ingest.yaml", "prune: keep", "prune: delete");
}

/// A fleet that was ingested, and of which some stacks are gone since.
fn thinned(count: usize, gone: &[usize]) -> Fleet {
    thinned_with(count, gone, |_| ())
}

fn thinned_with(count: usize, gone: &[usize], prepare: impl FnOnce(&World)) -> Fleet {
    let fleet = Fleet::with(count, |world| {
        pruning(world);
        prepare(world);
    });
    fleet.ingested();
    for number in gone {
        fleet.delete(&id(*number));
    }
    fleet
}

/// Whether an entity is still there.
fn stays(fleet: &Fleet, id: &str) -> bool {
    !fleet.world.entity(BLUEPRINT, id).is_null()
}

/// Nothing was deleted, and no request asked for it.
#[track_caller]
fn deleted_nothing(fleet: &Fleet, told: &Told, left: usize) {
    assert_eq!(told.count("deleted"), 0, "{told:#?}");
    assert_eq!(told.count("left"), left, "{told:#?}");
    let deletes = fleet.writes().into_iter();
    let deletes: Vec<_> = deletes
        .filter(|entry| entry.method == "DELETE" || entry.path.ends_with("/delete"))
        .collect();
    assert_eq!(deletes, []);
}

/// Somebody writes an entity of a stack that is none, as `user`.
fn written_by(fleet: &Fleet, user: &str, id: &str, account: &str) {
    fleet.world.quirks(json!({"user": user}));
    let entity = json!({
        "identifier": id, "title": id,
        "properties": {"link": format!("https://{account}.app.spacelift.io/stack/{id}")},
    });
    fleet.world.port(Method::POST, ENTITIES, entity);
    fleet.world.quirks(json!({}));
}

/// What is gone goes, what is there stays, in one request; and that is all.
#[test]
fn what_is_gone_goes() {
    let fleet = thinned(STACKS, &[1, 8, 21]);
    let plan = fleet.ingest(&["--plan"]).exits(0);
    assert_eq!(plan.counts(), (0, 0, STACKS - 3, 3));
    assert_eq!(fleet.writes(), []);
    let human = fleet.world.run(&["ingest", "--plan"]).exits(0);
    human.says("stack-001").says("stack-008").says("stack-021");

    let told = fleet.ingested();
    assert_eq!(told.counts(), (0, 0, STACKS - 3, 3));
    assert_eq!(told.count("left"), 0);
    assert_eq!(fleet.writes().len(), 1);
    fleet.is_right();
    fleet.is_at_rest();
}

/// `prune: keep` counts them and leaves them.
#[test]
fn kept_is_kept() {
    let fleet = thinned_with(9, &[2], |world| {
        world.edit("ingest.yaml", "prune: delete", "prune: keep");
    });
    deleted_nothing(&fleet, &fleet.ingested(), 1);
    fleet.world.run(&["ingest"]).exits(0).says("1");
}

/// Made by hand, or by another program's webhook: not ours to delete.
#[test]
fn what_others_made_stays() {
    let fleet = thinned(9, &[2]);
    written_by(&fleet, "auth0|ann", "by-hand", "acme");
    written_by(&fleet, "another_client", "by-another-client", "acme");
    written_by(&fleet, "another_mapper", "by-another-mapper", "acme");
    let told = fleet.ingested();
    assert_eq!(told.counts(), (0, 0, 8, 1));
    assert_eq!(told.count("left"), 3);
    for id in ["by-hand", "by-another-client", "by-another-mapper"] {
        assert!(stays(&fleet, id), "{id}");
    }
    assert!(!stays(&fleet, &id(2)));
}

/// What our own mapper made is ours; once the mapper has left the project, it is not.
#[test]
fn what_the_mapper_made_goes_while_the_mapper_is_ours() {
    for is_ours in [true, false] {
        let fleet = Fleet::with(9, pruning);
        let (status, answer) = fleet.world.post("/_sandbox/runs", json!({"stack": id(4)}));
        assert_eq!(status, 200, "{answer}");
        fleet.world.settle();
        fleet.ingested();
        let entity = fleet.world.entity(BLUEPRINT, &id(4));
        assert_eq!(entity["createdBy"], "spacelift_stack_mapper");
        if !is_ours {
            let forget = ["forget", "port.webhook.spacelift_stack_mapper"];
            fleet
                .world
                .run(&[&forget[..], &["--yes"]].concat())
                .exits(0);
        }
        fleet.delete(&id(4));
        let told = fleet.ingested();
        match is_ours {
            true => assert_eq!(told.counts(), (0, 0, 8, 1)),
            false => deleted_nothing(&fleet, &told, 1),
        }
        assert_eq!(stays(&fleet, &id(4)), !is_ours);
    }
}

/// Another account's stacks in the same blueprint, made by the same client: they look gone to us.
#[test]
fn stacks_of_another_account_stay() {
    let fleet = thinned(9, &[2]);
    let us = spaceport::sandbox::CLIENT_ID;
    written_by(&fleet, us, "theirs", "other");
    // One whose name begins like ours.
    written_by(&fleet, us, "lookalike", "acme.evil");
    written_by(&fleet, us, "longer", "acme-staging");
    // What the guide's script made has no link, so nobody can tell whose it is.
    let bare = json!({"identifier": "guides", "title": "guides", "properties": {"state": "NONE"}});
    fleet.world.port(Method::POST, ENTITIES, bare);
    let told = fleet.ingested();
    assert_eq!(told.counts(), (0, 0, 8, 1));
    // None of our business, so they are not even told.
    assert_eq!(told.count("left"), 0);
    for id in ["theirs", "lookalike", "longer", "guides"] {
        assert!(stays(&fleet, id), "{id}");
    }
}

/// A blueprint that is somebody else's: what is in it is not ours, whoever wrote it.
#[test]
fn a_blueprint_of_others_keeps_what_it_has() {
    let fleet = thinned(9, &[2]);
    let forget = ["forget", "port.blueprint.space_lift_stack", "--yes"];
    fleet.world.run(&forget).exits(0);
    let told = fleet.ingest(&[]);
    deleted_nothing(&fleet, &told, 1);
    assert!(stays(&fleet, &id(2)));
}

/// Without a ledger nothing is ours, and the document says so before anything is read.
#[test]
fn without_a_ledger_nothing_can_be_pruned() {
    let world = World::of("port-config");
    pruning(&world);
    world.edit(
        "spaceport.yaml",
        "version: 1\n",
        "version: 1\nledger: none\n",
    );
    // A random secret needs a ledger as well; it is not what this is about.
    let ran = world.run(&["ingest"]).exits(3);
    ran.says("prune").says("ledger");
    assert_eq!(world.writes(), [""; 0]);
}

/// Nor when nothing tells this account's stacks from another's.
#[test]
fn without_the_account_nothing_can_be_pruned() {
    let world = World::of("port-config");
    pruning(&world);
    world.edit(
        "ingest.yaml",
        "    link: .account.url + \"/stack/\" + .item.id\n",
        "",
    );
    world.run(&["ingest"]).exits(3).says(".account.url");
    world.run(&["validate"]).exits(3).says(".account.url");
}

/// What the filter leaves out is not gone.
#[test]
fn a_filter_deletes_nothing() {
    let fleet = thinned(9, &[2]);
    fleet.world.edit(
        "ingest.yaml",
        "from: spacelift.stacks\n",
        "from: spacelift.stacks\nfilter: .item.id > \"stack-004\"\n",
    );
    let told = fleet.ingested();
    assert_eq!(told.counts(), (0, 0, 4, 1));
    assert_eq!(told.count("filtered"), 4);
    for number in [0, 1, 3, 4] {
        assert!(stays(&fleet, &id(number)), "{number}");
    }
    assert!(!stays(&fleet, &id(2)));
}

/// Two ingests into one blueprint: what the other one makes would look gone to one that deletes, so
/// they are refused before anything is read. Of the same items they may be two.
#[test]
fn what_another_ingest_makes_is_not_gone() {
    let fleet = Fleet::with(9, |world| {
        let one = world.read("ingest.yaml");
        let other = one.replace("name: stacks", "name: others");
        let filter = |text: &str, sign: &str| {
            let filter = format!("filter: .item.id {sign} \"stack-005\"\nmapping:\n");
            text.replace("mapping:\n", &filter)
        };
        world.write("others.yaml", &filter(&other, ">="));
        world.write("ingest.yaml", &filter(&one, "<"));
        pruning(world);
    });
    fleet.world.run(&["ingest"]).exits(0);
    fleet.is_right();
    fleet.delete(&id(2));
    fleet.delete(&id(7));
    // What is gone is gone for both, and one of them may delete it.
    assert_eq!(fleet.ingest(&["stacks"]).exits(0).counts(), (0, 0, 4, 2));
    fleet.is_right();

    let program = "identifier: .item.id";
    let double = "identifier: .item.id + \"-double\"";
    fleet.world.edit("others.yaml", program, double);
    for command in ["ingest", "validate"] {
        let ran = fleet.world.run(&[command]).exits(3);
        ran.says("`others` fills `space_lift_stack`");
    }
    fleet.is_right();
}

/// When all stacks are gone at once, something else is gone: nothing is deleted.
#[test]
fn an_empty_list_deletes_nothing() {
    let all: Vec<usize> = (0..4).collect();
    let fleet = thinned(4, &all);
    let told = fleet.ingest(&["--allow-deletes", "9"]);
    deleted_nothing(&fleet, &told, 4);
    assert!(!told.report["refused"].is_null(), "{told:#?}");
    assert_eq!(fleet.entities().len(), 4);
}

/// A list that comes back empty the second time, a session that is dead, a refusal, a lost answer: the
/// look before the delete proves nothing then.
#[test]
fn a_doubtful_last_look_deletes_nothing() {
    let last = |fault: Fault| fault.operation("IngestIds").skip(1).forever();
    for fault in [
        Fault::new(Effect::EmptyLists),
        Fault::new(Effect::DeadSession),
        status(500, When::Before),
        cut(When::Before),
    ] {
        let fleet = thinned(9, &[2]);
        fleet.world.sandbox.fault(last(fault.clone()));
        let told = fleet.ingest(&[]);
        let left = usize::from(told.report["broken"].is_null());
        deleted_nothing(&fleet, &told, left);
        assert!(matches!(told.ran.code, Some(1 | 5)), "{fault:?} {told:#?}");
        fleet.world.sandbox.clear_faults();
        assert_eq!(fleet.ingested().count("deleted"), 1);
        fleet.is_right();
    }
}

/// A session that is dead from the first list on ends the ingest; nothing looks gone then.
#[test]
fn a_dead_session_deletes_nothing() {
    let fleet = thinned(9, &[2]);
    let before = fleet.entities();
    fleet
        .world
        .sandbox
        .fault(Fault::new(Effect::DeadSession).forever());
    fleet.ingest(&[]).exits(1);
    assert_eq!(fleet.writes(), []);
    assert_eq!(fleet.entities(), before);
}

/// Lists that are empty although the session lives.
#[test]
fn empty_lists_delete_nothing() {
    let fleet = thinned(9, &[2]);
    let before = fleet.entities();
    let empty = Fault::new(Effect::EmptyLists).service(spaceport::sandbox::Service::Spacelift);
    fleet.world.sandbox.fault(empty.forever());
    let told = fleet.ingest(&["--allow-deletes", "99"]);
    deleted_nothing(&fleet, &told, 9);
    assert_eq!(fleet.entities(), before);
}

/// An item whose identifier cannot be computed could be any of them.
#[test]
fn an_item_without_a_name_keeps_them_all() {
    let fleet = thinned(9, &[2]);
    fleet.world.edit(
        "ingest.yaml",
        "identifier: .item.id",
        "identifier: if .item.id == \"stack-003\" then null else .item.id end",
    );
    let told = fleet.ingest(&[]).exits(4);
    // The nameless one's entity is left as well.
    deleted_nothing(&fleet, &told, 2);
    assert_eq!(told.count("failed"), 1);
    assert!(stays(&fleet, &id(2)) && stays(&fleet, &id(3)));
}

/// The brake: over its number nothing goes; a flag lifts it for as many.
#[test]
fn the_brake_holds() {
    let gone: Vec<usize> = (0..6).collect();
    let fleet = thinned(STACKS, &gone);
    let told = fleet.ingest(&[]).exits(5);
    deleted_nothing(&fleet, &told, 6);
    assert!(!told.report["refused"].is_null(), "{told:#?}");
    fleet
        .world
        .run(&["ingest"])
        .exits(5)
        .says("--allow-deletes 6");
    fleet
        .world
        .run(&["ingest", "--plan"])
        .says("--allow-deletes 6");
    let told = fleet.ingest(&["--allow-deletes", "5"]).exits(5);
    deleted_nothing(&fleet, &told, 6);
    let told = fleet.ingest(&["--allow-deletes", "6"]).exits(0);
    assert_eq!(told.counts(), (0, 0, STACKS - 6, 6));
    fleet.is_right();
}

/// The brake lets the rest go on: what is new is created, what changed is changed.
#[test]
fn the_brake_stops_only_deletes() {
    let gone: Vec<usize> = (0..6).collect();
    let fleet = thinned(STACKS, &gone);
    fleet.describe(&id(20), "Described anew");
    let told = fleet.ingest(&[]).exits(5);
    assert_eq!(told.counts(), (0, 1, STACKS - 7, 0));
    assert_eq!(
        fleet.world.entity(BLUEPRINT, &id(20))["properties"]["description"],
        "Described anew"
    );
}

/// The other half of the brake: a share of all, which counts from ten on. An ingest may have its own.
#[test]
fn the_brake_knows_shares_and_its_own_limits() {
    // 4 of 12 are more than 30 percent and fewer than 5.
    let fleet = thinned(12, &[0, 1, 2, 3]);
    deleted_nothing(&fleet, &fleet.ingest(&[]).exits(5), 4);
    fleet.world.edit(
        "ingest.yaml",
        "prune: delete",
        "prune: delete\nlimits: { deletes: 4, percent: 40 }",
    );
    assert_eq!(fleet.ingest(&[]).exits(0).count("deleted"), 4);
    // 4 of 9 are as well; there the share does not count.
    let fleet = thinned(9, &[0, 1, 2, 3]);
    assert_eq!(fleet.ingest(&[]).exits(0).count("deleted"), 4);
    // Stricter than the project's.
    let fleet = thinned_with(9, &[0, 1], |world| {
        world.edit(
            "ingest.yaml",
            "prune: delete",
            "prune: delete\nlimits: { deletes: 1, percent: 100 }",
        );
    });
    deleted_nothing(&fleet, &fleet.ingest(&[]).exits(5), 2);
}

/// Others refer to one of them: that one is told, and the others go.
#[test]
fn what_others_refer_to_stays_and_is_told() {
    let fleet = thinned(9, &[2, 4, 6]);
    let service = json!({
        "identifier": "service", "title": "Service", "schema": {"properties": {}, "required": []},
        "relations": {"stack": {"title": "Stack", "target": BLUEPRINT, "many": false, "required": false}},
    });
    fleet.world.port(Method::POST, "/v1/blueprints", service);
    let entity = json!({"identifier": "shop", "relations": {"stack": id(4)}});
    fleet
        .world
        .port(Method::POST, "/v1/blueprints/service/entities", entity);
    let told = fleet.ingest(&[]).exits(4);
    assert_eq!(told.counts(), (0, 0, 6, 2));
    assert_eq!(told.count("failed"), 1);
    assert_eq!(told.failures()[0].0, id(4));
    assert!(told.failures()[0].1.contains("dependents"), "{told:#?}");
    assert!(stays(&fleet, &id(4)));
    assert!(!stays(&fleet, &id(2)) && !stays(&fleet, &id(6)));
    assert!(!fleet.world.entity("service", "shop").is_null());
}

/// Pages are short and in any order, both tokens end in the middle, answers are lost: what is there
/// stays, what is gone goes.
#[test]
fn no_weather_makes_a_wrong_delete() {
    let gone = [3, 30];
    let calm = thinned(STACKS, &gone);
    calm.ingested();
    let requests = u32::try_from(calm.world.sandbox.requests().len()).expect("few requests");
    let faults = |seed: u32| {
        [
            Fault::new(Effect::EmptyLists).skip(seed),
            Fault::new(Effect::DeadSession).skip(seed),
            cut(When::After).skip(seed),
            status(500, When::Before).skip(seed),
        ]
    };
    let living: BTreeSet<String> = calm.stacks().into_keys().collect();
    std::thread::scope(|scope| {
        for kind in 0..4 {
            let living = &living;
            scope.spawn(move || {
                let fleet = thinned(STACKS, &gone);
                for request in 0..requests {
                    fleet.world.sandbox.fault(faults(request)[kind].clone());
                    let ran = fleet.world.run(&["ingest"]);
                    fleet.world.sandbox.clear_faults();
                    let ids = fleet.ids();
                    assert!(living.is_subset(&ids), "{kind} {request} {ran:#?}");
                    assert!(matches!(ran.code, Some(0 | 1 | 4 | 5)), "{ran:#?}");
                    // For the next request they are back, and gone again.
                    for number in gone {
                        let us = spaceport::sandbox::CLIENT_ID;
                        if !stays(&fleet, &id(number)) {
                            written_by(&fleet, us, &id(number), "acme");
                        }
                    }
                }
                assert_eq!(fleet.ingested().count("deleted"), 2);
                fleet.is_right();
            });
        }
    });
}

/// Pages of stacks that move, in the first list and in the last look alike: what one of them missed is
/// not gone.
#[test]
fn pages_that_move_delete_nothing_that_is_there() {
    std::thread::scope(|scope| {
        for by in [-9, -1, 1, 9] {
            scope.spawn(move || {
                let fleet = thinned(STACKS, &[3, 30]);
                let living: BTreeSet<String> = fleet.stacks().into_keys().collect();
                let search = "/v1/blueprints/space_lift_stack/entities/search";
                for page in 0..6 {
                    let moved = || Fault::new(Effect::ShiftPage { by }).skip(page);
                    for fault in [
                        Fault::new(Effect::Pages { size: 10 }).forever(),
                        moved().path(search),
                        moved().operation("searchStacks"),
                    ] {
                        fleet.world.sandbox.fault(fault);
                    }
                    fleet.ingest(&[]);
                    fleet.world.sandbox.clear_faults();
                    assert!(living.is_subset(&fleet.ids()), "{by} {page}");
                }
                fleet.ingested();
                fleet.is_right();
            });
        }
    });
}

/// A delete whose answer is lost took effect: it is looked at, and no failure.
#[test]
fn a_lost_answer_to_a_delete_is_no_failure() {
    for fault in [
        cut(When::After),
        Fault::new(Effect::BadGateway { when: When::After }),
    ] {
        let fleet = thinned(9, &[2]);
        let path = "/v1/blueprints/space_lift_stack/bulk/entities/delete";
        fleet.world.sandbox.fault(fault.path(path));
        let told = fleet.ingested();
        assert_eq!(told.counts(), (0, 0, 8, 1), "{told:#?}");
        fleet.is_right();
    }
}

/// A stack that comes back between the reading and the deleting is not deleted.
#[test]
fn a_stack_that_comes_back_in_time_stays() {
    let fleet = thinned(9, &[2]);
    // The first list misses it, the last look has it: as if it had been created in between.
    let without = fleet.entities();
    let input = json!({"input": {
        "name": id(2), "branch": "main", "repository": "repository-2", "administrative": false, "space": "root",
    }});
    let slow = Fault::new(Effect::Slow {
        milliseconds: 1_500,
    });
    fleet
        .world
        .sandbox
        .fault(slow.operation("IngestIds").skip(1));
    let running = fleet.world.start(&crate::fleet::words(&[]));
    fleet.world.until_faults_have_struck();
    let create =
        "mutation ($input: StackInput!) { stackCreate(input: $input, manageState: true) { id } }";
    fleet.world.spacelift(create, input);
    let told = Told::of(running.end());
    assert_eq!(told.count("deleted"), 0, "{told:#?}");
    assert_eq!(
        fleet.entities().keys().collect::<Vec<_>>(),
        without.keys().collect::<Vec<_>>()
    );
    fleet.ingested();
    fleet.is_right();
}

/// An entity whose link somebody changed by hand says of no account that it is its own.
#[test]
fn what_links_elsewhere_stays() {
    let fleet = thinned(9, &[]);
    let path = format!("{ENTITIES}/{}", id(2));
    let theirs = json!({"properties": {"link": "https://elsewhere.example.com/"}});
    fleet.world.port(Method::PATCH, &path, theirs);
    fleet.delete(&id(2));
    // Nobody can tell any more whose it is.
    deleted_nothing(&fleet, &fleet.ingested(), 0);
    let none: Value = json!({"properties": {"link": null}});
    fleet.world.port(Method::PATCH, &path, none);
    deleted_nothing(&fleet, &fleet.ingested(), 0);
    assert!(stays(&fleet, &id(2)));
}

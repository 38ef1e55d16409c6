//! What people read of ingests that went well, went wrong, or were only planned.

use serde_json::json;

use super::*;
use crate::ingest::{Done, Failed, Sample, Unfilled};
use crate::kinds::ingest::Origin;
use crate::show::text::width;
use crate::want::config::Limits;
use crate::want::yaml;
use crate::words::Node;

fn ingest(prune: bool) -> Ingest {
    let node: Node = yaml::read(0, "{}").0.remove(0);
    Ingest {
        name: "stacks".into(),
        place: node.place,
        from: Origin::Stacks,
        blueprint: "space_lift_stack".into(),
        filter: None,
        mapping: node.clone(),
        prune,
        limits: Limits {
            deletes: 5,
            percent: 30,
        },
        environments: Vec::new(),
        node,
    }
}

fn report() -> Report {
    Report {
        name: "stacks".into(),
        from: "spacelift.stacks",
        blueprint: "space_lift_stack".into(),
        read: 10_000,
        unchanged: 10_000,
        ..Report::default()
    }
}

fn shown(report: &Report) -> String {
    let shown = human(&ingest(false), report, &Style::default());
    assert!(shown.lines().all(|line| width(line) <= 80), "{shown}");
    shown
}

fn failed(identifier: &str, reason: &str) -> Failed {
    Failed {
        identifier: identifier.into(),
        reason: reason.into(),
    }
}

#[test]
fn what_went_well_is_told_in_one_sentence() {
    insta::assert_snapshot!(shown(&report()), @"
    stacks: spacelift.stacks into space_lift_stack
    Ingested: 10000 stacks read, 0 created, 0 updated, 0 deleted, 10000 unchanged.
    ");
    let first = Report {
        created: 9_990,
        filtered: 10,
        unchanged: 0,
        ..report()
    };
    insta::assert_snapshot!(shown(&first), @"
    stacks: spacelift.stacks into space_lift_stack
    Ingested: 10000 stacks read, 9990 created, 0 updated, 0 deleted, 0 unchanged,
    10 filtered out.
    ");
}

#[test]
fn a_plan_shows_some_of_what_it_would_write() {
    let plan = Report {
        planned: true,
        created: 7,
        changed: 1,
        deleted: 2,
        unchanged: 9_990,
        samples: vec![
            Sample {
                identifier: "ai-agent".into(),
                what: Done::Created,
                fields: vec![
                    ("title".into(), json!(null), json!("AI agent")),
                    ("properties.state".into(), json!(null), json!("FINISHED")),
                    ("properties.label".into(), json!(null), json!(["a", "b"])),
                    ("relations.space".into(), json!(null), json!("root")),
                ],
            },
            Sample {
                identifier: "db".into(),
                what: Done::Changed,
                fields: vec![
                    ("properties.branch".into(), json!(null), json!("main")),
                    (
                        "properties.label".into(),
                        json!(["a", "b"]),
                        json!(["b", "c"]),
                    ),
                    ("properties.space".into(), json!("root"), json!(null)),
                    (
                        "properties.state".into(),
                        json!("FINISHED"),
                        json!("FAILED"),
                    ),
                ],
            },
            Sample {
                identifier: "gone-1".into(),
                what: Done::Deleted,
                fields: Vec::new(),
            },
            Sample {
                identifier: "gone-2".into(),
                what: Done::Deleted,
                fields: Vec::new(),
            },
        ],
        ..report()
    };
    insta::assert_snapshot!(shown(&plan), @r#"
    stacks: spacelift.stacks into space_lift_stack

      + ai-agent  create
          title: AI agent
          properties: { state: FINISHED, label: [a, b] }
          relations: { space: root }

      ~ db        update
          + /properties/branch = "main"
          ~ /properties/label:
              - "a"
              + "c"
          - /properties/space  = "root"
          ~ /properties/state  = "FINISHED" → "FAILED"

      - gone-1    delete
      - gone-2    delete

      … and more: 6 to create

    Plan: 10000 stacks read, 7 to create, 1 to update, 2 to delete, 9990 unchanged.
    "#);
}

#[test]
fn what_failed_is_told_by_reason_and_all_of_it_with_v() {
    let mut failures: Vec<Failed> = (1..=5)
        .map(|n| {
            failed(
                &format!("stack-{n}"),
                "Port answered 422: `state` must be a string",
            )
        })
        .collect();
    failures.push(failed(
        "twice",
        "two stacks make this entity: `Twice` and `twice`",
    ));
    let failing = Report {
        created: 9_993,
        unchanged: 0,
        failed: 7,
        failures,
        ..report()
    };
    insta::assert_snapshot!(shown(&failing), @"
    stacks: spacelift.stacks into space_lift_stack

      failed: stack-1, stack-2, stack-3 and 2 more
          Port answered 422: `state` must be a string
      failed: twice
          two stacks make this entity: `Twice` and `twice`
      … and 1 more failure

    Incomplete: 10000 stacks read, 9993 created, 0 updated, 0 deleted, 0 unchanged,
    7 failed.
    Mend what failed; `spaceport ingest` then writes that alone.
    ");
    let verbose = Style {
        verbose: 1,
        ..Style::default()
    };
    insta::assert_snapshot!(human(&ingest(false), &failing, &verbose), @"
    stacks: spacelift.stacks into space_lift_stack

      failed: stack-1, stack-2, stack-3, stack-4 and stack-5
          Port answered 422: `state` must be a string
      failed: twice
          two stacks make this entity: `Twice` and `twice`
      … and 1 more failure

    Incomplete: 10000 stacks read, 9993 created, 0 updated, 0 deleted, 0 unchanged,
    7 failed.
    Mend what failed; `spaceport ingest` then writes that alone.
    ");
}

#[test]
fn what_is_gone_and_stays_is_told_with_the_reason() {
    let left = Report {
        left: 3,
        ..report()
    };
    insta::assert_snapshot!(shown(&left), @"
    stacks: spacelift.stacks into space_lift_stack

      · 3 entities of stacks that are gone stay, as `prune: keep` says; `prune:
        delete` deletes those that this project made

    Ingested: 10000 stacks read, 0 created, 0 updated, 0 deleted, 10000 unchanged,
    3 left.
    ");
    let left = Report {
        stay: [("somebody else made them", 3)].into(),
        ..left
    };
    insta::assert_snapshot!(human(&ingest(true), &left, &Style::default()), @"
    stacks: spacelift.stacks into space_lift_stack

      · 3 entities of stacks that are gone stay: somebody else made them

    Ingested: 10000 stacks read, 0 created, 0 updated, 0 deleted, 10000 unchanged,
    3 left.
    ");
    let braked = Report {
        left: 3,
        refused: Some("3 deletes are more than 2, which `limits.deletes` allows".into()),
        allow: Some("`--allow-deletes 3`, or `limits` of the ingest".into()),
        ..report()
    };
    insta::assert_snapshot!(human(&ingest(true), &braked, &Style::default()), @"
    stacks: spacelift.stacks into space_lift_stack

      × refused (deletes): 3 deletes are more than 2, which `limits.deletes` allows
        allowed by: `--allow-deletes 3`, or `limits` of the ingest

    Incomplete: 10000 stacks read, 0 created, 0 updated, 0 deleted, 10000 unchanged,
    3 left.
    ");
}

#[test]
fn what_broke_says_what_is_there_and_what_to_do() {
    let broken = Report {
        read: 50,
        created: 40,
        unchanged: 10,
        broken: Some("Spacelift query IngestPage: answered 502: Bad Gateway".into()),
        help: Some("try again in a while".into()),
        ..report()
    };
    insta::assert_snapshot!(shown(&broken), @"
    stacks: spacelift.stacks into space_lift_stack

      × Spacelift query IngestPage: answered 502: Bad Gateway
        help: try again in a while

    Incomplete: 50 stacks read, 40 created, 0 updated, 0 deleted, 10 unchanged.
    What is written stays; `spaceport ingest` does the rest.
    ");
    let interrupted = Report {
        read: 50,
        unchanged: 0,
        interrupted: true,
        ..report()
    };
    insta::assert_snapshot!(shown(&interrupted), @"
    stacks: spacelift.stacks into space_lift_stack
    Interrupted: 50 stacks read, 0 created, 0 updated, 0 deleted, 0 unchanged.
    Nothing was written.
    ");
}

#[test]
fn fields_that_could_not_be_filled_are_told_once() {
    let unfilled = Report {
        unfilled: vec![
            Unfilled {
                field: "properties.link".into(),
                message: "null and string cannot be added".into(),
                times: 12,
                identifier: "ai-agent".into(),
            },
            Unfilled {
                field: "title".into(),
                message: "cannot index a string with \"name\"".into(),
                times: 1,
                identifier: "db".into(),
            },
        ],
        ..report()
    };
    insta::assert_snapshot!(shown(&unfilled), @r#"
    stacks: spacelift.stacks into space_lift_stack

      ! properties.link cannot be filled for 12 stacks, ai-agent among them
          null and string cannot be added
      ! title cannot be filled for db
          cannot index a string with "name"

    Ingested: 10000 stacks read, 0 created, 0 updated, 0 deleted, 10000 unchanged.
    "#);
}

#[test]
fn colour_says_nothing_that_words_do_not_and_texts_steer_nothing() {
    let hostile = Report {
        planned: true,
        created: 1,
        failed: 1,
        failures: vec![failed(
            "\u{1b}[31m::error::x",
            "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJh.c2ln",
        )],
        samples: vec![Sample {
            identifier: "::warning::x\nsecond".into(),
            what: Done::Created,
            fields: vec![("title".into(), json!(null), json!("\u{1b}]0;x\u{7}"))],
        }],
        ..report()
    };
    let colour = Style {
        colour: true,
        ..Style::default()
    };
    let coloured = human(&ingest(false), &hostile, &colour);
    let plain = human(&ingest(false), &hostile, &Style::default());
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    insta::assert_snapshot!(plain, @r#"
    stacks: spacelift.stacks into space_lift_stack

      + ::warning::x\nsecond  create
          title: "\u001b]0;x\u0007"

      failed: \u{1b}[31m::error::x
          token (redacted)

    Plan: 10000 stacks read, 1 to create, 0 to update, 0 to delete, 10000 unchanged,
    1 failed.
    "#);
}

#[test]
fn what_waits_for_an_ingest_names_the_command() {
    let told = |actions: &[&str]| {
        let one = Waiting {
            blueprint: "space_lift_stack".into(),
            actions: actions.iter().map(|name| (*name).to_owned()).collect(),
            command: "spaceport ingest stacks --sandbox".into(),
        };
        waiting(&[one], &Style::default())
    };
    insta::assert_snapshot!(told(&[]), @"
    `space_lift_stack` has no entities yet: `spaceport ingest stacks --sandbox`
    writes them.
    ");
    insta::assert_snapshot!(told(&["trigger_spacelift_stack"]), @"
    The drop-down of `trigger_spacelift_stack` is empty until `space_lift_stack` has
    entities: `spaceport ingest stacks --sandbox` fills it.
    ");
    insta::assert_snapshot!(told(&["start", "stop", "taint"]), @"
    The drop-downs of `start`, `stop` and `taint` are empty until `space_lift_stack`
    has entities: `spaceport ingest stacks --sandbox` fills them.
    ");
}

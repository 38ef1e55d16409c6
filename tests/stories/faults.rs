//! A story for every fault that the sandbox knows by name: what its user sees when it happens during a plan and during an
//! apply, and that the end is right after at most one more run, with nothing made twice.
//!
//! Faults that need more than a small project have their stories elsewhere, which the table names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use serde_json::Value;
use spaceport::sandbox::{Entry, Trouble, catalog};

use crate::world::{Ran, World, binary, blueprint, policy, ran, secret};

/// What one run meets, how it ends, and what it says.
struct Scene {
    troubles: &'static [&'static str],
    code: i32,
    says: &'static str,
}

/// What is told about one fault.
struct Story {
    fault: &'static str,
    /// Plans before anything is there.
    plans: &'static [Scene],
    /// First applies.
    applies: &'static [Scene],
    /// Applies when there is nothing left to do.
    later: &'static [Scene],
    /// Tests that tell more: `file::test`.
    elsewhere: &'static [&'static str],
}

const fn met(troubles: &'static [&'static str], code: i32, says: &'static str) -> Scene {
    Scene {
        troubles,
        code,
        says,
    }
}

const fn story(fault: &'static str) -> Story {
    Story {
        fault,
        plans: &[],
        applies: &[],
        later: &[],
        elsewhere: &[],
    }
}

const CHANGES: &str = "port.blueprint.service";
const CONVERGED: &str = "converged: 0 changes";
const NOTHING: &str = "No changes";

const STORIES: &[Story] = &[
    Story {
        plans: &[
            met(&["error:503,path=/v1/blueprints"], 2, CHANGES),
            met(&["error:500,path=/v1/actions"], 1, "500"),
        ],
        applies: &[
            met(
                &["error:500,after,method=POST,path=/v1/webhooks"],
                0,
                CONVERGED,
            ),
            met(
                &["error:422,method=POST,path=/v1/webhooks"],
                4,
                "port.webhook.hook",
            ),
            met(&["error:503,before,operation=policyCreatev2"], 0, CONVERGED),
        ],
        elsewhere: &["weather::a_failure_in_the_middle_skips_only_what_needs_it"],
        ..story("error")
    },
    Story {
        plans: &[
            met(&["html-error:502,path=/v1/blueprints"], 2, CHANGES),
            met(
                &["html-error:503,operation=policies,times=always"],
                1,
                "503",
            ),
            met(&["html-error:500,path=/v1/actions"], 1, "500"),
        ],
        applies: &[
            met(
                &["html-error:502,after,operation=policyCreatev2"],
                0,
                CONVERGED,
            ),
            met(
                &["html-error:500,after,method=POST,path=/v1/webhooks"],
                0,
                CONVERGED,
            ),
            met(&["html-error:429,operation=policyCreatev2"], 0, CONVERGED),
        ],
        elsewhere: &["weather::an_outage_is_one_message_and_no_change"],
        ..story("html-error")
    },
    Story {
        plans: &[
            met(&["cut:path=/v1/blueprints"], 2, CHANGES),
            met(&["cut:operation=viewer,times=always"], 1, "Spacelift"),
        ],
        applies: &[
            met(&["cut:after,method=POST,path=/v1/webhooks"], 0, CONVERGED),
            met(
                &["cut:before,operation=namedWebhooksIntegrationCreate"],
                0,
                CONVERGED,
            ),
            met(
                &["cut:after,operation=namedWebhooksIntegrationCreate"],
                0,
                CONVERGED,
            ),
        ],
        elsewhere: &["weather::a_lost_answer_makes_no_duplicate"],
        ..story("cut")
    },
    Story {
        plans: &[
            met(&["half-answer:path=/v1/blueprints"], 2, CHANGES),
            met(
                &["half-answer:operation=viewer,times=always"],
                1,
                "Spacelift",
            ),
        ],
        applies: &[
            met(&["half-answer:method=POST,path=/v1/webhooks"], 0, CONVERGED),
            met(&["half-answer:operation=policyCreatev2"], 0, CONVERGED),
        ],
        ..story("half-answer")
    },
    Story {
        plans: &[
            met(&["half-json:path=/v1/blueprints"], 1, "Port"),
            met(&["half-json:operation=viewer"], 1, "Spacelift"),
        ],
        applies: &[
            met(&["half-json:method=POST,path=/v1/webhooks"], 0, CONVERGED),
            met(&["half-json:operation=policyCreatev2"], 0, CONVERGED),
            met(
                &["half-json:operation=namedWebhooksIntegrationCreate"],
                0,
                CONVERGED,
            ),
        ],
        ..story("half-json")
    },
    Story {
        plans: &[met(&["delay:200,times=3"], 2, CHANGES)],
        applies: &[met(&["delay:200,method=POST,times=3"], 0, CONVERGED)],
        ..story("delay")
    },
    Story {
        elsewhere: &["meeting::two_applies_meet_at_every_request_of_lease_and_ledger"],
        ..story("held")
    },
    Story {
        elsewhere: &["crashes::killed_while_a_request_hangs_the_next_run_completes"],
        ..story("hang")
    },
    Story {
        plans: &[met(
            &["rate-limit-retry-after:1,path=/v1/actions"],
            2,
            CHANGES,
        )],
        applies: &[met(
            &["rate-limit-retry-after:0,method=POST,path=/v1/webhooks,times=3"],
            0,
            CONVERGED,
        )],
        elsewhere: &["ingest_weather::limits_are_waited_out_in_every_spelling"],
        ..story("rate-limit-retry-after")
    },
    Story {
        plans: &[met(&["rate-limit-epoch:1,path=/v1/actions"], 2, CHANGES)],
        applies: &[met(
            &["rate-limit-epoch:1,method=POST,path=/v1/webhooks"],
            0,
            CONVERGED,
        )],
        ..story("rate-limit-epoch")
    },
    Story {
        plans: &[met(&["rate-limit-delay:1,path=/v1/actions"], 2, CHANGES)],
        applies: &[met(
            &["rate-limit-delay:1,method=POST,path=/v1/webhooks"],
            0,
            CONVERGED,
        )],
        ..story("rate-limit-delay")
    },
    Story {
        plans: &[
            met(&["rate-limit-silent:operation=viewer,times=2"], 2, CHANGES),
            met(
                &["rate-limit-silent:path=/v1/actions,times=always"],
                1,
                "429",
            ),
        ],
        applies: &[met(
            &["rate-limit-silent:operation=policyCreatev2,times=2"],
            0,
            CONVERGED,
        )],
        ..story("rate-limit-silent")
    },
    Story {
        plans: &[met(
            &["last-of-window:delay,1,path=/v1/actions"],
            2,
            CHANGES,
        )],
        applies: &[met(
            &["last-of-window:epoch,1,method=POST,path=/v1/webhooks"],
            0,
            CONVERGED,
        )],
        elsewhere: &["ingest_weather::the_end_of_a_window_is_respected"],
        ..story("last-of-window")
    },
    Story {
        plans: &[met(&["expired-tokens:path=/v1/blueprints"], 2, CHANGES)],
        applies: &[met(
            &["expired-tokens:method=POST,path=/v1/webhooks"],
            0,
            CONVERGED,
        )],
        elsewhere: &["ingest_weather::tokens_of_both_services_end_at_any_request"],
        ..story("expired-tokens")
    },
    Story {
        plans: &[met(&["expired-port-token:path=/v1/blueprints"], 2, CHANGES)],
        applies: &[
            met(
                &["expired-port-token:method=POST,path=/v1/webhooks"],
                0,
                CONVERGED,
            ),
            met(
                &["expired-port-token:method=POST,path=/v1/blueprints/spaceport_project"],
                0,
                CONVERGED,
            ),
        ],
        later: &[met(&["expired-port-token:path=/v1/webhooks"], 0, NOTHING)],
        ..story("expired-port-token")
    },
    Story {
        plans: &[met(
            &["expired-spacelift-token:operation=viewer"],
            2,
            CHANGES,
        )],
        applies: &[met(
            &["expired-spacelift-token:operation=policyCreatev2"],
            0,
            CONVERGED,
        )],
        later: &[met(
            &["expired-spacelift-token:operation=viewer"],
            0,
            NOTHING,
        )],
        ..story("expired-spacelift-token")
    },
    Story {
        plans: &[
            met(&["dead-session:operation=viewer"], 2, CHANGES),
            met(&["dead-session:operation=viewer,times=always"], 1, "viewer"),
        ],
        applies: &[met(
            &["dead-session:operation=policyCreatev2"],
            4,
            "unauthorized",
        )],
        later: &[met(
            &["dead-session:operation=viewer,times=always"],
            1,
            "viewer",
        )],
        elsewhere: &["weather::a_dead_token_with_empty_lists_stops_the_run"],
        ..story("dead-session")
    },
    Story {
        plans: &[met(&["pages:1"], 2, CHANGES)],
        applies: &[met(&["pages:1"], 0, CONVERGED)],
        later: &[met(&["pages:1"], 0, NOTHING)],
        ..story("pages")
    },
    Story {
        applies: &[met(
            &[
                "pages:1",
                "moving-pages:1,operation=searchNamedWebhooksIntegrations,skip=2",
            ],
            0,
            CONVERGED,
        )],
        later: &[
            met(
                &[
                    "pages:1",
                    "moving-pages:1,operation=searchNamedWebhooksIntegrations,skip=1",
                ],
                0,
                "",
            ),
            met(
                &[
                    "pages:1",
                    "moving-pages:-1,operation=searchNamedWebhooksIntegrations,skip=1",
                ],
                0,
                NOTHING,
            ),
        ],
        elsewhere: &["ingest_weather::pages_that_move_are_noticed"],
        ..story("moving-pages")
    },
    Story {
        elsewhere: &[
            "ingest_weather::items_in_trouble_are_looked_at_and_tried_again",
            "ingest_weather::items_that_are_refused_are_not_tried_again",
        ],
        ..story("refused-items")
    },
    Story {
        plans: &[met(&["reordered:3"], 2, CHANGES)],
        applies: &[met(&["reordered:3"], 0, CONVERGED)],
        later: &[met(&["reordered:4"], 0, NOTHING)],
        ..story("reordered")
    },
    Story {
        plans: &[met(&["shuffled-keys:3"], 2, CHANGES)],
        applies: &[met(&["shuffled-keys:3"], 0, CONVERGED)],
        later: &[met(&["shuffled-keys:4"], 0, NOTHING)],
        ..story("shuffled-keys")
    },
    Story {
        plans: &[met(&["extra-fields"], 2, CHANGES)],
        applies: &[met(&["extra-fields"], 0, CONVERGED)],
        later: &[met(&["extra-fields"], 0, NOTHING)],
        ..story("extra-fields")
    },
    Story {
        plans: &[met(&["filled-defaults"], 2, CHANGES)],
        applies: &[met(&["filled-defaults"], 0, CONVERGED)],
        later: &[met(&["filled-defaults"], 0, NOTHING)],
        ..story("filled-defaults")
    },
    Story {
        plans: &[met(&["reescaped"], 2, CHANGES)],
        applies: &[met(&["reescaped"], 0, CONVERGED)],
        later: &[met(&["reescaped"], 0, NOTHING)],
        ..story("reescaped")
    },
    Story {
        plans: &[met(&["enlarged"], 2, CHANGES)],
        applies: &[met(&["enlarged:1500000"], 0, CONVERGED)],
        later: &[met(&["enlarged:3000000"], 0, NOTHING)],
        ..story("enlarged")
    },
    Story {
        plans: &[met(&["empty-lists"], 3, "no space `root`")],
        applies: &[met(
            &["empty-lists:method=GET,path=/v1/webhooks,times=1"],
            0,
            CONVERGED,
        )],
        later: &[
            met(
                &["empty-lists:path=/v1/blueprints"],
                5,
                "has no ledger of this project",
            ),
            met(&["empty-lists:service=spacelift"], 3, "no space `root`"),
        ],
        elsewhere: &["weather::a_list_that_must_not_be_empty_stops_the_run"],
        ..story("empty-lists")
    },
    Story {
        plans: &[met(&["late-permissions:2"], 2, CHANGES)],
        applies: &[met(&["late-permissions:2"], 0, CONVERGED)],
        elsewhere: &["kinds_permissions::late_permissions_are_waited_for"],
        ..story("late-permissions")
    },
    Story {
        elsewhere: &["data_loss::a_lagging_delete_is_tried_again"],
        ..story("lagging-deletes")
    },
    Story {
        elsewhere: &["cycles::a_lost_filter_is_put_back_in_one_round"],
        ..story("lost-path-filters")
    },
];

/// Every row of the sandbox's table has a row here, and every test that is named exists.
#[test]
fn no_fault_is_without_a_story() {
    let told: Vec<&str> = STORIES.iter().map(|story| story.fault).collect();
    let known: Vec<&str> = catalog::ALL.iter().map(|named| named.name).collect();
    assert_eq!(told, known);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    for story in STORIES {
        let scenes = [story.plans, story.applies, story.later];
        let is_told = scenes.iter().any(|scenes| !scenes.is_empty());
        assert!(is_told || !story.elsewhere.is_empty(), "{}", story.fault);
        for scene in scenes.into_iter().flatten() {
            let own = |text: &&str| text.split(':').next() == Some(story.fault);
            assert!(scene.troubles.iter().any(own), "{:?}", scene.troubles);
        }
        for place in story.elsewhere {
            let (file, test) = place.split_once("::").expect("`file::test`");
            let text = fs::read_to_string(folder.join(format!("{file}.rs"))).expect(place);
            assert!(
                text.contains(&format!("\nfn {test}() {{")),
                "no test {place}"
            );
        }
    }
}

/// Each fault during a plan, during an apply, and when there is nothing left to do.
#[test]
fn every_fault_ends_well() {
    let calm = World::new_small();
    calm.applied();
    let calm = (tally(&calm), creates(&calm, |_| true));
    let next = Mutex::new(STORIES.iter());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(story) = { next.lock().expect("nobody has failed").next() } {
                    let told = tell(story, &calm);
                    wrong.lock().expect("nobody has failed").extend(told);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("nobody has failed");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// By what names an undisturbed apply makes objects, and how many of each there are then.
type Calm = (BTreeMap<String, usize>, BTreeMap<String, usize>);

/// What is wrong with a story.
fn tell(story: &Story, calm: &Calm) -> Vec<String> {
    let mut wrong = Vec::new();
    for scene in story.plans {
        let world = World::new_small();
        let ran = during(&world, scene, &["plan", "--detailed-exitcode"]);
        wrong.extend(scene.differs(&ran, "plan"));
        wrong.extend(no_writes(&world, scene));
    }
    for scene in story.applies {
        let world = World::new_small();
        let ran = during(&world, scene, &["apply", "--yes"]);
        wrong.extend(scene.differs(&ran, "apply"));
        let again = world.apply();
        wrong.extend(scene.is(again.code == Some(0), || {
            format!("the second apply: {again:?}")
        }));
        let plan = world.plan();
        wrong.extend(scene.is(plan.code == Some(0), || {
            format!("the plan after it: {plan:?}")
        }));
        let there = tally(&world);
        wrong.extend(scene.is(there == calm.0, || format!("{there:?} is there")));
        // What Port answered well was done; GraphQL refuses with 200 too, and what it did is in the tally.
        for made in [
            creates(&world, |entry| {
                entry.operation.is_none() && entry.status / 100 == 2
            }),
            sent(scene, &world),
        ] {
            let twice = made
                .iter()
                .find(|(name, times)| calm.1.get(*name) < Some(times));
            wrong.extend(scene.is(twice.is_none(), || format!("made twice: {twice:?}")));
        }
    }
    for scene in story.later {
        let world = World::new_small();
        world.applied();
        world.forget_requests();
        let before = tally(&world);
        let ran = during(&world, scene, &["apply", "--yes"]);
        wrong.extend(scene.differs(&ran, "an apply without changes"));
        wrong.extend(no_writes(&world, scene));
        let plan = world.plan();
        wrong.extend(scene.is(plan.code == Some(0), || {
            format!("the plan after it: {plan:?}")
        }));
        wrong.extend(scene.is(tally(&world) == before, || "something went away".to_owned()));
    }
    wrong
}

impl Scene {
    fn is(&self, fact: bool, otherwise: impl FnOnce() -> String) -> Option<String> {
        (!fact).then(|| format!("{:?}: {}", self.troubles, otherwise()))
    }

    fn differs(&self, ran: &Ran, what: &str) -> Option<String> {
        let said = ran.out.contains(self.says) || ran.err.contains(self.says);
        let errors = ran.err.lines().filter(|line| line.starts_with("error: "));
        let errors = errors.count();
        self.is(ran.code == Some(self.code) && said && errors <= 1, || {
            format!(
                "{what} must end with {} and say `{}`, and ended with {:?}\n{}\n{}",
                self.code, self.says, ran.code, ran.out, ran.err
            )
        })
    }
}

/// A run in which things go wrong, and all that were meant for it do.
fn during(world: &World, scene: &Scene, arguments: &[&str]) -> Ran {
    for text in scene.troubles {
        let trouble: Trouble = text.parse().expect(text);
        world.sandbox.trouble(trouble);
    }
    let ran = world.run(arguments);
    let waiting = world.steering("/_sandbox/faults")["faults"].clone();
    let waiting = waiting.as_array().expect("a list").iter();
    let missed: Vec<&Value> = waiting.filter(|fault| !fault["times"].is_null()).collect();
    assert!(
        missed.is_empty(),
        "{:?} met no request: {ran:?}",
        scene.troubles
    );
    world.sandbox.clear_faults();
    ran
}

fn no_writes(world: &World, scene: &Scene) -> Option<String> {
    let writes = world.writes_of_objects();
    scene.is(writes.is_empty(), || format!("it wrote {writes:?}"))
}

/// How many objects of each sort there are.
fn tally(world: &World) -> BTreeMap<String, usize> {
    let state = world.state();
    let tables = [
        (
            "port",
            ["blueprints", "actions", "webhooks", "secrets", "scorecards"].as_slice(),
        ),
        ("spacelift", ["webhooks", "policies"].as_slice()),
    ];
    let mut tally = BTreeMap::new();
    for (service, names) in tables {
        for name in names {
            let rows = state[service][name].as_object();
            tally.insert(
                format!("{service} {name}"),
                rows.map_or(0, |rows| rows.len()),
            );
        }
    }
    tally
}

/// The requests that make objects, with how often each was answered so.
fn creates(world: &World, answered: impl Fn(&Entry) -> bool) -> BTreeMap<String, usize> {
    let mut made = BTreeMap::new();
    for entry in world.sandbox.requests() {
        let name = match &entry.operation {
            Some(operation) if operation.ends_with("Create") => operation.clone(),
            None if entry.method == "POST" => format!("POST {}", entry.path),
            _ => continue,
        };
        if entry.write && answered(&entry) && !name.contains("/spaceport_project") {
            *made.entry(name).or_default() += 1;
        }
    }
    made
}

/// The same, whatever was answered, where what was sent took effect: nobody sends it again without a look.
fn sent(scene: &Scene, world: &World) -> BTreeMap<String, usize> {
    let took_effect = |text: &&str| {
        text.contains(":after") || text.contains(",after") || text.starts_with("half-")
    };
    match scene.troubles.iter().any(took_effect) {
        true => creates(world, |_| true),
        false => BTreeMap::new(),
    }
}

impl World {
    /// A project with one object of most kinds and two named webhooks; its ledger is in Port.
    fn new_small() -> World {
        let mut world = World::in_port();
        world.set("TEXT", "canary-text");
        world.write("service.yaml", &blueprint("service", "Service"));
        world.write("key.yaml", &secret("KEY", "TEXT"));
        world.write("gate.yaml", &policy("Gate"));
        world.write("rest.yaml", REST);
        world
    }
}

const REST: &str = "\
kind: port.action
spec:
  identifier: deploy
  title: Deploy
  trigger:
    type: self-service
    operation: DAY-2
    blueprintIdentifier: service
    userInputs: { properties: {}, required: [], order: [] }
  invocationMethod: { type: WEBHOOK, url: \"https://example.com/deploy\" }
---
kind: port.scorecard
spec:
  blueprint: service
  identifier: readiness
  title: Readiness
  rules:
    - identifier: titled
      title: Has a title
      level: Gold
      query: { combinator: and, conditions: [{ property: $title, operator: isNotEmpty }] }
---
kind: port.webhook
spec:
  identifier: hook
  title: Hook
  enabled: true
  mappings:
    - blueprint: service
      filter: .body.ok
      entity: { identifier: .body.id, title: .body.name }
---
kind: spacelift.webhook
ref: one
spec: { name: One, endpoint: \"${port.webhook.hook.url}\", space: root, secret: \"${env.TEXT}\" }
---
kind: spacelift.webhook
ref: two
spec: { name: Two, endpoint: \"https://example.com/two\", space: root }
";

/// `--list-faults` is the same from run to run; a name that is wrong is told with what was meant.
#[test]
fn faults_are_listed_and_asked_for_by_name() {
    let run = |arguments: &[&str]| {
        let mut command = binary();
        ran(command
            .arg("sandbox")
            .args(arguments)
            .output()
            .expect("the binary runs"))
    };
    let list = run(&["--list-faults"]).exits(0);
    assert_eq!(list.out, run(&["--list-faults"]).exits(0).out);
    for named in catalog::ALL {
        assert!(list.out.contains(&named.usage()), "{}", named.name);
        assert!(list.out.contains(named.example), "{}", named.name);
    }
    run(&["--fault", "cutt"])
        .exits(64)
        .says("did you mean `cut`?");
    run(&["--fault", "error:503,afterr"])
        .exits(64)
        .says("did you mean `after`?");
    run(&["--fault", "cut:pth=/v1"])
        .exits(64)
        .says("did you mean `path`?");
}

/// A sandbox that was started with faults has them from its first request on.
#[cfg(unix)]
#[test]
fn a_sandbox_starts_with_its_faults() {
    use std::io::{BufRead, BufReader};

    let mut world = World::new_small();
    let mut running = world.start(&[
        "sandbox",
        "--listen",
        "127.0.0.1:0",
        "--fault",
        "html-error:503,path=/v1/blueprints,times=always",
        "--fault",
        "late-permissions:3",
    ]);
    let mut first = String::new();
    let read = BufReader::new(running.stdout()).read_line(&mut first);
    read.expect("stdout can be read");
    let url = first.trim().strip_prefix("listening on ").expect("a URL");
    for name in ["PORT_BASE_URL", "SPACELIFT_API_KEY_ENDPOINT"] {
        world.set(name, url);
    }
    world.plan().exits(1).says("503");
    running.interrupt();
    running.end().exits(0);
}

//! Stories about what a reviewer sees in a pull request.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::act::report::{Outcome, Report};
use crate::decide::plan::{Action, Reason, Refusal, Skipped, Why};
use crate::show::header::{LastApply, Target};
use crate::show::render::human::tests::{
    CANARY, addr, change, create, delete, field, full_of_secrets, map, pointer, template, update,
};
use crate::words::value::SecretSource;
use crate::words::{Finding, Place, Sources, Value};

fn header() -> Header {
    Header {
        project: "acme-portal".into(),
        environment: Some("staging".into()),
        port: Some(Target {
            who: Some("acme (org_123)".into()),
            origin: "https://api.port.io".into(),
            source: "port.region: eu".into(),
            ..Target::default()
        }),
        ledger: "in Port, acme-portal/staging".into(),
        last_apply: Some(LastApply {
            commit: Some("3f2c1aa".into()),
            age: "2 hours ago".into(),
        }),
        ..Header::default()
    }
}

fn shown(plan: &Plan, header: &Header) -> String {
    super::plan(plan, header, None, &Diagram::of_plan(plan))
}

#[test]
fn a_plan_is_a_summary_a_list_a_graph_and_diffs() {
    let webhook = map(vec![
        ("name", Value::text("Port")),
        (
            "endpoint",
            Value::Deferred(template("${port.webhook.mapper.url}")),
        ),
        (
            "secret",
            Value::Secret(SecretSource::new(template("${env.WEBHOOK_SECRET}"))),
        ),
    ]);
    let mut created = create("spacelift.webhook.port", webhook);
    created.needs = BTreeSet::from([addr("port.webhook.mapper")]);
    let body = "package spacelift\n\nwebhook[w] {\n  w := true\n}\n";
    let fields = vec![
        field("/name", json!("Port"), json!("Port | Notification")),
        field("/body", json!(body), json!(body.replace("true", "input"))),
    ];
    let plan = Plan {
        changes: vec![
            delete("port.blueprint.old", "old"),
            update("spacelift.policy.notify", fields),
            created,
        ],
        refusals: vec![Refusal {
            guard: "protect",
            addrs: vec![addr("port.blueprint.old")],
            message: "`port.blueprint.old` is protected, and would be deleted".into(),
            allow: "removing `lifecycle.protect` in an apply of its own".into(),
        }],
        undecided_secrets: 1,
        notes: vec!["the space root cannot reach @octo".into()],
        unchanged: 7,
        ..Plan::default()
    };
    insta::assert_snapshot!(shown(&plan, &header()), @r#"
    <!-- spaceport plan: acme-portal/staging -->

    ## acme-portal · staging

    **Plan: 1 to create, 1 to update, 1 to delete.**

    > [!CAUTION]
    > **Apply refuses this plan.**
    >
    > - protect: `port.blueprint.old` is protected, and would be deleted. Allowed by removing `lifecycle.protect` in an apply of its own.

    > [!WARNING]
    > - 1 secret is decided at apply: a variable is not set, or the last fingerprint was made under another key

    > [!NOTE]
    > - the space root cannot reach `@octo`

    - Port: acme (`org_123`) at `https://api.port.io`, from `port.region`: eu
    - Ledger: in Port, `acme-portal/staging`, last apply `3f2c1aa`, 2 hours ago

    | | Object | | |
    |---|---|---|---|
    | `-` | `port.blueprint.old` | delete | no longer in the project |
    | `~` | `spacelift.policy.notify` | update | `/name` and `/body` differ |
    | `+` | `spacelift.webhook.port` | create |  |

    <details open>
    <summary>Wiring</summary>

    ```mermaid
    flowchart LR
      subgraph port["Port"]
        n0["webhook.mapper"]
      end
      subgraph spacelift["Spacelift"]
        n1["webhook.port · create"]
      end
      n1 -->|"url"| n0
      classDef create stroke:#1a7f37,stroke-width:3px
      class n1 create
    ```

    </details>

    <details>
    <summary><code>~ spacelift.policy.notify</code> update</summary>

    ```diff
    - /name = "Port"
    + /name = "Port | Notification"
    @@ /body @@
      package spacelift

      webhook[w] {
    -   w := true
    +   w := input
      }
    ```

    </details>

    <details>
    <summary><code>+ spacelift.webhook.port</code> create</summary>

    ```diff
    + name: Port
    + endpoint: (known after apply: port.webhook.mapper url)
    + secret: (secret) from ${env.WEBHOOK_SECRET}
    ```

    </details>
    "#);
}

#[test]
fn the_digest_stands_in_the_second_line() {
    let digest = "0f".repeat(32);
    let shown = super::plan(
        &Plan::default(),
        &header(),
        Some(&digest),
        &Diagram::default(),
    );
    let second = format!("<!-- digest: {digest} -->");
    assert_eq!(shown.lines().nth(1), Some(second.as_str()));
    let shown = super::plan(
        &Plan::default(),
        &header(),
        Some("--> @all"),
        &Diagram::default(),
    );
    assert_eq!(shown.lines().nth(1), Some(""));
}

#[test]
fn a_plan_of_nothing_is_a_sentence() {
    let plan = Plan {
        unchanged: 9,
        ..Plan::default()
    };
    let header = Header {
        project: "acme".into(),
        ..Header::default()
    };
    insta::assert_snapshot!(shown(&plan, &header), @r#"
    <!-- spaceport plan: acme -->

    ## acme

    **No changes. 9 objects are as the project wants them.**
    "#);
}

#[test]
fn what_changes_in_the_ledger_alone_is_named_below_the_list() {
    let mut moved = change("port.blueprint.b", Action::Move, Reason::Equal);
    moved.from = Some(addr("port.blueprint.a"));
    let plan = Plan {
        changes: vec![
            change("port.blueprint.x", Action::Adopt, Reason::Equal),
            moved,
            change("port.blueprint.z", Action::Forget, Reason::NotInConfig),
        ],
        skipped: vec![Skipped {
            addr: addr("port.action.a"),
            action: Action::Create,
            why: Why::Needs(addr("port.blueprint.old")),
        }],
        ..Plan::default()
    };
    let header = Header {
        project: "acme".into(),
        ..Header::default()
    };
    insta::assert_snapshot!(shown(&plan, &header), @r#"
    <!-- spaceport plan: acme -->

    ## acme

    **No changes. 2 objects are as the project wants them. 1 object becomes ours. 1 object moves. 1 object is given up.**

    > [!WARNING]
    > **Apply skips some of it.**
    >
    > - create `port.action.a`: it needs `port.blueprint.old`, which is skipped

    | | Object | | |
    |---|---|---|---|
    | `·` | `port.blueprint.z` | forget | no longer in the project; only the ledger changes |

    - equal already, becomes ours: `port.blueprint.x`
    - has another address now: `port.blueprint.b`
    "#);
}

/// Three thousand objects: created, updated with long bodies, deleted.
fn large() -> Plan {
    let body = |n: usize| format!("package spacelift\n{}", format!("# line {n}\n").repeat(40));
    let changes = (0..3_000).map(|n| match n % 3 {
        0 => delete(&format!("port.blueprint.blueprint_{n}"), "x"),
        1 => {
            let spec = map(vec![("body", Value::text(body(n)))]);
            create(&format!("spacelift.policy.policy_{n}"), spec)
        }
        _ => {
            let fields = vec![field("/body", json!(body(n)), json!(body(n + 1)))];
            update(&format!("spacelift.policy.policy_{n}"), fields)
        }
    });
    let mut changes: Vec<Change> = changes.collect();
    for index in 1..changes.len() {
        changes[index].needs = BTreeSet::from([changes[index - 1].addr.clone()]);
    }
    Plan {
        changes,
        refusals: vec![Refusal {
            guard: "brake",
            addrs: Vec::new(),
            message: "1000 of 3000 objects would be deleted".into(),
            allow: "`--allow-deletes 1000`".into(),
        }],
        unchanged: 12,
        ..Plan::default()
    }
}

#[test]
fn three_thousand_changes_fit_into_a_comment_with_their_whole_summary() {
    let plan = large();
    let shown = shown(&plan, &header());
    assert!(shown.chars().count() < 65_536, "{}", shown.chars().count());
    assert!(shown.len() <= LIMIT, "{}", shown.len());
    assert!(
        shown.len() > LIMIT / 2,
        "room is left unused: {}",
        shown.len()
    );
    assert!(shown.starts_with("<!-- spaceport plan: acme-portal/staging -->\n"));
    for words in [
        "**Plan: 1000 to create, 1000 to update, 1000 to delete.**",
        "> - brake: 1000 of 3000 objects would be deleted. Allowed by `--allow-deletes 1000`.",
        "| `port.blueprint` | 0 | 0 | 0 | 1000 | 0 |",
        "| `spacelift.policy` | 1000 | 1000 | 0 | 0 | 0 |",
        "The graph of 3000 objects and 2999 references is left out; `spaceport graph` draws the project.",
        "left out for want of room; `spaceport -e staging plan -v` shows all.",
        "Ledger: in Port",
    ] {
        assert!(shown.contains(words), "{words}\n{}", &shown[..3_000]);
    }
    let rows = |text: &str| text.matches("\n| `").count();
    let listed = rows(&shown) - 2;
    let said = format!("… and {} more changes, left out", 3_000 - listed);
    assert!(shown.contains(&said), "{listed} rows are listed");
}

#[test]
fn a_graph_too_big_shows_the_changes_alone() {
    let mut plan = Plan {
        changes: large().changes.into_iter().take(40).collect(),
        ..Plan::default()
    };
    for (index, change) in plan.changes.iter_mut().enumerate() {
        change.needs.insert(addr(&format!("port.webhook.w{index}")));
    }
    let shown = shown(&plan, &header());
    assert!(shown.contains("n39[\""), "{shown}");
    assert!(!shown.contains("webhook.w"), "{shown}");
    assert!(
        shown.contains("The graph shows changed objects alone"),
        "{shown}"
    );
}

#[test]
fn details_go_before_the_list_does() {
    let plan = Plan {
        changes: large().changes.into_iter().take(300).collect(),
        ..Plan::default()
    };
    let shown = shown(&plan, &header());
    assert!(shown.len() <= LIMIT, "{}", shown.len());
    assert_eq!(shown.matches("\n| `").count(), 300);
    let sections = shown.matches("<summary><code>").count();
    assert!(sections > 10, "{sections}");
    let said = format!("… {} sections are left out", 200 - sections);
    assert!(shown.contains(&said), "{sections} sections are shown");
}

#[test]
fn a_summary_fits_whatever_there_is_to_say() {
    for text in [
        "`".repeat(3_000),
        "日".repeat(3_000),
        "\u{301}".repeat(3_000),
        "a\n@b ".repeat(600),
    ] {
        let name = format!("port.blueprint[\"{text}\"]");
        let refusals = (0..60).map(|_| Refusal {
            guard: "protect",
            addrs: vec![addr(&name); 10],
            message: text.clone(),
            allow: text.clone(),
        });
        let plan = Plan {
            refusals: refusals.clone().collect(),
            waived: refusals.collect(),
            notes: vec![text.clone(); 60],
            missing_secrets: vec![(addr(&name), pointer("/a"), vec![text.clone()]); 60],
            targets: BTreeSet::from([addr(&name)]),
            changes: large().changes,
            ..Plan::default()
        };
        let header = Header {
            project: text.clone(),
            environment: Some(text.clone()),
            ledger: text.clone(),
            ..Header::default()
        };
        let shown = shown(&plan, &header);
        assert!(shown.chars().count() < 65_536, "{}", shown.chars().count());
        assert!(shown.contains("1000 to delete"));
        assert!(shown.contains("more refusals"));
    }
}

#[test]
fn one_huge_object_does_not_take_the_room_of_the_others() {
    let huge = map(vec![("body", Value::text("a line of it\n".repeat(50_000)))]);
    let small = map(vec![("name", Value::text("small"))]);
    let plan = Plan {
        changes: vec![
            create("spacelift.policy.huge", huge),
            create("spacelift.policy.small", small),
        ],
        ..Plan::default()
    };
    let shown = shown(&plan, &header());
    assert!(shown.contains("+ name: small"));
    assert!(shown.contains("@@ … 49601 more lines; spaceport -e staging plan -v shows them @@"));
}

#[test]
fn what_gives_access_is_never_shown() {
    let (plan, report) = full_of_secrets();
    let shown = shown(&plan, &header()) + &super::report(&report);
    assert!(!shown.contains(CANARY), "{shown}");
    assert!(shown.contains("(redacted)"), "{shown}");
}

#[test]
fn a_report_names_what_failed_and_what_to_do() {
    let failed = Outcome::Failed {
        message: "POST https://a.app.spacelift.io/graphql answered: unauthorized".into(),
        help: Some("the key needs the Write role on the space `root`".into()),
    };
    let report = Report {
        outcomes: vec![
            (addr("port.webhook.a"), Action::Create, Outcome::Done),
            (addr("spacelift.webhook.b"), Action::Create, failed),
            (
                addr("spacelift.policy.c"),
                Action::Create,
                Outcome::Skipped("it needs `spacelift.webhook.b`, which failed".into()),
            ),
        ],
        ..Report::default()
    };
    insta::assert_snapshot!(super::report(&report), @r#"
    **Incomplete: 1 created, 0 updated, 0 deleted, 1 failed, 1 skipped.**

    - failed: create `spacelift.webhook.b`: POST `https://a.app.spacelift.io/graphql` answered: unauthorized
      Help: the key needs the Write role on the space `root`
    - skipped: create `spacelift.policy.c`: it needs `spacelift.webhook.b`, which failed

    What is done stays done. Mend what failed, then `spaceport apply` does the rest.
    "#);
}

#[test]
fn findings_are_a_list_with_their_lines() {
    let mut sources = Sources::default();
    let file = sources.add(
        "blueprint.yaml",
        "kind: port.blueprint\nspec: { identifer: a }\n",
    );
    let found = [
        Finding::error(
            "config::unknown_field",
            Place::new(file, 29, 38),
            "`identifer` is no field of `spec`",
        )
        .help("did you mean `identifier`?"),
        Finding::warning("lint::open_action", None, "everyone may run it"),
    ];
    insta::assert_snapshot!(super::findings(&found, &sources, "port-config/"), @r#"
    **1 error, 1 warning**

    - **error** `port-config/blueprint.yaml:2:9` `identifer` is no field of `spec` (`config::unknown_field`)
      - did you mean `identifier`?
    - **warning** everyone may run it (`lint::open_action`)
    "#);
    let many = vec![found[0].clone(); 5_000];
    let shown = super::findings(&many, &sources, "port-config/");
    assert!(shown.len() <= LIMIT, "{}", shown.len());
    assert!(shown.starts_with("**5000 errors**"), "{}", &shown[..100]);
    assert!(shown.ends_with("more, left out for want of room\n"));
}

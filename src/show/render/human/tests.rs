//! Stories about what a reader of a plan or a report sees.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Column, converged, progress};
use crate::act::report::{Outcome, Report};
use crate::decide::diff::{self, FieldChange};
use crate::decide::plan::{Action, Change, Plan, Reason, Refusal};
use crate::kinds::{self, Observed};
use crate::show::document::report::ReportDocument;
use crate::show::document::{PlanDocument, read};
use crate::show::{Header, Style};
use crate::words::value::{Map, SecretSource};
use crate::words::{Addr, Pointer, Template, Value};

pub(in crate::show::render) fn plain() -> Style {
    Style::default()
}

/// A plan without its header.
fn show(changes: Vec<Change>) -> String {
    show_plan(Plan {
        changes,
        ..Plan::default()
    })
}

fn show_plan(plan: Plan) -> String {
    let header = Header {
        project: "acme".into(),
        ..Header::default()
    };
    shown_twice(&plan, &header, &plain())
}

/// A plan, which reads the same when it comes back from a document.
fn shown_twice(plan: &Plan, header: &Header, style: &Style) -> String {
    let shown = super::plan(plan, header, style);
    let written = serde_json::to_string(&PlanDocument::of(plan, header)).expect("JSON");
    let document = read::plan(&written).unwrap_or_else(|why| panic!("{why}\n{written}"));
    let (again, header) = document.into_plan().expect("a plan");
    assert_eq!(shown, super::plan(&again, &header, style), "{written}");
    // The second time nothing is left to be hidden.
    let rewritten = serde_json::to_value(PlanDocument::of(&again, &header)).expect("JSON");
    let mut document = serde_json::to_value(read::plan(&written).expect("a plan")).expect("JSON");
    let mut rewritten = rewritten;
    for json in [&mut document, &mut rewritten] {
        // Digests speak about live objects, which are not in a document.
        for change in json["changes"].as_array_mut().into_iter().flatten() {
            change["digest"] = Json::Null;
        }
    }
    assert_eq!(document, rewritten);
    shown
}

pub(in crate::show::render) fn addr(text: &str) -> Addr {
    text.parse().unwrap()
}

pub(in crate::show::render) fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).unwrap()
}

pub(in crate::show::render) fn template(text: &str) -> Template {
    Template::parse(text).unwrap()
}

pub(in crate::show::render) fn change(at: &str, action: Action, reason: Reason) -> Change {
    let addr = addr(at);
    Change::bare(&addr, kinds::of(&addr).unwrap(), action, reason)
}

pub(in crate::show::render) fn create(at: &str, want: Value) -> Change {
    Change {
        fields: diff::everything(&want),
        sends: want.secrets().into_iter().map(|(at, _)| at).collect(),
        want: Some(want),
        ..change(at, Action::Create, Reason::Missing)
    }
}

pub(in crate::show::render) fn update(at: &str, fields: Vec<FieldChange>) -> Change {
    let paths = fields.iter().map(|f| f.path.clone()).collect();
    Change {
        fields,
        ..change(at, Action::Update, Reason::Differs(paths))
    }
}

pub(in crate::show::render) fn field(at: &str, before: Json, after: Json) -> FieldChange {
    let some = |json: Json| (!json.is_null()).then(|| Value::from(json));
    FieldChange {
        path: pointer(at),
        before: some(before),
        after: some(after),
    }
}

pub(in crate::show::render) fn delete(at: &str, id: &str) -> Change {
    Change {
        seen: Some(Observed {
            born: Default::default(),
            touched: Default::default(),
            id: id.into(),
            name: id.into(),
            value: Value::Null,
            exports: Map::new(),
        }),
        ..change(at, Action::Delete, Reason::NotInConfig)
    }
}

pub(in crate::show::render) fn map(entries: Vec<(&str, Value)>) -> Value {
    Value::Map(
        entries
            .into_iter()
            .map(|(k, v)| (k.to_owned(), v))
            .collect(),
    )
}

#[test]
fn a_create_shows_its_fields_and_says_what_is_deferred_or_secret() {
    let want = map(vec![
        ("name", Value::text("Port")),
        (
            "endpoint",
            Value::Deferred(template("${port.webhook.spacelift_stack_mapper.url}")),
        ),
        ("enabled", Value::Bool(true)),
        ("labels", json!(["port", "wiring"]).into()),
        (
            "secret",
            Value::Secret(SecretSource::new(template(
                "${env.SPACELIFT_WEBHOOK_SECRET}",
            ))),
        ),
    ]);
    insta::assert_snapshot!(show(vec![create("spacelift.webhook.port", want)]), @"
    acme

      + spacelift.webhook.port  create
          name: Port
          endpoint: (known after apply: port.webhook.spacelift_stack_mapper url)
          enabled: true
          labels: [port, wiring]
          secret: (secret) from ${env.SPACELIFT_WEBHOOK_SECRET}

    Plan: 1 to create, 0 to update, 0 to delete.
    ");
}

#[test]
fn texts_of_several_lines_stand_behind_a_gutter_and_long_ones_are_cut_with_a_count() {
    let want = map(vec![
        ("name", Value::text("Notify")),
        ("description", Value::text("x".repeat(300))),
        (
            "body",
            Value::text("package spacelift\n\nwebhook[w] {\n\tw := input.x\n}\n"),
        ),
    ]);
    insta::assert_snapshot!(show(vec![create("spacelift.policy.notify", want)]), @"
    acme

      + spacelift.policy.notify  create
          name: Notify
          description: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (+258 characters)
          body:
            │ package spacelift
            │
            │ webhook[w] {
            │     w := input.x
            │ }

    Plan: 1 to create, 0 to update, 0 to delete.
    ");
}

#[test]
fn an_update_shows_the_lines_of_a_policy_that_differ() {
    let before = "package spacelift\n\nimport future\n\nwebhook[wbdata] {\n  endpoint := data.webhooks.port\n  wbdata := { \"id\": endpoint }\n  input.run_updated.run.state == \"FINISHED\"\n}\n\nsample { true }\n\n# end\n# of it\n";
    let after = before
        .replace("\"FINISHED\"", "\"FAILED\"")
        .replace("sample { true }", "sample := true");
    let fields = vec![
        field(
            "/name",
            json!("Port Webhook"),
            json!("Port Webhook Notification"),
        ),
        field("/body", json!(before), json!(after)),
        field("/labels", json!(["old", "kept"]), json!(["kept", "new"])),
        field("/description", Json::Null, json!("Tells Port.")),
    ];
    let shown = Change {
        unknown: vec![pointer("/scheduledDeletion")],
        ..update("spacelift.policy.port-webhook-notification", fields)
    };
    insta::assert_snapshot!(show(vec![shown]), @r#"
    acme

      ~ spacelift.policy.port-webhook-notification  update, 4 fields differ
          ~ /name        = "Port Webhook" → "Port Webhook Notification"
          ~ /body:
            │(5 equal lines)
            │     endpoint := data.webhooks.port
            │     wbdata := { "id": endpoint }
            │ -   input.run_updated.run.state == "FINISHED"
            │ +   input.run_updated.run.state == "FAILED"
            │   }
            │
            │ - sample { true }
            │ + sample := true
            │
            │   # end
            │(1 equal line)
          ~ /labels:
              - "old"
              + "new"
          + /description = "Tells Port."
          ! live has a field that this version does not know and the write leaves
            out: /scheduledDeletion

    Plan: 0 to create, 1 to update, 0 to delete.
    "#);
}

#[test]
fn an_update_that_waits_for_another_object_names_it() {
    let after = Value::Deferred(template("${port.webhook.mapper.url}"));
    let fields = vec![FieldChange {
        path: pointer("/endpoint"),
        before: Some(Value::text("https://ingest.port.io/0ldKey")),
        after: Some(after),
    }];
    let shown = Change {
        reason: Reason::DependsOn(addr("port.webhook.mapper"), "url".into()),
        ..update("spacelift.webhook.port", fields)
    };
    insta::assert_snapshot!(show(vec![shown]), @r#"
    acme

      ~ spacelift.webhook.port  update, port.webhook.mapper url is known after apply
          ~ /endpoint:
              - "https://ingest.port.io/…"
              + (known after apply: port.webhook.mapper url)

    Plan: 0 to create, 1 to update, 0 to delete.
    "#);
}

#[test]
fn a_text_that_waits_for_another_object_is_shown_around_the_place() {
    let body = template("package spacelift\n\nid := \"${spacelift.webhook.port.id}\"\n");
    let want = map(vec![("body", Value::Deferred(body))]);
    insta::assert_snapshot!(show(vec![create("spacelift.policy.notify", want)]), @r#"
    acme

      + spacelift.policy.notify  create
          body:
            │ package spacelift
            │
            │ id := "(known after apply: spacelift.webhook.port id)"

    Plan: 1 to create, 0 to update, 0 to delete.
    "#);
}

#[test]
fn replacing_says_what_it_is_and_long_addresses_leave_room_for_the_reason() {
    let at = "spacelift.policy.a-policy-with-a-name-that-goes-on-and-on";
    let shown = Change {
        action: Action::Replace,
        ..update(
            at,
            vec![field("/type", json!("PLAN"), json!("NOTIFICATION"))],
        )
    };
    insta::assert_snapshot!(show(vec![shown]), @r#"
    acme

      ± spacelift.policy.a-policy-with-a-name-that-goes-on-and-on
          replace, /type differs; it is deleted and created anew
          ~ /type = "PLAN" → "NOTIFICATION"

    Plan: 0 to create, 0 to update, 1 to replace, 0 to delete.
    "#);
}

#[test]
fn what_differs_and_must_not_be_shown_is_said_to_differ() {
    let at = "/invocationMethod/headers/Authorization";
    let header = |word: &str| json!(format!("Bearer {word}"));
    let secret = Value::Secret(SecretSource::new(template("${env.HOOK}")));
    let shown = Change {
        want: Some(map(vec![("security", map(vec![("secret", secret)]))])),
        sends: BTreeSet::from([pointer("/security/secret")]),
        ..update(
            "port.webhook.mapper",
            vec![field(at, header("one"), header("two"))],
        )
    };
    insta::assert_snapshot!(show(vec![shown]), @r"
    acme

      ~ port.webhook.mapper  update, /invocationMethod/headers/Authorization differs
          ~ /invocationMethod/headers/Authorization = (redacted), changed
          ~ /security/secret = (secret) from ${env.HOOK}, sent anew

    Plan: 0 to create, 1 to update, 0 to delete.
    ");
}

#[test]
fn long_texts_in_one_line_are_shown_around_their_difference() {
    let text = |word: &str| format!("{}{word}{}", "a ".repeat(60), " z".repeat(60));
    let fields = vec![field(
        "/description",
        json!(text("old")),
        json!(text("new")),
    )];
    insta::assert_snapshot!(show(vec![update("port.webhook.mapper", fields)]), @r#"
    acme

      ~ port.webhook.mapper  update, /description differs
          ~ /description:
              - …"a a a a a a a a a a a a old z z z z z z z z z z z z"…
              + …"a a a a a a a a a a a a new z z z z z z z z z z z z"…

    Plan: 0 to create, 1 to update, 0 to delete.
    "#);
}

#[test]
fn white_space_that_differs_is_visible() {
    let fields = vec![field(
        "/body",
        json!("a {\n\tb\n}\nc\n"),
        json!("a {\n    b  \n}\nc"),
    )];
    insta::assert_snapshot!(show(vec![update("spacelift.policy.notify", fields)]), @r#"
    acme

      ~ spacelift.policy.notify  update, /body differs
          ~ /body:
            │   a {
            │ - \tb
            │ +     b··
            │   }
            │ - c
            │ + c
            │(no line end at the end)

    Plan: 0 to create, 1 to update, 0 to delete.
    "#);
}

#[test]
fn deletes_name_the_id_and_the_brake_says_what_allows_them() {
    let gone =
        ["a", "b"].map(|name| delete(&format!("spacelift.policy.{name}"), &format!("01J-{name}")));
    let plan = Plan {
        refusals: vec![Refusal {
            guard: "brake",
            addrs: gone.iter().map(|c| c.addr.clone()).collect(),
            message: "2 objects would be deleted, `limits.deletes` allows 1".into(),
            allow: "`--allow-deletes 2`, or `limits` in `spaceport.yaml`".into(),
        }],
        changes: gone.into(),
        ..Plan::default()
    };
    insta::assert_snapshot!(show_plan(plan), @r"
    acme

      - spacelift.policy.a  delete, no longer in the project, id 01J-a
      - spacelift.policy.b  delete, no longer in the project, id 01J-b

      × refused (brake): 2 objects would be deleted, `limits.deletes` allows 1
          spacelift.policy.a
          spacelift.policy.b
        allowed by: `--allow-deletes 2`, or `limits` in `spaceport.yaml`

    Plan: 0 to create, 0 to update, 2 to delete.
    Apply refuses this plan, for the reasons above.
    ");
}

#[test]
fn adopting_what_differs_is_shown_and_refused() {
    let fields = vec![field("/enabled", json!(false), json!(true))];
    let shown = Change {
        adopts: true,
        from: None,
        renames: Vec::new(),
        label: None,
        ..update("port.webhook.mapper", fields)
    };
    let plan = Plan {
        changes: vec![shown],
        refusals: vec![Refusal {
            guard: "adoption",
            addrs: vec![addr("port.webhook.mapper")],
            message: "`port.webhook.mapper` exists already, is not ours, and differs".into(),
            allow: "`--adopt port.webhook.mapper`, or `lifecycle: { adopt: true }` in its document"
                .into(),
        }],
        ..Plan::default()
    };
    insta::assert_snapshot!(show_plan(plan), @r"
    acme

      ~ port.webhook.mapper  update, /enabled differs; exists already and becomes
                             ours
          ~ /enabled = false → true

      × refused (adoption): `port.webhook.mapper` exists already, is not ours, and
        differs
        allowed by: `--adopt port.webhook.mapper`, or `lifecycle: { adopt: true }`
                    in its document

    Plan: 0 to create, 1 to update, 0 to delete.
    Apply refuses this plan, for the reasons above.
    ");
}

#[test]
fn protection_alone_is_said_as_what_it_is() {
    let mut given = change("port.webhook.a", Action::Adopt, Reason::Protection);
    given.lifecycle.protect = true;
    let lifted = change("port.webhook.b", Action::Adopt, Reason::Protection);
    let plan = Plan {
        changes: vec![given, lifted],
        ..Plan::default()
    };
    insta::assert_snapshot!(show_plan(plan), @r"
    acme

      → port.webhook.a becomes protected; only the ledger changes
      → port.webhook.b is no longer protected; only the ledger changes

    No changes. 2 objects are as the project wants them. The protection of 2 objects
    changes.
    ");
}

#[test]
fn adoptions_of_equals_are_folded_and_count_as_no_change() {
    let adopted = ["port.secret.A", "port.webhook.b", "spacelift.policy.c"];
    let plan = Plan {
        changes: adopted
            .map(|at| change(at, Action::Adopt, Reason::Equal))
            .into(),
        unchanged: 2,
        ..Plan::default()
    };
    insta::assert_snapshot!(show_plan(plan.clone()), @r"
    acme

      → 3 objects exist already and are equal: they become ours

    No changes. 5 objects are as the project wants them. 3 objects become ours.
    ");
    let style = Style {
        verbose: 1,
        ..plain()
    };
    let shown = shown_twice(&plan, &Header::default(), &style);
    assert!(adopted.iter().all(|at| shown.contains(at)), "{shown}");
}

#[test]
fn no_changes_say_so_and_secrets_and_notes_are_told_apart() {
    let plan = Plan {
        unchanged: 9,
        undecided_secrets: 2,
        unverified_secrets: 1,
        missing_secrets: vec![(
            addr("port.secret.TOKEN"),
            pointer("/secretValue"),
            vec!["SPACELIFT_TOKEN".into()],
        )],
        notes: vec!["HEAD does not contain the last applied commit".into()],
        targets: BTreeSet::from([addr("port.secret.TOKEN")]),
        ..Plan::default()
    };
    insta::assert_snapshot!(show_plan(plan), @r"
    acme

      missing: port.secret.TOKEN /secretValue must be sent, but SPACELIFT_TOKEN is
               not set
      secrets: 2 secrets are decided at apply: a variable is not set, or the last
               fingerprint was made under another key
      secrets: 1 secret is not verified, because nothing of ours was sent yet;
               `--rotate-unverified` sends what is at hand
      note: HEAD does not contain the last applied commit

    Only port.secret.TOKEN and what is needed for it; the rest of the project was
    left out.
    No changes. 9 objects are as the project wants them.
    Apply needs the missing secrets first.
    ");
}

#[test]
fn colour_means_something_and_the_changed_words_stand_out() {
    let fields = vec![field(
        "/body",
        json!("a\nallow old\n"),
        json!("a\nallow new\n"),
    )];
    let plan = Plan {
        changes: vec![update("spacelift.policy.notify", fields)],
        ..Plan::default()
    };
    let style = Style {
        colour: true,
        ..plain()
    };
    let header = Header {
        project: "acme".into(),
        ..Header::default()
    };
    let shown = shown_twice(&plan, &header, &style);
    insta::assert_snapshot!(shown.replace('\u{1b}', "ESC"), @r"
    ESC[1macmeESC[0m

    ESC[33m  ~ spacelift.policy.notify  update, /body differsESC[0m
    ESC[33m      ~ /body:ESC[0m
            ESC[2m│ESC[0m ESC[2m  ESC[0mESC[2maESC[0m
            ESC[2m│ESC[0m ESC[31m- ESC[0mESC[31mallow ESC[0mESC[1mESC[4mESC[31moldESC[0m
            ESC[2m│ESC[0m ESC[32m+ ESC[0mESC[32mallow ESC[0mESC[1mESC[4mESC[32mnewESC[0m

    ESC[1mPlan: 0 to create, 1 to update, 0 to delete.ESC[0m
    ");
}

#[test]
fn a_report_tells_what_failed_what_was_skipped_and_what_to_do() {
    let plan = Plan {
        changes: vec![
            create("port.webhook.mapper", Value::Null),
            create("spacelift.policy.notify", Value::Null),
            create("spacelift.webhook.port", Value::Null),
        ],
        ..Plan::default()
    };
    let outcomes = [
        Outcome::Done,
        Outcome::Failed {
            message:
                "POST https://acme.app.spacelift.io/graphql (webhook create) answered: unauthorized"
                    .into(),
            help: Some("the key needs the Write role on the space `root`".into()),
        },
        Outcome::Skipped("it needs `spacelift.webhook.port`, which failed".into()),
    ];
    let order = [
        "port.webhook.mapper",
        "spacelift.webhook.port",
        "spacelift.policy.notify",
    ];
    let report = Report {
        outcomes: order
            .iter()
            .zip(outcomes)
            .map(|(at, outcome)| (addr(at), Action::Create, outcome))
            .collect(),
        ..Report::default()
    };
    let column = Column::of(&plan);
    let mut shown: String = report
        .outcomes
        .iter()
        .map(|(addr, action, outcome)| progress(column, addr, *action, outcome, &plain()))
        .collect();
    shown.push('\n');
    shown.push_str(&super::report(&report, &plain()));
    insta::assert_snapshot!(shown, @r"
      + port.webhook.mapper      created
      + spacelift.webhook.port   failed: POST https://acme.app.spacelift.io/graphql
                                 (webhook create) answered: unauthorized
      + spacelift.policy.notify  skipped: it needs `spacelift.webhook.port`, which
                                 failed

      failed: create spacelift.webhook.port
          POST https://acme.app.spacelift.io/graphql (webhook create) answered:
          unauthorized
          help: the key needs the Write role on the space `root`

      skipped: create spacelift.policy.notify: it needs `spacelift.webhook.port`,
               which failed

    Incomplete: 1 created, 0 updated, 0 deleted, 1 failed, 1 skipped.
    What is done stays done. Mend what failed, then `spaceport apply` does the rest.
    ");
}

#[test]
fn a_complete_apply_ends_with_its_proof() {
    let report = Report {
        outcomes: vec![
            (addr("port.webhook.a"), Action::Update, Outcome::Done),
            (addr("port.webhook.b"), Action::Adopt, Outcome::Done),
        ],
        ..Report::default()
    };
    let shown = super::report(&report, &plain()) + &converged(31, &plain());
    insta::assert_snapshot!(shown, @r"
    Applied: 0 created, 1 updated, 0 deleted, 1 noted in the ledger.
    converged: 0 changes, 31 requests
    ");
}

/// What gives access, and must be shown nowhere.
pub(in crate::show::render) const CANARY: &str = "c4n4ry";

/// A plan and a report that are full of it.
pub(in crate::show::render) fn full_of_secrets() -> (Plan, Report) {
    let secret = || Value::Secret(SecretSource::new(template(&format!("x{CANARY}${{env.A}}"))));
    let want = map(vec![
        ("secret", secret()),
        ("secretHeaders", map(vec![("X-Any", Value::text(CANARY))])),
        (
            "headers",
            map(vec![(
                "x-token",
                Value::Deferred(template(&format!("{CANARY}${{port.webhook.a.url}}"))),
            )]),
        ),
        (
            "deferred",
            Value::Deferred(template(&format!(
                "https://a:{CANARY}${{port.webhook.a.url}}@b"
            ))),
        ),
        (
            "invocationMethod",
            json!({
                "url": format!("https://bob:{CANARY}@example.org/{{{{ .x }}}}"),
                "headers": { "authorization": format!("Bearer {CANARY}"), "X-API-KEY": CANARY },
            })
            .into(),
        ),
        (
            "body",
            Value::text(format!("a\nhttps://ingest.us.port.io/{CANARY}\nb\n")),
        ),
        (
            "list",
            json!([format!("https://ingest.getport.io/{CANARY}")]).into(),
        ),
    ]);
    let other = json!({
        "url": "x",
        "headers": { "Authorization": "Bearer other", "X-API-KEY": "other" },
    });
    let want_method = want.get("invocationMethod").cloned();
    let fields = vec![
        FieldChange {
            path: pointer("/invocationMethod"),
            before: want_method.clone(),
            after: Some(other.clone().into()),
        },
        FieldChange {
            path: pointer("/secretHeaders"),
            before: None,
            after: want.get("secretHeaders").cloned(),
        },
        FieldChange {
            path: pointer("/body"),
            before: want.get("body").cloned(),
            after: Some(Value::text("a\nb\n")),
        },
    ];
    let failed = Outcome::Failed {
        message: format!("POST https://ingest.port.io/{CANARY} was refused"),
        help: Some(format!("look at https://a:{CANARY}@b")),
    };
    let report = Report {
        outcomes: vec![(addr("port.webhook.a"), Action::Update, failed)],
        ledger_problem: Some(format!("https://ingest.port.io/{CANARY}")),
        ..Report::default()
    };
    let plan = Plan {
        changes: vec![
            create("port.webhook.a", want.clone()),
            update("port.webhook.b", fields),
        ],
        refusals: vec![Refusal {
            guard: "brake",
            addrs: Vec::new(),
            message: format!("https://ingest.port.io/{CANARY}"),
            allow: format!("https://a:{CANARY}@b"),
        }],
        notes: vec![format!("https://ingest.port.io/{CANARY}")],
        ..Plan::default()
    };
    (plan, report)
}

#[test]
fn what_gives_access_is_never_shown() {
    let (plan, report) = full_of_secrets();
    for verbose in [0, 1] {
        let style = Style { verbose, ..plain() };
        let shown =
            shown_twice(&plan, &Header::default(), &style) + &super::report(&report, &style);
        assert!(!shown.contains(CANARY), "{shown}");
        assert!(shown.contains("(redacted)"), "{shown}");
        let document = PlanDocument::of(&plan, &Header::default());
        let mut document = ReportDocument::begun(document);
        document.add(&report);
        let document = serde_json::to_string(&document).expect("JSON");
        assert!(!document.contains(CANARY), "{document}");
    }
}

/// Whether only line ends, and with colour SGR escapes, steer the terminal.
pub(in crate::show::render) fn is_calm(shown: &str) -> bool {
    let mut rest = shown;
    while let Some(at) = rest.find(|c: char| c.is_control() && c != '\n') {
        let Some(after) = rest[at..].strip_prefix("\u{1b}[") else {
            return false;
        };
        let end = after
            .find(|c: char| !(c.is_ascii_digit() || c == ';'))
            .unwrap_or(0);
        if !after[end..].starts_with('m') {
            return false;
        }
        rest = &after[end + 1..];
    }
    true
}

proptest! {
    #[test]
    fn no_text_of_others_steers_the_terminal(
        name in "[^\"]{1,12}",
        key in "\\PC{0,6}|[\\x00-\\x1f\u{7f}-\u{9f}]{1,4}",
        one in "([a-z \\n\\t]|[\\x00-\\x1f\u{7f}-\u{9f}]|\\PC){0,60}",
        two in "([a-z \\n\\t]|[\\x00-\\x1f\u{7f}-\u{9f}]|\\PC){0,60}",
        verbose in 0u8..2,
        colour: bool,
    ) {
        let at = addr("port.webhook.x");
        let hostile = Addr::new(at.service, at.kind.clone(), name.clone());
        let nested = map(vec![(&key, Value::text(&one)), ("list", json!([one, two]).into())]);
        let mut created = create("port.webhook.x", nested.clone());
        created.addr = hostile.clone();
        let mut updated = update("port.webhook.x", vec![
            FieldChange { path: pointer("/a").join(&key), before: Some(Value::text(&one)), after: Some(Value::text(&two)) },
            FieldChange { path: pointer("/b"), before: Some(json!([two]).into()), after: Some(json!([one, two]).into()) },
            FieldChange { path: pointer("/c"), before: Some(nested), after: None },
        ]);
        updated.unknown = vec![pointer("/u").join(&key)];
        let plan = Plan {
            changes: vec![created, updated, delete("port.webhook.y", &one), change("port.secret.z", Action::Adopt, Reason::Equal)],
            refusals: vec![Refusal { guard: "brake", addrs: vec![hostile.clone()], message: one.clone(), allow: two.clone() }],
            notes: vec![two.clone()],
            missing_secrets: vec![(hostile.clone(), pointer("/s").join(&key), vec![one.clone()])],
            targets: BTreeSet::from([hostile.clone()]),
            ..Plan::default()
        };
        let header = Header { project: one.clone(), environment: Some(two.clone()), ledger: one.clone(), ..Header::default() };
        let style = Style { colour, verbose, ..plain() };
        let failed = Outcome::Failed { message: one.clone(), help: Some(two.clone()) };
        let report = Report {
            outcomes: vec![(hostile.clone(), Action::Create, failed.clone()), (hostile.clone(), Action::Delete, Outcome::Skipped(two))],
            ledger_problem: Some(one),
            ..Report::default()
        };
        let shown = [
            shown_twice(&plan, &header, &style),
            super::report(&report, &style),
            progress(Column::of(&plan), &hostile, Action::Create, &failed, &style),
        ].concat();
        prop_assert!(is_calm(&shown), "{shown:?}");
        prop_assert!(colour || !shown.contains('\u{1b}'), "{shown:?}");
    }
}

//! Policies and their attachments (SA section 15, traps 3, 5, 6, 9).

use serde_json::json;

use super::*;

const UPDATE: &str = "mutation PolicyUpdate($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id name description labels engineType space body updatedAt createdAt } }";
const DELETE: &str = "mutation PolicyDelete($id: ID!) { policyDelete(id: $id) { id } }";
const ATTACH: &str = "mutation($id: ID!, $stack: ID!) { policyAttach(id: $id, stack: $stack) { id stackId isAutoattached } }";

#[test]
fn slugs_are_unique_in_the_account_and_outlive_renames() {
    let account = Account::signed_in();
    account.space("Team", "root", true);
    let made = account.policy(json!({"name": "My first policy ab1", "body": BODY_V0, "type": "NOTIFICATION", "space": "root"}));
    assert_eq!(made["id"], "my-first-policy-ab1");
    let taken = "could not persist policy: policy with this slug already exists for this account";
    let again =
        json!({"name": "My FIRST policy, ab1", "body": BODY_V0, "type": "PLAN", "space": "legacy"});
    assert_eq!(account.policy_refused(again.clone()), taken);
    let renamed = json!({"name": "Other", "body": BODY_V0, "space": "root", "labels": []});
    let after = account.data(
        UPDATE,
        json!({"id": "my-first-policy-ab1", "input": renamed}),
    );
    assert_eq!(after["policyUpdatev2"]["id"], "my-first-policy-ab1");
    assert_eq!(account.policy_refused(again.clone()), taken);
    account.data(DELETE, json!({"id": "my-first-policy-ab1"}));
    assert_eq!(account.policy(again)["id"], "my-first-policy-ab1");
    assert_eq!(account.refusal(DELETE, json!({"id": "x"})), "not found");
}

#[test]
fn what_is_left_out_has_defaults() {
    let account = Account::signed_in();
    let made = account.policy(json!({"name": "p", "body": BODY_V0, "type": "TERRAFORM_PLAN"}));
    assert_eq!(made["type"], "PLAN");
    assert_eq!(made["engineType"], "REGO_V0");
    assert_eq!(made["space"], "legacy");
    assert_eq!(made["labels"], json!([]));
    assert_eq!(
        (&made["createdAt"], &made["updatedAt"]),
        (&json!(1_700_000_000), &json!(1_700_000_000))
    );
}

#[test]
fn null_and_empty_descriptions_are_not_told_apart() {
    let account = Account::signed_in();
    let made = |name: &str, description: Value| {
        account.policy(
            json!({"name": name, "body": BODY_V0, "type": "PLAN", "description": description}),
        )["description"]
            .clone()
    };
    assert_eq!(made("a", Value::Null), "");
    assert_eq!(made("b", json!("")), Value::Null);
    assert_eq!(made("c", json!("text")), "text");
}

#[test]
fn a_body_must_be_one_that_its_engine_loads() {
    let account = Account::signed_in();
    let refused = |body: &str, engine: Value| {
        account.policy_refused(
            json!({"name": "p", "body": body, "type": "PLAN", "engineType": engine}),
        )
    };
    assert!(refused("webhook[x] { x := 1 }", Value::Null).contains("package"));
    assert!(refused(BODY_V0, json!("REGO_V1")).contains("REGO_V"));
    assert!(refused(BODY_V1, Value::Null).contains("REGO_V"));
    let kept = account.data("{ policies { id } }", json!({}));
    assert_eq!(kept, json!({"policies": []}));
    account.policy(json!({"name": "p", "body": BODY_V1, "type": "PLAN", "engineType": "REGO_V1"}));
    let back = json!({"name": "p", "body": BODY_V0});
    assert!(
        account
            .refusal(UPDATE, json!({"id": "p", "input": back}))
            .contains("REGO_V")
    );
    let both = json!({"name": "p", "body": BODY_V0, "engineType": "REGO_V0"});
    let after = account.data(UPDATE, json!({"id": "p", "input": both}));
    assert_eq!(after["policyUpdatev2"]["engineType"], "REGO_V0");
    assert_eq!(after["policyUpdatev2"]["body"], BODY_V0);
}

#[test]
fn the_type_cannot_be_changed_because_no_field_says_it() {
    let account = Account::signed_in();
    account.policy(json!({"name": "p", "body": BODY_V0, "type": "PLAN"}));
    let input = json!({"name": "p", "body": BODY_V0, "type": "PUSH"});
    assert!(
        account
            .refusal(UPDATE, json!({"id": "p", "input": input}))
            .contains("type")
    );
}

#[test]
fn an_update_replaces_and_keeps_the_time_of_creation() {
    let account = Account::signed_in();
    account.policy(json!({"name": "p", "body": BODY_V0, "type": "PLAN", "labels": ["a", "b", "a"], "space": "root"}));
    account.now.set(1_700_000_500);
    let input = json!({"name": "p", "body": BODY_BOTH, "labels": ["b", "c"], "description": "d"});
    let after = account.data(UPDATE, json!({"id": "p", "input": input}))["policyUpdatev2"].clone();
    assert_eq!(sorted(&after["labels"]), ["b", "c"]);
    assert_eq!(after["space"], "root");
    assert_eq!(
        (&after["createdAt"], &after["updatedAt"]),
        (&json!(1_700_000_000), &json!(1_700_000_500))
    );
}

#[test]
fn a_space_must_be_an_id_and_login_lives_in_root() {
    let account = Account::signed_in();
    account.space("Production", "root", true);
    let named = json!({"name": "p", "body": BODY_V0, "type": "PLAN", "space": "Production"});
    assert_eq!(account.policy_refused(named), "unauthorized");
    let message = "login policies cannot be moved out of root space";
    let login = json!({"name": "l", "body": BODY_V0, "type": "LOGIN", "space": "legacy"});
    assert_eq!(account.policy_refused(login), message);
    account.policy(json!({"name": "l", "body": BODY_V0, "type": "LOGIN", "space": "root"}));
    let moved = json!({"name": "l", "body": BODY_V0, "space": "legacy"});
    assert_eq!(
        account.refusal(UPDATE, json!({"id": "l", "input": moved})),
        message
    );
}

#[test]
fn the_deprecated_forms_still_work() {
    let account = Account::signed_in();
    let create = "mutation($body: String!) { policyCreate(name: \"Old one\", body: $body, type: TASK_RUN, labels: [\"x\"], space: \"root\") { id type engineType } }";
    let made = account.data(create, json!({"body": BODY_V0}));
    assert_eq!(
        made["policyCreate"],
        json!({"id": "old-one", "type": "TASK", "engineType": "REGO_V0"})
    );
    let update = "mutation($body: String!) { policyUpdate(id: \"old-one\", name: \"New\", body: $body) { id name labels space } }";
    let after = account.data(update, json!({"body": BODY_BOTH}));
    assert_eq!(
        after["policyUpdate"],
        json!({"id": "old-one", "name": "New", "labels": [], "space": "root"})
    );
}

#[test]
fn an_attached_policy_is_deleted_only_by_force() {
    let account = Account::signed_in();
    account.stack("s", "root", &[]);
    account.policy(json!({"name": "p", "body": BODY_V0, "type": "PLAN", "space": "root"}));
    let made = account.data(ATTACH, json!({"id": "p", "stack": "s"}));
    let id = text(&made["policyAttach"]["id"]);
    assert_ne!(id, "p");
    assert!(
        account
            .refusal(ATTACH, json!({"id": "p", "stack": "s"}))
            .contains("already")
    );
    assert!(
        account
            .refusal(DELETE, json!({"id": "p"}))
            .contains("attached")
    );
    let seen = account.data("{ policy(id: \"p\") { attachedStack(id: \"s\") { id } attachedStacks { stackId } } stack(id: \"s\") { attachedPolicies { policyId } } }", json!({}));
    assert_eq!(
        seen["policy"],
        json!({"attachedStack": {"id": id}, "attachedStacks": [{"stackId": "s"}]})
    );
    assert_eq!(
        seen["stack"],
        json!({"attachedPolicies": [{"policyId": "p"}]})
    );
    assert_eq!(
        account.refusal("mutation { policyDetach(id: \"p\") { id } }", json!({})),
        "not found"
    );
    account.data(
        "mutation { policyDelete(id: \"p\", force: true) { id } }",
        json!({}),
    );
    assert_eq!(
        account.refusal(
            "mutation($id: ID!) { policyDetach(id: $id) { id } }",
            json!({"id": id})
        ),
        "not found"
    );
}

#[test]
fn detaching_takes_the_attachments_id() {
    let account = Account::signed_in();
    account.stack("s", "root", &[]);
    account.policy(json!({"name": "p", "body": BODY_V0, "type": "PLAN", "space": "root"}));
    let made = account.data(ATTACH, json!({"id": "p", "stack": "s"}));
    let detach = "mutation($id: ID!) { policyDetach(id: $id) { stackId } }";
    let gone = account.data(detach, json!({"id": made["policyAttach"]["id"]}));
    assert_eq!(gone["policyDetach"]["stackId"], "s");
    account.data(DELETE, json!({"id": "p"}));
}

#[test]
fn labels_attach_to_what_can_use_the_policy_and_never_notifications() {
    let account = Account::signed_in();
    let team = account.space("team", "root", true);
    let island = account.space("island", "root", false);
    account.stack("near", &team, &["prod"]);
    account.stack("far", &island, &["prod"]);
    for (name, kind) in [("plan", "PLAN"), ("tell", "NOTIFICATION")] {
        account.policy(json!({"name": name, "body": BODY_V0, "type": kind, "space": "root", "labels": ["autoattach:prod"]}));
    }
    let seen = account.data(
        "{ stacks { id attachedPolicies { policyId isAutoattached } } }",
        json!({}),
    );
    let attached = |stack: &str| {
        seen["stacks"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|s| s["id"] == stack)
            .expect("the stack")["attachedPolicies"]
            .clone()
    };
    assert_eq!(
        attached("near"),
        json!([{"policyId": "plan", "isAutoattached": true}])
    );
    assert_eq!(attached("far"), json!([]));
    let sample = account.data("{ autoattachmentForLabels(space: \"root\", labels: [\"autoattach:*\"]) { count sample { id labels } } }", json!({}));
    assert_eq!(
        sample["autoattachmentForLabels"],
        json!({"count": 1, "sample": [{"id": "near", "labels": ["prod"]}]})
    );
    assert!(
        account
            .refusal(ATTACH, json!({"id": "plan", "stack": "far"}))
            .contains("accessible")
    );
    let attachable = account.data(
        "query($id: ID!) { attachablePoliciesInSpace(id: $id) { id } }",
        json!({"id": team}),
    );
    assert_eq!(
        attachable,
        json!({"attachablePoliciesInSpace": [{"id": "plan"}]})
    );
    account.policy(json!({"name": "login", "body": BODY_V0, "type": "LOGIN"}));
    assert!(
        account
            .refusal(ATTACH, json!({"id": "login", "stack": "near"}))
            .contains("login")
    );
}

#[cfg(feature = "rego")]
#[test]
fn a_body_that_does_not_parse_is_refused_with_its_place() {
    let account = Account::signed_in();
    let body = "package spacelift\n\nsample { input.run_updated. }\n";
    let refusal = account.policy_refused(json!({"name": "p", "body": body, "type": "PLAN"}));
    assert!(
        refusal.starts_with("could not persist policy: invalid policy body: 3:"),
        "{refusal}"
    );
    let redefined = "package spacelift\nwebhook = 1\n";
    let notification = json!({"name": "p", "body": redefined, "type": "NOTIFICATION"});
    assert!(account.policy_refused(notification).contains("`webhook`"));
    account.policy(json!({"name": "p", "body": redefined, "type": "PLAN"}));
}

#[cfg(feature = "rego")]
#[test]
fn a_simulation_decides_and_keeps_nothing() {
    let account = Account::signed_in();
    let query =
        "mutation Simulate($input: PolicySimulateInput!) { policySimulatev2(input: $input) }";
    let body = "package spacelift\nwebhook contains {\"endpoint_id\": e.id} if { e := input.webhook_endpoints[_] }\n";
    let data = json!({"webhook_endpoints": [{"id": "port"}]}).to_string();
    let input =
        json!({"type": "NOTIFICATION", "engineType": "REGO_V1", "body": body, "data": data});
    let asked = json!({"query": query, "variables": {"input": input}});
    let answer = account.answer(&asked);
    assert!(!answer.is_write);
    let decision = text(&answer.body["data"]["policySimulatev2"]);
    let decision: Value = serde_json::from_str(&decision).expect("JSON text");
    assert_eq!(decision["webhook"], json!([{"endpoint_id": "port"}]));
    assert_eq!(
        (&decision["sample"], &decision["slack"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(
        account.data("{ policies { id } }", json!({})),
        json!({"policies": []})
    );

    let older = "mutation($body: String!, $input: String!) { policySimulate(body: $body, input: $input, type: NOTIFICATION) }";
    let answer = account.data(older, json!({"body": BODY_V0, "input": "{}"}));
    assert!(text(&answer["policySimulate"]).contains("\"endpoint_id\":\"port\""));
    let refused = |input: Value| account.refusal(query, json!({ "input": input }));
    assert!(
        refused(json!({"type": "NOTIFICATION", "body": BODY_V1, "data": "{}"})).contains("REGO_V0")
    );
    assert!(
        refused(json!({"type": "NOTIFICATION", "body": BODY_V0, "data": "{"}))
            .contains("invalid input")
    );
    assert!(refused(json!({"type": "PLAN", "body": BODY_V0, "data": "{}"})).contains("`PLAN`"));
    let mut account = account;
    account.bearer = None;
    let input = json!({"type": "NOTIFICATION", "body": BODY_V0, "data": "{}"});
    assert_eq!(
        account.refusal(query, json!({ "input": input })),
        "unauthorized"
    );
}

//! Spaces (SA section 15, traps 3 and 6).

use serde_json::json;

use super::*;

const UPDATE: &str = "mutation($id: ID!, $input: SpaceInput!) { spaceUpdate(space: $id, input: $input) { id name parentSpace description inheritEntities labels accessLevel } }";
const DELETE: &str = "mutation($id: ID!) { spaceDelete(space: $id) { id name } }";

fn input(name: &str, parent: &str, inherit: bool) -> Value {
    json!({"name": name, "description": "d", "parentSpace": parent, "inheritEntities": inherit, "labels": ["x"]})
}

#[test]
fn an_account_begins_with_two_fixed_spaces() {
    let account = Account::signed_in();
    let spaces = account.data(
        "{ spaces { id parentSpace } root: space(id: \"root\") { parentSpace } }",
        json!({}),
    );
    assert_eq!(spaces["spaces"].as_array().map(Vec::len), Some(2));
    assert_eq!(spaces["root"]["parentSpace"], Value::Null);
    for id in ["root", "legacy"] {
        assert!(
            account
                .refusal(DELETE, json!({"id": id}))
                .contains("managed")
        );
    }
    let renamed = json!({"id": "root", "input": input("x", "root", false)});
    assert!(account.refusal(UPDATE, renamed).contains("managed"));
}

#[test]
fn names_may_repeat_because_ids_carry_a_ulid() {
    let account = Account::signed_in();
    let first = account.space("My Team", "root", true);
    let second = account.space("My Team", "root", true);
    assert!(first.starts_with("my-team-01TEST"));
    assert_ne!(first, second);
    let after = account.data(
        UPDATE,
        json!({"id": first, "input": input("Renamed", "", false)}),
    );
    let space = json!({"id": first, "name": "Renamed", "parentSpace": "root", "description": "d", "inheritEntities": false, "labels": ["x"], "accessLevel": "ADMIN"});
    assert_eq!(after["spaceUpdate"], space);
}

#[test]
fn parents_must_exist_and_not_lie_below() {
    let account = Account::signed_in();
    let create = "mutation($input: SpaceInput!) { spaceCreate(input: $input) { id } }";
    let lost = json!({"input": input("x", "My Team", true)});
    assert_eq!(account.refusal(create, lost), "parent space not found");
    let upper = account.space("upper", "root", true);
    let lower = account.space("lower", &upper, true);
    for parent in [&upper, &lower] {
        let looped = json!({"id": upper, "input": input("upper", parent, true)});
        assert!(account.refusal(UPDATE, looped).contains("parent"));
    }
    assert_eq!(
        account.refusal(
            UPDATE,
            json!({"id": "x", "input": input("x", "root", true)})
        ),
        "not found"
    );
}

#[test]
fn a_space_with_content_is_not_deleted() {
    let account = Account::signed_in();
    let upper = account.space("upper", "root", true);
    let lower = account.space("lower", &upper, true);
    assert!(
        account
            .refusal(DELETE, json!({"id": upper}))
            .contains("not empty")
    );
    account.policy(json!({"name": "p", "body": BODY_V0, "type": "PLAN", "space": lower}));
    assert!(
        account
            .refusal(DELETE, json!({"id": lower}))
            .contains("not empty")
    );
    account.data("mutation { policyDelete(id: \"p\") { id } }", json!({}));
    account.stack("s", &lower, &[]);
    assert!(
        account
            .refusal(DELETE, json!({"id": lower}))
            .contains("not empty")
    );
    account.data("mutation { stackDelete(id: \"s\") { id } }", json!({}));
    assert_eq!(
        account.data(DELETE, json!({"id": lower}))["spaceDelete"]["name"],
        "lower"
    );
    account.data(DELETE, json!({"id": upper}));
    assert_eq!(account.refusal(DELETE, json!({"id": upper})), "not found");
}

#[test]
fn a_move_that_cuts_off_an_attached_policy_is_refused() {
    let account = Account::signed_in();
    let team = account.space("team", "root", true);
    account.stack("s", &team, &[]);
    account.policy(json!({"name": "p", "body": BODY_V0, "type": "PLAN", "space": "root"}));
    account.data(
        "mutation { policyAttach(id: \"p\", stack: \"s\") { id } }",
        json!({}),
    );
    let alone = json!({"id": team, "input": input("team", "root", false)});
    assert!(account.refusal(UPDATE, alone).contains("accessible"));
    let space = account.data(
        "query($id: ID!) { space(id: $id) { inheritEntities } }",
        json!({"id": team}),
    );
    assert_eq!(space["space"]["inheritEntities"], true);
}

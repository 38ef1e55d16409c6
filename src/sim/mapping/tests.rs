//! Deliveries, told with the mapper of a catalog of stacks.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::sim::signature;

fn body() -> Value {
    json!({
        "account": "acme",
        "state": "FINISHED",
        "stateVersion": 5,
        "run": { "id": "01RUN", "branch": "main", "type": "TRACKED", "delta": null },
        "stack": {
            "id": "network", "name": "Network", "description": "", "labels": ["eu", "core"],
            "repository": "acme/network", "url": "https://acme.app.spacelift.io/stack/network", "vcs": "GITHUB",
        },
        "event_type": "run_state_changed_event",
    })
}

fn mapper() -> Value {
    json!({
        "identifier": "stacks",
        "enabled": true,
        "mappings": [{
            "blueprint": "stack",
            "operation": "create",
            "filter": ".body.run.type == \"TRACKED\"",
            "entity": {
                "identifier": ".body.stack.id",
                "title": ".body.stack.name",
                "properties": {
                    "labels": ".body.stack.labels",
                    "state": ".body.state",
                    "space": ".body.stack.space",
                },
                "relations": { "account": ".body.account" },
            },
        }],
        "security": {
            "signatureHeaderName": "X-Signature-256",
            "signatureAlgorithm": "sha256",
            "signaturePrefix": "sha256=",
            "requestIdentifierPath": ".body.run.id + \":\" + (.body.stateVersion | tostring)",
        },
    })
}

fn request(webhook: Value, body: &Value) -> Request {
    let body = body.to_string();
    let signed = signature::spacelift("s3cr3t", body.as_bytes());
    let mut headers: Vec<(String, String)> = signed.map(|(n, v)| (n.to_owned(), v)).to_vec();
    headers.push(("X-Kind".to_owned(), "run".to_owned()));
    Request {
        webhook,
        secret: Some("s3cr3t".to_owned()),
        delivery: Delivery {
            body,
            headers,
            query: vec![("team".to_owned(), "blue".to_owned())],
        },
        now: 0.0,
    }
}

/// A webhook with one mapping and no security.
fn one(mapping: Value) -> Value {
    json!({ "enabled": true, "mappings": [mapping] })
}

fn steps(webhook: Value, body: &Value) -> Vec<Step> {
    let mapped = map(&request(webhook, body)).unwrap();
    assert_eq!(mapped.dropped, None);
    mapped.steps
}

/// The single step's faults, without spans.
fn faults(mapping: Value) -> String {
    let steps = steps(one(mapping), &body());
    let one = |(at, fault): &(String, Fault)| {
        format!(
            "{at}: {} ({})",
            fault.message,
            fault.help.as_deref().unwrap_or("-")
        )
    };
    steps[0]
        .faults
        .iter()
        .map(one)
        .collect::<Vec<_>>()
        .join("\n")
}

fn entity(mapping: Value) -> Value {
    match steps(one(mapping), &body()).remove(0).wants {
        Wants::Upsert { entity, .. } => entity,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_finished_run_updates_its_stack() {
    let mapped = map(&request(mapper(), &body())).unwrap();
    assert_eq!((mapped.dropped, mapped.faults), (None, vec![]));
    assert_eq!(mapped.request_id.as_deref(), Some("01RUN:5"));
    assert_eq!(
        mapped.steps,
        [Step {
            mapping: 0,
            item: None,
            wants: Wants::Upsert {
                blueprint: "stack".to_owned(),
                entity: json!({
                    "identifier": "network",
                    "title": "Network",
                    // The body has no space: null empties the property.
                    "properties": { "labels": ["eu", "core"], "state": "FINISHED", "space": null },
                    "relations": { "account": "acme" },
                }),
            },
            faults: vec![],
        }]
    );
}

#[test]
fn what_is_not_true_of_the_filter_is_left_alone() {
    let mut proposed = body();
    proposed["run"]["type"] = json!("PROPOSED");
    assert_eq!(steps(mapper(), &proposed)[0].wants, Wants::Nothing);
    let filtered = |filter: &str| {
        let mapping =
            json!({ "blueprint": "b", "filter": filter, "entity": { "identifier": "'x'" } });
        steps(one(mapping), &body()).remove(0)
    };
    assert!(matches!(filtered("0").wants, Wants::Upsert { .. }));
    assert_eq!(filtered(".body.nothing").wants, Wants::Nothing);
    assert_eq!(filtered("empty").wants, Wants::Nothing);
    let failed = filtered(".body.state.x");
    assert_eq!(failed.wants, Wants::Failed);
    assert_eq!(failed.faults[0].0, "/filter");
}

#[test]
fn a_delivery_may_be_dropped_as_a_whole() {
    let why = |request: &Request| map(request).unwrap().dropped.unwrap().message;
    let mut off = mapper();
    off["enabled"] = json!(false);
    assert_eq!(why(&request(off, &body())), "the webhook is not enabled");
    let mut other = request(mapper(), &body());
    other.secret = Some("other".to_owned());
    assert_eq!(
        why(&other),
        "the signature in `X-Signature-256` is not the one that `security.secret` gives"
    );
    let mut changed = request(mapper(), &body());
    changed.delivery.body.push(' ');
    assert!(why(&changed).starts_with("the signature"));
    let mut form = request(one(json!({})), &body());
    form.delivery.body = "a=b".to_owned();
    assert!(why(&form).starts_with("the body is not JSON"));
    assert!(!format!("{other:?}").contains("other"));
}

#[test]
fn a_plain_secret_is_in_no_fault() {
    let mut webhook = one(
        json!({ "blueprint": "b", "entity": { "identifier": ".headers.\"X-Token\" | tonumber", "title": "error(.headers.\"X-Token\")" } }),
    );
    webhook["security"] =
        json!({ "signatureHeaderName": "x-token", "signatureAlgorithm": "plain" });
    let mut request = request(webhook, &body());
    request.delivery.headers = vec![("X-Token".to_owned(), "s3cr3t".to_owned())];
    let mapped = map(&request).unwrap();
    assert!(!mapped.steps[0].faults.is_empty());
    assert!(!format!("{mapped:?} {request:?}").contains("s3cr3t"));
}

#[test]
fn headers_have_all_spellings_and_the_query_is_there() {
    let made = entity(json!({ "blueprint": "b", "entity": {
        "identifier": ".headers.\"X-Kind\" + \"-\" + .headers.\"x-kind\"",
        "properties": { "team": ".queryParams.team", "constant": "'Success'" },
    } }));
    assert_eq!(
        made,
        json!({ "identifier": "run-run", "properties": { "team": "blue", "constant": "Success" } })
    );
}

/// What HTTP/2 brings, and many servers hand on.
#[test]
fn headers_in_lower_case_have_capitals_too() {
    let mut request = request(
        one(json!({ "blueprint": "b", "entity": { "identifier": ".headers.\"X-Real-Ip\"" } })),
        &body(),
    );
    request.delivery.headers = vec![("x-real-ip".to_owned(), "10.0.0.1".to_owned())];
    let wants = map(&request).unwrap().steps.remove(0).wants;
    assert!(matches!(wants, Wants::Upsert { entity, .. } if entity["identifier"] == "10.0.0.1"));
}

#[test]
fn every_item_of_a_list_is_mapped() {
    let mapping = json!({
        "blueprint": "label", "itemsToParse": ".body.stack.labels", "filter": ".item != \"eu\"",
        "entity": { "identifier": ".item", "relations": { "stack": ".body.stack.id" } },
    });
    let steps = steps(one(mapping), &body());
    let seen: Vec<_> = steps.iter().map(|step| (step.item, &step.wants)).collect();
    assert_eq!(seen[0], (Some(0), &Wants::Nothing));
    assert!(
        matches!(seen[1], (Some(1), Wants::Upsert { entity, .. }) if entity["identifier"] == "core")
    );
}

#[test]
fn only_the_first_items_are_mapped() {
    let mapping = json!({ "blueprint": "b", "itemsToParse": "[range(510) | tostring]", "entity": { "identifier": ".item" } });
    let steps = steps(one(mapping), &body());
    assert_eq!(steps.len(), 500);
    assert_eq!(
        steps[0].faults[0].1.message,
        "only the first 500 of 510 items are mapped"
    );
    assert_eq!(steps[1].faults, []);
}

#[test]
fn a_list_without_items_is_told() {
    let mapping =
        json!({ "blueprint": "b", "itemsToParse": "[]", "entity": { "identifier": ".item" } });
    assert_eq!(
        faults(mapping),
        "/itemsToParse: `itemsToParse` gives an empty list (-)"
    );
}

#[test]
fn a_list_is_read_only_when_the_filter_may_be_true() {
    let with = |filter: &str| {
        let mapping = json!({ "blueprint": "b", "itemsToParse": ".body.none", "filter": filter, "entity": { "identifier": ".item" } });
        steps(one(mapping), &body()).remove(0)
    };
    assert_eq!(with(".body.kind == \"list\"").wants, Wants::Nothing);
    assert_eq!(with(".body.items != null").wants, Wants::Nothing);
    let failed = with(".body.state == \"FINISHED\"");
    assert_eq!(failed.wants, Wants::Failed);
    assert_eq!(
        failed.faults[0].1.message,
        "`itemsToParse` must give a list, and this gives null; Port maps nothing then"
    );
}

#[test]
fn operations_have_many_forms() {
    let wants = |operation: Value, entity: Value| {
        let mapping = json!({ "blueprint": "b", "operation": operation, "entity": entity });
        steps(one(mapping), &body()).remove(0).wants
    };
    let named = json!({ "identifier": ".body.stack.id" });
    for create in [json!(null), json!("create"), json!({ "type": "create" })] {
        assert!(matches!(wants(create, named.clone()), Wants::Upsert { .. }));
    }
    let delete = |delete_dependents| Wants::Delete {
        blueprint: "b".to_owned(),
        identifier: "network".to_owned(),
        delete_dependents,
    };
    assert_eq!(wants(json!("delete"), named.clone()), delete(true));
    assert_eq!(
        wants(json!({ "type": "delete" }), json!(".body.stack.id")),
        delete(true)
    );
    assert_eq!(
        wants(
            json!({ "type": "delete", "deleteDependents": false }),
            named
        ),
        delete(false)
    );
    assert_eq!(
        faults(json!({ "blueprint": "b", "operation": "upsert", "entity": {} })),
        "/operation: `upsert` is no operation; there are create and delete; Port writes no entity then (`create` also updates what exists)"
    );
}

#[test]
fn what_fails_says_where_and_what_port_would_do() {
    let step = steps(
        one(json!({ "blueprint": "b", "entity": {
            "identifier": ".body.stack.id",
            "properties": { "good": ".body.state", "bad/one": ".body.state | tonumber", "worse": ".body. | x" },
        } })),
        &body(),
    )
    .remove(0);
    let places: Vec<&str> = step.faults.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(
        places,
        ["/entity/properties/bad~1one", "/entity/properties/worse"]
    );
    for (_, fault) in &step.faults {
        assert!(
            fault
                .message
                .ends_with("; Port leaves it as it is in the catalog then"),
            "{fault:?}"
        );
    }
    assert!(
        matches!(step.wants, Wants::Upsert { entity, .. } if entity["properties"] == json!({ "good": "FINISHED" }))
    );

    assert_eq!(
        faults(json!({ "blueprint": "b", "entity": { "identifier": ".body.stack.slug" } })),
        "/entity/identifier: the identifier is null; Port writes no entity then (-)"
    );
    assert_eq!(
        faults(json!({ "blueprint": "b", "entity": { "identifier": ".body.stateVersion" } })),
        "/entity/identifier: the identifier is a number, not a text; Port writes no entity then (add `| tostring`)"
    );
    assert_eq!(
        faults(
            json!({ "blueprint": "b", "entity": { "identifier": "'x'", "propertys": {}, "properties": { "n": 1 } } })
        ),
        "/entity/propertys: an entity has no `propertys` (did you mean `properties`?)\n\
         /entity/properties/n: this must be a JQ program, and is a number; Port leaves it as it is in the catalog then (write it in quotes: \"1\")"
    );
}

#[test]
fn searches_are_evaluated() {
    let made = entity(json!({ "blueprint": "b", "entity": {
        "identifier": { "combinator": "'and'", "rules": [{ "property": "'$identifier'", "operator": "'='", "value": ".body.stack.id" }] },
        "relations": { "account": { "combinator": "\"or\"", "rules": [
            { "property": "'name'", "operator": "'in'", "value": [".body.account", "'b'"] },
            { "combinator": "'and'", "rules": [] },
        ] } },
    } }));
    assert_eq!(
        made,
        json!({
            "identifier": { "combinator": "and", "rules": [{ "property": "$identifier", "operator": "=", "value": "network" }] },
            "relations": { "account": { "combinator": "or", "rules": [
                { "property": "name", "operator": "in", "value": ["acme", "b"] },
                { "combinator": "and", "rules": [] },
            ] } },
        })
    );
    let unquoted = faults(json!({ "blueprint": "b", "entity": { "identifier": {
        "combinator": "and", "rules": [{ "property": "'x'", "operator": "'='", "value": ".body" }],
    } } }));
    assert!(
        unquoted.starts_with("/entity/identifier/combinator:"),
        "{unquoted}"
    );
    assert!(
        unquoted.ends_with("(everything here is JQ: write \"'and'\")"),
        "{unquoted}"
    );
}

#[test]
fn a_search_finds_entities() {
    let entities = [
        json!({ "identifier": "a", "title": "One", "properties": { "tags": ["x", "y"], "size": 1 } }),
        json!({ "identifier": "b", "title": "Two", "properties": { "tags": ["y"], "size": 2 } }),
    ];
    let find = |combinator: &str, rules: Value| {
        let search = json!({ "combinator": combinator, "rules": rules });
        resolve(&search, &entities, None).map_err(|fault| fault.message)
    };
    let rule = |property: &str, operator: &str, value: Value| json!({ "property": property, "operator": operator, "value": value });
    assert_eq!(
        find("and", json!([rule("$title", "contains", json!("o"))])),
        Ok(vec!["b".to_owned()])
    );
    assert_eq!(
        find(
            "and",
            json!([
                rule("tags", "contains", json!("y")),
                rule("size", "=", json!(1))
            ])
        ),
        Ok(vec!["a".to_owned()])
    );
    assert_eq!(
        find(
            "or",
            json!([
                rule("$identifier", "in", json!(["a", "c"])),
                rule("size", "=", json!(2))
            ])
        ),
        Ok(vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(
        find("and", json!([rule("owner", "=", Value::Null)])),
        Ok(vec![])
    );
    assert_eq!(
        find("xor", json!([])),
        Err("`xor` is no combinator; there are `and` and `or`".to_owned())
    );
    assert_eq!(
        find("and", json!([rule("size", ">", json!(1))])),
        Err("searches of mappings have no operator `>`".to_owned())
    );
    assert_eq!(
        find("and", json!([rule("$titel", "=", json!(1))])),
        Err("there is no meta-property `$titel`".to_owned())
    );
    let blueprint = json!({
        "calculationProperties": { "sum": {} },
        "mirrorProperties": { "near": { "path": "team.$title" }, "far": { "path": "team.lead.$title" } },
    });
    let asked = |property: &str| {
        let search = json!({ "combinator": "and", "rules": [rule(property, "=", json!(1))] });
        resolve(&search, &entities, Some(&blueprint)).is_ok()
    };
    assert_eq!(
        (asked("sum"), asked("near"), asked("far")),
        (false, true, false)
    );
}

#[test]
fn a_write_leaves_alone_what_it_does_not_name() {
    let old = json!({ "identifier": "a", "title": "A", "properties": { "x": 1, "y": 2 }, "relations": { "r": "s" }, "createdBy": "me" });
    let new = json!({ "identifier": "a", "properties": { "y": null, "z": 3 }, "relations": {} });
    assert_eq!(
        merge(Some(&old), &new),
        json!({ "identifier": "a", "title": "A", "properties": { "x": 1, "y": null, "z": 3 }, "relations": { "r": "s" }, "createdBy": "me" })
    );
    assert_eq!(merge(None, &new), new);
}

fn mismatches(entity: &Value) -> Vec<String> {
    let blueprint = json!({
        "schema": {
            "properties": {
                "state": { "type": "string", "enum": ["FINISHED", "FAILED"] },
                "link": { "type": "string", "format": "url" },
                "at": { "type": "string", "format": "date-time" },
                "labels": { "type": "array", "items": { "type": "string" } },
                "size": { "type": "number", "maximum": 10 },
                "owner": { "type": "string", "format": "email" },
            },
            "required": ["state"],
        },
        "calculationProperties": { "sum": {} },
        "relations": {
            "account": { "target": "account", "many": false, "required": true },
            "teams": { "target": "team", "many": true, "required": false },
        },
    });
    let one = |m: &Mismatch| {
        let help = m
            .help
            .as_ref()
            .map(|help| format!(" ({help})"))
            .unwrap_or_default();
        format!("{}: {} -> {}{help}", m.at, m.found, m.wanted)
    };
    check(entity, &blueprint).iter().map(one).collect()
}

#[test]
fn an_entity_that_fits_has_no_mismatch() {
    assert_eq!(
        mismatches(&json!({
            "identifier": "a/b=c", "title": "A", "team": ["x"],
            "properties": { "state": "FAILED", "link": "https://a.b/c", "at": "2026-01-31T12:00:00Z", "labels": ["x"], "size": null, "owner": "a@b.c" },
            "relations": { "account": "acme", "teams": ["x"] },
        })),
        [""; 0]
    );
}

#[test]
fn mismatches_say_what_is_there_and_what_belongs_there() {
    assert_eq!(
        mismatches(&json!({
            "identifier": "a b", "title": 3,
            "properties": { "stat": "x", "link": "a.b", "at": "yesterday", "labels": ["x", 1], "size": 11, "owner": "me", "sum": 1 },
            "relations": { "account": ["acme"], "teams": ["x", 1], "acount": "y" },
        })),
        [
            "/identifier: ' ' in \"a b\" -> letters, digits and any of @ _ . + : \\ / = -",
            "/title: 3 -> a text",
            "/properties/stat: the property `stat`, which the blueprint does not have -> a property of the blueprint (did you mean `state`?)",
            "/properties/link: \"a.b\" -> a URL with http or https",
            "/properties/at: \"yesterday\" -> a time such as 2026-01-31T12:00:00Z",
            "/properties/labels/1: 1 -> a text",
            "/properties/size: 11 -> at most 10",
            "/properties/owner: \"me\" -> an e-mail address",
            "/properties/sum: 1 -> nothing: Port calculates this property",
            "/properties/state: nothing -> a value: the blueprint requires it",
            "/relations/account: [\"acme\"] -> one identifier (`many: false`)",
            "/relations/teams: [\"x\",1] -> a list of identifiers (`many: true`)",
            "/relations/acount: the relation `acount`, which the blueprint does not have -> a relation of the blueprint (did you mean `account`?)",
        ]
    );
    assert_eq!(
        mismatches(&json!({ "identifier": "a", "properties": { "state": "FINISHD" } })),
        [
            "/properties/state: \"FINISHD\" -> one of \"FINISHED\", \"FAILED\" (did you mean `FINISHED`?)",
            "/relations/account: nothing -> a value: the blueprint requires it",
        ]
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[.|'\"a-z $()]{0,12}".prop_map(Value::from),
        prop_oneof![
            Just("create"),
            Just("delete"),
            Just(".body"),
            Just(".item"),
            Just("'and'"),
            Just("and"),
            Just("=")
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let key = prop_oneof![
            Just("blueprint"),
            Just("entity"),
            Just("identifier"),
            Just("properties"),
            Just("relations"),
            Just("filter"),
            Just("operation"),
            Just("type"),
            Just("itemsToParse"),
            Just("combinator"),
            Just("rules"),
            Just("value"),
            Just("property"),
            Just("operator"),
            Just("mappings"),
            Just("security"),
            Just("schema"),
            Just("required"),
            Just("pattern"),
            Just("enum"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.prop_map(str::to_owned), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_breaks_a_mapping(mapping in any_json(), body in any_json()) {
        let _ = map(&request(one(mapping.clone()), &body));
        let _ = map(&request(mapping, &body));
    }

    #[test]
    fn nothing_breaks_a_check(entity in any_json(), blueprint in any_json()) {
        let _ = check(&entity, &blueprint);
        let _ = check(&entity, &json!({ "schema": { "properties": { "a": blueprint, "type": { "type": "object" } } }, "relations": entity }));
        let _ = merge(Some(&entity), &blueprint);
        let _ = resolve(&entity, std::slice::from_ref(&blueprint), Some(&blueprint));
    }
}

//! What a document keeps, and what it does not believe. That it is shown like its plan is a law of the
//! renderer's tests, which all go through it.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::value::{decode, encode};
use super::{FORMAT_VERSION, PlanDocument, read};
use crate::decide::plan::Plan;
use crate::show::Header;
use crate::words::value::SecretSource;
use crate::words::{Pointer, Template, Value};

fn document() -> Json {
    serde_json::to_value(PlanDocument::of(&Plan::default(), &Header::default())).expect("JSON")
}

#[test]
fn files_that_are_no_plan_say_why() {
    let said = |text: &str| read::plan(text).err().unwrap_or_default();
    let with = |key: &str, value: Json| {
        let mut document = document();
        document[key] = value;
        document.to_string()
    };
    assert_eq!(said(&document().to_string()), "");
    let newer = with("formatVersion", json!(FORMAT_VERSION + 1));
    insta::assert_snapshot!(said(&newer), @"it has format version 2, and this version of spaceport reads 1");
    insta::assert_snapshot!(said("{}"), @"it is no plan: it has no `formatVersion`");
    let unknown = said(&with("surprise", json!(1)));
    assert!(unknown.contains("unknown field `surprise`"), "{unknown}");
    for text in ["", "[", "{\"formatVersion\": 1", "null", "[]", "\"x\""] {
        assert!(said(text).starts_with("it is no plan"), "{text}");
    }
    // Deeper than any text of ours: refused, and no stack is used up.
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert!(said(&deep).contains("recursion"));
}

#[test]
fn what_does_not_fit_together_is_no_plan() {
    let change = |address: &str, kind: &str, want: Json| {
        let mut document = document();
        document["changes"] = json!([{
            "address": address, "kind": kind, "action": "create", "reason": { "type": "missing" },
            "name": "a", "id": null, "digest": null, "fields": [], "unknown": [], "want": want,
            "needs": [], "sends": [], "adopts": false, "protect": false, "part": null, "passes": [],
            "movedFrom": null, "renames": [], "losses": [], "counted": null,
        }]);
        let read = read::plan(&document.to_string()).expect("its form is right");
        read.into_plan().err().unwrap_or_default()
    };
    assert_eq!(change("port.webhook.a", "port.webhook", json!({})), "");
    insta::assert_snapshot!(change("port.unheard.a", "port.unheard", json!({})), @"`port.unheard.a` is of a kind that this version does not know");
    insta::assert_snapshot!(change("port.webhook.a", "port.action", json!({})), @"`port.webhook.a` is no `port.action`");
    insta::assert_snapshot!(change("port.webhook.a", "port.webhook", json!({"x": {"$secret": "hunter2"}})), @r#"`$secret` says nothing that is a reference: "another text""#);
    insta::assert_snapshot!(change("port.webhook.a", "port.webhook", json!({"$knownAfterApply": 7})), @"`$knownAfterApply` says nothing that is a reference: 7");
    let mut many = document();
    many["summary"]["unchanged"] = json!(u64::MAX);
    many["refusals"] =
        json!([{ "guard": "unheard", "addresses": [], "message": "", "allowedBy": "" }]);
    let read = read::plan(&many.to_string()).expect("its form is right");
    let said = read.into_plan().err();
    assert_eq!(
        said.as_deref(),
        Some("`unheard` is no guard that this version knows")
    );
}

#[test]
fn leaves_that_json_lacks_are_told_from_data_that_looks_like_them() {
    let template = |text: &str| Template::parse(text).expect("a template");
    let root = Pointer::root();
    for (value, shown) in [
        (
            Value::Deferred(template("${port.webhook.a.url}")),
            json!({ "$knownAfterApply": "port.webhook.a.url" }),
        ),
        (
            Value::Deferred(template("x ${port.webhook.a.url}")),
            json!({ "$knownAfterApply": [{ "text": "x " }, { "reference": "port.webhook.a.url" }] }),
        ),
        (
            Value::Secret(SecretSource::new(template("${env.A}"))),
            json!({ "$secret": "${env.A}" }),
        ),
        (json!({ "$secret": "x" }).into(), json!({ "$$secret": "x" })),
        (
            json!({ "$$knownAfterApply": "x" }).into(),
            json!({ "$$$knownAfterApply": "x" }),
        ),
        (
            json!({ "$secret": "x", "$schema": "y" }).into(),
            json!({ "$secret": "x", "$schema": "y" }),
        ),
    ] {
        assert_eq!(encode(&root, &value, None), shown);
        assert_eq!(decode(shown).expect("a value"), value);
    }
    let own = Value::Secret(SecretSource::new(template("hunter2")));
    assert_eq!(encode(&root, &own, None), json!({ "$secret": "…" }));
}

#[test]
fn what_differs_and_is_hidden_still_differs() {
    let at = Pointer::root().join("headers").join("authorization");
    let (one, two) = (Value::text("Bearer one"), Value::text("Bearer two"));
    assert_eq!(encode(&at, &one, None), json!("(redacted)"));
    assert_eq!(encode(&at, &two, Some(&one)), json!("(redacted-2)"));
    assert_eq!(encode(&at, &one, Some(&one)), json!("(redacted)"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,40}", key in "\\$?\\$?(secret|knownAfterApply)", cut in 0usize..400) {
        let hostile = json!({ &key: text, "list": [{ &key: [text, { &key: null }] }] });
        let _ = decode(hostile.clone());
        let _ = decode(json!({ &key: hostile }));
        let written = document().to_string();
        let end = (0..=cut.min(written.len())).rev().find(|at| written.is_char_boundary(*at)).unwrap_or(0);
        prop_assert!(end == written.len() || read::plan(&written[..end]).is_err());
    }

    #[test]
    fn plain_values_come_back(keys in prop::collection::vec("\\$?\\$?(secret|knownAfterApply|a)", 1..3), text in "[a-z{}$]{0,8}") {
        let mut value = Value::text(&text);
        for key in keys {
            value = Value::Map([(key, value)].into_iter().collect());
        }
        prop_assert_eq!(decode(encode(&Pointer::root(), &value, None)).expect("a value"), value);
    }
}

//! Queries over entities: rules joined by a combinator, nested at will (PA sections 2 and 3).
//!
//! Aggregations, the entities that an input offers and the condition of an action are queries.
//! Deliberately not here: running them, and the conditions of scorecards, which have operators of
//! their own.

use crate::kinds::check::unknown_field;
use crate::kinds::property::plain;
use crate::kinds::shape::{Field, Shape, field};
use crate::kinds::{Mention, mention, port_blueprint};
use crate::words::finding::did_you_mean;
use crate::words::{Finding, Findings, Node, Pointer, Value};

const FIELDS: [&str; 7] = [
    "property",
    "operator",
    "value",
    "blueprint",
    "direction",
    "required",
    "propertySchema",
];

/// Every operator of a rule.
const OPERATORS: [&str; 23] = [
    "=",
    "!=",
    ">",
    ">=",
    "<",
    "<=",
    "between",
    "notBetween",
    "contains",
    "containsAny",
    "doesNotContains",
    "beginsWith",
    "doesNotBeginsWith",
    "endsWith",
    "doesNotEndsWith",
    "in",
    "notIn",
    "isEmpty",
    "isNotEmpty",
    "isExpired",
    "isNotExpired",
    "relatedTo",
    "matchAny",
];

/// The operators that need no value.
const WITHOUT_VALUE: [&str; 4] = ["isEmpty", "isNotEmpty", "isExpired", "isNotExpired"];

/// The shape of a query; its rules are checked by [`check`].
pub fn shape() -> Shape {
    Shape::closed(fields())
}

/// The fields of a query.
pub fn fields() -> Vec<Field> {
    vec![
        field(
            "combinator",
            Shape::Enum(&["and", "or"]),
            "Whether all rules must hold or one of them.",
        )
        .required(),
        field(
            "rules",
            Shape::list(Shape::map(Shape::Any)),
            "Rules: `{property, operator, value}`, or a query again.",
        )
        .required(),
    ]
}

/// Checks the rules of a query, nested queries included.
pub fn check(query: &Node, findings: &mut Findings) {
    for rule in query.get("rules").and_then(Node::items).unwrap_or(&[]) {
        if rule.entries().is_none() {
            continue;
        }
        if rule.get("rules").is_some() || rule.get("combinator").is_some() {
            crate::kinds::check::check(&shape(), rule, "rule", findings);
            check(rule, findings);
        } else {
            check_rule(rule, findings);
        }
    }
}

fn check_rule(rule: &Node, findings: &mut Findings) {
    for (key, _) in rule.entries().unwrap_or(&[]) {
        if !FIELDS.contains(&key.text.as_str()) {
            findings.push(unknown_field(key, "rule", &FIELDS));
        }
    }
    let missing = |name: &str, help: &str| {
        Finding::error(
            "config::missing_field",
            rule.place,
            format!("`rule` has no `{name}`"),
        )
        .help(help)
    };
    let Some(node) = rule.get("operator") else {
        findings.push(missing("operator", "for example `operator: \"=\"`"));
        return;
    };
    let Some(operator) = node.text() else {
        return;
    };
    if !OPERATORS.contains(&operator) {
        findings.push(
            Finding::error(
                "config::unknown_value",
                node.place,
                format!("`operator` cannot be `{operator}`"),
            )
            .help(did_you_mean(operator, OPERATORS).unwrap_or_else(|| {
                let words: Vec<String> = OPERATORS.iter().map(|o| format!("`{o}`")).collect();
                format!("one of {}", words.join(", "))
            })),
        );
        return;
    }
    if operator == "relatedTo" {
        if rule.get("blueprint").is_none() {
            findings.push(missing(
                "blueprint",
                "`relatedTo` needs the blueprint of the related entities",
            ));
        }
    } else if rule.get("property").is_none() && rule.get("propertySchema").is_none() {
        findings.push(missing("property", "the property that is compared"));
    }
    if rule.get("value").is_none()
        && rule.get("propertySchema").is_none()
        && !WITHOUT_VALUE.contains(&operator)
    {
        findings.push(missing("value", "what the property is compared with"));
    }
}

/// The blueprints that `relatedTo` rules name; `at` is where the query stands.
pub fn mentions(query: &Value, at: &Pointer, found: &mut Vec<Mention>) {
    let rules = query.get("rules").and_then(Value::as_list).unwrap_or(&[]);
    for (index, rule) in rules.iter().enumerate() {
        let at = at.join("rules").join(index);
        if let Some(blueprint) = rule.get_text("blueprint").and_then(plain) {
            found.push(Mention {
                hard: false,
                ..mention(at.join("blueprint"), &port_blueprint::Blueprint, blueprint)
            });
        }
        mentions(rule, &at, found);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::story::node;

    #[test]
    fn rules_of_every_form_pass_and_mistakes_are_named() {
        let good = json!({ "combinator": "and", "rules": [
            { "property": "state", "operator": "=", "value": { "jqQuery": ".form.state" } },
            { "property": { "property": "$team", "context": "userTeams" }, "operator": "containsAny", "value": ["a"] },
            { "property": "ttl", "operator": "isExpired" },
            { "operator": "relatedTo", "blueprint": "service", "value": "a", "direction": "upstream" },
            { "operator": "contains", "propertySchema": { "type": "string" }, "value": "x" },
            { "combinator": "or", "rules": [{ "operator": "relatedTo", "blueprint": "team", "value": "b" }] }
        ]});
        let mut findings = Findings::default();
        check(&node(&good), &mut findings);
        assert!(findings.is_empty(), "{findings:?}");

        let mut found = Vec::new();
        mentions(&Value::from(good), &Pointer::root(), &mut found);
        let found: Vec<String> = found
            .iter()
            .map(|m| format!("{} {}", m.at, m.addr))
            .collect();
        assert_eq!(
            found,
            [
                "/rules/3/blueprint port.blueprint.service",
                "/rules/5/rules/0/blueprint port.blueprint.team"
            ]
        );

        for (rule, says) in [
            (
                json!({ "property": "a", "operator": "containAny", "value": 1 }),
                "`operator` cannot be `containAny`",
            ),
            (
                json!({ "property": "a", "value": 1 }),
                "`rule` has no `operator`",
            ),
            (
                json!({ "property": "a", "operator": "=" }),
                "`rule` has no `value`",
            ),
            (
                json!({ "operator": "=", "value": 1 }),
                "`rule` has no `property`",
            ),
            (
                json!({ "operator": "relatedTo", "value": "a" }),
                "`rule` has no `blueprint`",
            ),
            (
                json!({ "property": "a", "operator": "isEmpty", "vlaue": 1 }),
                "unknown field `vlaue` in `rule`",
            ),
            (
                json!({ "combinator": "xor", "rules": [] }),
                "`combinator` cannot be `xor`",
            ),
        ] {
            let mut findings = Findings::default();
            let query =
                json!({ "combinator": "or", "rules": [{ "combinator": "and", "rules": [rule] }] });
            check(&node(&query), &mut findings);
            let messages: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
            assert_eq!(messages, [says]);
        }
    }
}

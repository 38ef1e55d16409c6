//! `port.action`: a self-service action of Port, version 2 (PA section 3).
//!
//! Actions of the old form are read as the current one. Who may run an action is
//! `port.action_permissions`.

use std::sync::LazyLock;

use crate::kinds::call::{Call, List};
use crate::kinds::program::Program;
use crate::kinds::property::plain;
use crate::kinds::shape::{Charset, Object, Shape, field};
use crate::kinds::{
    Identity, Kind, Mention, Observed, Role, action_body, action_v1, inputs, invocation, mention,
    port_blueprint, query,
};
use crate::words::{Data, Finding, Findings, Node, Pointer, Value};

/// The kind `port.action`.
#[derive(Debug)]
pub struct Action;

const TRIGGER: &str = "self-service";

/// Texts of buttons: `^[^\s].*[^\s]$`.
const BUTTON: Charset = Charset {
    words: "two characters or more on one line, without spaces at the ends",
    pattern: r"^[^\s].*[^\s]$",
    holds: |text| {
        let ends = [text.chars().next(), text.chars().next_back()];
        text.chars().count() >= 2
            && !text.contains(['\n', '\r'])
            && ends.into_iter().flatten().all(|c| !c.is_whitespace())
    },
};

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    let trigger = Shape::Tagged {
        tag: "type",
        variants: vec![(
            TRIGGER,
            Object {
                fields: vec![
                    field(
                        "operation",
                        Shape::Enum(&["CREATE", "DAY-2", "DELETE"]),
                        "Whether it makes an entity, works on one, or removes one.",
                    )
                    .required(),
                    field(
                        "userInputs",
                        inputs::shape(),
                        "The form that a run begins with.",
                    )
                    .required()
                    .program(Program::Form),
                    field(
                        "blueprintIdentifier",
                        Shape::text_of(1, 0),
                        "Blueprint on whose entities it is offered.",
                    )
                    .reference("port.blueprint"),
                    field(
                        "condition",
                        Shape::closed(
                            [field(
                                "type",
                                Shape::Enum(&["SEARCH"]),
                                "The form of the condition.",
                            )
                            .required()]
                            .into_iter()
                            .chain(query::fields())
                            .collect(),
                        ),
                        "Entities on which it is offered; only for DAY-2 and DELETE.",
                    ),
                    field(
                        "actionCardButtonText",
                        Shape::pattern(BUTTON, 1, 15),
                        "Text of the button on its card.",
                    ),
                    field(
                        "executeActionButtonText",
                        Shape::pattern(BUTTON, 1, 15),
                        "Text of the button below its form.",
                    ),
                ],
                open: false,
            },
        )],
    };
    action_body::shape(
        field("trigger", trigger, "Who starts it, and with which inputs.").required(),
    )
});

impl Kind for Action {
    fn name(&self) -> &'static str {
        "port.action"
    }

    fn role(&self) -> Option<Role> {
        Some(Role::Action)
    }

    fn doc(&self) -> &'static str {
        "A self-service action of Port: a form, and what is done with its inputs."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("an action or automation", "invocationMethod")
    }

    fn identity(&self) -> Identity {
        Identity::Field("identifier")
    }

    fn upgrade(&self, spec: Node, findings: &mut Findings) -> Node {
        action_v1::upgrade(spec, findings)
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        if let Some(trigger) = spec.get("trigger") {
            if let Some(node) = trigger.get("type")
                && node.text() == Some("automation")
            {
                findings.push(
                    Finding::error(
                        "config::not_here",
                        node.place,
                        "this is an automation, not an action",
                    )
                    .help("write `kind: port.automation`"),
                );
            }
            check_condition(trigger, findings);
            if let Some(inputs) = trigger.get("userInputs") {
                inputs::check(inputs, findings);
            }
        }
        if let Some(method) = spec.get("invocationMethod") {
            invocation::check(method, findings);
        }
    }

    fn mentions(&self, spec: &Value) -> Vec<Mention> {
        let mut found = Vec::new();
        let at = Pointer::root().join("trigger");
        if let Some(trigger) = spec.get("trigger") {
            if let Some(blueprint) = trigger.get_text("blueprintIdentifier").and_then(plain) {
                found.push(mention(
                    at.join("blueprintIdentifier"),
                    &port_blueprint::Blueprint,
                    blueprint,
                ));
            }
            if let Some(condition) = trigger.get("condition") {
                query::mentions(condition, &at.join("condition"), &mut found);
            }
            if let Some(inputs) = trigger.get("userInputs") {
                inputs::mentions(inputs, &at.join("userInputs"), &mut found);
            }
        }
        if let Some(method) = spec.get("invocationMethod") {
            invocation::mentions(
                method,
                &Pointer::root().join("invocationMethod"),
                &mut found,
            );
        }
        found
    }

    /// One that is not published is offered to nobody.
    fn acts_on_spacelift(&self, spec: &Value) -> Option<Pointer> {
        let method = spec.get("invocationMethod")?;
        let offered = spec.get("publish").and_then(Value::as_bool) != Some(false);
        let at = invocation::spacelift_in(method).filter(|_| offered)?;
        let above = Pointer::root().join("invocationMethod");
        Some(at.parts().iter().fold(above, |at, part| at.join(part)))
    }

    fn list(&self) -> List {
        action_body::LIST
    }

    fn observe(&self, item: &Value) -> Option<Observed> {
        action_body::observe(item, TRIGGER)
    }

    fn create(&self, want: &Value) -> Vec<Call> {
        action_body::create(want)
    }

    fn update(&self, seen: &Observed, want: &Value, _changed: &[String]) -> Vec<Call> {
        action_body::update(seen, want)
    }

    fn delete(&self, id: &str) -> Call {
        action_body::delete(id)
    }

    fn created_at(&self) -> &'static str {
        action_body::CREATED_AT
    }
}

fn check_condition(trigger: &Node, findings: &mut Findings) {
    let Some((key, condition)) = trigger
        .entry("condition")
        .filter(|(_, node)| node.data != Data::Null)
    else {
        return;
    };
    query::check(condition, findings);
    if trigger.get("operation").and_then(Node::text) == Some("CREATE") {
        findings.push(
            Finding::error(
                "config::not_here",
                key.place,
                "`condition` is only for `operation: DAY-2` and `DELETE`, not for `CREATE`",
            )
            .help("remove it: there is no entity yet"),
        );
    } else if trigger
        .get("blueprintIdentifier")
        .is_none_or(|node| node.data == Data::Null)
    {
        findings.push(
            Finding::error(
                "config::missing_field",
                trigger.place,
                "`trigger` has no `blueprintIdentifier`",
            )
            .help("a `condition` needs the blueprint whose entities it picks"),
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::story::{changed, corpus, found, mentioned, node};

    fn restart() -> Json {
        json!({
            "identifier": "restart_stack",
            "title": "Restart",
            "trigger": {
                "type": "self-service",
                "operation": "DAY-2",
                "blueprintIdentifier": "stack",
                "executeActionButtonText": "Restart now",
                "condition": { "type": "SEARCH", "combinator": "and", "rules": [{ "property": "state", "operator": "=", "value": "FAILED" }] },
                "userInputs": {
                    "properties": {
                        "reason": { "type": "string", "format": "multi-line", "minLength": 3, "default": { "jqQuery": ".entity.title" } },
                        "level": { "type": "string", "enum": ["low", "high"], "enumColors": { "low": "green" }, "dependsOn": ["reason"] },
                        "run": { "type": "string", "format": "entity", "blueprint": "run", "sort": { "property": "startedAt", "order": "DESC" },
                                 "dataset": { "combinator": "and", "rules": [] }, "visible": { "jqQuery": "true" } },
                        "others": { "type": "array", "items": { "type": "string", "format": "entity", "blueprint": "stack" } }
                    },
                    "required": ["reason"],
                    "order": ["about", "reason", "level", "run", "others"],
                    "titles": { "about": { "title": "Why" } }
                }
            },
            "invocationMethod": {
                "type": "WEBHOOK",
                "url": "https://acme.app.spacelift.io/graphql",
                "agent": false,
                "synchronized": true,
                "method": "POST",
                "headers": { "Authorization": "Bearer {{ .secrets.SPACELIFT_TOKEN }}", "X-Tag": "{{ .secrets[\"my-tag\"] + .secrets.__SYSTEM }}" },
                "body": { "variables": [{ "{{ .secrets.'key' }}": "{{ .inputs.secrets.no }}" }] }
            },
            "requiredApproval": { "type": "ANY" },
            "approvalNotification": { "type": "webhook", "url": "https://hooks.example/a", "format": "slack" }
        })
    }

    #[test]
    fn a_whole_action_is_fine() {
        assert_eq!(found(&Action, &restart()), [""; 0]);
    }

    #[test]
    fn each_mistake_is_named_with_what_to_do() {
        for (pointer, value, says) in [
            (
                "/trigger/userInputs/steps",
                json!([{ "title": "One", "order": ["reason"] }]),
                "config::conflict: `steps` and `order` exclude each other (remove `order`; every step has an `order` of its own)",
            ),
            (
                "/trigger/userInputs/required",
                json!(["raeson"]),
                "config::unknown_key: `required` names `raeson`, which is not an input (did you mean `reason`?)",
            ),
            (
                "/trigger/userInputs/order",
                json!(["zzz"]),
                "config::unknown_key: `order` names `zzz`, which is not an input or a title (known here: `reason`, `level`, `run`, `others`, `about`)",
            ),
            (
                "/trigger/userInputs/properties/level/dependsOn",
                json!(["about"]),
                "config::unknown_key: `dependsOn` names `about`, which is not an input (known here: `reason`, `level`, `run`, `others`)",
            ),
            (
                "/trigger/userInputs/properties/run/blueprint",
                json!(null),
                "config::missing_field: `run` has no `blueprint` (`format: entity` needs the blueprint whose entities are offered)",
            ),
            (
                "/trigger/userInputs/properties/others/items/blueprint",
                json!(null),
                "config::missing_field: `items` of `others` has no `blueprint` (`format: entity` needs the blueprint whose entities are offered)",
            ),
            (
                "/trigger/userInputs/properties/reason/jqQuery",
                json!(".a"),
                "config::not_here: `jqQuery` does not stand directly on the input `reason` (put it into the field that it computes: `default: { jqQuery: … }`)",
            ),
            (
                "/trigger/operation",
                json!("CREATE"),
                "config::not_here: `condition` is only for `operation: DAY-2` and `DELETE`, not for `CREATE` (remove it: there is no entity yet)",
            ),
            (
                "/trigger/blueprintIdentifier",
                json!(null),
                "config::missing_field: `trigger` has no `blueprintIdentifier` (a `condition` needs the blueprint whose entities it picks)",
            ),
            (
                "/trigger/executeActionButtonText",
                json!("Go "),
                "config::pattern: `executeActionButtonText` is not allowed: `Go ` (allowed: two characters or more on one line, without spaces at the ends)",
            ),
            (
                "/requiredApproval",
                json!("ANY"),
                "config::wrong_type: `requiredApproval` is a text, expected a boolean or a map",
            ),
            (
                "/approvalNotification/url",
                json!(null),
                "config::missing_field: `approvalNotification` has no `url` (add `url`: Address that is called)",
            ),
            (
                "/invocationMethod/method",
                json!("post"),
                "config::unknown_value: `method` cannot be `post` (did you mean `POST`?)",
            ),
            (
                "/invocationMethod/agent",
                json!("false"),
                "lint::quoted_boolean: `agent` is the text `false`, not a boolean (write `false` without quotes)",
            ),
            (
                "/invocationMethod/headers/X-Retries",
                json!(3),
                "config::wrong_type: `X-Retries` is a number, expected a text (put it in quotes)",
            ),
            (
                "/invocationMethod/body",
                json!("text"),
                "config::wrong_type: `body` is a text, expected a map or a list",
            ),
            (
                "/trigger/userInputs/properties/run/dataset/rules",
                json!([{ "property": "state", "operator": "is" , "value": 1 }]),
                "config::unknown_value: `operator` cannot be `is` (did you mean `in`?)",
            ),
            (
                "/trigger/type",
                json!("self_service"),
                "config::unknown_value: `type` cannot be `self_service` (did you mean `self-service`?)",
            ),
            (
                "/omitPayload",
                json!(true),
                "config::unknown_field: unknown field `omitPayload` in `spec` (known here: `identifier`, `title`, `icon`, `description`, `trigger`, `invocationMethod`, `requiredApproval`, `approvalNotification`, `publish`, `allowAnyoneToViewRuns`)",
            ),
        ] {
            assert_eq!(
                found(&Action, &changed(&restart(), &[(pointer, value)])),
                [says],
                "{pointer}"
            );
        }
    }

    #[test]
    fn an_automation_is_sent_to_its_own_kind() {
        let spec = changed(&restart(), &[("/trigger/type", json!("automation"))]);
        assert!(
            found(&Action, &spec)
                .contains(&"config::not_here: this is an automation, not an action (write `kind: port.automation`)".to_owned())
        );
    }

    #[test]
    fn blueprints_are_needed_and_secrets_are_better_there() {
        assert_eq!(
            mentioned(&Action, &restart()),
            [
                "/trigger/blueprintIdentifier: port.blueprint.stack",
                "/trigger/userInputs/properties/run/blueprint: port.blueprint.run",
                "/trigger/userInputs/properties/run/sort/property: port.blueprint.run? #startedAt in /schema/properties",
                "/trigger/userInputs/properties/others/items/blueprint: port.blueprint.stack",
                "/invocationMethod/headers/Authorization: port.secret.SPACELIFT_TOKEN?",
                "/invocationMethod/headers/X-Tag: port.secret.my-tag?",
                "/invocationMethod/body/variables/0/{{ .secrets.'key' }}: port.secret.key?",
            ]
        );
    }

    #[test]
    fn the_old_form_is_read_as_the_current_one_and_losses_are_named() {
        let old = json!({
            "identifier": "make", "trigger": "CREATE", "blueprint": "service",
            "userInputs": { "properties": { "name": { "type": "string" } }, "required": ["name"] },
            "invocationMethod": { "type": "GITHUB", "org": "acme", "repo": "r", "workflow": "w.yml", "omitPayload": true }
        });
        assert_eq!(
            found(&Action, &old),
            [
                "lint::action_v1: `omitPayload` has no counterpart in v2 and is left out (remove it, and say in `workflowInputs` what is sent)",
                "lint::action_v1: `trigger: CREATE` is the old form of an action (v1); it is read as v2 (in v2 it reads `trigger: { type: self-service, operation: CREATE, userInputs: … }`, and `body`, `payload`, `workflowInputs` or `pipelineVariables` of the `invocationMethod` say what is sent)",
            ]
        );
        let mut findings = Findings::default();
        let current = Action.upgrade(node(&old), &mut findings);
        assert_eq!(
            current.to_value(),
            Value::from(json!({
                "identifier": "make",
                "trigger": {
                    "type": "self-service", "operation": "CREATE", "blueprintIdentifier": "service",
                    "userInputs": { "properties": { "name": { "type": "string" } }, "required": ["name"] }
                },
                "invocationMethod": { "type": "GITHUB", "org": "acme", "repo": "r", "workflow": "w.yml" }
            }))
        );
        let again = Action.upgrade(current.clone(), &mut Findings::default());
        assert_eq!(again, current);

        let inputs = restart()["trigger"]["userInputs"].clone();
        let stray = changed(
            &restart(),
            &[
                ("/trigger/userInputs", Json::Null),
                ("/userInputs", inputs),
                ("/invocationMethod/omitUserInputs", json!(false)),
            ],
        );
        assert_eq!(
            found(&Action, &stray),
            [
                "lint::action_v1: `omitUserInputs` has no counterpart in v2 and is left out (remove it, and say in `body` what is sent)",
                "lint::action_v1: `userInputs` beside `trigger` is the old form of an action (v1); it is read as part of it (move `userInputs` into `trigger`)",
            ]
        );
        assert_eq!(
            Action.upgrade(node(&stray), &mut findings).to_value(),
            Value::from(restart())
        );
    }

    #[test]
    fn actions_are_told_from_automations_and_lose_their_stamps() {
        let mut answer = restart();
        for (stamp, value) in [
            ("id", json!("a1")),
            ("_id", json!("a1")),
            ("orgId", json!("org")),
            ("createdAt", json!("x")),
            ("updatedBy", json!("u")),
        ] {
            answer[stamp] = value;
        }
        let seen = Action.observe(&answer.clone().into()).unwrap();
        assert_eq!(seen.value, Value::from(restart()));
        answer["trigger"]["type"] = json!("automation");
        assert!(Action.observe(&answer.clone().into()).is_none());
        let want = Value::from(restart());
        assert_eq!(
            Action.update(&seen, &want, &[]),
            [Call::Port {
                method: "PUT",
                path: "/v1/actions/restart_stack".into(),
                body: Some(want.clone())
            }]
        );
    }

    #[test]
    fn real_actions_are_accepted() {
        for (file, spec) in corpus("port/actions").into_iter().flatten() {
            assert_eq!(found(&Action, &spec), [""; 0], "{file}");
        }
    }
}

//! `spacelift.stack_webhook`: the older webhook that belongs to one stack (SA section 12).
//!
//! It fires for all runs of its stack without any policy. Its endpoint is what tells it from the
//! others of the stack, and is often a secret in itself, so its address comes from `ref` alone.
//! Deliberately not here: named webhooks, which new set-ups use.

use std::sync::LazyLock;

use crate::kinds::call::{Call, List};
use crate::kinds::identity::{apart, joined};
use crate::kinds::shape::{Shape, field};
use crate::kinds::spacelift_webhook::check_endpoint;
use crate::kinds::{Identity, Kind, Observed, Role, slug};
use crate::words::value::Map;
use crate::words::{Findings, Node, Value};

/// The kind `spacelift.stack_webhook`.
#[derive(Debug)]
pub struct StackWebhook;

/// Fields of one webhook. `secret` is never selected: it would come back readable (SA section 12).
/// A macro because documents are put together at compile time.
macro_rules! fields {
    () => {
        "{ id enabled endpoint retryOnFailure }"
    };
}

static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
    Shape::closed(vec![
        field(
            "stack",
            Shape::text_of(1, 0),
            "Id of the stack whose runs are told. Changing it replaces the webhook.",
        )
        .required()
        .immutable(),
        field(
            "endpoint",
            Shape::text_of(1, 0),
            "Address that events are posted to, usually `${port.webhook.NAME.url}`. Unique within the stack.",
        )
        .required(),
        field("enabled", Shape::Bool, "Whether events are sent.").default("true"),
        field(
            "secret",
            Shape::text_of(1, 0),
            "Text that deliveries are signed with, usually `${env.NAME}`. Everybody who can read the stack can read it in Spacelift.",
        )
        .write_only(),
        field(
            "retryOnFailure",
            Shape::Bool,
            "Whether failed deliveries are sent again.",
        )
        .default("false"),
        field("id", Shape::Any, "Set by the server.").computed(),
        field("deleted", Shape::Any, "Set by the server.").computed(),
    ])
});

impl Kind for StackWebhook {
    fn name(&self) -> &'static str {
        "spacelift.stack_webhook"
    }

    fn role(&self) -> Option<Role> {
        Some(Role::StackEndpoint)
    }

    /// The id is opaque (SA section 5).
    fn stand_in(&self, name: &str, export: &str) -> Option<String> {
        (export == "id").then(|| format!("webhook-of-{}", slug(name)))
    }

    fn doc(&self) -> &'static str {
        "The older webhook of one stack of Spacelift; it needs no policy. Prefer `spacelift.webhook`."
    }

    fn shape(&self) -> &Shape {
        &SHAPE
    }

    fn looks(&self) -> (&'static str, &'static str) {
        ("a webhook of a stack", "stack")
    }

    fn identity(&self) -> Identity {
        Identity::NameWith("stack", "endpoint")
    }

    fn needs_ref(&self) -> Option<&'static str> {
        Some("a stack may have several webhooks, and their endpoints are no names")
    }

    fn on_demand(&self) -> bool {
        true
    }

    fn exports(&self) -> &'static [(&'static str, &'static str)] {
        &[("id", "the id that Spacelift assigned")]
    }

    fn check(&self, spec: &Node, findings: &mut Findings) {
        if let Some(endpoint) = spec.get("endpoint") {
            check_endpoint(endpoint, findings);
        }
    }

    /// There is no list over all stacks but the stacks themselves (SA section 12).
    fn list(&self) -> List {
        List::Spacelift {
            field: "stacks",
            selection: concat!("{ id integrations { webhooks ", fields!(), " } }"),
            paged: false,
        }
    }

    /// A stack has several.
    fn observe_all(&self, stack: &Value) -> Vec<Observed> {
        let integrations = stack.get("integrations");
        let webhooks = integrations.and_then(|all| all.get("webhooks")?.as_list());
        let of = |webhook: &Value| beside(stack.get_text("id")?, webhook);
        webhooks.into_iter().flatten().filter_map(of).collect()
    }

    /// An item is a webhook beside its stack's id.
    fn observe(&self, item: &Value) -> Option<Observed> {
        beside(item.get_text("stack")?, item.get("webhook")?)
    }

    fn observe_created(&self, want: &Value, item: &Value) -> Option<Observed> {
        beside(want.get_text("stack")?, item)
    }

    fn create(&self, want: &Value) -> Vec<Call> {
        vec![Call::Spacelift {
            document: concat!(
                "mutation StackWebhookCreate($stack: ID!, $input: WebhooksIntegrationInput!) ",
                "{ webhooksIntegrationCreate(stack: $stack, input: $input) ",
                fields!(),
                " }"
            ),
            variables: Value::Map(members([
                ("stack", want.get("stack").cloned().unwrap_or_default()),
                ("input", input(want)),
            ])),
            id_from_create: None,
        }]
    }

    /// The input replaces everything but an absent secret, as with named webhooks.
    fn update(&self, seen: &Observed, want: &Value, _changed: &[String]) -> Vec<Call> {
        let mut variables = whose(&seen.id);
        variables.insert("input", input(want));
        vec![Call::Spacelift {
            document: "mutation StackWebhookUpdate($stack: ID!, $id: ID!, $input: WebhooksIntegrationInput!) { webhooksIntegrationUpdate(stack: $stack, id: $id, input: $input) { id } }",
            variables: Value::Map(variables),
            id_from_create: None,
        }]
    }

    fn delete(&self, id: &str) -> Call {
        Call::Spacelift {
            document: "mutation StackWebhookDelete($stack: ID!, $id: ID!) { webhooksIntegrationDelete(stack: $stack, id: $id) { id } }",
            variables: Value::Map(whose(id)),
            id_from_create: None,
        }
    }

    fn created_at(&self) -> &'static str {
        "/data/webhooksIntegrationCreate"
    }
}

/// A webhook of this stack.
fn beside(stack: &str, webhook: &Value) -> Option<Observed> {
    let id = webhook.get_text("id")?;
    let mut value = webhook.clone();
    let fields = value.as_map_mut()?;
    fields.shift_remove("id");
    fields.insert("stack", Value::text(stack));
    Some(Observed {
        born: Default::default(),
        touched: Default::default(),
        id: joined(&[stack, id]),
        name: stack.into(),
        value,
        exports: members([("id", Value::text(id))]),
    })
}

/// The stack and the webhook's own id, as variables.
fn whose(id: &str) -> Map {
    let (stack, id) = apart(id).unwrap_or_default();
    members([("stack", Value::text(stack)), ("id", Value::text(id))])
}

/// All fields each time; `secret` only when there is one, because null keeps it.
fn input(want: &Value) -> Value {
    let mut input = want.as_map().cloned().unwrap_or_default();
    input.shift_remove("stack");
    if input.get("secret").is_some_and(Value::is_null) {
        input.shift_remove("secret");
    }
    for (key, absent) in [("enabled", true), ("retryOnFailure", false)] {
        if input.get(key).is_none_or(Value::is_null) {
            input.insert(key, Value::Bool(absent));
        }
    }
    Value::Map(input)
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map {
    members
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kinds::story::found;

    const ENDPOINT: &str = "https://hooks.example.com/in";

    fn variables(call: &Call) -> Json {
        let Call::Spacelift { variables, .. } = call else {
            panic!("a request to the wrong service");
        };
        variables.to_json_with(&mut |leaf| leaf.to_string().into())
    }

    #[test]
    fn mistakes_are_named() {
        let spec = json!({ "stack": "network", "endpoint": ENDPOINT });
        assert_eq!(found(&StackWebhook, &spec), [""; 0]);
        for (spec, code) in [
            (json!({ "endpoint": ENDPOINT }), "config::missing_field"),
            (json!({ "stack": "a" }), "config::missing_field"),
            (json!({ "stack": "a", "endpoint": "here" }), "config::url"),
            (
                json!({ "stack": "a", "endpoint": "http://example.com/x" }),
                "lint::plain_http",
            ),
            (
                json!({ "stack": "a", "endpoint": ENDPOINT, "labels": [] }),
                "config::unknown_field",
            ),
        ] {
            let says = found(&StackWebhook, &spec);
            assert!(
                says.len() == 1 && says[0].starts_with(code),
                "{spec}: {says:?}"
            );
        }
    }

    #[test]
    fn a_stack_has_several_and_no_secret_is_asked_for() {
        let List::Spacelift { selection, .. } = StackWebhook.list() else {
            panic!("it is Spacelift's");
        };
        assert!(!selection.contains("secret"));
        let webhook = |id: &str| json!({ "id": id, "endpoint": ENDPOINT, "enabled": true, "retryOnFailure": null });
        let stack =
            json!({ "id": "net", "integrations": { "webhooks": [webhook("1"), webhook("2")] } });
        let seen = StackWebhook.observe_all(&stack.clone().into());
        let ids: Vec<&str> = seen.iter().map(|seen| seen.id.as_str()).collect();
        assert_eq!(ids, ["net:1", "net:2"]);
        assert_eq!(seen[0].value.get_text("stack"), Some("net"));
        assert!(seen[0].value.get("id").is_none());
        for none in [json!({ "id": "net", "integrations": null }), json!({})] {
            assert_eq!(StackWebhook.observe_all(&none.clone().into()), []);
        }
    }

    #[test]
    fn requests_name_the_stack_and_every_field() {
        let want = Value::from(json!({ "stack": "net", "endpoint": ENDPOINT, "secret": null }));
        let input = json!({ "endpoint": ENDPOINT, "enabled": true, "retryOnFailure": false });
        assert_eq!(
            variables(&StackWebhook.create(&want)[0]),
            json!({ "stack": "net", "input": input })
        );
        let answer = json!({ "id": "7", "endpoint": ENDPOINT });
        let seen = StackWebhook.observe_created(&want, &answer.into()).unwrap();
        assert_eq!(seen.id, "net:7");
        assert_eq!(
            variables(&StackWebhook.update(&seen, &want, &[])[0]),
            json!({ "stack": "net", "id": "7", "input": input })
        );
        assert_eq!(
            variables(&StackWebhook.delete(&seen.id)),
            json!({ "stack": "net", "id": "7" })
        );
    }
}

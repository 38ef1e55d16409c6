//! An organization that was clicked together: raw requests to both services, thrown by dice and
//! written from what the vendors publish, not from our kinds.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::dice::Dice;
use crate::world::World;

/// Texts that are hard to write down.
const TEXTS: &[&str] = &[
    "Plain",
    "no",
    "017",
    "costs ${x} and $${y}",
    "{{ .inputs.name }} of ${{ github.sha }}",
    "two\nlines\n",
    "  ends with a blank ",
    "tab\tand \"quotes\" # no comment",
    "größe: 名前",
    "- not: a list",
    "<b>&amp;</b>",
];

/// JQ that is long enough for a block.
const JQ: &[&str] = &[
    ".body.state",
    "true",
    ".body.action == \"created\"\nand .body.run != null",
    "\"${literal}\"",
];

/// Makes about `size` objects of each kind of Port and some of each of Spacelift; returns how many.
pub fn clicked(world: &World, seed: u64, size: usize) -> usize {
    let mut hand = Hand {
        world,
        dice: Dice::new(seed),
        made: 0,
    };
    let blueprints = hand.blueprints(size);
    hand.scorecards(&blueprints, size);
    hand.secrets(size);
    let urls = hand.webhooks(&blueprints, size);
    hand.actions(&blueprints, size);
    let spaces = hand.spaces(size.div_ceil(3));
    let ids = hand.named_webhooks(&spaces, &urls, size.div_ceil(2));
    hand.policies(&spaces, &ids, size);
    hand.stack_webhooks(&urls, size.div_ceil(4));
    hand.made
}

struct Hand<'a> {
    world: &'a World,
    dice: Dice,
    made: usize,
}

impl Hand<'_> {
    fn text(&mut self) -> &'static str {
        TEXTS[self.dice.below(TEXTS.len())]
    }

    fn port(&mut self, method: Method, path: &str, body: Value) -> Value {
        self.made += 1;
        self.world.port(method, path, body)
    }

    fn maybe(&mut self, body: &mut Value, key: &str, chance: usize, value: Value) {
        if self.dice.percent(chance) {
            body[key] = value;
        }
    }

    fn blueprints(&mut self, size: usize) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for index in 0..size {
            let stem = *self
                .dice
                .pick(&["service", "Team/a.b", "größe", "..x", "a:b", "con"]);
            let name = format!("{stem}{index}");
            let mut properties = Map::new();
            let all = [
                ("text", json!({"type": "string", "title": self.text()})),
                (
                    "count",
                    json!({"type": "number", "minimum": 0, "default": 1.5}),
                ),
                (
                    "when",
                    json!({"type": "string", "format": "date-time", "unknownToUs": {"a": [1]}}),
                ),
                (
                    "tags",
                    json!({"type": "array", "items": {"type": "string"}, "description": self.text()}),
                ),
                (
                    "level",
                    json!({"type": "string", "enum": ["a", "no"], "enumColors": {"a": "red", "no": "green"}}),
                ),
                ("free", json!({"type": "object"})),
                ("on", json!({"type": "boolean", "default": false})),
            ];
            for (key, property) in all {
                if key == "text" || self.dice.percent(60) {
                    properties.insert(key.to_owned(), property);
                }
            }
            let mut body = json!({
                "identifier": name, "title": self.text(),
                "schema": {"properties": properties, "required": []},
            });
            let required =
                json!({"properties": body["schema"]["properties"], "required": ["text"]});
            self.maybe(&mut body, "schema", 40, required);
            let text = self.text();
            self.maybe(&mut body, "description", 40, json!(text));
            self.maybe(&mut body, "icon", 40, json!("Git"));
            let target = self.dice.below(names.len().max(1));
            if let Some(target) = names.get(target).cloned() {
                let relation = json!({"to": {"target": target, "required": false, "many": self.dice.percent(50), "title": "To"}});
                body["relations"] = relation;
                if self.dice.percent(50) {
                    body["mirrorProperties"] =
                        json!({"seen": {"path": "to.text", "title": "Seen"}});
                }
            }
            let calculated = json!({"short": {"title": "Short", "type": "string", "calculation": ".properties.text | .[0:3]"}});
            self.maybe(&mut body, "calculationProperties", 30, calculated);
            self.port(Method::POST, "/v1/blueprints", body);
            names.push(name);
        }
        names
    }

    fn scorecards(&mut self, blueprints: &[String], size: usize) {
        for index in 0..size {
            let blueprint = self.dice.pick(blueprints).clone();
            let path = format!("/v1/blueprints/{}/scorecards", encoded(&blueprint));
            let conditions = json!([{"property": "text", "operator": "isNotEmpty"}]);
            let query = json!({"combinator": "and", "conditions": conditions});
            let mut body = json!({
                "identifier": format!("ready{index}"), "title": self.text(),
                "rules": [
                    {"identifier": "b", "title": self.text(), "level": "Gold", "query": query},
                    {"identifier": "a", "title": "A", "level": "Silver", "query": query},
                ],
            });
            let levels =
                json!([{"title": "Silver", "color": "silver"}, {"title": "Gold", "color": "gold"}]);
            self.maybe(&mut body, "levels", 40, levels);
            self.port(Method::POST, &path, body);
        }
    }

    fn secrets(&mut self, size: usize) {
        for index in 0..size {
            let mut body =
                json!({"secretName": format!("KEY-{index}"), "secretValue": "canary-of-a-secret"});
            let text = self.text();
            self.maybe(&mut body, "description", 50, json!(text));
            self.port(Method::POST, "/v1/organization/secrets", body);
        }
    }

    fn webhooks(&mut self, blueprints: &[String], size: usize) -> Vec<String> {
        let mut urls = Vec::new();
        for index in 0..size {
            let blueprint = self.dice.pick(blueprints).clone();
            let jq = *self.dice.pick(JQ);
            let mut mapping = json!({
                "blueprint": blueprint, "filter": jq,
                "entity": {"identifier": ".body.id", "title": "\"T\"", "properties": {"text": jq}},
            });
            let operation = *self.dice.pick(&["create", "delete"]);
            if operation == "delete" {
                mapping["entity"] = json!({"identifier": ".body.id"});
            }
            self.maybe(
                &mut mapping,
                "operation",
                if operation == "delete" { 100 } else { 50 },
                json!(operation),
            );
            let mut body = json!({
                "identifier": format!("in.{index}"), "title": "In", "enabled": self.dice.percent(80),
                "mappings": [mapping],
            });
            let security = json!({
                "secret": "canary-of-a-webhook", "signatureHeaderName": "X-Signature-256",
                "signatureAlgorithm": "sha256", "signaturePrefix": "sha256=",
            });
            self.maybe(&mut body, "security", 50, security);
            let made = self.port(Method::POST, "/v1/webhooks", body);
            let url = made["integration"]["url"].as_str().expect("a url");
            urls.push(url.to_owned());
        }
        urls
    }

    fn actions(&mut self, blueprints: &[String], size: usize) {
        let mut names: Vec<String> = Vec::new();
        for index in 0..size {
            let name = format!("run:{index}");
            let invocation = self.invocation(blueprints);
            let mut body = json!({
                "identifier": name, "title": self.text(),
                "trigger": {
                    "type": "self-service", "operation": "CREATE",
                    "userInputs": {
                        "properties": {
                            "name": {"type": "string", "title": self.text(), "visible": {"jqQuery": "true"}},
                            "many": {"type": "array", "items": {"type": "string"}},
                        },
                        "required": ["name"], "order": ["name", "many"],
                    },
                },
                "invocationMethod": invocation,
            });
            let blueprint = self.dice.pick(blueprints).clone();
            if self.dice.percent(30) {
                body["trigger"]["operation"] = json!("DAY-2");
                body["trigger"]["blueprintIdentifier"] = json!(blueprint);
            }
            let approval = json!({"type": "ANY"});
            self.maybe(&mut body, "requiredApproval", 30, approval);
            self.maybe(&mut body, "publish", 30, json!(true));
            self.port(Method::POST, "/v1/actions", body);
            if self.dice.percent(40) {
                let path = format!("/v1/actions/{}/permissions", encoded(&name));
                let body = json!({"execute": {"teams": ["b", "a"], "roles": ["Admin"]}});
                self.port(Method::PATCH, &path, body);
            }
            names.push(name);
        }
        for index in 0..size {
            let event = match self.dice.percent(50) {
                true => json!({"type": "RUN_UPDATED", "actionIdentifier": self.dice.pick(&names)}),
                false => {
                    json!({"type": "ENTITY_CREATED", "blueprintIdentifier": self.dice.pick(blueprints)})
                }
            };
            let jq = *self.dice.pick(JQ);
            let body = json!({
                "identifier": format!("auto{index}"), "title": self.text(),
                "trigger": {
                    "type": "automation", "event": event,
                    "condition": {"type": "JQ", "expressions": [jq], "combinator": "and"},
                },
                "invocationMethod": self.invocation(blueprints), "publish": self.dice.percent(70),
            });
            self.port(Method::POST, "/v1/actions", body);
        }
    }

    fn invocation(&mut self, blueprints: &[String]) -> Value {
        let text = self.text();
        match self.dice.below(5) {
            0 => json!({
                "type": "WEBHOOK", "url": "https://hooks.example.com/in", "method": "POST",
                "headers": {"Authorization": "Bearer {{ .secrets.KEY }}", "X-Text": "a"},
                "body": {"a": text, "b": null, "c": [1, 2.5, {"{{ .k }}": true}]},
            }),
            1 => json!({
                "type": "WEBHOOK", "url": "https://hooks.example.com/in",
                "headers": {"Authorization": "Bearer canary-of-a-header"}, "body": {},
            }),
            2 => json!({"type": "KAFKA", "payload": {"a": text, "list": []}}),
            3 => json!({
                "type": "GITHUB", "org": "acme", "repo": "infra", "workflow": "run.yaml",
                "workflowInputs": {"name": "{{ .inputs.name }}"}, "reportWorkflowStatus": true,
            }),
            _ => json!({
                "type": "UPSERT_ENTITY", "blueprintIdentifier": self.dice.pick(blueprints),
                "mapping": {"identifier": "{{ .inputs.name }}", "properties": {"text": text}},
            }),
        }
    }

    fn spaces(&mut self, size: usize) -> Vec<String> {
        let mut ids = vec!["root".to_owned()];
        for index in 0..size {
            let parent = self.dice.pick(&ids).clone();
            let input = json!({
                "name": format!("Space {index}"), "description": "", "parentSpace": parent,
                "inheritEntities": true, "labels": ["b", "a"],
            });
            let query = "mutation ($input: SpaceInput!) { spaceCreate(input: $input) { id } }";
            ids.push(self.spacelift(query, json!({"input": input}), "spaceCreate"));
        }
        ids
    }

    fn named_webhooks(&mut self, spaces: &[String], urls: &[String], size: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for index in 0..size {
            let endpoint = match self.dice.percent(60) {
                true => self.dice.pick(urls).clone(),
                false => format!("https://hooks.example.com/{index}"),
            };
            let mut input = json!({
                "name": format!("Hook {index}"), "endpoint": endpoint, "enabled": self.dice.percent(80),
                "space": self.dice.pick(spaces), "labels": ["x"], "retryOnFailure": self.dice.percent(50),
            });
            self.maybe(&mut input, "secret", 50, json!("canary-of-a-hook"));
            let query = "mutation ($input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationCreate(input: $input) { id } }";
            let id = self.spacelift(
                query,
                json!({"input": input}),
                "namedWebhooksIntegrationCreate",
            );
            if self.dice.percent(50) {
                let entries =
                    json!({"entries": [{"key": "X-Key", "value": "canary-of-a-secret-header"}]});
                let query = "mutation ($id: ID!, $input: NamedWebhookHeaderInput!) { namedWebhooksIntegrationSetHeaders(id: $id, input: $input) { secretHeaders } }";
                self.world
                    .spacelift(query, json!({"id": id, "input": entries}));
            }
            ids.push(id);
        }
        ids
    }

    fn policies(&mut self, spaces: &[String], webhooks: &[String], size: usize) {
        for index in 0..size {
            let hook = self.dice.pick(webhooks);
            let (kind, engine, body) = match self.dice.below(3) {
                0 => (
                    "NOTIFICATION",
                    "REGO_V1",
                    format!(
                        "package spacelift\n\nwebhook contains {{\"endpoint_id\": \"{hook}\"}} if {{\n\tinput.run_updated.run.state == \"FINISHED\"\n}}\n"
                    ),
                ),
                1 => (
                    "PLAN",
                    "REGO_V0",
                    "package spacelift\n\ndeny[sprintf(\"${%s}\", [x])] { x := \"a\" }   \n"
                        .to_owned(),
                ),
                _ => (
                    "NOTIFICATION",
                    "REGO_V0",
                    format!(
                        "package spacelift\nwebhook[{{\"endpoint_id\": endpoint.id}}] {{\n  endpoint := input.webhook_endpoints[_]\n  endpoint.id == \"{hook}\"\n}}"
                    ),
                ),
            };
            let input = json!({
                "name": format!("Rule {index}"), "type": kind, "engineType": engine, "body": body,
                "space": self.dice.pick(spaces), "labels": ["z", "a"], "description": self.text(),
            });
            let query =
                "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
            self.spacelift(query, json!({"input": input}), "policyCreatev2");
        }
    }

    fn stack_webhooks(&mut self, urls: &[String], size: usize) {
        for index in 0..size {
            let input = json!({
                "name": format!("stack {index}"), "branch": "main", "repository": "infra",
                "administrative": false, "space": "root",
            });
            let query = "mutation ($input: StackInput!) { stackCreate(input: $input, manageState: true) { id } }";
            let made = self.world.spacelift(query, json!({"input": input}));
            let stack = made["stackCreate"]["id"].clone();
            let endpoints = [
                self.dice.pick(urls).clone(),
                "https://hooks.example.com/in".to_owned(),
            ];
            for endpoint in endpoints {
                let input =
                    json!({"enabled": true, "endpoint": endpoint, "secret": "canary-of-a-stack"});
                let query = "mutation ($stack: ID!, $input: WebhooksIntegrationInput!) { webhooksIntegrationCreate(stack: $stack, input: $input) { id } }";
                self.spacelift(
                    query,
                    json!({"stack": stack, "input": input}),
                    "webhooksIntegrationCreate",
                );
            }
        }
    }

    fn spacelift(&mut self, query: &str, variables: Value, of: &str) -> String {
        self.made += 1;
        let made = self.world.spacelift(query, variables);
        made[of]["id"].as_str().expect("an id").to_owned()
    }
}

/// A segment of a path.
fn encoded(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte.is_ascii_alphanumeric() {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

//! `invocationMethod`: what an action or automation does, in seven forms (PA section 3).
//!
//! Deliberately not here: evaluating `{{ … }}` and building the request (see the engines).

use crate::kinds::property::plain;
use crate::kinds::shape::{Limits, Object, Shape, field};
use crate::kinds::{Mention, charset, mention, port_blueprint, port_secret};
use crate::words::finding::did_you_mean;
use crate::words::template::Part;
use crate::words::{Data, Finding, Findings, Node, Pointer, Value};

const METHODS: &[&str] = &["POST", "PUT", "PATCH", "DELETE", "GET"];

/// The shape of `invocationMethod`; each form is closed.
pub fn shape() -> Shape {
    let closed = |fields| Object {
        fields,
        open: false,
    };
    Shape::Tagged {
        tag: "type",
        variants: vec![
            ("WEBHOOK", closed(webhook())),
            (
                "KAFKA",
                closed(vec![field(
                    "payload",
                    payload(),
                    "Message for the organization's topic.",
                )]),
            ),
            ("GITHUB", closed(github())),
            (
                "GITLAB",
                closed(vec![
                    field("projectName", Shape::text_of(1, 0), "Name of the project.").required(),
                    field("groupName", Shape::text_of(1, 0), "Path of its group.").required(),
                    field("defaultRef", Shape::text(), "Branch or tag to run on."),
                    field(
                        "pipelineVariables",
                        Shape::map(Shape::Any),
                        "Variables of the pipeline.",
                    ),
                ]),
            ),
            (
                "AZURE_DEVOPS",
                closed(vec![
                    field(
                        "webhook",
                        Shape::text_of(1, 0),
                        "Name of the incoming webhook.",
                    )
                    .required(),
                    field("org", Shape::text_of(1, 0), "Name of the organization.").required(),
                    field("payload", payload(), "What the webhook gets."),
                ]),
            ),
            (
                "INTEGRATION_ACTION",
                closed(vec![
                    field(
                        "installationId",
                        Shape::text_of(1, 0),
                        "Integration that does it.",
                    )
                    .required(),
                    field(
                        "integrationActionType",
                        Shape::Enum(&["dispatch_workflow"]),
                        "What the integration does.",
                    )
                    .required(),
                    field(
                        "integrationActionExecutionProperties",
                        Shape::open(github()),
                        "Which workflow it runs, with which inputs.",
                    )
                    .required(),
                ]),
            ),
            (
                "UPSERT_ENTITY",
                closed(vec![
                    field(
                        "blueprintIdentifier",
                        Shape::text_of(1, 0),
                        "Blueprint of the entity.",
                    )
                    .required()
                    .reference("port.blueprint"),
                    field("mapping", mapping(), "The entity, in templates.").required(),
                ]),
            ),
        ],
    }
}

fn webhook() -> Vec<crate::kinds::shape::Field> {
    vec![
        field(
            "url",
            Shape::text_of(1, 0),
            "Address that is called. Port's own API needs no header for signing in.",
        )
        .required(),
        field(
            "agent",
            flag(),
            "Whether Port's agent in your network calls it.",
        )
        .default("false"),
        field(
            "synchronized",
            flag(),
            "Whether the answer's status decides how the run ends.",
        )
        .default("false"),
        field(
            "method",
            Shape::Text(Limits {
                min: 1,
                suggestions: METHODS,
                ..Limits::default()
            }),
            "HTTP method.",
        )
        .default("\"POST\""),
        field(
            "headers",
            Shape::map(Shape::text()),
            "Headers by name; secrets as `{{ .secrets.NAME }}`.",
        )
        .default("{}"),
        field("body", payload(), "What is sent, in templates."),
    ]
}

/// A GitHub workflow; an integration action nests the same fields.
fn github() -> Vec<crate::kinds::shape::Field> {
    vec![
        field("org", Shape::text_of(1, 0), "Owner of the repository.").required(),
        field("repo", Shape::text_of(1, 0), "Name of the repository.").required(),
        field(
            "workflow",
            Shape::text_of(1, 0),
            "File name or id of the workflow.",
        )
        .required(),
        field(
            "workflowInputs",
            Shape::map(Shape::Any),
            "Inputs of the workflow, in templates.",
        ),
        field(
            "reportWorkflowStatus",
            flag(),
            "Whether the run ends as the workflow does.",
        )
        .default("true"),
    ]
}

fn mapping() -> Shape {
    let names = || Shape::OneOf(vec![Shape::text(), Shape::list(Shape::text())]);
    Shape::open(vec![
        field(
            "identifier",
            Shape::text(),
            "Identifier; without it Port makes one.",
        ),
        field("title", Shape::text(), "Title."),
        field("icon", Shape::text(), "Name of one of Port's icons."),
        field("team", names(), "Team or teams that own it."),
        field("properties", Shape::map(Shape::Any), "Properties by key."),
        field(
            "relations",
            Shape::map(Shape::Any),
            "Related entities by key: an identifier, a list of them, or `null`.",
        ),
    ])
}

fn payload() -> Shape {
    Shape::OneOf(vec![Shape::map(Shape::Any), Shape::list(Shape::Any)])
}

/// A boolean that a template may compute.
fn flag() -> Shape {
    Shape::OneOf(vec![Shape::Bool, Shape::text_of(1, 0)])
}

/// Checks what the shape of `invocationMethod` cannot say.
pub fn check(method: &Node, findings: &mut Findings) {
    if let Some(node) = method.get("method")
        && let Some(text) = node.text()
        && !text.is_empty()
        && !text.contains("{{")
        && !METHODS.contains(&text)
    {
        findings.push(
            Finding::error(
                "config::unknown_value",
                node.place,
                format!("`method` cannot be `{text}`"),
            )
            .help(
                did_you_mean(text, METHODS.iter().copied())
                    .unwrap_or_else(|| "one of `POST`, `PUT`, `PATCH`, `DELETE`, `GET`".into()),
            ),
        );
    }
    let nested = method.get("integrationActionExecutionProperties");
    for holder in [Some(method), nested].into_iter().flatten() {
        for name in ["agent", "synchronized", "reportWorkflowStatus"] {
            if let Some(node) = holder.get(name)
                && let Some(text @ ("true" | "false")) = node.text()
            {
                findings.push(
                    Finding::warning(
                        "lint::quoted_boolean",
                        node.place,
                        format!("`{name}` is the text `{text}`, not a boolean"),
                    )
                    .help(format!("write `{text}` without quotes")),
                );
            }
        }
    }
    let relations = method.get("mapping").and_then(|m| m.get("relations"));
    for (key, value) in relations.and_then(Node::entries).unwrap_or(&[]) {
        let fits = match &value.data {
            Data::Null | Data::Text(_) | Data::Deferred(_) | Data::Secret(_) => true,
            Data::List(items) => items.iter().all(|item| item.what() == "a text"),
            _ => false,
        };
        if !fits {
            findings.push(Finding::error(
                "config::wrong_type",
                value.place,
                format!(
                    "`{}` is {}, expected a text, a list of texts or `null`",
                    key.text,
                    value.what()
                ),
            ));
        }
    }
}

/// The blueprint that is written to, and the secrets that templates read; `at` is where the
/// method stands.
pub fn mentions(method: &Value, at: &Pointer, found: &mut Vec<Mention>) {
    if let Some(blueprint) = method.get_text("blueprintIdentifier").and_then(plain) {
        found.push(mention(
            at.join("blueprintIdentifier"),
            &port_blueprint::Blueprint,
            blueprint,
        ));
    }
    let first = found.len();
    secrets(method, &mut at.clone(), found);
    let mut seen = std::collections::BTreeSet::new();
    let mut index = 0;
    found.retain(|one| {
        index += 1;
        index <= first || seen.insert((one.at.clone(), one.addr.clone()))
    });
}

fn secrets(value: &Value, at: &mut Pointer, found: &mut Vec<Mention>) {
    match value {
        Value::Map(map) => {
            for (key, value) in map {
                at.push(key);
                found.extend(read_in(key, at));
                secrets(value, at, found);
                at.pop();
            }
        }
        Value::List(list) => {
            for (index, value) in list.iter().enumerate() {
                at.push(index);
                secrets(value, at, found);
                at.pop();
            }
        }
        Value::Text(text) => found.extend(read_in(text, at)),
        Value::Deferred(template) => {
            for part in &template.parts {
                if let Part::Text(text) = part {
                    found.extend(read_in(text, at));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Secret(_) => {}
    }
}

fn read_in<'a>(text: &'a str, at: &'a Pointer) -> impl Iterator<Item = Mention> + 'a {
    secret_names(text).into_iter().map(|name| Mention {
        hard: false,
        ..mention(at.clone(), &port_secret::Secret, name)
    })
}

/// The names of the organization's secrets that the templates in a text read; those that begin
/// with `__` are the system's (PA section 5).
pub fn secret_names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let inside = &rest[start + 2..];
        let end = inside.find("}}").unwrap_or(inside.len());
        names.extend(names_in_jq(&inside[..end]));
        rest = &inside[end..];
    }
    names
}

fn names_in_jq(jq: &str) -> Vec<&str> {
    const ROOT: &str = ".secrets";
    let mut names = Vec::new();
    for (start, _) in jq.match_indices(ROOT) {
        // `.inputs.secrets.X` reads something else.
        let before = jq[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || "_])\"'".contains(c)) {
            continue;
        }
        let name = secret_name(&jq[start + ROOT.len()..]);
        names.extend(name.filter(|name| {
            !name.is_empty() && !name.starts_with("__") && (charset::SECRET.holds)(name)
        }));
    }
    names
}

/// The name in `.NAME`, `."NAME"`, `["NAME"]` and the single-quoted forms of Port's dialect.
fn secret_name(access: &str) -> Option<&str> {
    let quoted = |text: &'_ str| -> Option<usize> {
        let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        text[1..].find(quote)
    };
    if let Some(rest) = access.strip_prefix('[') {
        let rest = rest.trim_start();
        return quoted(rest).map(|end| &rest[1..=end]);
    }
    let rest = access.strip_prefix('.')?;
    if let Some(end) = quoted(rest) {
        return Some(&rest[1..=end]);
    }
    if rest.starts_with('[') {
        return secret_name(rest);
    }
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    Some(&rest[..end])
}

/// Where a web request goes to Spacelift or carries a secret that is named after it, if it does.
pub fn spacelift_in(method: &Value) -> Option<Pointer> {
    if method.get_text("type") != Some("WEBHOOK") {
        return None;
    }
    let mut found = None;
    method.leaves(&mut |at, leaf| {
        let text = match leaf {
            Value::Text(text) => text.to_ascii_lowercase(),
            _ => return,
        };
        let host = at.first() == Some("url") && text.contains(".spacelift.io");
        let secret = text.split(".secrets").skip(1).any(|rest| {
            rest.split("}}")
                .next()
                .unwrap_or_default()
                .contains("spacelift")
        });
        if (host || secret) && found.is_none() {
            found = Some(at.clone());
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::check;
    use crate::kinds::story::{changed, node};
    use crate::words::Template;

    #[test]
    fn each_of_the_seven_forms_has_its_own_needs() {
        let workflow = json!({ "org": "o", "repo": "r", "workflow": "w.yml", "workflowInputs": { "{{ spreadValue() }}": "{{ .inputs }}" }, "reportWorkflowStatus": "{{ true }}" });
        let mut github = workflow.clone();
        github["type"] = json!("GITHUB");
        let forms = [
            (
                json!({ "type": "WEBHOOK", "url": "{{ .secrets.URL }}", "method": "{{ .inputs.method }}", "body": [1] }),
                "url",
            ),
            (json!({ "type": "KAFKA", "payload": {} }), ""),
            (github, "org repo workflow"),
            (
                json!({ "type": "INTEGRATION_ACTION", "installationId": "i", "integrationActionType": "dispatch_workflow", "integrationActionExecutionProperties": workflow }),
                "installationId integrationActionType integrationActionExecutionProperties",
            ),
            (
                json!({ "type": "GITLAB", "projectName": "p", "groupName": "g", "defaultRef": "main", "pipelineVariables": { "A": 1 } }),
                "projectName groupName",
            ),
            (
                json!({ "type": "AZURE_DEVOPS", "webhook": "w", "org": "o", "payload": {} }),
                "webhook org",
            ),
            (
                json!({ "type": "UPSERT_ENTITY", "blueprintIdentifier": "b", "mapping": { "team": "a", "relations": { "r": null } } }),
                "blueprintIdentifier mapping",
            ),
        ];
        let messages = |spec| {
            let mut findings = Findings::default();
            let node = node(&spec);
            check::check(&shape(), &node, "invocationMethod", &mut findings);
            super::check(&node, &mut findings);
            let messages: Vec<String> = findings.into_iter().map(|f| f.message).collect();
            messages
        };
        for (form, required) in forms {
            assert_eq!(messages(form.clone()), [""; 0], "{form}");
            for name in required.split_whitespace() {
                let pointer = format!("/{name}");
                let without = changed(&form, &[(pointer.as_str(), json!(null))]);
                assert_eq!(
                    messages(without),
                    [format!("`invocationMethod` has no `{name}`")]
                );
            }
        }
        assert_eq!(
            messages(json!({ "type": "SLACK" })),
            ["`type` cannot be `SLACK`"]
        );
    }

    #[test]
    fn secrets_are_found_in_every_spelling_and_nowhere_else() {
        for (text, names) in [
            (
                "Bearer {{.secrets.SPACELIFT_TOKEN}}",
                vec!["SPACELIFT_TOKEN"],
            ),
            (
                "{{ .secrets[\"my-name\"] }}{{ .secrets['b'] }}",
                vec!["my-name", "b"],
            ),
            ("{{ .secrets.\"c-d\" + .secrets.'e' }}", vec!["c-d", "e"]),
            ("{{ .secrets.[\"f\"] | length }}", vec!["f"]),
            ("{{ (.secrets.g) }}", vec!["g"]),
            ("{{ .inputs.secrets.h }}", vec![]),
            ("{{ .secrets.__SLACK }}", vec![]),
            (".secrets.i", vec![]),
            ("{{ .secrets }} {{ .secrets[", vec![]),
            ("{{ .secrets.k", vec!["k"]),
        ] {
            assert_eq!(secret_names(text), names, "{text}");
        }
    }

    #[test]
    fn secrets_beside_references_are_found_once() {
        let template =
            Template::parse("${port.webhook.a.url}?t={{ .secrets.T }}{{ .secrets.T }}").unwrap();
        let method = Value::Map(
            [("url".to_owned(), Value::Deferred(template))]
                .into_iter()
                .collect(),
        );
        let mut found = Vec::new();
        mentions(&method, &Pointer::root(), &mut found);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (
                found[0].at.to_string(),
                found[0].addr.to_string(),
                found[0].hard
            ),
            ("/url".to_owned(), "port.secret.T".to_owned(), false)
        );
    }
}

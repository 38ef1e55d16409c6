//! Actions in the old form (v1), read as v2 (PA section 3, "Legacy v1").
//!
//! Deliberately not here: bare lists of actions, which are no document.

use std::sync::Arc;

use crate::words::node::Key;
use crate::words::{Data, Finding, Findings, Node, Place};

/// Fields of the old invocation methods that say what is sent; now the payload itself says it.
const OMITS: [&str; 2] = ["omitPayload", "omitUserInputs"];

/// Brings an action of the old form to the current one, with a warning for each thing that
/// changes its place or is lost; any other node comes back as it is.
pub fn upgrade(spec: Node, findings: &mut Findings) -> Node {
    let Some(entries) = spec.entries() else {
        return spec;
    };
    let trigger = spec
        .entry("trigger")
        .filter(|(_, trigger)| trigger.text().is_some());
    let method = spec.get("invocationMethod").map(|m| (m, old_method(m)));
    let stray = stray_inputs(&spec);
    if trigger.is_none() && stray.is_none() && !matches!(method, Some((_, true))) {
        return spec;
    }
    let mut current: Vec<(Key, Node)> = Vec::new();
    for (key, node) in entries {
        match key.text.as_str() {
            "trigger" if trigger.is_some() => {
                findings.push(told(key.place, node));
                current.push((key.clone(), new_trigger(&spec, key, node)));
            }
            "trigger" => current.push((key.clone(), with_inputs(node, stray, findings))),
            "userInputs" if stray.is_some() => {}
            "userInputs" | "blueprint" | "blueprintIdentifier" if trigger.is_some() => {}
            "invocationMethod" => current.push((key.clone(), new_method(node, findings))),
            _ => current.push((key.clone(), node.clone())),
        }
    }
    Node::new(spec.place, Data::Map(Arc::new(current)))
}

fn told(place: Place, operation: &Node) -> Finding {
    let operation = operation.text().unwrap_or("CREATE");
    Finding::warning(
        "lint::action_v1",
        place,
        format!("`trigger: {operation}` is the old form of an action (v1); it is read as v2"),
    )
    .help(format!(
        "in v2 it reads `trigger: {{ type: self-service, operation: {operation}, userInputs: … }}`, and `body`, \
         `payload`, `workflowInputs` or `pipelineVariables` of the `invocationMethod` say what is sent"
    ))
}

/// Inputs beside a trigger that is a map without any.
fn stray_inputs(spec: &Node) -> Option<(&Key, &Node)> {
    let trigger = spec.get("trigger")?;
    if trigger.entries().is_none() || trigger.get("userInputs").is_some() {
        return None;
    }
    spec.entry("userInputs")
}

fn with_inputs(trigger: &Node, stray: Option<(&Key, &Node)>, findings: &mut Findings) -> Node {
    let (Some(fields), Some((key, inputs))) = (trigger.entries(), stray) else {
        return trigger.clone();
    };
    findings.push(
        Finding::warning(
            "lint::action_v1",
            key.place,
            "`userInputs` beside `trigger` is the old form of an action (v1); it is read as part of it",
        )
        .help("move `userInputs` into `trigger`"),
    );
    let mut fields = fields.to_vec();
    fields.push((key.clone(), inputs.clone()));
    Node::new(trigger.place, Data::Map(Arc::new(fields)))
}

fn new_trigger(spec: &Node, trigger: &Key, operation: &Node) -> Node {
    let place = operation.place;
    let key = |text: &str, place| Key {
        text: text.into(),
        place,
    };
    let text = |text: &str| Node::new(place, Data::Text(text.into()));
    let empty = || Node::new(place, Data::Map(Arc::default()));
    let mut fields = vec![
        (key("type", trigger.place), text("self-service")),
        (key("operation", trigger.place), operation.clone()),
    ];
    let blueprint = spec
        .entry("blueprintIdentifier")
        .or_else(|| spec.entry("blueprint"));
    if let Some((old, node)) = blueprint {
        fields.push((key("blueprintIdentifier", old.place), node.clone()));
    }
    fields.push(match spec.entry("userInputs") {
        Some((old, node)) => (old.clone(), node.clone()),
        None => (
            key("userInputs", trigger.place),
            Node::new(
                place,
                Data::Map(Arc::new(vec![(key("properties", place), empty())])),
            ),
        ),
    });
    Node::new(place, Data::Map(Arc::new(fields)))
}

fn old_method(method: &Node) -> bool {
    OMITS.iter().any(|name| method.get(name).is_some())
        || method.get("type").and_then(Node::text) == Some("AZURE-DEVOPS")
}

fn new_method(method: &Node, findings: &mut Findings) -> Node {
    let Some(entries) = method.entries() else {
        return method.clone();
    };
    let kind = method.get("type").and_then(Node::text).unwrap_or("");
    let mut fields = Vec::new();
    for (key, node) in entries {
        if OMITS.contains(&key.text.as_str()) {
            findings.push(
                Finding::warning(
                    "lint::action_v1",
                    key.place,
                    format!("`{}` has no counterpart in v2 and is left out", key.text),
                )
                .help(match payload_field(kind) {
                    Some(field) => format!("remove it, and say in `{field}` what is sent"),
                    None => "remove it".to_owned(),
                }),
            );
        } else if key.text == "type" && kind == "AZURE-DEVOPS" {
            findings.push(
                Finding::warning(
                    "lint::action_v1",
                    node.place,
                    "`AZURE-DEVOPS` is the old spelling; it is read as `AZURE_DEVOPS`",
                )
                .help("write `AZURE_DEVOPS`"),
            );
            let text = Data::Text("AZURE_DEVOPS".into());
            fields.push((key.clone(), Node::new(node.place, text)));
        } else {
            fields.push((key.clone(), node.clone()));
        }
    }
    Node::new(method.place, Data::Map(Arc::new(fields)))
}

fn payload_field(kind: &str) -> Option<&'static str> {
    match kind {
        "WEBHOOK" => Some("body"),
        "KAFKA" | "AZURE_DEVOPS" | "AZURE-DEVOPS" => Some("payload"),
        "GITHUB" => Some("workflowInputs"),
        "GITLAB" => Some("pipelineVariables"),
        _ => None,
    }
}

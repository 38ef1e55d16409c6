//! Makes projects of any size: all kinds, connected by references, several documents a file.
//!
//! The same size gives the same bytes. Used by the benches and by the tests of scale, so that both
//! speak of the same projects. Deliberately not here: running anything on them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// How many documents share a file.
const PER_FILE: usize = 20;

/// The kinds, in the order of their files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Make {
    Blueprint,
    Action,
    Automation,
    Webhook,
    Secret,
    NamedWebhook,
    Policy,
}

/// The order in which kinds take turns; blueprints are the most, as in life.
const TURNS: [Make; 20] = {
    use Make::{Action, Automation, Blueprint, Policy, Secret, Webhook};
    [
        Blueprint, Action, Blueprint, Webhook, Blueprint, Action, Policy, Blueprint, Automation,
        Secret, Blueprint, Action, Blueprint, Policy, Action, Blueprint, Webhook, Blueprint,
        Action, Secret,
    ]
};

/// The size of a project.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Objects in all.
    pub objects: usize,
    /// How many of them are named webhooks of Spacelift, which are listed in pages of fifty.
    pub named_webhooks: usize,
}

/// Writes a project into an empty folder, and returns the names of the environment variables that
/// its secrets read.
pub fn write(folder: &Path, size: Size) -> io::Result<Vec<String>> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("spaceport.yaml"), project())?;
    let hooks = size.named_webhooks.min(size.objects);
    let mut counts: BTreeMap<Make, usize> = BTreeMap::new();
    for turn in 0..size.objects - hooks {
        *counts.entry(TURNS[turn % TURNS.len()]).or_default() += 1;
    }
    counts.insert(Make::NamedWebhook, hooks);
    let receivers = counts.get(&Make::Webhook).copied().unwrap_or(0);
    let documents: Vec<String> = counts
        .iter()
        .flat_map(|(make, count)| (0..*count).map(|nth| (*make, nth)))
        .map(|(make, nth)| match make {
            Make::Blueprint => blueprint(nth),
            Make::Action => action(nth),
            Make::Automation => automation(nth),
            Make::Webhook => webhook(nth),
            Make::Secret => secret(nth),
            Make::NamedWebhook => named_webhook(nth, receivers),
            Make::Policy => policy(nth, hooks),
        })
        .collect();
    for (number, chunk) in documents.chunks(PER_FILE).enumerate() {
        let below = folder.join(format!("part-{}", number / 20));
        std::fs::create_dir_all(&below)?;
        std::fs::write(
            below.join(format!("objects-{number}.yaml")),
            chunk.join("---\n"),
        )?;
    }
    let secrets = counts.get(&Make::Secret).copied().unwrap_or(0);
    Ok((0..secrets)
        .map(|nth| format!("GENERATED_{nth}"))
        .chain(["GENERATED_SHARED".to_owned()])
        .collect())
}

fn project() -> &'static str {
    "version: 1
project: generated
port: { region: eu }
spacelift: { account: generated }
ledger: { file: .spaceport/ledger.json }
variables:
  space: { default: root, description: Where all Spacelift objects lie. }
"
}

/// The parent of each object is half its number: references as deep as a tree, not as a chain.
fn parent(nth: usize) -> usize {
    nth / 2
}

/// Blueprints take more turns than any other kind, so a number below that of an object of another
/// kind always names one.
fn blueprint(nth: usize) -> String {
    let mut text = format!(
        "kind: port.blueprint
spec:
  identifier: blueprint_{nth}
  title: Blueprint {nth}
  description: The generated blueprint number {nth}
  icon: Service
  schema:
    properties:
      state: {{ type: string, title: State, enum: [ready, busy, failed], enumColors: {{ ready: green, busy: yellow, failed: red }} }}
      cost: {{ type: number, title: Cost, minimum: 0, maximum: 100000 }}
      owner: {{ type: string, format: user, title: Owner }}
      link: {{ type: string, format: url, title: Link, icon: Link }}
      created: {{ type: string, format: date-time, title: Created }}
      labels: {{ type: array, title: Labels, items: {{ type: string }} }}
      settings: {{ type: object, title: Settings }}
      active: {{ type: boolean, title: Active, default: false }}
"
    );
    for extra in 0..nth % 12 {
        let _ = writeln!(
            text,
            "      field_{extra}: {{ type: string, title: Field {extra}, description: A field that only some have }}"
        );
    }
    text.push_str("    required: [state]\n");
    if nth > 0 {
        let target = parent(nth);
        let _ = write!(
            text,
            "  relations:
    parent: {{ title: Parent, target: \"${{port.blueprint.blueprint_{target}.identifier}}\", required: false, many: false }}
    root: {{ title: Root, target: blueprint_0, many: true }}
  mirrorProperties:
    parent_state: {{ title: State of the parent, path: parent.state }}
    parent_title: {{ path: parent.$title }}
  calculationProperties:
    summary:
      title: Summary
      type: string
      calculation: '.properties.state + \" at \" + (.properties.cost | tostring)'
  aggregationProperties:
    siblings:
      title: Siblings
      target: blueprint_{target}
      type: number
      calculationSpec: {{ calculationBy: entities, func: count }}
    spent:
      title: Spent
      target: blueprint_{target}
      type: number
      query:
        combinator: and
        rules:
          - {{ property: state, operator: \"=\", value: ready }}
      calculationSpec: {{ calculationBy: property, func: sum, property: cost }}
"
        );
    }
    text
}

fn action(nth: usize) -> String {
    let trigger = match nth % 3 {
        0 => format!("operation: CREATE\n    blueprintIdentifier: blueprint_{nth}"),
        1 => format!(
            "operation: DAY-2
    blueprintIdentifier: blueprint_{nth}
    condition:
      type: SEARCH
      combinator: and
      rules:
        - {{ property: state, operator: \"=\", value: ready }}"
        ),
        _ => "operation: CREATE".to_owned(),
    };
    format!(
        "kind: port.action
spec:
  identifier: action_{nth}
  title: Action {nth}
  icon: Rocket
  description: The generated action number {nth}
  trigger:
    type: self-service
    {trigger}
    userInputs:
{inputs}
  invocationMethod:
{method}
  requiredApproval: false
",
        inputs = form(nth),
        method = method(nth),
    )
}

/// The three published forms of `userInputs`, and the empty one.
fn form(nth: usize) -> String {
    let properties = format!(
        "      properties:
        name: {{ type: string, title: Name, minLength: 2, maxLength: 40 }}
        size: {{ type: string, title: Size, enum: [small, large], default: small }}
        count: {{ type: number, title: Count, minimum: 1, maximum: 9 }}
        target: {{ type: string, format: entity, title: Target, blueprint: blueprint_{}, sort: {{ property: $title, order: ASC }} }}
        reason: {{ type: string, format: multi-line, title: Reason, visible: {{ jqQuery: '.form.size == \"large\"' }} }}",
        parent(nth)
    );
    match nth % 4 {
        0 => "      properties: {}\n      required: []\n      order: []".to_owned(),
        1 => format!(
            "{properties}\n      required: [name, size]\n      order: [name, size, count, target, reason]"
        ),
        2 => format!(
            "{properties}
      required: [name]
      steps:
        - {{ title: What, order: [name, size, count] }}
        - {{ title: Where, order: [target, reason] }}"
        ),
        _ => format!(
            "{properties}
      required: {{ jqQuery: 'if .form.size == \"large\" then [\"name\", \"reason\"] else [\"name\"] end' }}
      titles:
        about: {{ title: About, description: What it is for }}
      order: [about, name, size, count, target, reason]"
        ),
    }
}

/// Every invocation method in its turn.
fn method(nth: usize) -> String {
    match nth % 7 {
        0 => format!(
            "    type: WEBHOOK
    url: https://backend.example.com/actions/{nth}
    method: POST
    agent: false
    synchronized: true
    headers:
      Content-Type: application/json
      Authorization: \"Bearer {{{{ .secrets.GENERATED_0 }}}}\"
    body:
      run: \"{{{{ .run.id }}}}\"
      inputs: \"{{{{ .inputs }}}}\"
      by: \"{{{{ .trigger.by.user.email }}}}\""
        ),
        1 => format!(
            "    type: GITHUB
    org: acme
    repo: repository-{nth}
    workflow: run.yml
    workflowInputs:
      name: \"{{{{ .inputs.name }}}}\"
      run: \"{{{{ .run.id }}}}\"
    reportWorkflowStatus: true"
        ),
        2 => format!(
            "    type: GITLAB
    groupName: acme
    projectName: project-{nth}
    defaultRef: main
    pipelineVariables:
      NAME: \"{{{{ .inputs.name }}}}\"
      RUN: \"{{{{ .run.id }}}}\""
        ),
        3 => format!(
            "    type: AZURE_DEVOPS
    org: acme
    webhook: port_{nth}
    payload:
      name: \"{{{{ .inputs.name }}}}\"
      run: \"{{{{ .run.id }}}}\""
        ),
        4 => "    type: KAFKA
    payload:
      run: \"{{ .run.id }}\"
      inputs: \"{{ .inputs }}\""
            .to_owned(),
        5 => format!(
            "    type: UPSERT_ENTITY
    blueprintIdentifier: blueprint_{nth}
    mapping:
      identifier: \"{{{{ .inputs.name }}}}\"
      title: \"{{{{ .inputs.name }}}}\"
      properties:
        state: ready
        owner: \"{{{{ .trigger.by.user.email }}}}\"
      relations: {{}}"
        ),
        _ => format!(
            "    type: INTEGRATION_ACTION
    installationId: github-acme
    integrationActionType: dispatch_workflow
    integrationActionExecutionProperties:
      org: acme
      repo: repository-{nth}
      workflow: run.yml
      workflowInputs:
        name: \"{{{{ .inputs.name }}}}\"
      reportWorkflowStatus: true"
        ),
    }
}

fn automation(nth: usize) -> String {
    let event = match nth % 6 {
        0 => format!("type: ENTITY_CREATED\n      blueprintIdentifier: blueprint_{nth}"),
        1 => format!("type: ENTITY_UPDATED\n      blueprintIdentifier: blueprint_{nth}"),
        2 => format!("type: ENTITY_DELETED\n      blueprintIdentifier: blueprint_{nth}"),
        3 => format!("type: ANY_ENTITY_CHANGE\n      blueprintIdentifier: blueprint_{nth}"),
        4 => format!("type: RUN_UPDATED\n      actionIdentifier: action_{nth}"),
        _ => format!("type: ANY_RUN_CHANGE\n      actionIdentifier: action_{nth}"),
    };
    format!(
        "kind: port.automation
spec:
  identifier: automation_{nth}
  title: Automation {nth}
  description: The generated automation number {nth}
  trigger:
    type: automation
    event:
      {event}
    condition:
      type: JQ
      expressions:
        - .diff.after != null
        - .diff.before != .diff.after
      combinator: and
  invocationMethod:
    type: WEBHOOK
    url: \"${{port.api_url}}/v1/generated/{nth}\"
    agent: false
    synchronized: true
    method: POST
    headers: {{}}
    body:
      after: \"{{{{ .event.diff.after }}}}\"
  publish: true
"
    )
}

fn webhook(nth: usize) -> String {
    format!(
        "kind: port.webhook
spec:
  identifier: receiver_{nth}
  title: Receiver {nth}
  description: The generated receiver number {nth}
  icon: Webhook
  enabled: true
  mappings:
    - blueprint: blueprint_{nth}
      operation: create
      filter: .body.run.type == \"TRACKED\"
      entity:
        identifier: .body.stack.id
        title: .body.stack.name
        properties:
          state: .body.state
          link: .body.stack.url
          labels: .body.stack.labels
    - blueprint: blueprint_{nth}
      operation: {{ type: delete, deleteDependents: false }}
      filter: .body.state == \"DELETED\"
      entity:
        identifier: .body.stack.id
  security:
    secret: \"${{env.GENERATED_SHARED}}\"
    signatureHeaderName: X-Signature-256
    signatureAlgorithm: sha256
    signaturePrefix: sha256=
    requestIdentifierPath: '.body.run.id + \":\" + (.body.stateVersion | tostring)'
"
    )
}

fn secret(nth: usize) -> String {
    format!(
        "kind: port.secret
spec:
  secretName: GENERATED_{nth}
  secretValue: \"${{env.GENERATED_{nth}}}\"
  description: The generated secret number {nth}
"
    )
}

fn named_webhook(nth: usize, receivers: usize) -> String {
    let endpoint = match receivers {
        0 => format!("https://receiver.example.com/{nth}"),
        _ => format!("${{port.webhook.receiver_{}.url}}", nth % receivers),
    };
    format!(
        "kind: spacelift.webhook
ref: hook_{nth}
spec:
  name: Generated hook {nth}
  endpoint: \"{endpoint}\"
  enabled: true
  space: \"${{var.space}}\"
  labels: [generated, \"number:{nth}\"]
  secret: \"${{env.GENERATED_SHARED}}\"
  secretHeaders:
    X-Generated: \"${{env.GENERATED_SHARED}}\"
  retryOnFailure: true
"
    )
}

fn policy(nth: usize, hooks: usize) -> String {
    let receiver = match hooks {
        0 => "endpoint".to_owned(),
        _ => format!("${{spacelift.webhook.hook_{}.id}}", nth % hooks),
    };
    let (kind, rule) = match nth % 4 {
        0 => (
            "NOTIFICATION",
            format!(
                "webhook contains {{\"endpoint_id\": \"{receiver}\"}} if {{\n      input.run_updated.run.type == \"TRACKED\"\n    }}"
            ),
        ),
        1 => (
            "PLAN",
            format!(
                "deny contains \"too many changes\" if {{\n      count(input.terraform.resource_changes) > {nth}\n    }}"
            ),
        ),
        2 => (
            "TRIGGER",
            format!(
                "trigger contains \"stack-{nth}\" if {{\n      input.run.state == \"FINISHED\"\n    }}"
            ),
        ),
        _ => (
            "APPROVAL",
            format!(
                "approve if {{\n      count(input.reviews.current.approvals) > {}\n    }}",
                nth % 3
            ),
        ),
    };
    format!(
        "kind: spacelift.policy
ref: policy_{nth}
spec:
  name: Generated policy {nth}
  type: {kind}
  engineType: REGO_V1
  description: The generated policy number {nth}
  space: \"${{var.space}}\"
  labels: [generated]
  body: |
    package spacelift

    # Generated as number {nth}.
    {rule}

    sample := true
"
    )
}

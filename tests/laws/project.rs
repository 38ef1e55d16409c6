//! Generated projects: objects of every kind that need each other, and edits of such projects.
//!
//! A project is a list of picks, so that a failing case shrinks to few of them. What an object
//! says follows from its pick alone; whom it refers to, from the objects that are there before it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::dice::Dice;

/// Every kind with the maker of its specs. A test holds that none is missing.
pub const MAKERS: &[(&str, Maker)] = &[
    ("port.blueprint", blueprint),
    ("port.action", action),
    ("port.action_permissions", action_permissions),
    ("port.automation", automation),
    ("port.scorecard", scorecard),
    ("port.secret", secret),
    ("port.webhook", webhook),
    ("spacelift.policy", policy),
    ("spacelift.space", space),
    ("spacelift.stack_webhook", stack_webhook),
    ("spacelift.webhook", named_webhook),
];

/// Makes the spec of an object; `None` when something that it needs is not in the project.
pub type Maker = fn(&Around<'_>, &mut Dice) -> Option<Value>;

/// The stack that is there from the start.
pub const STACK: &str = "network";

/// The variables that secrets come from.
pub const SECRETS: [&str; 3] = ["LAW_ONE", "LAW_TWO", "LAW_THREE"];

/// Texts that files, JSON, HTML, JQ and readers stumble over.
const TEXTS: &[&str] = &[
    "plain",
    "Größe 日本 😀",
    "<b>&amp;</b> \"quoted\" 'single'",
    "{{ .inputs.x }}",
    "a\nb",
    "$${literal}",
    "\\ / %25",
    "true",
    "017",
    "# no comment: at all",
    "- item",
    "%0A::error::x",
    "ends with blank ",
];

/// One object, before anybody looks at the others.
#[derive(Clone, Debug)]
pub struct Pick {
    kind: usize,
    variant: u64,
    /// In which file it lies.
    file: usize,
    /// How often it was given another address.
    renamed: usize,
}

/// A change of a project.
#[derive(Clone, Debug)]
pub enum Edit {
    Change(usize, u64),
    Remove(usize),
    Move(usize, usize),
    Rename(usize),
    Add(Pick),
}

/// A project.
#[derive(Clone, Debug, Default)]
pub struct Project {
    picks: BTreeMap<usize, Pick>,
    /// How files are written and ordered; says nothing about what is wanted.
    pub spelling: u64,
    /// Whether it declares environments; runs are for `staging` then.
    pub environments: bool,
    /// Whether the ledger is in Port rather than in `ledger.json`.
    pub in_port: bool,
}

/// An object as its document says it.
#[derive(Clone, Debug)]
pub struct Document {
    pub kind: &'static str,
    pub reference: Option<String>,
    pub spec: Value,
    pub file: usize,
    /// Frame fields beside kind, ref and spec.
    pub frame: Map<String, Value>,
}

/// What a maker sees.
pub struct Around<'a> {
    id: usize,
    before: &'a BTreeMap<usize, Document>,
}

pub fn picks() -> impl Strategy<Value = Vec<Pick>> {
    prop::collection::vec(pick(), 1..=12)
}

pub fn pick() -> impl Strategy<Value = Pick> {
    // Half of all objects are blueprints, as in life: most others need one.
    let kind = prop_oneof![Just(0), 0..MAKERS.len()];
    (kind, any::<u64>(), 0..4usize).prop_map(|(kind, variant, file)| Pick {
        kind,
        variant,
        file,
        renamed: 0,
    })
}

pub fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        (any::<usize>(), any::<u64>()).prop_map(|(nth, variant)| Edit::Change(nth, variant)),
        any::<usize>().prop_map(Edit::Remove),
        (any::<usize>(), 0..4usize).prop_map(|(nth, file)| Edit::Move(nth, file)),
        any::<usize>().prop_map(Edit::Rename),
        pick().prop_map(Edit::Add),
    ];
    prop::collection::vec(edit, 1..5)
}

pub fn project() -> impl Strategy<Value = Project> {
    let switches = any::<(u64, bool, bool)>();
    (picks(), switches).prop_map(|(picks, (spelling, environments, in_port))| Project {
        // The first is always there, so that no project is empty.
        picks: picks
            .into_iter()
            .enumerate()
            .map(|(id, pick)| (id + 1, pick))
            .chain([(0, first())])
            .collect(),
        spelling,
        environments,
        in_port,
    })
}

/// An edit or a few, as dice fall.
pub fn thrown_edits(dice: &mut Dice) -> Vec<Edit> {
    (0..1 + dice.below(4))
        .map(|_| {
            let nth = dice.below(1 << 20);
            match dice.below(5) {
                0 => Edit::Change(nth, dice.below(1 << 30) as u64),
                1 => Edit::Remove(nth),
                2 => Edit::Move(nth, dice.below(4)),
                3 => Edit::Rename(nth),
                _ => Edit::Add(thrown_pick(dice)),
            }
        })
        .collect()
}

fn thrown_pick(dice: &mut Dice) -> Pick {
    let kind = match dice.percent(30) {
        true => 0,
        false => dice.below(MAKERS.len()),
    };
    Pick {
        kind,
        variant: dice.below(1 << 30) as u64,
        file: dice.below(4),
        renamed: 0,
    }
}

fn first() -> Pick {
    Pick {
        kind: 0,
        variant: 0,
        file: 0,
        renamed: 0,
    }
}

impl Project {
    /// One blueprint, for the environment and with the ledger of this project.
    pub fn smallest(&self) -> Project {
        Project {
            in_port: self.in_port,
            environments: self.environments,
            picks: BTreeMap::from([(0, first())]),
            ..Project::default()
        }
    }

    /// A project of one object whose ledger is in Port.
    pub fn beginning_in_port() -> Project {
        Project {
            in_port: true,
            picks: BTreeMap::from([(0, first())]),
            ..Project::default()
        }
    }

    /// The project with as many more objects as make it have so many.
    pub fn with_at_least(&self, objects: usize, dice: &mut Dice) -> Project {
        let mut next = self.clone();
        while next.documents().len() < objects {
            next = next.edited(&[Edit::Add(thrown_pick(dice))]);
        }
        next
    }

    /// The project after some edits; its first object stays.
    pub fn edited(&self, edits: &[Edit]) -> Project {
        let mut next = self.clone();
        for edit in edits {
            let ids: Vec<usize> = next.picks.keys().copied().filter(|id| *id > 0).collect();
            let chosen = |nth: usize| ids.get(nth % ids.len().max(1)).copied();
            match edit {
                Edit::Add(pick) => {
                    let id = next.picks.keys().last().map_or(1, |last| last + 1);
                    next.picks.insert(id + 100, pick.clone());
                }
                Edit::Change(nth, variant) => {
                    if let Some(pick) = chosen(*nth).and_then(|id| next.picks.get_mut(&id)) {
                        pick.variant = *variant;
                    }
                }
                Edit::Move(nth, file) => {
                    if let Some(pick) = chosen(*nth).and_then(|id| next.picks.get_mut(&id)) {
                        pick.file = *file;
                    }
                }
                Edit::Rename(nth) => {
                    if let Some(pick) = chosen(*nth).and_then(|id| next.picks.get_mut(&id)) {
                        pick.renamed += 1;
                    }
                }
                Edit::Remove(nth) => {
                    if let Some(id) = chosen(*nth) {
                        next.picks.remove(&id);
                    }
                }
            }
        }
        next
    }

    /// Whether an object of this kind is in it.
    pub fn has(&self, kind: &str) -> bool {
        self.documents()
            .values()
            .any(|document| document.kind == kind)
    }

    /// Its objects by number.
    pub fn documents(&self) -> BTreeMap<usize, Document> {
        let mut made = BTreeMap::new();
        for (id, pick) in &self.picks {
            let (kind, maker) = MAKERS[pick.kind];
            let mut dice = Dice::new(pick.variant);
            let around = Around {
                id: *id,
                before: &made,
            };
            let Some(spec) = maker(&around, &mut dice) else {
                continue;
            };
            // Objects without an identifier of their own need a name in addresses.
            let composed = ["port.scorecard", "port.action_permissions"].contains(&kind);
            let named = kind.starts_with("spacelift.") || composed || pick.renamed > 0;
            let word = kind.rsplit('.').next().unwrap_or_default();
            let mut frame = Map::new();
            if dice.percent(15)
                && spec.get("icon").is_none()
                && !["port.secret", "port.action_permissions"].contains(&kind)
                && !kind.starts_with("spacelift.")
            {
                frame.insert("lifecycle".into(), json!({"ignore": ["/icon"]}));
            }
            if self.environments && dice.percent(30) {
                frame.insert("environments".into(), json!(["staging"]));
            }
            let document = Document {
                kind,
                reference: named.then(|| format!("{word}_{id}_{}", pick.renamed)),
                spec,
                file: pick.file,
                frame,
            };
            made.insert(*id, document);
        }
        made
    }

    /// Its files: names and texts.
    pub fn files(&self) -> BTreeMap<String, String> {
        let ledger = if self.in_port {
            json!("port")
        } else {
            json!({"file": "ledger.json"})
        };
        let mut dice = Dice::new(self.spelling);
        let mut settings = json!({
            "version": 1, "project": "laws", "port": {"region": "eu"}, "spacelift": {"account": "acme"},
            "ledger": ledger, "limits": {"deletes": 100, "percent": 100},
        });
        if self.environments {
            settings["environments"] = json!({"staging": {}, "prod": {"port": {"region": "us"}}});
            settings["default_environment"] = "staging".into();
        }
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut documents: Vec<Document> = self.documents().into_values().collect();
        for place in (1..documents.len()).rev() {
            documents.swap(place, dice.below(place + 1));
        }
        if self.environments {
            documents.push(Document {
                kind: "port.blueprint",
                reference: None,
                spec: json!({"identifier": "elsewhere", "title": "In prod only", "schema": {"properties": {}}}),
                file: 1,
                frame: Map::from_iter([("environments".to_owned(), json!(["prod"]))]),
            });
        }
        let salt = dice.below(1000);
        for (nth, document) in documents.iter().enumerate() {
            let mut value = json!({"kind": document.kind, "spec": document.spec});
            if let Some(reference) = &document.reference {
                value["ref"] = reference.as_str().into();
            }
            for (key, field) in &document.frame {
                value[key] = field.clone();
            }
            if dice.percent(20) {
                texts.insert(format!("single-{salt}/{nth}.json"), vec![value.to_string()]);
            } else {
                let yaml = serde_yaml::to_string(&value).expect("JSON is YAML");
                let name = format!("part-{}/file-{salt}.yaml", document.file);
                texts.entry(name).or_default().push(yaml);
            }
        }
        let mut files: BTreeMap<String, String> = texts
            .into_iter()
            .map(|(name, texts)| (name, texts.join("---\n")))
            .collect();
        let settings = serde_yaml::to_string(&settings).expect("JSON is YAML");
        files.insert("spaceport.yaml".into(), settings);
        files
    }
}

impl Document {
    /// How plans call it.
    pub fn address(&self) -> String {
        let own = ["identifier", "secretName"]
            .iter()
            .find_map(|key| self.spec[*key].as_str());
        let name = match (&self.reference, own) {
            (Some(reference), _) => reference.as_str(),
            (None, own) => own.unwrap_or_default(),
        };
        let plain = name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
        if plain {
            format!("{}.{name}", self.kind)
        } else {
            format!("{}[\"{name}\"]", self.kind)
        }
    }

    /// Where the sandbox keeps it: table and key, or the name it is known by in Spacelift.
    pub fn place(&self) -> (&'static str, String) {
        let text = |key: &str| self.spec[key].as_str().unwrap_or_default().to_owned();
        match self.kind {
            "port.blueprint" => ("port/blueprints", text("identifier")),
            "port.action" | "port.automation" => ("port/actions", text("identifier")),
            "port.action_permissions" => ("port/action_permissions", text("action")),
            "port.webhook" => ("port/webhooks", text("identifier")),
            "port.secret" => ("port/secrets", text("secretName")),
            "port.scorecard" => (
                "port/scorecards",
                format!(
                    "{} {}",
                    unescaped_name(&text("blueprint")),
                    text("identifier")
                ),
            ),
            "spacelift.space" => ("spacelift/spaces", text("name")),
            "spacelift.stack_webhook" => ("spacelift/stack_webhooks", text("endpoint")),
            "spacelift.policy" => ("spacelift/policies", text("name")),
            "spacelift.webhook" => ("spacelift/webhooks", text("name")),
            kind => panic!("where does the sandbox keep {kind}?"),
        }
    }

    /// The same with what comes and goes with it.
    pub fn places(&self) -> Vec<(String, String)> {
        let (table, key) = self.place();
        let also = match table {
            "port/actions" => Some("port/action_permissions"),
            "port/webhooks" => Some("port/webhook_secrets"),
            "port/secrets" => Some("port/secret_values"),
            _ => None,
        };
        let tables = [Some(table), also].into_iter().flatten();
        tables
            .map(|table| (table.to_owned(), key.clone()))
            .collect()
    }
}

/// A blueprint's identifier, also when it is written as a reference.
fn unescaped_name(text: &str) -> String {
    let inner = text
        .strip_prefix("${port.blueprint")
        .and_then(|rest| rest.strip_suffix(".identifier}"));
    match inner {
        Some(name) => name
            .trim_start_matches('.')
            .trim_start_matches("[\"")
            .trim_end_matches("\"]")
            .to_owned(),
        None => text.to_owned(),
    }
}

impl Around<'_> {
    /// An object of this kind that is there already.
    fn before(&self, kind: &str, dice: &mut Dice) -> Option<&Document> {
        let found: Vec<&Document> = self
            .before
            .values()
            .filter(|document| document.kind == kind)
            .collect();
        (!found.is_empty()).then(|| *dice.pick(&found))
    }

    /// The identifier of such an object: as it is, or as a reference.
    fn named(&self, kind: &str, dice: &mut Dice) -> Option<String> {
        let document = self.before(kind, dice)?;
        let identifier = document.spec["identifier"].as_str()?;
        if dice.percent(50) {
            return Some(identifier.to_owned());
        }
        Some(format!("${{{}.identifier}}", document.address()))
    }

    fn attribute(&self, kind: &str, attribute: &str, dice: &mut Dice) -> Option<String> {
        Some(format!(
            "${{{}.{attribute}}}",
            self.before(kind, dice)?.address()
        ))
    }

    fn identifier(&self, letter: &str, odd: bool) -> String {
        match self.id % 3 {
            1 if odd => format!("{letter}.{}/x", self.id),
            2 => format!("{letter}-Größe:{}", self.id),
            _ => format!("{letter}_{}", self.id),
        }
    }
}

fn text(dice: &mut Dice) -> String {
    (*dice.pick(TEXTS)).to_owned()
}

fn from_secret(dice: &mut Dice) -> String {
    format!("${{env.{}}}", dice.pick(&SECRETS))
}

/// Adds a field now and then.
fn maybe(spec: &mut Value, dice: &mut Dice, chance: usize, key: &str, value: Value) {
    if dice.percent(chance) {
        spec[key] = value;
    }
}

fn blueprint(around: &Around<'_>, dice: &mut Dice) -> Option<Value> {
    let mut properties = Map::new();
    // A property's type follows from its name: it may never change.
    let all = [
        (
            "state",
            json!({"type": "string", "enum": ["up", "down"], "enumColors": {"up": "green", "down": "red"}}),
        ),
        (
            "text",
            json!({"type": "string", "title": text(dice), "description": text(dice)}),
        ),
        (
            "cost",
            json!({"type": "number", "minimum": dice.below(5), "default": 7.5}),
        ),
        (
            "flag",
            json!({"type": "boolean", "default": dice.percent(50)}),
        ),
        (
            "list",
            json!({"type": "array", "items": {"type": "string"}}),
        ),
        ("data", json!({"type": "object", "icon": "Box"})),
        ("link", json!({"type": "string", "format": "url"})),
    ];
    for (name, shape) in all {
        if dice.percent(50) {
            properties.insert(name.into(), shape);
        }
    }
    let required: Vec<&String> = properties.keys().filter(|_| dice.percent(30)).collect();
    let mut schema = json!({"properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let mut spec = json!({
        "identifier": around.identifier("b", true), "title": text(dice), "schema": schema,
    });
    let more = text(dice);
    maybe(&mut spec, dice, 40, "description", more.into());
    maybe(&mut spec, dice, 40, "icon", "Service".into());
    if dice.percent(50)
        && let Some(target) = around.named("port.blueprint", dice)
    {
        let many = dice.percent(50);
        spec["relations"] = json!({"up": {"target": target, "required": !many && dice.percent(30), "many": many, "title": text(dice)}});
        maybe(
            &mut spec,
            dice,
            50,
            "mirrorProperties",
            json!({"up_title": {"path": "up.$title", "title": "Up"}}),
        );
        let count = json!({"all": {
            "title": "All", "target": target, "type": "number",
            "calculationSpec": {"calculationBy": "entities", "func": "count"},
        }});
        maybe(&mut spec, dice, 30, "aggregationProperties", count);
    }
    let calculation = json!({"sum": {"type": "string", "calculation": ".title + \" <&> \"", "title": text(dice)}});
    maybe(&mut spec, dice, 30, "calculationProperties", calculation);
    Some(spec)
}

fn backend(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!({"type": "KAFKA", "payload": {"run": "{{ .run.id }}", "text": text(dice)}}),
        1 => {
            json!({"type": "GITHUB", "org": "acme", "repo": "r", "workflow": "w.yml", "workflowInputs": {"a": text(dice)}})
        }
        2 => json!({
            "type": "WEBHOOK", "url": "${port.api_url}/v1/x", "method": "PUT", "synchronized": true, "agent": false,
            "headers": {"X-Text": "plain", "Authorization": "Bearer {{ .secrets.KEY }}"},
            "body": {"a": [1, 2.5, true, text(dice)], "{{ .key }}": "{{ spreadValue() }}"},
        }),
        _ => json!({"type": "WEBHOOK", "url": "https://example.com/a?b=c&d=<e>"}),
    }
}

fn action(around: &Around<'_>, dice: &mut Dice) -> Option<Value> {
    let mut inputs = json!({"properties": {
        "name": {"type": "string", "title": text(dice), "minLength": 2},
        "size": {"type": "string", "enum": ["s", "l"], "default": "s"},
    }});
    match dice.below(4) {
        0 => inputs["order"] = json!(["size", "name"]),
        1 => {
            inputs["steps"] = json!([{"title": "One", "order": ["name"]}, {"title": text(dice), "order": ["size"]}])
        }
        2 => inputs["required"] = json!(["name"]),
        _ => {}
    }
    let operation = *dice.pick(&["CREATE", "DAY-2", "DELETE"]);
    let mut trigger = json!({"type": "self-service", "operation": operation, "userInputs": inputs});
    if let Some(blueprint) = around.named("port.blueprint", dice) {
        trigger["blueprintIdentifier"] = blueprint.into();
    }
    let mut spec = json!({
        "identifier": around.identifier("a", false), "trigger": trigger, "invocationMethod": backend(dice),
    });
    let (title, icon) = (text(dice), "Deploy");
    maybe(&mut spec, dice, 60, "title", title.into());
    maybe(&mut spec, dice, 40, "icon", icon.into());
    maybe(&mut spec, dice, 30, "requiredApproval", true.into());
    maybe(&mut spec, dice, 30, "publish", true.into());
    Some(spec)
}

fn action_permissions(around: &Around<'_>, dice: &mut Dice) -> Option<Value> {
    // One document for each action.
    let of = |kind: &'static str, key: &'static str| {
        let documents = around.before.values().filter(move |d| d.kind == kind);
        documents.filter_map(move |d| d.spec[key].as_str())
    };
    let taken: Vec<&str> = of("port.action_permissions", "action").collect();
    let action = of("port.action", "identifier").find(|action| !taken.contains(action))?;
    let mut spec = json!({"action": action, "execute": {"roles": ["Member", "Admin"], "ownedByTeam": dice.percent(50)}});
    let approve = json!({"users": ["b@example.com", "a@example.com"], "teams": ["Platform"]});
    maybe(&mut spec, dice, 50, "approve", approve);
    Some(spec)
}

fn automation(around: &Around<'_>, dice: &mut Dice) -> Option<Value> {
    let on_run = around
        .named("port.action", dice)
        .filter(|_| dice.percent(50));
    let event = match on_run {
        Some(action) => json!({"type": "RUN_UPDATED", "actionIdentifier": action}),
        None => {
            json!({"type": "ENTITY_UPDATED", "blueprintIdentifier": around.named("port.blueprint", dice)?})
        }
    };
    let mut trigger = json!({"type": "automation", "event": event});
    if dice.percent(50) {
        trigger["condition"] = json!({"type": "JQ", "expressions": [".diff.before != .diff.after"], "combinator": "and"});
    }
    let mut spec = json!({
        "identifier": around.identifier("o", false), "trigger": trigger, "invocationMethod": backend(dice),
    });
    let publish = dice.percent(50);
    maybe(&mut spec, dice, 60, "publish", publish.into());
    let title = text(dice);
    maybe(&mut spec, dice, 50, "title", title.into());
    Some(spec)
}

fn scorecard(around: &Around<'_>, dice: &mut Dice) -> Option<Value> {
    // Another blueprint would be another scorecard, so it follows from the number.
    let mut fixed = Dice::new(around.id as u64);
    let blueprint = around
        .before
        .values()
        .find(|document| document.kind == "port.blueprint")?;
    let identifier = blueprint.spec["identifier"].as_str()?.to_owned();
    let query = json!({"combinator": "and", "conditions": [{"property": "$title", "operator": "isNotEmpty"}]});
    let rules: Vec<Value> = (0..1 + dice.below(3))
        .map(|nth| json!({"identifier": format!("rule_{nth}"), "title": text(dice), "level": "Gold", "query": query}))
        .collect();
    fixed.below(2);
    let mut spec = json!({
        "blueprint": identifier, "identifier": format!("card_{}", around.id), "title": text(dice), "rules": rules,
    });
    let levels =
        json!([{"title": "None", "color": "paleBlue"}, {"title": "Gold", "color": "gold"}]);
    maybe(&mut spec, dice, 40, "levels", levels);
    Some(spec)
}

fn secret(around: &Around<'_>, dice: &mut Dice) -> Option<Value> {
    let mut spec =
        json!({"secretName": format!("KEY_{}", around.id), "secretValue": from_secret(dice)});
    let about = text(dice);
    maybe(&mut spec, dice, 50, "description", about.into());
    Some(spec)
}

fn webhook(around: &Around<'_>, dice: &mut Dice) -> Option<Value> {
    let mut spec = json!({
        "identifier": format!("hook_{}", around.id), "title": "Receiver", "enabled": dice.percent(80),
    });
    if let Some(blueprint) = around.named("port.blueprint", dice) {
        let mut mapping = json!({
            "blueprint": blueprint,
            "filter": ".body.a == \"<b>\"",
            "entity": {"identifier": ".body.id", "title": "'constant'"},
        });
        let operation = dice
            .pick(&[json!("create"), json!({"type": "create"})])
            .clone();
        maybe(&mut mapping, dice, 40, "operation", operation);
        spec["mappings"] = json!([mapping]);
    }
    if dice.percent(60) {
        let text = if dice.percent(40) {
            "${random.shared}".to_owned()
        } else {
            from_secret(dice)
        };
        spec["security"] = json!({
            "secret": text, "signatureHeaderName": "X-Signature-256", "signatureAlgorithm": "sha256", "signaturePrefix": "sha256=",
        });
    }
    let about = text(dice);
    maybe(&mut spec, dice, 40, "description", about.into());
    Some(spec)
}

fn policy(around: &Around<'_>, dice: &mut Dice) -> Option<Value> {
    let receiver = around
        .attribute("spacelift.webhook", "id", dice)
        .unwrap_or("endpoint".into());
    let kind = *dice.pick(&["NOTIFICATION", "NOTIFICATION", "PLAN"]);
    let mut spec = json!({
        "name": format!("Policy {}", around.id), "type": kind, "engineType": "REGO_V1", "space": "root",
        "body": format!("package spacelift\n\n# {} \nwebhook contains {{\"endpoint_id\": \"{receiver}\"}} if {{\n  input.run_updated.run.type == \"TRACKED\"\n}}\n", dice.below(9)),
    });
    let about = text(dice);
    maybe(&mut spec, dice, 50, "description", about.into());
    maybe(&mut spec, dice, 40, "labels", json!(["b", "a<&>"]));
    Some(spec)
}

fn space(around: &Around<'_>, dice: &mut Dice) -> Option<Value> {
    let mut spec = json!({"name": format!("Space {}", around.id)});
    if let Some(parent) = around.attribute("spacelift.space", "id", dice)
        && around.id.is_multiple_of(2)
    {
        spec["parentSpace"] = parent.into();
    }
    let about = text(dice);
    maybe(&mut spec, dice, 50, "description", about.into());
    maybe(&mut spec, dice, 30, "inheritEntities", true.into());
    maybe(&mut spec, dice, 40, "labels", json!(["b", "a"]));
    Some(spec)
}

fn stack_webhook(around: &Around<'_>, dice: &mut Dice) -> Option<Value> {
    let mut spec = json!({
        "stack": STACK, "endpoint": format!("https://hooks.example.com/{}", around.id), "enabled": dice.percent(70),
    });
    let secret = from_secret(dice);
    maybe(&mut spec, dice, 50, "secret", secret.into());
    maybe(&mut spec, dice, 50, "retryOnFailure", true.into());
    Some(spec)
}

fn named_webhook(around: &Around<'_>, dice: &mut Dice) -> Option<Value> {
    let endpoint = around
        .attribute("port.webhook", "url", dice)
        .unwrap_or("https://receiver.example.com/a?b=c&d=e".into());
    let mut spec = json!({
        "name": format!("Hook {}", around.id), "endpoint": endpoint, "enabled": dice.percent(80), "space": "root",
    });
    let text = if dice.percent(40) {
        "${random.shared}".to_owned()
    } else {
        from_secret(dice)
    };
    maybe(&mut spec, dice, 60, "secret", text.into());
    let header = from_secret(dice);
    maybe(
        &mut spec,
        dice,
        40,
        "secretHeaders",
        json!({"X-Key": header}),
    );
    maybe(&mut spec, dice, 40, "labels", json!(["generated"]));
    Some(spec)
}

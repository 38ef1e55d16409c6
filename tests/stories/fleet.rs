//! Many stacks in front of the guides' project, and what an ingest of them says, sends and leaves.
//!
//! What is right is asked of Spacelift as the guide's script asks, and never of our own mapping.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Map, Value, json};
use spaceport::sandbox::{Entry, Options, StartingStack};

use crate::wiretap::Wiretap;
use crate::world::{Ran, World};

/// The blueprint that stacks become entities of.
pub const BLUEPRINT: &str = "space_lift_stack";
/// Where its entities are.
pub const ENTITIES: &str = "/v1/blueprints/space_lift_stack/entities";
/// Where they are written by the dozen.
pub const BULK: &str = "/v1/blueprints/space_lift_stack/entities/bulk";
/// What all stacks are asked with, as the guide's script does.
const LIST: &str = "{ stacks { id name space administrative state description repository repositoryURL provider labels branch namespace entityCount } }";
/// The origin of the account, as links name it.
const ACCOUNT: &str = "https://acme.app.spacelift.io";

/// The guides' project, applied, and an account with many stacks.
pub struct Fleet {
    pub world: World,
    tap: Wiretap,
}

/// What became of an ingest.
#[derive(Debug)]
pub struct Told {
    pub ran: Ran,
    /// The first ingest of the JSON.
    pub report: Value,
}

impl Fleet {
    /// So many stacks: some without a description, an owner, labels, or a run.
    pub fn of(count: usize) -> Fleet {
        Fleet::with(count, |_| ())
    }

    /// The same with changes to the project before it is applied.
    pub fn with(count: usize, prepare: impl FnOnce(&World)) -> Fleet {
        let world = World::of("port-config").elsewhere(Options {
            account: Some("acme".to_owned()),
            stacks: (0..count).map(stack).collect(),
            ..Options::default()
        });
        prepare(&world);
        world.applied();
        Fleet::listening(world)
    }

    /// An applied project, listened to from now on.
    pub fn listening(mut world: World) -> Fleet {
        let tap = Wiretap::before(world.sandbox.url());
        world.set("PORT_BASE_URL", tap.url());
        world.forget_requests();
        Fleet { world, tap }
    }

    /// An ingest that says what it did as JSON; its requests are the only ones that are remembered.
    pub fn ingest(&self, arguments: &[&str]) -> Told {
        self.forget();
        let ran = self.world.run(&words(arguments));
        Told::of(ran)
    }

    /// An ingest that ends well.
    #[track_caller]
    pub fn ingested(&self) -> Told {
        let told = self.ingest(&[]);
        assert_eq!(told.ran.code, Some(0), "{:#?}", told.ran);
        told
    }

    /// Forgets all requests so far.
    pub fn forget(&self) {
        self.tap.forget();
        self.world.forget_requests();
    }

    /// The requests that wrote entities by the dozen, by their answers.
    pub fn bulks(&self) -> Vec<u16> {
        let requests = self.world.sandbox.requests().into_iter();
        let bulks = requests.filter(|entry| entry.method == "POST" && entry.path == BULK);
        bulks.map(|entry| entry.status).collect()
    }

    /// All requests that write.
    pub fn writes(&self) -> Vec<Entry> {
        let mut requests = self.world.sandbox.requests();
        requests.retain(|entry| entry.write);
        requests
    }

    /// The entities of each request that wrote some, as they were sent.
    pub fn sent(&self) -> Vec<Vec<Value>> {
        let requests = self.tap.requests("/entities/bulk").into_iter();
        let bodies = requests.map(|request| {
            assert!(
                request.target.contains("upsert=true") && request.target.contains("merge=true"),
                "{}",
                request.target
            );
            request.body["entities"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        });
        bodies.collect()
    }

    /// How often each entity was sent.
    pub fn sendings(&self) -> BTreeMap<String, usize> {
        let mut found = BTreeMap::new();
        for entity in self.sent().into_iter().flatten() {
            let id = entity["identifier"].as_str().expect("an identifier");
            *found.entry(id.to_owned()).or_default() += 1;
        }
        found
    }

    /// The entities of a blueprint, whole, by identifier.
    pub fn entities_of(&self, blueprint: &str) -> BTreeMap<String, Value> {
        let state = self.world.state();
        let rows = state["port"]["entities"].as_object().into_iter().flatten();
        rows.filter_map(|(key, row)| {
            let id = key.strip_prefix(blueprint)?.strip_prefix(' ')?;
            Some((id.to_owned(), row.clone()))
        })
        .collect()
    }

    /// The entities of stacks, whole, by identifier.
    pub fn entities(&self) -> BTreeMap<String, Value> {
        self.entities_of(BLUEPRINT)
    }

    /// The identifiers of all entities of stacks.
    pub fn ids(&self) -> BTreeSet<String> {
        self.entities().into_keys().collect()
    }

    /// What Spacelift says of its stacks, by id.
    pub fn stacks(&self) -> BTreeMap<String, Value> {
        let list = self.world.spacelift(LIST, json!({}));
        let stacks = list["stacks"].as_array().expect("a list").iter();
        stacks
            .map(|stack| {
                (
                    stack["id"].as_str().expect("an id").to_owned(),
                    stack.clone(),
                )
            })
            .collect()
    }

    /// Every stack is an entity, and says what Spacelift says. Faults must be over.
    #[track_caller]
    pub fn is_right(&self) {
        let entities = self.entities();
        let stacks = self.stacks();
        for (id, stack) in &stacks {
            let Some(entity) = entities.get(id) else {
                panic!("{id} is no entity");
            };
            assert_eq!(meant(entity), wanted(stack), "{id}");
        }
        let more: Vec<&String> = entities
            .keys()
            .filter(|id| !stacks.contains_key(*id))
            .collect();
        assert!(more.is_empty(), "of no stack: {more:?}");
    }

    /// No entity was written again after it was created.
    #[track_caller]
    pub fn is_written_once(&self) {
        for (id, entity) in self.entities() {
            assert_eq!(entity["createdAt"], entity["updatedAt"], "{id}");
        }
    }

    /// Whether an ingest finds nothing to do and sends no write.
    #[track_caller]
    pub fn is_at_rest(&self) {
        let told = self.ingested();
        assert_eq!(told.counts(), (0, 0, self.stacks().len(), 0), "{told:#?}");
        assert_eq!(self.writes(), []);
    }

    /// Deletes all entities of stacks.
    pub fn empty(&self) {
        let path = format!("/v1/blueprints/{BLUEPRINT}/all-entities");
        self.world.port(Method::DELETE, &path, Value::Null);
    }

    /// Somebody changes a stack in Spacelift.
    pub fn edit(&self, id: &str, change: impl FnOnce(&mut Map<String, Value>)) {
        let stack = self.world.state()["spacelift"]["stacks"][id].clone();
        assert!(!stack.is_null(), "{id} is no stack");
        let mut input = json!({
            "name": stack["name"], "description": stack["description"], "space": stack["space"],
            "branch": stack["branch"], "namespace": stack["namespace"], "repository": stack["repository"],
            "provider": stack["provider"], "labels": stack["labels"], "administrative": false,
        });
        change(input.as_object_mut().expect("a map"));
        let update = "mutation ($id: ID!, $input: StackInput!) { stackUpdate(id: $id, input: $input) { id } }";
        self.world
            .spacelift(update, json!({"id": id, "input": input}));
    }

    /// Another description, which no delivery tells.
    pub fn describe(&self, id: &str, text: &str) {
        self.edit(id, |input| {
            input.insert("description".to_owned(), text.into());
        });
    }

    /// Somebody deletes a stack in Spacelift.
    pub fn delete(&self, id: &str) {
        let delete = "mutation ($id: ID!) { stackDelete(id: $id) { id } }";
        self.world.spacelift(delete, json!({"id": id}));
    }
}

impl Told {
    /// What a run with `--format json` says.
    #[track_caller]
    pub fn of(ran: Ran) -> Told {
        let whole: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| {
            panic!("{error}\n--- stdout\n{}\n--- stderr\n{}", ran.out, ran.err)
        });
        let report = whole["ingests"][0].clone();
        Told { ran, report }
    }

    /// Checks the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Told {
        assert_eq!(self.ran.code, Some(code), "{:#?}", self.ran);
        self
    }

    /// How many entities were created, changed, left unchanged, and deleted.
    pub fn counts(&self) -> (usize, usize, usize, usize) {
        (
            self.count("created"),
            self.count("updated"),
            self.count("unchanged"),
            self.count("deleted"),
        )
    }

    /// A number of the report.
    #[track_caller]
    pub fn count(&self, name: &str) -> usize {
        let number = self.report[name].as_u64();
        let number = number.unwrap_or_else(|| panic!("no {name} in {:#?}", self.report));
        usize::try_from(number).expect("a small number")
    }

    /// The failures: identifier and reason.
    pub fn failures(&self) -> Vec<(String, String)> {
        let failures = self.report["failures"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        failures
            .map(|failed| (text(&failed["identifier"]), text(&failed["reason"])))
            .collect()
    }
}

/// `ingest --format json` and more.
pub fn words<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["ingest", "--format", "json"], arguments].concat()
}

/// The id of a stack.
pub fn id(number: usize) -> String {
    format!("stack-{number:03}")
}

/// A stack that differs from its neighbours in everything, with an id that is easily told.
fn stack(number: usize) -> StartingStack {
    StartingStack {
        name: id(number),
        ..StartingStack::varied(number)
    }
}

/// What the entity of a stack should say.
fn wanted(stack: &Value) -> Value {
    let text = |name: &str| stack[name].as_str().unwrap_or_default().to_owned();
    let repository = match text("namespace").as_str() {
        "" => text("repository"),
        owner => format!("{owner}/{}", text("repository")),
    };
    meant(&json!({
        "title": stack["name"],
        "properties": {
            "space": stack["space"], "label": stack["labels"], "description": stack["description"],
            "repository": repository, "link": format!("{ACCOUNT}/stack/{}", text("id")),
            "state": stack["state"], "git_provider": stack["provider"], "branch": stack["branch"],
        },
    }))
}

/// Title and properties of an entity, without what is nothing, lists sorted.
pub fn meant(entity: &Value) -> Value {
    let properties = entity["properties"].as_object().into_iter().flatten();
    let properties: BTreeMap<&String, Value> = properties
        .filter(|(_, value)| !matches!(value, Value::Null))
        .filter(|(_, value)| *value != "" && **value != json!([]))
        .map(|(name, value)| {
            let mut value = value.clone();
            if let Some(items) = value.as_array_mut() {
                items.sort_by_key(Value::to_string);
            }
            (name, value)
        })
        .collect();
    json!({"title": entity["title"], "properties": properties})
}

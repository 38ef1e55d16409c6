//! A sandbox with stacks, a blueprint for them, and an ingest of a project.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};
use spaceport::ingest::{Hands, Ours, Progress, Report, Setting, Stage, run};
use spaceport::kinds::Call;
use spaceport::sandbox::{
    CLIENT_ID, CLIENT_SECRET, Fault, KEY_ID, KEY_SECRET, Options as SandboxOptions, Sandbox,
    StartingStack,
};
use spaceport::sim::child::Engines;
use spaceport::there::endpoints::{
    Overrides, PortWanted, Region, SpaceliftWanted, Wanted, resolve,
};
use spaceport::there::services::{Options, Repeat};
use spaceport::there::{Reader, Vault, Writer};
use spaceport::want::config::Choice;
use spaceport::want::desired;
use spaceport::want::ingest::Ingest;
use spaceport::words::Value;

pub const ACCOUNT: &str = "https://acme.app.spacelift.io";

const HEAD: &str =
    "version: 1\nproject: demo\nport: { region: eu }\nspacelift: { account: acme }\n";

/// Everything that a stack has and a mapping may read.
pub const STACKS: &str = r#"
kind: ingest
name: stacks
from: spacelift.stacks
blueprint: stack
mapping:
  identifier: .item.id
  title: .item.name
  properties:
    link: '.account.url + "/stack/" + .item.id'
    space: .item.space
    label: .item.labels
    description: .item.description // ""
    repository: .item.repository
    branch: .item.branch
    state: .item.state
"#;

/// The sandbox, and the clients of both services.
pub struct World {
    pub sandbox: Sandbox,
    pub writer: Arc<Writer>,
    pub reader: Arc<Reader>,
    pub engines: Arc<Engines>,
    pub ours: Ours,
    pub allow_deletes: Option<u64>,
    pub stop: Arc<AtomicBool>,
    /// How many items may be done before somebody stops it; 0: nobody does.
    pub stop_after: u64,
}

/// Counts, and stops when it is time.
struct Watch {
    stop: Arc<AtomicBool>,
    after: u64,
    done: AtomicU64,
}

impl Progress for Watch {
    fn stage(&self, _: &str, _: Stage, _: Option<u64>) {}

    fn more(&self, done: u64, _: u64) {
        let done = self.done.fetch_add(done, Ordering::SeqCst) + done;
        if self.after > 0 && done >= self.after {
            self.stop.store(true, Ordering::SeqCst);
        }
    }
}

/// So many plain stacks, `s000` and on.
pub fn plain(count: usize) -> Vec<StartingStack> {
    (0..count)
        .map(|number| StartingStack::named(&format!("s{number:03}")))
        .collect()
}

fn blueprint() -> Json {
    let text = json!({"type": "string"});
    json!({
        "identifier": "stack", "title": "Stack", "icon": "Git",
        "schema": {"required": [], "properties": {
            "link": text, "space": text, "description": text, "repository": text, "branch": text, "state": text,
            "label": {"type": "array", "items": {"type": "string"}},
        }},
        "relations": {"parent": {"title": "Parent", "target": "stack", "required": false, "many": false}},
    })
}

impl World {
    /// A sandbox that begins with these stacks, and a blueprint without entities.
    pub async fn with(stacks: Vec<StartingStack>) -> World {
        let program = env!("CARGO_BIN_EXE_spaceport");
        let options = SandboxOptions {
            stacks,
            engines: Some(program.into()),
            ..SandboxOptions::default()
        };
        let sandbox = Sandbox::start(options).await.expect("a sandbox");
        let wanted = Wanted {
            port: Some(PortWanted { region: Region::Eu }),
            spacelift: Some(SpaceliftWanted {
                account: "acme".into(),
            }),
            environment: None,
        };
        let flags = Overrides {
            port_url: Some(sandbox.url().to_owned()),
            spacelift_url: Some(sandbox.url().to_owned()),
        };
        let env = [
            ("PORT_CLIENT_ID", CLIENT_ID),
            ("PORT_CLIENT_SECRET", CLIENT_SECRET),
            ("SPACELIFT_API_KEY_ID", KEY_ID),
            ("SPACELIFT_API_KEY_SECRET", KEY_SECRET),
        ];
        let env = env.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let endpoints = resolve(&wanted, &flags, &env.into()).expect("endpoints");
        let options = Options {
            first_delay: Duration::from_millis(1),
            ..Options::default()
        };
        let reader = Arc::new(Reader::new(&endpoints, &options).expect("a reader"));
        let writer = Arc::new(Writer::new(
            reader.clone(),
            Vault::new(BTreeMap::new(), None),
        ));
        let world = World {
            sandbox,
            writer,
            reader,
            engines: Arc::new(Engines::new(program.into())),
            ours: Ours {
                blueprints: ["stack".to_owned()].into(),
                makers: [CLIENT_ID.to_owned()].into(),
            },
            allow_deletes: None,
            stop: Arc::default(),
            stop_after: 0,
        };
        world.post("/v1/blueprints", blueprint()).await;
        world
    }

    /// Sends a change to Port.
    pub async fn post(&self, path: &str, body: Json) {
        let call = Call::Port {
            method: "POST",
            path: path.to_owned(),
            body: Some(Value::from(body)),
        };
        self.writer
            .send(&call, Repeat::Unreceived)
            .await
            .expect("done");
    }

    /// Changes the labels of a stack, as somebody would who looks at it.
    pub async fn label(&self, stack: &str, label: &str) {
        const UPDATE: &str = "mutation Update($id: ID!, $input: StackInput!) { stackUpdate(id: $id, input: $input) { id } }";
        let input =
            json!({"name": stack, "repository": stack, "branch": "main", "labels": [label]});
        self.mutate(UPDATE, json!({"id": stack, "input": input}))
            .await;
    }

    /// Deletes a stack.
    pub async fn delete(&self, stack: &str) {
        const DELETE: &str = "mutation Delete($id: ID!) { stackDelete(id: $id) { id } }";
        self.mutate(DELETE, json!({"id": stack})).await;
    }

    async fn mutate(&self, document: &'static str, variables: Json) {
        let call = Call::Spacelift {
            document,
            variables: Value::from(variables),
            id_from_create: None,
        };
        self.writer
            .send(&call, Repeat::Unreceived)
            .await
            .expect("done");
    }

    /// Writes.
    pub async fn run(&self, ingest: &Ingest) -> Report {
        self.with_hands(ingest, &Hands::Write(self.writer.clone()))
            .await
    }

    /// Only looks.
    pub async fn plan(&self, ingest: &Ingest) -> Report {
        self.with_hands(ingest, &Hands::Look(self.reader.clone()))
            .await
    }

    async fn with_hands(&self, ingest: &Ingest, hands: &Hands) -> Report {
        self.sandbox.reset_requests();
        self.stop.store(false, Ordering::SeqCst);
        let watch = Watch {
            stop: self.stop.clone(),
            after: self.stop_after,
            done: AtomicU64::new(0),
        };
        let setting = Setting {
            engines: self.engines.clone(),
            account: ACCOUNT.to_owned(),
            ours: self.ours.clone(),
            allow_deletes: self.allow_deletes,
            now: 0.0,
            progress: Arc::new(watch),
            stop: self.stop.clone(),
        };
        run(ingest, hands, &setting).await
    }

    pub fn fault(&self, fault: Fault) {
        self.sandbox.fault(fault);
    }

    /// How many requests the last run sent that write.
    pub fn writes(&self) -> usize {
        self.sandbox
            .requests()
            .iter()
            .filter(|entry| entry.write)
            .count()
    }

    /// How many bulk writes the last run sent.
    pub fn bulks(&self) -> usize {
        let requests = self.sandbox.requests();
        requests
            .iter()
            .filter(|entry| entry.path.ends_with("/entities/bulk"))
            .count()
    }

    /// All entities of the blueprint.
    pub async fn entities(&self) -> BTreeMap<String, Json> {
        let mut all = BTreeMap::new();
        let mut from: Option<String> = None;
        loop {
            let each = |entity: &Json, found: &mut Vec<Json>| found.push(entity.clone());
            let page = self.reader.entities("stack", &[], from.as_deref(), &each);
            let (found, next) = page.await.expect("entities");
            for entity in found {
                let name = entity["identifier"]
                    .as_str()
                    .expect("an identifier")
                    .to_owned();
                assert!(all.insert(name, entity).is_none());
            }
            match next {
                Some(next) => from = Some(next),
                None => return all,
            }
        }
    }

    /// Whether every stack has its entity, and nothing is there besides.
    pub async fn agrees(&self, ingest: &Ingest) -> bool {
        let again = self.plan(ingest).await;
        assert_eq!(self.writes(), 0);
        assert_eq!(again.broken, None);
        again.created + again.changed + again.failed == 0
            && again.read == self.entities().await.len() as u64
    }
}

/// The one ingest of a project with this document.
pub fn ingest(document: &str) -> Ingest {
    let folder = tempfile::tempdir().expect("a folder");
    let own = json!({"kind": "port.blueprint", "spec": blueprint()}).to_string();
    for (name, text) in [
        ("spaceport.yaml", HEAD),
        ("ingest.yaml", document),
        ("b.json", own.as_str()),
    ] {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let (mut desired, findings) =
        desired::load(folder.path(), &Choice::default(), &BTreeMap::new());
    let findings: Vec<_> = findings
        .into_iter()
        .map(|finding| finding.message)
        .collect();
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(desired.ingests.len(), 1);
    desired.ingests.remove(0)
}

//! A world for one story: a sandbox of both services, a project folder, and the binary between them.
//!
//! Calls that a story makes by hand (`port`, `spacelift`) stand for somebody else who clicks in the
//! web consoles. They are in the request log like all others; `forget_requests` starts it anew.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use spaceport::sandbox::{
    CLIENT_ID, CLIENT_SECRET, Effect, Fault, KEY_ID, KEY_SECRET, Options, Sandbox, StartingStack,
    When,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// All sandboxes run here, so that stories can be told without `async`.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    // Another user of the library in this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts")
});

/// How long real progress is waited for before a story fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// The settings of a project that wants both services.
pub const PROJECT: &str = "\
version: 1
project: stories
port: { region: eu }
spacelift: { account: acme }
ledger: { file: ledger.json }
";

/// A sandbox, a project folder, and an environment for the binary.
pub struct World {
    pub sandbox: Sandbox,
    folder: TempDir,
    env: BTreeMap<String, String>,
}

/// What a run of the binary left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl World {
    /// A project with settings and no objects.
    pub fn new() -> World {
        let world = World::with(Options::default());
        world.write("spaceport.yaml", PROJECT);
        world
    }

    /// A project that keeps its ledger in Port.
    pub fn in_port() -> World {
        let world = World::new();
        world.edit("spaceport.yaml", "ledger: { file: ledger.json }\n", "");
        world
    }

    /// A project that is a copy of a folder of this repository.
    pub fn of(folder: &str) -> World {
        let world = World::with(Options::default());
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            world.root(),
        );
        world
    }

    fn with(mut options: Options) -> World {
        options.engines = Some(env!("CARGO_BIN_EXE_spaceport").into());
        let sandbox = RUNTIME
            .block_on(Sandbox::start(options))
            .expect("the sandbox starts");
        let url = sandbox.url().to_owned();
        let env = [
            ("PORT_BASE_URL", url.as_str()),
            ("PORT_CLIENT_ID", CLIENT_ID),
            ("PORT_CLIENT_SECRET", CLIENT_SECRET),
            ("SPACELIFT_API_KEY_ENDPOINT", url.as_str()),
            ("SPACELIFT_API_KEY_ID", KEY_ID),
            ("SPACELIFT_API_KEY_SECRET", KEY_SECRET),
            ("SPACELIFT_RUNTIME_KEY_ID", KEY_ID),
            ("SPACELIFT_RUNTIME_KEY_SECRET", KEY_SECRET),
        ];
        World {
            sandbox,
            folder: tempfile::tempdir().expect("a temporary folder"),
            env: env
                .into_iter()
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .collect(),
        }
    }

    /// The same, in front of a Spacelift account that has the guides' stack.
    #[allow(dead_code, reason = "shared with the laws")]
    pub fn with_a_stack(folder: &str) -> World {
        World::of(folder).elsewhere(Options {
            stacks: vec![StartingStack::ai_agent()],
            ..Options::default()
        })
    }

    /// The same project in front of a new, empty sandbox.
    pub fn elsewhere(mut self, options: Options) -> World {
        let mut fresh = World::with(options);
        std::mem::swap(&mut self.folder, &mut fresh.folder);
        fresh
    }

    // The project.

    /// The project's folder.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the project.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// Writes a file of the project.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }

    /// Reads a file of the project.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("the file is there")
    }

    /// Replaces a text that stands in a file.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "`{from}` is not in {path}");
        self.write(path, &text.replace(from, to));
    }

    /// Removes a file of the project.
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).expect("the file is there");
    }

    /// The ledger in `ledger.json`.
    pub fn ledger(&self) -> Value {
        serde_json::from_str(&self.read("ledger.json")).expect("JSON")
    }

    /// The entities that the ledger in Port consists of, by identifier.
    pub fn shelf(&self) -> BTreeMap<String, Value> {
        let state = self.state();
        let entities = state["port"]["entities"].as_object();
        entities
            .into_iter()
            .flatten()
            .filter_map(|(key, entity)| {
                let id = key.strip_prefix("spaceport_project ")?;
                Some((id.to_owned(), entity.clone()))
            })
            .collect()
    }

    /// What an entity of the ledger in Port holds.
    pub fn part(&self, id: &str) -> Value {
        let entity = self.shelf().remove(id).expect("the entity is there");
        let content = entity["properties"]["content"].as_str();
        serde_json::from_str(content.expect("a text")).expect("JSON")
    }

    /// What the ledger says about an object.
    pub fn entry(&self, addr: &str) -> Value {
        self.ledger()["entries"][addr].clone()
    }

    // The binary.

    /// Sets a variable for the runs that follow.
    pub fn set(&mut self, name: &str, text: &str) {
        self.env.insert(name.to_owned(), text.to_owned());
    }

    /// Takes a variable away.
    pub fn unset(&mut self, name: &str) {
        self.env.remove(name);
    }

    /// A run of the binary on the project.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        ran(command.output().expect("the binary runs"))
    }

    /// `apply --yes`.
    pub fn apply(&self) -> Ran {
        self.run(&["apply", "--yes"])
    }

    /// `apply --yes` that must end well and prove itself.
    pub fn applied(&self) -> Ran {
        self.apply().exits(0)
    }

    /// `plan --detailed-exitcode`.
    pub fn plan(&self) -> Ran {
        self.run(&["plan", "--detailed-exitcode"])
    }

    /// A run that is still going on.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running(Some(
            self.command(arguments).spawn().expect("the binary runs"),
        ))
    }

    /// The binary on the project, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary();
        command
            .arg("-C")
            .arg(self.root())
            .args(arguments)
            .envs(&self.env);
        command
    }

    // The services.

    /// Everything that both services remember.
    pub fn state(&self) -> Value {
        self.sandbox.state()
    }

    /// An object of Port: `webhooks`, `spacelift_stack_mapper`.
    pub fn of_port(&self, table: &str, name: &str) -> Value {
        self.state()["port"][table][name].clone()
    }

    /// The only object of Spacelift with this name: `policies`, `notify`.
    pub fn of_spacelift(&self, table: &str, name: &str) -> Value {
        let state = self.state();
        let found: Vec<&Value> = state["spacelift"][table]
            .as_object()
            .expect("a table")
            .values()
            .filter(|object| object["name"] == name)
            .collect();
        match found.as_slice() {
            [] => Value::Null,
            [one] => (*one).clone(),
            several => panic!("{} objects are named {name}", several.len()),
        }
    }

    /// The fingerprint of a Port secret's text.
    pub fn secret(&self, name: &str) -> String {
        let digest = self.of_port("secret_values", name);
        digest["sha256"].as_str().unwrap_or_default().to_owned()
    }

    /// The writes since the start or the last reset: `POST /v1/blueprints`, `PolicyCreate`.
    pub fn writes(&self) -> Vec<String> {
        let requests = self.sandbox.requests();
        let writes = requests.iter().filter(|entry| entry.write);
        writes
            .map(|entry| match &entry.operation {
                Some(operation) => operation.clone(),
                None => format!("{} {}", entry.method, entry.path),
            })
            .collect()
    }

    /// The writes without those of the ledger in Port.
    pub fn writes_of_objects(&self) -> Vec<String> {
        let mut writes = self.writes();
        writes.retain(|write| !write.contains("/spaceport_project/"));
        writes
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.sandbox.reset_requests();
    }

    /// Somebody else's request to Port.
    pub fn port(&self, method: Method, path: &str, body: Value) -> Value {
        let credentials = json!({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET});
        let (_, token) = self.send(Method::POST, "/v1/auth/access_token", &credentials, None);
        let token = token["accessToken"].as_str().expect("a token");
        let (status, answer) = self.send(method, path, &body, Some(token));
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    /// A request of somebody who has no session: the status, and the answer.
    #[allow(dead_code, reason = "shared with the laws")]
    pub fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, &body, None)
    }

    /// Posts a body with headers, as whoever delivers something: the status.
    #[allow(dead_code, reason = "shared with the laws")]
    pub fn deliver(&self, path: &str, headers: &[(String, String)], body: &str) -> u16 {
        RUNTIME.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build();
            let url = format!("{}{path}", self.sandbox.url());
            let mut request = client.expect("a client").post(url).body(body.to_owned());
            for (name, value) in headers {
                request = request.header(name, value);
            }
            request.send().await.expect("an answer").status().as_u16()
        })
    }

    /// What is told at an address below `/_sandbox`.
    #[allow(dead_code, reason = "shared with the laws")]
    pub fn steering(&self, path: &str) -> Value {
        self.send(Method::GET, path, &Value::Null, None).1
    }

    /// Waits until everything has happened that was caused so far.
    #[allow(dead_code, reason = "shared with the laws")]
    pub fn settle(&self) {
        RUNTIME.block_on(self.sandbox.settle());
    }

    /// An entity: `space_lift_stack`, `ai-agent`.
    #[allow(dead_code, reason = "shared with the laws")]
    pub fn entity(&self, blueprint: &str, identifier: &str) -> Value {
        self.of_port("entities", &format!("{blueprint} {identifier}"))
    }

    /// Somebody else's request to Spacelift.
    pub fn spacelift(&self, query: &str, variables: Value) -> Value {
        let body = json!({"query": query, "variables": variables});
        let (_, answer) = self.send(Method::POST, "/graphql", &body, Some(&self.token()));
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// Changes the sandbox's quirks for what follows; all others are as usual.
    pub fn quirks(&self, quirks: Value) {
        let (status, answer) = self.send(Method::POST, "/_sandbox/quirks", &quirks, None);
        assert_eq!(status, 200, "{answer}");
    }

    /// A living token for Spacelift.
    pub fn token(&self) -> String {
        let login = "mutation ($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }";
        let key = json!({"query": login, "variables": {"id": KEY_ID, "secret": KEY_SECRET}});
        let (_, user) = self.send(Method::POST, "/graphql", &key, None);
        let token = user["data"]["apiKeyUser"]["jwt"].as_str();
        token.expect("a token").to_owned()
    }

    fn send(&self, method: Method, path: &str, body: &Value, token: Option<&str>) -> (u16, Value) {
        RUNTIME.block_on(async {
            let client = reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client");
            let mut request = client.request(method, format!("{}{path}", self.sandbox.url()));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            if !body.is_null() {
                request = request.json(body);
            }
            let response = request.send().await.expect("an answer");
            let status = response.status().as_u16();
            (status, response.json().await.unwrap_or(Value::Null))
        })
    }

    /// Waits until every fault has struck all the requests that it was meant for.
    pub fn until_faults_have_struck(&self) {
        self.until_faults_have_struck_or(|| false);
    }

    /// The same, unless something else has happened before.
    pub fn until_faults_have_struck_or(&self, mut happened: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (_, waiting) = self.send(Method::GET, "/_sandbox/faults", &Value::Null, None);
            if waiting["faults"] == json!([]) || happened() {
                return;
            }
            assert!(Instant::now() < deadline, "no request met {waiting}");
        }
    }
}

impl Ran {
    /// Checks the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(
            self.code,
            Some(code),
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.out,
            self.err
        );
        self
    }

    /// Checks that a text stands in one of the outputs.
    #[track_caller]
    pub fn says(self, text: &str) -> Ran {
        assert!(
            self.out.contains(text) || self.err.contains(text),
            "`{text}` is not said\n--- stdout\n{}\n--- stderr\n{}",
            self.out,
            self.err
        );
        self
    }

    /// Checks that a text stands in none of the outputs.
    #[track_caller]
    pub fn hides(self, text: &str) -> Ran {
        assert!(
            !self.out.contains(text) && !self.err.contains(text),
            "`{text}` is said\n--- stdout\n{}\n--- stderr\n{}",
            self.out,
            self.err
        );
        self
    }
}

/// A run that is still going on; dropping it kills it.
pub struct Running(Option<Child>);

impl Running {
    /// Kills it as a machine that loses its power would.
    pub fn kill(mut self) {
        let mut child = self.0.take().expect("it runs");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Whether it has ended by itself.
    #[allow(dead_code, reason = "shared with the laws")]
    pub fn has_ended(&mut self) -> bool {
        let child = self.0.as_mut().expect("it was not waited for");
        child.try_wait().expect("it can be asked").is_some()
    }

    /// Presses Ctrl-C.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        self.signal("INT");
    }

    /// Stands still, as a machine that sleeps would, until it is resumed.
    #[cfg(unix)]
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Goes on after a pause.
    #[cfg(unix)]
    pub fn resume(&self) {
        self.signal("CONT");
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let id = self.0.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$2\" \"$1\"", "sh", &id, name])
            .status()
            .expect("a shell");
        assert!(sent.success());
    }

    /// What it writes to stdout.
    #[cfg(unix)]
    pub fn stdout(&mut self) -> &mut impl Read {
        let stdout = self.0.as_mut().and_then(|child| child.stdout.as_mut());
        stdout.expect("stdout is a pipe")
    }

    /// Reads stderr until a text stands in it.
    #[cfg(unix)]
    pub fn until_it_says(&mut self, text: &str) {
        let stderr = self.0.as_mut().and_then(|child| child.stderr.as_mut());
        let stderr = stderr.expect("stderr is a pipe");
        let (mut said, mut byte) = (Vec::new(), [0]);
        while !String::from_utf8_lossy(&said).contains(text) {
            let read = stderr.read(&mut byte).expect("stderr can be read");
            assert_ne!(
                read,
                0,
                "it ended and said {}",
                String::from_utf8_lossy(&said)
            );
            said.extend_from_slice(&byte);
        }
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ran {
        let child = self.0.take().expect("it runs");
        ran(child.wait_with_output().expect("it ends"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The binary with an empty environment and without a terminal.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spaceport"));
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The outputs of a run, as text.
pub fn ran(output: std::process::Output) -> Ran {
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("stdout is text"),
        err: String::from_utf8(output.stderr).expect("stderr is text"),
    }
}

/// Copies a folder, dot-folders left out.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        let target = to.join(&name);
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

/// A document of a blueprint with one property.
pub fn blueprint(identifier: &str, title: &str) -> String {
    format!(
        "kind: port.blueprint\nspec:\n  identifier: {identifier}\n  title: {title}\n  schema:\n    properties:\n      language: {{ type: string, title: Language }}\n"
    )
}

/// A document of a notification policy that notifies nobody.
pub fn policy(name: &str) -> String {
    format!(
        "kind: spacelift.policy\nspec:\n  name: {name}\n  type: NOTIFICATION\n  engineType: REGO_V1\n  space: root\n  body: |\n    package spacelift\n\n    sample := true\n"
    )
}

/// A document of a secret whose text comes from a variable of the environment.
pub fn secret(name: &str, variable: &str) -> String {
    format!(
        "kind: port.secret\nspec:\n  secretName: {name}\n  secretValue: \"${{env.{variable}}}\"\n"
    )
}

/// Answers a request with a status; `when` says whether it took effect.
pub fn status(status: u16, when: When) -> Fault {
    Fault::new(Effect::Status { status, when })
}

/// Closes the connection instead of answering.
pub fn cut(when: When) -> Fault {
    Fault::new(Effect::Cut { when })
}

/// Answers so late that the story is over before.
pub fn held() -> Fault {
    Fault::new(Effect::Slow {
        milliseconds: 50_000,
    })
}

/// How the sandbox shows a secret text.
pub fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

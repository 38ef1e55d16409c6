//! What the documents say is true: every command in a Markdown file runs and ends well, and the plan
//! that the README shows is a piece of the real one.
//!
//! Commands that name no sandbox meet one all the same: the environment says that both services are
//! here.
#![cfg(feature = "sandbox")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use spaceport::sandbox::{
    CLIENT_ID, CLIENT_SECRET, KEY_ID, KEY_SECRET, Options, Sandbox, StartingStack,
};

/// Commands that run this very test.
const OURSELVES: [&str; 3] = [
    "cargo test",
    ".ci/run",
    "PROPTEST_CASES=2000 cargo test --test laws",
];

/// All Markdown files of the repository.
fn documents() -> Vec<PathBuf> {
    fn gather(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let others = ["target", ".git", ".spaceport"].contains(&name.as_ref());
            if path.is_dir() && !others {
                gather(&path, found);
            } else if name.ends_with(".md") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(root.join("examples")).expect("there are examples") {
        let readme = entry.expect("an example").path().join("README.md");
        assert!(readme.exists(), "{} is missing", readme.display());
    }
    let mut found = Vec::new();
    gather(root, &mut found);
    found.sort();
    found
}

/// The commands of a document: lines that begin with `$ ` in `console` blocks, and all lines of `sh`
/// blocks but those that set a variable.
fn commands(text: &str) -> Vec<String> {
    let mut inside = "";
    let mut found = Vec::new();
    for line in text.lines() {
        match line {
            "```console" | "```sh" => inside = &line[3..],
            "```" => inside = "",
            line if inside == "console" => found.extend(line.strip_prefix("$ ")),
            line if inside == "sh" && !line.starts_with("export ") => {
                found.push(line.split(" #").next().unwrap_or_default().trim())
            }
            _ => {}
        }
    }
    found.into_iter().map(str::to_owned).collect()
}

/// A copy of the projects, so that nothing is left behind in the repository.
fn copy() -> tempfile::TempDir {
    fn folder(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("the copy can be made");
        for entry in fs::read_dir(from).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().expect("it has a name");
            if name == ".spaceport" {
                continue;
            }
            match path.is_dir() {
                true => folder(&path, &to.join(name)),
                false => {
                    fs::copy(&path, to.join(name)).expect("the file can be copied");
                }
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = tempfile::tempdir().expect("there is room");
    for name in ["port-config", "examples"] {
        folder(&root.join(name), &copy.path().join(name));
    }
    copy
}

/// Runs what follows `spaceport` in a command, with nothing in its environment but both services.
fn spaceport(folder: &Path, arguments: &str, services: &Sandbox) -> Output {
    let url = services.url();
    Command::new(env!("CARGO_BIN_EXE_spaceport"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env_clear()
        .env("PORT_BASE_URL", url)
        .env("PORT_CLIENT_ID", CLIENT_ID)
        .env("PORT_CLIENT_SECRET", CLIENT_SECRET)
        .env("SPACELIFT_API_KEY_ENDPOINT", url)
        .env("SPACELIFT_API_KEY_ID", KEY_ID)
        .env("SPACELIFT_API_KEY_SECRET", KEY_SECRET)
        .env("SPACELIFT_RUNTIME_KEY_ID", KEY_ID)
        .env("SPACELIFT_RUNTIME_KEY_SECRET", KEY_SECRET)
        .output()
        .expect("the binary can be run")
}

/// Both services, in this process.
async fn services() -> Sandbox {
    let options = Options {
        engines: Some(env!("CARGO_BIN_EXE_spaceport").into()),
        stacks: vec![StartingStack::ai_agent()],
        ..Options::default()
    };
    let started = Sandbox::start(options).await;
    started.expect("the sandbox starts")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_in_the_documents_ends_well() {
    let mut ran = 0;
    for document in documents() {
        let (copy, services) = (copy(), services().await);
        let text = fs::read_to_string(&document).expect("the document can be read");
        for command in commands(&text) {
            let arguments = match command.as_str() {
                command if OURSELVES.contains(&command) => continue,
                command => command
                    .strip_prefix("cargo run --release -- ")
                    .or_else(|| command.strip_prefix("spaceport "))
                    .unwrap_or_else(|| panic!("`{command}` is a command of another kind")),
            };
            let output = spaceport(copy.path(), arguments, &services);
            assert!(
                output.status.success(),
                "{}: `{command}` ended with {}\n{}\n{}",
                document.display(),
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            ran += 1;
        }
    }
    assert!(ran > 10, "only {ran} commands were found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readme_begins_with_two_commands_and_the_second_run_changes_nothing() {
    let readme = include_str!("../README.md");
    assert_eq!(
        commands(readme)[..2],
        ["cargo run --release -- apply --sandbox --yes", "cargo test"]
    );
    let (copy, services) = (copy(), services().await);
    let first = spaceport(copy.path(), "apply --sandbox --yes", &services);
    assert!(String::from_utf8_lossy(&first.stdout).contains("converged: 0 changes"));
    let second = spaceport(copy.path(), "apply --sandbox --yes", &services);
    assert!(second.status.success());
    assert!(String::from_utf8_lossy(&second.stdout).contains("No changes"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plan_in_the_readme_is_a_piece_of_the_real_one() {
    let readme = include_str!("../README.md");
    let shown = readme
        .split_once("<!-- plan: begin -->\n```text\n")
        .and_then(|(_, rest)| rest.split_once("```\n<!-- plan: end -->"))
        .map(|(shown, _)| shown)
        .expect("the README shows a plan");
    let (copy, services) = (copy(), services().await);
    let output = spaceport(copy.path(), "plan --sandbox", &services);
    let real = String::from_utf8_lossy(&output.stdout);
    for block in shown.split("\n\n") {
        assert!(
            real.contains(block.trim_end()),
            "not in the real plan:\n{block}\n\nreal:\n{real}"
        );
    }
}

/// The tour of the README ends where it says: with another token, and with the stack in the catalog.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tour_in_the_readme_ends_in_the_catalog() {
    let tour = include_str!("../README.md")
        .split_once("<!-- tour: begin -->\n")
        .and_then(|(_, rest)| rest.split_once("<!-- tour: end -->"))
        .map(|(tour, _)| commands(tour))
        .expect("the README has a tour");
    let [apply, ingest, refresh, trigger] = tour.as_slice() else {
        panic!("four commands, not {tour:?}");
    };
    let (copy, services) = (copy(), services().await);
    let run = |command: &str| {
        let words = command.strip_prefix("spaceport ").expect("our command");
        let output = spaceport(copy.path(), words, &services);
        assert!(output.status.success(), "{command}: {output:?}");
    };
    run(apply);
    run(ingest);
    let begun = kept(copy.path()).await;
    let before = begun["port"]["secret_values"]["SPACELIFT_TOKEN"].clone();
    let ingested = &begun["port"]["entities"]["space_lift_stack ai-agent"];
    assert_eq!(ingested["properties"]["state"], "NONE");
    assert_eq!(ingested["createdBy"], CLIENT_ID);
    run(refresh);
    run(trigger);
    let state = kept(copy.path()).await;
    assert_ne!(state["port"]["secret_values"]["SPACELIFT_TOKEN"], before);
    let entity = &state["port"]["entities"]["space_lift_stack ai-agent"];
    assert_eq!(entity["properties"]["state"], "FINISHED");
    assert_eq!(entity["createdBy"], CLIENT_ID);
    assert_eq!(entity["updatedBy"], "spacelift_stack_mapper");
    // What no delivery says is still there.
    assert_eq!(entity["properties"]["space"], "root");
}

/// What the embedded sandbox has kept.
async fn kept(folder: &Path) -> serde_json::Value {
    let options = Options {
        data: Some(folder.join("port-config/.spaceport/sandbox")),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.expect("it was kept");
    let state = sandbox.state();
    sandbox.stop().await;
    state
}

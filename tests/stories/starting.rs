//! The first minutes of a stranger: the embedded sandbox, `init`, and the examples.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::stub::Stub;
use crate::world::{Ran, World, binary, copy, ran};

/// Every example, and `port-config` itself, is valid, applies to the embedded sandbox, and converges.
#[test]
fn every_example_applies_and_converges() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![repository.join("port-config")];
    for entry in fs::read_dir(repository.join("examples")).expect("the examples") {
        folders.push(entry.expect("an entry").path());
    }
    assert!(folders.len() > 5, "{folders:?}");
    for folder in folders {
        let project = tempfile::tempdir().expect("a temporary folder");
        copy(&folder, project.path());
        let environments: &[&str] = match folder.ends_with("two-environments") {
            true => &["-estaging", "-eprod"],
            false => &[""],
        };
        for environment in environments {
            let run = |arguments: &[&str]| {
                let chosen = (!environment.is_empty()).then_some(*environment);
                let arguments: Vec<&str> = arguments.iter().copied().chain(chosen).collect();
                run(project.path(), &arguments)
            };
            run(&["validate"]).exits(0);
            // One sandbox for each environment: they are different organizations.
            let sandbox = format!(
                "--sandbox={}",
                project.path().join(format!(".s{environment}")).display()
            );
            run(&["apply", "--yes", &sandbox])
                .exits(0)
                .says("converged: 0 changes");
            run(&["apply", "--yes", &sandbox])
                .exits(0)
                .says("No changes");
            run(&["plan", "--detailed-exitcode", &sandbox]).exits(0);
        }
    }
}

/// The two commands of the README: everything at first, nothing the second time.
#[test]
fn the_sandbox_remembers_between_runs() {
    let project = copied("port-config");
    run(
        project.path(),
        &["plan", "--sandbox", "--detailed-exitcode"],
    )
    .exits(2);
    run(project.path(), &["apply", "--sandbox", "--yes"])
        .exits(0)
        .says("port.blueprint.space_lift_stack")
        .says("converged: 0 changes");
    run(project.path(), &["apply", "--sandbox", "--yes"])
        .exits(0)
        .says("No changes");
    run(
        project.path(),
        &["plan", "--sandbox", "--detailed-exitcode"],
    )
    .exits(0);
    // The project itself stays as it was, apart from what git ignores.
    assert!(!project.path().join("ledger.json").exists());
    assert_eq!(
        fs::read_to_string(project.path().join(".spaceport/.gitignore")).expect("a file"),
        "*\n"
    );
}

/// With `--sandbox` no host and no credential of the environment is used.
#[test]
fn the_sandbox_touches_nothing_real() {
    let thief = Stub::thief();
    let project = copied("port-config");
    let mut command = binary();
    command
        .arg("-C")
        .arg(project.path())
        .args(["apply", "--sandbox", "--yes", "-vvv"]);
    for (name, text) in [
        ("PORT_BASE_URL", thief.url()),
        ("SPACELIFT_API_KEY_ENDPOINT", thief.url()),
        ("PORT_CLIENT_ID", "real-id"),
        ("PORT_CLIENT_SECRET", "canary-port"),
        ("SPACELIFT_API_KEY_ID", "real-key"),
        ("SPACELIFT_API_KEY_SECRET", "canary-key"),
        ("SPACELIFT_RUNTIME_KEY_SECRET", "canary-runtime"),
    ] {
        command.env(name, text);
    }
    ran(command.output().expect("the binary runs"))
        .exits(0)
        .hides("canary");
    assert_eq!(thief.visits(), 0);
    for file in fs::read_dir(project.path().join(".spaceport/sandbox")).expect("a folder") {
        let text = fs::read_to_string(file.expect("a file").path()).expect("text");
        assert!(!text.contains("canary"), "{text}");
    }
}

/// `init` writes a project that is valid and applies as it is.
#[test]
fn init_writes_a_project_that_works() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let project = folder.path().join("new");
    run(
        &project,
        &["init", "--account", "initech", "--region", "us"],
    )
    .exits(0);
    run(&project, &["validate"]).exits(0);
    run(&project, &["apply", "--sandbox", "--yes"])
        .exits(0)
        .says("converged: 0 changes");
    let settings = fs::read_to_string(project.join("spaceport.yaml")).expect("a file");
    assert!(settings.contains("initech") && settings.contains("us"));
    for file in [".schema.json", ".gitignore", ".vscode/settings.json"] {
        assert!(project.join(file).exists(), "{file}");
    }
}

/// `init` never writes over what is there.
#[test]
fn init_overwrites_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("blueprint.yaml"), "# mine\n").expect("a file");
    run(folder.path(), &["init"])
        .exits(0)
        .says("blueprint.yaml");
    let kept = fs::read_to_string(folder.path().join("blueprint.yaml")).expect("a file");
    assert_eq!(kept, "# mine\n");
    run(folder.path(), &["init"]).exits(3);
}

/// `spaceport sandbox` says where it listens, serves, and ends well.
#[cfg(unix)]
#[test]
fn the_sandbox_command_serves_until_it_is_stopped() {
    let mut world = World::of("port-config");
    let mut running = world.start(&["sandbox", "--listen", "127.0.0.1:0"]);
    let mut first = String::new();
    BufReader::new(running.stdout())
        .read_line(&mut first)
        .expect("stdout can be read");
    let url = first
        .trim()
        .strip_prefix("listening on ")
        .expect("the first line names the address");
    world.set("PORT_BASE_URL", url);
    world.set("SPACELIFT_API_KEY_ENDPOINT", url);
    world.apply().exits(0).says("converged: 0 changes");
    world.plan().exits(0);
    assert!(world.sandbox.requests().is_empty());
    running.interrupt();
    running.end().exits(0);
}

/// Two commands do not share one sandbox at the same time.
#[cfg(unix)]
#[test]
fn a_sandbox_in_use_is_told() {
    let world = World::of("port-config");
    let data = world.path(".data");
    let data = data.to_str().expect("a path");
    let mut running = world.start(&["sandbox", "--listen", "127.0.0.1:0", "--data", data]);
    let mut first = String::new();
    BufReader::new(running.stdout())
        .read_line(&mut first)
        .expect("stdout can be read");
    let sandbox = format!("--sandbox={data}");
    world.run(&["plan", &sandbox]).exits(1).says(data);
    running.interrupt();
    running.end().exits(0);
    world.run(&["plan", &sandbox]).exits(0);
}

/// A folder without a project is told what to do.
#[test]
fn a_folder_without_a_project_is_a_finding() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for command in [&["validate"][..], &["plan"], &["apply", "--yes"]] {
        run(folder.path(), command).exits(3).says("spaceport init");
    }
    run(&folder.path().join("missing"), &["validate"]).exits(3);
}

fn copied(folder: &str) -> TempDir {
    let project = tempfile::tempdir().expect("a temporary folder");
    let from: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    copy(&from, project.path());
    project
}

/// A run without any variable in the environment.
fn run(project: &Path, arguments: &[&str]) -> Ran {
    let mut command = binary();
    command.arg("-C").arg(project).args(arguments);
    ran(command.output().expect("the binary runs"))
}

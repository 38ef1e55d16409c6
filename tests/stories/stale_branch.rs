//! A checkout that lacks the commit that was applied last: a plan says it, an apply refuses.

use std::path::Path;
use std::process::Command;

use crate::world::{World, blueprint};

const WARNS: &str = "HEAD does not contain the commit";

/// A branch from before the last apply would undo what that did.
#[test]
fn a_branch_from_before_the_last_apply_is_refused() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    git(world.root(), &["init", "-q", "-b", "main"]);
    commit(&world, "first");
    world.applied().hides(WARNS);
    git(world.root(), &["branch", "old"]);
    world.edit("service.yaml", "title: Service", "title: Second");
    let second = commit(&world, "second");
    world.applied().hides(WARNS);
    assert_eq!(world.ledger()["commit"], second.as_str());
    world.plan().exits(0).hides(WARNS);

    git(world.root(), &["checkout", "-q", "old"]);
    world.forget_requests();
    let short = &second[..12];
    world
        .plan()
        .exits(2)
        .says(WARNS)
        .says(short)
        .says("--allow-stale-branch");
    let refused = ["apply", "--yes", "--skip-refused"];
    for arguments in [&refused[..2], &refused] {
        world
            .run(arguments)
            .exits(5)
            .says("refused (stale)")
            .says(short)
            .says("--allow-stale-branch");
    }
    assert_eq!(world.writes(), [""; 0]);

    world
        .run(&["apply", "--yes", "--allow-stale-branch"])
        .exits(0)
        .says(WARNS);
    assert_eq!(world.of_port("blueprints", "service")["title"], "Service");
    // What was applied last is on this branch now.
    world.plan().exits(0).hides(WARNS);
    git(world.root(), &["merge", "-q", "main"]);
    world.applied().hides(WARNS);
}

/// A commit that no longer exists is not contained either: the history was rewritten.
#[test]
fn a_commit_that_is_gone_is_not_contained() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    git(world.root(), &["init", "-q", "-b", "main"]);
    commit(&world, "first");
    world.applied();
    std::fs::remove_dir_all(world.path(".git")).expect("it is there");
    git(world.root(), &["init", "-q", "-b", "main"]);
    commit(&world, "anew");
    world.plan().exits(0).says(WARNS);
    // Nothing to change is nothing to undo.
    world.apply().exits(0).says("No changes");
    world.edit("service.yaml", "title: Service", "title: Second");
    world.apply().exits(5).says("refused (stale)");
    world
        .run(&["apply", "--yes", "--allow-stale-branch"])
        .exits(0);
    // A dirty checkout of a branch that has it is fine.
    world.edit("service.yaml", "title: Second", "title: Dirty");
    world.applied().hides(WARNS);
}

/// In a shallow clone nobody can tell; that is said with what to do, and nothing is refused.
#[test]
fn a_shallow_clone_cannot_tell() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    git(world.root(), &["init", "-q", "-b", "main"]);
    commit(&world, "first");
    world.applied();
    world.edit("service.yaml", "title: Service", "title: Second");
    commit(&world, "second");

    let origin = tempfile::tempdir().expect("a temporary folder");
    let bare = origin.path().join("origin.git");
    let url = format!("file://{}", bare.display());
    git(
        origin.path(),
        &["init", "-q", "--bare", "-b", "main", "origin.git"],
    );
    git(world.root(), &["push", "-q", &url, "main"]);
    std::fs::remove_dir_all(world.path(".git")).expect("it is there");
    git(world.root(), &["init", "-q", "-b", "main"]);
    git(world.root(), &["fetch", "-q", "--depth", "1", &url, "main"]);
    git(world.root(), &["reset", "-q", "--hard", "FETCH_HEAD"]);

    world
        .plan()
        .exits(2)
        .says("nobody can tell")
        .says("fetch-depth: 0")
        .hides(WARNS);
    git(world.root(), &["fetch", "-q", "--unshallow", &url, "main"]);
    world.plan().exits(2).hides("nobody can tell").hides(WARNS);
    world.applied();
}

/// Outside of a checkout, and without git at all, there is nothing to say.
#[test]
fn without_a_checkout_nothing_is_said() {
    let mut world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    git(world.root(), &["init", "-q", "-b", "main"]);
    commit(&world, "first");
    world.applied();
    let nowhere = world.path("nowhere").display().to_string();
    world.set("PATH", &nowhere);
    world.edit("service.yaml", "title: Service", "title: Second");
    world.applied().hides(WARNS);
    world.unset("PATH");
    std::fs::remove_dir_all(world.path(".git")).expect("it is there");
    world.edit("service.yaml", "title: Second", "title: Third");
    world.applied().hides(WARNS);
    // The commit of a ledger that somebody edited is never an option of git.
    let ledger = world.read("ledger.json");
    let mut ledger: serde_json::Value = serde_json::from_str(&ledger).expect("JSON");
    ledger["commit"] = "--output=stolen".into();
    world.write("ledger.json", &ledger.to_string());
    git(world.root(), &["init", "-q", "-b", "main"]);
    commit(&world, "anew");
    world.applied().hides(WARNS);
    assert!(!world.path("stolen").exists());
}

/// Commits the files of the project and returns the commit.
fn commit(world: &World, message: &str) -> String {
    git(
        world.root(),
        &["add", "--", "spaceport.yaml", "service.yaml"],
    );
    git(
        world.root(),
        &["commit", "-q", "--allow-empty", "-m", message],
    );
    git(world.root(), &["rev-parse", "HEAD"])
}

/// Runs git as nobody in particular; what it prints.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com"])
        .args(["-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {said}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim().to_owned()
}

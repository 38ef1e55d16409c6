//! The GitHub action's script: a plan without credentials, one comment that is updated in place and is
//! the bot's, and the digest that was reviewed.
//!
//! The script and the binary are the real ones. GitHub is a stand-in for its command line that keeps
//! comments in a file and answers questions with `jq`, as `gh` does; where `jq` is missing the tests
//! say so and pass, but in CI they fail.
#![cfg(all(feature = "sandbox", unix))]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use spaceport::sandbox::{CLIENT_ID, CLIENT_SECRET, Options, Sandbox};
use tempfile::TempDir;

/// What `gh` is here: `pulls.json` and `comments.json` of its folder are GitHub.
const GH: &str = r#"#!/bin/sh
set -eu
here=$PWD
cd "$GITHUB_STAND_IN"
echo "$*" >>calls
method=GET path= filter=. body=
shift
while [ $# -gt 0 ]; do
	case $1 in
	--method) method=$2; shift ;;
	--jq) filter=$2; shift ;;
	--field) body=$here/${2#body=@}; shift ;;
	--paginate | --silent) ;;
	*) path=$1 ;;
	esac
	shift
done
case "$method $path" in
"GET repos/acme/portal/commits/"*"/pulls") jq -r "$filter" pulls.json ;;
"GET repos/acme/portal/issues/7/comments?per_page=100") jq -r "$filter" comments.json ;;
"GET repos/acme/portal/issues/comments/"*)
	jq --argjson id "${path##*/}" '.[] | select(.id == $id)' comments.json | jq -r "$filter" ;;
"POST repos/acme/portal/issues/7/comments")
	jq --rawfile body "$body" '. + [{id: (length + 100), user: {login: "github-actions[bot]", type: "Bot"}, body: $body}]' comments.json >new
	mv new comments.json ;;
"PATCH repos/acme/portal/issues/comments/"*)
	jq --rawfile body "$body" --argjson id "${path##*/}" 'map(if .id == $id then .body = $body else . end)' comments.json >new
	mv new comments.json ;;
*) echo "no such route: $method $path" >&2; exit 1 ;;
esac
"#;

/// A repository with a project, a sandbox, and GitHub.
struct Repository {
    services: Sandbox,
    folder: TempDir,
}

impl Repository {
    /// `None` where the stand-in cannot work.
    async fn new() -> Option<Repository> {
        let found = Command::new("jq").arg("--version").output().is_ok();
        if !found {
            assert!(std::env::var_os("CI").is_none(), "CI needs `jq`");
            println!("`jq` is not installed: the action is not tested");
            return None;
        }
        let services = Sandbox::start(Options {
            engines: Some(env!("CARGO_BIN_EXE_spaceport").into()),
            ..Options::default()
        })
        .await;
        let repository = Repository {
            services: services.expect("the sandbox starts"),
            folder: tempfile::tempdir().expect("there is room"),
        };
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pull-requests");
        fs::create_dir(repository.path("port-config")).expect("a folder");
        for name in ["spaceport.yaml", "service.yaml"] {
            fs::copy(
                example.join(name),
                repository.path("port-config").join(name),
            )
            .expect("it can be copied");
        }
        fs::create_dir(repository.path("github")).expect("a folder");
        fs::create_dir(repository.path("bin")).expect("a folder");
        repository.write("bin/gh", GH);
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(repository.path("bin/gh"), executable).expect("it can be run");
        std::os::unix::fs::symlink(
            env!("CARGO_BIN_EXE_spaceport"),
            repository.path("bin/spaceport"),
        )
        .expect("a link");
        repository.write("github/comments.json", "[]");
        repository.write(
            "github/pulls.json",
            &json!([{"number": 7, "merged_at": "2026-11-20T10:00:00Z"}]).to_string(),
        );
        Some(repository)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).expect("it can be written");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("it is there")
    }

    fn comments(&self) -> Vec<Value> {
        serde_json::from_str(&self.read("github/comments.json")).expect("JSON")
    }

    fn step(&self, name: &str, variables: &[(&str, &str)]) -> Output {
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/.github/actions/spaceport/spaceport.sh"
        );
        let path = format!(
            "{}:{}",
            self.path("bin").display(),
            std::env::var("PATH").expect("a path")
        );
        Command::new(script)
            .arg(name)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", path)
            .env("DIRECTORY", "port-config")
            .env("SNAPSHOT", "snapshot.json")
            .env("PLAN", "plan.md")
            .env("PULL_REQUEST", "7")
            .env("GITHUB_REPOSITORY", "acme/portal")
            .env("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567")
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STAND_IN", self.path("github"))
            .envs(variables.iter().copied())
            .output()
            .expect("the script can be run")
    }

    /// A step in a job that has credentials.
    fn trusted(&self, name: &str, variables: &[(&str, &str)]) -> Output {
        let url = self.services.url().to_owned();
        let mut all = vec![
            ("PORT_BASE_URL", url.as_str()),
            ("PORT_CLIENT_ID", CLIENT_ID),
            ("PORT_CLIENT_SECRET", CLIENT_SECRET),
        ];
        all.extend_from_slice(variables);
        self.step(name, &all)
    }

    /// What a step that ended well put out last under a name.
    fn said(&self, name: &str) -> String {
        let outputs = self.read("output");
        let begin = format!("{name}=");
        let line = outputs
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix(&begin));
        line.expect("it was put out").to_owned()
    }
}

#[track_caller]
fn well(output: Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}\n{}\n{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

#[track_caller]
fn badly(output: &Output, says: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it ended well");
    assert!(said.contains(says), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewed_plan_is_applied_on_merge() {
    let Some(repository) = Repository::new().await else {
        return;
    };
    well(repository.trusted("snapshot", &[]));
    repository.services.reset_requests();
    // A credential that is there by mistake reaches nobody.
    well(repository.step("plan", &[("PORT_CLIENT_SECRET", CLIENT_SECRET)]));
    assert!(repository.services.requests().is_empty());
    let reviewed = repository.said("digest");
    assert_eq!(reviewed.len(), 64);
    assert!(
        repository
            .read("plan.md")
            .contains("port.blueprint.service")
    );

    // Somebody else has written a marker, which is not believed.
    let marker = repository
        .read("plan.md")
        .lines()
        .next()
        .expect("a line")
        .to_owned();
    let forged = format!("{marker}\n<!-- digest: {} -->\n", "0".repeat(64));
    let person = json!([{"id": 1, "user": {"login": "mallory", "type": "User"}, "body": forged}]);
    repository.write("github/comments.json", &person.to_string());
    for _ in 0..2 {
        well(repository.step("comment", &[]));
        let comments = repository.comments();
        assert_eq!(comments.len(), 2);
        assert_eq!(comments[0]["body"], forged.as_str());
        assert_eq!(comments[1]["body"], repository.read("plan.md").as_str());
    }

    well(repository.trusted("digest", &[]));
    assert_eq!(repository.said("digest"), reviewed);
    let applied = well(repository.trusted("apply", &[("DIGEST", &reviewed)]));
    assert!(!applied.contains("::error"), "{applied}");
    // What was reviewed is done, so that the same digest fits no more.
    let again = repository.trusted("apply", &[("DIGEST", &reviewed)]);
    assert_eq!(again.status.code(), Some(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_plan_is_neither_published_nor_applied() {
    let Some(repository) = Repository::new().await else {
        return;
    };
    repository.write("plan.md", "no plan\n");
    badly(
        &repository.step("comment", &[]),
        "not the Markdown of a plan",
    );
    repository.write(
        "plan.md",
        &format!("<!-- spaceport plan: x -->\n{}", "a".repeat(70_000)),
    );
    badly(&repository.step("comment", &[]), "longer than a comment");
    badly(
        &repository.step("comment", &[("PULL_REQUEST", "7; rm -rf /")]),
        "is no number",
    );
    assert!(repository.comments().is_empty());
    badly(
        &repository.trusted("digest", &[]),
        "has no plan of this project",
    );
    repository.write("github/pulls.json", "[]");
    badly(
        &repository.trusted("digest", &[]),
        "came by no pull request",
    );
}

//! A week of a team: two environments, a branch that is planned without credentials and applied by its
//! digest, somebody who clicks, a file too few, and a branch too old. One sandbox sees all of it.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::stale_branch::git;
use crate::world::{Ran, World, binary, ran};

const SETTINGS: &str = "\
version: 1
project: portal
port: { region: eu }
spacelift: { account: acme }
limits: { deletes: 1 }
variables:
  prefix: { default: \"\", description: Before every name }
environments:
  staging: { variables: { prefix: staging_ } }
  prod: {}
default_environment: staging
";

/// One more blueprint of the team, in both environments.
fn blueprint(name: &str, title: &str) -> String {
    format!(
        "# What the team knows as {name}.\nkind: port.blueprint\nref: {name}\nspec:\n  identifier: \"${{var.prefix}}{name}\"\n  title: {title} # as people say\n  schema:\n    properties:\n      tier: {{ type: string, title: Tier }}\n"
    )
}

const HOOK: &str = "\
kind: port.webhook
ref: hook
spec:
  identifier: \"${var.prefix}hook\"
  title: Receiver
  security: { secret: \"${random.signature}\", signatureHeaderName: X-Signature-256, signatureAlgorithm: sha256, signaturePrefix: sha256= }
---
kind: spacelift.webhook
ref: sender
spec:
  name: \"${var.prefix}sender\"
  endpoint: \"${port.webhook.hook.url}\"
  space: root
  secret: \"${random.signature}\"
---
kind: spacelift.policy
ref: notify
spec:
  name: \"${var.prefix}notify\"
  type: NOTIFICATION
  engineType: REGO_V1
  space: root
  body: |
    package spacelift

    webhook contains {\"endpoint_id\": \"${spacelift.webhook.sender.id}\"} if {
      input.run_updated.run.type == \"TRACKED\"
    }
";

/// The team's repository, the services, and a place for what jobs hand to each other.
struct Team {
    world: World,
    artifacts: TempDir,
}

impl Team {
    fn on(&self, environment: &str, arguments: &[&str]) -> Ran {
        self.world.run(&[&["-e", environment], arguments].concat())
    }

    fn artifact(&self, name: &str) -> PathBuf {
        self.artifacts.path().join(name)
    }

    /// What a trusted job keeps for pull requests.
    fn snapshot(&self) -> String {
        let path = self.artifact("snapshot.json").display().to_string();
        self.world.forget_requests();
        self.on("staging", &["snapshot", "--out", &path]).exits(0);
        assert_eq!(self.world.writes(), [""; 0]);
        path
    }

    /// A plan in a pull request: nothing in the environment, nobody is asked. Comes with its digest.
    fn reviewed(&self, snapshot: &str) -> (Ran, String) {
        self.world.forget_requests();
        let mut command = binary();
        let root = self.world.root().display().to_string();
        command.args(["-C", &root, "-e", "staging", "plan", "--live", snapshot]);
        command.args(["--format", "markdown"]);
        let plan = ran(command.output().expect("the binary runs"));
        assert_eq!(self.world.sandbox.requests().len(), 0);
        let line = plan.out.lines().nth(1).unwrap_or_default();
        let digest = line
            .strip_prefix("<!-- digest: ")
            .and_then(|line| line.strip_suffix(" -->"));
        let digest = digest.expect("the digest is in the second line").to_owned();
        (plan, digest)
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.world.root(), arguments)
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    fn title(&self, identifier: &str) -> serde_json::Value {
        self.world.of_port("blueprints", identifier)["title"].clone()
    }
}

#[test]
fn a_team_has_a_week() {
    let world = World::new();
    world.write("spaceport.yaml", SETTINGS);
    world.write("hook.yaml", HOOK);
    for name in ["service", "domain", "system"] {
        world.write(&format!("{name}.yaml"), &blueprint(name, "Known"));
    }
    let team = Team {
        world,
        artifacts: tempfile::tempdir().expect("a temporary folder"),
    };
    team.git(&["init", "-q", "-b", "main"]);
    team.commit("the portal");

    // Monday: both environments from nothing.
    for environment in ["staging", "prod"] {
        team.on(environment, &["apply", "--yes"])
            .exits(0)
            .says("converged: 0 changes");
    }
    for environment in ["staging", "prod"] {
        team.on(environment, &["plan", "--detailed-exitcode"])
            .exits(0);
    }

    // Tuesday: a branch is planned from a snapshot, reviewed, merged, and applied as reviewed.
    let snapshot = team.snapshot();
    team.git(&["checkout", "-q", "-b", "better-title"]);
    team.world
        .edit("service.yaml", "title: Known", "title: Service");
    team.commit("a better title");
    let (plan, digest) = team.reviewed(&snapshot);
    let plan = plan
        .exits(0)
        .says("<!-- spaceport plan: portal/staging -->")
        .says("**Plan: 0 to create, 1 to update, 0 to delete.**")
        .says("```diff");
    assert!(plan.out.contains("Known") && plan.out.contains("Service"));
    team.git(&["checkout", "-q", "main"]);
    team.git(&["merge", "-q", "better-title"]);
    team.on("staging", &["apply", "--yes", "--expect", &digest])
        .exits(0)
        .says("converged: 0 changes");
    assert_eq!(team.title("staging_service"), "Service");
    assert_eq!(team.title("service"), "Known", "production waits");

    // Wednesday: a plan is reviewed, and somebody is quicker: what was reviewed is no longer true.
    let snapshot = team.snapshot();
    team.git(&["checkout", "-q", "-b", "domains"]);
    team.world
        .edit("domain.yaml", "title: Known", "title: Domain");
    team.commit("domains");
    let (_, digest) = team.reviewed(&snapshot);
    let mut domain = team.world.of_port("blueprints", "staging_domain");
    domain["description"] = json!("Clicked");
    for stamp in ["createdAt", "createdBy", "updatedAt", "updatedBy"] {
        domain.as_object_mut().expect("an object").remove(stamp);
    }
    team.world.quirks(json!({"user": "auth0|ann"}));
    team.world
        .port(Method::PUT, "/v1/blueprints/staging_domain", domain);
    team.world.quirks(json!({}));
    team.git(&["checkout", "-q", "main"]);
    team.git(&["merge", "-q", "domains"]);
    team.world.forget_requests();
    team.on("staging", &["apply", "--yes", "--expect", &digest])
        .exits(5);
    assert_eq!(team.world.writes(), [""; 0]);

    // Thursday: what was clicked is told with its author, and kept: the files say it from now on.
    team.world.forget_requests();
    team.on("staging", &["drift"])
        .exits(2)
        .says("port.blueprint.domain")
        .says("/description = \"Clicked\"")
        .says("last written by auth0|ann, 20");
    assert_eq!(team.world.writes(), [""; 0]);
    team.on("prod", &["drift"]).exits(0);
    team.world
        .edit("domain.yaml", "title: Domain", "title: Known");
    team.on("staging", &["export", "--path", "port.blueprint.domain"])
        .exits(0)
        .says("/description");
    let file = team.world.read("domain.yaml");
    assert!(file.contains("# as people say") && file.contains("description: Clicked"));
    team.on("staging", &["plan", "--detailed-exitcode"])
        .exits(0)
        .says("No changes");
    team.commit("keep what ann wrote");

    // Friday: two files too few are one too many for the brake, until somebody says that it is meant.
    team.git(&["branch", "before-the-purge"]);
    for file in ["domain.yaml", "system.yaml"] {
        team.world.remove(file);
    }
    team.commit("fewer blueprints");
    team.world.forget_requests();
    team.on("staging", &["apply", "--yes"])
        .exits(5)
        .says("--allow-deletes 2");
    assert_eq!(team.world.writes(), [""; 0]);
    team.on("staging", &["apply", "--yes", "--allow-deletes", "2"])
        .exits(0)
        .says("converged: 0 changes");
    assert!(team.world.of_port("blueprints", "staging_system").is_null());
    assert_eq!(team.title("system"), "Known", "production keeps its own");

    // And a branch from before that would bring it all back.
    team.git(&["checkout", "-q", "before-the-purge"]);
    let stale = "HEAD does not contain the commit";
    team.on("staging", &["plan"]).exits(0).says(stale);
    team.on("staging", &["apply", "--yes"]).exits(5).says(stale);
    assert!(team.world.of_port("blueprints", "staging_system").is_null());
}

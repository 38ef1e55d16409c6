//! Two Port organizations share one Spacelift account: each environment keeps to its own objects
//! there, and says whose the others are.

use reqwest::Method;
use serde_json::{Value, json};
use spaceport::sandbox::Options;

use crate::world::{PROJECT, Ran, World, policy};

/// Staging and production of one project: a Port organization each, and staging's Spacelift.
struct Neighbours {
    staging: World,
    prod: World,
}

impl Neighbours {
    fn of(project: World) -> Neighbours {
        let mut staging = project;
        let prod = World::of("examples/minimal").elsewhere(Options::default());
        staging.set("WEBHOOK_SECRET", "canary-signature");
        Neighbours { staging, prod }
    }

    /// A run in staging.
    fn staging(&self, arguments: &[&str]) -> Ran {
        self.staging.run(&[&["-e", "staging"], arguments].concat())
    }

    /// A run in production: the same project in front of the other Port organization.
    fn prod(&mut self, arguments: &[&str]) -> Ran {
        let there = self.staging.sandbox.url().to_owned();
        self.staging.set("PORT_BASE_URL", self.prod.sandbox.url());
        let ran = self.staging.run(&[&["-e", "prod"], arguments].concat());
        self.staging.set("PORT_BASE_URL", &there);
        ran
    }

    /// The names and labels of what the shared account holds.
    fn shared(&self, table: &str) -> Vec<(String, Vec<String>)> {
        let state = self.staging.state();
        let objects = state["spacelift"][table].as_object().expect("a table");
        let mut found: Vec<_> = objects
            .values()
            .map(|object| {
                let labels = object["labels"].as_array().expect("labels");
                let labels = labels.iter().filter_map(Value::as_str).map(str::to_owned);
                (
                    object["name"].as_str().expect("a name").to_owned(),
                    labels.collect(),
                )
            })
            .collect();
        found.sort();
        found
    }
}

/// The settings of a small project with two environments.
fn two() -> World {
    let world = World::new();
    let text = PROJECT.replace("ledger: { file: ledger.json }\n", "");
    world.write(
        "spaceport.yaml",
        &format!(
            "{text}environments:\n  staging: {{ ledger: {{ file: staging.json }} }}\n  prod: {{ ledger: {{ file: prod.json }} }}\n"
        ),
    );
    world
}

fn labelled(name: &str, label: &str) -> (String, Vec<String>) {
    (name.to_owned(), vec![label.to_owned()])
}

/// The example: both environments apply, and neither sees anything to do in the other's objects.
#[test]
fn staging_and_production_share_one_account() {
    let mut neighbours = Neighbours::of(World::of("examples/two-environments"));
    neighbours.staging(&["apply", "--yes"]).exits(0);
    neighbours.prod(&["apply", "--yes"]).exits(0);
    let (staging, prod) = (
        "spaceport:two-environments/staging",
        "spaceport:two-environments/prod",
    );
    assert_eq!(
        neighbours.shared("webhooks"),
        [labelled("Port", prod), labelled("Staging: Port", staging)]
    );
    neighbours
        .staging(&["plan", "--detailed-exitcode"])
        .exits(0)
        .says("No changes")
        .hides("spaceport:");
    neighbours
        .prod(&["plan", "--detailed-exitcode"])
        .exits(0)
        .says("No changes")
        .hides("spaceport:");

    // Each has a Port organization of its own, and staging's hook leads to staging's.
    let hook = neighbours.staging.of_spacelift("webhooks", "Staging: Port");
    let mapper = neighbours.staging.of_port("webhooks", "stack_mapper");
    assert_eq!(hook["endpoint"], mapper["url"]);
    assert!(
        !neighbours
            .prod
            .of_port("webhooks", "stack_mapper")
            .is_null()
    );
}

/// What leaves staging leaves staging alone.
#[test]
fn a_delete_in_one_environment_leaves_the_other_alone() {
    let mut neighbours = Neighbours::of(two());
    let both = "kind: spacelift.policy\nref: gate\nspec:\n  name: Gate ${var.where}\n  type: NOTIFICATION\n  engineType: REGO_V1\n  space: root\n  body: |\n    package spacelift\n\n    sample := true\n";
    let world = &neighbours.staging;
    world.write("gate.yaml", both);
    world.write(
        "other.yaml",
        &policy("Other").replace("spec:", "environments: [staging]\nspec:"),
    );
    for environment in ["staging", "prod"] {
        world.edit(
            "spaceport.yaml",
            &format!("  {environment}: {{ "),
            &format!("  {environment}: {{ variables: {{ where: {environment} }}, "),
        );
    }
    neighbours.staging(&["apply", "--yes"]).exits(0);
    neighbours.prod(&["apply", "--yes"]).exits(0);
    neighbours
        .staging
        .edit("gate.yaml", "spec:", "environments: [prod]\nspec:");
    neighbours
        .staging(&["apply", "--yes"])
        .exits(0)
        .says("1 deleted");
    assert!(
        neighbours
            .staging
            .of_spacelift("policies", "Gate staging")
            .is_null()
    );
    assert_eq!(
        neighbours.staging.of_spacelift("policies", "Gate prod")["labels"],
        json!(["spaceport:stories/prod"])
    );
    neighbours.prod(&["plan", "--detailed-exitcode"]).exits(0);
}

/// The same name in both is refused in the second, which is told whose it is and what to do.
#[test]
fn a_name_that_the_other_has_is_refused() {
    let mut neighbours = Neighbours::of(two());
    neighbours.staging.write("gate.yaml", &policy("Gate"));
    neighbours.staging(&["apply", "--yes"]).exits(0);
    neighbours.staging.forget_requests();
    for command in [
        &["plan"][..],
        &["apply", "--yes"],
        &["apply", "--yes", "--adopt", "all"],
    ] {
        neighbours
            .prod(command)
            .exits(5)
            .says("refused (label)")
            .says("environment `staging` of")
            .says("--adopt spacelift.policy.gate")
            .says("lifecycle:")
            .says("another `name`");
    }
    assert_eq!(neighbours.staging.writes(), [""; 0]);

    // Taken over on purpose, it is production's, and staging is told so.
    neighbours
        .prod(&["apply", "--yes", "--adopt", "spacelift.policy.gate"])
        .exits(0)
        .says("/labels");
    let labels = |world: &World| world.of_spacelift("policies", "Gate")["labels"].clone();
    assert_eq!(
        labels(&neighbours.staging),
        json!(["spaceport:stories/prod"])
    );
    neighbours.prod(&["plan", "--detailed-exitcode"]).exits(0);
    neighbours
        .staging(&["plan"])
        .exits(5)
        .says("refused (label)")
        .says("environment `prod` of");

    // Nor does staging delete what is production's by now.
    neighbours
        .staging
        .edit("gate.yaml", "spec:", "environments: [prod]\nspec:");
    neighbours.staging.write(
        "other.yaml",
        &policy("Other").replace("spec:", "environments: [staging]\nspec:"),
    );
    neighbours
        .staging(&["apply", "--yes"])
        .exits(5)
        .says("spaceport forget spacelift.policy.gate");
    assert!(
        !neighbours
            .staging
            .of_spacelift("policies", "Gate")
            .is_null()
    );
}

/// Of two objects with one name, the one that carries our label is ours.
#[test]
fn our_own_label_tells_namesakes_apart() {
    let mut neighbours = Neighbours::of(two());
    let world = &neighbours.staging;
    world.write("gate.yaml", &policy("Gate"));
    neighbours.staging(&["apply", "--yes"]).exits(0);
    // Ids are made from names once, so namesakes come from renaming.
    let create = "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
    let update = "mutation ($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id } }";
    for (name, label) in [
        ("Theirs", "spaceport:stories/prod"),
        ("Others", "spaceport:elsewhere"),
    ] {
        let mut input = json!({"name": name, "type": "NOTIFICATION", "engineType": "REGO_V1",
            "space": "root", "labels": [label], "body": "package spacelift\n\nsample := true\n"});
        let made = neighbours
            .staging
            .spacelift(create, json!({"input": input}));
        input["name"] = json!("Gate");
        input.as_object_mut().expect("an object").remove("type");
        let id = &made["policyCreatev2"]["id"];
        neighbours
            .staging
            .spacelift(update, json!({"id": id, "input": input}));
    }
    neighbours
        .staging(&["plan", "--detailed-exitcode"])
        .exits(0);
    // Production never applied; the one with its label is equal and becomes its own.
    neighbours
        .prod(&["plan"])
        .exits(0)
        .says("is equal: it becomes ours");
}

/// Labels of people come and go as before, and ours is never shown.
#[test]
fn other_labels_are_fields_like_others() {
    let world = World::new();
    world.write("gate.yaml", &policy("Gate"));
    // Made before there were labels: that alone is no change.
    let create = "mutation ($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }";
    let input = json!({"name": "Gate", "type": "NOTIFICATION", "engineType": "REGO_V1",
        "space": "root", "labels": [], "body": "package spacelift\n\nsample := true\n"});
    world.spacelift(create, json!({"input": input}));
    world.applied().says("No changes");
    assert_eq!(world.of_spacelift("policies", "Gate")["labels"], json!([]));
    world.plan().exits(0);
    // With its next write it gets ours, beside what people want.
    world.edit(
        "gate.yaml",
        "  space: root\n",
        "  space: root\n  labels: [team]\n",
    );
    world.plan().exits(2).says("/labels").hides("spaceport:");
    world.applied();
    assert_eq!(
        world.of_spacelift("policies", "Gate")["labels"],
        json!(["spaceport:stories", "team"])
    );
    world.plan().exits(0);
    world.edit("gate.yaml", "  labels: [team]\n", "");
    world.applied();
    assert_eq!(
        world.of_spacelift("policies", "Gate")["labels"],
        json!(["spaceport:stories"])
    );
    let none = world.port(Method::GET, "/v1/webhooks", Value::Null);
    assert!(none.to_string().find("spaceport:").is_none());
}

/// In the embedded sandbox, too, environments that name one account share it.
#[test]
fn embedded_environments_share_their_account() {
    let world = World::of("examples/two-environments");
    let shared = world.path(".spaceport/spacelift/acme/spacelift.json");
    for environment in ["staging", "prod"] {
        world
            .run(&["-e", environment, "apply", "--sandbox", "--yes"])
            .exits(0)
            .says("converged: 0 changes");
    }
    let kept = std::fs::read_to_string(&shared).expect("the account is kept");
    for name in ["Staging: Port", "spaceport:two-environments/prod"] {
        assert!(kept.contains(name), "{name}");
    }
    for environment in ["staging", "prod"] {
        world
            .run(&[
                "-e",
                environment,
                "plan",
                "--sandbox",
                "--detailed-exitcode",
            ])
            .exits(0);
        let port = world.path(&format!(".spaceport/sandbox/{environment}/port.json"));
        assert!(port.exists());
        assert!(!port.with_file_name("spacelift.json").exists());
    }
}

/// What happens to the objects of one environment is no drift of the other's.
#[test]
fn each_environment_drifts_for_itself() {
    let mut neighbours = Neighbours::of(World::of("examples/two-environments"));
    neighbours.staging(&["apply", "--yes"]).exits(0);
    neighbours.prod(&["apply", "--yes"]).exits(0);
    neighbours.staging(&["drift"]).exits(0).says("No drift");
    neighbours.prod(&["drift"]).exits(0).says("No drift");
    let rename = |world: &World, from: &str, to: &str| {
        let hook = world.of_spacelift("webhooks", from);
        world.spacelift(
            "mutation ($id: ID!, $input: NamedWebhooksIntegrationInput!) { namedWebhooksIntegrationUpdate(id: $id, input: $input) { id } }",
            json!({"id": hook["id"], "input": {
                "name": to, "endpoint": hook["endpoint"], "enabled": true,
                "space": hook["space"], "labels": hook["labels"],
                "retryOnFailure": hook["retry_on_failure"],
            }}),
        );
    };
    rename(&neighbours.staging, "Staging: Port", "Clicked");
    neighbours.prod(&["drift"]).exits(0).says("No drift");
    neighbours
        .staging(&["drift"])
        .exits(2)
        .says("renamed")
        .says("= \"Staging: Port\" → \"Clicked\"");
    // Gone, although the other environment has something of that name.
    let id = neighbours.staging.of_spacelift("webhooks", "Clicked")["id"].clone();
    neighbours.staging.spacelift(
        "mutation ($id: ID!) { namedWebhooksIntegrationDelete(id: $id) { id } }",
        json!({"id": id}),
    );
    rename(&neighbours.staging, "Port", "Staging: Port");
    neighbours
        .staging(&["drift"])
        .exits(2)
        .says("is gone")
        .hides("another object");
    neighbours.prod(&["drift"]).exits(2).says("renamed");
}

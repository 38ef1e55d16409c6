//! What a reviewer reads: plans, applies and findings in a pull request, and the graph of a project.

use crate::world::{World, blueprint, policy};

/// A list of findings names files as the repository has them, in Markdown and in annotations.
#[test]
fn findings_are_annotations_at_their_lines() {
    let mut world = World::new();
    world.write("a.yaml", &blueprint("a", "A").replace("title:", "titel:"));
    let repository = world.root().parent().expect("a folder around").to_owned();
    let folder = world.root().file_name().expect("a name").to_string_lossy();
    let folder = folder.into_owned();
    world.set("GITHUB_WORKSPACE", &repository.to_string_lossy());
    world.set(
        "GITHUB_STEP_SUMMARY",
        &world.path("summary.md").to_string_lossy(),
    );

    let ran = world.run(&["validate", "--format", "github"]).exits(3);
    let first = ran.out.lines().next().expect("an annotation");
    assert!(
        first.starts_with(&format!(
            "::error file={folder}/a.yaml,line=4,col=3,title=config%3A%3Aunknown_field::"
        )),
        "{first}"
    );
    assert!(first.contains("%0Adid you mean `title`?"), "{first}");
    assert!(
        ran.out.lines().all(|line| line.starts_with("::")),
        "{}",
        ran.out
    );
    let summary = world.read("summary.md");
    assert!(
        summary.contains(&format!("`{folder}/a.yaml:4:3`")),
        "{summary}"
    );

    let ran = world.run(&["validate", "--format", "markdown"]).exits(3);
    assert!(summary.ends_with(&ran.out), "{summary}");

    world.edit("a.yaml", "titel:", "title:");
    let ran = world.run(&["validate", "--format", "markdown"]).exits(0);
    assert_eq!(ran.out, "stories: 1 object, valid\n");
    world
        .run(&["validate", "--format", "github"])
        .exits(0)
        .hides("::");
    assert!(
        world
            .read("summary.md")
            .ends_with("\nstories: 1 object, valid\n")
    );
}

/// The graph of a project needs no service and no credential, and is the same each time.
#[test]
fn a_project_is_drawn_offline() {
    let world = World::new();
    world.write(
        "a.yaml",
        &format!(
            "{}---\n{}---\n{}",
            blueprint("stack", "Stack"),
            "kind: port.webhook\nspec:\n  identifier: mapper\n  title: Mapper\n  mappings:\n    - blueprint: stack\n      filter: .body.x == true\n      entity: { identifier: .body.id, title: .body.name }\n",
            "kind: spacelift.webhook\nspec:\n  name: Port\n  endpoint: ${port.webhook.mapper.url}\n  space: root\n",
        ),
    );
    world.write("b.yaml", &policy("Alone \"]; click n0"));
    world.forget_requests();
    let drawn = world.run(&["graph"]).exits(0).out;
    insta::assert_snapshot!(drawn, @r##"
    flowchart LR
      subgraph port["Port"]
        n0["blueprint.stack"]
        n1["webhook.mapper"]
      end
      subgraph spacelift["Spacelift"]
        n2["policy.alone-click-n0"]
        n3["webhook.port"]
      end
      n1 -->|"/mappings/0/blueprint"| n0
      n3 -->|"url"| n1
    "##);
    assert_eq!(world.run(&["graph"]).exits(0).out, drawn);
    insta::assert_snapshot!(world.run(&["graph", "--format", "dot"]).exits(0).out, @r##"
    digraph spaceport {
      rankdir=LR;
      node [shape=box];
      subgraph cluster_port {
        label="Port";
        n0 [label="blueprint.stack"];
        n1 [label="webhook.mapper"];
      }
      subgraph cluster_spacelift {
        label="Spacelift";
        n2 [label="policy.alone-click-n0"];
        n3 [label="webhook.port"];
      }
      n1 -> n0 [label="/mappings/0/blueprint"];
      n3 -> n1 [label="url"];
    }
    "##);
    assert_eq!(world.writes(), Vec::<String>::new());

    world.edit("a.yaml", "blueprint: stack", "blueprint: elsewhere");
    world
        .run(&["graph"])
        .exits(0)
        .says("blueprint.elsewhere · elsewhere");
    world.edit("a.yaml", "title: Stack", "titel: Stack");
    world.run(&["graph"]).exits(3).says("did you mean `title`?");
}

/// A plan in Markdown begins with the marker that a job finds its comment by, and holds the same
/// changes as the one for people.
#[test]
fn a_plan_is_a_comment() {
    let world = World::of("port-config");
    let ran = world.run(&["plan", "--format", "markdown"]).exits(0);
    assert!(
        ran.out
            .starts_with("<!-- spaceport plan: port-spacelift -->\n"),
        "{}",
        ran.out
    );
    for words in [
        "**Plan: 10 to create, 0 to update, 0 to delete.**",
        "| `+` | `port.blueprint.space_lift_stack` | create |",
        "+   package spacelift",
        "-->|\"url\"|",
        "+ secretValue: (secret) from ${env.SPACELIFT_RUNTIME_KEY_SECRET}",
    ] {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
    assert_eq!(
        world.run(&["plan", "--format", "markdown"]).exits(0).out,
        ran.out
    );
    let second = ran.out.lines().nth(1).unwrap_or_default();
    assert!(second.starts_with("<!-- digest: "), "{second}");
    let file = world.path(".plan.json").to_string_lossy().into_owned();
    world
        .run(&["plan", "--out", &file, "--detailed-exitcode"])
        .exits(2);
    let kept = world.run(&["show", &file, "--format", "markdown"]).exits(0);
    assert_eq!(kept.out.lines().nth(1), Some(second));
    assert!(kept.out.contains("+   package spacelift"), "{}", kept.out);
}

/// In a workflow, stdout holds annotations alone and the summary of the step tells all of it.
#[test]
fn a_workflow_gets_annotations_and_a_summary() {
    let mut world = World::new();
    world.write(
        "a.yaml",
        &format!("{}lifecycle: {{ protect: true }}\n", blueprint("a", "A")),
    );
    world.write("b.yaml", &blueprint("b", "B"));
    world.set(
        "GITHUB_STEP_SUMMARY",
        &world.path("summary.md").to_string_lossy(),
    );
    let ran = world
        .run(&["apply", "--yes", "--format", "github"])
        .exits(0);
    assert_eq!(
        ran.out,
        "::notice title=stories::Plan: 2 to create, 0 to update, 0 to delete.\n::notice title=apply::Applied: 2 created, 0 updated, 0 deleted.\n"
    );
    let summary = world.read("summary.md");
    for words in [
        "\n<!-- spaceport plan: stories -->\n",
        "| `+` | `port.blueprint.a` | create |",
        "**Applied: 2 created, 0 updated, 0 deleted.**",
        "converged: 0 changes",
    ] {
        assert!(summary.contains(words), "{words}\n{summary}");
    }

    world.remove("a.yaml");
    let ran = world.run(&["plan", "--format", "github"]).exits(5);
    let refused: Vec<&str> = ran
        .out
        .lines()
        .filter(|line| line.starts_with("::error "))
        .collect();
    let [protect] = refused.as_slice() else {
        panic!("{}", ran.out)
    };
    assert!(
        protect.starts_with("::error title=refused (protect)::"),
        "{protect}"
    );
    assert!(protect.contains("%0Aallowed by: "), "{protect}");
    world
        .run(&["plan", "--format", "markdown"])
        .exits(5)
        .says("> [!CAUTION]\n> **Apply refuses this plan.**");
}

/// What was applied stands below its plan.
#[test]
fn an_apply_in_markdown_ends_with_its_proof() {
    let world = World::new();
    world.write("a.yaml", &blueprint("a", "A"));
    let ran = world
        .run(&["apply", "--yes", "--format", "markdown"])
        .exits(0);
    assert!(
        ran.out.starts_with("<!-- spaceport plan: stories -->\n"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains(
            "\n\n**Applied: 1 created, 0 updated, 0 deleted.**\n\nconverged: 0 changes, "
        ),
        "{}",
        ran.out
    );
    assert!(
        ran.err.contains("+ port.blueprint.a  created"),
        "{}",
        ran.err
    );
}

/// Secrets, headers that authorise and intake URLs are in no format.
#[test]
fn no_format_shows_what_gives_access() {
    let mut world = World::new();
    world.set("TOKEN", "canary-of-the-environment");
    world.write(
        "a.yaml",
        "\
kind: port.secret
spec: { secretName: A, secretValue: \"${env.TOKEN}\" }
---
kind: port.action
spec:
  identifier: call
  title: Call
  trigger: { type: self-service, operation: CREATE, userInputs: { properties: {}, required: [] } }
  invocationMethod:
    type: WEBHOOK
    url: https://bob:canary-of-a-url@example.org/
    headers: { Authorization: Bearer canary-of-a-header }
---
kind: port.webhook
spec: { identifier: mapper, title: Mapper, mappings: [] }
---
kind: spacelift.webhook
spec: { name: Hook, endpoint: \"${port.webhook.mapper.url}\", space: root, secret: \"${env.TOKEN}\" }
",
    );
    world.set(
        "GITHUB_STEP_SUMMARY",
        &world.path("summary.md").to_string_lossy(),
    );
    for command in [&["plan"][..], &["apply", "--yes"], &["plan"]] {
        for format in ["markdown", "github"] {
            let words = [command, &["--format", format]].concat();
            let ran = world.run(&words).exits(0);
            ran.hides("canary").hides("https://ingest.");
        }
    }
    world.edit("a.yaml", "title: Call", "title: Called");
    world.edit("a.yaml", "canary-of-a-header", "canary-of-another");
    world
        .run(&["plan", "--format", "github"])
        .exits(0)
        .hides("canary");
    let summary = world.read("summary.md");
    assert!(summary.contains("(redacted)"), "{summary}");
    assert!(!summary.contains("canary"), "{summary}");
    world.run(&["graph"]).exits(0).hides("canary");
}

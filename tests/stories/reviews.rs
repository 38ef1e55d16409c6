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

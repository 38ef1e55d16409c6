//! Secret texts that stand in the files by mistake are never shown beside a finding (law 5).

use crate::world::World;

/// However a secret is written, the finding about it shows dots.
#[test]
fn no_finding_repeats_a_secret_text() {
    let world = World::new();
    world.write("words.txt", "canary ${nope.x}\n");
    world.write(
        "all.yaml",
        "\
kind: port.secret
spec:
  secretName: A
  secretValue:
    canary
---
kind: spacelift.webhook
spec:
  name: Hook
  endpoint: \"ftp://bob:canary@host/x\"
  space: root
  secretHeaders:
    X-Key: canary
    X-Other: { text: [canary] }
---
kind: port.secret
spec:
  secretName: B
  description: &a canary
  secretValue: *a
---
kind: port.secret
spec:
  secretName: C
  secretValue: >-
    canary ${env.X} ${bad
---
kind: port.secret
spec:
  secretName: D
  secretValue: ${file:words.txt}
",
    );
    for format in ["human", "json"] {
        world
            .run(&["validate", "--format", format])
            .exits(3)
            .says("lint::literal_secret")
            .hides("canary");
    }
}

/// `lifecycle.extra` is for unknown fields: a secret in it would be shown in the plan.
#[test]
fn extra_cannot_stand_in_for_a_secret() {
    let world = World::new();
    let document = "kind: port.secret\nspec:\n  secretName: A\n  secretValue: ${env.X}\nlifecycle:\n  extra: { secretValue: canary }\n";
    world.write("a.yaml", document);
    world
        .plan()
        .exits(3)
        .says("config::not_here")
        .hides("canary");
    world.edit("a.yaml", "secretValue: canary", "later: \"${env.X}\"");
    world.plan().exits(3).says("is not read in");
    world.edit("a.yaml", "later: \"${env.X}\"", "later: 1");
    world.run(&["validate"]).exits(0);
}

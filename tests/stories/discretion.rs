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

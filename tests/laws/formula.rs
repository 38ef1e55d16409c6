//! The requests of an apply, to the last one (design, budgets): tokens, reads, lease, head, writes,
//! header calls, the ledger, and the closing reads. Nothing else is sent.

use crate::generate::{self, Size};
use crate::world::World;

/// Both tokens.
const TOKENS: usize = 2;
/// Five lists of Port, the ledger, and one document of Spacelift.
const READS: usize = 7;
/// Taking the lease and giving it back.
const LEASE: usize = 2;
/// The lease is renewed before each save of the ledger.
const RENEWED: usize = 1;
/// The ledger's head, once more after the lease is taken.
const HEAD: usize = 1;
/// What is changed is looked at again.
const CLOSING: usize = READS;
/// The ledger's blueprint and its permissions; and the organization's id, which the head keeps.
const SET_UP: usize = 3;

/// How many requests there were since the last call.
fn asked(world: &World) -> usize {
    let asked = world.sandbox.requests();
    world.forget_requests();
    asked.len()
}

/// Looks at the ways of `asked` and says which requests there were.
#[track_caller]
fn exactly(world: &World, expected: usize) {
    let requests: Vec<String> = world
        .sandbox
        .requests()
        .iter()
        .map(|entry| format!("{} {} {:?}", entry.method, entry.path, entry.operation))
        .collect();
    let count = asked(world);
    assert_eq!(count, expected, "{requests:#?}");
}

/// From nothing, with one change, and with none.
fn three_applies(world: &World, writes: usize, change: impl Fn(&World)) {
    world.forget_requests();
    world.applied();
    // The ledger: intents in a head, then a chunk and the head for each sixteenth that has entries.
    let ledger = RENEWED + 1 + RENEWED + chunks(world) + 1;
    exactly(
        world,
        TOKENS + READS + SET_UP + LEASE + HEAD + writes + ledger + CLOSING,
    );

    change(world);
    world.forget_requests();
    world.applied();
    // Nothing is created, deleted or sent in secret, so there are no intents: one chunk, the head.
    exactly(
        world,
        TOKENS + READS + LEASE + HEAD + 1 + RENEWED + 2 + CLOSING,
    );

    world.applied();
    exactly(world, TOKENS + READS);
    world.plan().exits(0);
    exactly(world, TOKENS + READS);
}

/// How many chunks the ledger lies in.
fn chunks(world: &World) -> usize {
    let state = world.state();
    let entities = state["port"]["entities"].as_object().expect("a table");
    let of_ledger = entities
        .keys()
        .filter(|key| key.starts_with("spaceport_project "));
    // The head is an entity as well.
    of_ledger.count() - 1
}

#[test]
fn the_guides_wiring_asks_what_the_formula_says() {
    let world = World::of("port-config");
    let objects = 10;
    // A token is minted for Port, with the key that Port will hold.
    let minted = 1;
    three_applies(&world, objects + minted, |world| {
        let path = "blueprint.yaml";
        world.edit(path, "title: SpaceLift Stack", "title: Another");
    });
}

#[test]
fn a_generated_project_asks_what_the_formula_says() {
    let mut world = World::in_port();
    let size = Size {
        objects: 30,
        named_webhooks: 5,
    };
    let secrets = generate::write(world.root(), size).expect("the folder is writable");
    for name in secrets {
        world.set(&name, "generated text");
    }
    world.edit(
        "spaceport.yaml",
        "ledger: { file: .spaceport/ledger.json }\n",
        "",
    );
    let header_calls = size.named_webhooks;
    three_applies(&world, size.objects + header_calls, |world| {
        world.edit(
            "part-0/objects-0.yaml",
            "title: Blueprint 0\n",
            "title: Another\n",
        );
    });
}

//! Ledgers: a file, chunks in Port, and plans under what such a ledger says.

use serde_json::Value as Json;
use spaceport::decide::ledger::trust::{Belief, Seen, open};
use spaceport::decide::ledger::{Ledger, Scope, chunk};
use spaceport::there::Live;

use super::world::{self, WORLD};

/// A ledger as a file holds it; behind the separator the entities of one in Port.
pub fn run(data: &[u8]) -> bool {
    let Some([file, entities]) = super::parts(data) else {
        return false;
    };
    let mut taken = false;
    if let Ok(ledger) = serde_json::from_str::<Ledger>(file) {
        taken = true;
        world::look(&WORLD.desired, &Live::default(), &ledger);
        let text = serde_json::to_string(&ledger).expect("a ledger is JSON");
        assert_eq!(
            serde_json::from_str::<Ledger>(&text).ok().as_ref(),
            Some(&ledger)
        );
        let (_, chunks) = chunk::split(&ledger.entries, 1);
        for text in chunks.values() {
            assert!(chunk::entries(text).is_ok());
            assert_eq!(chunk::pieces(text).concat(), *text);
        }
    }
    let _ = chunk::entries(file);
    let scope = Scope::new("hostile", None);
    let Ok(entities) = serde_json::from_str::<Vec<Json>>(entities) else {
        return taken;
    };
    let text = |one: &Json, key: &str| match one.get(key) {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let seen = entities.iter().map(|one| Seen {
        // So that identifiers are found that nobody would guess.
        id: text(one, "id").replace("HEAD", scope.head()),
        generation: one
            .get("generation")
            .and_then(Json::as_u64)
            .unwrap_or_default(),
        content: text(one, "content"),
        seal: one.get("seal").and_then(Json::as_str).map(str::to_owned),
        updated_by: text(one, "by"),
        updated_at: String::new(),
        created_at: String::new(),
    });
    let seen: Vec<Seen> = seen.collect();
    for all in [true, false] {
        let belief = Belief {
            seal: &|_| None,
            all,
        };
        if let Ok(opened) = open(&scope, &seen, belief)
            && let Some(ledger) = opened.ledger
        {
            taken = true;
            world::look(&WORLD.desired, &Live::default(), &ledger);
        }
    }
    taken
}

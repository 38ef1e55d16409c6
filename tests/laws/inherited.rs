//! Export, then plan: organizations that were clicked together become files that a plan calls equal,
//! however the services word their answers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use crate::bed::{config, holds, ran, reword};
use crate::clicked::clicked;
use crate::world::World;

/// The text of every file below a folder, by path.
fn texts(at: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(at).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a text");
        found.insert(path.display().to_string(), text);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_exported_is_equal(seed in any::<u64>(), size in 1_usize..5, words in any::<u64>(), references in any::<bool>()) {
        let world = World::new();
        let made = clicked(&world, seed, size);
        world.forget_requests();
        reword(&world, words);
        let out = world.path("live");
        let mut arguments = vec!["export", "--out", out.to_str().expect("text")];
        if references {
            arguments.push("--with-references");
        }
        let exported = ran(&world, &arguments, &[0])?;
        holds(!exported.err.contains("Not exported"), || exported.err.clone())?;
        let mut files = BTreeMap::new();
        texts(&out, &mut files);
        let documents = files.keys().filter(|path| path.ends_with(".yaml")).count();
        holds(documents == made, || format!("{documents} of {made}: {}", exported.err))?;
        for (path, text) in &files {
            let secret = text.contains("canary") || text.contains("://ingest");
            holds(!secret, || format!("{path}\n{text}"))?;
        }
        reword(&world, words.wrapping_add(1));
        ran(&world, &["plan", "--detailed-exitcode"], &[0])?;
        holds(world.writes().is_empty(), || format!("{:?}", world.writes()))?;
    }
}

//! Organizations that were there before us, written down as files: the plan of those files is empty.

use std::collections::BTreeSet;
use std::path::Path;

use crate::clicked::clicked;
use crate::world::World;

/// Every file below a folder, by path.
fn files(world: &World, folder: &str) -> BTreeSet<String> {
    fn walk(at: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => walk(&path, root, found),
                false => {
                    let path = path.strip_prefix(root).expect("below").to_str();
                    found.insert(path.expect("text").replace('\\', "/"));
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    let root = world.path(folder);
    walk(&root, &root, &mut found);
    found
}

/// Done when 2: two hundred objects of all kinds become files that a plan calls equal, with
/// references and without, and not one of their secrets is in a file.
#[test]
fn two_hundred_objects_become_files_that_are_equal() {
    let world = World::new();
    let made = clicked(&world, 7, 25);
    assert!(made >= 200, "{made}");
    for flag in [None, Some("--with-references")] {
        let out = world.path("live");
        let mut arguments = vec!["export", "--out", out.to_str().expect("text")];
        arguments.extend(flag);
        world.forget_requests();
        let ran = world.run(&arguments).exits(0).hides("canary");
        assert!(!ran.err.contains("Not exported"), "{}", ran.err);
        assert_eq!(world.writes(), [""; 0]);
        let documents = files(&world, "live");
        let yaml = documents.iter().filter(|path| path.ends_with(".yaml"));
        assert_eq!(yaml.count(), made, "{}", ran.err);
        for path in &documents {
            let text = world.read(&format!("live/{path}"));
            assert!(!text.contains("canary"), "{path}\n{text}");
            assert!(!text.contains("https://ingest"), "{path}\n{text}");
        }
        let plan = world.plan().exits(0);
        for word in [" to create", " to update", " to replace", " to delete"] {
            assert!(!plan.out.contains(word), "{}", plan.out);
        }
        assert!(plan.out.contains(&format!("{made}")), "{}", plan.out);
        std::fs::remove_dir_all(&out).expect("the folder is there");
    }
}

//! What the stories of the kinds' tests are told with.

use serde_json::Value as Json;

use crate::kinds::{Kind, check};
use crate::words::{Findings, Node, Place, Value};

/// What is found in a document, `code: message (help)` each, in order of place and code.
pub fn found(kind: &dyn Kind, spec: &Json) -> Vec<String> {
    let mut findings = Findings::default();
    let node = kind.upgrade(node(spec), &mut findings);
    check::check(kind.shape(), &node, "spec", &mut findings);
    kind.check(&node, &mut findings);
    findings
        .sorted()
        .into_iter()
        .map(|f| match f.help {
            Some(help) => format!("{}: {} ({help})", f.code, f.message),
            None => format!("{}: {}", f.code, f.message),
        })
        .collect()
}

/// JSON as a node, all of it at one place.
pub fn node(spec: &Json) -> Node {
    Node::from_json(Place::new(0, 0, 0), spec)
}

/// What a document names: `at: address`, `?` when it is soft, `#property` when one is meant.
pub fn mentioned(kind: &dyn Kind, spec: &Json) -> Vec<String> {
    kind.mentions(&Value::from(spec.clone()))
        .into_iter()
        .map(|m| {
            let soft = if m.hard { "" } else { "?" };
            let or = m
                .or_kind
                .map_or(String::new(), |kind| format!(" or {kind}"));
            let property = m.property.map_or(String::new(), |(property, maps)| {
                format!(" #{property} in {}", maps.first().unwrap_or(&""))
            });
            format!("{}: {}{or}{soft}{property}", m.at, m.addr)
        })
        .collect()
}

/// A document with some of its places changed: `null` removes.
pub fn changed(spec: &Json, changes: &[(&str, Json)]) -> Json {
    let mut spec = spec.clone();
    for (pointer, value) in changes {
        let (above, key) = pointer.rsplit_once('/').expect("a pointer begins with `/`");
        let above = spec
            .pointer_mut(above)
            .and_then(Json::as_object_mut)
            .unwrap_or_else(|| panic!("`{above}` is a map of the document"));
        if value.is_null() {
            above.shift_remove(key);
        } else {
            above.insert(key.to_owned(), value.clone());
        }
    }
    spec
}

/// The JSON documents of a folder below the one that `SPACEPORT_CORPUS` names; `None`, with a line
/// that says so, when it names none.
pub fn corpus(folder: &str) -> Option<Vec<(String, Json)>> {
    let Some(root) = std::env::var_os("SPACEPORT_CORPUS") else {
        println!("SPACEPORT_CORPUS is not set: real {folder} are not checked");
        return None;
    };
    let folder = std::path::Path::new(&root).join(folder);
    let mut documents = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("the corpus has this folder") {
        let path = entry.expect("the folder can be listed").path();
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        let json = serde_json::from_str(&text).expect("the file is JSON");
        documents.push((path.display().to_string(), json));
    }
    documents.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!documents.is_empty(), "the corpus is empty");
    Some(documents)
}

#[cfg(test)]
mod tests {
    use crate::kinds::ALL;

    #[test]
    fn every_kind_is_in_its_place_and_every_field_is_documented() {
        let names: Vec<(_, &str)> = ALL.iter().map(|k| (k.service(), k.word())).collect();
        assert!(names.is_sorted(), "{names:?}");
        for kind in ALL {
            let undocumented = kind.shape().pick(&|field| {
                !field.doc.ends_with('.') || !field.doc.starts_with(char::is_uppercase)
            });
            assert!(undocumented.is_empty(), "{}: {undocumented:?}", kind.name());
            let bad_defaults = kind.shape().pick(&|field| {
                field
                    .rules
                    .default
                    .is_some_and(|json| serde_json::from_str::<serde_json::Value>(json).is_err())
            });
            assert!(bad_defaults.is_empty(), "{}: {bad_defaults:?}", kind.name());
        }
    }
}

//! One live object against what the ledger says was applied: which places are not as they were.
//!
//! The ledger has digests and no values, so that only "another one" can be told. Deliberately not
//! here: what the project wants by now (see [`super`]).

use crate::decide::ledger::Entry;
use crate::decide::ledger::lease::milliseconds;
use crate::kinds::{Kind, Observed};
use crate::words::{Pointer, Value};

/// What became of a place since it was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Something else stands there.
    Changed,
    /// Nothing stood there.
    Came,
    /// Nothing stands there any more.
    Went,
}

/// The places that are not as they were applied, in order.
pub fn since(kind: &dyn Kind, entry: &Entry, live: &Value) -> Vec<(Pointer, How)> {
    let then = &entry.digests;
    // A create that failed halfway has noted nothing but the object itself.
    if then.is_empty() || then.contains_key("") {
        return Vec::new();
    }
    let now = entry.told(kind, live);
    let mut places: Vec<(Pointer, How)> = Vec::new();
    for (at, digest) in then.iter() {
        let how = match now.get(at) {
            Some(same) if same == digest => continue,
            Some(_) => How::Changed,
            None => How::Went,
        };
        places.extend(Pointer::parse(at).map(|at| (at, how)));
    }
    let came = now.keys().filter(|at| !then.contains_key(at));
    places.extend(came.filter_map(|at| Some((Pointer::parse(at)?, How::Came))));
    places.sort_by(|a, b| a.0.cmp(&b.0));
    places
}

/// Whether somebody else wrote what cannot be read: its service says that it was written later
/// than we did.
pub fn rewritten(entry: &Entry, live: &Observed) -> bool {
    let (Some(then), Some(now)) = (&entry.touched, &live.touched.at) else {
        return false;
    };
    match (milliseconds(then), milliseconds(now)) {
        (Some(then), Some(now)) => now > then,
        _ => then != now,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::decide::ledger::digests;
    use crate::kinds::{self, Touch};
    use crate::words::value::Map;

    fn kind() -> &'static dyn Kind {
        kinds::find("port.blueprint").expect("a kind")
    }

    fn spec() -> Json {
        json!({
            "identifier": "b", "title": "B",
            "schema": { "properties": { "p": { "type": "string", "title": "P" } } },
        })
    }

    fn entry(spec: Json, ignore: &[&str], extra: &[&str]) -> Entry {
        let ignore: Vec<Pointer> = ignore.iter().filter_map(|at| Pointer::parse(at)).collect();
        let extra = extra.iter().map(|key| (*key).to_owned()).collect();
        Entry {
            digests: digests(kind(), &spec.into(), &ignore, &extra),
            ignore,
            ..Entry::default()
        }
    }

    fn told(entry: &Entry, live: Json) -> Vec<String> {
        let found = since(kind(), entry, &live.into());
        found
            .iter()
            .map(|(at, how)| format!("{how:?} {at}"))
            .collect()
    }

    #[test]
    fn places_change_come_and_go() {
        let entry = entry(spec(), &[], &[]);
        assert_eq!(told(&entry, spec()), [""; 0]);
        let mut live = spec();
        live["icon"] = json!("Box");
        live["schema"]["properties"]["p"]["title"] = json!("Q");
        live.as_object_mut().expect("a map").remove("title");
        assert_eq!(
            told(&entry, live),
            ["Came /icon", "Changed /schema/properties/p", "Went /title"]
        );
    }

    #[test]
    fn what_was_left_to_others_or_added_by_a_server_is_not_seen() {
        let entry = entry(spec(), &["/schema/properties/p/title", "/icon"], &[]);
        let mut live = spec();
        live["icon"] = json!("Box");
        live["later"] = json!(1);
        live["createdAt"] = json!("2026-01-01T00:00:00Z");
        live["relations"] = json!({});
        live["schema"]["properties"]["p"]["title"] = json!("Q");
        live["schema"]["properties"]["p"]["later"] = json!(true);
        assert_eq!(told(&entry, live), [""; 0]);
    }

    #[test]
    fn a_field_of_the_project_that_nobody_knows_is_seen() {
        let with = |later: i64| {
            let mut spec = spec();
            spec["later"] = json!(later);
            spec
        };
        let entry = entry(with(1), &[], &["later"]);
        assert_eq!(told(&entry, with(1)), [""; 0]);
        assert_eq!(told(&entry, with(2)), ["Changed /later"]);
        assert_eq!(told(&entry, spec()), ["Went /later"]);
    }

    #[test]
    fn of_parts_only_the_managed_places_are_seen() {
        let ours =
            json!({ "schema": { "properties": { "p": { "type": "string", "title": "P" } } } });
        let managed = Entry {
            manage: Pointer::parse("/schema/properties/p").into_iter().collect(),
            ..entry(ours, &[], &[])
        };
        let mut live = spec();
        live["title"] = json!("Theirs");
        live["schema"]["properties"]["q"] = json!({ "type": "string" });
        assert_eq!(told(&managed, live.clone()), [""; 0]);
        live["schema"]["properties"]["p"]["type"] = json!("number");
        assert_eq!(told(&managed, live), ["Changed /schema/properties/p"]);
    }

    #[test]
    fn a_create_that_failed_halfway_tells_nothing() {
        assert_eq!(told(&entry(json!({}), &[], &[]), spec()), [""; 0]);
        assert_eq!(told(&Entry::default(), spec()), [""; 0]);
    }

    #[test]
    fn only_a_later_write_is_somebody_elses() {
        let wrote = |then: Option<&str>, now: Option<&str>| {
            let entry = Entry {
                touched: then.map(str::to_owned),
                ..Entry::default()
            };
            let live = Observed {
                born: Default::default(),
                touched: Touch {
                    at: now.map(str::to_owned),
                    by: None,
                },
                id: String::new(),
                name: String::new(),
                value: Value::Null,
                exports: Map::new(),
            };
            rewritten(&entry, &live)
        };
        let then = Some("2026-11-20T10:00:00.000Z");
        assert!(wrote(then, Some("2026-11-20T10:00:00.001Z")));
        for now in [
            then,
            Some("2026-11-20T10:00:00Z"),
            Some("2026-11-20T09:00:00Z"),
            None,
        ] {
            assert!(!wrote(then, now), "{now:?}");
        }
        assert!(!wrote(None, then));
        assert!(wrote(Some("a"), Some("b")));
    }
}

//! Comparing: what was expected, with its places, against what came.
//!
//! Of maps only what is named is compared, so that a test says what it is about and nothing else.
//! Lists are compared whole. Null is as good as absent.

use serde_json::Value as Json;

use crate::follow::wiring::Wiring;
use crate::words::{Data, Node, Place, Pointer};

/// A place where something else came than was expected.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    /// Where the expectation stands.
    pub place: Place,
    /// Where in the value.
    pub at: Pointer,
    /// What was expected; `None` when nothing was.
    pub expected: Option<Json>,
    /// What came.
    pub got: Json,
}

/// All differences. `exactly` means that maps hold nothing more than was named.
pub(super) fn differences(
    wiring: &Wiring<'_>,
    expected: &Node,
    got: &Json,
    exactly: bool,
) -> Vec<Difference> {
    let mut walk = Compare {
        wiring,
        exactly,
        at: Pointer::root(),
        found: Vec::new(),
    };
    walk.value(expected, got);
    walk.found
}

struct Compare<'a> {
    wiring: &'a Wiring<'a>,
    exactly: bool,
    at: Pointer,
    found: Vec<Difference>,
}

impl Compare<'_> {
    fn value(&mut self, expected: &Node, got: &Json) {
        match (&expected.data, got) {
            (Data::Map(entries), Json::Object(map)) => {
                let headers = self.at.parts().last().is_some_and(|last| last == "headers");
                for (key, node) in entries.iter() {
                    let own = map.get(key.text.as_str()).or_else(|| {
                        // Names of headers are the same in every case.
                        let same = |name: &&String| name.eq_ignore_ascii_case(&key.text);
                        let name = map.keys().find(same).filter(|_| headers)?;
                        map.get(name)
                    });
                    self.at.push(&key.text);
                    self.value(node, own.unwrap_or(&Json::Null));
                    self.at.pop();
                }
                for (key, value) in map.iter().filter(|_| self.exactly) {
                    let named = entries.iter().any(|(own, _)| own.text == *key);
                    if !named && !value.is_null() {
                        self.found.push(Difference {
                            place: expected.place,
                            at: self.at.join(key),
                            expected: None,
                            got: value.clone(),
                        });
                    }
                }
            }
            (Data::List(items), Json::Array(list)) if items.len() == list.len() => {
                for (index, (item, got)) in items.iter().zip(list).enumerate() {
                    self.at.push(index);
                    self.value(item, got);
                    self.at.pop();
                }
            }
            _ => {
                let plain = self.wiring.plain(&expected.to_value());
                if !same(&plain, got) {
                    self.found.push(Difference {
                        place: expected.place,
                        at: self.at.clone(),
                        expected: Some(plain),
                        got: got.clone(),
                    });
                }
            }
        }
    }
}

/// Whether two leaves are equal: numbers by value, whatever their spelling.
fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

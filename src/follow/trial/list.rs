//! Lists: each expected item against the one that came which it fits best.

use serde_json::Value as Json;

use super::compare::{Difference, differences};
use super::{Failure, Judge};
use crate::words::{Node, Place, Pointer};

/// What an item of a list is called, in messages.
fn word(list: &str) -> &'static str {
    match list {
        "entities" => "entity",
        "deleted" => "deleted entity",
        "deliveries" => "delivery",
        "requests" => "request",
        _ => "automation",
    }
}

/// The keys that tell items apart: an item that differs there is another one.
const NAMES: [&str; 2] = ["blueprint", "identifier"];

impl Judge<'_> {
    /// One list of `expect`. An empty one says that there is nothing of the kind.
    pub(super) fn list(
        &mut self,
        list: &str,
        place: Place,
        wanted: &[Node],
        got: &[Json],
        exactly: bool,
    ) {
        let mut left: Vec<&Json> = got.iter().collect();
        for node in wanted {
            let Some((index, found)) = self.nearest(node, &left, exactly) else {
                self.missing(list, node, got);
                continue;
            };
            let item = left.remove(index);
            for difference in found {
                self.differs(list, item, difference);
            }
        }
        if (exactly || wanted.is_empty()) && !left.is_empty() {
            let message = match wanted.is_empty() {
                true => format!("no {} was expected", word(list)),
                false => format!("one {} more than expected came", word(list)),
            };
            self.fail(Failure {
                message,
                place,
                at: Pointer::root(),
                expected: None,
                got: Some(left.into_iter().cloned().collect()),
                causes: self.makers(),
            });
        }
    }

    /// The item with the fewest differences, the first of several.
    fn nearest(
        &self,
        wanted: &Node,
        left: &[&Json],
        exactly: bool,
    ) -> Option<(usize, Vec<Difference>)> {
        let other = |difference: &Difference| {
            let first = difference.at.first();
            let named = first.is_some_and(|first| NAMES.contains(&first));
            difference.at == Pointer::root() || (named && difference.expected.is_some())
        };
        let items = left.iter().enumerate();
        let compared =
            items.map(|(index, got)| (index, differences(self.wiring, wanted, got, exactly)));
        let same = compared.filter(|(_, found)| !found.iter().any(other));
        same.min_by_key(|(index, found)| (found.len(), *index))
    }

    fn missing(&mut self, list: &str, wanted: &Node, got: &[Json]) {
        let message = match got.is_empty() {
            true => format!("no {} came", word(list)),
            false => format!("no such {} came", word(list)),
        };
        self.fail(Failure {
            message,
            place: wanted.place,
            at: Pointer::root(),
            expected: Some(self.wiring.plain(&wanted.to_value())),
            got: (!got.is_empty()).then(|| Json::Array(got.to_vec())),
            causes: self.troubles(),
        });
    }

    fn differs(&mut self, list: &str, item: &Json, difference: Difference) {
        let mut causes: Vec<_> = self
            .origin(list, item, &difference.at)
            .into_iter()
            .collect();
        for why in self.troubles() {
            if !causes.contains(&why) {
                causes.push(why);
            }
        }
        let at = difference.at.to_string();
        let at = at.trim_start_matches('/');
        let message = match (&difference.expected, item.get("identifier")) {
            (None, _) => format!("`{at}` was not expected"),
            (_, Some(id)) => {
                let id = id.as_str().unwrap_or("?");
                format!("`{at}` of {} `{id}` is another", word(list))
            }
            _ => format!("`{at}` of the {} is another", word(list)),
        };
        self.fail(Failure {
            message,
            place: difference.place,
            at: difference.at,
            expected: difference.expected,
            got: Some(difference.got),
            causes,
        });
    }
}

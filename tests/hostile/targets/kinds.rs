//! Live JSON of any shape into every kind, as a spec too, and into plans and exports.

use serde_json::Value as Json;
use spaceport::decide::canon::canonical;
use spaceport::decide::diff;
use spaceport::kinds::{self, Kind, Observed, check};
use spaceport::show::export::{paste::paste, spec};
use spaceport::there::Live;
use spaceport::words::{Findings, Node, Place, Value};

use super::world::{self, WORLD};

/// An item of a list as JSON; or two, the second as it was wanted.
pub fn run(data: &[u8]) -> bool {
    let Some([item, other]) = super::parts(data) else {
        return false;
    };
    let Ok(item) = serde_json::from_str::<Json>(item) else {
        return !paste(item, Some("name")).documents.is_empty();
    };
    let other: Json = serde_json::from_str(other).unwrap_or_else(|_| item.clone());
    let mut live = Live::default();
    live.viewer = Some("me".to_owned());
    let value = Value::from(&item);
    for kind in kinds::ALL {
        for seen in kind.observe_all(&value) {
            observed(*kind, &seen, &other);
            live.insert(kind.name(), seen);
        }
        wanted(*kind, &item);
    }
    world::look(&WORLD.desired, &live, &world::ledger());
    let _ = paste(&item.to_string(), Some("name"));
    !live.is_empty()
}

/// What is done with an object that a service lists.
fn observed(kind: &'static dyn Kind, seen: &Observed, other: &Json) {
    let canon = canonical(kind, &seen.value, &[]);
    assert_eq!(canonical(kind, &canon, &[]), canon, "of {kind:?}, twice");
    let same = diff::compare(kind, &seen.value, &seen.value, &[]);
    assert!(
        same.fields.is_empty(),
        "{kind:?} differs from itself: {same:?}"
    );
    let place = Place::new(0, 0, 0);
    let want = Node::from_json(place, other).to_value();
    let difference = diff::compare(kind, &want, &seen.value, &[]);
    let body = diff::write_body(kind, &want, &seen.value, &[]);
    let _ = kind.update(seen, &body, &difference.top_level());
    let _ = (
        kind.losses(&seen.value, Some(&want)),
        kind.losses(&seen.value, None),
    );
    let _ = (
        kind.delete(&seen.id),
        kind.purge(&seen.id),
        kind.census(&seen.id),
    );
    let mut live = spec::of_live(kind, &seen.value);
    let _ = spec::hide(kind, &mut live.known);
    let _ = spec::of_written(kind, &want);
}

/// What is done with a spec that somebody wrote.
fn wanted(kind: &'static dyn Kind, item: &Json) {
    let mut findings = Findings::default();
    let node = Node::from_json(Place::new(0, 0, 0), item);
    let node = kind.upgrade(node, &mut findings);
    check::check(kind.shape(), &node, kind.name(), &mut findings);
    kind.check(&node, &mut findings);
    let good = !findings.has_errors();
    let value = node.to_value();
    let _ = kind.mentions(&value);
    let canon = canonical(kind, &value, &[]);
    assert_eq!(canonical(kind, &canon, &[]), canon, "of {kind:?}, twice");
    let calls = kind.create(&value);
    assert!(
        !good || !calls.is_empty(),
        "{kind:?} has no request for {item}"
    );
    let _ = kind.wrap(&node, "name");
    if let Some(created) = kind.observe_created(&value, &value) {
        observed(kind, &created, item);
    }
}

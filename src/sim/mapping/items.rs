//! Items that are mapped without a delivery: `.item` and `.account` are what programs see.
//!
//! Deliberately not here: what is written of the entities, which is told by comparing them.

use serde_json::json;

use super::deliver::consequence;
use super::entity::{self, Maker};
use super::{Items, Made};
use crate::sim::job::{Fault, FaultKind};
use crate::sim::jq::{Input, is_true};
use crate::sim::json::kind;

/// Maps items, in their order.
///
/// # Errors
/// None at present; what goes wrong is part of the answer.
pub fn items(request: &Items) -> Result<Vec<Made>, Fault> {
    let shared = Input::new(&json!({ "account": request.account }), request.now);
    let items = request.items.iter();
    Ok(items
        .map(|item| one(request, &shared.with("item", item)))
        .collect())
}

fn one(request: &Items, roots: &Input) -> Made {
    let nothing = |faults| Made {
        entity: None,
        faults,
    };
    match request.filter.as_deref().map(|filter| roots.first(filter)) {
        None => {}
        Some(Ok(value)) if is_true(&value) => {}
        Some(Ok(_)) => return nothing(Vec::new()),
        Some(Err(fault)) => {
            let fault = consequence(fault, entity::ITEMS.nothing);
            return nothing(vec![("/filter".to_owned(), fault)]);
        }
    }
    let Some(mapping) = request.mapping.as_object() else {
        let why = format!(
            "`mapping` must be an object, and is {}",
            kind(&request.mapping)
        );
        let fault = Fault::new(FaultKind::Syntax, why);
        return nothing(vec![(entity::ITEMS.at.to_owned(), fault)]);
    };
    let mut maker = Maker {
        roots,
        setting: &entity::ITEMS,
        faults: Vec::new(),
    };
    let entity = maker.entity(mapping);
    Made {
        entity,
        faults: maker.faults,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn mapped(filter: Option<&str>, mapping: Value, all: Vec<Value>) -> Vec<Made> {
        let request = Items {
            filter: filter.map(str::to_owned),
            mapping,
            items: all,
            account: json!({ "url": "https://acme.app.spacelift.io" }),
            now: 7.0,
        };
        items(&request).expect("what goes wrong is part of the answer")
    }

    fn faults(made: &Made) -> Vec<String> {
        let one = |(at, fault): &(String, Fault)| format!("{at}: {}", fault.message);
        made.faults.iter().map(one).collect()
    }

    #[test]
    fn items_become_entities_in_their_order() {
        let mapping = json!({
            "identifier": ".item.id",
            "title": ".item.name",
            "team": "null",
            "properties": {
                "link": ".account.url + \"/stack/\" + .item.id",
                "labels": ".item.labels",
                "branch": ".item.branch",
                "at": "now",
            },
            "relations": { "space": ".item.spaceDetails.id", "tags": ["'a'", ".item.id"] },
        });
        let one =
            json!({ "id": "a", "name": "A", "labels": ["x"], "spaceDetails": { "id": "root" } });
        let two = json!({ "id": "b", "name": "B", "state": "NONE" });
        let made = mapped(
            Some(".item.state != 'NONE'"),
            mapping,
            vec![two, one, json!({ "name": "C" })],
        );
        assert_eq!(
            made[0],
            Made {
                entity: None,
                faults: Vec::new()
            }
        );
        let entity = json!({
            "identifier": "a",
            "title": "A",
            // What has no value is told, too: comparing says what that means.
            "team": null,
            "properties": {
                "link": "https://acme.app.spacelift.io/stack/a",
                "labels": ["x"],
                "branch": null,
                "at": 7,
            },
            "relations": { "space": "root", "tags": ["a", "a"] },
        });
        assert_eq!(
            made[1],
            Made {
                entity: Some(entity),
                faults: Vec::new()
            }
        );
        assert_eq!(made[2].entity, None);
        assert_eq!(
            faults(&made[2]),
            ["/mapping/identifier: the identifier is null; no entity is written then"]
        );
    }

    #[test]
    fn a_part_that_fails_is_left_out() {
        let mapping = json!({
            "identifier": ".item",
            "properties": { "a/b": ".item.x", "c": "'c'" },
            "relations": { "owner": { "combinator": "'and'", "rules": [] } },
        });
        let made = mapped(None, mapping, vec![json!("a")]);
        let entity = json!({ "identifier": "a", "properties": { "c": "c" }, "relations": {} });
        assert_eq!(made[0].entity, Some(entity));
        assert_eq!(
            faults(&made[0]),
            [
                "/mapping/properties/a~1b: Cannot index string with \"x\"; it is left as it is in the catalog then",
                "/mapping/relations/owner: a search cannot be compared with what is in the catalog; it is left as it is in the catalog then",
            ]
        );
    }

    #[test]
    fn a_filter_that_fails_writes_nothing() {
        let made = mapped(
            Some(".item.x"),
            json!({ "identifier": ".item" }),
            vec![json!("a")],
        );
        assert_eq!(made[0].entity, None);
        assert_eq!(
            faults(&made[0]),
            ["/filter: Cannot index string with \"x\"; no entity is written then"]
        );
    }

    #[test]
    fn a_search_is_no_identifier() {
        let mapping = json!({ "identifier": { "combinator": "'and'", "rules": [] } });
        let made = mapped(None, mapping, vec![json!("a")]);
        assert_eq!(made[0].entity, None);
        assert_eq!(made[0].faults.len(), 1);
        let made = mapped(None, json!("x"), vec![json!("a")]);
        assert_eq!(
            faults(&made[0]),
            ["/mapping: `mapping` must be an object, and is a text"]
        );
    }
}

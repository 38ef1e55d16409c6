//! Judge: what becomes of an item, told from what was made of it and what Port has.
//!
//! Deliberately not here: sending anything (see `send`).

use super::fields::{Fields, Wanted};
use super::known::{Claim, Known};
use super::tally::Tally;
use crate::kinds::ingest::Origin;
use crate::sim::mapping::Made;
use crate::there::services::BULK;

/// An entity to write.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outgoing {
    /// What it should be.
    pub wanted: Wanted,
    /// Which fields are written.
    pub which: Vec<usize>,
    /// Whether Port does not have it, as far as was seen.
    pub new: bool,
}

/// Judges items.
#[derive(Debug)]
pub(super) struct Judge {
    /// What is compared.
    pub fields: Fields,
    /// What Port has.
    pub known: Known,
    /// What the items are.
    pub from: Origin,
}

impl Judge {
    /// What is to be written for an item; everything else that becomes of it is told to the tally.
    pub(super) fn item(&mut self, item: &str, made: Made, tally: &mut Tally) -> Option<Outgoing> {
        tally.report.read += 1;
        let Some(entity) = made.entity else {
            match made.faults.into_iter().next() {
                None => tally.report.filtered += 1,
                Some((at, fault)) => tally.failed(item, because(&at, &fault.message)),
            }
            return None;
        };
        let Some(wanted) = self.fields.wanted(item, &entity) else {
            tally.failed(item, "its identifier is not a text".to_owned());
            return None;
        };
        for (at, fault) in made.faults {
            let field = self.fields.at(&at).map(|at| self.fields.name(at));
            let field = field.unwrap_or_else(|| path(&at));
            tally.unfilled(field, fault.message, &wanted.identifier);
        }
        let (which, new) = match self.known.claim(&wanted.identifier, item) {
            Claim::There(has) => (self.fields.differing(&wanted, has), false),
            Claim::New => (self.fields.filled(&wanted), true),
            Claim::Taken(other) => {
                let items = self.from.items();
                let reason = format!(
                    "the {items} `{other}` and `{item}` make the same identifier; the first one has it"
                );
                tally.failed(&wanted.identifier, reason);
                return None;
            }
        };
        if which.is_empty() && !new {
            tally.report.unchanged += 1;
            return None;
        }
        Some(Outgoing { wanted, which, new })
    }
}

/// A reason with the place of its program.
fn because(at: &str, message: &str) -> String {
    match path(at) {
        nowhere if nowhere.is_empty() => message.to_owned(),
        path => format!("{path}: {message}"),
    }
}

/// `mapping.identifier` of `/mapping/identifier`.
fn path(pointer: &str) -> String {
    let steps = pointer.split('/').skip(1);
    let steps = steps.map(|step| step.replace("~1", "/").replace("~0", "~"));
    steps.collect::<Vec<_>>().join(".")
}

/// Entities that go out together.
#[derive(Debug, Default)]
pub(super) struct Batch(Vec<Outgoing>);

impl Batch {
    /// One more; comes back with the batch when that makes it full.
    pub(super) fn push(&mut self, outgoing: Outgoing) -> Option<Vec<Outgoing>> {
        self.0.push(outgoing);
        (self.0.len() >= BULK).then(|| std::mem::take(&mut self.0))
    }

    /// What is left at the end.
    pub(super) fn rest(self) -> Option<Vec<Outgoing>> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::super::fields::tests::fields;
    use super::super::known::Whose;
    use super::super::report::Report;
    use super::*;
    use crate::follow::ingest::same::same;
    use crate::follow::ingest::same::tests::any_value;
    use crate::sim::job::{Fault, FaultKind};

    const WHOSE: Whose = Whose {
        ours: true,
        here: true,
    };

    fn judge(live: &[Json]) -> Judge {
        let fields = fields(&json!({
            "identifier": ".item.id", "title": ".item.name",
            "properties": {"p": ".item.p", "q": ".item.q"},
        }));
        let mut known = Known::new(fields.len());
        for entity in live {
            known.add(
                entity["identifier"].as_str().unwrap(),
                &fields.digests(entity),
                WHOSE,
            );
        }
        Judge {
            fields,
            known,
            from: Origin::Stacks,
        }
    }

    fn made(entity: Json) -> Made {
        Made {
            entity: Some(entity),
            faults: Vec::new(),
        }
    }

    fn entity(id: &str, p: &Json, q: &Json) -> Json {
        json!({"identifier": id, "title": id, "properties": {"p": p, "q": q}})
    }

    proptest! {
        #[test]
        fn what_differs_is_written_once_and_nothing_else(
            has in prop::collection::btree_map("[a-e]{1,2}", (any_value(), any_value()), 0..40),
            want in prop::collection::btree_map("[a-e]{1,2}", (any_value(), any_value()), 0..80),
        ) {
            let live: Vec<Json> = has.iter().map(|(id, (p, q))| entity(id, p, q)).collect();
            let mut judge = judge(&live);
            let mut tally = Tally::new(Report::default());
            let mut batch = Batch::default();
            let mut sent: Vec<Vec<Outgoing>> = Vec::new();
            for (id, (p, q)) in &want {
                if let Some(outgoing) = judge.item(id, made(entity(id, p, q)), &mut tally) {
                    sent.extend(batch.push(outgoing));
                }
            }
            sent.extend(batch.rest());
            prop_assert!(sent.iter().all(|batch| (1..=20).contains(&batch.len())));
            let mut bodies: BTreeMap<String, Json> = BTreeMap::new();
            for one in sent.iter().flatten() {
                let body = judge.fields.body(&one.wanted, &one.which);
                let twice = bodies.insert(one.wanted.identifier.clone(), body);
                prop_assert!(twice.is_none());
            }
            for (id, (p, q)) in &want {
                let old = has.get(id);
                let mut expected = json!({"identifier": id});
                if old.is_none() {
                    expected["title"] = json!(id);
                }
                let (old_p, old_q) = old.cloned().unwrap_or_default();
                for (name, new, old_value) in [("p", p, old_p), ("q", q, old_q)] {
                    let written = match old {
                        None => !new.is_null(),
                        Some(_) => !same(new, &old_value),
                    };
                    if written {
                        expected["properties"][name] = new.clone();
                    }
                }
                let untouched = old.is_some() && expected == json!({"identifier": id});
                prop_assert_eq!(bodies.get(id), (!untouched).then_some(&expected));
            }
            prop_assert_eq!(tally.report.unchanged as usize + bodies.len(), want.len());
        }
    }

    #[test]
    fn two_items_of_one_identifier_are_a_failure_of_the_second() {
        let mut judge = judge(&[]);
        let mut tally = Tally::new(Report::default());
        let item = |id: &str| made(entity(id, &Json::Null, &Json::Null));
        assert!(judge.item("one", item("x"), &mut tally).is_some());
        assert!(judge.item("two", item("x"), &mut tally).is_none());
        let report = tally.end(&judge.fields, &[]);
        assert_eq!(report.failures[0].identifier, "x");
        assert_eq!(
            report.failures[0].reason,
            "the stacks `one` and `two` make the same identifier; the first one has it"
        );
    }

    #[test]
    fn a_fault_leaves_its_field_alone_and_is_told_once() {
        let mut judge = judge(&[
            entity("a", &json!(1), &json!(1)),
            entity("b", &json!(1), &json!(1)),
        ]);
        let mut tally = Tally::new(Report::default());
        for id in ["b", "a"] {
            let fault = Fault::new(FaultKind::Runtime, "no");
            let made = Made {
                entity: Some(json!({"identifier": id, "title": id, "properties": {"q": 1}})),
                faults: vec![("/mapping/properties/p".into(), fault)],
            };
            assert_eq!(judge.item(id, made, &mut tally), None);
        }
        let failing = Made {
            entity: None,
            faults: vec![(
                "/mapping/identifier".into(),
                Fault::new(FaultKind::Runtime, "it is null"),
            )],
        };
        assert_eq!(judge.item("c", failing, &mut tally), None);
        let filtered = Made {
            entity: None,
            faults: Vec::new(),
        };
        assert_eq!(judge.item("d", filtered, &mut tally), None);
        let report = tally.end(&judge.fields, &[]);
        assert_eq!(
            (
                report.read,
                report.unchanged,
                report.filtered,
                report.failed
            ),
            (4, 2, 1, 1)
        );
        assert_eq!(report.unfilled.len(), 1);
        let unfilled = &report.unfilled[0];
        assert_eq!(
            (unfilled.field.as_str(), unfilled.times),
            ("properties.p", 2)
        );
        assert_eq!(unfilled.identifier, "a");
        assert_eq!(report.failures[0].reason, "mapping.identifier: it is null");
    }
}

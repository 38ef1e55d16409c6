//! Tally: counts what happens, and keeps a few of each kind, whatever the order in which it happens (law 7).

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::fields::{Fields, Wanted};
use super::report::{Done, Failed, Report, Sample, Unfilled};

/// How many failures, and how many messages of programs, are kept.
const FAILURES: usize = 1000;
/// How many samples of each kind are kept.
const SAMPLES: usize = 5;

/// The entries with the smallest keys.
#[derive(Debug)]
pub(super) struct Smallest<K, V> {
    most: usize,
    kept: BTreeMap<K, V>,
}

impl<K: Ord, V> Smallest<K, V> {
    fn of(most: usize) -> Self {
        Smallest {
            most,
            kept: BTreeMap::new(),
        }
    }

    /// Keeps an entry when its key is among the smallest; `merge` joins it with one of the same key.
    ///
    /// An entry that was let go never comes back, since all kept ones have smaller keys; so what is joined is complete.
    fn keep(&mut self, key: K, value: V, merge: impl FnOnce(&mut V, V)) {
        match self.kept.get_mut(&key) {
            Some(old) => merge(old, value),
            None => {
                self.kept.insert(key, value);
            }
        }
        if self.kept.len() > self.most {
            self.kept.pop_last();
        }
    }
}

/// Counts of an ingest under way.
#[derive(Debug)]
pub(super) struct Tally {
    /// What is counted and told.
    pub report: Report,
    failures: Smallest<Failed, ()>,
    unfilled: Smallest<(String, String), (u64, String)>,
    created: Smallest<String, (Wanted, Vec<usize>)>,
    changed: Smallest<String, (Wanted, Vec<usize>)>,
    deleted: Smallest<String, ()>,
}

impl Tally {
    /// Nothing happened yet.
    pub(super) fn new(report: Report) -> Tally {
        Tally {
            report,
            failures: Smallest::of(FAILURES),
            unfilled: Smallest::of(FAILURES),
            created: Smallest::of(SAMPLES),
            changed: Smallest::of(SAMPLES),
            deleted: Smallest::of(SAMPLES),
        }
    }

    /// An item becomes nothing, or an entity stays that should go.
    pub(super) fn failed(&mut self, identifier: &str, reason: String) {
        self.report.failed += 1;
        let failed = Failed {
            identifier: identifier.to_owned(),
            reason,
        };
        self.failures.keep(failed, (), |(), ()| {});
    }

    /// A program could not fill a field of an entity.
    pub(super) fn unfilled(&mut self, field: String, message: String, identifier: &str) {
        let one = (1, identifier.to_owned());
        let more = |old: &mut (u64, String), new: (u64, String)| {
            old.0 += new.0;
            if new.1 < old.1 {
                old.1 = new.1;
            }
        };
        self.unfilled.keep((field, message), one, more);
    }

    /// An entity would be created with these fields, or changed in them.
    pub(super) fn would_write(&mut self, wanted: Wanted, which: Vec<usize>, new: bool) {
        let (count, samples) = match new {
            true => (&mut self.report.created, &mut self.created),
            false => (&mut self.report.changed, &mut self.changed),
        };
        *count += 1;
        samples.keep(wanted.identifier.clone(), (wanted, which), |_, _| {});
    }

    /// An entity would be deleted.
    pub(super) fn would_delete(&mut self, identifier: &str) {
        self.report.deleted += 1;
        self.deleted.keep(identifier.to_owned(), (), |(), ()| {});
    }

    /// The identifiers of the sampled changes, whose values in Port are to be looked up.
    pub(super) fn sampled(&self) -> Vec<String> {
        self.changed.kept.keys().cloned().collect()
    }

    /// The report. `live` are the entities in Port that [`Tally::sampled`] named.
    pub(super) fn end(self, fields: &Fields, live: &[Json]) -> Report {
        let mut report = self.report;
        report.failures = self.failures.kept.into_keys().collect();
        let unfilled = self.unfilled.kept.into_iter();
        report.unfilled = unfilled
            .map(|((field, message), (times, identifier))| Unfilled {
                field,
                message,
                times,
                identifier,
            })
            .collect();
        let sample = |what: Done, (identifier, (wanted, which)): (String, (Wanted, Vec<usize>))| {
            let has = |entity: &&Json| entity["identifier"] == identifier.as_str();
            let has = live.iter().find(has).unwrap_or(&Json::Null);
            let has: Vec<Option<&Json>> = fields.values(has).collect();
            let fields = which.into_iter().map(|at| {
                let from = has.get(at).copied().flatten().cloned();
                let to = wanted.values.get(at).cloned().flatten();
                let plain = |value: Option<Json>| value.unwrap_or(Json::Null);
                (fields.name(at), plain(from), plain(to))
            });
            Sample {
                identifier,
                what,
                fields: fields.collect(),
            }
        };
        let created = self.created.kept.into_iter();
        let changed = self.changed.kept.into_iter();
        let deleted = self.deleted.kept.into_keys().map(|identifier| Sample {
            identifier,
            what: Done::Deleted,
            fields: Vec::new(),
        });
        report.samples = created
            .map(|one| sample(Done::Created, one))
            .chain(changed.map(|one| sample(Done::Changed, one)))
            .chain(deleted)
            .collect();
        report
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::fields::tests::fields;
    use super::*;

    proptest! {
        #[test]
        fn the_order_of_what_happens_changes_nothing(
            names in prop::collection::vec(0..2000_u32, 0..60),
            turns in any::<u64>(),
        ) {
            let fields = fields(&json!({"identifier": ".item.id", "title": ".item.name"}));
            let told = |names: &[u32]| {
                let mut tally = Tally::new(Report::default());
                for number in names {
                    let name = format!("{number}");
                    tally.failed(&name, "no".into());
                    tally.unfilled("title".into(), format!("m{}", number % 3), &name);
                    tally.would_delete(&name);
                }
                tally.end(&fields, &[])
            };
            let mut turned = names.clone();
            turned.sort_by_key(|number| u64::from(*number).wrapping_mul(turns | 1));
            prop_assert_eq!(told(&names), told(&turned));
        }
    }

    #[test]
    fn the_thousand_smallest_failures_are_kept_and_all_are_counted() {
        let mut tally = Tally::new(Report::default());
        for number in (0..1500).rev() {
            tally.failed(&format!("{number:04}"), "no".into());
        }
        let report = tally.end(&fields(&json!({})), &[]);
        assert_eq!(report.failed, 1500);
        assert_eq!(report.failures.len(), 1000);
        assert_eq!(report.failures[0].identifier, "0000");
        assert_eq!(report.failures[999].identifier, "0999");
    }

    #[test]
    fn a_sample_tells_what_was_and_what_would_be() {
        let fields =
            fields(&json!({"identifier": ".item.id", "title": "'T'", "properties": {"s": "1"}}));
        let mut tally = Tally::new(Report::default());
        let entity = json!({"identifier": "b", "title": "T", "properties": {"s": 2}});
        let wanted = fields.wanted("b", &entity).unwrap();
        tally.would_write(wanted.clone(), vec![1], false);
        tally.would_write(
            Wanted {
                identifier: "a".into(),
                ..wanted
            },
            vec![0, 1],
            true,
        );
        assert_eq!(tally.sampled(), ["b"]);
        let report = tally.end(
            &fields,
            &[json!({"identifier": "b", "properties": {"s": 1}})],
        );
        let told: Vec<_> = report
            .samples
            .iter()
            .map(|s| (s.what, s.identifier.as_str(), &s.fields))
            .collect();
        assert_eq!(
            told,
            [
                (
                    Done::Created,
                    "a",
                    &vec![
                        ("title".to_owned(), Json::Null, json!("T")),
                        ("properties.s".to_owned(), Json::Null, json!(2)),
                    ]
                ),
                (
                    Done::Changed,
                    "b",
                    &vec![("properties.s".to_owned(), json!(1), json!(2))]
                ),
            ]
        );
    }
}

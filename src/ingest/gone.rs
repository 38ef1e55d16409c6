//! Gone: which entities go because their item is gone, and why others stay. Data in, data out.
//!
//! Only what this project made is ever deleted (law 6), and nothing because a list came back empty or short.
//! Deliberately not here: asking Spacelift once more, and deleting (see `prune`).

use std::collections::{BTreeMap, HashSet};

use super::known::Whose;
use crate::follow::ingest::same::digest_of;
use crate::want::config::Limits;

/// What an ingest may delete.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    /// `prune: delete`.
    pub prune: bool,
    /// Whether our ledger has the blueprint.
    pub owned: bool,
    /// Whether a mapped field tells the account.
    pub tells_the_account: bool,
    /// The brake.
    pub limits: Limits,
    /// `--allow-deletes`.
    pub allow: Option<u64>,
    /// How many entities the blueprint has.
    pub in_port: u64,
}

/// What Spacelift said when it was asked once more, after everything else.
#[derive(Debug)]
pub(super) enum Still {
    /// Digests of the identifiers of everything that is there, whether the filter takes it or not.
    There(HashSet<u64>),
    /// It cannot be told what is there, and why.
    Unsure(String),
}

/// What becomes of entities that no item made.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Gone {
    /// These go, in the order of their identifiers.
    pub delete: Vec<String>,
    /// How many stay although their item is gone, and why.
    pub stay: BTreeMap<&'static str, u64>,
    /// Why nothing goes at all, and what allows it.
    pub refused: Option<(String, Option<String>)>,
}

/// Entities from which on `limits.percent` counts.
const PERCENT_COUNTS_FROM: u64 = 10;

const KEPT: &str = "`prune` is `keep`";
const NOT_OWNED: &str = "the blueprint is not in this project's ledger";
const NAMELESS: &str = "no mapped field reads `.account.url`";
const OTHERS: &str = "somebody else made them";
const REFUSED: &str = "the deletes are refused";

/// Decides about the entities that Port has and no item made.
pub(super) fn decide<'a>(
    unclaimed: impl Iterator<Item = (&'a str, Whose)>,
    still: &Still,
    terms: &Terms,
) -> Gone {
    let mut gone = Gone::default();
    for (identifier, whose) in unclaimed {
        // What is of another account is none of our business.
        let is_there =
            matches!(still, Still::There(there) if there.contains(&digest_of(identifier)));
        if is_there || !whose.here {
            continue;
        }
        let stays = match () {
            () if !terms.prune => KEPT,
            () if !terms.owned => NOT_OWNED,
            () if !terms.tells_the_account => NAMELESS,
            () if !whose.ours => OTHERS,
            () => {
                gone.delete.push(identifier.to_owned());
                continue;
            }
        };
        *gone.stay.entry(stays).or_default() += 1;
    }
    gone.delete.sort_unstable();
    let count = gone.delete.len() as u64;
    gone.refused = match still {
        _ if count == 0 => None,
        Still::Unsure(why) => Some((why.clone(), None)),
        Still::There(_) => brake(count, terms),
    };
    if gone.refused.is_some() {
        gone.delete.clear();
        gone.stay.insert(REFUSED, count);
    }
    gone
}

/// What the brake says to so many deletes.
fn brake(count: u64, terms: &Terms) -> Option<(String, Option<String>)> {
    let Limits { deletes, percent } = terms.limits;
    if terms.allow.is_some_and(|allowed| count <= allowed) {
        return None;
    }
    let all = terms.in_port;
    let (message, key) = if count > deletes {
        let message =
            format!("{count} entities would be deleted, `limits.deletes` allows {deletes}");
        (message, "limits.deletes")
    } else if all >= PERCENT_COUNTS_FROM && count * 100 > all.saturating_mul(percent) {
        let message = format!(
            "{count} of {all} entities would be deleted, `limits.percent` allows {percent} %"
        );
        (message, "limits.percent")
    } else {
        return None;
    };
    let allow = format!("`--allow-deletes {count}`, or a higher `{key}` in the ingest");
    Some((message, Some(allow)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms() -> Terms {
        Terms {
            prune: true,
            owned: true,
            tells_the_account: true,
            limits: Limits {
                deletes: 5,
                percent: 30,
            },
            allow: None,
            in_port: 9,
        }
    }

    const MINE: Whose = Whose {
        ours: true,
        here: true,
    };

    fn there(names: &[&str]) -> Still {
        Still::There(names.iter().map(|name| digest_of(name)).collect())
    }

    fn decided(unclaimed: &[(&str, Whose)], still: &Still, terms: &Terms) -> Gone {
        decide(unclaimed.iter().copied(), still, terms)
    }

    #[test]
    fn what_is_gone_and_ours_and_of_this_account_goes() {
        let unclaimed = [
            ("gone", MINE),
            ("filtered", MINE),
            (
                "clicked",
                Whose {
                    ours: false,
                    ..MINE
                },
            ),
            (
                "elsewhere",
                Whose {
                    here: false,
                    ..MINE
                },
            ),
            ("also", MINE),
        ];
        let gone = decided(&unclaimed, &there(&["filtered", "x"]), &terms());
        assert_eq!(gone.delete, ["also", "gone"]);
        assert_eq!(gone.stay, BTreeMap::from([(OTHERS, 1)]));
        assert_eq!(gone.refused, None);
    }

    #[test]
    fn each_condition_alone_keeps_everything() {
        let kept = Terms {
            prune: false,
            ..terms()
        };
        let not_owned = Terms {
            owned: false,
            ..terms()
        };
        let nameless = Terms {
            tells_the_account: false,
            ..terms()
        };
        for (why, terms) in [(KEPT, kept), (NOT_OWNED, not_owned), (NAMELESS, nameless)] {
            let gone = decided(&[("a", MINE)], &there(&["b"]), &terms);
            assert_eq!(gone.delete, Vec::<String>::new());
            assert_eq!(gone.stay, BTreeMap::from([(why, 1)]));
            assert_eq!(gone.refused, None);
        }
    }

    #[test]
    fn nothing_goes_while_it_is_not_sure_what_is_there() {
        let gone = decided(
            &[("a", MINE)],
            &Still::Unsure("nobody knows".into()),
            &terms(),
        );
        assert_eq!(gone.delete, Vec::<String>::new());
        assert_eq!(gone.refused, Some(("nobody knows".into(), None)));
        assert_eq!(gone.stay, BTreeMap::from([(REFUSED, 1)]));
        let nothing = decided(&[], &Still::Unsure("nobody knows".into()), &terms());
        assert_eq!(nothing, Gone::default());
    }

    #[test]
    fn the_brake_counts_deletes_and_percents_from_ten_on() {
        let names: Vec<String> = (0..6).map(|n| format!("{n}")).collect();
        let six: Vec<(&str, Whose)> = names.iter().map(|name| (name.as_str(), MINE)).collect();
        let refused = |count: usize, terms: &Terms| {
            let gone = decided(&six[..count], &there(&["x"]), terms);
            assert_eq!(
                gone.delete.len(),
                if gone.refused.is_some() { 0 } else { count }
            );
            gone.refused
        };
        assert_eq!(refused(5, &terms()), None);
        assert_eq!(
            refused(6, &terms()),
            Some((
                "6 entities would be deleted, `limits.deletes` allows 5".into(),
                Some("`--allow-deletes 6`, or a higher `limits.deletes` in the ingest".into())
            ))
        );
        let ten = Terms {
            in_port: 10,
            ..terms()
        };
        assert_eq!(refused(3, &ten), None);
        assert_eq!(
            refused(4, &ten).unwrap().0,
            "4 of 10 entities would be deleted, `limits.percent` allows 30 %"
        );
        assert_eq!(
            refused(
                4,
                &Terms {
                    allow: Some(4),
                    ..ten.clone()
                }
            ),
            None
        );
        assert!(
            refused(
                4,
                &Terms {
                    allow: Some(3),
                    ..ten
                }
            )
            .is_some()
        );
    }

    proptest! {
        #[test]
        fn nothing_goes_that_is_not_ours_or_still_there(
            unclaimed in prop::collection::vec(("[a-d]{1,2}", any::<(bool, bool)>()), 0..20),
            there in prop::collection::hash_set("[a-d]{1,2}", 0..8),
            flags in any::<[bool; 3]>(),
        ) {
            let terms = Terms {
                prune: flags[0], owned: flags[1], tells_the_account: flags[2],
                limits: Limits { deletes: 1000, percent: 100 }, ..terms()
            };
            let rows: Vec<(&str, Whose)> = unclaimed
                .iter()
                .map(|(name, (ours, here))| (name.as_str(), Whose { ours: *ours, here: *here }))
                .collect();
            let still = Still::There(there.iter().map(|name| digest_of(name)).collect());
            let gone = decided(&rows, &still, &terms);
            let free = flags.iter().all(|flag| *flag);
            let expected = rows.iter().filter(|(name, whose)| {
                free && whose.ours && whose.here && !there.contains(*name)
            });
            prop_assert_eq!(gone.delete.len(), expected.count());
            let missing = rows.iter().filter(|(name, whose)| whose.here && !there.contains(*name));
            let told = gone.delete.len() as u64 + gone.stay.values().sum::<u64>();
            prop_assert_eq!(told, missing.count() as u64);
        }
    }
}

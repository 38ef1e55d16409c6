//! `--skip-refused`: a plan without what is refused and without what needs that.
//!
//! Pure: what is left is part of what the plan shows, never more (law 3). A refusal that doubts
//! the whole world is not answered by leaving objects out and stays.

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::ledger::Ledger;
use crate::decide::plan::make::shared;
use crate::decide::plan::{Action, Change, Plan, Refusal};
use crate::kinds::Kind;
use crate::words::Addr;

/// One change that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The object.
    pub addr: Addr,
    /// What would be done.
    pub action: Action,
    /// Why it is left out.
    pub why: Why,
}

/// Why a change is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// This guard refuses it.
    Refused(&'static str),
    /// It needs the change of this object, which is left out.
    Needs(Addr),
    /// This object stays as it is and still needs the one that would be deleted.
    NeededBy(Addr),
    /// It shares a text that we make with this object, whose change is left out: all who share it
    /// get it, or none.
    Shares(Addr),
    /// The change that takes its object over under this address is left out.
    TakenOver(Addr),
}

/// The plan without what is refused, and with the list of what was left out. `ledger` says what
/// the objects needed when they were applied last.
pub fn skip_refused(mut plan: Plan, ledger: &Ledger) -> Plan {
    let (waived, refusals): (Vec<Refusal>, Vec<Refusal>) = std::mem::take(&mut plan.refusals)
        .into_iter()
        .partition(Refusal::skippable);
    let whys = left_out(&plan.changes, &waived, ledger);
    plan.skipped = plan
        .changes
        .iter()
        .filter_map(|change| {
            Some(Skipped {
                addr: change.addr.clone(),
                action: change.action,
                why: whys.get(&change.addr)?.clone(),
            })
        })
        .collect();
    plan.changes
        .retain(|change| !whys.contains_key(&change.addr));
    plan.missing_secrets
        .retain(|(addr, _, _)| !whys.contains_key(addr));
    plan.refusals = refusals;
    plan.waived = waived;
    plan
}

/// What is left out, and why.
fn left_out(changes: &[Change], waived: &[Refusal], ledger: &Ledger) -> BTreeMap<Addr, Why> {
    let planned: BTreeSet<&Addr> = changes.iter().map(|change| &change.addr).collect();
    let mut whys: BTreeMap<Addr, Why> = BTreeMap::new();
    for refusal in waived {
        for addr in refusal.addrs.iter().filter(|addr| planned.contains(addr)) {
            let why = || Why::Refused(refusal.guard);
            whys.entry(addr.clone()).or_insert_with(why);
        }
    }
    // Each round adds what the last one drags along; there are never more rounds than changes.
    let mut fresh: BTreeSet<Addr> = whys.keys().cloned().collect();
    while !fresh.is_empty() {
        let round = Round::new(&fresh, changes, ledger);
        let next: BTreeMap<Addr, Why> = changes
            .iter()
            .filter(|change| !whys.contains_key(&change.addr))
            .filter_map(|change| Some((change.addr.clone(), round.why(change)?)))
            .collect();
        fresh = next.keys().cloned().collect();
        whys.extend(next);
    }
    whys
}

/// The objects to be deleted that a live object names, each with that object's address.
fn still_names<'a>(
    change: &'a Change,
    doomed: &BTreeMap<(&str, &str), &'a Addr>,
) -> Vec<(&'a Addr, &'a Addr)> {
    let (false, Some(seen)) = (doomed.is_empty(), &change.seen) else {
        return Vec::new();
    };
    let mentions = change.kind.mentions(&seen.value);
    let named = mentions.iter().flat_map(|mention| {
        let name = mention.addr.name.as_str();
        let find = |kind: &'static dyn Kind| doomed.get(&(kind.name(), name)).copied();
        mention.kinds().filter_map(find).collect::<Vec<&Addr>>()
    });
    named.map(|addr| (addr, &change.addr)).collect()
}

/// What was left out in one round, and what that drags along.
struct Round<'a> {
    fresh: &'a BTreeSet<Addr>,
    /// What those needed when they were applied last or name in live, and which of them do.
    needed: BTreeMap<&'a Addr, &'a Addr>,
    /// The live objects that those are, by kind and id.
    taken: BTreeMap<(&'static str, &'a str), &'a Addr>,
    /// The texts that we make that would be sent to those.
    shared: BTreeMap<&'a str, &'a Addr>,
    ledger: &'a Ledger,
}

impl<'a> Round<'a> {
    fn new(fresh: &'a BTreeSet<Addr>, changes: &'a [Change], ledger: &'a Ledger) -> Self {
        let out = || changes.iter().filter(|change| fresh.contains(&change.addr));
        // An object that would move was applied under the address that it has still.
        let entries = out().filter_map(|change| {
            let held = change.from.as_ref().unwrap_or(&change.addr);
            Some((&change.addr, ledger.entries.get(held)?))
        });
        let needed = entries.flat_map(|(addr, entry)| entry.needs.iter().map(move |n| (n, addr)));
        let doomed = changes
            .iter()
            .filter(|change| change.action == Action::Delete)
            .filter_map(|change| {
                let id = change.seen.as_ref()?.id.as_str();
                Some(((change.kind.name(), id), &change.addr))
            })
            .collect();
        let held = out().flat_map(|change| still_names(change, &doomed));
        let shared = out().flat_map(|change| shared(change).map(move |name| (name, &change.addr)));
        let taken = out().filter_map(|change| {
            let id = change.seen.as_ref()?.id.as_str();
            Some(((change.kind.name(), id), &change.addr))
        });
        Round {
            fresh,
            needed: needed.chain(held).collect(),
            taken: taken.collect(),
            shared: shared.collect(),
            ledger,
        }
    }

    /// Why a change cannot be made without them.
    fn why(&self, change: &Change) -> Option<Why> {
        match change.action {
            // What leaves waits for what still needs its object.
            _ if change.leaves() => {
                let by = self.needed.get(&change.addr)?;
                Some(Why::NeededBy((*by).clone()))
            }
            // What gets another address is not given up before that address has it.
            Action::Forget => {
                let id = self.ledger.entries.get(&change.addr)?.id.as_str();
                let by = self.taken.get(&(change.kind.name(), id))?;
                Some(Why::TakenOver((*by).clone()))
            }
            action if action.writes() => {
                let need = change.needs.iter().find(|need| self.fresh.contains(*need));
                let shares = || shared(change).find_map(|name| self.shared.get(name));
                need.cloned()
                    .map(Why::Needs)
                    .or_else(|| Some(Why::Shares((*shares()?).clone())))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decide::ledger::Entry;
    use crate::decide::plan::Reason;
    use crate::kinds::{self, Observed};

    const ACTIONS: [Action; 6] = [
        Action::Adopt,
        Action::Create,
        Action::Update,
        Action::Replace,
        Action::Delete,
        Action::Forget,
    ];
    const OBJECTS: u8 = 8;

    fn addr(n: u8) -> Addr {
        Addr::new(crate::words::Service::Port, "blueprint", format!("b{n}"))
    }

    fn addrs(bits: u8) -> BTreeSet<Addr> {
        (0..OBJECTS)
            .filter(|n| bits >> n & 1 == 1)
            .map(addr)
            .collect()
    }

    fn change(n: u8, action: Action, needs: u8, id: u8) -> Change {
        let id = format!("id{id}");
        let kind = kinds::of(&addr(n)).expect("a kind");
        Change {
            needs: addrs(needs),
            seen: (action != Action::Create).then(|| Observed {
                born: Default::default(),
                touched: Default::default(),
                id: id.clone(),
                name: id,
                value: Default::default(),
                exports: Default::default(),
            }),
            ..Change::bare(&addr(n), kind, action, Reason::Missing)
        }
    }

    fn entry(needs: u8, id: u8) -> Entry {
        Entry {
            id: format!("id{id}"),
            name: String::new(),
            adopted: false,
            protect: false,
            manage: Vec::new(),
            placed: Vec::new(),
            needs: addrs(needs).into_iter().collect(),
            marked_as: None,
            digests: Default::default(),
            ignore: Vec::new(),
            touched: None,
            fingerprints: BTreeMap::new(),
        }
    }

    fn refusal(guard: &'static str, bits: u8) -> Refusal {
        Refusal {
            guard,
            addrs: addrs(bits).into_iter().collect(),
            message: String::new(),
            allow: String::new(),
        }
    }

    /// Any changes over eight objects, whatever they need and needed.
    fn world() -> impl Strategy<Value = (Plan, Ledger)> {
        let one = (
            0..ACTIONS.len(),
            any::<u8>(),
            any::<u8>(),
            0..OBJECTS,
            0..OBJECTS,
        );
        let changes = prop::collection::btree_map(0..OBJECTS, one, 0..OBJECTS as usize);
        let owned = prop::collection::btree_map(0..OBJECTS, any::<(u8, u8)>(), 0..4);
        (changes, owned, any::<(u8, u8)>(), any::<bool>()).prop_map(
            |(changes, owned, (brake, loss), stale)| {
                let mut ledger = Ledger::new("p", None, String::new());
                for (n, (needs, id)) in owned {
                    ledger.entries.insert(addr(n), entry(needs, id % OBJECTS));
                }
                let mut plan = Plan::default();
                for (n, (action, needs, needed, id, held)) in changes {
                    // Few needs, so that something is left.
                    let (needs, needed) = (needs & needed, needs & !needed & 0b1010_0101);
                    plan.changes.push(change(n, ACTIONS[action], needs, id));
                    ledger.entries.insert(addr(n), entry(needed, held));
                }
                plan.refusals = vec![
                    refusal("brake", brake & 0b0101_0001),
                    refusal("data-loss", loss & 0b0000_1110),
                ];
                plan.refusals.retain(|refusal| !refusal.addrs.is_empty());
                if stale {
                    plan.refusals.push(refusal("stale", 0));
                }
                (plan, ledger)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn what_is_left_is_part_of_the_plan_and_needs_nothing_that_was_left_out(
            (plan, ledger) in world()
        ) {
            let left = skip_refused(plan.clone(), &ledger);
            let out: BTreeSet<&Addr> = left.skipped.iter().map(|s| &s.addr).collect();

            // Never more than the plan, and nothing of it is lost sight of.
            let mut all: Vec<&Addr> = left.changes.iter().map(|c| &c.addr).collect();
            all.extend(&out);
            all.sort();
            let planned: Vec<&Addr> = plan.changes.iter().map(|c| &c.addr).collect();
            prop_assert_eq!(all, planned);
            for kept in &left.changes {
                let same = plan.changes.iter().find(|c| c.addr == kept.addr).expect("planned");
                prop_assert_eq!((kept.action, &kept.needs), (same.action, &same.needs));
            }

            // Nothing that is refused, nothing that needs what is left out.
            let refused: BTreeSet<&Addr> = plan.refusals.iter().flat_map(|r| &r.addrs).collect();
            for kept in &left.changes {
                prop_assert!(!refused.contains(&kept.addr));
                match kept.action {
                    Action::Delete => for other in &out {
                        let needs = ledger.entries.get(*other).map(|entry| &entry.needs);
                        prop_assert!(!needs.is_some_and(|needs| needs.contains(&kept.addr)));
                    },
                    action if action.writes() => {
                        prop_assert!(kept.needs.iter().all(|need| !out.contains(need)));
                    }
                    _ => {}
                }
            }

            // Nothing is left out without a reason that holds.
            for skipped in &left.skipped {
                match &skipped.why {
                    Why::Refused(guard) => {
                        let by = |r: &&Refusal| r.guard == *guard && r.addrs.contains(&skipped.addr);
                        prop_assert!(plan.refusals.iter().find(by).is_some());
                    }
                    Why::Needs(addr)
                    | Why::NeededBy(addr)
                    | Why::Shares(addr)
                    | Why::TakenOver(addr) => {
                        prop_assert!(out.contains(addr) && !refused.contains(&skipped.addr));
                    }
                }
            }

            // What doubts the whole world still refuses; doing it again changes nothing.
            let whole = plan.refusals.iter().filter(|r| r.guard == "stale").count();
            prop_assert_eq!(left.refusals.len(), whole);
            let again = skip_refused(left.clone(), &ledger);
            prop_assert_eq!(again.changes.len(), left.changes.len());
        }

        #[test]
        fn nothing_is_left_out_of_a_plan_that_nothing_refuses((mut plan, ledger) in world()) {
            plan.refusals.retain(|refusal| refusal.guard == "stale");
            let left = skip_refused(plan.clone(), &ledger);
            prop_assert!(left.skipped.is_empty());
            prop_assert_eq!(left.changes.len(), plan.changes.len());
        }
    }

    #[test]
    fn what_an_object_needed_under_its_old_address_is_not_deleted() {
        let mut ledger = Ledger::new("p", None, String::new());
        ledger.entries.insert(addr(1), entry(0b1, 1));
        let moved = Change {
            from: Some(addr(1)),
            ..change(2, Action::Update, 0, 1)
        };
        let plan = Plan {
            changes: vec![change(0, Action::Delete, 0, 0), moved],
            refusals: vec![refusal("data-loss", 0b100)],
            ..Plan::default()
        };
        let left = skip_refused(plan, &ledger);
        assert!(left.changes.is_empty());
        assert_eq!(left.skipped[0].why, Why::NeededBy(addr(2)));
    }

    #[test]
    fn what_a_live_object_names_is_not_deleted_while_it_stays() {
        let mut stays = change(1, Action::Update, 0, 1);
        if let Some(seen) = &mut stays.seen {
            let live = serde_json::json!({ "relations": { "of": { "target": "id0" } } });
            seen.value = crate::words::Value::from(live);
        }
        let plan = Plan {
            changes: vec![
                change(0, Action::Delete, 0, 0),
                stays,
                change(2, Action::Delete, 0, 2),
            ],
            refusals: vec![refusal("adoption", 0b10)],
            ..Plan::default()
        };
        let left = skip_refused(plan, &Ledger::new("p", None, String::new()));
        assert_eq!(left.skipped[0].why, Why::NeededBy(addr(1)));
        assert_eq!(left.changes.len(), 1);
    }

    #[test]
    fn a_shared_text_goes_to_all_or_to_none() {
        let at = crate::words::Pointer::root().join("secret");
        let sends = |n: u8, name: &str| {
            let template = crate::words::Template::parse(&format!("${{random.{name}}}"));
            let source = crate::words::value::SecretSource::new(template.expect("a template"));
            let want = [("secret".to_owned(), crate::words::Value::Secret(source))];
            Change {
                want: Some(crate::words::Value::Map(want.into())),
                sends: [at.clone()].into(),
                ..change(n, Action::Update, 0, n)
            }
        };
        let plan = Plan {
            changes: vec![sends(0, "a"), sends(1, "a"), sends(2, "b")],
            refusals: vec![refusal("adoption", 0b1)],
            ..Plan::default()
        };
        let left = skip_refused(plan, &Ledger::new("p", None, String::new()));
        let whys: Vec<&Why> = left.skipped.iter().map(|skipped| &skipped.why).collect();
        assert_eq!(whys, [&Why::Refused("adoption"), &Why::Shares(addr(0))]);
        assert_eq!(left.changes.len(), 1);
    }

    #[test]
    fn an_object_is_not_given_up_before_its_new_address_has_it() {
        let mut ledger = Ledger::new("p", None, String::new());
        ledger.entries.insert(addr(0), entry(0, 7));
        let plan = Plan {
            changes: vec![
                change(0, Action::Forget, 0, 7),
                change(1, Action::Update, 0, 7),
            ],
            refusals: vec![refusal("data-loss", 0b10)],
            ..Plan::default()
        };
        let left = skip_refused(plan, &ledger);
        let whys: Vec<&Why> = left.skipped.iter().map(|skipped| &skipped.why).collect();
        assert_eq!(whys, [&Why::TakenOver(addr(1)), &Why::Refused("data-loss")]);
        assert!(left.changes.is_empty());
    }
}

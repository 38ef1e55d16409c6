//! Doomed objects that refer to each other: none could be deleted first, so as few as needed lose
//! what refers before they go (design, section 5.4; PA section 2: a blueprint that others relate to
//! is not deleted).
//!
//! Deliberately not here: whether they may be deleted at all (see `guard`), and the order of what
//! is not doomed.

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::plan::passes::Pass;
use crate::decide::plan::{Action, Change};
use crate::kinds::parts;
use crate::words::Addr;
use crate::words::graph::Graph;

/// Objects of one circle up to which the fewest that break it are searched for.
const EXACT: usize = 12;

/// Notes who refers to whom in live, and gives a first pass to those that have to let go.
pub fn loosen(changes: &mut [Change]) {
    let holds = holds(changes);
    for (from, to) in holds.keys() {
        let need = changes[*to].addr.clone();
        changes[*from].needs.insert(need);
    }
    let doomed: BTreeMap<&Addr, usize> = changes
        .iter()
        .enumerate()
        .filter(|(_, change)| change.action == Action::Delete)
        .map(|(index, change)| (&change.addr, index))
        .collect();
    let mut graph: Graph<usize> = Graph::default();
    for index in doomed.values() {
        graph.node(*index);
        let needs = changes[*index].needs.iter();
        for need in needs.filter_map(|need| doomed.get(need)) {
            graph.edge(*index, *need);
        }
    }
    if graph.layers().is_ok() {
        return;
    }
    for group in graph.components() {
        if group.len() > 1 {
            break_up(changes, &group, &holds);
        }
    }
}

/// Which doomed objects name which others in live, and whether all that names can be let go.
type Holds = BTreeMap<(usize, usize), bool>;

fn holds(changes: &[Change]) -> Holds {
    let mut named: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (index, change) in changes.iter().enumerate() {
        if let (Action::Delete, Some(seen)) = (change.action, &change.seen) {
            named.insert((change.kind.name(), seen.id.as_str()), index);
        }
    }
    let mut holds = Holds::new();
    for from in named.values() {
        let change = &changes[*from];
        let Some(seen) = &change.seen else { continue };
        for mention in change.kind.mentions(&seen.value) {
            let found = mention
                .kinds()
                .find_map(|kind| named.get(&(kind.name(), mention.addr.name.as_str())));
            if let Some(to) = found.filter(|to| *to != from) {
                let waits = parts::can_wait(change.kind, &mention.at);
                let all = holds.entry((*from, *to)).or_insert(true);
                *all &= waits;
            }
        }
    }
    holds
}

/// Makes it possible to delete the members of a group one after the other.
fn break_up(changes: &mut [Change], group: &[usize], holds: &Holds) {
    // What the ledger remembers and live no longer has does not keep anybody.
    let members: BTreeSet<Addr> = group
        .iter()
        .map(|index| changes[*index].addr.clone())
        .collect();
    for from in group {
        let kept: BTreeSet<Addr> = group
            .iter()
            .filter(|to| holds.contains_key(&(*from, **to)))
            .map(|to| changes[*to].addr.clone())
            .collect();
        changes[*from]
            .needs
            .retain(|need| !members.contains(need) || kept.contains(need));
    }
    let inside: Vec<(usize, usize, bool)> = holds
        .iter()
        .filter(|((from, to), _)| group.contains(from) && group.contains(to))
        .map(|((from, to), waits)| (*from, *to, *waits))
        .collect();
    for index in chosen(group, &inside) {
        let change = &mut changes[index];
        let Some(seen) = &change.seen else { continue };
        let live = change.kind.parts(&change.name, &seen.value, &|_| None);
        let without = live.into_iter().map(|part| (part.at, None)).collect();
        let first = Pass {
            without,
            after: BTreeSet::new(),
        };
        change.passes = vec![first, Pass::default()];
    }
}

/// As few members as possible that let go, so that no circle is left.
fn chosen(group: &[usize], edges: &[(usize, usize, bool)]) -> BTreeSet<usize> {
    let able: Vec<usize> = group
        .iter()
        .copied()
        .filter(|index| edges.iter().any(|(from, _, waits)| from == index && *waits))
        .collect();
    let broken = |loose: &BTreeSet<usize>| remaining(group, edges, loose).layers().is_ok();
    if able.len() <= EXACT {
        let mut sets: Vec<BTreeSet<usize>> = (0u32..1 << able.len())
            .map(|mask| {
                let picked = able.iter().enumerate();
                let picked = picked.filter(|(bit, _)| mask & (1 << bit) != 0);
                picked.map(|(_, index)| *index).collect()
            })
            .collect();
        sets.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        if let Some(smallest) = sets.into_iter().find(|set| broken(set)) {
            return smallest;
        }
    }
    // The one that most circles can lead through lets go, until none is left.
    let mut loose = BTreeSet::new();
    loop {
        let left = remaining(group, edges, &loose);
        let tied: BTreeSet<usize> = left
            .components()
            .into_iter()
            .filter(|group| group.len() > 1)
            .flatten()
            .collect();
        let weight = |index: &usize| {
            let comes = tied
                .iter()
                .filter(|other| left.needs(other).any(|n| n == index));
            let goes = left.needs(index).filter(|need| tied.contains(need));
            comes.count() * goes.count()
        };
        let best = able
            .iter()
            .filter(|index| tied.contains(index) && !loose.contains(*index))
            .max_by_key(|index| (weight(index), std::cmp::Reverse(**index)));
        match best {
            Some(index) => loose.insert(*index),
            None => return loose,
        };
    }
}

/// Who still holds whom when some have let go.
fn remaining(
    group: &[usize],
    edges: &[(usize, usize, bool)],
    loose: &BTreeSet<usize>,
) -> Graph<usize> {
    let mut graph = Graph::default();
    group.iter().for_each(|index| graph.node(*index));
    for (from, to, waits) in edges {
        if !(*waits && loose.contains(from)) {
            graph.edge(*from, *to);
        }
    }
    graph
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The size of the smallest set that breaks all circles, among all sets.
    fn smallest(group: &[usize], edges: &[(usize, usize, bool)]) -> usize {
        (0u32..1 << group.len())
            .map(|mask| {
                group
                    .iter()
                    .copied()
                    .filter(|i| mask & (1 << i) != 0)
                    .collect()
            })
            .filter(|set: &BTreeSet<usize>| remaining(group, edges, set).layers().is_ok())
            .map(|set| set.len())
            .min()
            .expect("all of them together let go of everything")
    }

    proptest! {
        #[test]
        fn as_few_as_possible_let_go(edges in prop::collection::vec((0usize..6, 0usize..6), 0..16)) {
            let group: Vec<usize> = (0..6).collect();
            let edges: Vec<(usize, usize, bool)> =
                edges.into_iter().map(|(from, to)| (from, to, true)).collect();
            let loose = chosen(&group, &edges);
            prop_assert!(remaining(&group, &edges, &loose).layers().is_ok());
            prop_assert_eq!(loose.len(), smallest(&group, &edges));
        }

        #[test]
        fn a_large_group_is_broken_up_too(edges in prop::collection::vec((0usize..40, 0usize..40), 60..120)) {
            let group: Vec<usize> = (0..40).collect();
            let edges: Vec<(usize, usize, bool)> =
                edges.into_iter().map(|(from, to)| (from, to, true)).collect();
            let loose = chosen(&group, &edges);
            prop_assert!(remaining(&group, &edges, &loose).layers().is_ok());
        }
    }
}

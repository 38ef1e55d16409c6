//! Passes: in which order objects that need each other are written, and how often (design,
//! section 5.4).
//!
//! Only a strongly connected component of changed objects is looked at; nobody else pays. Each
//! write carries all parts whose needs are met by then, those of the same body included. Writing an
//! object that can be completed is never wrong, because it has to be completed once in any case;
//! so only the incomplete writes are chosen: for small components the fewest there can be, for
//! large ones whichever unlocks most. Deliberately not here: what the parts are (see
//! `kinds::parts`), and sending anything.

mod search;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::plan::{Action, Change};
use crate::kinds;
use crate::kinds::parts::{Need, Others, Part};
use crate::words::graph::Graph;
use crate::words::{Addr, Pointer, Text, Value};
use search::Model;

/// One write of an object that is written in passes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pass {
    /// The parts that this write does not have yet, and what stands there meanwhile: what live
    /// has, or nothing.
    pub without: BTreeMap<Pointer, Option<Value>>,
    /// The writes of others that come before it: which object, and which of its writes, from 0 on.
    pub after: BTreeSet<(Addr, usize)>,
}

impl Pass {
    /// What this write sends of a whole spec.
    pub fn of(&self, want: &Value) -> Value {
        let mut body = want.clone();
        for (at, instead) in &self.without {
            put(&mut body, at.parts(), instead.as_ref());
        }
        body
    }
}

/// Who needs whom among what is created, changed or replaced.
pub fn forward(changes: &[Change]) -> Graph {
    let mut graph = Graph::default();
    let forward = |c: &&Change| c.action.writes() && !c.leaves();
    for change in changes.iter().filter(forward) {
        graph.node(change.addr.clone());
    }
    for change in changes.iter().filter(forward) {
        for need in &change.needs {
            if graph.contains(need) {
                graph.edge(change.addr.clone(), need.clone());
            }
        }
    }
    graph
}

/// Gives passes to all changed objects that need each other. `firm` says whether the whole of one
/// object needs another, `others` knows the specs of everything that does not change.
pub fn schedule(
    changes: &mut [Change],
    forward: &Graph,
    firm: &dyn Fn(&Addr, &Addr) -> bool,
    others: &Others,
) {
    let groups = forward.components().into_iter();
    for group in groups.filter(|group| group.len() > 1) {
        let is_member = |change: &&Change| {
            change.action != Action::Delete && group.binary_search(&change.addr).is_ok()
        };
        let members: Vec<&Change> = changes.iter().filter(is_member).collect();
        let outside = |addr: &Addr| others(addr);
        // What a write takes away for a while nobody may count on. Whoever did waits for its return,
        // which may take more away; places are only ever added, so that comes to an end.
        let mut fleeting = Fleeting::new();
        let passes = loop {
            let component = Component::new(&members, firm, &outside, &fleeting);
            let passes = component.passes();
            let more = component.counted_on(&passes);
            if more.is_subset(&fleeting) {
                break passes;
            }
            fleeting.extend(more);
        };
        let is_member = |change: &&mut Change| is_member(&&**change);
        for (change, passes) in changes.iter_mut().filter(is_member).zip(passes) {
            change.passes = passes;
        }
    }
}

/// Places that live has and that some write takes away until a later one.
type Fleeting = BTreeSet<(usize, Pointer)>;

/// Changed objects that need each other.
struct Component<'a> {
    members: &'a [&'a Change],
    /// Where each stands, by kind and identifier.
    places: Places<'a>,
    /// The parts of each, in the order of the model's.
    parts: Vec<Vec<Part>>,
    model: Model,
    outside: &'a Others<'a, 'a>,
    /// What somebody counts on because live has it, by the member that has it.
    counted: Vec<(usize, Pointer)>,
}

impl<'a> Component<'a> {
    fn new(
        members: &'a [&'a Change],
        firm: &dyn Fn(&Addr, &Addr) -> bool,
        outside: &'a Others<'a, 'a>,
        fleeting: &Fleeting,
    ) -> Component<'a> {
        let places: Places = members
            .iter()
            .enumerate()
            .map(|(place, change)| ((change.kind.name(), change.name.as_str()), place))
            .collect();
        let member = |addr: &Addr| place(&places, addr);
        let known = |addr: &Addr| match member(addr) {
            Some(found) => members[found].want.as_ref(),
            None => outside(addr),
        };
        let parts: Vec<Vec<Part>> = members
            .iter()
            .map(|change| {
                let want = change.want.as_ref();
                want.map_or(Vec::new(), |w| change.kind.parts(&change.name, w, &known))
            })
            .collect();
        let mut model = Model::default();
        let mut next = members.len();
        for own in &parts {
            model.parts.push((next..next + own.len()).collect());
            next += own.len();
        }
        let by_addr: BTreeMap<&Addr, usize> = members
            .iter()
            .enumerate()
            .map(|(place, change)| (&change.addr, place))
            .collect();
        for change in members {
            let needed = change
                .needs
                .iter()
                .filter_map(|need| by_addr.get(need))
                .filter(|other| {
                    let other = members[**other];
                    other.action != Action::Update && firm(&change.addr, &other.addr)
                });
            model.needs.push(needed.copied().collect());
        }
        let mut counted = Vec::new();
        for part in parts.iter().flatten() {
            let bits = part.needs.iter().filter_map(|need| {
                let holder = member(&need.addr)?;
                let renamed = is_renamed(members[holder]);
                let live = live(members[holder]).filter(|_| !renamed);
                let stays = !fleeting
                    .iter()
                    .any(|(of, place)| *of == holder && place.covers(&need.at));
                if stays && live.is_some_and(|live| need.holds_in(live)) {
                    counted.push((holder, need.at.clone()));
                    return None;
                }
                let place = parts[holder].iter().position(|p| p.at.covers(&need.at));
                Some(place.map_or(holder, |place| model.parts[holder][place]))
            });
            let bits = bits.collect();
            model.needs.push(bits);
        }
        Component {
            members,
            places,
            parts,
            model,
            outside,
            counted,
        }
    }

    /// The places that these passes take away for a while although somebody counts on them.
    fn counted_on(&self, passes: &[Vec<Pass>]) -> Fleeting {
        let taken = |(holder, at): &&(usize, Pointer)| {
            let away = passes[*holder].iter().flat_map(|pass| &pass.without);
            let mut away = away.filter(|(_, instead)| instead.is_none());
            away.any(|(place, _)| place.covers(at))
        };
        self.counted.iter().filter(taken).cloned().collect()
    }

    /// The passes of each member.
    fn passes(&self) -> Vec<Vec<Pass>> {
        let mut passes: Vec<Vec<Pass>> = vec![Vec::new(); self.members.len()];
        // Which write brought a bit about.
        let mut brought: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        let mut written = vec![false; self.members.len()];
        for write in self.model.schedule() {
            let nth = passes[write.member].len();
            let needs = write.gains.iter().flat_map(|bit| &self.model.needs[*bit]);
            let after = needs
                .filter_map(|need| brought.get(need))
                .filter(|(member, _)| *member != write.member)
                .map(|(member, nth)| (self.members[*member].addr.clone(), *nth));
            let after = after.collect();
            for bit in write.gains {
                brought.insert(bit, (write.member, nth));
            }
            let own = self.model.parts[write.member]
                .iter()
                .zip(&self.parts[write.member]);
            let absent = own.filter(|(bit, _)| !brought.contains_key(bit));
            let absent: Vec<&Part> = absent.map(|(_, part)| part).collect();
            let without = self.meanwhile(write.member, &absent, &written);
            written[write.member] = true;
            passes[write.member].push(Pass { without, after });
        }
        passes
    }

    /// What stands at the places of parts that have to wait: what live has there, as long as
    /// everything holds that this needs, because taking a relation away loses data.
    fn meanwhile(
        &self,
        index: usize,
        absent: &[&Part],
        written: &[bool],
    ) -> BTreeMap<Pointer, Option<Value>> {
        let change = self.members[index];
        let mut without: BTreeMap<Pointer, Option<Value>> =
            absent.iter().map(|part| (part.at.clone(), None)).collect();
        let (Some(seen), Some(want)) = (live(change), &change.want) else {
            return without;
        };
        let now = |addr: &Addr| match place(&self.places, addr) {
            Some(found) if found == index => Some(seen),
            Some(found) if written[found] => self.members[found].want.as_ref(),
            Some(found) => live(self.members[found]),
            None => (self.outside)(addr),
        };
        let so_far = change.kind.parts(&change.name, seen, &now);
        // Relations come first, so that what leads over them finds them.
        for part in so_far
            .iter()
            .filter(|part| absent.iter().any(|a| a.at == part.at))
        {
            let waiting = Pass {
                without: without.clone(),
                ..Pass::default()
            };
            let body = waiting.of(want);
            let holds = |need: &Need| match place(&self.places, &need.addr) {
                Some(found) if found == index => need.holds_in(&body),
                _ => now(&need.addr).is_none_or(|spec| need.holds_in(spec)),
            };
            if part.needs.iter().all(holds) {
                without.insert(part.at.clone(), seen.at(&part.at).cloned());
            }
        }
        without
    }
}

/// Members by kind and identifier.
type Places<'a> = BTreeMap<(&'static str, &'a str), usize>;

/// Which member has this identifier.
fn place(places: &Places, addr: &Addr) -> Option<usize> {
    let kind = kinds::of(addr)?.name();
    places.get(&(kind, addr.name.as_str())).copied()
}

/// What live has of an object that stays the same object.
fn live(change: &Change) -> Option<&Value> {
    let seen = change.seen.as_ref()?;
    (change.action == Action::Update).then_some(&seen.value)
}

/// Whether others find it under its name only when it was written.
fn is_renamed(change: &Change) -> bool {
    change
        .seen
        .as_ref()
        .is_some_and(|seen| seen.name != change.name)
}

/// Puts something at a place of a value, or takes away what stands there.
fn put(value: &mut Value, parts: &[Text], new: Option<&Value>) {
    let Some(map) = value.as_map_mut() else {
        return;
    };
    match (parts, new) {
        ([last], Some(new)) => {
            map.insert(last.clone(), new.clone());
        }
        ([last], None) => {
            map.shift_remove(last);
        }
        ([first, rest @ ..], _) => {
            if let Some(inner) = map.get_mut(first) {
                put(inner, rest, new);
            }
        }
        ([], _) => {}
    }
}

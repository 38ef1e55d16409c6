//! The search for the fewest writes, over bare numbers.
//!
//! Bits stand for what writes bring about: bit `m` says that member `m` was written at all, the
//! others that a part was. Bits are never lost, so writing more never harms.

use std::collections::BTreeSet;

/// Members up to which the fewest writes are searched for.
const EXACT: usize = 8;
/// States after which the search gives up and takes what seems best.
const STATES: usize = 20_000;

/// Members, their parts, and what each needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// The bits of each member's parts.
    pub parts: Vec<Vec<usize>>,
    /// What each bit needs: of a member's own bit, what must be there before any write of it.
    pub needs: Vec<BTreeSet<usize>>,
}

/// One write of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which member.
    pub member: usize,
    /// The bits that it brings about.
    pub gains: Vec<usize>,
}

/// What was brought about so far, and by which writes.
#[derive(Debug, Clone)]
struct State {
    have: Vec<bool>,
    writes: Vec<Write>,
}

impl Model {
    /// The writes that complete all members, in order. What can never be completed is written as a
    /// whole at the end: the service says better than we what is wrong with it.
    pub fn schedule(&self) -> Vec<Write> {
        let mut state = State {
            have: vec![false; self.needs.len()],
            writes: Vec::new(),
        };
        self.complete_all(&mut state);
        if self.is_done(&state) {
            return state.writes;
        }
        let exact = match self.parts.len() <= EXACT {
            true => self.exact(&state),
            false => None,
        };
        let mut state = exact.unwrap_or_else(|| self.greedy(state));
        for member in 0..self.parts.len() {
            if !self.is_complete(member, &state.have) {
                let gains = self.bits(member).filter(|bit| !state.have[*bit]).collect();
                self.note(Write { member, gains }, &mut state);
            }
        }
        state.writes
    }

    /// Level by level: all states that one more incomplete write leads to.
    fn exact(&self, start: &State) -> Option<State> {
        let mut seen: BTreeSet<Vec<bool>> = BTreeSet::new();
        let mut level = vec![start.clone()];
        while !level.is_empty() {
            let mut next = Vec::new();
            for state in &level {
                for member in 0..self.parts.len() {
                    let Some(write) = self.incomplete(member, &state.have) else {
                        continue;
                    };
                    let mut after = state.clone();
                    self.note(write, &mut after);
                    self.complete_all(&mut after);
                    if self.is_done(&after) {
                        return Some(after);
                    }
                    if seen.len() >= STATES {
                        return None;
                    }
                    if seen.insert(after.have.clone()) {
                        next.push(after);
                    }
                }
            }
            level = next;
        }
        None
    }

    /// Always the incomplete write after which most members can be completed; among equals the
    /// one that most parts wait for. Only what waits for a write is looked at, because circles may
    /// be as large as a project.
    fn greedy(&self, mut state: State) -> State {
        let mut waits: Vec<Vec<usize>> = vec![Vec::new(); self.needs.len()];
        for (bit, needs) in self.needs.iter().enumerate() {
            needs.iter().for_each(|need| waits[*need].push(bit));
        }
        let mut owner: Vec<usize> = (0..self.needs.len()).collect();
        for (member, parts) in self.parts.iter().enumerate() {
            parts.iter().for_each(|bit| owner[*bit] = member);
        }
        while !self.is_done(&state) {
            let candidates = (0..self.parts.len()).filter_map(|member| {
                let write = self.incomplete(member, &state.have)?;
                let waiting: BTreeSet<usize> = write
                    .gains
                    .iter()
                    .flat_map(|gain| &waits[*gain])
                    .copied()
                    .filter(|bit| !state.have[*bit] && owner[*bit] != member)
                    .collect();
                let met = |bit: usize| state.have[bit] || write.gains.contains(&bit);
                let members: BTreeSet<usize> = waiting.iter().map(|bit| owner[*bit]).collect();
                let opened = members.iter().filter(|m| self.can_complete(**m, &met));
                let opened = opened.count();
                Some((opened, waiting.len(), std::cmp::Reverse(member), write))
            });
            let best = candidates.max_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)));
            let Some((_, _, _, write)) = best else {
                return state;
            };
            self.note(write, &mut state);
            self.complete_all(&mut state);
        }
        state
    }

    /// Completes every member that can be completed.
    fn complete_all(&self, state: &mut State) {
        loop {
            let before = state.writes.len();
            for member in 0..self.parts.len() {
                let met = |bit: usize| state.have[bit];
                if !self.is_complete(member, &state.have) && self.can_complete(member, &met) {
                    let gains = self.bits(member).filter(|bit| !state.have[*bit]).collect();
                    self.note(Write { member, gains }, state);
                }
            }
            if state.writes.len() == before {
                return;
            }
        }
    }

    fn note(&self, write: Write, state: &mut State) {
        write.gains.iter().for_each(|bit| state.have[*bit] = true);
        state.writes.push(write);
    }

    /// The write of a member as far as it is possible now; none when it would bring nothing.
    fn incomplete(&self, member: usize, have: &[bool]) -> Option<Write> {
        let met = |bit: usize| {
            self.needs[bit]
                .iter()
                .all(|need| have[*need] || self.owns(member, *need))
        };
        if !met(member) {
            return None;
        }
        let mut gains: BTreeSet<usize> = self.bits(member).filter(|bit| met(*bit)).collect();
        // Parts of one body come together, so only those stay out that need one which stays out.
        loop {
            let before = gains.len();
            let kept = gains.clone();
            gains.retain(|bit| {
                let own = |need: &&usize| self.owns(member, **need);
                self.needs[*bit]
                    .iter()
                    .filter(own)
                    .all(|need| kept.contains(need))
            });
            if gains.len() == before {
                break;
            }
        }
        let gains: Vec<usize> = gains.into_iter().filter(|bit| !have[*bit]).collect();
        (!gains.is_empty()).then_some(Write { member, gains })
    }

    fn can_complete(&self, member: usize, met: &dyn Fn(usize) -> bool) -> bool {
        self.bits(member).all(|bit| {
            let mut needs = self.needs[bit].iter();
            needs.all(|need| met(*need) || self.owns(member, *need))
        })
    }

    fn is_complete(&self, member: usize, have: &[bool]) -> bool {
        self.bits(member).all(|bit| have[bit])
    }

    fn is_done(&self, state: &State) -> bool {
        state.have.iter().all(|have| *have)
    }

    /// The bits of a member: its own and those of its parts.
    fn bits(&self, member: usize) -> impl Iterator<Item = usize> {
        std::iter::once(member).chain(self.parts[member].iter().copied())
    }

    fn owns(&self, member: usize, bit: usize) -> bool {
        bit == member || self.parts[member].binary_search(&bit).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Models with a beginning: parts need members, or parts that were drawn before them.
    fn models(members: usize) -> impl Strategy<Value = Model> {
        let part = (
            0..members,
            prop::collection::vec((any::<bool>(), 0..64usize), 0..3),
        );
        prop::collection::vec(part, 0..12).prop_map(move |drawn| {
            let mut model = Model {
                parts: vec![Vec::new(); members],
                needs: vec![BTreeSet::new(); members],
            };
            for (owner, needs) in drawn {
                let bit = model.needs.len();
                let needs = needs.into_iter().map(|(whole, n)| match whole {
                    true => n % members,
                    false => n % bit,
                });
                let needs = needs.collect();
                model.parts[owner].push(bit);
                model.needs.push(needs);
            }
            model
        })
    }

    /// Checks a schedule against its meaning: all bits come, each after or with what it needs.
    fn is_valid(model: &Model, writes: &[Write]) -> bool {
        let mut have = vec![false; model.needs.len()];
        for write in writes {
            let before = have.clone();
            write.gains.iter().for_each(|bit| have[*bit] = true);
            let fine = write.gains.iter().all(|bit| {
                model.owns(write.member, *bit)
                    && model.needs[*bit].iter().all(|need| {
                        before[*need] || (model.owns(write.member, *need) && have[*need])
                    })
            });
            if !fine {
                return false;
            }
        }
        have.into_iter().all(|have| have)
    }

    /// The fewest writes there can be, found by trying every order of writes of every length. Each
    /// write carries all it can, which never harms; nothing else is assumed.
    fn fewest(model: &Model) -> usize {
        let mut level: BTreeSet<Vec<bool>> = [vec![false; model.needs.len()]].into();
        for length in 0.. {
            if level.iter().any(|have| have.iter().all(|bit| *bit)) {
                return length;
            }
            let mut next = BTreeSet::new();
            for have in &level {
                for member in 0..model.parts.len() {
                    if let Some(write) = model.incomplete(member, have) {
                        let mut after = have.clone();
                        write.gains.iter().for_each(|bit| after[*bit] = true);
                        next.insert(after);
                    }
                }
            }
            level = next;
        }
        unreachable!("a model with a beginning ends");
    }

    proptest! {
        #[test]
        fn a_schedule_is_valid_and_as_short_as_can_be(model in models(4)) {
            let writes = model.schedule();
            prop_assert!(is_valid(&model, &writes), "{writes:?}");
            prop_assert_eq!(writes.len(), fewest(&model));
        }

        #[test]
        fn what_seems_best_is_valid_and_complete(model in models(12)) {
            let start = State { have: vec![false; model.needs.len()], writes: Vec::new() };
            let greedy = model.greedy(start);
            prop_assert!(is_valid(&model, &greedy.writes));
            prop_assert!(is_valid(&model, &model.schedule()));
        }
    }

    #[test]
    fn what_has_no_beginning_is_written_as_a_whole_in_the_end() {
        let model = Model {
            parts: vec![vec![2], vec![3]],
            needs: vec![[].into(), [].into(), [3].into(), [2].into()],
        };
        let writes = model.schedule();
        assert!(!is_valid(&model, &writes));
        let last: Vec<usize> = writes.iter().map(|write| write.member).collect();
        assert_eq!(last, [0, 1, 0, 1]);
    }
}

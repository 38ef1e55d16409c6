//! Texts that we make: when one of those who share `${random.NAME}` gets a text, all get it.
//!
//! There is no text to compare at plan time. Its consumers agree when the ledger has the same
//! fingerprint for all of them; no key is needed for that, so that another credential, or none at
//! all, changes nothing. Whatever else sends one of them (it is created, rotated, carried along, or
//! an earlier run was stopped) sends all, which may let more be sent: planning is repeated until
//! nothing is added. Deliberately not here: who shares a text (see `want::desired::randoms`).

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::plan::make::{Flags, Input, guarded, held, once};
use crate::decide::plan::{Change, Plan, Reason};
use crate::want::desired::randoms::{Consumer, consumers};
use crate::words::{Addr, Findings};

/// Who shares which text; fields that are left to others do not count.
type Sharing = BTreeMap<String, Vec<Consumer>>;

/// What is known about the texts that we make, by name.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Those that are made anew.
    pub(super) sent: BTreeSet<String>,
    /// Those of objects that were there before us, left as they are.
    pub(super) unverified: BTreeSet<String>,
}

/// Makes the plan. Findings are references that live does not have either, and the like.
pub fn plan(input: Input) -> (Plan, Findings) {
    let mut sharing = consumers(input.desired.objects.values());
    for consumers in sharing.values_mut() {
        consumers.retain(|consumer| !consumer.left_alone);
    }
    let mut known = Known::default();
    for (name, consumers) in &sharing {
        match agreement(name, consumers, &input) {
            Agreement::Same => {}
            Agreement::Unverified if !input.flags.rotate_unverified => {
                known.unverified.insert(name.clone());
            }
            Agreement::Unverified | Agreement::Different => {
                known.sent.insert(name.clone());
            }
        }
    }
    let mut flags = input.flags.clone();
    let mut along: BTreeMap<Addr, String> = BTreeMap::new();
    loop {
        let input = Input {
            flags: &flags,
            ..input
        };
        let (mut plan, findings) = once(input, &known);
        let sends = names(&plan);
        let left_out = left_out(&sharing, &sends, &flags, &input);
        if sends.is_subset(&known.sent) && left_out.is_empty() {
            explain(&mut plan, &input);
            plan.notes.extend(along.iter().map(|(addr, name)| {
                format!("`{addr}` comes along: it shares the text of `${{random.{name}}}`")
            }));
            return (guarded(plan, &input), findings);
        }
        known.sent.extend(sends);
        flags.targets.extend(left_out.keys().cloned());
        along.extend(left_out);
    }
}

/// What the ledger says about those who share a text.
enum Agreement {
    /// All have the same.
    Same,
    /// All were there before us: nobody knows what they have.
    Unverified,
    /// Some have another text, or none at all.
    Different,
}

fn agreement(name: &str, consumers: &[Consumer], input: &Input) -> Agreement {
    let mut macs: BTreeSet<Option<&str>> = BTreeSet::new();
    let mut unverified = true;
    for consumer in consumers {
        let object = input.desired.objects.get(&consumer.addr);
        let entry =
            object.and_then(|object| held::held(input.desired, input.live, input.ledger, object));
        macs.insert(entry.and_then(|(_, entry)| entry.random(&consumer.at, name)));
        unverified &= match entry {
            Some((_, entry)) => entry.adopted && !entry.fingerprints.contains_key(&consumer.at),
            None => object
                .is_some_and(|object| held::live_of(input.live, input.ledger, object).is_some()),
        };
    }
    match macs.len() {
        _ if unverified => Agreement::Unverified,
        0 | 1 if !macs.contains(&None) => Agreement::Same,
        _ => Agreement::Different,
    }
}

/// The names whose texts a plan sends.
fn names(plan: &Plan) -> BTreeSet<String> {
    plan.changes
        .iter()
        .flat_map(shared)
        .map(str::to_owned)
        .collect()
}

/// The names whose texts a change sends.
pub(in crate::decide::plan) fn shared(change: &Change) -> impl Iterator<Item = &str> {
    let secrets = change.want.iter().flat_map(|want| want.secrets());
    secrets
        .filter(|(at, _)| change.sends.contains(at))
        .filter_map(|(_, source)| source.random())
}

/// Who has to get a text that is sent, and is left out by `--target`.
fn left_out(
    sharing: &Sharing,
    sends: &BTreeSet<String>,
    flags: &Flags,
    input: &Input,
) -> BTreeMap<Addr, String> {
    if flags.targets.is_empty() || sends.is_empty() {
        return BTreeMap::new();
    }
    let targets = input.desired.graph.closure(flags.targets.iter().cloned());
    let waiting = sends
        .iter()
        .filter_map(|name| Some((name, sharing.get(name)?)));
    waiting
        .flat_map(|(name, consumers)| consumers.iter().map(move |one| (&one.addr, name)))
        .filter(|(addr, _)| !targets.contains(*addr))
        .map(|(addr, name)| (addr.clone(), name.clone()))
        .collect()
}

/// Says with whom a secret is sent, where that is the only reason.
fn explain(plan: &mut Plan, input: &Input) {
    let intent = input.ledger.intent.as_ref();
    // What is not sent for the sake of others.
    let own = |change: &Change| {
        let open = intent.is_some_and(|intent| {
            intent.sends.contains_key(&change.addr) || intent.creates.contains(&change.addr)
        });
        change.reason != Reason::SecretChanged || input.flags.rotate.contains(&change.addr) || open
    };
    let mut causes: BTreeMap<&str, &Addr> = BTreeMap::new();
    for change in plan.changes.iter().filter(|change| own(change)) {
        for name in shared(change) {
            causes.entry(name).or_insert(&change.addr);
        }
    }
    let reasons: Vec<Option<Reason>> = plan
        .changes
        .iter()
        .map(|change| {
            let names: Vec<&str> = shared(change).collect();
            let only = names.len() == change.sends.len() && !own(change);
            let cause = names.iter().find_map(|name| causes.get(name))?;
            only.then(|| Reason::RotatedWith((*cause).clone()))
        })
        .collect();
    for (change, reason) in plan.changes.iter_mut().zip(reasons) {
        change.reason = reason.unwrap_or_else(|| change.reason.clone());
    }
}

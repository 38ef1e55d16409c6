//! Making a plan: pure, total, and the same for the same input.
//!
//! Every object is matched with live, settled, compared and given an action with a reason; then
//! the ledger says what is to be deleted, and the guards have their say.
//!
//! | room | noun |
//! |---|---|
//! | `alike` | what goes and comes, and looks like one object |
//! | `gone` | what left the project |
//! | `held` | what the ledger holds of an object |
//! | `labels` | what says that it is somebody else's |
//! | `moves` | what the ledger has under another address |
//! | `ours` | what the ledger says is ours |
//! | `part` | parts of somebody else's objects |
//! | `passes` | what is written in passes |
//! | `randoms` | texts that we make, sent to all who share them |
//! | `reach` | who cannot use what it names from where it lies |
//! | `references` | what an object is in live, and what it refers to there |
//! | `secrets` | which secrets are to be sent |

mod alike;
mod gone;
mod held;
mod labels;
mod moves;
mod ours;
mod part;
mod passes;
mod randoms;
mod reach;
mod references;
mod secrets;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::decide::diff::{self, FieldChange};
use crate::decide::drift;
use crate::decide::ledger::Ledger;
use crate::decide::plan::settle::{self, Exports};
use crate::decide::plan::{Action, Change, Facts, Plan, Reason, Refusal, SecretFacts, guard, skip};
use crate::kinds::{self, Observed, Picks, Rename};
use crate::there::live::Live;
use crate::want::desired::{Desired, Object};
use crate::want::document::Lifecycle;
use crate::words::map::Hashing;
use crate::words::template::Reference;
use crate::words::{Addr, Findings, Pointer, Value};
pub use held::{held, live_of};
pub use randoms::plan;
pub(super) use randoms::shared;

/// Everything that a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the project wants.
    pub desired: &'a Desired,
    /// What the services hold.
    pub live: &'a Live,
    /// What is ours.
    pub ledger: &'a Ledger,
    /// What is known about secrets.
    pub secrets: &'a SecretFacts,
    /// What was looked up for the guards.
    pub facts: &'a Facts,
    /// What the command line allows.
    pub flags: &'a Flags,
}

/// What the command line allows or limits.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--target`: only these objects and what they need.
    pub targets: BTreeSet<Addr>,
    /// `--adopt ADDR`.
    pub adopt: BTreeSet<Addr>,
    /// `--adopt all`.
    pub adopt_all: bool,
    /// `--delete-adopted`.
    pub delete_adopted: bool,
    /// `--allow-deletes N`.
    pub allow_deletes: Option<usize>,
    /// `--allow-empty`: go on although a list came back empty that the ledger says is not.
    pub allow_empty: bool,
    /// `--rotate ADDR`: send the secrets of these objects whatever is known about them.
    pub rotate: BTreeSet<Addr>,
    /// `--rotate-unverified`: send the secrets that nobody knows to be equal.
    pub rotate_unverified: bool,
    /// `--trust-ledger`: believe what lies in Port, whoever wrote it.
    pub trust_ledger: bool,
    /// Send secrets whose fingerprint was made under another key, so that they get one under the
    /// present key. An apply does, a plan only counts them.
    pub rekey: bool,
    /// `--allow-data-loss ADDR`: these objects may lose the data under them.
    pub allow_data_loss: BTreeSet<Addr>,
    /// `--allow-data-loss all`, which only a command takes that deletes all.
    pub allow_all_data_loss: bool,
    /// `--allow-stale-branch`: go on although the checkout lacks the commit applied last.
    pub allow_stale_branch: bool,
    /// `--skip-refused`: leave out what is refused, and what needs that.
    pub skip_refused: bool,
    /// Whether the plan is about to be applied.
    pub applies: bool,
    /// Whether all that is ours is to go, as was asked for: many deletes are no mistake then.
    pub destroys: bool,
    /// What documents protect when everything else is to go, whatever the ledger says by now.
    pub protected: BTreeSet<Addr>,
}

/// Makes the plan that gives those who share a text what `randoms` says.
fn once<'a>(input: Input<'a>, randoms: &'a randoms::Known) -> (Plan, Findings) {
    let declared = input
        .desired
        .objects
        .values()
        .filter(|o| o.manage.is_empty())
        .map(|o| (o.kind.name(), o.name.as_str()))
        .collect();
    let mut planning = Planning {
        input,
        randoms,
        declared,
        owners: moves::owners(input.ledger),
        exports: Exports::default(),
        plan: Plan {
            targets: input.flags.targets.clone(),
            destroys: input.flags.destroys,
            ..Plan::default()
        },
        findings: Findings::default(),
        claimed: HashSet::default(),
        former: moves::former_addresses(input.desired, input.ledger),
        left: BTreeSet::new(),
        refusals: Vec::new(),
    };
    planning.objects();
    planning.deletes();
    planning.reach();
    planning.unfollowed();
    planning.likely_renames();
    let Planning {
        mut plan,
        findings,
        exports,
        refusals,
        ..
    } = planning;
    plan.exports = exports;
    plan.refusals = refusals;
    plan.changes.sort_by(|a, b| a.addr.cmp(&b.addr));
    (plan, findings)
}

/// The plan with what the guards say about it, and without what is to be left out because of that.
fn guarded(mut plan: Plan, input: &Input) -> Plan {
    for change in &mut plan.changes {
        change.drift = drift::of_change(change, input.desired, input.live, input.ledger);
        change.losses = change.lost();
        if !change.losses.is_empty() {
            change.counted = input.facts.counts.get(&change.addr).cloned();
        }
    }
    guard::inspect(&mut plan, input);
    let mut plan = match input.flags.skip_refused {
        true => skip::skip_refused(plan, input.ledger),
        false => plan,
    };
    passes::passes(&mut plan, input);
    plan
}

struct Planning<'a> {
    input: Input<'a>,
    /// What is known about the texts that we make.
    randoms: &'a randoms::Known,
    /// The objects that the project declares whole, by kind and name.
    declared: HashSet<(&'static str, &'a str), Hashing>,
    /// The addresses that own objects, by kind and id.
    owners: moves::Owners<'a>,
    exports: Exports,
    plan: Plan,
    findings: Findings,
    /// Live objects that a desired object was matched with.
    claimed: HashSet<(&'static str, String), Hashing>,
    /// The addresses that `moved` objects have in the ledger, by their present ones.
    former: BTreeMap<&'a Addr, &'a Addr>,
    /// The addresses that the ledger has objects under which have another one now.
    left: BTreeSet<&'a Addr>,
    /// What is refused because it is somebody else's.
    refusals: Vec<Refusal>,
}

impl<'a> Planning<'a> {
    fn objects(&mut self) {
        let desired = self.input.desired;
        let wanted = match self.input.flags.targets.is_empty() {
            true => None,
            false => Some(
                desired
                    .graph
                    .closure(self.input.flags.targets.iter().cloned()),
            ),
        };
        for addr in desired.graph.order() {
            let Some(object) = desired.objects.get(&addr) else {
                continue;
            };
            let before = self.plan.changes.len();
            let unchanged = self.plan.unchanged;
            let undecided = (
                self.plan.undecided_secrets,
                self.plan.unverified_secrets,
                self.plan.missing_secrets.len(),
                self.refusals.len(),
            );
            self.object(object);
            if wanted
                .as_ref()
                .is_some_and(|wanted| !wanted.contains(&addr))
            {
                self.plan.changes.truncate(before);
                self.plan.unchanged = unchanged;
                self.plan.undecided_secrets = undecided.0;
                self.plan.unverified_secrets = undecided.1;
                self.plan.missing_secrets.truncate(undecided.2);
                self.refusals.truncate(undecided.3);
            }
        }
    }

    fn object(&mut self, object: &'a Object) {
        if !object.manage.is_empty() {
            return self.part(object);
        }
        // First, because an identity may hold what they settle.
        self.check_references(object);
        let live = match self.matching(object) {
            Ok(live) => live,
            Err(finding) => return self.findings.push(finding),
        };
        if let Some(live) = live {
            self.claimed.insert((object.kind.name(), live.id.clone()));
        }
        let want = self.settled(object);
        match live {
            None => self.create(object, want.into_owned()),
            Some(live) => self.existing(object, want, live),
        }
    }

    fn create(&mut self, object: &Object, want: Value) {
        let sends = self.all_secrets(object);
        self.plan.changes.push(Change {
            action: Action::Create,
            reason: Reason::Missing,
            // All that is wanted, see `Change::differences`.
            fields: Vec::new(),
            unknown: Vec::new(),
            seen: None,
            sends,
            adopts: false,
            want: Some(want),
            ..self.blank(object)
        });
    }

    fn existing(&mut self, object: &Object, want: Cow<Value>, live: &'a Observed) {
        let kind = object.kind;
        let ignore = ignored(object);
        let ours = self.is_ours(object, live);
        let open = object.renamed.iter().filter(|r| r.is_open(&live.value));
        let renames: Vec<Rename> = open.cloned().collect();
        let from = self.moved_from(object, live);
        // Made only where something changes: most objects stay as they are.
        let base = |planning: &Planning| Change {
            seen: Some(live.clone()),
            adopts: !ours,
            from: from.clone(),
            renames: renames.clone(),
            ..planning.blank(object)
        };
        let before = match renames.is_empty() {
            true => None,
            false => base(self).before().map(Cow::into_owned),
        };
        let before = before.map_or(Cow::Borrowed(live), Cow::Owned);
        let mut found = diff::compare(kind, &want, &before.value, &ignore);
        found.fields.extend(self.taken_over(object, live));
        self.unrecognised(object, live);
        if found.immutable {
            let sends = self.all_secrets(object);
            self.plan.changes.push(Change {
                action: Action::Replace,
                reason: Reason::Differs(paths(&found.fields)),
                fields: found.fields,
                unknown: found.unknown,
                sends,
                want: Some(want.into_owned()),
                ..base(self)
            });
            return;
        }
        self.exports
            .insert(object.addr.clone(), settle::exports_of(kind, live));
        let mut sends = self.changed_secrets(object, &want, ours);
        let secret_changed = !sends.is_empty();
        sends.extend(self.carried_secrets(object, &want, &found));
        if found.fields.is_empty() && !secret_changed && renames.is_empty() {
            if from.is_none() && self.is_recorded(object, live) {
                self.plan.unchanged += 1;
            } else {
                self.plan.changes.push(Change {
                    action: match from {
                        Some(_) => Action::Move,
                        None => Action::Adopt,
                    },
                    reason: match self.is_entry(object, live) {
                        true => Reason::Protection,
                        false => Reason::Equal,
                    },
                    sends,
                    want: Some(want.into_owned()),
                    ..base(self)
                });
            }
            return;
        }
        let body = diff::write_body(kind, &want, &before.value, &ignore);
        self.plan.changes.push(Change {
            action: Action::Update,
            reason: if !renames.is_empty() {
                let renamed = renames.iter().map(|rename| rename.at.clone());
                Reason::Differs(renamed.chain(paths(&found.fields)).collect())
            } else if found.fields.is_empty() {
                Reason::SecretChanged
            } else {
                why(&found.fields)
            },
            fields: found.fields,
            unknown: found.unknown,
            sends,
            want: Some(body),
            ..base(self)
        });
    }

    fn blank(&self, object: &Object) -> Change {
        let mut lifecycle = Lifecycle {
            ignore: ignored(object),
            ..object.lifecycle.clone()
        };
        lifecycle.adopt |=
            self.input.flags.adopt_all || self.input.flags.adopt.contains(&object.addr);
        Change {
            needs: self
                .input
                .desired
                .graph
                .needs(&object.addr)
                .cloned()
                .collect(),
            lifecycle,
            label: self
                .own_label(object.kind)
                .filter(|_| object.manage.is_empty()),
            name: object.name.clone(),
            ..forget(&object.addr, object.kind, &object.name, &[])
        }
    }
}

/// The places that are left alone: what the document says, what a seed leaves to others, and what
/// only counts when the document speaks of it.
fn ignored(object: &Object) -> Vec<Pointer> {
    let mut ignored = object.lifecycle.ignore.clone();
    if object.lifecycle.seed {
        ignored.extend_from_slice(&Picks::of(object.kind).seeded);
    }
    let kept = &Picks::of(object.kind).kept;
    ignored.extend(
        kept.iter()
            .filter(|at| object.spec.at(at).is_none())
            .cloned(),
    );
    ignored
}

fn forget(addr: &Addr, kind: &'static dyn kinds::Kind, name: &str, needs: &[Addr]) -> Change {
    Change {
        name: name.to_owned(),
        needs: needs.iter().cloned().collect(),
        ..Change::bare(addr, kind, Action::Forget, Reason::NotInConfig)
    }
}

fn paths(fields: &[FieldChange]) -> Vec<Pointer> {
    fields.iter().map(|field| field.path.clone()).collect()
}

/// Differing, unless all that differs is what other objects decide.
fn why(fields: &[FieldChange]) -> Reason {
    let mut needed: BTreeMap<Addr, String> = BTreeMap::new();
    for field in fields {
        match &field.after {
            Some(Value::Deferred(template)) => {
                for reference in template.references() {
                    if let Reference::Attribute(addr, attribute) = reference {
                        needed.insert(addr.clone(), attribute.clone());
                    }
                }
            }
            _ => return Reason::Differs(paths(fields)),
        }
    }
    match needed.into_iter().next() {
        Some((addr, attribute)) => Reason::DependsOn(addr, attribute),
        None => Reason::Differs(paths(fields)),
    }
}

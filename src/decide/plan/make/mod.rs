//! Making a plan: pure, total, and the same for the same input.
//!
//! Every object is matched with live, settled, compared and given an action with a reason; then
//! the ledger says what is to be deleted, and the guards have their say.
//!
//! | room | noun |
//! |---|---|
//! | `gone` | what left the project |
//! | `references` | what an object is in live, and what it refers to there |
//! | `secrets` | which secrets are to be sent |

mod gone;
mod references;
mod secrets;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::decide::diff::{self, FieldChange};
use crate::decide::ledger::Ledger;
use crate::decide::plan::settle::{self, Exports};
use crate::decide::plan::{Action, Change, Plan, Reason, SecretFacts, guard};
use crate::kinds::{self, Observed, Picks};
use crate::there::live::Live;
use crate::want::config::LedgerHome;
use crate::want::desired::{Desired, Object};
use crate::want::document::Lifecycle;
use crate::words::template::Reference;
use crate::words::{Addr, Finding, Findings, Pointer, Value};

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
    /// Send secrets whose fingerprint was made under another key, so that they get one under the
    /// present key. An apply does, a plan only counts them.
    pub rekey: bool,
}

/// Makes the plan. Findings are references that live does not have either, and the like.
pub fn plan(input: Input) -> (Plan, Findings) {
    let declared = input
        .desired
        .objects
        .values()
        .map(|o| (o.kind.name(), o.name.as_str()))
        .collect();
    let mut planning = Planning {
        input,
        declared,
        owners: owners(input.ledger),
        exports: Exports::default(),
        plan: Plan {
            targets: input.flags.targets.clone(),
            ..Plan::default()
        },
        findings: Findings::default(),
        claimed: BTreeSet::new(),
    };
    planning.objects();
    planning.deletes();
    let Planning {
        mut plan,
        findings,
        exports,
        ..
    } = planning;
    plan.exports = exports;
    plan.changes.sort_by(|a, b| a.addr.cmp(&b.addr));
    plan.refusals = guard::refusals(&plan, &input);
    (plan, findings)
}

struct Planning<'a> {
    input: Input<'a>,
    /// The objects that the project declares, by kind and name.
    declared: BTreeSet<(&'static str, &'a str)>,
    /// The addresses that own objects, by kind and id.
    owners: BTreeMap<(&'static str, &'a str), &'a Addr>,
    exports: Exports,
    plan: Plan,
    findings: Findings,
    /// Live objects that a desired object was matched with.
    claimed: BTreeSet<(&'static str, String)>,
}

impl<'a> Planning<'a> {
    fn objects(&mut self) {
        let desired = self.input.desired;
        // Without an order there would be no changes at all, which must not pass for a plan.
        let layers = desired
            .graph
            .layers()
            .expect("a project whose objects need each other is refused before it is planned");
        let wanted = match self.input.flags.targets.is_empty() {
            true => None,
            false => Some(
                desired
                    .graph
                    .closure(self.input.flags.targets.iter().cloned()),
            ),
        };
        for addr in layers.into_iter().flatten() {
            let Some(object) = desired.objects.get(&addr) else {
                continue;
            };
            let before = self.plan.changes.len();
            let unchanged = self.plan.unchanged;
            let undecided = (
                self.plan.undecided_secrets,
                self.plan.unverified_secrets,
                self.plan.missing_secrets.len(),
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
            }
        }
    }

    fn object(&mut self, object: &'a Object) {
        let live = match self.matching(object) {
            Ok(live) => live,
            Err(finding) => return self.findings.push(finding),
        };
        if let Some(live) = live {
            self.claimed.insert((object.kind.name(), live.id.clone()));
        }
        self.check_references(object);
        let settled = match object.spec.is_plain() {
            true => Cow::Borrowed(&object.spec),
            false => Cow::Owned(self.exports.settle(&object.spec)),
        };
        let (want, problems) = settle::names_to_ids(object.kind, settled, self.input.live);
        for (_, message, help) in problems {
            self.findings.push(
                Finding::error(
                    "live::unknown_space",
                    object.place,
                    format!("`{}`: {message}", object.addr),
                )
                .maybe_help(help),
            );
        }
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
            fields: diff::everything(&want),
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
        let found = diff::compare(kind, &want, &live.value, &ignore);
        let ours = self.is_ours(object, live);
        if found.immutable {
            let sends = self.all_secrets(object);
            self.plan.changes.push(Change {
                action: Action::Replace,
                reason: Reason::Differs(paths(&found.fields)),
                fields: found.fields,
                unknown: found.unknown,
                seen: Some(live.clone()),
                sends,
                adopts: !ours,
                want: Some(want.into_owned()),
                ..self.blank(object)
            });
            return;
        }
        self.exports
            .insert(object.addr.clone(), settle::exports_of(kind, live));
        let mut sends = self.changed_secrets(object, ours);
        let secret_changed = !sends.is_empty();
        sends.extend(self.carried_secrets(object, &want, &found));
        if found.fields.is_empty() && !secret_changed {
            if self.is_recorded(object, live) {
                self.plan.unchanged += 1;
            } else {
                self.plan.changes.push(Change {
                    action: Action::Adopt,
                    reason: match self.is_entry(object, live) {
                        true => Reason::Protection,
                        false => Reason::Equal,
                    },
                    fields: Vec::new(),
                    unknown: Vec::new(),
                    seen: Some(live.clone()),
                    sends,
                    adopts: !ours,
                    want: Some(want.into_owned()),
                    ..self.blank(object)
                });
            }
            return;
        }
        let body = diff::write_body(kind, &want, &live.value, &ignore);
        self.plan.changes.push(Change {
            action: Action::Update,
            reason: if found.fields.is_empty() {
                Reason::SecretChanged
            } else {
                why(&found.fields)
            },
            fields: found.fields,
            unknown: found.unknown,
            seen: Some(live.clone()),
            sends,
            adopts: !ours,
            want: Some(body),
            ..self.blank(object)
        });
    }

    /// Ours is what the ledger says, also under an address that the project no longer has, and
    /// what an unfinished apply of ours created. Without a ledger everything in the config is.
    fn is_ours(&self, object: &Object, live: &Observed) -> bool {
        let intent = self.input.ledger.intent.as_ref();
        let intended = intent.is_some_and(|intent| intent.creates.contains(&object.addr));
        intended
            || self.input.desired.config.ledger == Some(LedgerHome::None)
            || self
                .owner(object.kind, &live.id)
                .is_some_and(|addr| self.frees(addr, object))
    }

    /// Whether the ledger has this very object and knows whether it is protected.
    fn is_recorded(&self, object: &Object, live: &Observed) -> bool {
        let entry = self.input.ledger.entries.get(&object.addr);
        let protects = entry.is_some_and(|entry| entry.protect == object.lifecycle.protect);
        self.input.desired.config.ledger == Some(LedgerHome::None)
            || (self.is_entry(object, live) && protects)
    }

    /// Whether the ledger has this very object under its address.
    fn is_entry(&self, object: &Object, live: &Observed) -> bool {
        let entry = self.input.ledger.entries.get(&object.addr);
        entry.is_some_and(|entry| entry.id == live.id)
    }

    /// The address under which the ledger has the live object with this id.
    fn owner(&self, kind: &dyn kinds::Kind, id: &str) -> Option<&'a Addr> {
        self.owners.get(&(kind.name(), id)).copied()
    }

    /// Whether what the ledger has under an address may become this object.
    fn frees(&self, held: &Addr, object: &Object) -> bool {
        *held == object.addr || !self.input.desired.objects.contains_key(held)
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
            name: object.name.clone(),
            ..forget(&object.addr, object.kind, &object.name, BTreeSet::new())
        }
    }
}

/// Which address owns which live object.
fn owners(ledger: &Ledger) -> BTreeMap<(&'static str, &str), &Addr> {
    let entries = ledger.entries.iter();
    entries
        .filter_map(|(addr, entry)| Some(((kinds::of(addr)?.name(), entry.id.as_str()), addr)))
        .collect()
}

/// The places that are left alone: what the document says, and what a seed leaves to others.
fn ignored(object: &Object) -> Vec<Pointer> {
    let mut ignored = object.lifecycle.ignore.clone();
    if object.lifecycle.seed {
        ignored.extend_from_slice(&Picks::of(object.kind).seeded);
    }
    ignored
}

fn forget(
    addr: &Addr,
    kind: &'static dyn kinds::Kind,
    name: &str,
    needs: BTreeSet<Addr>,
) -> Change {
    Change {
        addr: addr.clone(),
        kind,
        action: Action::Forget,
        reason: Reason::NotInConfig,
        fields: Vec::new(),
        unknown: Vec::new(),
        needs,
        name: name.to_owned(),
        want: None,
        lifecycle: Lifecycle::default(),
        seen: None,
        sends: BTreeSet::new(),
        adopts: false,
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

//! Making a plan: pure, total, and the same for the same input.
//!
//! Every object is matched with live, settled, compared and given an action with a reason; then
//! the ledger says what is to be deleted, and the guards have their say.

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::diff::{self, FieldChange};
use crate::decide::ledger::Ledger;
use crate::decide::plan::settle::{self, Exports};
use crate::decide::plan::{Action, Change, Plan, Reason, SecretFact, SecretFacts, guard};
use crate::kinds::{self, Identity, Observed};
use crate::there::live::Live;
use crate::want::config::LedgerHome;
use crate::want::desired::{self, Desired, Object};
use crate::want::document::Lifecycle;
use crate::words::template::Reference;
use crate::words::{Addr, Finding, Findings, Pointer, Service, Value};

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
    /// Whether secrets whose fingerprints were made under another key are sent when their text is
    /// at hand, which makes new ones. An apply decides so; a plan only counts them.
    pub decide_secrets: bool,
    /// `--allow-empty`: go on although a list came back empty that the ledger says is not.
    pub allow_empty: bool,
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
        exports: Exports::default(),
        plan: Plan {
            targets: input.flags.targets.clone(),
            ..Plan::default()
        },
        findings: Findings::default(),
        claimed: BTreeSet::new(),
        owners: owners(input.ledger),
    };
    planning.objects();
    planning.deletes();
    let Planning {
        mut plan, findings, ..
    } = planning;
    plan.changes.sort_by(|a, b| a.addr.cmp(&b.addr));
    plan.refusals = guard::refusals(&plan, &input);
    (plan, findings)
}

struct Planning<'a> {
    input: Input<'a>,
    /// The objects that the project declares, by kind and name.
    declared: BTreeSet<(&'static str, &'a str)>,
    exports: Exports,
    plan: Plan,
    findings: Findings,
    /// Live objects that a desired object was matched with.
    claimed: BTreeSet<(&'static str, String)>,
    /// The addresses that the ledger binds remote ids to.
    owners: BTreeMap<(Service, &'a str, &'a str), &'a Addr>,
}

/// Whose a live object is that a desired one was matched with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Ours, and the ledger says so under this address.
    Recorded,
    /// Ours, but the ledger has to learn it: an unfinished apply created it, or it had another
    /// address before.
    Claimed,
    /// Not ours.
    Foreign,
}

impl<'a> Planning<'a> {
    fn objects(&mut self) {
        let desired = self.input.desired;
        let layers = desired.graph.layers().unwrap_or_default();
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
        let settled = self.exports.settle(&object.spec);
        let (want, problems) = settle::names_to_ids(object.kind, &settled, self.input.live);
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
            None => self.create(object, want),
            Some(live) => self.existing(object, want, live),
        }
    }

    /// The live object that a desired object is, if there is one.
    fn matching(&self, object: &Object) -> Result<Option<&'a Observed>, Finding> {
        let live = self.input.live;
        let kind = object.kind;
        if let Some(entry) = self.input.ledger.entries.get(&object.addr)
            && matches!(kind.identity(), Identity::Name(_))
            && let Some(found) = live.by_id(kind.name(), &entry.id)
        {
            return Ok(Some(found));
        }
        match kind.identity() {
            Identity::Field(_) => Ok(live.by_id(kind.name(), &object.name)),
            Identity::Name(_) => match self.named(object).as_slice() {
                [] => Ok(None),
                [one] => Ok(Some(one)),
                several => Err(Finding::error(
                    "live::ambiguous_name",
                    object.place,
                    format!(
                        "{} live objects are named `{}`: {}",
                        several.len(),
                        object.name,
                        several
                            .iter()
                            .map(|o| o.id.as_str())
                            .collect::<Vec<_>>()
                            .join(", ")
                    ),
                )
                .help("rename all but one of them in the service")),
            },
        }
    }

    /// The live objects with an object's name, except those that are other objects of the
    /// project: these are known by their ids and may be about to get another name.
    fn named(&self, object: &Object) -> Vec<&'a Observed> {
        let mut named = self.input.live.by_name(object.kind.name(), &object.name);
        named.retain(|live| {
            self.owner(object, &live.id).is_none_or(|addr| {
                *addr == object.addr || !self.input.desired.objects.contains_key(addr)
            })
        });
        named
    }

    /// References to what the project does not declare are looked up in live.
    fn check_references(&mut self, object: &'a Object) {
        let desired = self.input.desired;
        for (addr, attribute, place) in &object.reads {
            if desired.objects.contains_key(addr) || self.exports.contains(addr) {
                continue;
            }
            match settle::outside(addr, self.input.live) {
                Some(exports) => self.exports.insert(addr.clone(), exports),
                None => self.findings.push(self.absent(
                    addr,
                    &format!("`${{{addr}.{attribute}}}`"),
                    *place,
                )),
            }
        }
        for (mention, place) in &object.mentions {
            let name = mention.addr.name.as_str();
            let kinds: Vec<&'static dyn kinds::Kind> = mention
                .kinds()
                .filter_map(|kind| kinds::find(&kind))
                .collect();
            if kinds
                .iter()
                .any(|kind| self.declared.contains(&(kind.name(), name)))
            {
                continue;
            }
            match kinds
                .iter()
                .find_map(|kind| self.input.live.by_id(kind.name(), name))
            {
                Some(found) => {
                    desired::property_exists(mention, &found.value, *place, &mut self.findings)
                }
                None if mention.hard && mention.property.is_none() => {
                    self.findings
                        .push(self.absent(&mention.addr, &format!("`{name}`"), *place));
                }
                None => {}
            }
        }
    }

    fn absent(&self, addr: &Addr, what: &str, place: crate::words::Place) -> Finding {
        let refused = self.input.live.refused.get(addr.kind_name().as_str());
        let help = match refused {
            Some(said) => format!("this credential may not list objects of this kind: {said}"),
            None => "declare it in the project, create it there, or correct the name".into(),
        };
        Finding::error(
            "live::not_found",
            place,
            format!(
                "{what}: `{addr}` is neither in the project nor in {}",
                addr.service.title()
            ),
        )
        .help(help)
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

    fn existing(&mut self, object: &Object, want: Value, live: &'a Observed) {
        let kind = object.kind;
        let ignore = ignored(object);
        let found = diff::compare(kind, &want, &live.value, &ignore);
        let standing = self.standing(object, live);
        if found.immutable {
            let sends = self.all_secrets(object);
            self.plan.changes.push(Change {
                action: Action::Replace,
                reason: Reason::Differs(paths(&found.fields)),
                fields: found.fields,
                unknown: found.unknown,
                seen: Some(live.clone()),
                sends,
                adopts: standing == Standing::Foreign,
                want: Some(want),
                ..self.blank(object)
            });
            return;
        }
        self.exports
            .insert(object.addr.clone(), settle::exports_of(kind, live));
        let top_level = found.top_level();
        let mut sends = self.changed_secrets(object, standing);
        let secret_changed = !sends.is_empty();
        // A key that is written as a whole takes its secrets along.
        for (at, _) in want.secrets() {
            if at.parts().len() > 1
                && at
                    .first()
                    .is_some_and(|key| top_level.iter().any(|k| k == key))
            {
                self.must_have(object, &at);
                sends.insert(at);
            }
        }
        if found.fields.is_empty() && !secret_changed {
            if standing == Standing::Recorded {
                self.plan.unchanged += 1;
            } else {
                self.plan.changes.push(Change {
                    action: Action::Adopt,
                    reason: Reason::Equal,
                    fields: Vec::new(),
                    unknown: Vec::new(),
                    seen: Some(live.clone()),
                    sends,
                    adopts: standing == Standing::Foreign,
                    want: Some(want),
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
            adopts: standing == Standing::Foreign,
            want: Some(body),
            ..self.blank(object)
        });
    }

    /// Ours is what the ledger says, what an unfinished apply of ours created, and without a
    /// ledger everything in the config.
    fn standing(&self, object: &Object, live: &Observed) -> Standing {
        let ledger = self.input.ledger;
        let recorded = ledger
            .entries
            .get(&object.addr)
            .is_some_and(|entry| entry.id == live.id);
        if recorded || self.input.desired.config.ledger == Some(LedgerHome::None) {
            return Standing::Recorded;
        }
        let created = ledger
            .intent
            .as_ref()
            .is_some_and(|intent| intent.creates.contains(&object.addr));
        let moved = self
            .owner(object, &live.id)
            .is_some_and(|addr| !self.input.desired.objects.contains_key(addr));
        match created || moved {
            true => Standing::Claimed,
            false => Standing::Foreign,
        }
    }

    /// The address that the ledger binds a remote id to.
    fn owner(&self, object: &Object, id: &str) -> Option<&'a Addr> {
        let key = (object.kind.service(), object.kind.word(), id);
        self.owners.get(&key).copied()
    }

    /// All secrets of an object that is created: each must be at hand.
    fn all_secrets(&mut self, object: &Object) -> BTreeSet<Pointer> {
        let places: BTreeSet<Pointer> = object
            .spec
            .secrets()
            .into_iter()
            .map(|(at, _)| at)
            .collect();
        places.iter().for_each(|at| self.must_have(object, at));
        places
    }

    fn must_have(&mut self, object: &Object, at: &Pointer) {
        if let Some(SecretFact::Unset(names)) =
            self.input.secrets.get(&(object.addr.clone(), at.clone()))
        {
            self.plan
                .missing_secrets
                .push((object.addr.clone(), at.clone(), names.clone()));
        }
    }

    /// The secrets of an existing object whose text is known to be another one.
    fn changed_secrets(&mut self, object: &Object, standing: Standing) -> BTreeSet<Pointer> {
        let mut changed = BTreeSet::new();
        if object.lifecycle.seed {
            return changed;
        }
        let intent = self.input.ledger.intent.as_ref();
        let open = intent.and_then(|intent| intent.sends.get(&object.addr));
        // Nobody knows which text a create sent that was cut short, nor whether all was sent.
        let created = standing == Standing::Claimed
            && intent.is_some_and(|intent| intent.creates.contains(&object.addr));
        // Fingerprints are bound to the address, so a moved object needs new ones.
        let moved = standing == Standing::Claimed && !created;
        for (at, _) in object.spec.secrets() {
            let fact = self.input.secrets.get(&(object.addr.clone(), at.clone()));
            let interrupted = created || open.is_some_and(|places| places.contains(&at));
            match fact {
                Some(SecretFact::Unset(_)) if interrupted => {
                    self.must_have(object, &at);
                    changed.insert(at);
                }
                _ if interrupted => {
                    changed.insert(at);
                }
                Some(SecretFact::Unset(_)) => self.plan.undecided_secrets += 1,
                _ if moved => {
                    changed.insert(at);
                }
                Some(SecretFact::Changed) if standing != Standing::Foreign => {
                    changed.insert(at);
                }
                Some(SecretFact::OtherKey) if self.input.flags.decide_secrets => {
                    changed.insert(at);
                }
                Some(SecretFact::OtherKey) => self.plan.undecided_secrets += 1,
                Some(SecretFact::Unverified) => self.plan.unverified_secrets += 1,
                Some(SecretFact::Same | SecretFact::Changed) | None => {}
            }
        }
        changed
    }

    /// What the ledger owns and the config no longer wants.
    fn deletes(&mut self) {
        let targets = &self.input.flags.targets;
        let ledger = self.input.ledger;
        let mut gone: Vec<Change> = Vec::new();
        for (addr, entry) in &ledger.entries {
            let wanted = self.input.desired.objects.contains_key(addr);
            if wanted || (!targets.is_empty() && !targets.contains(addr)) {
                continue;
            }
            // A kind that this version lacks is left alone, and said.
            let Some(kind) = kinds::of(addr) else {
                self.plan.notes.push(format!(
                    "`{addr}` is of a kind that this version does not know; it is left alone"
                ));
                continue;
            };
            if self.claimed.contains(&(kind.name(), entry.id.clone())) {
                // The same object under another address: the new address takes it over.
                gone.push(forget(addr, kind, &entry.name, entry.needs.clone()));
                continue;
            }
            let live = self.input.live.by_id(kind.name(), &entry.id);
            let system = entry.id.starts_with('_') && kind.service() == crate::words::Service::Port;
            match live {
                Some(live) if !system && (!entry.adopted || self.input.flags.delete_adopted) => {
                    gone.push(Change {
                        action: Action::Delete,
                        seen: Some(live.clone()),
                        ..forget(addr, kind, &entry.name, entry.needs.clone())
                    })
                }
                _ => gone.push(forget(addr, kind, &entry.name, entry.needs.clone())),
            }
        }
        self.plan.changes.extend(gone);
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

/// The places that are left alone: what the document says, and what a seed leaves to others.
fn ignored(object: &Object) -> Vec<Pointer> {
    let mut ignored = object.lifecycle.ignore.clone();
    if object.lifecycle.seed {
        ignored.extend(object.kind.shape().pick(&|field| field.rules.seeded));
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

/// The addresses of all entries by service, kind and remote id.
fn owners(ledger: &Ledger) -> BTreeMap<(Service, &str, &str), &Addr> {
    let entries = ledger.entries.iter();
    entries
        .map(|(addr, entry)| ((addr.service, addr.kind.as_str(), entry.id.as_str()), addr))
        .collect()
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

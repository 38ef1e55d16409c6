//! The shelf: a ledger in Port, as entities of a blueprint of our own, read and written.
//!
//! Reading is one search (PA section 6). What is written follows from [`compose`]; that the parts
//! are what spaceport wrote is told by [`trust`]. Deliberately not here: whose turn it is to write
//! (see `lease`).

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value as Json, json};

use crate::decide::ledger::head::{Basis, Head, Part, compose};
use crate::decide::ledger::home::{HomeError, Loaded};
use crate::decide::ledger::lease::Holder;
use crate::decide::ledger::scope::{BLUEPRINT, Scope};
use crate::decide::ledger::trust::{self, Belief, Seen};
use crate::decide::ledger::{Ledger, tenure};
use crate::kinds::Call;
use crate::kinds::call::path;
use crate::there::live::Organization;
use crate::there::services::{Failure, Problem, Reader, Repeat, Vault, Writer};
use crate::words::Value;

/// Entities per page, the most that a search gives (PA section 1, lists).
const PAGE: usize = 1000;
/// How often permissions that are not there yet are written again (PA section 10.4).
const LATE: u32 = 12;
/// What the parts are made of. Texts, but for the serial under which a part was written.
const PROPERTIES: [(&str, &str, &str); 6] = [
    ("project", "string", "Project"),
    ("environment", "string", "Environment"),
    ("scope", "string", "Ledger"),
    ("generation", "number", "Generation"),
    ("content", "string", "Content"),
    ("seal", "string", "Seal"),
];

/// A ledger in Port, and what is known of it there.
#[derive(Debug)]
pub struct Shelf {
    scope: Scope,
    known: Mutex<Known>,
}

/// What was seen or written last.
#[derive(Debug, Default)]
struct Known {
    head: Option<Head>,
    organization: Option<(String, String)>,
    /// How Port stamps what we write; known after the first write.
    stamp: Option<String>,
    blueprint_missing: bool,
    /// Whether everything is to be written anew, as it was not written by us.
    anew: bool,
    leases: Vec<Seen>,
    /// Whether the head was found to be another one, when the leases were looked at.
    moved: bool,
    tenure: Option<Tenured>,
}

/// The lease that this run holds.
#[derive(Debug)]
struct Tenured {
    number: u64,
    /// What tells it from another lease with that number.
    nonce: String,
    /// When the service was last heard to know it. By both clocks: the one stands still while the
    /// machine sleeps, the other may be set.
    confirmed: (Instant, SystemTime),
    renewals: u64,
    lost: bool,
}

impl Tenured {
    fn is_fresh(&self, fresh: Duration) -> bool {
        let (steady, wall) = self.confirmed;
        steady.elapsed() < fresh && wall.elapsed().is_ok_and(|passed| passed < fresh)
    }
}

impl Shelf {
    /// The shelf of a project and environment.
    pub fn new(scope: Scope) -> Shelf {
        Shelf {
            scope,
            known: Mutex::default(),
        }
    }

    /// Whose ledger it is.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether no head is there yet.
    pub fn is_new(&self) -> bool {
        self.known().head.is_none()
    }

    /// The leases that were there when it was read last, the highest number last.
    pub fn leases(&self) -> Vec<(u64, Seen)> {
        let numbered = |seen: &Seen| Some((self.scope.lease_number(&seen.id)?, seen.clone()));
        let mut leases: Vec<_> = self.known().leases.iter().filter_map(numbered).collect();
        leases.sort_by_key(|(number, _)| *number);
        leases
    }

    /// Reads the leases anew, and whether the head is still the one that was read last.
    pub async fn look_at_leases(&self, reader: &Reader) -> Result<(), HomeError> {
        let seen = self.read(reader).await?.unwrap_or_default();
        let head = seen.iter().find(|one| one.id == self.scope.head());
        let head: Option<Head> = head.and_then(|seen| serde_json::from_str(&seen.content).ok());
        let is_lease = |one: &Seen| self.scope.lease_number(&one.id).is_some();
        let mut known = self.known();
        known.moved = head != known.head;
        known.leases = seen.into_iter().filter(is_lease).collect();
        Ok(())
    }

    /// Notes that this run holds a lease.
    pub(super) fn holds(&self, number: u64, holder: &Holder) {
        self.known().tenure = Some(Tenured {
            number,
            nonce: holder.nonce.clone(),
            confirmed: (Instant::now(), SystemTime::now()),
            renewals: 0,
            lost: false,
        });
    }

    /// Counts renewals, so that each writes something else.
    pub(super) fn renewal(&self) -> u64 {
        let mut known = self.known();
        known.tenure.as_mut().map_or(0, |held| {
            held.renewals += 1;
            held.renewals
        })
    }

    pub(super) fn renewed(&self) {
        if let Some(held) = &mut self.known().tenure {
            held.confirmed = (Instant::now(), SystemTime::now());
        }
    }

    pub(super) fn lose(&self) {
        if let Some(held) = &mut self.known().tenure {
            held.lost = true;
        }
    }

    /// Whether somebody took the lease away that this run held.
    pub fn is_lost(&self) -> bool {
        self.known().tenure.as_ref().is_some_and(|held| held.lost)
    }

    /// Makes sure that this run holds its lease, unless that was heard not longer than `fresh` ago.
    pub async fn confirm(&self, writer: &Writer, fresh: Duration) -> Result<(), HomeError> {
        let (number, nonce) = match &self.known().tenure {
            None => return Ok(()),
            Some(held) if held.lost => return Err(HomeError::Lost),
            Some(held) if held.is_fresh(fresh) => return Ok(()),
            Some(held) => (held.number, held.nonce.clone()),
        };
        tenure::renew_once(self, writer, number, &nonce).await
    }

    /// How Port stamps what we write; known once this run holds the lease.
    pub fn stamp(&self) -> Option<String> {
        self.known().stamp.clone().filter(|by| !by.is_empty())
    }

    /// Notes how Port stamps what we write.
    pub fn stamped(&self, by: &str) {
        self.known().stamp = Some(by.to_owned());
    }

    /// Notes the organization, which the head names.
    pub fn in_organization(&self, organization: &Organization) {
        let named = (organization.id.clone(), organization.name.clone());
        self.known().organization = Some(named);
    }

    /// Reads the ledger.
    pub async fn load(
        &self,
        reader: &Reader,
        vault: &Vault,
        trust: bool,
    ) -> Result<Loaded, HomeError> {
        let seen = self.read(reader).await?;
        let blueprint_missing = seen.is_none();
        let seen = seen.unwrap_or_default();
        let belief = Belief {
            seal: &|text| vault.seal(text),
            all: trust,
        };
        let opened = trust::open(&self.scope, &seen, belief)?;
        let is_lease = |one: &&Seen| self.scope.lease_number(&one.id).is_some();
        let mut known = self.known();
        known.leases = seen.iter().filter(is_lease).cloned().collect();
        known.blueprint_missing = blueprint_missing;
        known.anew = trust;
        known.moved = false;
        if let Some(head) = &opened.head
            && head.organization.is_some()
        {
            known.organization.clone_from(&head.organization);
        }
        known.head = opened.head;
        Ok(Loaded {
            ledger: opened.ledger,
            organization: known
                .organization
                .clone()
                .map(|(id, name)| Organization { id, name }),
            blueprint_missing,
        })
    }

    /// All entities of the scope; `None` without the blueprint.
    async fn read(&self, reader: &Reader) -> Result<Option<Vec<Seen>>, HomeError> {
        let search = path(&["v1", "blueprints", BLUEPRINT, "entities", "search"]);
        // No `include`: that stamps can be asked for by name is published nowhere (PA section 6).
        let mut body = json!({
            "query": {"combinator": "and", "rules": [
                {"property": "scope", "operator": "=", "value": self.scope.head()},
            ]},
            "limit": PAGE,
        });
        let (mut all, mut pages) = (Vec::new(), BTreeSet::new());
        loop {
            let answer = match reader.port_search(&search, &body).await {
                Ok(answer) => answer,
                Err(error) if matches!(error.problem(), Problem::NotFound(_)) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let page = answer["entities"].as_array();
            all.extend(page.into_iter().flatten().filter_map(seen));
            match answer.get("next") {
                // Pages that lead to each other would be read without an end.
                Some(next) if !next.is_null() && pages.insert(next.to_string()) => {
                    body["from"] = next.clone();
                }
                _ => return Ok(Some(all)),
            }
        }
    }

    /// Whether the head was still the one that was read last, when the leases were looked at.
    pub fn is_current(&self) -> bool {
        !self.known().moved
    }

    /// Makes the blueprint and gives it to admins alone. Doing it twice is doing it once.
    pub async fn set_up(&self, writer: &Writer) -> Result<(), HomeError> {
        let (is_new, missing) = {
            let known = self.known();
            (known.head.is_none(), known.blueprint_missing)
        };
        if !is_new {
            return Ok(());
        }
        if missing {
            let call = call(
                "POST",
                "/v1/blueprints?create_catalog_page=false",
                blueprint(),
            );
            match writer.send(&call, Repeat::Always).await {
                Err(failure) if !matches!(failure.error.problem(), Problem::Taken(_)) => {
                    return Err(failure.error.into());
                }
                _ => self.known().blueprint_missing = false,
            }
        }
        let narrow = path(&["v1", "blueprints", BLUEPRINT, "permissions"]);
        let narrow = call("PATCH", &narrow, permissions());
        let mut tries = 0;
        loop {
            match writer.send(&narrow, Repeat::Always).await {
                Ok(_) => return Ok(()),
                // Scopes are made a moment after their blueprint (PA sections 1 and 10.4).
                Err(failure) if tries < LATE && is_late(&failure) => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(50 * u64::from(tries))).await;
                }
                Err(failure) => return Err(failure.error.into()),
            }
        }
    }

    /// Writes what changed, the head last.
    pub async fn save(&self, ledger: &Ledger, writer: &Writer) -> Result<(), HomeError> {
        // Whoever took the lease away may have saved since: what this run knows would undo it.
        self.confirm(writer, Duration::ZERO).await?;
        let (parts, head) = {
            let known = self.known();
            let basis = Basis {
                old: known.head.as_ref(),
                writer: known.stamp.as_deref().unwrap_or_default(),
                organization: known.organization.as_ref(),
                anew: known.anew,
            };
            compose(&self.scope, ledger, basis)
        };
        for part in &parts {
            self.put(writer, part).await?;
        }
        let mut known = self.known();
        known.head = Some(head);
        known.anew = false;
        Ok(())
    }

    /// Writes an entity of this scope; a head with its seal.
    async fn put(&self, writer: &Writer, part: &Part) -> Result<(), HomeError> {
        let is_head = part.id == self.scope.head();
        let seal = is_head
            .then(|| writer.vault().seal(&part.content))
            .flatten();
        let route = path(&["v1", "blueprints", BLUEPRINT, "entities"]) + "?upsert=true";
        let call = call("POST", &route, self.entity(part, seal));
        // Writing a part twice is writing it once.
        let sent = writer.send(&call, Repeat::Always).await;
        sent.map(drop).map_err(|failure| failure.error.into())
    }

    /// Removes a ledger that owns nothing and was saved so. Its head lets go of its parts, the parts
    /// go, then the head: whatever is left halfway is a ledger that owns nothing.
    ///
    /// The blueprint stays: another project may be writing its first entity this moment.
    pub async fn remove(&self, writer: &Writer) -> Result<(), HomeError> {
        self.confirm(writer, Duration::ZERO).await?;
        let head = self.scope.head();
        let Some(old) = self.known().head.clone() else {
            return Ok(());
        };
        let bare = Head {
            chunks: Default::default(),
            intent: None,
            intents: Default::default(),
            serial: old.serial + 1,
            ..old
        };
        let part = Part {
            id: head.to_owned(),
            generation: bare.serial,
            content: serde_json::to_string(&bare).expect("a head is plain data"),
        };
        self.put(writer, &part).await?;
        let seen = self.read(writer.reader()).await?.unwrap_or_default();
        let part = |one: &&Seen| one.id != head && self.scope.lease_number(&one.id).is_none();
        for id in seen.iter().filter(part).map(|one| one.id.as_str()) {
            self.remove_entity(writer, id).await?;
        }
        self.remove_entity(writer, head).await?;
        self.known().head = None;
        Ok(())
    }

    /// Removes an entity of this scope. One that is gone is no failure.
    pub(super) async fn remove_entity(&self, writer: &Writer, id: &str) -> Result<(), HomeError> {
        let route = path(&["v1", "blueprints", BLUEPRINT, "entities", id]);
        match writer
            .send(&call("DELETE", &route, Json::Null), Repeat::Always)
            .await
        {
            Err(failure) if !matches!(failure.error.problem(), Problem::NotFound(_)) => {
                Err(failure.error.into())
            }
            _ => Ok(()),
        }
    }

    /// The body of an entity of this scope.
    pub(super) fn entity(&self, part: &Part, seal: Option<String>) -> Json {
        let mut properties = json!({
            "project": self.scope.project,
            "scope": self.scope.head(),
            "generation": part.generation,
            "content": part.content,
        });
        let more = [("environment", &self.scope.environment), ("seal", &seal)];
        for (name, text) in more {
            if let Some(text) = text {
                properties[name] = text.as_str().into();
            }
        }
        json!({"identifier": part.id, "title": part.id, "properties": properties})
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An entity in an answer.
pub(super) fn seen(entity: &Json) -> Option<Seen> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let properties = &entity["properties"];
    Some(Seen {
        id: entity["identifier"].as_str()?.to_owned(),
        generation: properties["generation"].as_f64().unwrap_or_default() as u64,
        content: text(&properties["content"]),
        seal: properties["seal"].as_str().map(str::to_owned),
        updated_by: text(&entity["updatedBy"]),
        updated_at: text(&entity["updatedAt"]),
        created_at: text(&entity["createdAt"]),
    })
}

/// A request to Port.
pub(super) fn call(method: &'static str, path: &str, body: Json) -> Call {
    Call::Port {
        method,
        path: path.to_owned(),
        body: (!body.is_null()).then(|| Value::from(body)),
    }
}

fn is_late(failure: &Failure) -> bool {
    matches!(failure.error.problem(), Problem::NotFound(_))
}

fn blueprint() -> Json {
    let properties = PROPERTIES
        .iter()
        .map(|(name, kind, title)| ((*name).to_owned(), json!({"type": kind, "title": title})));
    json!({
        "identifier": BLUEPRINT,
        "title": "Spaceport project",
        "description": "What spaceport owns. Written by `spaceport apply`; leave it alone.",
        "schema": {"properties": properties.collect::<serde_json::Map<_, _>>(), "required": []},
        "relations": {},
    })
}

/// Everything is for admins: a ledger that others may write is none.
fn permissions() -> Json {
    let admins = json!({"users": [], "roles": ["Admin"], "teams": [], "ownedByTeam": false});
    let meta = ["$identifier", "$title", "$icon", "$team"];
    let names = PROPERTIES.iter().map(|(name, _, _)| *name).chain(meta);
    let each = names.map(|name| (name.to_owned(), admins.clone()));
    json!({"entities": {
        "read": admins, "register": admins, "update": admins, "unregister": admins,
        "updateProperties": each.collect::<serde_json::Map<_, _>>(),
    }})
}

//! The form of a snapshot: what stands in the file, and how it becomes what a plan is made from.
//!
//! Everything in it is data of no use to who finds it. Deliberately not here: what is hidden of a
//! text (see `veil`), and when it was asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::commands::sight::Places;
use crate::commands::snapshot::verdict::Verdict;
use crate::decide::ledger::Ledger;
use crate::decide::plan::Population;
use crate::kinds::{self, Birth, Kind, Observed, Touch};
use crate::show::header::Target;
use crate::there::live::{Live, Organization, Space};
use crate::want::config::{Config, LedgerHome};
use crate::words::Value;
use crate::words::value::Map;

/// The format that this version writes.
pub const FORMAT: u64 = 1;

/// A snapshot as it stands in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Form {
    /// Version of this format.
    pub format_version: u64,
    /// The project.
    pub project: String,
    /// Its environment, when it declares some.
    pub environment: Option<String>,
    /// When it was taken, RFC 3339.
    pub taken_at: String,
    /// The world that the project named then.
    pub world: World,
    /// Where that was found.
    pub places: Hosts,
    /// What the services held.
    pub live: Seen,
    /// What was ours; absent when nothing was yet.
    pub ledger: Option<Ledger>,
    /// Whether Port lacked the blueprint that ledgers are kept under.
    pub ledger_blueprint_missing: bool,
    /// How much data was under objects, by where it was counted.
    pub counts: BTreeMap<String, Count>,
    /// Whether there was a key to compare secrets with.
    pub secrets_compared: bool,
    /// What was known about secrets whose texts stand in the project.
    pub secrets: Vec<Verdict>,
}

/// The world that a project names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct World {
    /// `port.region`.
    pub region: Option<String>,
    /// `spacelift.account`.
    pub account: Option<String>,
    /// Where the ledger is kept: `port`, `none`, or `file PATH`.
    pub ledger: String,
}

/// Where a project's world was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hosts {
    port: Option<Host>,
    spacelift: Option<Host>,
    ledger: String,
}

/// Where one service was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Host {
    who: Option<String>,
    origin: String,
    source: String,
    overridden: bool,
    sandbox: bool,
}

/// What the services held.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seen {
    organization: Option<Org>,
    account: Option<String>,
    viewer: Option<String>,
    spaces: Vec<SeenSpace>,
    refused: BTreeMap<String, String>,
    /// The kinds whose lists were read, or refused.
    pub read: BTreeSet<String>,
    /// Objects that no list has, by kind: the ids that were asked for.
    pub asked: BTreeMap<String, Vec<String>>,
    objects: BTreeMap<String, Vec<SeenObject>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Org {
    id: String,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenSpace {
    id: String,
    name: String,
    parent: Option<String>,
    inherits: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SeenObject {
    id: String,
    name: String,
    created_at: Option<String>,
    created_by: Option<String>,
    updated_at: Option<String>,
    updated_by: Option<String>,
    value: Json,
    exports: serde_json::Map<String, Json>,
}

/// How much data was under an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Count {
    count: Option<u64>,
    /// What the service said when it would not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    said: Option<String>,
}

impl World {
    /// The world that these settings name.
    pub fn of(config: &Config) -> World {
        World {
            region: config.region.clone(),
            account: config.account.clone(),
            ledger: match &config.ledger {
                Some(LedgerHome::Port) => "port".into(),
                Some(LedgerHome::File(path)) => format!("file {path}"),
                Some(LedgerHome::None) | None => "none".into(),
            },
        }
    }
}

impl Hosts {
    /// What a snapshot keeps of places.
    pub fn of(places: &Places) -> Hosts {
        let host = |target: &Target| Host {
            who: target.who.clone(),
            origin: target.origin.clone(),
            source: target.source.clone(),
            overridden: target.overridden,
            sandbox: target.sandbox,
        };
        Hosts {
            port: places.port.as_ref().map(host),
            spacelift: places.spacelift.as_ref().map(host),
            ledger: places.ledger.clone(),
        }
    }

    /// The places again.
    pub fn places(self) -> Places {
        let target = |host: Host| Target {
            who: host.who,
            origin: host.origin,
            source: host.source,
            overridden: host.overridden,
            sandbox: host.sandbox,
        };
        Places {
            port: self.port.map(target),
            spacelift: self.spacelift.map(target),
            ledger: self.ledger,
        }
    }
}

impl Count {
    /// What a snapshot keeps of a count.
    pub fn of(population: &Population) -> Count {
        match population {
            Population::Known(count) => Count {
                count: Some(*count),
                said: None,
            },
            Population::Unknown(said) => Count {
                count: None,
                said: Some(said.clone()),
            },
        }
    }

    /// The count again; a count of nothing that says nothing is none.
    pub fn population(&self) -> Option<Population> {
        match (self.count, &self.said) {
            (Some(count), _) => Some(Population::Known(count)),
            (None, Some(said)) => Some(Population::Unknown(said.clone())),
            (None, None) => None,
        }
    }
}

impl Seen {
    /// What a snapshot keeps of live.
    pub fn of(live: &Live, read: BTreeSet<String>, asked: BTreeMap<String, Vec<String>>) -> Seen {
        let mut objects: BTreeMap<String, Vec<SeenObject>> = BTreeMap::new();
        for (kind, seen) in live.iter() {
            objects
                .entry(kind.to_owned())
                .or_default()
                .push(SeenObject {
                    id: seen.id.clone(),
                    name: seen.name.clone(),
                    created_at: seen.born.at.clone(),
                    created_by: seen.born.by.clone(),
                    updated_at: seen.touched.at.clone(),
                    updated_by: seen.touched.by.clone(),
                    value: json(&seen.value),
                    exports: seen
                        .exports
                        .iter()
                        .map(|(key, value)| (key.to_string(), json(value)))
                        .collect(),
                });
        }
        let refused = live.refused.iter();
        Seen {
            organization: live.organization.as_ref().map(|o| Org {
                id: o.id.clone(),
                name: o.name.clone(),
            }),
            account: live.account.clone(),
            viewer: live.viewer.clone(),
            spaces: live
                .spaces
                .iter()
                .map(|space| SeenSpace {
                    id: space.id.clone(),
                    name: space.name.clone(),
                    parent: space.parent.clone(),
                    inherits: space.inherits,
                })
                .collect(),
            refused: refused
                .map(|(k, said)| ((*k).to_owned(), said.clone()))
                .collect(),
            read,
            asked,
            objects,
        }
    }

    /// Live again, as far as `reads` says that a plan reads an object; or the kind that this
    /// version does not know.
    pub fn live(self, reads: &dyn Fn(&dyn Kind, Option<&str>) -> bool) -> Result<Live, String> {
        let mut live = Live::default();
        live.organization = self.organization.map(|o| Organization {
            id: o.id,
            name: o.name,
        });
        live.account = self.account;
        live.viewer = self.viewer;
        let spaces = self.spaces.into_iter().map(|space| Space {
            id: space.id,
            name: space.name,
            parent: space.parent,
            inherits: space.inherits,
        });
        live.spaces = spaces.collect();
        for (name, said) in self.refused {
            match kinds::find(&name) {
                Some(kind) if reads(kind, None) => live.refused.insert(kind.name(), said),
                Some(_) => None,
                None if name == ORGANIZATION => live.refused.insert(ORGANIZATION, said),
                None => return Err(name),
            };
        }
        for (name, objects) in self.objects {
            let Some(kind) = kinds::find(&name) else {
                return Err(name);
            };
            for object in objects {
                if !reads(kind, Some(&object.id)) {
                    continue;
                }
                let exports: Map = object
                    .exports
                    .into_iter()
                    .map(|(key, value)| (key, Value::from(value)))
                    .collect();
                let seen = Observed {
                    id: object.id,
                    name: object.name,
                    value: Value::from(object.value),
                    exports,
                    born: Birth {
                        at: object.created_at,
                        by: object.created_by,
                    },
                    touched: Touch {
                        at: object.updated_at,
                        by: object.updated_by,
                    },
                };
                live.insert(kind.name(), seen);
            }
        }
        Ok(live)
    }
}

/// What [`Live::refused`] calls the organization, which is no kind.
const ORGANIZATION: &str = "port.organization";

/// Live holds neither secrets nor anything that is known later.
fn json(value: &Value) -> Json {
    value.to_json_with(&mut |_| Json::Null)
}

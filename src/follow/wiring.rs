//! Wiring: the project's objects as stations on the way of an event, as plain data.
//!
//! Who needs a station asks for a role, never for a kind by its name. References are settled by
//! stand-ins ([`crate::follow::stand_in`]), so that two ends of a wire read the same. Deliberately
//! not here: what happens when an event passes (see `journey`).

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value as Json;

use crate::follow::stand_in::{self, StandIns};
use crate::kinds::Role;
use crate::sim::rego::{EngineType, Policy};
use crate::want::desired::{Desired, Object};
use crate::words::value::SecretSource;
use crate::words::{Addr, Place, Pointer, Sources, Value};

/// One object on the way of an event.
#[derive(Debug, Clone)]
pub struct Station {
    /// Its address.
    pub addr: Addr,
    /// The part that it plays.
    pub role: Role,
    /// What its service knows it by: the identifier, or the exact name.
    pub name: String,
    /// The id that its service gives it, as a stand-in; the name where the name is the id.
    pub id: String,
    /// Its spec; references and secrets read as their stand-ins.
    pub spec: Json,
    /// Its secrets by their places in the spec.
    pub secrets: BTreeMap<Pointer, SecretSource>,
    /// Whether only parts of it are managed here, so that its spec is not all there is.
    pub partial: bool,
    /// Where its document stands.
    pub place: Place,
}

impl Station {
    /// The text at a JSON pointer of the spec.
    pub fn text(&self, at: &str) -> Option<&str> {
        self.spec.pointer(at)?.as_str()
    }

    /// Whether a switch at a JSON pointer of the spec is on; `default` when it is absent.
    pub fn is_on(&self, at: &str, default: bool) -> bool {
        let value = self.spec.pointer(at).and_then(Json::as_bool);
        value.unwrap_or(default)
    }

    /// The policy as the engine reads it; `None` when it has no text or type. What leaves its
    /// dialect out is version 0 (SA section 8).
    pub fn policy(&self) -> Option<Policy> {
        Some(Policy {
            body: self.text("/body")?.to_owned(),
            engine: match self.text("/engineType") {
                Some("REGO_V1") => EngineType::RegoV1,
                _ => EngineType::RegoV0,
            },
            policy_type: self.text("/type")?.to_owned(),
        })
    }

    /// Where the secret at a JSON pointer of the spec comes from.
    pub fn secret(&self, at: &str) -> Option<&SecretSource> {
        self.secrets.get(&Pointer::parse(at)?)
    }
}

/// The stations of a project. Made of a project that was loaded with its nodes
/// ([`crate::want::desired::load_kept`]); without them every place is that of the document.
#[derive(Debug, Clone)]
pub struct Wiring<'a> {
    desired: &'a Desired,
    stand_ins: StandIns,
    stations: BTreeMap<Addr, Station>,
}

impl<'a> Wiring<'a> {
    /// The stations of a project.
    pub fn of(desired: &'a Desired) -> Self {
        let stand_ins = StandIns::of(desired);
        let station = |object: &Object| {
            let role = object.kind.role()?;
            let exported = object.kind.stand_in(&object.name, "id");
            let station = Station {
                addr: object.addr.clone(),
                role,
                name: object.name.clone(),
                id: exported.unwrap_or_else(|| object.name.clone()),
                spec: stand_ins.plain(desired, &object.spec),
                secrets: stand_in::secrets(&object.spec).into_iter().collect(),
                partial: !object.manage.is_empty(),
                place: object.place,
            };
            Some((object.addr.clone(), station))
        };
        let stations = desired.objects.values().filter_map(station).collect();
        Wiring {
            desired,
            stations,
            stand_ins,
        }
    }

    /// A value of the project's files as plain data: every reference and secret reads as its stand-in.
    pub fn plain(&self, value: &Value) -> Json {
        self.stand_ins.plain(self.desired, value)
    }

    /// The project that it was made of.
    pub fn desired(&self) -> &'a Desired {
        self.desired
    }

    /// The texts that places point into.
    pub fn sources(&self) -> &'a Sources {
        &self.desired.sources
    }

    /// All stations in the order of their addresses.
    pub fn all(&self) -> impl Iterator<Item = &Station> {
        self.stations.values()
    }

    /// The stations that play a part, in the order of their addresses.
    pub fn playing(&self, role: Role) -> impl Iterator<Item = &Station> {
        self.all().filter(move |station| station.role == role)
    }

    /// The station with this address.
    pub fn get(&self, addr: &Addr) -> Option<&Station> {
        self.stations.get(addr)
    }

    /// The station that plays a part and is known by this name or identifier; one that is declared
    /// whole comes first.
    pub fn named(&self, role: Role, name: &str) -> Option<&Station> {
        let named = self.playing(role).filter(|station| station.name == name);
        named.min_by_key(|station| station.partial)
    }

    /// The station that plays a part and has this id.
    pub fn with_id(&self, role: Role, id: &str) -> Option<&Station> {
        self.playing(role).find(|station| station.id == id)
    }

    /// The mapper that an address leads to, if it is one of the project.
    pub fn mapper_at(&self, url: &str) -> Option<&Station> {
        let own = |station: &&Station| {
            let object = self.desired.objects.get(&station.addr);
            let address = object.and_then(|o| o.kind.stand_in(&station.name, "url"));
            address.is_some_and(|address| address == url)
        };
        self.playing(Role::Mapper).find(own)
    }

    /// Where the value at a pointer of a station's spec stands; the nearest value above it when
    /// nothing is there.
    pub fn at(&self, addr: &Addr, pointer: &Pointer) -> Place {
        match (self.desired.nodes.get(addr), self.stations.get(addr)) {
            (Some(kept), _) => kept.at(pointer),
            (None, Some(station)) => station.place,
            (None, None) => Place::new(0, 0, 0),
        }
    }

    /// Where the key of the value at a pointer stands.
    pub fn key_at(&self, addr: &Addr, pointer: &Pointer) -> Place {
        match self.desired.nodes.get(addr) {
            Some(kept) => kept.key_at(pointer),
            None => self.at(addr, pointer),
        }
    }

    /// Where bytes of the text at a pointer stand, also when the text came from a file.
    pub fn inside(&self, addr: &Addr, pointer: &Pointer, span: Range<usize>) -> Place {
        let text = self.stations.get(addr);
        let text = text.and_then(|station| station.text(&pointer.to_string()));
        match (self.desired.nodes.get(addr), text) {
            (Some(kept), Some(text)) => kept.inside(self.sources(), pointer, text, span),
            _ => self.at(addr, pointer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow::story::{project, spot};

    const PATH: &str = r#"
kind: port.webhook
spec:
  identifier: mapper
  title: Mapper
  mappings: []
  security: { secret: "${random.shared}", signatureHeaderName: X-Signature-256 }
---
kind: spacelift.webhook
ref: port
spec:
  name: Port Webhook
  endpoint: "${port.webhook.mapper.url}"
  space: root
  secret: "${random.shared}"
---
kind: spacelift.policy
ref: notify
spec:
  name: Tell Port
  type: NOTIFICATION
  engineType: REGO_V1
  space: root
  body: "${file:notify.rego}"
---
kind: port.secret
spec: { secretName: TOKEN, secretValue: "${env.TOKEN}" }
"#;

    const REGO: &str = "package spacelift\n\nwebhook contains {\"endpoint_id\": \"${spacelift.webhook.port.id}\"} if {\n\tinput.run_updated.oops\n}\n";

    #[test]
    fn both_ends_of_a_wire_read_the_same() {
        let desired = project(&[("a.yaml", PATH), ("notify.rego", REGO)]);
        let wiring = Wiring::of(&desired);
        let one = |role| wiring.playing(role).next().expect("one of each");
        let (mapper, endpoint, policy) =
            (one(Role::Mapper), one(Role::Endpoint), one(Role::Policy));

        let url = endpoint.text("/endpoint").expect("an address");
        assert_eq!(url, "https://ingest.port.io/key-of-mapper");
        assert_eq!(wiring.mapper_at(url).map(|m| &m.addr), Some(&mapper.addr));
        assert!(wiring.mapper_at("https://ingest.port.io/other").is_none());
        assert_eq!(endpoint.id, "port-webhook");
        let body = policy.text("/body").expect("a body");
        assert!(
            body.contains("{\"endpoint_id\": \"port-webhook\"}"),
            "{body}"
        );

        assert_eq!(mapper.text("/security/secret"), Some("<random shared>"));
        assert_eq!(endpoint.text("/secret"), mapper.text("/security/secret"));
        let secret = one(Role::Secret);
        assert_eq!(secret.text("/secretValue"), Some("<env TOKEN>"));
    }

    #[test]
    fn what_is_equal_for_certain_is_told_from_what_may_be() {
        let text = "kind: port.secret\nspec: { secretName: A, secretValue: \"${env.A}\" }\n---\n\
                    kind: port.secret\nspec: { secretName: B, secretValue: \"${env.B}\" }\n---\n\
                    kind: port.secret\nspec: { secretName: C, secretValue: \"${random.c}\" }\n---\n\
                    kind: port.secret\nspec: { secretName: D, secretValue: canary }\n---\n\
                    kind: port.secret\nspec: { secretName: E, secretValue: other }\n";
        let desired = project(&[("a.yaml", text)]);
        let wiring = Wiring::of(&desired);
        let secrets: Vec<&Station> = wiring.playing(Role::Secret).collect();
        let source = |n: usize| secrets[n].secret("/secretValue").expect("a secret");
        assert_eq!(stand_in::same(source(0), source(0)), Some(true));
        assert_eq!(stand_in::same(source(0), source(1)), None);
        assert_eq!(stand_in::same(source(0), source(3)), None);
        assert_eq!(stand_in::same(source(0), source(2)), Some(false));
        assert_eq!(stand_in::same(source(3), source(4)), Some(false));
        assert_eq!(secrets[3].text("/secretValue"), Some("<secret 1>"));
        assert_eq!(secrets[4].text("/secretValue"), Some("<secret 2>"));
    }

    #[test]
    fn a_place_in_a_text_is_found_in_the_file_that_it_came_from() {
        let desired = project(&[("a.yaml", PATH), ("notify.rego", REGO)]);
        let wiring = Wiring::of(&desired);
        let policy = wiring.playing(Role::Policy).next().expect("a policy");
        let body = policy.text("/body").expect("a body");
        let place = |words: &str| {
            let start = body.find(words).expect("in the body");
            let at = Pointer::root().join("body");
            let place = wiring.inside(&policy.addr, &at, start..start + words.len());
            spot(&desired, place)
        };
        assert_eq!(place("oops"), "notify.rego:4:20 oops");
        assert_eq!(
            place("webhook contains"),
            "notify.rego:3:1 webhook contains"
        );
        // What was filled in is where its reference is.
        assert_eq!(
            place("port-webhook"),
            "notify.rego:3:35 ${spacelift.webhook.port.id}"
        );
        assert_eq!(place("\"} if"), "notify.rego:3:63 \"} if");
    }
}

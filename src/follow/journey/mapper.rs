//! Mappers: a delivery at a webhook of Port, and what its mappings make of it (PA section 4).

use serde_json::Value as Json;

use super::{Hop, Step, Walk, Why, pointer, unexpected};
use crate::follow::wiring::Station;
use crate::follow::writer::Writer;
use crate::kinds::Role;
use crate::sim::job::{Answer, Job};
use crate::sim::mapping::{self, Wants};
use crate::words::Pointer;

impl Walk<'_> {
    /// A delivery arrives.
    pub(super) fn arrive(
        &mut self,
        mapper: &Station,
        sender: Option<&Station>,
        body: String,
        headers: Vec<(String, String)>,
        query: Vec<(String, String)>,
    ) -> Hop {
        let mut hop = Hop::new(Step::Mapper, "takes it").of(&mapper.addr, mapper.place);
        let asked = mapping::Request {
            webhook: without_secret(&mapper.spec),
            secret: mapper.text("/security/secret").map(str::to_owned),
            delivery: mapping::Delivery {
                body,
                headers,
                query,
            },
            now: self.now,
        };
        let mapped = match self.ask(Job::Mapping(asked)) {
            Ok(Answer::Mapped(mapped)) => mapped,
            Ok(_) => {
                let why = self.why(&mapper.addr, &Pointer::root(), &unexpected());
                return hop.stop(why);
            }
            Err(fault) => {
                let why = self.why(&mapper.addr, &Pointer::root(), &fault);
                return hop.stop(why);
            }
        };
        if let Some(fault) = &mapped.dropped {
            // Of what both ends say more can be told than of a signature.
            let on = mapper.is_on("/enabled", true);
            let mismatch = self.mismatch(mapper, sender).filter(|_| on);
            let at = pointer(match on {
                true => "/security",
                false => "/enabled",
            });
            let why = mismatch.unwrap_or_else(|| self.why(&mapper.addr, &at, fault));
            hop.what = "drops it".into();
            return hop.stop(why);
        }
        // All three are needed for a check (PA section 4).
        let asks = ["secret", "signatureHeaderName", "signatureAlgorithm"];
        let asks = asks.map(|key| mapper.text(&format!("/security/{key}")).is_some());
        match asks == [true; 3] {
            true => hop.fact("signature", "right"),
            false => {
                hop.fact("signature", "not asked for");
                if sender.is_some_and(|sender| sender.text("/secret").is_some()) {
                    let place = self.wiring.at(&mapper.addr, &pointer("/security"));
                    let why = "the delivery is signed, and nobody looks at the signature";
                    hop.notes.push(Why::new(why).at(place));
                }
            }
        }
        if let Some(id) = &mapped.request_id {
            hop.fact("request_id", id.clone());
        }
        for (at, fault) in &mapped.faults {
            let why = self.why(&mapper.addr, &pointer(at), fault);
            hop.notes.push(why);
        }
        if mapped.steps.is_empty() {
            let place = self.wiring.at(&mapper.addr, &pointer("/mappings"));
            return hop.stop(Why::new("no mapping looks at it").at(place));
        }
        for step in mapped.steps {
            let next = self.step(mapper, step);
            hop.next.push(next);
        }
        hop
    }

    fn step(&mut self, mapper: &Station, step: mapping::Step) -> Hop {
        let at = pointer("/mappings").join(step.mapping);
        let wiring = self.wiring;
        let of = mapper.spec.pointer(&at.join("blueprint").to_string());
        let of = of.and_then(Json::as_str).unwrap_or("?");
        let item = step
            .item
            .map_or_else(String::new, |n| format!(", item {}", n + 1));
        let what = format!("mapping {} to {of}{item}", step.mapping + 1);
        let place = wiring.at(&mapper.addr, &at);
        let mut hop = Hop::new(Step::Mapping, what).of(&mapper.addr, place);
        let mut whys = Vec::new();
        for (below, fault) in &step.faults {
            let below = pointer(below);
            let at = below
                .parts()
                .iter()
                .fold(at.clone(), |at, part| at.join(part));
            whys.push(self.why(&mapper.addr, &at, fault));
        }
        let entity = at.join("entity");
        match step.wants {
            Wants::Nothing if step.item.is_some() || whys.is_empty() => {
                let at = at.join("filter");
                let filter = mapper.spec.pointer(&at.to_string()).and_then(Json::as_str);
                hop.notes = whys;
                let why = match filter {
                    Some(filter) => Why::new(format!("its filter is not true: {filter}")),
                    None => Why::new("there is nothing in it for this mapping"),
                };
                hop.stop(why.at(wiring.at(&mapper.addr, &at)))
            }
            // Without an item no filter was asked, and the fault says why there is none.
            Wants::Nothing | Wants::Failed => {
                let mut whys = whys.into_iter();
                let first = whys.next();
                hop.notes = whys.collect();
                hop.stop(first.unwrap_or_else(|| Why::new("it failed").at(place)))
            }
            Wants::Upsert {
                blueprint,
                entity: value,
            } => {
                hop.notes = whys;
                let identifier = self.identified(&blueprint, &value);
                match identifier {
                    Ok(identifiers) => {
                        for identifier in identifiers {
                            let by = (Writer::Object(mapper.addr.clone()), entity.clone());
                            let next = self.upsert(&blueprint, &identifier, &value, by);
                            hop.next.push(next);
                        }
                        hop
                    }
                    Err(words) => {
                        let at = entity.join("identifier");
                        hop.stop(Why::new(words).at(wiring.at(&mapper.addr, &at)))
                    }
                }
            }
            Wants::Delete {
                blueprint,
                identifier,
                delete_dependents,
            } => {
                hop.notes = whys;
                let next = self.remove(&blueprint, &identifier, delete_dependents);
                hop.next.push(next);
                hop
            }
        }
    }

    /// The identifiers that an entity names, by itself or by a search.
    fn identified(&self, blueprint: &str, entity: &Json) -> Result<Vec<String>, String> {
        match entity.get("identifier") {
            Some(Json::String(text)) => Ok(vec![text.clone()]),
            Some(search) if mapping::is_search(search) => {
                let entities = self.store.of_blueprint(blueprint);
                let of = self.wiring.named(Role::Blueprint, blueprint);
                let found = mapping::resolve(search, &entities, of.map(|of| &of.spec));
                match found {
                    Ok(found) if found.is_empty() => {
                        Err("the search finds no entity; name some under `given`".into())
                    }
                    found => found.map_err(|fault| fault.message),
                }
            }
            _ => Err("the entity has no identifier".into()),
        }
    }
}

/// The webhook as the engine gets it: its secret goes beside it.
fn without_secret(spec: &Json) -> Json {
    let mut spec = spec.clone();
    let security = spec.get_mut("security").and_then(Json::as_object_mut);
    if let Some(security) = security {
        security.shift_remove("secret");
    }
    spec
}

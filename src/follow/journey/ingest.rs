//! Ingests: an item of Spacelift, and the entity that becomes of it.
//!
//! As for one that is not in the catalog yet, and for one that is, all of it is written. Deliberately not here:
//! comparing it first, which an ingest does (see `crate::ingest`).

use serde_json::{Value as Json, json};

use super::{Hop, Step, Walk, Why, pointer, unexpected};
use crate::follow::writer::Writer;
use crate::sim::job::{Answer, Fault, Job};
use crate::sim::mapping::Items;
use crate::words::Node;
use crate::words::hosts::spacelift_origin;

impl Walk<'_> {
    /// An ingest reads an item.
    pub(super) fn item(&mut self, name: &str, item: &Json) -> Hop {
        let desired = self.wiring.desired();
        let what = format!("{name} looks at an item");
        let mut hop = Hop::new(Step::Ingest, what);
        let Some(ingest) = desired.ingests.iter().find(|ingest| ingest.name == name) else {
            return hop.stop(Why::new(format!("the project has no ingest `{name}`")));
        };
        hop.place = Some(ingest.place);
        let writer = Writer::Ingest(name.to_owned());
        let filter = ingest.filter.as_ref().and_then(Node::text);
        // Without an account there is a finding, and nothing that could be read.
        let account = desired.config.account.as_deref().unwrap_or("account");
        let asked = Items {
            filter: filter.map(str::to_owned),
            mapping: self.wiring.plain(&ingest.mapping.to_value()),
            items: vec![item.clone()],
            account: json!({ "url": spacelift_origin(account) }),
            now: self.now,
        };
        let made = match self.ask(Job::Items(asked)) {
            Ok(Answer::Items(mut made)) => made.pop().ok_or_else(unexpected),
            Ok(_) => Err(unexpected()),
            Err(fault) => Err(fault),
        };
        let made = match made {
            Ok(made) => made,
            Err(fault) => return hop.stop(self.fault(&writer, "", &fault)),
        };
        let mut whys = made
            .faults
            .iter()
            .map(|(at, fault)| self.fault(&writer, at, fault));
        let Some(mut entity) = made.entity else {
            let first = whys.next();
            hop.notes = whys.collect();
            return hop.stop(first.unwrap_or_else(|| {
                let why = format!("its filter is not true: {}", filter.unwrap_or_default());
                Why::new(why).at(writer.at(self.wiring, &pointer("/filter")))
            }));
        };
        hop.notes = whys.collect();
        // These are left alone where they have no value.
        if let Some(parts) = entity.as_object_mut() {
            parts.retain(|_, value| !value.is_null());
        }
        let identifier = entity.get("identifier").and_then(Json::as_str);
        let identifier = identifier.unwrap_or_default().to_owned();
        let by = (writer, pointer("/mapping"));
        hop.next = vec![self.upsert(&ingest.blueprint, &identifier, &entity, by)];
        hop
    }

    fn fault(&self, writer: &Writer, at: &str, fault: &Fault) -> Why {
        let at = pointer(at);
        let place = match &fault.span {
            Some(span) => writer.inside(self.wiring, &at, span.clone()),
            None => writer.at(self.wiring, &at),
        };
        Why {
            message: fault.message.clone(),
            place: Some(place),
            help: fault.help.clone(),
        }
    }
}

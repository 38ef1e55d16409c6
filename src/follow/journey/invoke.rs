//! Invocations: what an action or automation sends, or does instead (PA section 3).

use serde_json::{Map, Value as Json, json};

use super::{Hop, Request, Step, Walk, pointer, unexpected};
use crate::follow::wiring::Station;
use crate::follow::writer::Writer;
use crate::sim::job::{Answer, Job};
use crate::sim::template;

impl Walk<'_> {
    /// What an action or automation does, with its templates rendered from `roots`.
    pub(super) fn invoke(&mut self, by: &Station, roots: Json) -> Hop {
        let at = pointer("/invocationMethod");
        let wiring = self.wiring;
        let place = wiring.at(&by.addr, &at);
        let mut hop = Hop::new(Step::Request, "asks its backend").of(&by.addr, place);
        let method = by.spec.get("invocationMethod").cloned().unwrap_or_default();
        let backend = method.get("type").and_then(Json::as_str).unwrap_or("?");
        let backend = backend.to_owned();
        let job = Job::Template(template::Request {
            template: method,
            roots,
            now: self.now,
        });
        let rendered = match self.ask(job) {
            Ok(Answer::Rendered(rendered)) => rendered,
            Ok(_) => {
                let why = self.why(&by.addr, &at, &unexpected());
                return hop.stop(why);
            }
            Err(fault) => {
                let why = self.why(&by.addr, &at, &fault);
                return hop.stop(why);
            }
        };
        for note in &rendered.notes {
            let below = pointer(&note.at);
            let at = below
                .parts()
                .iter()
                .fold(at.clone(), |at, part| at.join(part));
            let why = self.why(&by.addr, &at, &note.fault);
            // What cannot be rendered keeps Port from making the call.
            match note.failed && hop.stopped.is_none() {
                true => hop.stopped = Some(why),
                false => hop.notes.push(why),
            }
        }
        if hop.stopped.is_some() {
            return hop;
        }
        let value = rendered.value;
        match backend.as_str() {
            "WEBHOOK" => self.call(hop, by, &value),
            "UPSERT_ENTITY" => self.upserts(hop, by, &value),
            _ => {
                hop.what = format!("hands over to {backend}");
                let mut fields = value.as_object().cloned().unwrap_or_default();
                fields.shift_remove("type");
                let fields = Json::Object(fields);
                hop.fact("fields", fields.clone());
                self.journey.requests.push(Request {
                    by: Some(by.addr.clone()),
                    kind: backend,
                    fields,
                });
                hop
            }
        }
    }

    fn call(&mut self, mut hop: Hop, by: &Station, value: &Json) -> Hop {
        let text = |key: &str| value.get(key).and_then(Json::as_str);
        let url = text("url").unwrap_or_default().to_owned();
        let method = text("method").unwrap_or("POST").to_owned();
        let headers = value.get("headers").cloned().unwrap_or_else(|| json!({}));
        let body = value.get("body").cloned().unwrap_or_default();
        hop.what = format!("{method} {url}");
        hop.fact("method", method.clone());
        hop.fact("url", url.clone());
        hop.fact("headers", headers.clone());
        hop.fact("body", body.clone());
        if url.starts_with("https://api.port.io/") || url.starts_with("https://api.us.port.io/") {
            hop.fact(
                "signed_in",
                "by Port itself, as the call goes to its own API",
            );
        } else {
            hop.fact(
                "signed",
                "by Port, in `x-port-timestamp` and `x-port-signature`",
            );
        }
        let waits = value.get("synchronized").map(on).unwrap_or_default();
        if waits {
            hop.fact(
                "synchronous",
                "Port waits for the answer, which becomes `response` of the run",
            );
        }
        self.journey.requests.push(Request {
            by: Some(by.addr.clone()),
            kind: "WEBHOOK".into(),
            fields: json!({ "url": url, "method": method, "headers": headers, "body": body }),
        });
        hop
    }

    /// An action that writes an entity by itself.
    fn upserts(&mut self, mut hop: Hop, by: &Station, value: &Json) -> Hop {
        let blueprint = value.get("blueprintIdentifier").and_then(Json::as_str);
        let blueprint = blueprint.unwrap_or_default().to_owned();
        let empty = Map::new();
        let mapping = value.get("mapping").and_then(Json::as_object);
        let mapping = mapping.unwrap_or(&empty).clone();
        let identifier = mapping.get("identifier").and_then(Json::as_str);
        // Port makes one up when there is none (PA section 6).
        let identifier = identifier.unwrap_or("generated").to_owned();
        hop.what = format!("writes an entity of {blueprint}");
        self.journey.requests.push(Request {
            by: Some(by.addr.clone()),
            kind: "UPSERT_ENTITY".into(),
            fields: json!({ "blueprintIdentifier": blueprint, "mapping": mapping }),
        });
        let place = pointer("/invocationMethod/mapping");
        let change = Json::Object(mapping);
        let by = (Writer::Object(by.addr.clone()), place);
        let next = self.upsert(&blueprint, &identifier, &change, by);
        hop.next.push(next);
        hop
    }
}

/// Whether a switch is on, as a boolean or as text.
fn on(value: &Json) -> bool {
    value
        .as_bool()
        .unwrap_or_else(|| value.as_str() == Some("true"))
}

//! Deliveries: what webhooks of Spacelift send, and where that leads (SA sections 10 to 12).

use serde_json::{Value as Json, json};

use super::{Delivery, Hop, Request, Step, Walk, Why, body, pointer};
use crate::follow::wiring::Station;
use crate::kinds::Role;
use crate::sim::signature;
use crate::words::Addr;
use crate::words::finding::did_you_mean;

/// The headers of every delivery (SA section 11).
const HEADERS: [(&str, &str); 2] = [
    ("Content-Type", "application/json"),
    ("User-Agent", "Go-http-client/2.0"),
];

impl Walk<'_> {
    /// What a policy wants sent: one object of its rule `webhook`.
    pub(super) fn told(
        &mut self,
        policy: &Station,
        object: &Json,
        input: &Json,
        kind: &str,
    ) -> Hop {
        let wiring = self.wiring;
        let id = object.get("endpoint_id").and_then(Json::as_str);
        let id = id.unwrap_or_default();
        let at = pointer("/body");
        let Some(endpoint) = wiring.with_id(Role::Endpoint, id) else {
            let body = policy.text("/body").unwrap_or_default();
            let place = match body.find(&format!("\"{id}\"")) {
                Some(start) => self.inside(&policy.addr, &at, start + 1..start + 1 + id.len()),
                None => wiring.at(&policy.addr, &at),
            };
            let ids = wiring.playing(Role::Endpoint).map(|e| e.id.as_str());
            let help = did_you_mean(id, ids).unwrap_or_else(|| {
                "refer to a webhook of the project: `${spacelift.webhook.NAME.id}`".into()
            });
            return Hop::new(
                Step::Delivery,
                "to a webhook that the project does not have",
            )
            .stop(
                Why::new(format!("no webhook of the project has the id `{id}`"))
                    .at(place)
                    .help(help),
            );
        };
        let place = wiring.at(&endpoint.addr, &pointer("/endpoint"));
        let mut hop = Hop::new(Step::Delivery, "sends").of(&endpoint.addr, place);
        if let Some(why) = self.off(endpoint) {
            return hop.stop(why);
        }
        let (body, custom) = match object.get("payload").filter(|payload| !payload.is_null()) {
            Some(payload) => (payload.clone(), true),
            None => {
                let (body, guess) = body::default(kind, input);
                hop.notes.extend(guess.map(Why::new));
                (body, false)
            }
        };
        if custom {
            hop.fact("custom_payload", true);
        }
        let method = object.get("method").and_then(Json::as_str);
        let more = object.get("headers").and_then(Json::as_object);
        let more = more.into_iter().flatten().map(|(name, value)| {
            let text = value.as_str().map(str::to_owned);
            (name.clone(), text.unwrap_or_else(|| value.to_string()))
        });
        let more: Vec<(String, String)> = more.collect();
        self.send(hop, endpoint, method.unwrap_or("POST"), more, body)
    }

    /// The older webhook of a stack: every run of it is told, without any policy.
    pub(super) fn stack_event(&mut self, payload: &Json, webhook: &Addr) -> Hop {
        let wiring = self.wiring;
        let Some(endpoint) = wiring.get(webhook) else {
            return Hop::new(Step::Delivery, "a stack's own webhook")
                .stop(Why::new(format!("the project has no `{webhook}`")));
        };
        let place = wiring.at(&endpoint.addr, &pointer("/endpoint"));
        let mut hop = Hop::new(Step::Delivery, "sends").of(&endpoint.addr, place);
        let body = payload.get("body").filter(|_| is_wrapped(payload));
        let body = body.unwrap_or(payload).clone();
        let of = body.pointer("/stack/id").and_then(Json::as_str);
        let own = endpoint.text("/stack");
        if let (Some(of), Some(own)) = (of, own)
            && of != own
        {
            let why =
                format!("the event is about stack `{of}`, and the webhook belongs to `{own}`");
            let place = wiring.at(&endpoint.addr, &pointer("/stack"));
            return hop.stop(Why::new(why).at(place));
        }
        if let Some(why) = self.off(endpoint) {
            return hop.stop(why);
        }
        hop.fact("older_form", "a stack's own webhook needs no policy");
        self.send(hop, endpoint, "POST", Vec::new(), body)
    }

    fn off(&self, endpoint: &Station) -> Option<Why> {
        let at = pointer("/enabled");
        let place = self.wiring.at(&endpoint.addr, &at);
        let why = Why::new("the webhook is switched off").at(place);
        (!endpoint.is_on("/enabled", true)).then(|| why.help("write `enabled: true`"))
    }

    fn send(
        &mut self,
        mut hop: Hop,
        endpoint: &Station,
        method: &str,
        more: Vec<(String, String)>,
        body: Json,
    ) -> Hop {
        let text = body.to_string();
        let url = endpoint.text("/endpoint").unwrap_or_default().to_owned();
        let mut headers = own_headers(endpoint);
        headers.extend(signed(endpoint.text("/secret"), &text));
        headers.extend(more);
        let wiring = self.wiring;
        let mapper = wiring.mapper_at(&url);
        // Whoever has the address of an intake can post to it, so it is called by its reference.
        let shown = mapper.map_or_else(|| url.clone(), |to| format!("${{{}.url}}", to.addr));
        hop.fact("method", method);
        hop.fact("url", shown);
        hop.fact("headers", pairs(&headers));
        hop.fact("body", body.clone());
        self.journey.deliveries.push(Delivery {
            endpoint: Some(endpoint.addr.clone()),
            mapper: mapper.map(|mapper| mapper.addr.clone()),
            request: Request {
                by: Some(endpoint.addr.clone()),
                kind: "WEBHOOK".into(),
                fields: json!({
                    "url": url, "method": method, "headers": pairs(&headers), "body": body,
                }),
            },
        });
        match mapper {
            Some(mapper) if method != "POST" => {
                let why = format!("`{}` takes POST alone, this is {method}", mapper.addr);
                hop.stop(Why::new(why))
            }
            Some(mapper) => {
                let arrived = self.arrive(mapper, Some(endpoint), text, headers, Vec::new());
                hop.next.push(arrived);
                hop
            }
            None => {
                hop.what = "sends, and the event leaves the project".into();
                hop
            }
        }
    }

    /// Something that is posted to a webhook of Port, from a file.
    pub(super) fn payload(&mut self, payload: &Json, webhook: Option<&Addr>) -> Hop {
        let wiring = self.wiring;
        let mappers: Vec<&Station> = wiring.playing(Role::Mapper).collect();
        let mapper = match (webhook, mappers.as_slice()) {
            (Some(addr), _) => wiring.get(addr).filter(|s| s.role == Role::Mapper),
            (None, [one]) => Some(*one),
            (None, _) => None,
        };
        let Some(mapper) = mapper else {
            return Hop::new(Step::Delivery, "a delivery").stop(Why::new(match webhook {
                Some(addr) => format!("the project has no webhook of Port `{addr}`"),
                None if mappers.is_empty() => "the project has no webhook of Port".to_owned(),
                None => {
                    "the project has several webhooks of Port; say which by `webhook`".to_owned()
                }
            }));
        };
        let wrapped = is_wrapped(payload);
        let body = payload.get("body").filter(|_| wrapped).unwrap_or(payload);
        let text = match body.as_str().filter(|_| wrapped) {
            // A raw body, which may be signed as it is.
            Some(raw) => raw.to_owned(),
            None => body.to_string(),
        };
        let mut headers = strings(payload.get("headers").filter(|_| wrapped));
        let query = strings(payload.get("queryParams").filter(|_| wrapped));
        let mut hop = Hop::new(Step::Delivery, "a delivery from a file");
        let signs = mapper.text("/security/signatureHeaderName");
        let carried = signs.is_some_and(|name| {
            headers
                .iter()
                .any(|(own, _)| own.eq_ignore_ascii_case(name))
        });
        if carried {
            hop.notes.push(
                Why::new("the signature in the file is not checked: its secret is known to nobody here, and a body that was written down anew has other bytes")
                    .help("it is signed again, as the project's own sender would do it"),
            );
        }
        // The sender of the project whose deliveries come here, if there is one.
        let senders = wiring
            .playing(Role::Endpoint)
            .chain(wiring.playing(Role::StackEndpoint));
        let sender = senders.into_iter().find(|endpoint| {
            let url = endpoint.text("/endpoint").unwrap_or_default();
            wiring
                .mapper_at(url)
                .is_some_and(|to| to.addr == mapper.addr)
        });
        let secret = match sender {
            Some(sender) => sender.text("/secret"),
            None => mapper.text("/security/secret"),
        };
        headers.retain(|(name, _)| !signs.is_some_and(|own| own.eq_ignore_ascii_case(name)));
        match sender {
            Some(sender) => {
                let signature = signed(secret, &text).into_iter();
                let own = own_headers(sender).into_iter().chain(signature);
                for (name, value) in own {
                    let has = |other: &(String, String)| other.0.eq_ignore_ascii_case(&name);
                    match headers.iter().position(has) {
                        // A later header of a name counts for nothing.
                        Some(at) if name.starts_with("X-Signature") => headers[at].1 = value,
                        Some(_) => {}
                        None => headers.push((name, value)),
                    }
                }
            }
            None => headers.extend(as_wanted(mapper, secret, &text)),
        }
        hop.fact("headers", pairs(&headers));
        hop.fact("body", body.clone());
        self.journey.deliveries.push(Delivery {
            endpoint: sender.map(|sender| sender.addr.clone()),
            mapper: Some(mapper.addr.clone()),
            request: Request {
                by: sender.map(|sender| sender.addr.clone()),
                kind: "WEBHOOK".into(),
                fields: json!({
                    "method": "POST", "headers": pairs(&headers), "body": body,
                }),
            },
        });
        let arrived = self.arrive(mapper, sender, text, headers, query);
        hop.next.push(arrived);
        hop
    }
}

/// Whether a payload has its headers around it, as Port shows deliveries.
fn is_wrapped(payload: &Json) -> bool {
    let Some(map) = payload.as_object() else {
        return false;
    };
    let known = |key: &String| ["body", "headers", "queryParams"].contains(&key.as_str());
    map.contains_key("body") && map.keys().all(known)
}

fn strings(map: Option<&Json>) -> Vec<(String, String)> {
    let entries = map.and_then(Json::as_object).into_iter().flatten();
    entries
        .map(|(name, value)| {
            let text = value.as_str().map(str::to_owned);
            (name.clone(), text.unwrap_or_else(|| value.to_string()))
        })
        .collect()
}

/// The headers that a webhook of Spacelift sends besides its signature.
fn own_headers(endpoint: &Station) -> Vec<(String, String)> {
    let own = HEADERS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let secret = strings(endpoint.spec.get("secretHeaders"));
    own.into_iter().chain(secret).collect()
}

/// Spacelift signs with both algorithms, without a secret too (SA section 11).
fn signed(secret: Option<&str>, body: &str) -> Vec<(String, String)> {
    let headers = signature::spacelift(secret.unwrap_or_default(), body.as_bytes());
    headers
        .into_iter()
        .map(|(n, v)| (n.to_owned(), v))
        .collect()
}

/// The signature that a webhook of Port asks for, as a sender that knows the secret would make it.
fn as_wanted(mapper: &Station, secret: Option<&str>, body: &str) -> Option<(String, String)> {
    let name = mapper.text("/security/signatureHeaderName")?.to_owned();
    let prefix = mapper.text("/security/signaturePrefix").unwrap_or_default();
    let [sha1, sha256] = signature::spacelift(secret?, body.as_bytes());
    let hex = |(_, value): (&str, String)| {
        let hex = value.split_once('=').map(|(_, hex)| hex.to_owned());
        hex.unwrap_or_default()
    };
    let value = match mapper.text("/security/signatureAlgorithm") {
        Some("sha1") => hex(sha1),
        Some("plain") => secret?.to_owned(),
        _ => hex(sha256),
    };
    Some((name, format!("{prefix}{value}")))
}

/// Headers as a map, in their order.
fn pairs(headers: &[(String, String)]) -> Json {
    let entries = headers.iter();
    Json::Object(
        entries
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect(),
    )
}

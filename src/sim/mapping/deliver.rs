//! A delivery against a webhook: is it taken, and what does each mapping say to each item?

use serde_json::{Map, Value, json};

use super::entity::{self, Maker};
use super::{Delivery, Mapped, Request, Step, Wants};
use crate::sim::job::{Fault, FaultKind};
use crate::sim::jq::{Input, is_true};
use crate::sim::json::kind;
use crate::sim::{guesses, signature, template};

const NO_ID: &str = "Port cannot tell whether it has seen the delivery before";
const NOTHING: &str = "Port maps nothing then";

/// Maps a delivery: `enabled`, then security, then the body as JSON, then every mapping in order.
///
/// # Errors
/// None at present; what goes wrong is part of the answer.
pub fn map(request: &Request) -> Result<Mapped, Fault> {
    let mut mapped = Mapped {
        dropped: None,
        request_id: None,
        faults: Vec::new(),
        steps: Vec::new(),
    };
    let roots = match taken(request) {
        Ok(roots) => {
            Input::new(&roots, request.now).hiding(plain_secret(request).unwrap_or_default())
        }
        Err(fault) => {
            mapped.dropped = Some(fault);
            return Ok(mapped);
        }
    };
    request_id(request, &roots, &mut mapped);
    let mappings = request.webhook.get("mappings").and_then(Value::as_array);
    for (index, mapping) in mappings.into_iter().flatten().enumerate() {
        let mut run = Run {
            index,
            mapping,
            steps: &mut mapped.steps,
        };
        run.items(&roots);
    }
    Ok(mapped)
}

/// A secret that stands in a header as it is: what fails may quote its input.
fn plain_secret(request: &Request) -> Option<&str> {
    let algorithm = request.webhook.pointer("/security/signatureAlgorithm");
    let is_plain = algorithm.and_then(Value::as_str) == Some("plain");
    request.secret.as_deref().filter(|_| is_plain)
}

/// What programs see, unless the delivery is dropped.
fn taken(request: &Request) -> Result<Value, Fault> {
    let webhook = &request.webhook;
    if webhook.get("enabled") == Some(&Value::Bool(false)) {
        let fault = Fault::new(FaultKind::Refused, "the webhook is not enabled");
        return Err(fault.help("Port drops what comes in; set `enabled: true`"));
    }
    let Delivery {
        body,
        headers,
        query,
    } = &request.delivery;
    let security = webhook.get("security").unwrap_or(&Value::Null);
    signature::check(
        security,
        request.secret.as_deref(),
        headers,
        body.as_bytes(),
    )?;
    let body: Value = serde_json::from_str(body).map_err(|error| {
        let fault = Fault::new(FaultKind::Syntax, format!("the body is not JSON: {error}"));
        fault.help("Port's mappings read JSON only")
    })?;
    let mut all = Map::new();
    for spelling in [str::to_owned, capitals, str::to_ascii_lowercase] {
        for (name, value) in headers {
            let value = Value::String(value.clone());
            all.entry(spelling(name)).or_insert(value);
        }
    }
    let query: Map<String, Value> = query
        .iter()
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect();
    Ok(json!({ "body": body, "headers": all, "queryParams": query }))
}

/// A header's name as proxies write it: `X-Signature-256` for what HTTP/2 sends in lower case.
fn capitals(name: &str) -> String {
    let mut first = true;
    name.chars()
        .map(|letter| {
            let letter = match first {
                true => letter.to_ascii_uppercase(),
                false => letter.to_ascii_lowercase(),
            };
            first = letter == '-';
            letter
        })
        .collect()
}

fn request_id(request: &Request, roots: &Input, mapped: &mut Mapped) {
    let at = "/security/requestIdentifierPath";
    let Some(program) = request.webhook.pointer(at).and_then(Value::as_str) else {
        return;
    };
    match roots.first(program) {
        Ok(Value::String(id)) => mapped.request_id = Some(id),
        Ok(Value::Null) => {
            let fault = Fault::new(FaultKind::Runtime, "this gives null for the delivery");
            mapped
                .faults
                .push((at.to_owned(), consequence(fault, NO_ID)));
        }
        Ok(other) => mapped.request_id = Some(other.to_string()),
        Err(fault) => mapped
            .faults
            .push((at.to_owned(), consequence(fault, NO_ID))),
    }
}

/// One mapping at work.
struct Run<'a> {
    index: usize,
    mapping: &'a Value,
    steps: &'a mut Vec<Step>,
}

impl Run<'_> {
    fn items(&mut self, roots: &Input) {
        let Some(items) = self.mapping.get("itemsToParse").filter(|i| !i.is_null()) else {
            return self.item(None, roots, Vec::new());
        };
        let Some(program) = items.as_str() else {
            let fault = consequence(entity::not_a_program(items), NOTHING);
            return self.failed(vec![("/itemsToParse".to_owned(), fault)]);
        };
        // An event of another kind has no such list: its filter is asked first, when it can be.
        let filter = self.mapping.get("filter").and_then(Value::as_str);
        let early = filter.filter(|filter| !template::mentions(filter, "item"));
        if let Some(filter) = early
            && let Ok(false) = roots.first(filter).map(|v| is_true(&v))
        {
            return self.say(None, Wants::Nothing, Vec::new());
        }
        let items = match roots.first(program) {
            Ok(Value::Array(items)) => items,
            Ok(other) => {
                let what = kind(&other);
                let why = format!("`itemsToParse` must give a list, and this gives {what}");
                let fault = Fault::new(FaultKind::Runtime, why);
                let fault = consequence(fault, NOTHING);
                return self.failed(vec![("/itemsToParse".to_owned(), fault)]);
            }
            Err(fault) => {
                let fault = consequence(fault, NOTHING);
                return self.failed(vec![("/itemsToParse".to_owned(), fault)]);
            }
        };
        let mut faults = Vec::new();
        if items.is_empty() {
            let fault = Fault::new(FaultKind::Runtime, "`itemsToParse` gives an empty list");
            faults.push(("/itemsToParse".to_owned(), fault));
            return self.say(None, Wants::Nothing, faults);
        }
        if items.len() > guesses::ITEMS {
            let why = format!(
                "only the first {} of {} items are mapped",
                guesses::ITEMS,
                items.len()
            );
            faults.push((
                "/itemsToParse".to_owned(),
                Fault::new(FaultKind::Limit, why),
            ));
        }
        for (at, item) in items.into_iter().take(guesses::ITEMS).enumerate() {
            let roots = roots.with("item", &item);
            self.item(Some(at), &roots, std::mem::take(&mut faults));
        }
    }

    fn item(&mut self, item: Option<usize>, roots: &Input, mut faults: Vec<(String, Fault)>) {
        match self
            .mapping
            .get("filter")
            .filter(|filter| !filter.is_null())
        {
            None => {}
            Some(Value::String(filter)) => match roots.first(filter) {
                Ok(value) if is_true(&value) => {}
                Ok(_) => return self.say(item, Wants::Nothing, faults),
                Err(fault) => {
                    let fault = consequence(fault, "Port takes it for not true then");
                    faults.push(("/filter".to_owned(), fault));
                    return self.say(item, Wants::Failed, faults);
                }
            },
            Some(other) => {
                let fault = consequence(entity::not_a_program(other), NOTHING);
                faults.push(("/filter".to_owned(), fault));
                return self.say(item, Wants::Failed, faults);
            }
        }
        let mut maker = Maker {
            roots,
            setting: &entity::WEBHOOK,
            faults,
        };
        let wants = maker.wants(self.mapping).unwrap_or(Wants::Failed);
        let faults = maker.faults;
        self.say(item, wants, faults);
    }

    fn failed(&mut self, faults: Vec<(String, Fault)>) {
        self.say(None, Wants::Failed, faults);
    }

    fn say(&mut self, item: Option<usize>, wants: Wants, faults: Vec<(String, Fault)>) {
        self.steps.push(Step {
            mapping: self.index,
            item,
            wants,
            faults,
        });
    }
}

/// Adds what Port would do.
pub(super) fn consequence(mut fault: Fault, port: &str) -> Fault {
    fault.message = format!("{}; {port}", fault.message);
    fault
}

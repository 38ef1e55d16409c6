//! Actions: what somebody runs, and what comes of it (PA sections 3 and 7).

use serde_json::{Map, Value as Json, json};

use super::{Hop, Step, Walk, Why, entity, pointer, run_id};
use crate::follow::wiring::Station;
use crate::kinds::Role;
use crate::words::Addr;
use crate::words::finding::did_you_mean;

/// The states of runs (PA section 7).
const STATUSES: [&str; 5] = [
    "SUCCESS",
    "FAILURE",
    "IN_PROGRESS",
    "WAITING_FOR_APPROVAL",
    "DECLINED",
];

/// A self-service action that somebody runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    /// Its address.
    pub action: Option<Addr>,
    /// The inputs. An input that is an entity is given by its identifier or as an object.
    pub inputs: Map<String, Json>,
    /// The entity that it is run on: its identifier, or an object.
    pub entity: Option<Json>,
}

impl Walk<'_> {
    /// Somebody runs an action.
    pub(super) fn action(&mut self, run: &Run) -> Hop {
        let wiring = self.wiring;
        let addr = run.action.as_ref();
        let station = addr.and_then(|addr| wiring.get(addr));
        let Some(action) = station.filter(|station| station.role == Role::Action) else {
            let shown = addr.map_or_else(String::new, |addr| format!(" `{addr}`"));
            let why = Why::new(format!("the project has no self-service action{shown}"));
            return Hop::new(Step::Action, "an action").stop(why);
        };
        let mut hop = Hop::new(Step::Action, "is run").of(&action.addr, action.place);
        let mut inputs = self.inputs(action, &run.inputs);
        let mut refused = self.refusals(action, &inputs).into_iter();
        encrypt(action, &mut inputs);
        hop.fact("inputs", Json::Object(inputs.clone()));
        if let Some(first) = refused.next() {
            hop.what = "is not run".into();
            hop.notes.extend(refused);
            return hop.stop(first);
        }
        let required = pointer("/trigger/userInputs/required");
        let computed = action.spec.pointer(&required.to_string());
        if computed.is_some_and(Json::is_object) {
            let place = wiring.at(&action.addr, &required);
            let why = "which inputs are required is computed, and not checked here";
            hop.notes.push(Why::new(why).at(place));
        }
        let entity = match self.entity_of(action, run.entity.as_ref()) {
            Ok(entity) => entity,
            Err(why) => {
                hop.what = "is not run".into();
                return hop.stop(why);
            }
        };
        if action.spec.get("requiredApproval").is_some_and(approves) {
            let place = wiring.at(&action.addr, &pointer("/requiredApproval"));
            hop.notes
                .push(Why::new("it waits until somebody approves it; taken as approved").at(place));
        }
        let roots = self.roots(action, Json::Object(inputs), entity.clone());
        let started = json!({
            "id": run_id(),
            "status": "IN_PROGRESS",
            "action": { "identifier": action.name },
            "entity": entity,
            "response": null,
        });
        let invoked = self.invoke(action, roots);
        hop.next.push(invoked);
        let fired = self.run_changed("RUN_CREATED", &action.name, None, started);
        hop.next.extend(fired);
        hop
    }

    /// The answer that a run got, and the automations that wait for it.
    pub(super) fn answer(&mut self, run: &Json) -> Hop {
        let named = match run.get("action") {
            Some(Json::String(name)) => Some(name.clone()),
            Some(action) => {
                let name = action.get("identifier").and_then(Json::as_str);
                name.map(str::to_owned)
            }
            None => None,
        };
        let Some(name) = named else {
            return Hop::new(Step::Run, "a run").stop(
                Why::new("the document does not say which action was run")
                    .help("write `{\"action\": NAME, \"status\": \"SUCCESS\", \"response\": {…}}`"),
            );
        };
        let status = run
            .get("status")
            .and_then(Json::as_str)
            .unwrap_or("SUCCESS");
        let mut hop = Hop::new(Step::Run, format!("of `{name}` ends as {status}"));
        let wiring = self.wiring;
        let known = wiring
            .named(Role::Action, &name)
            .or_else(|| wiring.named(Role::Automation, &name));
        match known {
            Some(station) => hop = hop.of(&station.addr, station.place),
            None => hop
                .notes
                .push(Why::new(format!("the project has no action `{name}`"))),
        }
        let mut after = json!({ "id": run_id(), "status": status });
        if let (Some(after), Some(run)) = (after.as_object_mut(), run.as_object()) {
            after.extend(run.clone());
            after.insert("action".into(), json!({ "identifier": name }));
        }
        let mut before = after.clone();
        if let Some(before) = before.as_object_mut() {
            before.insert("status".into(), json!("IN_PROGRESS"));
            before.insert("response".into(), Json::Null);
        }
        if let Some(near) = did_you_mean(status, STATUSES).filter(|_| !STATUSES.contains(&status)) {
            hop.notes
                .push(Why::new(format!("a run has no status `{status}`")).help(near));
        }
        hop.fact("run", after.clone());
        let fired = self.run_changed("RUN_UPDATED", &name, Some(before), after);
        if fired.is_empty() {
            return hop.stop(
                Why::new(format!(
                    "no automation of the project waits for runs of `{name}`"
                ))
                .help(
                    "an automation waits with `event: { type: RUN_UPDATED, actionIdentifier: … }`",
                ),
            );
        }
        hop.next = fired;
        hop
    }

    /// What templates of a self-service action read (PA section 3).
    fn roots(&self, action: &Station, inputs: Json, entity: Json) -> Json {
        let user = json!({ "email": "simulated@example.com", "firstName": "Simulated", "lastName": "User" });
        let trigger = action.spec.get("trigger");
        let of = |key: &str| {
            trigger
                .and_then(|t| t.get(key))
                .cloned()
                .unwrap_or_default()
        };
        json!({
            "inputs": inputs,
            "entity": entity,
            "trigger": {
                "by": { "user": user },
                "origin": "UI",
                "at": self.time(),
                "operation": of("operation"),
            },
            "action": {
                "identifier": action.name,
                "title": action.spec.get("title"),
                "icon": action.spec.get("icon"),
                "description": action.spec.get("description"),
                "blueprint": of("blueprintIdentifier"),
                "invocationMethod": action.spec.get("invocationMethod"),
            },
            "run": { "id": run_id(), "status": "IN_PROGRESS" },
            "secrets": self.secrets(),
            "user": user,
        })
    }

    /// The inputs as Port hands them on: defaults filled in, entities as objects.
    fn inputs(&self, action: &Station, given: &Map<String, Json>) -> Map<String, Json> {
        let form = action.spec.pointer("/trigger/userInputs/properties");
        let form = form.and_then(Json::as_object);
        let mut inputs = given.clone();
        for (name, field) in form.into_iter().flatten() {
            let default = field.get("default").filter(|value| !value.is_object());
            if let Some(default) = default {
                inputs.entry(name).or_insert_with(|| default.clone());
            }
            let item = field.get("items").unwrap_or(field);
            if item.get("format").and_then(Json::as_str) != Some("entity") {
                continue;
            }
            let blueprint = item.get("blueprint").and_then(Json::as_str);
            let blueprint = blueprint.unwrap_or_default();
            if let Some(value) = inputs.get_mut(name) {
                *value = match &*value {
                    Json::Array(items) => {
                        items.iter().map(|one| self.known(blueprint, one)).collect()
                    }
                    one => self.known(blueprint, one),
                };
            }
        }
        inputs
    }

    /// An entity that is named by its identifier alone, as an object.
    fn known(&self, blueprint: &str, value: &Json) -> Json {
        let Some(id) = value.as_str() else {
            return value.clone();
        };
        let key: entity::Key = (blueprint.to_owned(), id.to_owned());
        let own = self.store.get(&key).cloned();
        own.unwrap_or_else(|| json!({ "identifier": id, "title": id, "blueprint": blueprint }))
    }

    fn entity_of(&self, action: &Station, given: Option<&Json>) -> Result<Json, Why> {
        let needs = action.text("/trigger/operation") != Some("CREATE");
        let place = self.wiring.at(&action.addr, &pointer("/trigger/operation"));
        match given {
            Some(given) => {
                let blueprint = action.text("/trigger/blueprintIdentifier");
                Ok(self.known(blueprint.unwrap_or_default(), given))
            }
            None if needs => Err(
                Why::new("the action is run on an entity, and none was given")
                    .at(place)
                    .help("name one with `--entity ID`, or `entity:` in a test"),
            ),
            None => Ok(Json::Null),
        }
    }
}

/// Puts stand-ins in place of inputs that Port encrypts before anybody reads them (PA section 3).
fn encrypt(action: &Station, inputs: &mut Map<String, Json>) {
    for (name, value) in inputs.iter_mut().filter(|(_, value)| !value.is_null()) {
        if is_encrypted(action, name) {
            *value = format!("<encrypted {name}>").into();
        }
    }
}

/// Whether the form of an action has Port encrypt an input.
pub(super) fn is_encrypted(action: &Station, name: &str) -> bool {
    let form = action.spec.pointer("/trigger/userInputs/properties");
    let how = form.and_then(|form| form.get(name)?.get("encryption"));
    how.is_some_and(|how| !how.is_null())
}

/// Whether a run waits for somebody (PA section 3).
fn approves(setting: &Json) -> bool {
    setting.as_bool().unwrap_or_else(|| setting.is_object())
}

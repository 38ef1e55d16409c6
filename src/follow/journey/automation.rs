//! Automations: what Port starts by itself when an entity or a run changes (PA section 3).

use serde_json::{Value as Json, json};

use super::entity::Key;
use super::{DEEPEST, Hop, Step, Walk, Why, pointer, run_id, unexpected};
use crate::follow::wiring::Station;
use crate::kinds::Role;
use crate::sim::job::{Answer, Fault, Job};
use crate::sim::jq;

impl Walk<'_> {
    /// The automations that a change of an entity may set off. `action` is CREATE, UPDATE or DELETE.
    pub(super) fn entity_changed(
        &mut self,
        action: &str,
        key: &Key,
        before: Option<Json>,
        after: Option<Json>,
    ) -> Vec<Hop> {
        let event = json!({
            "action": action,
            "resourceType": "entity",
            "status": "SUCCESS",
            "trigger": self.trigger(),
            "context": { "entity": key.1, "blueprint": key.0, "runId": null },
            "diff": { "before": before, "after": after },
        });
        let own = match action {
            "CREATE" => "ENTITY_CREATED",
            "DELETE" => "ENTITY_DELETED",
            _ => "ENTITY_UPDATED",
        };
        self.fired(
            &event,
            &[own, "ANY_ENTITY_CHANGE"],
            "blueprintIdentifier",
            &key.0,
        )
    }

    /// The automations that a change of a run may set off. `what` is RUN_CREATED or RUN_UPDATED.
    pub(super) fn run_changed(
        &mut self,
        what: &str,
        action: &str,
        before: Option<Json>,
        after: Json,
    ) -> Vec<Hop> {
        let word = match what {
            "RUN_CREATED" => "CREATE",
            _ => "UPDATE",
        };
        let event = json!({
            "action": word,
            "resourceType": "run",
            "status": "SUCCESS",
            "trigger": self.trigger(),
            "context": { "runId": after.get("id"), "entity": null, "blueprint": null },
            "diff": { "before": before, "after": after },
        });
        self.fired(
            &event,
            &[what, "ANY_RUN_CHANGE"],
            "actionIdentifier",
            action,
        )
    }

    fn trigger(&self) -> Json {
        json!({
            "at": self.time(),
            "by": { "orgId": "simulated", "userId": "simulated" },
            "origin": "API",
        })
    }

    fn fired(&mut self, event: &Json, types: &[&str], key: &str, name: &str) -> Vec<Hop> {
        let wiring = self.wiring;
        let waits = |station: &&Station| {
            let text = |at: &str| station.text(&format!("/trigger/event/{at}"));
            text("type").is_some_and(|own| types.contains(&own)) && text(key) == Some(name)
        };
        let waiting: Vec<&Station> = wiring.playing(Role::Automation).filter(waits).collect();
        let fired = waiting.into_iter();
        fired
            .map(|station| self.automation(station, event))
            .collect()
    }

    fn automation(&mut self, automation: &Station, event: &Json) -> Hop {
        let wiring = self.wiring;
        let place = wiring.at(&automation.addr, &pointer("/trigger/event"));
        let mut hop = Hop::new(Step::Automation, "fires").of(&automation.addr, place);
        if !automation.is_on("/publish", true) {
            hop.what = "does not fire".into();
            let place = wiring.at(&automation.addr, &pointer("/publish"));
            return hop.stop(Why::new("it is not published").at(place));
        }
        match self.condition(automation, event) {
            Ok(()) => {}
            Err(why) => {
                hop.what = "does not fire".into();
                return hop.stop(why);
            }
        }
        if self.depth >= DEEPEST {
            let why =
                format!("{DEEPEST} automations set each other off already; the rest is left out");
            return hop.stop(Why::new(why));
        }
        self.journey.automations.push(automation.addr.clone());
        let roots = json!({
            "event": event,
            "trigger": event.get("trigger"),
            "run": { "id": run_id() },
            "action": { "identifier": automation.name },
            "secrets": self.secrets(),
            "inputs": null,
            "entity": null,
        });
        self.depth += 1;
        let invoked = self.invoke(automation, roots);
        self.depth -= 1;
        hop.next.push(invoked);
        hop
    }

    /// Why the condition of an automation is not true of an event.
    fn condition(&self, automation: &Station, event: &Json) -> Result<(), Why> {
        let at = pointer("/trigger/condition/expressions");
        let expressions = automation.spec.pointer(&at.to_string());
        let expressions = expressions.and_then(Json::as_array);
        let Some(expressions) = expressions.filter(|list| !list.is_empty()) else {
            return Ok(());
        };
        let any = automation.text("/trigger/condition/combinator") == Some("or");
        let mut first = None;
        for (index, expression) in expressions.iter().enumerate() {
            let at = at.join(index);
            let program = expression.as_str().unwrap_or_default();
            match (self.truth(program, event), any) {
                (Ok(true), true) => return Ok(()),
                (Ok(true), false) => {}
                (Ok(false), _) => {
                    let why = Why::new(format!("its condition is not true: {program}"));
                    first.get_or_insert(why.at(self.wiring.at(&automation.addr, &at)));
                }
                (Err(fault), _) => {
                    first.get_or_insert(self.why(&automation.addr, &at, &fault));
                }
            }
            if first.is_some() && !any {
                break;
            }
        }
        first.map_or(Ok(()), Err)
    }

    fn truth(&self, program: &str, input: &Json) -> Result<bool, Fault> {
        let job = Job::Jq {
            program: program.to_owned(),
            input: input.clone(),
            now: self.now,
        };
        match self.ask(job)? {
            Answer::Values(values) => Ok(values.first().is_some_and(jq::is_true)),
            _ => Err(unexpected()),
        }
    }
}

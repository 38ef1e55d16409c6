//! Events of Spacelift: who sees them, and what is decided (SA sections 9 and 10).

use serde_json::{Value as Json, json};

use super::space::Reach;
use super::{Hop, Step, Walk, Why, body, pointer, unexpected};
use crate::follow::wiring::Station;
use crate::kinds::Role;
use crate::sim::job::{Answer, Job};
use crate::sim::rego::{Decision, Request};
use crate::words::finding::did_you_mean;

/// The kinds of input that are known (SA section 9).
const KINDS: [&str; 3] = ["run_updated", "module_version", "internal_error"];

/// What a document is likely meant for that is no input.
fn likely(input: &Json) -> String {
    let has = |key: &str| input.get(key).is_some();
    let keys = input.as_object().into_iter().flat_map(|map| map.keys());
    let near = keys.filter_map(|key| did_you_mean(key, KINDS)).next();
    match near {
        Some(near) => near,
        None if has("stateVersion") || has("body") => {
            "it looks like a delivery: give it as `--payload`, or as `payload:` in a test".into()
        }
        None if has("run") && has("stack") => {
            "it looks like what stands in `run_updated`: write `{\"run_updated\": …}` around it".into()
        }
        None => "the input of a notification policy looks like `{\"run_updated\": {\"state\": …, \"run\": {…}, \"stack\": {…}}}`".into(),
    }
}

impl Walk<'_> {
    /// Follows what happened in Spacelift.
    pub(super) fn event(&mut self, input: &Json) -> Hop {
        let input = self.completed(input);
        let Some(kind) = KINDS.into_iter().find(|kind| input.get(kind).is_some()) else {
            return Hop::new(Step::Event, "an event of Spacelift").stop(
                Why::new(
                    "the document has neither `run_updated`, `module_version` nor `internal_error`",
                )
                .help(likely(&input)),
            );
        };
        let mut hop = Hop::new(Step::Event, words(kind, &input));
        let wiring = self.wiring;
        let policies: Vec<&Station> = wiring
            .playing(Role::Policy)
            .filter(|policy| policy.text("/type") == Some("NOTIFICATION"))
            .collect();
        let own = self.own_webhooks(kind, &input);
        if policies.is_empty() && own.is_empty() {
            return hop.stop(
                Why::new("the project has no notification policy, so nobody is told")
                    .help("declare a `spacelift.policy` with `type: NOTIFICATION`"),
            );
        }
        if kind == "internal_error" {
            hop.fact("inbox", "Spacelift shows it in the inbox in any case");
        }
        hop.next = policies
            .into_iter()
            .map(|policy| self.policy(policy, kind, &input))
            .collect();
        if !own.is_empty() {
            let (body, _) = body::default(kind, &input);
            for webhook in own {
                let next = self.stack_event(&body, &webhook.addr);
                hop.next.push(next);
            }
        }
        hop
    }

    /// The webhooks of the stack itself: they are told of all its runs, whatever policies say (SA
    /// section 12).
    fn own_webhooks(&self, kind: &str, input: &Json) -> Vec<Station> {
        let stack = input
            .pointer("/run_updated/stack/id")
            .and_then(Json::as_str);
        let endpoints = self.wiring.playing(Role::StackEndpoint);
        let own = endpoints.filter(|endpoint| {
            kind == "run_updated" && stack.is_some() && endpoint.text("/stack") == stack
        });
        own.cloned().collect()
    }

    /// The input with what comes with every event (SA section 9).
    fn completed(&self, input: &Json) -> Json {
        let mut input = input.clone();
        let Some(map) = input.as_object_mut() else {
            return input;
        };
        let account = self.wiring.desired().config.account.clone();
        map.entry("account")
            .or_insert_with(|| json!({ "name": account.unwrap_or_default() }));
        map.entry("webhook_endpoints").or_insert_with(|| {
            let endpoints = self.wiring.playing(Role::Endpoint);
            let on = endpoints.filter(|endpoint| endpoint.is_on("/enabled", true));
            on.map(|endpoint| {
                let labels = endpoint.spec.get("labels").cloned();
                json!({ "id": endpoint.id, "labels": labels.unwrap_or_else(|| json!([])) })
            })
            .collect()
        });
        input
    }

    fn policy(&mut self, policy: &Station, kind: &'static str, input: &Json) -> Hop {
        let at = pointer("/body");
        // The text itself, which often stands in a file of its own.
        let place = self.inside(&policy.addr, &at, 0..1);
        let mut hop = Hop::new(Step::Policy, "decides").of(&policy.addr, place);
        let space = input.pointer(&format!("/{kind}/stack/space"));
        match self.reach(policy, space) {
            Reach::Sees => {}
            Reach::Unknown(why) => hop.notes.push(why),
            Reach::Blind(why) => return hop.stop(why),
        }
        let decision = match self.decide(policy, input) {
            Ok(decision) => decision,
            Err(fault) => {
                let why = self.why(&policy.addr, &at, &fault);
                return hop.stop(why);
            }
        };
        for fault in &decision.faults {
            hop.notes.push(self.why(&policy.addr, &at, fault));
        }
        for fault in &decision.notes {
            hop.notes.push(self.why(&policy.addr, &at, fault));
        }
        for object in &decision.webhook {
            hop.next.push(self.told(policy, object, input, kind));
        }
        for (what, objects) in [
            ("Slack", &decision.slack),
            ("the inbox", &decision.inbox),
            ("a pull request", &decision.pull_request),
        ] {
            for object in objects {
                let mut message = Hop::new(Step::Message, format!("a message to {what}"));
                message.fact("message", object.clone());
                hop.next.push(message);
            }
        }
        match (hop.next.is_empty(), decision.faults.is_empty()) {
            (true, true) => hop.stop(Why::new("no rule is true for this event").at(place)),
            (true, false) => {
                let why = Why::new("Spacelift would act on nothing that the rules say").at(place);
                hop.stop(why)
            }
            _ => hop,
        }
    }

    fn decide(&self, policy: &Station, input: &Json) -> Result<Decision, crate::sim::job::Fault> {
        let Some(policy) = policy.policy() else {
            return Err(unexpected());
        };
        let request = Request {
            policy,
            input: input.clone(),
        };
        match self.ask(Job::Rego(request))? {
            Answer::Decided(decision) => Ok(decision),
            _ => Err(unexpected()),
        }
    }
}

/// What happened, in words.
fn words(name: &str, input: &Json) -> String {
    let text = |at: &str| {
        let text = input.pointer(at).and_then(Json::as_str);
        text.unwrap_or("?").to_owned()
    };
    match name {
        "run_updated" => {
            let state = input.pointer("/run_updated/state").and_then(Json::as_str);
            let state = state.map_or_else(|| text("/run_updated/run/state"), str::to_owned);
            let stack = text("/run_updated/stack/id");
            let run = text("/run_updated/run/type");
            format!("a {} run of stack `{stack}` is {state}", run.to_lowercase())
        }
        "module_version" => format!(
            "a version of module `{}` is {}",
            text("/module_version/module/id"),
            text("/module_version/version/state")
        ),
        _ => format!("an internal error: {}", text("/internal_error/message")),
    }
}

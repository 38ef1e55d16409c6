//! Labels of Spacelift objects: which of them are reserved for spaceport, and what they say.
//!
//! Two Port organizations often share one Spacelift account, so each object there carries the
//! label `spaceport:PROJECT/ENVIRONMENT` of the project that made it (design, section 3). It is
//! written with the object and is no part of what is compared. Deliberately not here: what is done
//! about somebody else's (see `decide::plan`).

use std::borrow::Cow;

use crate::kinds::Kind;
use crate::words::{Finding, Findings, Node, Value};

/// What reserved labels begin with.
pub const OWN: &str = "spaceport:";

/// The label of a project in one environment.
pub fn of(project: &str, environment: Option<&str>) -> String {
    match environment {
        Some(environment) => format!("{OWN}{project}/{environment}"),
        None => format!("{OWN}{project}"),
    }
}

/// The reserved labels of an object.
pub fn reserved<'a>(kind: &dyn Kind, spec: &'a Value) -> impl Iterator<Item = &'a str> {
    let labels = kind.labels().and_then(|field| spec.get(field));
    let labels = labels.and_then(Value::as_list).unwrap_or(&[]);
    labels
        .iter()
        .filter_map(Value::as_text)
        .filter(|text| text.starts_with(OWN))
}

/// Whose an object is, when its labels name somebody and not us.
pub fn foreign<'a>(kind: &dyn Kind, live: &'a Value, own: &str) -> Option<&'a str> {
    let ours = reserved(kind, live).any(|label| label == own);
    reserved(kind, live).find(|_| !ours)
}

/// A spec without reserved labels.
pub fn without<'a>(kind: &dyn Kind, spec: &'a Value) -> Cow<'a, Value> {
    if reserved(kind, spec).next().is_none() {
        return Cow::Borrowed(spec);
    }
    let mut spec = spec.clone();
    if let Some(labels) = labels_mut(kind, &mut spec) {
        labels.retain(|label| !is_reserved(label));
    }
    Cow::Owned(spec)
}

/// Gives a body that is sent our label and no other reserved one.
pub fn mark(kind: &dyn Kind, body: &mut Value, own: &str) {
    let Some(field) = kind.labels() else { return };
    if let Some(fields) = body.as_map_mut()
        && fields.get(field).is_none_or(Value::is_null)
    {
        fields.insert(field.to_owned(), Value::List(Vec::new()));
    }
    if let Some(labels) = labels_mut(kind, body) {
        labels.retain(|label| !is_reserved(label));
        labels.push(Value::text(own));
    }
}

/// Refuses reserved labels in a file: they could claim the object for another project.
pub fn check(spec: &Node, findings: &mut Findings) {
    let labels = spec.get("labels").and_then(Node::items).unwrap_or(&[]);
    for label in labels {
        if let Some(text) = label.text().filter(|text| text.starts_with(OWN)) {
            findings.push(
                Finding::error(
                    "config::reserved_label",
                    label.place,
                    format!("labels that begin with `{OWN}` are reserved for spaceport: `{text}`"),
                )
                .help("remove it, or begin it with something else"),
            );
        }
    }
}

fn is_reserved(label: &Value) -> bool {
    label.as_text().is_some_and(|text| text.starts_with(OWN))
}

fn labels_mut<'a>(kind: &dyn Kind, spec: &'a mut Value) -> Option<&'a mut Vec<Value>> {
    match spec.as_map_mut()?.get_mut(kind.labels()?)? {
        Value::List(labels) => Some(labels),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds;

    fn policy(labels: serde_json::Value) -> Value {
        Value::from(json!({ "name": "Gate", "labels": labels }))
    }

    #[test]
    fn an_object_is_somebody_elses_unless_it_is_also_ours() {
        let kind = kinds::find("spacelift.policy").unwrap();
        let own = of("acme", Some("prod"));
        assert_eq!(own, "spaceport:acme/prod");
        let foreign = |labels| foreign(kind, &policy(labels), &own).map(str::to_owned);
        assert_eq!(foreign(json!(["a", "spaceport:acme/prod"])), None);
        assert_eq!(foreign(json!(["a"])), None);
        assert_eq!(
            foreign(json!(["a", "spaceport:acme/staging"])).as_deref(),
            Some("spaceport:acme/staging")
        );
        assert_eq!(foreign(json!(["spaceport:b", "spaceport:acme/prod"])), None);
        // Port's objects have no labels; theirs are fields like others.
        let blueprint = kinds::find("port.blueprint").unwrap();
        let spec = policy(json!(["spaceport:b"]));
        assert_eq!(super::foreign(blueprint, &spec, &own), None);
    }

    #[test]
    fn a_body_gets_our_label_in_place_of_others() {
        let kind = kinds::find("spacelift.policy").unwrap();
        let mut body = policy(json!(["spaceport:b", "a"]));
        mark(kind, &mut body, "spaceport:p");
        assert_eq!(body, policy(json!(["a", "spaceport:p"])));
        assert_eq!(*without(kind, &body), policy(json!(["a"])));
        let mut body = Value::from(json!({ "name": "Gate" }));
        mark(kind, &mut body, "spaceport:p");
        assert_eq!(body, policy(json!(["spaceport:p"])));
    }
}

//! What the published schemas say of a body, and where they are known to be wrong.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// Where the service is known to take other bodies than its published schema says: never more
/// than ten. Each corrects the schema, so that everything around the exception is still compared.
pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        why: "`nullable` is an old spelling: these members may be null (PA section 4, security)",
        correct: |document| {
            each(document, &|schema| {
                if schema.remove("nullable") != Some(true.into()) {
                    return false;
                }
                let kind = schema.get("type").cloned();
                schema.insert("type".into(), json!([kind, "null"]));
                true
            })
        },
    },
    Exception {
        why: "`operation` of a mapping may be a text, the commonest form (PA section 4, operation)",
        correct: |document| {
            each(document, &|schema| {
                let words = schema.get("enum").and_then(Value::as_array);
                let texts = words.is_some_and(|words| words.iter().all(Value::is_string));
                texts
                    && schema.get("type") == Some(&json!("object"))
                    && schema.remove("type").is_some()
            })
        },
    },
    Exception {
        why: "`required` and `many` of a relation are filled before the check (PA section 1, what the server adds)",
        correct: |document| {
            each(document, &|schema| {
                let relation = json!(["target", "required", "many"]);
                schema.get("required") == Some(&relation)
                    && schema
                        .insert("required".into(), json!(["target"]))
                        .is_some()
            })
        },
    },
    Exception {
        why: "calculations may have `dateFormat`, the provider sends it (PA section 2, calculationProperties)",
        correct: |document| {
            each(document, &|schema| {
                let Some(Value::Object(known)) = schema.get_mut("properties") else {
                    return false;
                };
                let more = known.contains_key("calculation") && known.contains_key("colorized");
                more && known
                    .insert("dateFormat".into(), json!({"type": "string"}))
                    .is_none()
            })
        },
    },
    Exception {
        why: "`pathFilter` is stored as null and may be sent back (PA section 2, creation order)",
        correct: |document| {
            each(document, &|schema| {
                let Some(Value::Object(known)) = schema.get_mut("properties") else {
                    return false;
                };
                let Some(Value::Object(filter)) = known.get_mut("pathFilter") else {
                    return false;
                };
                filter
                    .insert("type".into(), json!(["array", "null"]))
                    .is_some()
            })
        },
    },
];

/// A place where the published schema and the service differ.
pub struct Exception {
    /// What is so, and where the contract page says it.
    pub why: &'static str,
    /// Corrects the document; says in how many places.
    pub correct: fn(&mut Value) -> usize,
}

/// The verdicts of one schema within a document.
pub struct Judge(Validator);

impl Judge {
    /// For a schema that refers to the document's components.
    pub fn new(document: &Value, schema: &Value) -> Self {
        Self(validator(&json!({
            "components": document["components"],
            "allOf": [schema],
        })))
    }

    pub fn accepts(&self, body: &Value) -> bool {
        self.0.is_valid(body)
    }
}

/// A validator for any schema, formats included, in the dialect that the service's own checker reads.
pub fn validator(schema: &Value) -> Validator {
    jsonschema::options()
        .with_draft(Draft::Draft7)
        .should_validate_formats(true)
        .with_format("url", is_url)
        .build(schema)
        .unwrap_or_else(|error| panic!("the published schema is one: {error}"))
}

/// A format of the published file that the validator does not bring along.
fn is_url(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let rest = ["http://", "https://", "ftp://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

/// Changes every object of a document; says how many.
fn each(document: &mut Value, change: &dyn Fn(&mut Map<String, Value>) -> bool) -> usize {
    match document {
        Value::Object(fields) => {
            let here = usize::from(change(fields));
            here + fields
                .values_mut()
                .map(|value| each(value, change))
                .sum::<usize>()
        }
        Value::Array(items) => items.iter_mut().map(|value| each(value, change)).sum(),
        _ => 0,
    }
}

//! Checks a body against a JSON Schema and words what is wrong as the service does.
//!
//! The service's own checker is ajv (PA section 1: "must NOT have additional properties"); only the
//! first finding is told, as ajv does by default. The schemas themselves are in `bodies`.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::Value;

use super::answer::{Checked, Refusal};

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Schema(Validator);

impl Schema {
    /// Compiles one of our own schemas.
    pub(crate) fn new(schema: &Value) -> Self {
        Self(
            Self::compile(schema)
                .expect("the sandbox's own schemas are valid, which a test checks"),
        )
    }

    /// Compiles a schema that depends on what clients sent; `None` when it is not one.
    pub(crate) fn try_new(schema: &Value) -> Option<Self> {
        Self::compile(schema).ok().map(Self)
    }

    /// Refuses a body that breaks the schema: 422 `invalid_request`, and no other refusal's text
    /// begins with `body`.
    pub(crate) fn check(&self, body: &Value) -> Checked {
        self.check_as(body, "body")
    }

    /// The same for something that is not the body as it came, called `root`.
    pub(crate) fn check_as(&self, value: &Value, root: &str) -> Checked {
        match self.finding(value, root) {
            None => Ok(()),
            Some(finding) => Err(Refusal::invalid(finding)),
        }
    }

    /// The first thing that is wrong, in ajv's words; paths begin with `root`.
    pub(crate) fn finding(&self, body: &Value, root: &str) -> Option<String> {
        self.0
            .iter_errors(body)
            .next()
            .map(|error| sentence(&error, root))
    }

    fn compile(schema: &Value) -> Result<Validator, Box<ValidationError<'static>>> {
        jsonschema::options()
            .with_draft(Draft::Draft7)
            .should_validate_formats(true)
            .with_format("url", is_url)
            .build(schema)
            .map_err(Box::new)
    }
}

/// The format that ajv calls `url`: with a host that is reached by HTTP or FTP.
fn is_url(text: &str) -> bool {
    let parsed = url::Url::parse(text).ok();
    !text.contains(char::is_whitespace)
        && parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https" | "ftp"))
}

fn sentence(error: &ValidationError<'_>, root: &str) -> String {
    format!(
        "{root}{} {}",
        error.instance_path().as_str(),
        wording(error.kind())
    )
}

fn wording(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::AdditionalProperties { unexpected } => {
            format!(
                "must NOT have additional properties: {}",
                quoted(unexpected)
            )
        }
        Kind::Required { property } => {
            format!(
                "must have required property '{}'",
                property.as_str().unwrap_or_default()
            )
        }
        Kind::Type { kind } => format!("must be {}", types(kind)),
        Kind::Enum { options } => {
            format!("must be equal to one of the allowed values: {options}")
        }
        Kind::Constant { expected_value } => format!("must be equal to constant: {expected_value}"),
        Kind::Pattern { pattern } => format!("must match pattern \"{pattern}\""),
        Kind::Format { format } => format!("must match format \"{format}\""),
        Kind::MinLength { limit } => format!("must NOT have fewer than {limit} characters"),
        Kind::MaxLength { limit } => format!("must NOT have more than {limit} characters"),
        Kind::MinItems { limit } => format!("must NOT have fewer than {limit} items"),
        Kind::MaxItems { limit } => format!("must NOT have more than {limit} items"),
        Kind::MinProperties { limit } => format!("must NOT have fewer than {limit} properties"),
        Kind::Minimum { limit } => format!("must be >= {limit}"),
        Kind::Maximum { limit } => format!("must be <= {limit}"),
        Kind::PropertyNames { error } => {
            format!("property name must be valid: {}", wording(error.kind()))
        }
        Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } => {
            "must match exactly one schema in oneOf".to_owned()
        }
        Kind::AnyOf { .. } => "must match a schema in anyOf".to_owned(),
        Kind::FalseSchema => "boolean schema is false".to_owned(),
        other => format!("must pass \"{}\" keyword validation", other.keyword()),
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(single) => single.to_string(),
        TypeKind::Multiple(many) => many
            .iter()
            .map(|one| one.to_string())
            .collect::<Vec<_>>()
            .join(","),
    }
}

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect::<Vec<_>>()
        .join(", ")
}

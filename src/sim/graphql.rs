//! Spacelift's GraphQL: the schema text, as far as it is known (SA), and checks of operations against it.
//!
//! Executing operations is the sandbox's business. What the live schema has beyond our text is unknown
//! here, so a fault may also mean that our text lacks something; callers should say so.

use std::sync::LazyLock;

use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::executable::{Operation, VariableDefinition};
use apollo_compiler::parser::{Parser, SourceSpan};
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticData, Valid};
use apollo_compiler::{ExecutableDocument, Node, Schema};
use serde_json::{Map, Value};

use super::job::{Fault, FaultKind};
use super::near::did_you_mean;

/// The schema text.
pub const SCHEMA: &str = include_str!("spacelift.graphql");

/// The schema, parsed once.
pub static PARSED: LazyLock<Valid<Schema>> = LazyLock::new(|| {
    Schema::parse_and_validate(SCHEMA, "schema.graphql")
        .expect("the committed schema text is valid; a test parses it")
});

/// How deep selections may nest.
const NESTING: usize = 64;
/// How many words an operation may have.
const WORDS: usize = 20_000;

/// What is wrong with an operation, spans counting bytes of its text; nothing when it is valid.
///
/// `variables` are the request's; `None` when they are not known, null when it has none. A value or key with
/// `{{` in it is a template, whose type is not known, and fits everywhere.
pub fn check(operation: &str, variables: Option<&Value>) -> Vec<Fault> {
    let mut parser = parser();
    let document = match parser.parse_executable(&PARSED, operation, "operation.graphql") {
        Ok(document) => document.validate(&PARSED),
        Err(broken) => Err(broken),
    };
    let document = match document {
        Ok(document) => document,
        Err(broken) => {
            let faults = broken.errors.iter().map(|found| worded(found.error));
            return faults.map(|fault| whole(fault, operation)).collect();
        }
    };
    let Some(variables) = variables else {
        return Vec::new();
    };
    fit(&document, variables)
}

fn parser() -> Parser {
    Parser::new().recursion_limit(NESTING).token_limit(WORDS)
}

/// A diagnostic in our words.
fn worded(found: &DiagnosticData) -> Fault {
    // The compiler calls this form unstable; tests hold the sentences that are read here, and another
    // sentence only loses its near match.
    let compat = found.unstable_compat_message().unwrap_or_default();
    let quoted: Vec<&str> = compat.split('"').skip(1).step_by(2).collect();
    let (message, help) = match (compat.split('"').next(), quoted.as_slice()) {
        (Some("Cannot query field "), [field, of]) => (
            format!("`{of}` has no field `{field}`"),
            did_you_mean(field, fields(of)),
        ),
        (Some("Unknown argument "), [argument, at]) => {
            let (of, field) = at.split_once('.').unwrap_or(("", at));
            (
                format!("`{at}` takes no argument `{argument}`"),
                did_you_mean(argument, arguments(of, field)),
            )
        }
        (Some("Unknown type "), [name]) => (
            format!("there is no type `{name}`"),
            did_you_mean(name, PARSED.types.keys().map(|name| name.as_str())),
        ),
        (Some("Value "), [value, of]) => (
            format!("`{of}` has no value `{value}`"),
            did_you_mean(value, fields(of)),
        ),
        (Some("Field "), [field, of]) if compat.contains("is not defined by type") => (
            format!("`{of}` has no field `{field}`"),
            did_you_mean(field, fields(of)),
        ),
        _ => (fragment(&found.to_string()), None),
    };
    let mut fault = Fault::new(FaultKind::Syntax, message);
    fault.span = found.location().map(span);
    fault.help = help;
    fault
}

/// The fault with its place at whole characters: in text that it cannot read, the parser counts otherwise.
fn whole(mut fault: Fault, operation: &str) -> Fault {
    fault.span = fault.span.map(|span| {
        let start = operation.floor_char_boundary(span.start);
        start..operation.floor_char_boundary(span.end).max(start)
    });
    fault
}

/// A sentence as a fragment: one line, no period.
fn fragment(sentence: &str) -> String {
    let line = sentence.lines().next().unwrap_or_default();
    line.trim().trim_end_matches('.').to_owned()
}

fn span(location: SourceSpan) -> std::ops::Range<usize> {
    location.offset()..location.end_offset()
}

/// The members of a type: fields, input fields or values.
fn fields(of: &str) -> Vec<&'static str> {
    match PARSED.types.get(of) {
        Some(ExtendedType::Object(of)) => of.fields.keys().map(|name| name.as_str()).collect(),
        Some(ExtendedType::Interface(of)) => of.fields.keys().map(|name| name.as_str()).collect(),
        Some(ExtendedType::InputObject(of)) => of.fields.keys().map(|name| name.as_str()).collect(),
        Some(ExtendedType::Enum(of)) => of.values.keys().map(|name| name.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// A field of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// The type of its value, or of each where there is a list.
    pub of: &'static str,
    /// Whether there is a list.
    pub list: bool,
    /// Whether nothing is below: a scalar, or a word of an enum.
    pub plain: bool,
    /// Whether it takes arguments, and whether it can be read without one.
    pub arguments: Arguments,
}

/// What a field wants to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arguments {
    /// It takes none.
    None,
    /// All can be left out.
    Optional,
    /// It cannot be read without.
    Required,
}

/// The fields of an object type, in the order of the schema; none where there is no such type.
pub fn members(of: &str) -> Vec<Member> {
    let Some(ExtendedType::Object(of)) = PARSED.types.get(of) else {
        return Vec::new();
    };
    let fields = of.fields.values().map(|field| {
        let inner = field.ty.inner_named_type();
        let below = PARSED.types.get(inner);
        let required = field
            .arguments
            .iter()
            .any(|argument| argument.is_required());
        Member {
            name: field.name.as_str(),
            of: inner.as_str(),
            list: field.ty.is_list(),
            plain: below.is_some_and(|below| below.is_scalar() || below.is_enum()),
            arguments: match field.arguments.is_empty() {
                true => Arguments::None,
                false if required => Arguments::Required,
                false => Arguments::Optional,
            },
        }
    });
    fields.collect()
}

fn arguments(of: &str, field: &str) -> Vec<&'static str> {
    let field = PARSED.type_field(of, field).ok();
    let arguments = field.into_iter().flat_map(|field| &field.arguments);
    arguments.map(|argument| argument.name.as_str()).collect()
}

/// The variables of a request against those that its one operation declares.
fn fit(document: &Valid<ExecutableDocument>, variables: &Value) -> Vec<Fault> {
    let empty = Map::new();
    let given = match variables {
        Value::Object(given) => given,
        Value::Null => &empty,
        Value::String(text) if text.contains("{{") => return Vec::new(),
        _ => {
            let why = "`variables` must be an object";
            return vec![Fault::new(FaultKind::Runtime, why)];
        }
    };
    // With several operations the request says which one is meant.
    let Ok(operation) = document.operations.get(None) else {
        return Vec::new();
    };
    let any_name = given.keys().any(|name| name.contains("{{"));
    let mut faults = Vec::new();
    for declared in &operation.variables {
        match given.get(declared.name.as_str()) {
            Some(value) if is_template(value) => {}
            None if any_name => {}
            value => faults.extend(unfit(operation, declared, value)),
        }
    }
    for name in given.keys().filter(|name| !name.contains("{{")) {
        let declared = || {
            operation
                .variables
                .iter()
                .map(|variable| variable.name.as_str())
        };
        if !declared().any(|known| known == name) {
            let mut fault = Fault::new(
                FaultKind::Runtime,
                format!("the operation does not declare the variable `{name}`"),
            );
            fault.help = did_you_mean(name, declared());
            faults.push(fault);
        }
    }
    faults
}

/// Why a variable's value does not fit its type.
fn unfit(
    operation: &Operation,
    declared: &Node<VariableDefinition>,
    value: Option<&Value>,
) -> Option<Fault> {
    let (name, kind) = (&declared.name, &declared.ty);
    let place = declared.location().map(span);
    let fault = |message: String| {
        let mut fault = Fault::new(FaultKind::Runtime, message);
        fault.span.clone_from(&place);
        Some(fault)
    };
    let Some(value) = value else {
        if kind.is_non_null() && declared.default_value.is_none() {
            return fault(format!(
                "the request gives no value for the variable `${name}`"
            ));
        }
        return None;
    };
    let mut alone = operation.clone();
    alone.variables.retain(|variable| variable.name == *name);
    let mut values = JsonMap::new();
    values.insert(name.as_str(), JsonValue::from(value.clone()));
    match coerce_variable_values(&PARSED, &alone, &values) {
        Ok(_) => None,
        Err(_) => fault(format!(
            "the variable `${name}` is a `{kind}`, and the value given does not fit"
        )),
    }
}

/// Whether there is a template anywhere in a value.
fn is_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(is_template),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains("{{") || is_template(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn found(operation: &str, variables: &Value) -> Vec<String> {
        let one = |fault: &Fault| {
            let part = fault.span.clone().and_then(|span| operation.get(span));
            let help = fault.help.as_deref().unwrap_or("-");
            format!("{:?}: {} ({help})", part.unwrap_or("-"), fault.message)
        };
        check(operation, Some(variables)).iter().map(one).collect()
    }

    #[test]
    fn the_operations_of_the_guide_are_valid() {
        let token = "mutation GetSpaceliftToken($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }";
        let given = json!({ "id": "{{.secrets.ID}}", "secret": "x" });
        assert_eq!(found(token, &given), [""; 0]);
        let trigger = "mutation ($stackId: ID!) { runTrigger(stack: $stackId) { id state } }";
        assert_eq!(
            found(
                trigger,
                &json!({ "stackId": "{{.inputs.stack.identifier}}" })
            ),
            [""; 0]
        );
        assert_eq!(check(trigger, None), []);
    }

    #[test]
    fn what_the_schema_does_not_have_is_named_with_its_place() {
        assert_eq!(
            found(
                "mutation ($s: ID!) { runTriger(stack: $s) { id } }",
                &json!({ "s": "a" })
            )[0],
            "\"runTriger\": `Mutation` has no field `runTriger` (did you mean `runTrigger`?)"
        );
        assert_eq!(
            found(
                "mutation ($s: ID!) { runTrigger(stak: $s, stack: $s) { id } }",
                &json!({ "s": "a" })
            ),
            [
                "\"stak: $s\": `Mutation.runTrigger` takes no argument `stak` (did you mean `stack`?)"
            ]
        );
        assert_eq!(
            found(
                "mutation ($s: IDD!) { runTrigger(stack: $s) { id } }",
                &Value::Null
            )[0],
            "\"$s: IDD!\": there is no type `IDD` (did you mean `ID`?)"
        );
        assert_eq!(
            found("{ stacks { id nam } }", &Value::Null),
            ["\"nam\": `Stack` has no field `nam` (did you mean `name`?)"]
        );
    }

    #[test]
    fn what_is_not_graphql_has_a_place() {
        let faults = check("{ stacks { id }", None);
        assert!(faults[0].message.starts_with("syntax error"), "{faults:?}");
        assert!(faults[0].span.is_some());
    }

    #[test]
    fn variables_fit_their_declarations() {
        let trigger = "mutation ($stack: ID!, $sha: String) { runTrigger(stack: $stack, commitSha: $sha) { id } }";
        assert_eq!(found(trigger, &json!({ "stack": 1, "sha": null })), [""; 0]);
        assert_eq!(
            found(trigger, &json!({ "stak": "a", "sha": ["x"] })),
            [
                "\"$stack: ID!\": the request gives no value for the variable `$stack` (-)",
                "\"$sha: String\": the variable `$sha` is a `String`, and the value given does not fit (-)",
                "\"-\": the operation does not declare the variable `stak` (did you mean `stack`?)",
            ]
        );
        assert_eq!(
            found(trigger, &json!({ "{{ spreadValue() }}": "{{ .inputs }}" })),
            [""; 0]
        );
        assert_eq!(
            found(trigger, &json!([])),
            ["\"-\": `variables` must be an object (-)"]
        );
    }

    #[test]
    fn fields_say_what_is_below() {
        let stack = members("Stack");
        let named = |name: &str| *stack.iter().find(|m| m.name == name).expect("a field");
        let (labels, space) = (named("labels"), named("spaceDetails"));
        assert_eq!(
            (labels.of, labels.list, labels.plain),
            ("String", true, true)
        );
        assert_eq!((space.of, space.list, space.plain), ("Space", false, false));
        assert!(named("state").plain);
        assert_eq!(named("runs").arguments, Arguments::Optional);
        assert_eq!(named("run").arguments, Arguments::Required);
        assert_eq!(members("Stick"), []);
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(text in r#"(query|mutation|fragment|on|stacks|id|\.\.\.|[{}():$!"\[\] @a#]){0,30}"#, value in any::<bool>()) {
            let _ = check(&text, Some(&json!({ "a": value })));
        }
    }
}

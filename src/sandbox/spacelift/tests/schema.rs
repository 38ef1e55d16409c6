//! The schema text and its resolvers cover each other: no field is forgotten.

use apollo_compiler::ast::Type;
use apollo_compiler::schema::ExtendedType;
use serde_json::json;

use super::super::execute::SCHEMA;
use super::*;

/// What resolvers and executor say about a field that is not answered, or with the wrong type.
const FORGOTTEN: [&str; 4] = [
    "no resolver",
    "unexpected field",
    "resolver returned",
    "resolved to",
];

#[test]
fn introspection_works_without_a_token() {
    let account = Account::anonymous();
    let schema = account.data(
        "{ __schema { types { name } } __type(name: \"PolicyType\") { enumValues { name } } }",
        json!({}),
    );
    assert!(
        schema["__type"]["enumValues"]
            .as_array()
            .is_some_and(|v| v.contains(&json!({"name": "NOTIFICATION"})))
    );
}

#[test]
fn introspection_has_a_depth() {
    let account = Account::anonymous();
    let deep = format!(
        "{{ __schema {{ types {{ {} name {} }} }} }}",
        "fields { type { ".repeat(9),
        "} }".repeat(9)
    );
    assert!(account.refusal(&deep, json!({})).contains("depth"));
    let usual = format!(
        "{{ __schema {{ types {{ fields {{ args {{ type {{ {} name {} }} }} }} }} }} }}",
        "ofType { ".repeat(9),
        "}".repeat(9)
    );
    account.data(&usual, json!({}));
}

#[test]
fn every_field_of_the_schema_is_answered() {
    let account = Account::signed_in();
    // Everything is called "x", so that made-up arguments name something.
    account.webhook("x");
    account.stack("x", "root", &["x"]);
    account.policy(json!({"name": "x", "body": BODY_BOTH, "type": "PLAN", "space": "root", "labels": ["autoattach:x"]}));
    account.data("mutation { webhooksIntegrationCreate(stack: \"x\", input: {enabled: true, endpoint: \"https://example.com\"}) { id } runTrigger(stack: \"x\") { id } other: runTrigger(stack: \"x\", runType: PROPOSED) { id } }", json!({}));
    let mut asked = 0;
    for root in ["Query", "Mutation"] {
        let fields = &SCHEMA.get_object(root).expect("a root type").fields;
        for (name, field) in fields {
            let arguments = arguments(&field.arguments);
            let selection = selection(field.ty.inner_named_type(), 0);
            let keyword = root.to_lowercase();
            let query = format!("{keyword} {{ {name}{arguments} {selection} }}");
            let answer = account.answer(&json!({ "query": query }));
            let shown = answer.body.to_string();
            for forgotten in FORGOTTEN {
                assert!(!shown.contains(forgotten), "{query}\n{shown}");
            }
            assert_eq!(answer.operation, name.as_str(), "{query}\n{shown}");
            asked += 1;
        }
    }
    assert!(asked > 40);
}

/// All fields of a type, objects inside it three levels deep.
fn selection(type_name: &str, depth: u8) -> String {
    let Some(ExtendedType::Object(object)) = SCHEMA.types.get(type_name) else {
        return String::new();
    };
    let fields = object.fields.iter().filter_map(|(name, field)| {
        let inner = field.ty.inner_named_type();
        let is_object = SCHEMA.get_object(inner).is_some();
        if is_object && depth == 3 {
            return None;
        }
        let arguments = arguments(&field.arguments);
        Some(format!("{name}{arguments} {}", selection(inner, depth + 1)))
    });
    let fields: Vec<String> = fields.collect();
    match fields.is_empty() {
        true => "{ __typename }".to_owned(),
        false => format!("{{ {} }}", fields.join(" ")),
    }
}

fn arguments(
    definitions: &[apollo_compiler::Node<apollo_compiler::ast::InputValueDefinition>],
) -> String {
    let needed = definitions.iter().filter(|argument| argument.is_required());
    let texts: Vec<String> = needed
        .map(|a| format!("{}: {}", a.name, literal(&a.ty)))
        .collect();
    match texts.is_empty() {
        true => String::new(),
        false => format!("({})", texts.join(", ")),
    }
}

fn literal(ty: &Type) -> String {
    if ty.is_list() {
        return "[]".to_owned();
    }
    let name = ty.inner_named_type().as_str();
    match SCHEMA.types.get(name) {
        Some(ExtendedType::InputObject(input)) => {
            let needed = input.fields.iter().filter(|(_, field)| field.is_required());
            let texts: Vec<String> = needed
                .map(|(key, field)| format!("{key}: {}", literal(&field.ty)))
                .collect();
            format!("{{ {} }}", texts.join(", "))
        }
        Some(ExtendedType::Enum(values)) => {
            values.values.keys().next().expect("a value").to_string()
        }
        _ if name == "Boolean" => "true".to_owned(),
        _ if name == "Int" => "1".to_owned(),
        _ => "\"x\"".to_owned(),
    }
}

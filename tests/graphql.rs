//! The GraphQL texts of all kinds are valid against the sandbox's schema, which is written from
//! the contract and not from these texts.
#![cfg(feature = "sandbox")]

use apollo_compiler::{ExecutableDocument, Schema};
use spaceport::kinds::{self, Call, List, Observed};
use spaceport::words::value::Map;
use spaceport::words::{Service, Value};

const SCHEMA: &str = include_str!("../src/sim/spacelift.graphql");

fn check(schema: &apollo_compiler::validation::Valid<Schema>, what: &str, text: &str) {
    if let Err(problems) = ExecutableDocument::parse_and_validate(schema, text, "operation.graphql")
    {
        panic!("{what}: {}", problems.errors);
    }
}

/// An object with every field set to something, so that every request that a kind can make is made.
fn full(kind: &dyn kinds::Kind) -> Value {
    let fields = kind.shape().pick(&|_| true);
    let top = fields.iter().filter(|at| at.parts().len() == 1);
    let value = |name: &str| match name {
        "secretHeaders" => Value::Map([("X-A".to_owned(), Value::text("a"))].into_iter().collect()),
        "labels" => Value::List(vec![Value::text("a")]),
        "enabled" | "retryOnFailure" => Value::Bool(true),
        _ => Value::text("x"),
    };
    let entries = top
        .filter_map(|at| at.first())
        .map(|name| (name.to_owned(), value(name)));
    Value::Map(entries.collect())
}

#[test]
fn every_request_to_spacelift_is_valid_against_the_schema() {
    let schema = Schema::parse_and_validate(SCHEMA, "schema.graphql").expect("our schema is valid");
    let spacelift = kinds::ALL
        .iter()
        .filter(|kind| kind.service() == Service::Spacelift);
    let mut checked = 0;
    for kind in spacelift {
        let List::Spacelift {
            field,
            selection,
            paged,
        } = kind.list()
        else {
            panic!("{} lists elsewhere", kind.name());
        };
        let list = match paged {
            true => format!(
                "query Read($page: SearchInput!) {{ {field}(input: $page) \
                 {{ edges {{ node {selection} }} pageInfo {{ endCursor hasNextPage }} }} }}"
            ),
            false => format!("query Read {{ {field} {selection} }}"),
        };
        check(&schema, kind.name(), &list);
        let want = full(*kind);
        let had = Map::from_iter([("X-B".to_owned(), Value::text("b"))]);
        let seen = Observed {
            born: Default::default(),
            touched: Default::default(),
            id: "x".into(),
            name: "x".into(),
            value: Value::Map(
                [("secretHeaders".to_owned(), Value::Map(had))]
                    .into_iter()
                    .collect(),
            ),
            exports: Map::new(),
        };
        let keys: Vec<String> = want
            .as_map()
            .into_iter()
            .flat_map(|map| map.keys().map(ToString::to_string))
            .collect();
        let calls = kind
            .create(&want)
            .into_iter()
            .chain(kind.update(&seen, &want, &keys))
            .chain([kind.delete("x")]);
        for call in calls {
            let Call::Spacelift { document, .. } = call else {
                panic!("{} calls another service", kind.name());
            };
            check(&schema, kind.name(), document);
            checked += 1;
        }
    }
    assert!(checked >= 9, "only {checked} requests were looked at");
}

//! Queries over entities, as they occur in bodies: `{combinator, rules}` with rules that may nest.
//!
//! The same operators come in four dialects (PA sections 3 and 6): stored queries, searches, datasets
//! of inputs (whose values may be JQ) and the small searches that stand for an entity in a relation.
//! Scorecards have conditions instead, which nest in no way (PA section 8).

use serde_json::{Value, json};

use super::{closed, one_of, text, texts};

/// Which rules a query may have.
#[derive(Clone, Copy)]
pub(crate) enum Dialect {
    /// Aggregations, permissions, conditions of actions, `POST /v1/entities/search`.
    Stored,
    /// `POST /v1/blueprints/{b}/entities/search`: relations and scorecards as well.
    Search,
    /// Datasets of inputs: `{jqQuery}` in the place of values.
    Dataset,
    /// An entity that is found rather than named: `=`, `in`, `containsAny` and `contains` only.
    Found,
}

const DIALECTS: [Dialect; 4] = [
    Dialect::Stored,
    Dialect::Search,
    Dialect::Dataset,
    Dialect::Found,
];
const COMPARISONS: [&str; 11] = [
    "=",
    "!=",
    "containsAny",
    "contains",
    "doesNotContains",
    "beginsWith",
    "doesNotBeginsWith",
    "endsWith",
    "doesNotEndsWith",
    "in",
    "notIn",
];
/// Spans of time that have a name; scorecards do not know `lastDay`.
const SPANS: [&str; 10] = [
    "lastDay",
    "today",
    "tomorrow",
    "yesterday",
    "lastWeek",
    "last2Weeks",
    "lastMonth",
    "last3Months",
    "last6Months",
    "last12Months",
];

impl Dialect {
    fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Search => "search",
            Self::Dataset => "dataset",
            Self::Found => "found",
        }
    }

    fn rules(self) -> Vec<Value> {
        if let Self::Found = self {
            return found_rules();
        }
        let mut rules = vec![
            rule(&["between", "notBetween", "="], operand(), date_value(true)),
            compared(&["property"], &["isEmpty", "isNotEmpty"], None),
            compared(&["property"], &["isExpired", "isNotExpired"], None),
            rule(
                &[">", ">=", "<", "<="],
                operand(),
                self.any_of(vec![number(), date_time(), context()]),
            ),
            rule(&COMPARISONS, operand(), self.compared_value()),
            self.related(),
            self.of_schema(),
            self.match_any(),
        ];
        if let Self::Search = self {
            for (key, more) in [
                ("relation", "targetProperty"),
                ("scorecard", "scorecardRule"),
            ] {
                rules.push(compared(&[key, more], &["isEmpty", "isNotEmpty"], None));
                let value = any_of(vec![null(), text(), number(), flag(), texts()]);
                rules.push(compared(&[key, more], &COMPARISONS, Some(value)));
            }
        }
        rules
    }

    fn any_of(self, mut shapes: Vec<Value>) -> Value {
        if let Self::Dataset = self {
            shapes.push(closed(&["jqQuery"], json!({"jqQuery": text()})));
        }
        any_of(shapes)
    }

    fn compared_value(self) -> Value {
        let mut shapes = vec![null(), text(), number(), flag(), texts(), context()];
        if !matches!(self, Self::Search) {
            shapes.push(list_of(number()));
            shapes.push(list_of(flag()));
        }
        self.any_of(shapes)
    }

    fn related(self) -> Value {
        closed(
            &["operator", "value", "blueprint"],
            json!({
                "operator": one_of(&["relatedTo"]),
                "value": self.any_of(vec![text(), texts()]),
                "blueprint": text(),
                "direction": one_of(&["upstream", "downstream"]),
                "required": flag(),
            }),
        )
    }

    /// Which property it is follows from its type.
    fn of_schema(self) -> Value {
        let items = json!({
            "type": "object",
            "required": ["type"],
            "properties": {"type": text(), "format": text()},
        });
        let schema = closed(
            &["type"],
            json!({"type": text(), "format": text(), "items": items}),
        );
        closed(
            &["operator", "propertySchema"],
            json!({
                "operator": one_of(&["=", "!=", "contains"]),
                "propertySchema": schema,
                "value": self.any_of(vec![null(), text(), number(), flag()]),
            }),
        )
    }

    fn match_any(self) -> Value {
        let hop = json!({
            "type": "object",
            "properties": {
                "maxHops": {"type": "number", "minimum": 1, "maximum": 15},
                "relation": text(),
            },
        });
        let path = closed(
            &["path"],
            json!({"path": list_of(any_of(vec![text(), hop])), "fromBlueprint": text()}),
        );
        let (property, value) = match self {
            Self::Search => (path, any_of(vec![text(), texts()])),
            _ => (
                any_of(vec![path, operand()]),
                any_of(vec![texts(), operand()]),
            ),
        };
        rule(&["matchAny"], property, value)
    }
}

/// A query of this dialect; the schema around it must have gone through [`with_queries`].
pub(crate) fn query(dialect: Dialect) -> Value {
    closed(
        &["combinator", "rules"],
        json!({
            "combinator": one_of(&["and", "or"]),
            "rules": list_of(json!({"$ref": format!("#/definitions/{}", dialect.name())})),
        }),
    )
}

/// Adds the definitions that [`query`] refers to.
pub(crate) fn with_queries(mut schema: Value) -> Value {
    for dialect in DIALECTS {
        let nested = query(dialect);
        let rule = json!({
            "type": "object",
            "if": {"required": ["combinator"]},
            "then": nested,
            "else": {"anyOf": dialect.rules()},
        });
        schema["definitions"][dialect.name()] = rule;
    }
    schema
}

/// `{combinator, conditions}` of scorecards.
pub(crate) fn conditions() -> Value {
    let orders = [
        "=",
        "!=",
        ">",
        "<",
        ">=",
        "<=",
        "contains",
        "doesNotContains",
        "beginsWith",
        "doesNotBeginsWith",
        "endsWith",
        "doesNotEndsWith",
    ];
    let mut shapes = vec![rule(
        &["between", "notBetween", "="],
        text(),
        date_value(false),
    )];
    for key in ["property", "relation"] {
        let open = |operators: &[&str], more: Value| {
            let mut shape = json!({
                "type": "object",
                "required": [key, "operator"],
                "properties": {key: text(), "operator": one_of(operators)},
            });
            for (name, value) in more.as_object().into_iter().flatten() {
                shape["properties"][name] = value.clone();
            }
            shape
        };
        let mut among = open(&["containsAny", "in"], json!({"value": texts()}));
        let value = any_of(vec![text(), number(), flag(), texts()]);
        let mut ordered = open(&orders, json!({"value": value}));
        for shape in [&mut among, &mut ordered] {
            shape["required"] = json!([key, "operator", "value"]);
        }
        let empty = open(&["isEmpty", "isNotEmpty"], json!({"not": flag()}));
        shapes.extend([among, ordered, empty]);
    }
    json!({
        "type": "object",
        "required": ["combinator", "conditions"],
        "properties": {
            "combinator": one_of(&["and", "or"]),
            "conditions": {"type": "array", "minItems": 1, "items": {"anyOf": shapes}},
        },
    })
}

fn found_rules() -> Vec<Value> {
    vec![
        rule(&["="], text(), any_of(vec![text(), number(), null()])),
        rule(&["in", "containsAny"], text(), texts()),
        rule(&["contains"], text(), any_of(vec![text(), texts(), null()])),
    ]
}

/// `{property, operator, value}`, closed.
fn rule(operators: &[&str], property: Value, value: Value) -> Value {
    closed(
        &["property", "operator", "value"],
        json!({"property": property, "operator": one_of(operators), "value": value}),
    )
}

/// A rule over the first of `keys`; the second, if any, names something inside it.
fn compared(keys: &[&str], operators: &[&str], value: Option<Value>) -> Value {
    let mut shape = closed(
        &[keys[0], "operator"],
        json!({keys[0]: text(), "operator": one_of(operators)}),
    );
    for key in &keys[1..] {
        shape["properties"][*key] = match *key {
            "targetProperty" => one_of(&["$title", "$identifier"]),
            _ => text(),
        };
    }
    if let Some(value) = value {
        shape["properties"]["value"] = value;
        shape["required"] = json!([keys[0], "operator", "value"]);
    }
    shape
}

/// A property by its name, or of the user who asks.
fn operand() -> Value {
    any_of(vec![text(), context()])
}

fn context() -> Value {
    json!({
        "type": "object",
        "required": ["property", "context"],
        "properties": {"property": text(), "context": one_of(&["user", "userTeams"])},
    })
}

/// A range, a span with a name or, in queries, a property of the user; only one of them.
fn date_value(in_query: bool) -> Value {
    let range = json!({
        "type": "object",
        "required": ["from", "to"],
        "properties": {"from": date_time(), "to": date_time()},
    });
    let spans = if in_query { &SPANS[..] } else { &SPANS[1..] };
    let span = json!({
        "type": "object", "required": ["preset"], "properties": {"preset": one_of(spans)},
    });
    let mut shapes = vec![range, span];
    if in_query {
        shapes.push(context());
    }
    json!({"oneOf": shapes})
}

fn any_of(shapes: Vec<Value>) -> Value {
    json!({"anyOf": shapes})
}

fn list_of(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

fn date_time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

fn null() -> Value {
    json!({"type": "null"})
}

fn number() -> Value {
    json!({"type": "number"})
}

fn flag() -> Value {
    json!({"type": "boolean"})
}

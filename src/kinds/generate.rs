//! Generated objects: specs that a kind's shape allows, and what a service makes of them.
//!
//! Derived from the shapes alone, so that a new kind or field is under the laws at once.
//! Deliberately not here: what only a kind's `check` knows; a generated mapping may name
//! properties that no blueprint has.

use proptest::prelude::*;
use proptest::sample::select;

use crate::kinds::Kind;
use crate::kinds::shape::{Field, Limits, Object, Shape};
use crate::words::value::{Map, SecretSource};
use crate::words::{Template, Value};

/// Words that texts are made from: plain ones, and what services and readers stumble over.
const WORDS: [&str; 24] = [
    "a",
    "b",
    "stack",
    "Stack",
    "stack_1",
    "space-lift",
    "x=y",
    "team.lead",
    "a.b.c",
    "relation.$title",
    "team/a",
    "A:B",
    "me@example.com",
    "Größe",
    "日本",
    "with blanks",
    "",
    " ",
    "true",
    "017",
    "\"quoted\"",
    "{{ .inputs.x }}",
    "two\nlines",
    "ends\n\n",
];

/// Specs as a file may have them: nothing that the server sets, secrets by their source.
pub fn spec(kind: &'static dyn Kind) -> BoxedStrategy<Value> {
    value(kind.shape())
}

/// Values that a shape allows.
pub fn value(shape: &Shape) -> BoxedStrategy<Value> {
    match shape {
        Shape::Any => any_value(),
        Shape::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Shape::Integer(min, max) => (*min..=(*max).min(min.saturating_add(50)))
            .prop_map(|n| Value::Number(n.into()))
            .boxed(),
        Shape::Number => number(),
        Shape::Text(limits) => text(limits).prop_map(Value::text).boxed(),
        Shape::Enum(words) => select(*words).prop_map(Value::text).boxed(),
        Shape::Object(object) => fields(object).prop_map(Value::Map).boxed(),
        Shape::Map { keys, of } => entries(keys, value(of)),
        Shape::List { of, count } => {
            let (min, max) = *count;
            prop::collection::vec(value(of), min..=max.min(min + 3))
                .prop_map(Value::List)
                .boxed()
        }
        Shape::Tagged { tag, variants } => {
            let tag = *tag;
            let variants = variants.iter().map(|(name, object)| {
                let name = *name;
                fields(object)
                    .prop_map(move |mut map| {
                        map.insert(tag.to_owned(), Value::text(name));
                        Value::Map(map)
                    })
                    .boxed()
            });
            prop::strategy::Union::new(variants).boxed()
        }
        Shape::OneOf(shapes) => prop::strategy::Union::new(shapes.iter().map(value)).boxed(),
    }
}

fn fields(object: &Object) -> BoxedStrategy<Map> {
    let written = object.fields.iter().filter(|field| !field.rules.computed);
    let fields: Vec<BoxedStrategy<Option<(String, Value)>>> = written
        .map(|field| {
            let name = field.name.to_owned();
            let pair = field_value(field).prop_map(move |value| (name.clone(), value));
            if field.required {
                pair.prop_map(Some).boxed()
            } else {
                prop::option::weighted(0.3, pair).boxed()
            }
        })
        .collect();
    fields
        .prop_map(|fields| fields.into_iter().flatten().collect())
        .boxed()
}

fn field_value(field: &Field) -> BoxedStrategy<Value> {
    if !field.rules.write_only {
        return value(&field.shape);
    }
    match &field.shape {
        Shape::Map { keys, .. } => entries(keys, secret()),
        _ => secret(),
    }
}

fn secret() -> BoxedStrategy<Value> {
    select(["${env.ONE}", "${env.TWO}", "Bearer ${env.ONE}"].as_slice())
        .prop_map(|text| {
            let template = Template::parse(text).expect("these are templates");
            Value::Secret(SecretSource::new(template))
        })
        .boxed()
}

fn entries(keys: &Limits, of: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop::collection::vec((text(keys), of), 0..3)
        .prop_map(|pairs| Value::Map(pairs.into_iter().collect()))
        .boxed()
}

/// A text within limits: the words that fit, lengthened by digits or cut.
fn text(limits: &Limits) -> BoxedStrategy<String> {
    let Limits {
        min, max, charset, ..
    } = *limits;
    let fits = move |text: &String| {
        let length = text.chars().count();
        length >= min
            && (max == 0 || length <= max)
            && charset.is_none_or(|charset| (charset.holds)(text))
    };
    let words: Vec<String> = WORDS
        .iter()
        .flat_map(|word| [(*word).to_owned(), format!("{word}2"), format!("2{word}")])
        .filter(fits)
        .collect();
    assert!(!words.is_empty(), "no word fits {limits:?}");
    select(words).boxed()
}

fn number() -> BoxedStrategy<Value> {
    let float = |f: f64| serde_json::Number::from_f64(f).expect("it is finite");
    prop_oneof![
        (-5i64..100).prop_map(|n| Value::Number(n.into())),
        (-5i64..100).prop_map(move |n| Value::Number(float(n as f64))),
        (-5i64..100).prop_map(move |n| Value::Number(float(n as f64 + 0.5))),
    ]
    .boxed()
}

fn any_value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number(),
        select(WORDS.as_slice()).prop_map(Value::text),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
            prop::collection::vec((select(WORDS.as_slice()), inner), 0..3).prop_map(|pairs| {
                Value::Map(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
    .boxed()
}

/// What a service answers with after it was given a spec: the same in another spelling.
#[derive(Debug)]
pub struct Answer {
    dice: u64,
    /// Whether it also has fields that we do not know, in bodies that keep them.
    pub unknown: bool,
}

/// The name of every field that only an [`Answer`] has.
pub const UNKNOWN: &str = "fieldOfTomorrow";

impl Answer {
    /// An answer that follows from this seed alone.
    pub fn new(seed: u64) -> Self {
        Answer {
            dice: seed | 1,
            unknown: false,
        }
    }

    fn flip(&mut self) -> bool {
        // xorshift64*, enough for choices.
        self.dice ^= self.dice >> 12;
        self.dice ^= self.dice << 25;
        self.dice ^= self.dice >> 27;
        self.dice.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 63 == 1
    }

    /// The spec as the service answers it.
    pub fn of(&mut self, shape: &Shape, value: &Value) -> Value {
        match (shape, value) {
            (Shape::Object(_) | Shape::Tagged { .. }, Value::Map(map)) => {
                match shape.object(|tag| value.get_text(tag).map(str::to_owned)) {
                    Some(object) => Value::Map(self.fields(object, map)),
                    None => value.clone(),
                }
            }
            (Shape::Map { of, .. }, Value::Map(map)) => {
                let mut map: Map = map
                    .iter()
                    .map(|(key, value)| (key.clone(), self.of(of, value)))
                    .collect();
                if !matches!(**of, Shape::Any) && self.flip() {
                    map.get_or_insert_with("gone", || Value::Null);
                }
                Value::Map(map)
            }
            (Shape::List { of, .. }, Value::List(list)) => {
                Value::List(list.iter().map(|item| self.of(of, item)).collect())
            }
            (Shape::OneOf(shapes), value) => match Shape::fitting(shapes, value) {
                Some(shape) => self.of(shape, value),
                None => value.clone(),
            },
            (_, Value::Number(number)) => match number.as_i64() {
                Some(whole) if self.flip() => serde_json::Number::from_f64(whole as f64)
                    .map_or_else(|| value.clone(), Value::Number),
                _ => value.clone(),
            },
            _ => value.clone(),
        }
    }

    fn fields(&mut self, object: &Object, map: &Map) -> Map {
        let mut answer = Map::new();
        for field in &object.fields {
            let rules = &field.rules;
            let given = map.get(field.name);
            let default = rules.default.map(|json| {
                let json: serde_json::Value = serde_json::from_str(json).expect("it is JSON");
                Value::from(json)
            });
            let value = if rules.computed {
                self.flip().then(|| Value::text("set by the server"))
            } else if rules.write_only {
                // Of secrets at most the names come back.
                given.and_then(Value::as_map).map(|secrets| {
                    let unknown = || Value::Secret(SecretSource::new(Template::default()));
                    Value::Map(secrets.keys().map(|key| (key.clone(), unknown())).collect())
                })
            } else {
                match given {
                    Some(given) => Some(self.field(field, given)),
                    None if self.flip() => default.filter(|_| self.flip()),
                    None => (!field.required && self.flip()).then_some(Value::Null),
                }
            };
            if let Some(value) = value {
                answer.insert(field.name, value);
            }
        }
        for (key, value) in map {
            answer.get_or_insert_with(key.clone(), || {
                let secret = object
                    .fields
                    .iter()
                    .any(|field| field.name == key && field.rules.write_only);
                if secret { Value::Null } else { value.clone() }
            });
        }
        if self.unknown && object.open && self.flip() {
            answer.insert(UNKNOWN, Value::text("kept"));
        }
        if self.flip() {
            let mut turned: Vec<_> = answer.into_iter().collect();
            turned.reverse();
            answer = turned.into_iter().collect();
        }
        answer
    }

    fn field(&mut self, field: &Field, given: &Value) -> Value {
        let mut value = self.of(&field.shape, given);
        if field.rules.unordered
            && let Value::List(list) = &mut value
        {
            if self.flip() {
                list.reverse();
            }
            if self.flip() {
                list.extend(list.first().cloned());
            }
        }
        if field.rules.text
            && self.flip()
            && let Value::Text(text) = &mut value
        {
            *text = format!("{text}\n").into();
        }
        value
    }
}

/// The value that a strategy gives for a seed.
pub fn pick<T: std::fmt::Debug>(strategy: BoxedStrategy<T>, seed: [u8; 32]) -> T {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    strategy
        .new_tree(&mut TestRunner::new_with_rng(Config::default(), rng))
        .expect("every strategy here has values")
        .current()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{ALL, check};
    use crate::words::{Findings, Node, Place};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

        #[test]
        fn what_is_generated_passes_the_check(index in 0..ALL.len(), seed in any::<[u8; 32]>()) {
            let kind = ALL[index];
            let spec = pick(spec(kind), seed);
            let json = spec.to_json_with(&mut |_| "secret".into());
            let node = Node::from_json(Place::new(0, 0, 0), &json);
            let mut findings = Findings::default();
            check::check(kind.shape(), &node, "spec", &mut findings);
            prop_assert!(findings.is_empty(), "{json:#}: {findings:?}");
        }
    }
}

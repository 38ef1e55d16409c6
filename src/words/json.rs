//! JSON as values: from a tree of JSON, or straight from a text.
//!
//! Lists of live objects are long, so they are read without a tree of JSON in between. Deliberately
//! not here: the way back (see `Value::to_json`).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::words::map::Map;
use crate::words::{Text, Value};

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(b),
            serde_json::Value::Number(n) => Value::Number(n),
            serde_json::Value::String(t) => Value::text(t),
            serde_json::Value::Array(list) => {
                Value::List(list.into_iter().map(Value::from).collect())
            }
            serde_json::Value::Object(map) => {
                let entries = map.into_iter();
                Value::Map(Map::of_distinct(
                    entries.map(|(k, v)| (k.into(), Value::from(v))),
                ))
            }
        }
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(*b),
            serde_json::Value::Number(n) => Value::Number(n.clone()),
            serde_json::Value::String(t) => Value::text(t),
            serde_json::Value::Array(list) => Value::List(list.iter().map(Value::from).collect()),
            serde_json::Value::Object(map) => {
                let entries = map.iter();
                Value::Map(Map::of_distinct(
                    entries.map(|(k, v)| (k.into(), Value::from(v))),
                ))
            }
        }
    }
}

/// As `serde_json::Value` reads: of members with one name the last counts.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        items.shrink_to_fit();
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let entries = std::iter::from_fn(|| {
            let entry = members.next_entry::<Name, Value>();
            entry
                .map(|entry| entry.map(|(Name(name), value)| (name, value)))
                .transpose()
        });
        entries.collect::<Result<Map, A::Error>>().map(Value::Map)
    }
}

/// The name of a member.
struct Name(Text);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Name, D::Error> {
        reader.deserialize_str(Named)
    }
}

struct Named;

impl Visitor<'_> for Named {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Name, E> {
        Ok(Name(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_as_its_tree_does() {
        for text in [
            r#"{"a":null,"b":[true,false,{"c":"d"},[]],"e":{}}"#,
            r#"[0,-1,18446744073709551615,-9223372036854775808,1.5,1e300,-0.0,0.1]"#,
            r#"{"a":1,"b":2,"a":3}"#,
            r#""\u00e9\ud83d\ude00 a text that is longer than one which lies in its place""#,
        ] {
            let tree: serde_json::Value = serde_json::from_str(text).unwrap();
            let straight: Value = serde_json::from_str(text).unwrap();
            assert_eq!(straight, Value::from(&tree), "{text}");
            assert_eq!(straight, Value::from(tree), "{text}");
        }
        assert!(serde_json::from_str::<Value>(&"[".repeat(10_000)).is_err());
    }
}

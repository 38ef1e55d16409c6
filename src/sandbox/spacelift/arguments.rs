//! Reads the coerced arguments of a field. Validation has already happened against the schema; absent
//! and null are the same here because no operation tells them apart.

use apollo_compiler::response::{JsonMap, JsonValue};

use super::refusal::Refusal;

/// The arguments of a field, or an input object inside them.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a>(Option<&'a JsonMap>);

impl<'a> Arguments<'a> {
    /// The arguments of a field.
    pub(super) fn new(map: &'a JsonMap) -> Self {
        Self(Some(map))
    }

    /// The input object under `name`; an absent one reads as empty.
    pub(super) fn input(self, name: &str) -> Self {
        Self(self.value(name).and_then(JsonValue::as_object))
    }

    /// The input objects in the list under `name`.
    pub(super) fn inputs(self, name: &str) -> Vec<Self> {
        let list = self.value(name).and_then(JsonValue::as_array);
        list.into_iter()
            .flatten()
            .map(|item| Self(item.as_object()))
            .collect()
    }

    /// A string or enum value.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.value(name).and_then(JsonValue::as_str)
    }

    /// An ID, which a client may also send as a number.
    pub(super) fn id(self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        match value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => value.as_i64().map(|number| number.to_string()),
        }
    }

    /// A Boolean.
    pub(super) fn flag(self, name: &str) -> Option<bool> {
        self.value(name).and_then(JsonValue::as_bool)
    }

    /// An Int.
    pub(super) fn number(self, name: &str) -> Option<i64> {
        self.value(name).and_then(JsonValue::as_i64)
    }

    /// A list of strings.
    pub(super) fn texts(self, name: &str) -> Option<Vec<String>> {
        let list = self.value(name)?.as_array()?;
        Some(
            list.iter()
                .filter_map(JsonValue::as_str)
                .map(str::to_owned)
                .collect(),
        )
    }

    /// A list of Booleans.
    pub(super) fn flags(self, name: &str) -> Option<Vec<bool>> {
        let list = self.value(name)?.as_array()?;
        Some(list.iter().filter_map(JsonValue::as_bool).collect())
    }

    /// A string that the schema requires.
    pub(super) fn needed_text(self, name: &str) -> Result<&'a str, Refusal> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// An ID that the schema requires.
    pub(super) fn needed_id(self, name: &str) -> Result<String, Refusal> {
        self.id(name).ok_or_else(|| missing(name))
    }

    /// A Boolean that the schema requires.
    pub(super) fn needed_flag(self, name: &str) -> Result<bool, Refusal> {
        self.flag(name).ok_or_else(|| missing(name))
    }

    fn value(self, name: &str) -> Option<&'a JsonValue> {
        self.0?.get(name).filter(|value| !value.is_null())
    }
}

fn missing(name: &str) -> Refusal {
    Refusal(format!("missing value for `{name}`"))
}

//! Renames: keys inside of an object that get another name and keep their data.
//!
//! A kind whose service has a request for that says where it works (see `Kind::renamable`).
//! Deliberately not here: objects that get another identifier, which are renamed as a whole.

use crate::words::{Pointer, Text, Value};

/// One key that gets another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// Where the key stands, itself included.
    pub at: Pointer,
    /// The name that it gets.
    pub to: String,
}

impl Rename {
    /// The map that holds the key, and the key.
    pub fn parts(&self) -> Option<(Pointer, &str)> {
        let mut within = self.at.clone();
        within.pop()?;
        Some((within, self.at.parts().last()?))
    }

    /// Where the key stands under its new name.
    pub fn target(&self) -> Option<Pointer> {
        Some(self.parts()?.0.join(&self.to))
    }

    /// Whether a live object still has the key under its old name and nothing under the new one.
    pub fn is_open(&self, live: &Value) -> bool {
        let there = |at: &Pointer| live.at(at).is_some_and(|value| !value.is_null());
        there(&self.at) && self.target().is_some_and(|target| !there(&target))
    }

    /// Does to a spec what the service does: the key, and its name among the required ones.
    pub fn apply(&self, spec: &mut Value) {
        let Some((within, key)) = self.parts() else {
            return;
        };
        if let Some(Value::Map(map)) = at_mut(spec, within.parts()) {
            let entries = std::mem::take(map);
            for (name, value) in entries {
                let name = match name == key {
                    true => self.to.as_str().into(),
                    false => name,
                };
                map.insert(name, value);
            }
        }
        let above = within.parts().split_last().map(|(_, above)| above);
        if let Some(above) = above
            && let Some(Value::Map(holder)) = at_mut(spec, above)
            && let Some(Value::List(required)) = holder.get_mut("required")
        {
            for name in required
                .iter_mut()
                .filter(|name| name.as_text() == Some(key))
            {
                *name = Value::text(&self.to);
            }
        }
    }
}

fn at_mut<'a>(value: &'a mut Value, parts: &[Text]) -> Option<&'a mut Value> {
    parts
        .iter()
        .try_fold(value, |value, part| value.as_map_mut()?.get_mut(part))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_and_its_being_required_get_the_new_name() {
        let rename = Rename {
            at: Pointer::parse("/schema/properties/label").unwrap(),
            to: "labels".into(),
        };
        let spec = |key: &str| {
            Value::from(json!({ "schema": {
                "properties": { "a": {}, key: { "type": "string" }, "z": {} },
                "required": ["a", key],
            }}))
        };
        let mut live = spec("label");
        assert!(rename.is_open(&live));
        rename.apply(&mut live);
        assert_eq!(live, spec("labels"));
        assert!(!rename.is_open(&live));
        // Doing it again does nothing.
        rename.apply(&mut live);
        assert_eq!(live, spec("labels"));
    }
}

//! Nodes: what a file says, with the place of every key and value.
//!
//! The reader makes nodes; resolving `${…}` turns texts into `Deferred` and `Secret` leaves; the
//! kinds check nodes, so that every finding has a place; then they become a [`Value`].

use std::sync::Arc;

use serde_json::Number;

use crate::words::template::Reference;
use crate::words::value::{Map, SecretSource, Value};
use crate::words::{Place, Pointer, Template, Text};

/// A piece of data from a file, with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it stands. An alias has the place of its anchor's value.
    pub place: Place,
    /// What stands there.
    pub data: Data,
}

/// The data of a [`Node`].
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// `null`, `~`, or nothing.
    Null,
    /// `true` or `false`; never `yes`, `no`, `on`, `off`.
    Bool(bool),
    /// A number of JSON's range.
    Number(Number),
    /// A text, before its `${…}` were looked at or after they were all settled.
    Text(Text),
    /// A list. Shared because aliases may repeat it.
    List(Arc<Vec<Node>>),
    /// A map in the order of the file; keys are distinct. Shared because aliases may repeat it.
    Map(Arc<Vec<(Key, Node)>>),
    /// A text with references that only other objects can settle.
    Deferred(Template),
    /// A text that is never kept, only where it comes from.
    Secret(SecretSource),
}

/// The key of a map entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key's text.
    pub text: Text,
    /// Where it stands.
    pub place: Place,
}

impl Node {
    /// A node of this data at this place.
    pub fn new(place: Place, data: Data) -> Self {
        Node { place, data }
    }

    /// A map of these entries, all of it at one place.
    pub fn map<'a>(place: Place, entries: impl IntoIterator<Item = (&'a str, Node)>) -> Self {
        let key = |text: &str| Key {
            text: text.into(),
            place,
        };
        let entries = entries.into_iter().map(|(text, node)| (key(text), node));
        Node::new(place, Data::Map(Arc::new(entries.collect())))
    }

    /// JSON data as a node, all of it at one place.
    pub fn from_json(place: Place, json: &serde_json::Value) -> Self {
        let data = match json {
            serde_json::Value::Null => Data::Null,
            serde_json::Value::Bool(b) => Data::Bool(*b),
            serde_json::Value::Number(n) => Data::Number(n.clone()),
            serde_json::Value::String(t) => Data::Text(t.into()),
            serde_json::Value::Array(items) => Data::List(Arc::new(
                items
                    .iter()
                    .map(|item| Node::from_json(place, item))
                    .collect(),
            )),
            serde_json::Value::Object(entries) => Data::Map(Arc::new(
                entries
                    .iter()
                    .map(|(key, value)| {
                        (
                            Key {
                                text: key.into(),
                                place,
                            },
                            Node::from_json(place, value),
                        )
                    })
                    .collect(),
            )),
        };
        Node { place, data }
    }

    /// What kind of data it is, in words for messages.
    pub fn what(&self) -> &'static str {
        match &self.data {
            Data::Null => "nothing",
            Data::Bool(_) => "a boolean",
            Data::Number(_) => "a number",
            Data::Text(_) | Data::Deferred(_) | Data::Secret(_) => "a text",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
        }
    }

    /// Whether a finding told already what is wrong with it: of what can be filled in, only
    /// attributes of other objects may stay.
    pub fn is_broken(&self) -> bool {
        let Data::Deferred(template) = &self.data else {
            return false;
        };
        !template
            .references()
            .any(|reference| matches!(reference, Reference::Attribute(..)))
    }

    /// The entries, if it is a map.
    pub fn entries(&self) -> Option<&[(Key, Node)]> {
        match &self.data {
            Data::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text, if it is a settled one.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value under a key, if it is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The key and value of an entry, if it is a map that has it.
    pub fn entry(&self, key: &str) -> Option<(&Key, &Node)> {
        self.entries()?
            .iter()
            .find(|(k, _)| k.text == key)
            .map(|(k, n)| (k, n))
    }

    /// The node at a JSON pointer without wildcards.
    pub fn at(&self, pointer: &Pointer) -> Option<&Node> {
        pointer
            .parts()
            .iter()
            .try_fold(self, |node, part| match &node.data {
                Data::Map(_) => node.get(part),
                Data::List(items) => items.get(part.parse::<usize>().ok()?),
                _ => None,
            })
    }

    /// The nearest node on the way to a pointer; the node itself when nothing of it exists.
    pub fn nearest(&self, pointer: &Pointer) -> &Node {
        let mut pointer = pointer.clone();
        loop {
            if let Some(node) = self.at(&pointer) {
                return node;
            }
            if pointer.pop().is_none() {
                return self;
            }
        }
    }

    /// Whether there is a `null` anywhere in it.
    pub fn has_null(&self) -> bool {
        match &self.data {
            Data::Null => true,
            Data::List(items) => items.iter().any(Node::has_null),
            Data::Map(entries) => entries.iter().any(|(_, node)| node.has_null()),
            _ => false,
        }
    }

    /// The same data without places.
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(b) => Value::Bool(*b),
            Data::Number(n) => Value::Number(n.clone()),
            Data::Text(t) => Value::Text(t.clone()),
            Data::List(items) => Value::List(items.iter().map(Node::to_value).collect()),
            Data::Map(entries) => {
                let entries = entries.iter();
                Value::Map(Map::of_distinct(
                    entries.map(|(k, n)| (k.text.clone(), n.to_value())),
                ))
            }
            Data::Deferred(template) => Value::Deferred(template.clone()),
            Data::Secret(source) => Value::Secret(source.clone()),
        }
    }
}

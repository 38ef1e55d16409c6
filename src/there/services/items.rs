//! Items: a list of a service, read item by item, so that a long answer is never held as a tree.
//!
//! Deliberately not here: what an answer means that is anything but a plain list. It is `None`
//! here and read again as a whole (see `port` and `listing`), which finds the words for it.

use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::Value as Json;

/// What becomes of each item: it is put on the list, as nothing, one thing or several.
pub type Each<'a, T, I = Json> = &'a (dyn Fn(&I, &mut Vec<T>) + Sync);

/// What was made of the items of a page, and where the next one begins.
pub(super) type Page<T> = (Vec<T>, Option<String>);

/// The list in the named member of an object that does not say `"ok": false`, and its `next`.
pub(super) fn read<T, I: DeserializeOwned>(
    body: &[u8],
    envelope: &str,
    each: Each<'_, T, I>,
) -> Option<Page<T>> {
    whole(body, Envelope { envelope, each })
}

/// What a seed makes of a whole body.
pub(super) fn whole<'a, S: DeserializeSeed<'a>>(body: &'a [u8], seed: S) -> Option<S::Value> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = seed.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(read)
}

struct Envelope<'a, T, I> {
    envelope: &'a str,
    each: Each<'a, T, I>,
}

/// A list, whose items are let go one by one.
pub(super) struct Items<'a, T, I>(pub Each<'a, T, I>);

impl<'de, T, I: DeserializeOwned> DeserializeSeed<'de> for Envelope<'_, T, I> {
    type Value = Page<T>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Page<T>, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de, T, I: DeserializeOwned> Visitor<'de> for Envelope<'_, T, I> {
    type Value = Page<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the list `{}`", self.envelope)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Page<T>, A::Error> {
        let mut items = None;
        let mut next = None;
        while let Some(name) = members.next_key::<String>()? {
            if name == self.envelope {
                let again = items.replace(members.next_value_seed(Items(self.each))?);
                if again.is_some() {
                    return Err(A::Error::custom("the list is there twice"));
                }
            } else if name == "ok" {
                if members.next_value::<Json>()? == Json::Bool(false) {
                    return Err(A::Error::custom("it is not ok"));
                }
            } else if name == "next" {
                next = match members.next_value::<Json>()? {
                    Json::Null => None,
                    Json::String(next) => Some(next),
                    _ => return Err(A::Error::custom("a cursor is a text")),
                };
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        let items = items.ok_or_else(|| A::Error::custom("the list is not there"))?;
        Ok((items, next))
    }
}

impl<'de, T, I: DeserializeOwned> DeserializeSeed<'de> for Items<'_, T, I> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Vec<T>, D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de, T, I: DeserializeOwned> Visitor<'de> for Items<'_, T, I> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<I>()? {
            (self.0)(&item, &mut items);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_list_is_read_item_by_item() {
        let of = |body: &str| {
            read(body.as_bytes(), "things", &|item: &Json, items| {
                items.extend(item.as_i64())
            })
        };
        assert_eq!(
            of(r#"{"ok": true, "things": [1, "x", 2]}"#),
            Some((vec![1, 2], None))
        );
        assert_eq!(of(r#"{"things": []}"#), Some((Vec::new(), None)));
        assert_eq!(
            of(r#"{"next": "c", "things": [3], "more": [4]}"#),
            Some((vec![3], Some("c".into())))
        );
        assert_eq!(
            of(r#"{"things": [], "next": null}"#),
            Some((Vec::new(), None))
        );
        for other in [
            r#"{"things": [1], "ok": false}"#,
            r#"{"ok": true, "others": [1]}"#,
            r#"{"things": {"a": 1}}"#,
            r#"{"things": [1], "things": [2]}"#,
            r#"{"things": [1]} x"#,
            r#"{"things": [1], "next": 2}"#,
            r#"{"things": [1"#,
            "[1]",
            "",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}

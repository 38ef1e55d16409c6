//! JSON pointers (RFC 6901) into values, with `*` for any key in patterns.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words::Text;

/// A path into a value, `/spec/mappings/0/filter` in text; the empty text is the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer {
    parts: Vec<Text>,
}

/// What leads one step down: a key, or an index.
pub trait Step {
    /// The step as a part of a pointer, not escaped.
    fn text(&self) -> Text;
}

impl Step for str {
    fn text(&self) -> Text {
        self.into()
    }
}

impl Step for String {
    fn text(&self) -> Text {
        self.into()
    }
}

impl Step for Text {
    fn text(&self) -> Text {
        self.clone()
    }
}

impl Step for usize {
    fn text(&self) -> Text {
        crate::words::text::shown(self)
    }
}

impl<T: Step + ?Sized> Step for &T {
    fn text(&self) -> Text {
        T::text(self)
    }
}

impl Pointer {
    /// The pointer to the whole value.
    pub fn root() -> Self {
        Pointer::default()
    }

    /// Reads a pointer; `None` unless it is empty or begins with `/`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Pointer::root());
        }
        let parts = text.strip_prefix('/')?.split('/');
        Some(Pointer {
            parts: parts
                .map(|p| match p.contains('~') {
                    true => p.replace("~1", "/").replace("~0", "~").into(),
                    false => p.into(),
                })
                .collect(),
        })
    }

    /// The unescaped parts.
    pub fn parts(&self) -> &[Text] {
        &self.parts
    }

    /// The pointer one step further down.
    pub fn join(&self, part: impl Step) -> Self {
        let mut parts = Vec::with_capacity(self.parts.len() + 1);
        parts.extend_from_slice(&self.parts);
        parts.push(part.text());
        Pointer { parts }
    }

    /// Goes one step down in place.
    pub fn push(&mut self, part: impl Step) {
        self.parts.push(part.text());
    }

    /// Goes one step up in place and returns the part that was left.
    pub fn pop(&mut self) -> Option<Text> {
        self.parts.pop()
    }

    /// The first part, if there is one.
    pub fn first(&self) -> Option<&str> {
        self.parts.first().map(Text::as_str)
    }

    /// Whether this pattern (`*` stands for any part) names the pointer or something above it.
    pub fn covers(&self, pointer: &Pointer) -> bool {
        self.parts.len() <= pointer.parts.len()
            && self
                .parts
                .iter()
                .zip(&pointer.parts)
                .all(|(p, q)| p == "*" || p == q)
    }

    /// Whether this pattern names something below the pointer.
    pub fn leads_below(&self, pointer: &Pointer) -> bool {
        self.parts.len() > pointer.parts.len() && self.meets(pointer)
    }

    /// Whether two patterns name the same place, or one names something inside of the other.
    pub fn meets(&self, other: &Pointer) -> bool {
        let mut pairs = self.parts.iter().zip(&other.parts);
        pairs.all(|(p, q)| p == "*" || q == "*" || p == q)
    }

    /// Whether some part stands for any key.
    pub fn has_any(&self) -> bool {
        self.parts.iter().any(|part| part == "*")
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            write!(f, "/{}", part.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}

impl Serialize for Pointer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Pointer::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("a JSON pointer begins with `/`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_and_patterns_cover_what_lies_below() {
        let pointer = Pointer::root().join("a/b").join("~").join(3);
        assert_eq!(pointer.to_string(), "/a~1b/~0/3");
        assert_eq!(Pointer::parse("/a~1b/~0/3").unwrap(), pointer);
        assert!(Pointer::parse("/a~1b/*").unwrap().covers(&pointer));
        assert!(Pointer::root().covers(&pointer));
        assert!(!Pointer::parse("/x").unwrap().covers(&pointer));
        assert!(!Pointer::parse("/a~1b/~0/3/4").unwrap().covers(&pointer));
        assert!(Pointer::parse("a").is_none());
    }

    #[test]
    fn patterns_meet_when_one_is_inside_of_the_other() {
        let at = |text: &str| Pointer::parse(text).unwrap();
        assert!(at("/a/*").meets(&at("/a")) && at("/a").meets(&at("/a/b/c")));
        assert!(at("/*/x").meets(&at("/a/*")) && !at("/a/x").meets(&at("/b/x")));
        assert!(at("/a/*/c").leads_below(&at("/a/b")) && !at("/a/b").leads_below(&at("/a/b")));
        assert!(at("/a/*/c").has_any() && !at("/a").has_any());
    }
}

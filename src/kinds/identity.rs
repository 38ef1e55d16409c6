//! Identity: how an object of a kind is recognised in its service.
//!
//! Deliberately not here: looking for it (see `decide`), and what an address looks like (see
//! `words`).

use crate::kinds::Shape;
use crate::words::Value;

/// How an object of a kind is recognised in its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// A field that the user chooses is the remote id: `identifier`, `secretName`.
    Field(&'static str),
    /// Two fields that the user chooses are the remote id together (see [`joined`]): the object
    /// that holds it, and its identifier there.
    Pair(&'static str, &'static str),
    /// The service assigns an id; this field holds a name that is matched exactly.
    Name(&'static str),
    /// The service assigns an id; the first field holds a name that is matched exactly, among the
    /// objects whose second field is the same.
    NameWith(&'static str, &'static str),
}

impl Identity {
    /// The field of the spec that holds the identifier or the name.
    pub fn field(self) -> &'static str {
        match self {
            Identity::Field(field)
            | Identity::Pair(_, field)
            | Identity::Name(field)
            | Identity::NameWith(field, _) => field,
        }
    }

    /// The fields that make the name, in order. All must be known before anything is applied.
    pub fn parts(self) -> Vec<&'static str> {
        match self {
            Identity::Pair(holder, field) => vec![holder, field],
            other => vec![other.field()],
        }
    }

    /// A field that must be the same too for two objects of one name to be the same.
    pub fn also(self) -> Option<&'static str> {
        match self {
            Identity::NameWith(_, also) => Some(also),
            _ => None,
        }
    }

    /// Whether the name is the remote id, because users choose it.
    pub fn is_chosen(self) -> bool {
        matches!(self, Identity::Field(_) | Identity::Pair(..))
    }

    /// The name that a spec has, when all its parts are known.
    pub fn name_in(self, spec: &Value) -> Option<String> {
        let parts: Option<Vec<&str>> = self
            .parts()
            .into_iter()
            .map(|part| spec.get_text(part))
            .collect();
        Some(joined(&parts?))
    }
}

/// One text of several, with `:` between them: `service:readiness`. A `:` or `%` inside of a part
/// is escaped, so that no two lists give the same text; one part alone stays as it is.
pub fn joined(parts: &[&str]) -> String {
    match parts {
        [one] => (*one).to_owned(),
        parts => {
            let escaped: Vec<String> = parts
                .iter()
                .map(|part| part.replace('%', "%25").replace(':', "%3A"))
                .collect();
            escaped.join(":")
        }
    }
}

/// What a spec says in a field, as text: its default when it says nothing, references as they are
/// written. Two specs that say the same mean the same, as far as they are known.
pub fn said(shape: &Shape, field: &str, spec: &Value) -> Option<String> {
    match spec.get(field) {
        Some(Value::Deferred(template)) => {
            template.render(&mut |reference| Some(format!("${{{reference}}}")))
        }
        Some(Value::Text(text)) => Some(text.to_string()),
        _ => {
            let default = shape.object(|_| None)?.field(field)?.rules.default?;
            serde_json::from_str(default).ok()
        }
    }
}

/// The two texts that [`joined`] made one of.
pub fn apart(text: &str) -> Option<(String, String)> {
    let plain = |part: &str| part.replace("%3A", ":").replace("%25", "%");
    let (one, two) = text.split_once(':')?;
    (!two.contains(':')).then(|| (plain(one), plain(two)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_parts_read_as_they_are() {
        assert_eq!(joined(&["service", "readiness"]), "service:readiness");
        assert_eq!(joined(&["a:b"]), "a:b");
        assert_eq!(apart("a"), None);
        assert_eq!(apart("a:b:c"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_joined_comes_apart(one in "[a:%253A]{0,6}", two in "[a:%253A]{0,6}") {
            prop_assert_eq!(apart(&joined(&[&one, &two])), Some((one, two)));
        }
    }
}

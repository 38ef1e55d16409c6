//! Addresses: how plans, references and flags name an object.
//!
//! Deliberately not here: whether the kind exists (see `kinds`) or the object does (see `want`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::words::Text;

/// One of the two services that spaceport wires together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Port, the internal developer portal (REST).
    Port,
    /// Spacelift, the infrastructure automation (GraphQL).
    Spacelift,
}

impl Service {
    /// Both services, in the order of every list in every output.
    pub const ALL: [Service; 2] = [Service::Port, Service::Spacelift];

    /// The word that addresses begin with.
    pub fn word(self) -> &'static str {
        match self {
            Service::Port => "port",
            Service::Spacelift => "spacelift",
        }
    }

    /// The name as the vendor writes it.
    pub fn title(self) -> &'static str {
        match self {
            Service::Port => "Port",
            Service::Spacelift => "Spacelift",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The address of an object: service, kind and name; `port.blueprint.service` in text.
///
/// Names other than letters, digits, `_` and `-` are quoted: `port.blueprint["team/a.b"]`.
/// Addresses sort by service, kind and name, which is the order of every list in every output.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Addr {
    /// The service that holds the object.
    pub service: Service,
    /// The kind without its service, for example `blueprint`.
    pub kind: Text,
    /// The `ref` of the document, else its identifier, else the slug of its name.
    pub name: Text,
}

impl Addr {
    /// Builds an address from its parts.
    pub fn new(service: Service, kind: impl Into<Text>, name: impl Into<Text>) -> Self {
        Addr {
            service,
            kind: kind.into(),
            name: name.into(),
        }
    }

    /// The kind with its service, as written after `kind:` in a document.
    pub fn kind_name(&self) -> String {
        format!("{}.{}", self.service, self.kind)
    }

    /// Reads an address at the beginning of `text` and returns it with what follows.
    ///
    /// Returns `None` when the text does not begin with an address.
    pub fn read(text: &str) -> Option<(Addr, &str)> {
        let (service, rest) = Service::ALL
            .into_iter()
            .find_map(|s| Some((s, text.strip_prefix(s.word())?.strip_prefix('.')?)))?;
        let end = rest.find(|c: char| !is_plain(c)).unwrap_or(rest.len());
        let (kind, rest) = rest.split_at(end);
        if kind.is_empty() {
            return None;
        }
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let end = quoted.find("\"]")?;
            let name = &quoted[..end];
            if name.is_empty() {
                return None;
            }
            return Some((Addr::new(service, kind, name), &quoted[end + 2..]));
        }
        let rest = rest.strip_prefix('.')?;
        let end = rest.find(|c: char| !is_plain(c)).unwrap_or(rest.len());
        if end == 0 {
            return None;
        }
        Some((Addr::new(service, kind, &rest[..end]), &rest[end..]))
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.chars().all(is_plain) {
            write!(f, "{}.{}.{}", self.service, self.kind, self.name)
        } else {
            write!(f, "{}.{}[\"{}\"]", self.service, self.kind, self.name)
        }
    }
}

impl FromStr for Addr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Addr::read(text) {
            Some((addr, "")) => Ok(addr),
            _ => Err(format!(
                "`{text}` is not an address; addresses look like `port.blueprint.service` \
                 or `port.blueprint[\"team/a.b\"]`"
            )),
        }
    }
}

impl Serialize for Addr {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Addr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_round_trip_and_unusual_names_are_quoted() {
        for text in [
            "port.blueprint.service",
            "spacelift.stack_webhook.a-b",
            "port.blueprint[\"team/a.b\"]",
        ] {
            let addr: Addr = text.parse().unwrap();
            assert_eq!(addr.to_string(), text);
        }
        for text in [
            "blueprint.service",
            "port.blueprint",
            "port.blueprint.",
            "port.blueprint.a.url",
            "port.x[\"\"]",
        ] {
            assert!(text.parse::<Addr>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_follows_an_address_is_left_to_the_caller() {
        let (addr, rest) = Addr::read("port.webhook[\"a.b\"].url").unwrap();
        assert_eq!((addr.name.as_str(), rest), ("a.b", ".url"));
    }
}

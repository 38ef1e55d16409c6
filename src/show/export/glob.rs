//! Globs: patterns of addresses, with `*` for anything.
//!
//! Deliberately not here: which objects there are.

use std::str::FromStr;

use crate::words::Addr;

/// A pattern of addresses: `port.blueprint.*`, `*.service`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
}

impl Glob {
    /// The pattern as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether an address fits, as it is shown or without quotes around its name.
    pub fn fits(&self, addr: &Addr) -> bool {
        let plain = format!("{}.{}.{}", addr.service, addr.kind, addr.name);
        fits(&self.text, &addr.to_string()) || fits(&self.text, &plain)
    }

    /// Whether it names one kind and is this one.
    pub fn may_name_only(&self, kind: &str) -> bool {
        let kind = format!("{kind}.");
        self.text.starts_with(&kind)
            || self
                .text
                .starts_with(&format!("{}[", kind.trim_end_matches('.')))
    }

    /// Whether some address of a kind may fit.
    pub fn may_name(&self, kind: &str) -> bool {
        let sure = self.text.split('*').next().unwrap_or_default();
        let kind = format!("{kind}.");
        self.may_name_only(kind.trim_end_matches('.'))
            || (self.text.contains('*') && kind.starts_with(sure))
    }
}

impl FromStr for Glob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.is_empty() {
            true => Err("an empty pattern fits no address".to_owned()),
            false => Ok(Glob {
                text: text.to_owned(),
            }),
        }
    }
}

/// Whether a text fits a pattern. Linear but for the number of stars.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, addr, expected) in [
            ("port.blueprint.service", "port.blueprint.service", true),
            ("port.blueprint.*", "port.blueprint.service", true),
            ("port.blueprint.*", "port.blueprint[\"a.b\"]", true),
            ("port.blueprint[\"a.b\"]", "port.blueprint[\"a.b\"]", true),
            ("*.service", "port.blueprint.service", true),
            ("port.*.se*ce", "port.blueprint.service", true),
            ("*", "spacelift.space.a", true),
            ("port.blueprint", "port.blueprint.service", false),
            ("port.blueprint.*e*e", "port.blueprint.e", false),
            ("spacelift.*", "port.blueprint.service", false),
        ] {
            let glob: Glob = pattern.parse().unwrap();
            assert_eq!(
                glob.fits(&addr.parse().unwrap()),
                expected,
                "{pattern} {addr}"
            );
        }
        let names = |pattern: &str, kind: &str| pattern.parse::<Glob>().unwrap().may_name(kind);
        assert!(names("*", "port.action_permissions"));
        assert!(names("port.action*", "port.action_permissions"));
        assert!(names(
            "port.action_permissions.a",
            "port.action_permissions"
        ));
        assert!(!names("port.action.*", "port.action_permissions"));
        assert!(!names("port.blueprint.service", "port.action_permissions"));
        assert!("".parse::<Glob>().is_err());
    }
}

//! Names: what exported objects, the variables of their secrets and their files are called.
//!
//! Identifiers come from people and machines that we do not know, so nothing of them gets into a
//! path or a variable but letters, digits, `-`, `_` and `.` in the middle.

use std::collections::BTreeSet;

use crate::kinds::{Kind, slug};
use crate::show::export::spec;
use crate::words::{Addr, Pointer, Service};

/// The longest name of a file that we choose, without its ending.
const LONGEST: usize = 80;

/// Names that some systems keep for devices, whatever ending they have.
const DEVICES: &[&str] = &[
    "con", "prn", "aux", "nul", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7",
    "com8", "com9", "lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Whether a name can stand in an address.
pub fn is_addressable(name: &str) -> bool {
    !name.is_empty() && !name.contains('"') && !name.contains(char::is_control)
}

/// An address that nobody has yet, and whether its name is the usual one.
pub fn address(
    kind: &dyn Kind,
    usual: Option<&str>,
    id: &str,
    taken: &mut BTreeSet<Addr>,
) -> (Addr, bool) {
    let make = |name: &str| Addr::new(kind.service(), kind.word(), name);
    if let Some(usual) = usual.filter(|name| is_addressable(name)) {
        let addr = make(usual);
        if taken.insert(addr.clone()) {
            return (addr, true);
        }
    }
    let wished = [
        usual.map(slug),
        Some(slug(id)),
        Some(kind.word().to_owned()),
    ];
    let base = wished.into_iter().flatten().find(|name| !name.is_empty());
    let base = base.unwrap_or_else(|| kind.word().to_owned());
    let mut addr = make(&base);
    let mut number = 2;
    while !taken.insert(addr.clone()) {
        addr = make(&format!("{base}-{number}"));
        number += 1;
    }
    (addr, false)
}

/// The variable that a secret is read from. Begins with the kind, so that no object can be named
/// so that it reads a variable which is there for something else.
pub fn variable(
    addr: &Addr,
    kind: &dyn Kind,
    at: &Pointer,
    taken: &mut BTreeSet<String>,
) -> String {
    let service = match addr.service {
        Service::Port => "PORT",
        Service::Spacelift => "SPACELIFT",
    };
    let mut parts = vec![service.to_owned(), upper(&addr.kind), upper(&addr.name)];
    // Of an object that is nothing but a secret its name says enough.
    let last = at.parts().last().map(|part| upper(part));
    let alone = spec::field(kind, at).is_some_and(|field| field.required);
    parts.extend(last.filter(|_| !alone));
    let base = parts.join("_");
    let mut name = base.clone();
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{base}_{number}");
        number += 1;
    }
    name
}

fn upper(name: &str) -> String {
    let sign = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_uppercase(),
        false => '_',
    };
    name.chars().map(sign).collect()
}

/// A path that nobody has yet, whatever the case of its letters: `folder/name.extension`.
pub fn file(folder: &str, name: &str, extension: &str, taken: &mut BTreeSet<String>) -> String {
    let sign = |c: char| match c.is_ascii_alphanumeric() || "_-.".contains(c) {
        true => c,
        false => '-',
    };
    let mut base: String = name.chars().map(sign).take(LONGEST).collect();
    // A folder that begins with a dot is not read, and a name that ends with one is another name.
    base = base.trim_matches(['.', '-']).to_owned();
    let stem = base.split('.').next().unwrap_or_default().to_lowercase();
    if base.is_empty() || DEVICES.contains(&stem.as_str()) {
        base = format!("object-{base}").trim_end_matches('-').to_owned();
    }
    let mut path = format!("{folder}/{base}.{extension}");
    let mut number = 2;
    while !taken.insert(path.to_lowercase()) {
        path = format!("{folder}/{base}-{number}.{extension}");
        number += 1;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;

    #[test]
    fn no_identifier_leads_out_of_its_folder() {
        let mut taken = BTreeSet::new();
        let mut path = |name: &str| file("port/blueprint", name, "yaml", &mut taken);
        for (name, expected) in [
            ("service", "port/blueprint/service.yaml"),
            ("Service", "port/blueprint/Service-2.yaml"),
            ("../../etc/passwd", "port/blueprint/etc-passwd.yaml"),
            ("..\\x", "port/blueprint/x.yaml"),
            ("/abs", "port/blueprint/abs.yaml"),
            (".hidden", "port/blueprint/hidden.yaml"),
            ("con", "port/blueprint/object-con.yaml"),
            ("NUL.x", "port/blueprint/object-NUL.x.yaml"),
            ("größe", "port/blueprint/gr--e.yaml"),
            ("名", "port/blueprint/object.yaml"),
            ("字", "port/blueprint/object-2.yaml"),
        ] {
            assert_eq!(path(name), expected, "{name}");
        }
        assert!(path(&"x".repeat(500)).len() < 110);
    }

    #[test]
    fn a_variable_says_whose_secret_it_holds() {
        let mut taken = BTreeSet::new();
        let mut name = |addr: &str, at: &str| {
            let addr: Addr = addr.parse().unwrap();
            let kind = kinds::of(&addr).unwrap();
            variable(&addr, kind, &Pointer::parse(at).unwrap(), &mut taken)
        };
        assert_eq!(name("port.secret.PATH", "/secretValue"), "PORT_SECRET_PATH");
        assert_eq!(
            name("port.webhook.in-1", "/security/secret"),
            "PORT_WEBHOOK_IN_1_SECRET"
        );
        assert_eq!(
            name("port.webhook.in_1", "/security/secret"),
            "PORT_WEBHOOK_IN_1_SECRET_2"
        );
        assert_eq!(
            name("spacelift.webhook.port", "/secretHeaders/X-Key"),
            "SPACELIFT_WEBHOOK_PORT_X_KEY"
        );
    }

    #[test]
    fn an_address_is_given_once() {
        let kind = kinds::find("spacelift.policy").unwrap();
        let mut taken = BTreeSet::new();
        let mut name = |usual: &str, id: &str| {
            let (addr, is_usual) = address(kind, Some(usual), id, &mut taken);
            (addr.name, is_usual)
        };
        assert_eq!(name("gate", "gate"), ("gate".into(), true));
        assert_eq!(name("gate", "gate-x"), ("gate-2".into(), false));
        assert_eq!(name("a\"b", "i"), ("a-b".into(), false));
        assert_eq!(name("\"", "i"), ("i".into(), false));
    }
}

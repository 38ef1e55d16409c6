//! Renamed: keys of an object that have another name now, as `renamed` beside `spec` says.
//!
//! Deliberately not here: what live still has under the old name (see `decide::plan`).

use crate::kinds::{Kind, Rename};
use crate::words::finding::did_you_mean;
use crate::words::{Data, Finding, Findings, Node, Place, Pointer};

/// One entry of `renamed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// What gets which name.
    pub rename: Rename,
    /// Where the old and the new name stand in the file.
    pub places: (Place, Place),
}

/// Reads the entries that this kind can follow.
pub fn read(node: Option<&Node>, kind: &dyn Kind, findings: &mut Findings) -> Vec<Renamed> {
    let mut renamed = Vec::new();
    let Some(entries) = node.and_then(Node::entries) else {
        return renamed;
    };
    let known = kind.renamable();
    for (key, value) in entries {
        let place = key.place;
        let mut wrong = |message: String, help: String| {
            findings.push(Finding::error("config::renamed", place, message).help(help));
        };
        if known.is_empty() {
            wrong(
                format!("nothing in a `{}` can be renamed", kind.name()),
                "remove it; another identifier or name of a whole object needs no `renamed`".into(),
            );
            continue;
        }
        let Some(to) = value.text().filter(|text| !text.is_empty()) else {
            continue;
        };
        let rename = Pointer::parse(&key.text).map(|at| Rename {
            at,
            to: to.to_owned(),
        });
        let fits = |rename: &Rename| {
            let within = rename.parts().map(|(within, _)| within.to_string());
            known.iter().any(|place| within.as_deref() == Some(place))
        };
        match rename.filter(fits) {
            Some(rename) => renamed.push(Renamed {
                rename,
                places: (key.place, value.place),
            }),
            None => wrong(
                format!("`{}` cannot be renamed", key.text),
                format!(
                    "write the place of the old key, and only its new name after it: {}",
                    known
                        .iter()
                        .map(|place| format!("`{place}/OLD: NEW`"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            ),
        }
    }
    renamed
}

/// Checks both names against the spec: the new one is there, the old one no longer.
pub fn check(renamed: &[Renamed], spec: &Node, findings: &mut Findings) {
    for Renamed { rename, places } in renamed {
        let Some((within, old)) = rename.parts() else {
            continue;
        };
        let map = within
            .parts()
            .iter()
            .try_fold(spec, |node, part| node.get(part));
        // What is only known later, or wrong in itself, is told elsewhere.
        if map.is_some_and(|map| !matches!(map.data, Data::Map(_))) {
            continue;
        }
        let keys: Vec<&str> = map
            .and_then(Node::entries)
            .unwrap_or(&[])
            .iter()
            .map(|(key, _)| key.text.as_str())
            .collect();
        if keys.contains(&old) {
            findings.push(
                Finding::error(
                    "config::renamed",
                    places.0,
                    format!(
                        "`{}` is said to have another name, and it is still there",
                        rename.at
                    ),
                )
                .help("remove the old key from `spec`, or this entry"),
            );
        }
        if !keys.contains(&rename.to.as_str()) {
            findings.push(
                Finding::error(
                    "config::renamed",
                    places.1,
                    format!("`{within}` has no key `{}`", rename.to),
                )
                .help(
                    did_you_mean(&rename.to, keys.iter().copied())
                        .unwrap_or_else(|| "add it to `spec` under its new name".into()),
                ),
            );
        }
    }
}

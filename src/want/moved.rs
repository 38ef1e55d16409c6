//! Moved: addresses that objects had before, as `moved` in `spaceport.yaml` says.
//!
//! They are needed where the address and what the service knows the object by change at once; the
//! rest is seen without being told. Deliberately not here: what the ledger knows of them (see
//! `decide::plan`).

use std::collections::BTreeSet;

use crate::kinds;
use crate::want::config::unknown_kind;
use crate::words::finding::did_you_mean;
use crate::words::{Addr, Finding, Findings, Node, Place};

/// One object that has another address now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The address that it had.
    pub from: Addr,
    /// The address that it has.
    pub to: Addr,
    /// Where both stand in the file.
    pub places: (Place, Place),
}

/// Reads the list; what is no address of a known kind is left out and found.
pub fn read(node: Option<&Node>, findings: &mut Findings) -> Vec<Moved> {
    let mut moved: Vec<Moved> = Vec::new();
    for item in node.and_then(Node::items).unwrap_or(&[]) {
        let (Some(from), Some(to)) = (item.get("from"), item.get("to")) else {
            continue;
        };
        let places = (from.place, to.place);
        let (Some(from), Some(to)) = (address(from, findings), address(to, findings)) else {
            continue;
        };
        let problem = if from == to {
            Some((format!("`{from}` moves to itself"), places.1))
        } else if from.kind_name() != to.kind_name() {
            let message = format!("`{from}` cannot become `{to}`: they are of different kinds");
            Some((message, places.1))
        } else if moved.iter().any(|other| other.from == from) {
            Some((format!("`{from}` moves twice"), places.0))
        } else if moved.iter().any(|other| other.to == to) {
            Some((format!("two objects move to `{to}`"), places.1))
        } else if leads_back(&moved, &from, &to) {
            Some((format!("`{from}` moves in a circle"), places.0))
        } else {
            None
        };
        match problem {
            Some((message, place)) => findings.push(
                Finding::error("config::moved", place, message)
                    .help("say of each object once where it was and where it is now"),
            ),
            None => moved.push(Moved { from, to, places }),
        }
    }
    moved
}

/// Checks both ends against what the project declares. What other environments have may be moved
/// there; where an address there is not known, nothing is said about where things went.
pub fn check(
    moved: &[Moved],
    here: &BTreeSet<&Addr>,
    elsewhere: &[Option<Addr>],
    findings: &mut Findings,
) {
    for Moved { from, to, places } in moved {
        if here.contains(from) {
            findings.push(
                Finding::error(
                    "config::moved",
                    places.0,
                    format!("`{from}` is said to have moved, and it is still declared"),
                )
                .help("remove its document, give it another `ref`, or remove the entry"),
            );
        }
        let goes_on = moved.iter().any(|other| other.from == *to);
        let there = |addr: &Option<Addr>| addr.as_ref().is_none_or(|addr| addr == to);
        if !here.contains(to) && !goes_on && !elsewhere.iter().any(there) {
            let same_kind = here
                .iter()
                .filter(|addr| addr.kind_name() == to.kind_name());
            let names: Vec<String> = same_kind.map(ToString::to_string).collect();
            let near = did_you_mean(&to.to_string(), names.iter().map(String::as_str));
            findings.push(
                Finding::error(
                    "config::moved",
                    places.1,
                    format!("`{to}` is not in the project, so nothing can have moved there"),
                )
                .help(near.unwrap_or_else(|| {
                    "write the address that the object has now; when it is gone for good, remove the entry".into()
                })),
            );
        }
    }
}

fn address(node: &Node, findings: &mut Findings) -> Option<Addr> {
    // What is no address at all is found by the shape.
    let addr: Addr = node.text()?.parse().ok()?;
    if kinds::of(&addr).is_none() {
        findings.push(unknown_kind(&addr.kind_name(), node));
        return None;
    }
    Some(addr)
}

/// Whether what is moved already leads from `to` back to `from`.
fn leads_back(moved: &[Moved], from: &Addr, to: &Addr) -> bool {
    let next = |at: &&Addr| moved.iter().find(|other| other.from == **at).map(|m| &m.to);
    // A list without circles is never longer than itself.
    std::iter::successors(Some(to), next)
        .take(moved.len() + 1)
        .any(|at| at == from)
}

//! Labels of Spacelift objects: which of them are reserved for spaceport.
//!
//! Deliberately not here: writing such a label. This version writes none; what is ours stands in
//! the ledger. They are reserved so that a later version may.

use crate::words::{Finding, Findings, Node};

/// What reserved labels begin with.
pub const OWN: &str = "spaceport:";

/// Refuses reserved labels in a file: they could claim the object for another project.
pub fn check(spec: &Node, findings: &mut Findings) {
    let labels = spec.get("labels").and_then(Node::items).unwrap_or(&[]);
    for label in labels {
        if let Some(text) = label.text().filter(|text| text.starts_with(OWN)) {
            findings.push(
                Finding::error(
                    "config::reserved_label",
                    label.place,
                    format!("labels that begin with `{OWN}` are reserved for spaceport: `{text}`"),
                )
                .help("remove it, or begin it with something else"),
            );
        }
    }
}

//! Labels of Spacelift objects: which of them are spaceport's own.
//!
//! Deliberately not here: writing the own label and hiding it from diffs, which needs the
//! project's name and happens for all kinds alike.

use crate::words::{Finding, Findings, Node};

/// What spaceport's own labels begin with: `spaceport:PROJECT/ENVIRONMENT`.
pub const OWN: &str = "spaceport:";

/// Refuses labels in a file that look like spaceport's own: they would claim the object for
/// another project.
pub fn check(spec: &Node, findings: &mut Findings) {
    let labels = spec.get("labels").and_then(Node::items).unwrap_or(&[]);
    for label in labels {
        if let Some(text) = label.text().filter(|text| text.starts_with(OWN)) {
            findings.push(
                Finding::error(
                    "config::reserved_label",
                    label.place,
                    format!("labels that begin with `{OWN}` are written by spaceport: `{text}`"),
                )
                .help("remove it; the label of this project is added by itself"),
            );
        }
    }
}

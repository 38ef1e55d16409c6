//! Whose: how an ingest that deletes tells entities of its account from those of another.
//!
//! Two accounts may fill one blueprint, and what the one does not have is not gone from the other.
//! Deliberately not here: deleting (see `crate::ingest`).

use super::selection::Selection;
use crate::want::ingest::Ingest;
use crate::words::{Finding, Pointer};

/// What is wrong with an ingest that deletes and maps nothing that begins with `.account.url`.
pub fn finding(ingest: &Ingest, selection: &Selection) -> Option<Finding> {
    if !ingest.prune || !selection.account.is_empty() {
        return None;
    }
    let message = format!(
        "nothing that is mapped tells this account's {} from another's",
        ingest.from.items()
    );
    let place = ingest.at(&Pointer::root().join("prune"));
    let help = "fill a property with a text that begins with `.account.url`, such as a link; or write `prune: keep`";
    Some(Finding::error("config::ingest", place, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow::story::project;

    /// What is found in an ingest of policies that deletes, mapped so.
    fn found(mapping: &str) -> Option<String> {
        let text = format!(
            "kind: ingest\nname: a\nfrom: spacelift.policies\nblueprint: policy\nprune: delete\nmapping: {{ identifier: .item.id, {mapping} }}"
        );
        let blueprint = "kind: port.blueprint\nspec: { identifier: policy, title: P, schema: { properties: { a: { type: string } } } }";
        let desired = project(&[("ingest.yaml", &text), ("blueprint.yaml", blueprint)]);
        let ingest = &desired.ingests[0];
        let (selection, problems) = Selection::of(ingest);
        assert_eq!(problems, []);
        let finding = finding(ingest, &selection)?;
        assert_eq!(desired.sources.text(finding.place?), "delete");
        Some(finding.message)
    }

    #[test]
    fn what_deletes_says_whose_it_is() {
        assert_eq!(found("properties: { a: .account.url }"), None);
        assert_eq!(
            found("properties: { a: '.account | .url + \"/policy\"' }"),
            None
        );
        insta::assert_snapshot!(
            found("title: .item.name, properties: { a: .item.name }").unwrap_or_default(),
            @"nothing that is mapped tells this account's policies from another's"
        );
    }
}

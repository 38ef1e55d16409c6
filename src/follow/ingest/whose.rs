//! Whose: how an ingest that deletes tells entities of its account from those of another.
//!
//! Two accounts may fill one blueprint, and what the one does not have is not gone from the other. Nor is what another
//! ingest makes of other items.
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

/// What is wrong with ingests that delete from a blueprint that another ingest fills with other entities.
pub fn rivals(ingests: &[Ingest]) -> Vec<Finding> {
    let deleting = ingests.iter().filter(|ingest| ingest.prune);
    let rivals = deleting.filter_map(|ingest| {
        let other = ingests
            .iter()
            .find(|other| other.blueprint == ingest.blueprint && !alike(ingest, other))?;
        let message = format!(
            "`{}` fills `{}` as well, and its entities would be deleted",
            other.name, ingest.blueprint
        );
        let place = ingest.at(&Pointer::root().join("prune"));
        let help = "give each its own blueprint; or write `prune: keep`";
        Some(Finding::error("config::ingest", place, message).help(help))
    });
    rivals.collect()
}

/// Whether two ingests make the same identifiers of the same items, so that both know what is there.
fn alike(one: &Ingest, other: &Ingest) -> bool {
    let identifier = |ingest: &Ingest| {
        let program = ingest.mapping.get("identifier")?;
        program.text().map(|text| text.trim().to_owned())
    };
    one.from == other.from && identifier(one) == identifier(other)
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

    #[test]
    fn what_deletes_has_its_blueprint_alone() {
        let ingest = |name: &str, from: &str, rest: &str| {
            format!(
                "kind: ingest\nname: {name}\nfrom: spacelift.{from}\nblueprint: all\nmapping: {{ identifier: .item.id, title: .account.url }}\n{rest}"
            )
        };
        let blueprint =
            "kind: port.blueprint\nspec: { identifier: all, title: A, schema: { properties: {} } }";
        let found = |one: &str, other: &str| {
            let files = [("a.yaml", one), ("b.yaml", other), ("c.yaml", blueprint)];
            let desired = project(&files);
            let rivals = rivals(&desired.ingests).into_iter();
            rivals.map(|finding| finding.message).collect::<Vec<_>>()
        };
        let deleting = ingest("some", "stacks", "prune: delete");
        let filtered = ingest("others", "stacks", "filter: .item.id == \"a\"");
        assert_eq!(found(&deleting, &filtered), Vec::<String>::new());
        let spaces = ingest("spaces", "spaces", "");
        assert_eq!(
            found(&deleting, &spaces),
            ["`spaces` fills `all` as well, and its entities would be deleted"]
        );
    }
}

//! Selection: the fields of Spacelift that an ingest reads, as GraphQL documents.
//!
//! Deliberately not here: sending them (see `there::services`).

use serde_json::{Map, Value as Json};

use super::fields::{Fields, Problem};
use super::programs::programs;
use super::reads::{ACCOUNT, ITEM, reads};
use super::whose;
use crate::kinds::ingest::Origin;
use crate::want::desired::Desired;
use crate::want::ingest::Ingest;
use crate::words::Findings;

/// What an ingest asks Spacelift for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// `query IngestPage($page: SearchInput!) { viewer { id } list: searchStacks(input: $page) { edges { node { id … } }
    /// pageInfo { endCursor hasNextPage } } }`; `None` where the service has no pages (spaces).
    pub page: Option<String>,
    /// `query IngestAll { viewer { id } list: stacks { id … } }`, with the same fields.
    pub all: String,
    /// `query IngestIds { viewer { id } list: stacks { id } }`: the ids and what `identifier` reads.
    pub identities: String,
    /// The selection of one item, `id name labels`, for documents made by id.
    pub fields: String,
    /// The root field that gives one by its id: `stack`, `space`, `policy`.
    pub single: &'static str,
    /// The mapped fields that read `.account.url`, as reports name them: `properties.link`.
    pub account: Vec<String>,
}

/// How many items a document by id asks for at most.
pub const BY_ID: usize = 50;

/// What Spacelift calls items of an origin (SA section 2).
struct Names {
    of: &'static str,
    single: &'static str,
    list: &'static str,
    search: Option<&'static str>,
}

fn names(origin: Origin) -> Names {
    let (of, single, list, search) = match origin {
        Origin::Stacks => ("Stack", "stack", "stacks", Some("searchStacks")),
        Origin::Spaces => ("Space", "space", "spaces", None),
        Origin::Policies => ("Policy", "policy", "policies", Some("searchPolicies")),
    };
    Names {
        of,
        single,
        list,
        search,
    }
}

impl Selection {
    /// What the programs of an ingest read, and what of it does not exist.
    pub fn of(ingest: &Ingest) -> (Selection, Vec<Problem>) {
        let names = names(ingest.from);
        let (mut fields, mut identity) = (Fields::default(), Fields::default());
        let (mut account, mut problems) = (Vec::new(), Vec::new());
        fields.plain("id");
        identity.plain("id");
        for part in programs(ingest) {
            for read in reads(part.code) {
                let root = read.keys.first().map(|key| key.name.as_str());
                // Whoever reads all roots reads both.
                if root.is_none_or(|root| root == ITEM) {
                    fields.read(names.of, &part, &read, &mut problems);
                    if part.field == "identifier" {
                        identity.read(names.of, &part, &read, &mut Vec::new());
                    }
                }
                if root.is_none_or(|root| root == ACCOUNT)
                    && part.field != "filter"
                    && !account.contains(&part.field)
                {
                    account.push(part.field.clone());
                }
            }
        }
        let (fields, identity) = (fields.text(), identity.text());
        let Names { list, single, .. } = names;
        let page = names.search.map(|search| format!(
            "query IngestPage($page: SearchInput!) {{ viewer {{ id }} list: {search}(input: $page) {{ edges {{ node {{ {fields} }} }} pageInfo {{ endCursor hasNextPage }} }} }}"
        ));
        let selection = Selection {
            page,
            all: format!("query IngestAll {{ viewer {{ id }} list: {list} {{ {fields} }} }}"),
            identities: format!(
                "query IngestIds {{ viewer {{ id }} list: {list} {{ {identity} }} }}"
            ),
            fields,
            single,
            account,
        };
        (selection, problems)
    }

    /// Documents that ask for items by their ids, at most [`BY_ID`] in each, with their variables: `query
    /// IngestSome($id0: ID!) { viewer { id } item0: stack(id: $id0) { id … } }`. Who is gone is null.
    pub fn by_id<'a>(&'a self, ids: &'a [String]) -> impl Iterator<Item = (String, Json)> + 'a {
        ids.chunks(BY_ID).map(|ids| {
            let (mut declared, mut asked) = (Vec::new(), Vec::new());
            let mut variables = Map::new();
            for (at, id) in ids.iter().enumerate() {
                declared.push(format!("$id{at}: ID!"));
                asked.push(format!(
                    "item{at}: {}(id: $id{at}) {{ {} }}",
                    self.single, self.fields
                ));
                variables.insert(format!("id{at}"), Json::from(id.as_str()));
            }
            let (declared, asked) = (declared.join(", "), asked.join(" "));
            let document = format!("query IngestSome({declared}) {{ viewer {{ id }} {asked} }}");
            (document, Json::Object(variables))
        })
    }
}

/// What the ingests of a project read that does not exist, and which of them delete and cannot say whose.
pub fn findings(desired: &Desired) -> Findings {
    let mut findings = Findings::default();
    findings.extend(whose::rivals(&desired.ingests));
    for ingest in &desired.ingests {
        let (selection, problems) = Selection::of(ingest);
        findings.extend(whose::finding(ingest, &selection));
        findings.extend(
            problems
                .iter()
                .map(|problem| problem.finding(&desired.sources)),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow::story::project;
    use crate::sim::graphql;

    /// The selection of an ingest, whose documents all fit the schema, and its problems as lines.
    fn selected(document: &str) -> (Selection, Vec<String>) {
        let object = "kind: port.blueprint\nspec: { identifier: other, title: Other, schema: { properties: {} } }";
        let desired = project(&[("ingest.yaml", document), ("other.yaml", object)]);
        let (selection, problems) = Selection::of(&desired.ingests[0]);
        for text in selection
            .page
            .iter()
            .chain([&selection.all, &selection.identities])
        {
            assert_eq!(graphql::check(text, None), [], "{text}");
        }
        for (text, variables) in selection.by_id(&["a\"b".to_owned(), "c".to_owned()]) {
            assert_eq!(graphql::check(&text, Some(&variables)), [], "{text}");
        }
        let told = problems.iter().map(|problem| {
            let finding = problem.finding(&desired.sources);
            let place = finding.place.expect("a place");
            let help = finding.help.unwrap_or_default();
            format!(
                "`{}`: {} ({help})",
                desired.sources.text(place),
                finding.message
            )
        });
        (selection, told.collect())
    }

    fn stacks(mapping: &str) -> (Selection, Vec<String>) {
        let head = "kind: ingest\nname: stacks\nfrom: spacelift.stacks\nblueprint: stack\n";
        selected(&format!("{head}{mapping}"))
    }

    #[test]
    fn only_what_is_read_is_asked_for() {
        let (selection, problems) = stacks(
            r#"filter: .item.state != "NONE"
mapping:
  identifier: .item.id
  title: .item.name
  properties:
    space: .item.spaceDetails.name
    link: .account.url + "/stack/" + .item.id
    labels: .item.labels | join(",")
  relations:
    tags: '["all", .item.branch]'
"#,
        );
        assert_eq!(problems, [""; 0]);
        insta::assert_snapshot!(selection.page.clone().unwrap_or_default(), @"query IngestPage($page: SearchInput!) { viewer { id } list: searchStacks(input: $page) { edges { node { id branch labels name spaceDetails { name } state } } pageInfo { endCursor hasNextPage } } }");
        insta::assert_snapshot!(selection.all, @"query IngestAll { viewer { id } list: stacks { id branch labels name spaceDetails { name } state } }");
        insta::assert_snapshot!(selection.identities, @"query IngestIds { viewer { id } list: stacks { id } }");
        assert_eq!(selection.account, ["properties.link"]);
        let ids: Vec<String> = (0..51).map(|id| id.to_string()).collect();
        let documents: Vec<_> = selection.by_id(&ids).collect();
        assert_eq!(documents.len(), 2);
        insta::assert_snapshot!(documents[1].0, @"query IngestSome($id0: ID!) { viewer { id } item0: stack(id: $id0) { id branch labels name spaceDetails { name } state } }");
        assert_eq!(documents[1].1, serde_json::json!({ "id0": "50" }));
    }

    #[test]
    fn the_identifier_may_read_more_than_the_id() {
        let (selection, _) = stacks("mapping: { identifier: '.item.space + \"/\" + .item.id' }");
        insta::assert_snapshot!(selection.identities, @"query IngestIds { viewer { id } list: stacks { id space } }");
    }

    #[test]
    fn all_plain_fields_are_asked_for_where_a_program_cannot_be_looked_through() {
        let (selection, problems) = stacks(
            "mapping: { identifier: .item.id, properties: { a: '.item as $i | $i.spaceDetails.name' } }",
        );
        assert_eq!(problems, [""; 0]);
        insta::assert_snapshot!(selection.fields, @"id administrative autodeploy autoretry blocked branch createdAt deleted deleting description entityCount isDisabled labels lockNote lockedAt lockedBy name namespace projectRoot protectFromDeletion provider repository repositoryURL space spaceDetails { id accessLevel description inheritEntities labels name parentSpace } state stateIsTerminal stateSetAt terraformVersion");
        let (selection, _) = stacks(
            "mapping: { identifier: .item.id, properties: { a: '.item.integrations | .webhooks | map(.endpoint)' } }",
        );
        // The secret of a webhook can be read, and is not.
        insta::assert_snapshot!(selection.fields, @"id integrations { webhooks { id deleted enabled endpoint retryOnFailure } }");
    }

    #[test]
    fn other_origins_have_other_names() {
        let (spaces, problems) = selected(
            "kind: ingest
name: spaces
from: spacelift.spaces
blueprint: space
mapping: { identifier: .item.id, relations: { parent: .item.parentSpace } }
",
        );
        assert_eq!((spaces.page, problems.len()), (None, 0));
        insta::assert_snapshot!(spaces.all, @"query IngestAll { viewer { id } list: spaces { id parentSpace } }");
        let (policies, _) = selected(
            "kind: ingest
name: policies
from: spacelift.policies
blueprint: policy
mapping: { identifier: .item.id, title: .item.name }
",
        );
        insta::assert_snapshot!(policies.page.unwrap_or_default(), @"query IngestPage($page: SearchInput!) { viewer { id } list: searchPolicies(input: $page) { edges { node { id name } } pageInfo { endCursor hasNextPage } } }");
    }

    #[test]
    fn a_field_that_does_not_exist_is_told_with_its_place() {
        let (_, problems) = stacks(
            r#"filter: .item.status == "x"
mapping:
  identifier: .item.id
  title: .item.nmae
  properties:
    a: .item.vcs
    b: '"x" + .item.repositoryUrl'
    c: .item.project_root
    d: .item.space.name
    e: .item.labels.first
    f: .item.attachedPolicies.policyName
    g: .item.run
    h: .item.spaceDetails.parent
    i: .item.url
    j: .item | .workerPool
"#,
        );
        insta::assert_snapshot!(problems.join("\n"), @r#"
        `status`: Spacelift's `Stack` has no field `status` (GraphQL calls it `state`)
        `nmae`: Spacelift's `Stack` has no field `nmae` (did you mean `name`?)
        `vcs`: Spacelift's `Stack` has no field `vcs` (GraphQL calls it `provider`)
        `repositoryUrl`: Spacelift's `Stack` has no field `repositoryUrl` (GraphQL calls it `repositoryURL`)
        `project_root`: Spacelift's `Stack` has no field `project_root` (GraphQL calls it `projectRoot`)
        `name`: `space` is a plain value, and nothing is below it (read it from `spaceDetails`)
        `first`: `labels` is a list of plain values, and nothing is below it ()
        `policyName`: `attachedPolicies` is a list, so that `.policyName` fails (write `.item.attachedPolicies[].policyName`)
        `run`: `run` needs arguments, which an ingest cannot give (leave it out)
        `parent`: Spacelift's `Space` has no field `parent` (GraphQL calls it `parentSpace`)
        `url`: Spacelift's `Stack` has no field `url` (lists have no addresses: write `.account.url + "/stack/" + .item.id`)
        `workerPool`: Spacelift's `Stack` has no field `workerPool` (look for it in the fields of `Stack`: `id`, `name`, `description`, `space`, `administrative`, `autodeploy`, `autoretry`, `branch`, `namespace`, `repository`, `repositoryURL`, `provider`, and more)
        "#);
    }
}

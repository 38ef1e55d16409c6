//! The fields of `kind: ingest` documents: what is read from Spacelift, and which entities it becomes.
//!
//! An ingest is no object: it is never planned, applied or exported. Deliberately not here: reading
//! its document (see `want::ingest`) and running it (see `ingest`).

use std::sync::LazyLock;

use crate::kinds::project::{name, names};
use crate::kinds::shape::{Field, Shape, field};
use crate::kinds::{Mention, webhook_mapping};
use crate::words::{Pointer, Value};

/// What stands after `kind:` of an ingest.
pub const KIND: &str = "ingest";

/// What an ingest is, in one sentence.
pub const DOC: &str = "What Spacelift has, as entities of Port: `spaceport ingest` compares them and writes what differs.";

/// An ingest as it stands in a file.
pub const EXAMPLE: &str = "\
kind: ingest
name: stacks
from: spacelift.stacks
blueprint: space_lift_stack
mapping:
  identifier: .item.id
  title: .item.name
  properties:
    state: .item.state
    link: '.account.url + \"/stack/\" + .item.id'
  relations: {}
prune: keep";

/// What is read from Spacelift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// `spacelift.stacks`.
    Stacks,
    /// `spacelift.spaces`.
    Spaces,
    /// `spacelift.policies`.
    Policies,
}

/// The names of all origins, as they stand after `from:`.
const NAMES: &[&str] = &["spacelift.stacks", "spacelift.spaces", "spacelift.policies"];

impl Origin {
    /// All of them.
    pub const ALL: [Origin; 3] = [Origin::Stacks, Origin::Spaces, Origin::Policies];

    /// The name that stands after `from:`, `spacelift.stacks`.
    pub fn name(self) -> &'static str {
        match self {
            Origin::Stacks => "spacelift.stacks",
            Origin::Spaces => "spacelift.spaces",
            Origin::Policies => "spacelift.policies",
        }
    }

    /// The origin of this name.
    pub fn of(name: &str) -> Option<Origin> {
        Origin::ALL.into_iter().find(|origin| origin.name() == name)
    }

    /// One of its items, in a word: `stack`.
    pub fn item(self) -> &'static str {
        match self {
            Origin::Stacks => "stack",
            Origin::Spaces => "space",
            Origin::Policies => "policy",
        }
    }

    /// Several of its items, in a word: `stacks`.
    pub fn items(self) -> &'static str {
        match self {
            Origin::Stacks => "stacks",
            Origin::Spaces => "spaces",
            Origin::Policies => "policies",
        }
    }
}

/// What may stand after `prune:`.
const PRUNES: &[&str] = &["keep", DELETE];

/// The word after `prune:` that lets entities go.
pub const DELETE: &str = "delete";

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::closed(fields()));

fn fields() -> Vec<Field> {
    vec![
        field("kind", Shape::Enum(&[KIND]), "`ingest`.").required(),
        field(
            "name",
            Shape::Text(name()),
            "What `spaceport ingest NAME` calls it; unique in the project.",
        )
        .required(),
        field(
            "environments",
            names(1),
            "Environments that the ingest is for; by default all.",
        ),
        field(
            "from",
            Shape::Enum(NAMES),
            "What is read, `spacelift.stacks`, `spacelift.spaces` or `spacelift.policies`: each item is `.item`, with the fields of Spacelift's GraphQL.",
        )
        .required(),
        webhook_mapping::blueprint(),
        field(
            "filter",
            Shape::text(),
            "JQ over `.item`: only items of which it gives `true` are taken.",
        )
        .long_text(),
        field(
            "mapping",
            webhook_mapping::plain_entity(),
            "The entity as JQ over `.item` and `.account.url`, constants included: `'\"done\"'`. Only what is named here is compared and written.",
        )
        .required(),
        field(
            "prune",
            Shape::Enum(PRUNES),
            "What becomes of entities whose item is gone from Spacelift: they stay, or `delete`.",
        )
        .default("\"keep\""),
        field(
            "limits",
            Shape::closed(vec![
                field(
                    "deletes",
                    Shape::Integer(0, i64::MAX),
                    "Most entities that one run deletes.",
                ),
                field(
                    "percent",
                    Shape::Integer(0, 100),
                    "Most entities that one run deletes, in percent of the blueprint's entities, from 10 on.",
                ),
            ]),
            "The brake of `prune`: a run that would delete more deletes nothing. What is not named here is as in the `limits` of `spaceport.yaml`.",
        ),
    ]
}

/// The fields of an ingest.
pub fn shape() -> &'static Shape {
    &SHAPE
}

/// What a document mentions: its blueprint, and the properties and relations that it fills there.
pub fn mentions(document: &Value) -> Vec<Mention> {
    webhook_mapping::mentions(&Pointer::root(), document, "mapping")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_known_by_their_names() {
        let names: Vec<&str> = Origin::ALL.into_iter().map(Origin::name).collect();
        assert_eq!(names, NAMES);
        for origin in Origin::ALL {
            assert_eq!(Origin::of(origin.name()), Some(origin));
        }
        assert_eq!(Origin::of("spacelift.runs"), None);
    }
}

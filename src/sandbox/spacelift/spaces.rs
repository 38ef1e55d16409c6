//! Spaces: the tree that everything else lies in (SA section 6). Rights of people are not simulated:
//! every key is an administrator everywhere.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::resolvers::{ResolveInfo, ResolvedValue};
use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::guesses;
use super::refusal::Refusal;
use super::state::SpaceliftState;
use super::view::{Answer, texts, unanswered};

/// The id of the space at the top.
pub(super) const ROOT: &str = "root";
/// The id of the space that takes what names no space.
pub(super) const LEGACY: &str = "legacy";

/// One space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// `root`, `legacy`, or slug, `-` and a ULID (SA section 5).
    pub id: String,
    /// The name; may repeat.
    pub name: String,
    /// The description, never null.
    pub description: String,
    /// The parent's id; none for `root`.
    pub parent: Option<String>,
    /// Whether things of the parent may be used here.
    pub inherit_entities: bool,
    /// Labels as a set.
    pub labels: BTreeSet<String>,
}

impl Space {
    /// The two spaces that every account has.
    pub(super) fn fixed() -> BTreeMap<String, Self> {
        let fixed = |id: &str, parent: Option<&str>| {
            let space = Self {
                id: id.to_owned(),
                name: id.to_owned(),
                description: String::new(),
                parent: parent.map(str::to_owned),
                inherit_entities: parent.is_some() && guesses::LEGACY_INHERITS,
                labels: BTreeSet::new(),
            };
            (id.to_owned(), space)
        };
        BTreeMap::from([fixed(ROOT, None), fixed(LEGACY, Some(ROOT))])
    }

    /// A space that an account begins with.
    pub(super) fn below_root(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            description: String::new(),
            parent: Some(ROOT.to_owned()),
            inherit_entities: false,
            labels: BTreeSet::new(),
        }
    }

    pub(super) fn field<'a>(&'a self, info: &ResolveInfo<'_>) -> Answer<'a> {
        Ok(match info.field_name() {
            "id" => ResolvedValue::leaf(self.id.as_str()),
            "name" => ResolvedValue::leaf(self.name.as_str()),
            "description" => ResolvedValue::leaf(self.description.as_str()),
            "parentSpace" => ResolvedValue::leaf(self.parent.as_deref()),
            "inheritEntities" => ResolvedValue::leaf(self.inherit_entities),
            "labels" => texts(self.labels.iter()),
            "accessLevel" => ResolvedValue::leaf(guesses::ACCESS_LEVEL),
            _ => return unanswered(info),
        })
    }
}

impl SpaceliftState {
    /// The space an object is put into. One that does not exist, a name instead of an id included, is
    /// answered like a missing right (SA section 3).
    pub(super) fn space_for(&self, id: Option<String>, default: &str) -> Result<String, Refusal> {
        let id = id.unwrap_or_else(|| default.to_owned());
        match self.spaces.contains_key(&id) {
            true => Ok(id),
            false => Err(Refusal::unauthorized()),
        }
    }

    /// Makes a space; `unique` is the ULID of its id.
    pub(super) fn create_space(
        &mut self,
        input: Arguments<'_>,
        unique: &str,
    ) -> Result<Space, Refusal> {
        let name = input.needed_text("name")?;
        let slug = guesses::slug(name);
        if slug.is_empty() {
            return Err(guesses::EMPTY_SLUG.into());
        }
        let space = Space {
            id: format!("{slug}-{unique}"),
            name: name.to_owned(),
            description: input.needed_text("description")?.to_owned(),
            parent: Some(self.parent_for(input)?),
            inherit_entities: input.needed_flag("inheritEntities")?,
            labels: labels(input),
        };
        self.spaces.insert(space.id.clone(), space.clone());
        Ok(space)
    }

    /// Replaces a space's fields; its id stays.
    pub(super) fn update_space(
        &mut self,
        id: &str,
        input: Arguments<'_>,
    ) -> Result<Space, Refusal> {
        if id == ROOT {
            return Err(guesses::SPACE_FIXED.into());
        }
        let before = self.spaces.get(id).ok_or_else(Refusal::not_found)?.clone();
        let parent = self.parent_for(input)?;
        if self.is_below(&parent, id) {
            return Err(guesses::SPACE_CYCLE.into());
        }
        let after = Space {
            id: id.to_owned(),
            name: input.needed_text("name")?.to_owned(),
            description: input.needed_text("description")?.to_owned(),
            parent: Some(parent),
            inherit_entities: input.needed_flag("inheritEntities")?,
            labels: labels(input),
        };
        self.spaces.insert(id.to_owned(), after.clone());
        if let Err(refusal) = self.check_reach() {
            self.spaces.insert(id.to_owned(), before);
            return Err(refusal);
        }
        Ok(after)
    }

    /// Removes a space that holds nothing.
    pub(super) fn delete_space(&mut self, id: &str) -> Result<Space, Refusal> {
        if !self.spaces.contains_key(id) {
            return Err(Refusal::not_found());
        }
        if id == ROOT || id == LEGACY {
            return Err(guesses::SPACE_FIXED.into());
        }
        let holds = self
            .spaces
            .values()
            .any(|s| s.parent.as_deref() == Some(id))
            || self.stacks.values().any(|stack| stack.space == id)
            || self.policies.values().any(|policy| policy.space == id)
            || self.webhooks.values().any(|webhook| webhook.space == id);
        if holds {
            return Err(guesses::SPACE_NOT_EMPTY.into());
        }
        self.spaces.remove(id).ok_or_else(Refusal::not_found)
    }

    /// The parent that the input names; clients send `""` when it is unset, which means the top.
    fn parent_for(&self, input: Arguments<'_>) -> Result<String, Refusal> {
        let parent = match input.needed_id("parentSpace")? {
            empty if empty.is_empty() => ROOT.to_owned(),
            id => id,
        };
        match self.spaces.contains_key(&parent) {
            true => Ok(parent),
            false => Err("parent space not found".into()),
        }
    }

    /// Whether `id` is `ancestor` or lies below it, whatever is inherited.
    fn is_below(&self, id: &str, ancestor: &str) -> bool {
        let mut current = Some(id);
        for _ in 0..=self.spaces.len() {
            match current {
                Some(space) if space == ancestor => return true,
                Some(space) => {
                    current = self.spaces.get(space).and_then(|s| s.parent.as_deref());
                }
                None => return false,
            }
        }
        false
    }
}

/// The labels of an input, as a set.
pub(super) fn labels(input: Arguments<'_>) -> BTreeSet<String> {
    input.texts("labels").into_iter().flatten().collect()
}

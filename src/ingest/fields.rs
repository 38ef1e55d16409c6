//! Fields: the parts of an entity that a mapping names. Only these are read, compared and written.
//!
//! Deliberately not here: when two values of a field are one (see `follow::ingest::same`).

use std::borrow::Cow;

use serde_json::{Map, Value as Json, json};

use crate::follow::ingest::same;
use crate::words::Node;

/// The fields that a mapping names: title, icon and team first, then properties and relations in its order.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    list: Vec<Field>,
    /// Whether the identifier tells which account an entity is of.
    identified: bool,
}

#[derive(Debug, Clone)]
struct Field {
    /// `properties` or `relations`; `None` for what stands at the top of an entity.
    part: Option<&'static str>,
    name: String,
    /// Whether its program reads where the account is.
    account: bool,
}

/// An entity as it should be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    /// Its identifier.
    pub identifier: String,
    /// The item that it is made of.
    pub item: String,
    /// What each field should be; `None` leaves it alone.
    pub values: Vec<Option<Json>>,
}

/// What of the top of an entity can be mapped besides the identifier (PA section 6).
const TOP: [&str; 3] = ["title", "icon", "team"];
const PARTS: [&str; 2] = ["properties", "relations"];
const IDENTIFIER: &str = "identifier";

impl Fields {
    /// The fields of a mapping; those that `account` names read where the account is.
    pub(super) fn of(mapping: &Node, account: &[String]) -> Fields {
        let mut list = Vec::new();
        for name in TOP {
            if mapping.get(name).is_some() {
                list.push(Field::new(None, name));
            }
        }
        for part in PARTS {
            let members = mapping.get(part).and_then(Node::entries);
            for (key, _) in members.unwrap_or_default() {
                list.push(Field::new(Some(part), &key.text));
            }
        }
        for field in &mut list {
            field.account = account.contains(&field.path());
        }
        Fields {
            list,
            identified: account.iter().any(|name| name == IDENTIFIER),
        }
    }

    /// How many they are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// What is asked of Port: the paths of the fields in an entity, and what tells whose it is (PA section 6).
    pub(super) fn include(&self) -> Vec<String> {
        let meta = ["identifier", "createdBy"].map(str::to_owned);
        meta.into_iter()
            .chain(self.list.iter().map(Field::path))
            .collect()
    }

    /// `title`, `properties.state`.
    pub(super) fn name(&self, at: usize) -> String {
        self.list.get(at).map(Field::path).unwrap_or_default()
    }

    /// Which field a JSON pointer below the ingest is about: `/mapping/properties/state`.
    pub(super) fn at(&self, pointer: &str) -> Option<usize> {
        let below = pointer.strip_prefix("/mapping/")?;
        let mut steps = below
            .split('/')
            .map(|step| step.replace("~1", "/").replace("~0", "~"));
        let first = steps.next()?;
        let second = steps.next();
        self.list.iter().position(|field| match field.part {
            None => field.name == first,
            Some(part) => part == first && second.as_ref() == Some(&field.name),
        })
    }

    /// The values of the fields in an entity, as Port or a mapping gives it; `None` where it names none.
    pub(super) fn values<'a>(
        &'a self,
        entity: &'a Json,
    ) -> impl Iterator<Item = Option<&'a Json>> + 'a {
        self.list.iter().map(move |field| field.value(entity))
    }

    /// What an item should become. A title, icon or team without a value is left alone, as Port's webhooks do.
    pub(super) fn wanted(&self, item: &str, entity: &Json) -> Option<Wanted> {
        let identifier = entity.get("identifier")?.as_str()?.to_owned();
        let values = self.list.iter().map(|field| {
            let value = field.value(entity)?;
            (field.part.is_some() || !value.is_null()).then(|| value.clone())
        });
        Some(Wanted {
            identifier,
            item: item.to_owned(),
            values: values.collect(),
        })
    }

    /// The digest of a value of a field.
    fn digest(&self, at: usize, value: &Json) -> u64 {
        same::digest(&self.plain(at, value))
    }

    /// Port tells teams as lists, so that a single one is a list of one. Everything else is what it is.
    fn plain<'a>(&self, at: usize, value: &'a Json) -> Cow<'a, Json> {
        let field = self.list.get(at);
        let is_team = field.is_some_and(|field| field.part.is_none() && field.name == "team");
        match value {
            Json::String(text) if is_team && !text.is_empty() => Cow::Owned(json!([text])),
            _ => Cow::Borrowed(value),
        }
    }

    /// The digests of all fields of an entity in Port.
    pub(super) fn digests(&self, entity: &Json) -> Vec<u64> {
        let values = self.values(entity).enumerate();
        values
            .map(|(at, value)| self.digest(at, value.unwrap_or(&Json::Null)))
            .collect()
    }

    /// Which fields are not as they should be, told by the digests of what Port has.
    pub(super) fn differing(&self, wanted: &Wanted, has: &[u64]) -> Vec<usize> {
        let values = wanted.values.iter().zip(has).enumerate();
        values
            .filter_map(|(at, (want, has))| {
                let want = self.digest(at, want.as_ref()?);
                (want != *has).then_some(at)
            })
            .collect()
    }

    /// The same, told by the values of what Port has.
    pub(super) fn differing_from(&self, wanted: &Wanted, entity: &Json) -> Vec<usize> {
        let values = wanted.values.iter().zip(self.values(entity)).enumerate();
        values
            .filter_map(|(at, (want, has))| {
                let want = self.plain(at, want.as_ref()?);
                let has = self.plain(at, has.unwrap_or(&Json::Null));
                (!same::same(&want, &has)).then_some(at)
            })
            .collect()
    }

    /// Which fields of a new entity are written: all that have a value.
    pub(super) fn filled(&self, wanted: &Wanted) -> Vec<usize> {
        let values = wanted.values.iter().enumerate();
        values
            .filter(|(_, value)| value.as_ref().is_some_and(|value| !value.is_null()))
            .map(|(at, _)| at)
            .collect()
    }

    /// The body that writes these fields and nothing else.
    pub(super) fn body(&self, wanted: &Wanted, which: &[usize]) -> Json {
        let mut body = Map::new();
        body.insert(
            "identifier".to_owned(),
            Json::from(wanted.identifier.as_str()),
        );
        for at in which {
            let value = wanted.values.get(*at).cloned().flatten();
            let (Some(field), Some(value)) = (self.list.get(*at), value) else {
                continue;
            };
            match field.part {
                None => {
                    body.insert(field.name.clone(), value);
                }
                Some(part) => {
                    let members = body.entry(part).or_insert_with(|| json!({}));
                    if let Some(members) = members.as_object_mut() {
                        members.insert(field.name.clone(), value);
                    }
                }
            }
        }
        Json::Object(body)
    }

    /// Whether a field tells which account an entity is of.
    pub(super) fn tell_the_account(&self) -> bool {
        self.identified || self.list.iter().any(|field| field.account)
    }

    /// Whether an entity in Port is of the account with this URL: all fields that read it begin with it.
    pub(super) fn is_of(&self, account: &str, entity: &Json) -> bool {
        let account = account.trim_end_matches('/');
        let telling = self.list.iter().filter(|field| field.account);
        let identifier = self.identified.then(|| entity.get(IDENTIFIER));
        let values = telling.map(|field| field.value(entity)).chain(identifier);
        values.into_iter().all(|value| {
            let text = value.and_then(Json::as_str).unwrap_or_default();
            let rest = text.strip_prefix(account);
            // `https://acme.example` is no beginning of `https://acme.example.org`.
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
        })
    }
}

impl Field {
    fn new(part: Option<&'static str>, name: &str) -> Field {
        Field {
            part,
            name: name.to_owned(),
            account: false,
        }
    }

    fn path(&self) -> String {
        match self.part {
            None => self.name.clone(),
            Some(part) => format!("{part}.{}", self.name),
        }
    }

    fn value<'a>(&self, entity: &'a Json) -> Option<&'a Json> {
        match self.part {
            None => entity.get(&self.name),
            Some(part) => entity.get(part)?.get(&self.name),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::words::Place;

    /// The fields of a mapping in JSON.
    pub(crate) fn fields(mapping: &Json) -> Fields {
        let account = ["properties.link".to_owned()];
        Fields::of(&Node::from_json(Place::new(0, 0, 0), mapping), &account)
    }

    fn stack() -> Fields {
        fields(&json!({
            "identifier": ".item.id",
            "title": ".item.name",
            "team": ".item.team",
            "properties": {"state": ".item.state", "a/b": ".item.x", "link": ".account.url + .item.id"},
            "relations": {"space": ".item.space"},
        }))
    }

    #[test]
    fn only_mapped_fields_are_asked_for() {
        assert_eq!(
            stack().include(),
            [
                "identifier",
                "createdBy",
                "title",
                "team",
                "properties.state",
                "properties.a/b",
                "properties.link",
                "relations.space"
            ]
        );
    }

    #[test]
    fn a_fault_is_about_the_field_that_it_is_in() {
        let fields = stack();
        let name = |pointer: &str| fields.at(pointer).map(|at| fields.name(at));
        assert_eq!(name("/mapping/title").as_deref(), Some("title"));
        assert_eq!(
            name("/mapping/properties/a~1b/0").as_deref(),
            Some("properties.a/b")
        );
        assert_eq!(
            name("/mapping/relations/space").as_deref(),
            Some("relations.space")
        );
        assert_eq!(name("/mapping/properties"), None);
        assert_eq!(name("/filter"), None);
    }

    #[test]
    fn a_title_without_a_value_is_left_alone_and_a_property_is_cleared() {
        let fields = stack();
        let entity = json!({
            "identifier": "a", "title": null, "team": null,
            "properties": {"state": null, "link": "l"}, "relations": {"space": null},
        });
        let wanted = fields.wanted("a", &entity).unwrap();
        let live = json!({
            "identifier": "a", "title": "A", "team": ["t"],
            "properties": {"state": "X", "a/b": 1, "link": "l"}, "relations": {"space": "root"},
        });
        let which = fields.differing(&wanted, &fields.digests(&live));
        assert_eq!(which, fields.differing_from(&wanted, &live));
        assert_eq!(
            fields.body(&wanted, &which),
            json!({"identifier": "a", "properties": {"state": null}, "relations": {"space": null}})
        );
        assert_eq!(
            fields.body(&wanted, &fields.filled(&wanted)),
            json!({"identifier": "a", "properties": {"link": "l"}})
        );
    }

    #[test]
    fn one_team_is_a_list_of_teams_and_one_label_is_not() {
        let fields = stack();
        let made = json!({"identifier": "a", "team": "t", "properties": {"state": "x"}});
        let wanted = fields.wanted("a", &made).unwrap();
        let live = json!({"identifier": "a", "team": ["t"], "properties": {"state": ["x"]}});
        let which = fields.differing(&wanted, &fields.digests(&live));
        assert_eq!(which, fields.differing_from(&wanted, &live));
        assert_eq!(
            which.iter().map(|at| fields.name(*at)).collect::<Vec<_>>(),
            ["properties.state"]
        );
    }

    #[test]
    fn entities_of_another_account_are_told_apart() {
        let fields = stack();
        let linked = |link: &str| json!({"identifier": "a", "properties": {"link": link}});
        let acme = "https://acme.app.spacelift.io";
        for link in [acme, "https://acme.app.spacelift.io/stack/a"] {
            assert!(fields.is_of(acme, &linked(link)), "{link}");
        }
        for link in [
            "",
            "https://acme.app.spacelift.io.evil.example/stack/a",
            "https://acme2.app.spacelift.io/stack/a",
            "x https://acme.app.spacelift.io/",
        ] {
            assert!(!fields.is_of(acme, &linked(link)), "{link}");
        }
        assert!(!fields.is_of(acme, &json!({"identifier": "a"})));
    }
}

//! The manual: a kind or a field found by its name, and an example of it, all from the shape.
//!
//! `port.blueprint.schema.properties.*.type` and `port.blueprint/schema/properties/x/type` are the
//! same place: any name stands for a key of a map, and items of lists need not be named.
//! Deliberately not here: the words that are shown (see `show`).

use serde_json::{Map, Value as Json};

use crate::kinds::shape::{Field, Limits, Object, Shape};
use crate::kinds::{self, Kind};
use crate::words::finding::did_you_mean;
use crate::words::{Pointer, Text};

/// A kind, or a place in its specs.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The kind.
    pub kind: &'static dyn Kind,
    /// The place, with `*` for any key and any item; the root for the kind itself.
    pub at: Pointer,
    /// The field that stands there, unless it is a value of a map or an item of a list.
    pub field: Option<&'static Field>,
    /// What may stand there.
    pub shape: &'static Shape,
}

/// Why nothing is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// What is wrong.
    pub message: String,
    /// A near match, or what there is.
    pub help: String,
}

/// Finds a kind or a place in its specs.
pub fn find(name: &str) -> Result<Entry, Lost> {
    let (kind, path) = split(name);
    let Some(kind) = kinds::find(kind) else {
        let names = || kinds::ALL.iter().map(|kind| kind.name());
        let all = || format!("the kinds are {}", names().collect::<Vec<_>>().join(", "));
        return Err(Lost {
            message: format!("there is no kind `{kind}`"),
            help: did_you_mean(kind, names()).unwrap_or_else(all),
        });
    };
    let mut entry = Entry {
        kind,
        at: Pointer::root(),
        field: None,
        shape: kind.shape(),
    };
    for part in path {
        entry = entry.below(&part)?;
    }
    Ok(entry)
}

/// The name of the kind, and the parts of the path behind it.
fn split(name: &str) -> (&str, Vec<String>) {
    let first = name.find('.').map_or(name.len(), |dot| dot + 1);
    let end = name[first..]
        .find(['.', '/'])
        .map_or(name.len(), |at| first + at);
    let (kind, rest) = name.split_at(end);
    let parts = match Pointer::parse(rest).filter(|_| rest.starts_with('/')) {
        Some(pointer) => pointer.parts().iter().map(Text::to_string).collect(),
        None => {
            let parts = rest.split(['.', '/']).filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect()
        }
    };
    (kind, parts)
}

impl Entry {
    fn below(self, part: &str) -> Result<Entry, Lost> {
        let mut named = Vec::new();
        if let Some((at, field, shape)) = step(self.shape, part, &self.at, &mut named) {
            return Ok(Entry {
                at,
                field,
                shape,
                ..self
            });
        }
        let place = match self.at.parts() {
            [] => format!("`{}`", self.kind.name()),
            _ => format!("`{}` of `{}`", self.at, self.kind.name()),
        };
        named.sort_unstable();
        named.dedup();
        let help = match named.is_empty() {
            true => "nothing stands below it".to_owned(),
            false => did_you_mean(part, named.iter().copied())
                .unwrap_or_else(|| format!("it has {}", named.join(", "))),
        };
        Err(Lost {
            message: format!("{place} has no `{part}`"),
            help,
        })
    }

    /// The name of its field, or of the nearest field above it.
    pub fn name(&self) -> &str {
        let mut parts = self.at.parts().iter().rev();
        parts.find(|part| *part != "*").map_or("spec", Text::as_str)
    }

    /// An example: of a kind a whole document, of a field a map that has it.
    pub fn example(&self) -> Json {
        let secret = self.field.is_some_and(|field| field.rules.write_only);
        let value = match secret {
            true => "${env.NAME}".into(),
            false => example(self.shape),
        };
        match self.at.parts() {
            [] => serde_json::json!({ "kind": self.kind.name(), "spec": value }),
            _ => Json::Object(Map::from_iter([(self.name().to_owned(), value)])),
        }
    }
}

type Step = (Pointer, Option<&'static Field>, &'static Shape);

/// What stands under a key; the keys that there are otherwise.
fn step(
    shape: &'static Shape,
    part: &str,
    at: &Pointer,
    named: &mut Vec<&'static str>,
) -> Option<Step> {
    let mut among = |object: &'static Object| {
        named.extend(object.fields.iter().map(|field| field.name));
        let field = object.field(part)?;
        Some((at.join(field.name), Some(field), &field.shape))
    };
    match shape {
        Shape::Object(object) => among(object),
        Shape::Tagged { variants, .. } => variants.iter().find_map(|(_, object)| among(object)),
        Shape::Map { of, .. } => Some((at.join("*"), None, of)),
        Shape::List { of, .. } => {
            let item = part == "*" || part.parse::<usize>().is_ok();
            match item {
                true => Some((at.join("*"), None, of)),
                false => step(of, part, &at.join("*"), named),
            }
        }
        Shape::OneOf(shapes) => shapes.iter().find_map(|one| step(one, part, at, named)),
        _ => None,
    }
}

/// The smallest value that a shape allows and that says something.
fn example(shape: &Shape) -> Json {
    match shape {
        Shape::Any => "example".into(),
        Shape::Bool => true.into(),
        Shape::Integer(least, most) => 1.clamp(*least, *most).into(),
        Shape::Number => 1.into(),
        Shape::Text(limits) => text(limits).into(),
        Shape::Enum(words) => words.first().copied().unwrap_or_default().into(),
        Shape::Object(object) => Json::Object(fields(object)),
        Shape::Map { keys, of } => Json::Object(Map::from_iter([(text(keys), example(of))])),
        Shape::List { of, .. } => Json::Array(vec![example(of)]),
        Shape::Tagged { tag, variants } => {
            let mut map = Map::new();
            if let Some((word, object)) = variants.first() {
                map.insert((*tag).to_owned(), (*word).into());
                map.extend(fields(object));
            }
            Json::Object(map)
        }
        Shape::OneOf(shapes) => shapes.first().map_or(Json::Null, example),
    }
}

/// What must be there, or the first field where nothing must.
fn fields(object: &Object) -> Map<String, Json> {
    let known = || object.fields.iter().filter(|field| !field.rules.computed);
    let required = known().filter(|field| field.required);
    let first = known().take(usize::from(!known().any(|field| field.required)));
    let value = |field: &Field| match field.rules.write_only {
        true => "${env.NAME}".into(),
        false => example(&field.shape),
    };
    required
        .chain(first)
        .map(|field| (field.name.to_owned(), value(field)))
        .collect()
}

/// A text that keeps the limits, as far as one of a few does.
fn text(limits: &Limits) -> String {
    const TRIED: [&str; 5] = ["example", "EXAMPLE", "/example", "https://example.com", "1"];
    let suggested = limits.suggestions.iter().copied();
    let fits = |text: &&str| {
        let length = text.chars().count();
        let short = limits.max == 0 || length <= limits.max;
        let holds = limits.charset.is_none_or(|charset| (charset.holds)(text));
        short && holds && length >= limits.min
    };
    let found = suggested.chain(TRIED).find(fits);
    found.unwrap_or("…").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::check::check;
    use crate::words::{Findings, Node, Place};

    #[test]
    fn every_field_of_every_kind_is_found() {
        let mut count = 0;
        for kind in kinds::ALL {
            for at in kind.shape().pick(&|_| true) {
                let dotted = format!("{}.{}", kind.name(), at.parts().join("."));
                for name in [dotted, format!("{}{at}", kind.name())] {
                    let entry = find(&name).unwrap_or_else(|lost| panic!("{name}: {lost:?}"));
                    let field = entry.field.unwrap_or_else(|| panic!("{name} is no field"));
                    assert!(!field.doc.is_empty(), "{name}");
                    count += 1;
                }
            }
        }
        assert!(count > 400, "only {count}");
    }

    #[test]
    fn the_example_of_every_kind_fits_its_shape() {
        for kind in kinds::ALL {
            let example = find(kind.name()).expect("a kind").example();
            let node = Node::from_json(Place::new(0, 0, 0), &example["spec"]);
            let mut findings = Findings::default();
            check(kind.shape(), &node, "spec", &mut findings);
            assert!(
                !findings.has_errors(),
                "{}: {example} {findings:?}",
                kind.name()
            );
        }
    }

    #[test]
    fn a_wrong_part_gets_a_near_match() {
        let lost = |name: &str| find(name).expect_err("nothing");
        assert_eq!(lost("port.blueprnt").help, "did you mean `port.blueprint`?");
        let part = lost("port.blueprint.schema.propertys");
        assert_eq!(
            part.message,
            "`/schema` of `port.blueprint` has no `propertys`"
        );
        assert_eq!(part.help, "did you mean `properties`?");
        assert!(
            lost("port.secret.x")
                .help
                .starts_with("it has createdAt, description")
        );
        assert_eq!(
            lost("port.secret.secretName.x").help,
            "nothing stands below it"
        );
    }
}

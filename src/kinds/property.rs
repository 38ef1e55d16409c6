//! Properties in Port's dialect of JSON Schema: what blueprints, calculations and action inputs
//! share (PA sections 2 and 3).
//!
//! Deliberately not here: fields that only inputs have (see `inputs`) and properties that Port
//! computes (see `derived`).

use crate::kinds::charset;
use crate::kinds::shape::{Field, Limits, Shape, field};
use crate::words::finding::did_you_mean;
use crate::words::{Data, Finding, Findings, Node};

/// The types of a property.
pub const TYPES: &[&str] = &["string", "number", "boolean", "object", "array"];

/// The colour names of Port.
pub const COLOURS: &[&str] = &[
    "blue",
    "turquoise",
    "orange",
    "purple",
    "pink",
    "yellow",
    "green",
    "red",
    "gold",
    "silver",
    "paleBlue",
    "darkGray",
    "lightGray",
    "bronze",
    "lime",
    "olive",
    "brown",
];

/// The formats of a blueprint's property.
const FORMATS: &[&str] = &[
    "date-time",
    "url",
    "email",
    "idn-email",
    "ipv4",
    "ipv6",
    "markdown",
    "yaml",
    "user",
    "blueprints",
    "team",
    "timer",
    "proto",
    "labeled-url",
];

/// What a text or object is besides its format.
pub const SPECS: &[&str] = &["open-api", "embedded-url", "async-api"];

/// The maps of a blueprint whose keys are its properties, of whatever origin.
pub const MAPS: &[&str] = &[
    "/schema/properties",
    "/calculationProperties",
    "/mirrorProperties",
    "/aggregationProperties",
];

/// The limits of a property's, relation's or input's key; `max` 0 is unlimited.
pub fn key(max: usize) -> Limits {
    Limits {
        min: 1,
        max,
        charset: Some(charset::KEY),
        ..Limits::default()
    }
}

/// A property of a blueprint: an open body (PA section 2).
pub fn blueprint_property() -> Shape {
    let mut fields = vec![
        field(
            "type",
            Shape::Enum(TYPES),
            "Type of the value. Port never changes it once the property exists.",
        )
        .required(),
        field(
            "title",
            Shape::text_of(0, 100),
            "Name on the entity's page.",
        ),
        field("description", Shape::text(), "Explanation beside the name."),
        field("icon", Shape::text(), "Name of one of Port's icons."),
        field(
            "format",
            Shape::Enum(FORMATS),
            "What the text is, for its display and its check.",
        ),
        field(
            "spec",
            Shape::Enum(SPECS),
            "Shows the value as an API description or an embedded page.",
        ),
        field(
            "specAuthentication",
            spec_authentication(),
            "How an embedded page signs in; for `spec: embedded-url`.",
        ),
        field(
            "default",
            Shape::Any,
            "Value of entities that do not say one.",
        ),
        field(
            "enum",
            Shape::list(enum_value()),
            "The only values that are allowed, in the order in which they are offered.",
        ),
    ];
    fields.extend(decoration());
    fields.push(field(
        "items",
        items(FORMATS, Vec::new()),
        "What the items of an array look like.",
    ));
    for (name, doc) in TEXT_LIMITS {
        fields.push(field(name, count(), doc));
    }
    fields.push(field(
        "pattern",
        Shape::text(),
        "Regular expression that a text must match.",
    ));
    for (name, doc) in NUMBER_LIMITS {
        fields.push(field(name, Shape::Number, doc));
    }
    for (name, doc) in ITEM_LIMITS {
        fields.push(field(name, count(), doc));
    }
    fields.push(unique_items());
    Shape::open(fields)
}

/// The limits of a text's length, with their documentation.
pub const TEXT_LIMITS: [(&str, &str); 2] = [
    ("minLength", "Fewest characters of a text."),
    ("maxLength", "Most characters of a text."),
];

/// The limits of a number, with their documentation.
pub const NUMBER_LIMITS: [(&str, &str); 4] = [
    ("minimum", "Smallest number."),
    ("maximum", "Largest number."),
    ("exclusiveMinimum", "A number that must be exceeded."),
    ("exclusiveMaximum", "A number that must not be reached."),
];

/// The limits of an array's length, with their documentation.
pub const ITEM_LIMITS: [(&str, &str); 2] = [
    ("minItems", "Fewest items of an array."),
    ("maxItems", "Most items of an array."),
];

/// A number of characters or items.
pub fn count() -> Shape {
    Shape::Integer(0, i64::MAX)
}

/// `uniqueItems`.
pub fn unique_items() -> Field {
    field(
        "uniqueItems",
        Shape::Bool,
        "Whether the items of an array must differ.",
    )
}

/// A value of an `enum`.
pub fn enum_value() -> Shape {
    Shape::OneOf(vec![Shape::text(), Shape::Number])
}

/// The fields for looks: colours by enum value, the form of dates.
pub fn decoration() -> Vec<Field> {
    vec![
        field("enumColors", colours(), "Colour of each value of `enum`."),
        field(
            "dateFormat",
            Shape::text(),
            "How a date is written; for `format: date-time`.",
        ),
    ]
}

/// A map from values to colour names.
pub fn colours() -> Shape {
    Shape::map(Shape::Enum(COLOURS))
}

/// The items of an array, with further fields of the caller's.
pub fn items(formats: &'static [&'static str], further: Vec<Field>) -> Shape {
    let mut fields = vec![
        field("type", Shape::Enum(TYPES), "Type of an item."),
        field("format", Shape::Enum(formats), "What an item's text is."),
        field(
            "enum",
            Shape::OneOf(vec![Shape::list(enum_value()), jq()]),
            "The only items that are allowed.",
        ),
        field("enumColors", colours(), "Colour of each value of `enum`."),
        field(
            "items",
            Shape::map(Shape::Any),
            "What the items of an inner array look like.",
        ),
        field("default", Shape::Any, "Item to begin with."),
        field(
            "pattern",
            Shape::text(),
            "Regular expression that an item must match.",
        ),
        field(
            "properties",
            Shape::map(Shape::Any),
            "Fields of an item that is an object, as JSON Schema.",
        ),
    ];
    for (name, doc) in TEXT_LIMITS {
        fields.push(field(name, count(), doc));
    }
    for (name, doc) in NUMBER_LIMITS {
        fields.push(field(name, Shape::Number, doc));
    }
    fields.extend(further);
    Shape::open(fields)
}

/// How an embedded page signs in (PA section 2); the scope is filled in by the server.
pub fn spec_authentication() -> Shape {
    Shape::closed(vec![
        field(
            "clientId",
            Shape::text(),
            "Client id at the identity provider.",
        )
        .required(),
        field(
            "authorizationUrl",
            Shape::text(),
            "Address where the user signs in.",
        )
        .required(),
        field(
            "tokenUrl",
            Shape::text(),
            "Address where the code is exchanged for a token.",
        )
        .required(),
        field(
            "authorizationScope",
            Shape::list(Shape::text()),
            "Scopes that are asked for.",
        )
        .unordered()
        .default("[\"openid\"]"),
    ])
}

/// A value that Port computes in the form: `{ jqQuery: … }`.
pub fn jq() -> Shape {
    Shape::closed(vec![
        field(
            "jqQuery",
            Shape::text_of(1, 0),
            "JQ expression that gives the value.",
        )
        .required(),
    ])
}

/// Checks that `enumColors` names values of `enum` only, in a property and in its items.
pub fn check_colours(property: &Node, findings: &mut Findings) {
    for holder in [Some(property), property.get("items")]
        .into_iter()
        .flatten()
    {
        let Some(colours) = holder.get("enumColors").and_then(Node::entries) else {
            continue;
        };
        // An enum that Port computes cannot be compared; colours without any enum name nothing.
        let values: Vec<String> = match holder.get("enum").map(|node| &node.data) {
            Some(Data::List(values)) => {
                let texts = values.iter().map(enum_text).collect::<Option<Vec<_>>>();
                match texts {
                    Some(texts) => texts,
                    None => continue,
                }
            }
            Some(Data::Null) | None => Vec::new(),
            Some(_) => continue,
        };
        let known: Vec<&str> = values.iter().map(String::as_str).collect();
        for (key, _) in colours {
            if !known.contains(&key.text.as_str()) {
                findings.push(
                    Finding::warning(
                        "lint::no_effect",
                        key.place,
                        format!(
                            "`enumColors` names `{}`, which is not a value of `enum`",
                            key.text
                        ),
                    )
                    .maybe_help(did_you_mean(&key.text, known.iter().copied())),
                );
            }
        }
    }
}

/// A list of texts that must each be a known key of the same document.
pub fn check_keys(list: &Node, name: &str, what: &str, known: &[&str], findings: &mut Findings) {
    for item in list.items().unwrap_or(&[]) {
        if let Some(text) = item.text()
            && !known.contains(&text)
        {
            findings.push(unknown_key(item.place, name, text, what, known));
        }
    }
}

/// The finding about a text that names a key which the document does not have.
pub fn unknown_key(
    place: crate::words::Place,
    name: &str,
    text: &str,
    what: &str,
    known: &[&str],
) -> Finding {
    let help = did_you_mean(text, known.iter().copied()).or_else(|| {
        (!known.is_empty()).then(|| {
            let known: Vec<String> = known.iter().map(|k| format!("`{k}`")).collect();
            format!("known here: {}", known.join(", "))
        })
    });
    Finding::error(
        "config::unknown_key",
        place,
        format!("`{name}` names `{text}`, which is not {what}"),
    )
    .maybe_help(help)
}

/// An identifier that can be looked up: not empty and no template of Port's.
pub fn plain(text: &str) -> Option<&str> {
    (!text.is_empty() && !text.contains("{{")).then_some(text)
}

/// The keys of a map in a node; empty when it is none.
pub fn keys(node: Option<&Node>) -> Vec<&str> {
    node.and_then(Node::entries)
        .unwrap_or(&[])
        .iter()
        .map(|(key, _)| key.text.as_str())
        .collect()
}

fn enum_text(value: &Node) -> Option<String> {
    match &value.data {
        Data::Text(text) => Some(text.to_string()),
        Data::Number(number) => Some(number.to_string()),
        Data::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

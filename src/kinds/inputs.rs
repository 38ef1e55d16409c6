//! `userInputs`: the form of a self-service action (PA section 3).
//!
//! Deliberately not here: running the `jqQuery` expressions.

use crate::kinds::property::{
    ITEM_LIMITS, MAPS, NUMBER_LIMITS, SPECS, TEXT_LIMITS, TYPES, check_colours, check_keys, count,
    decoration, enum_value, items, jq, key, keys, plain, unique_items,
};
use crate::kinds::shape::{Field, Limits, Shape, field};
use crate::kinds::{Mention, mention, port_blueprint, property, query};
use crate::words::{Data, Finding, Findings, Node, Pointer, Value};

/// Formats of an input.
const FORMATS: &[&str] = &[
    "date-time",
    "url",
    "email",
    "ipv4",
    "ipv6",
    "yaml",
    "entity",
    "user",
    "team",
    "proto",
    "markdown",
    "multi-line",
    "labeled-url",
];

/// The shape of `userInputs`, closed; its three published forms are one with `order` or `steps`.
pub fn shape() -> Shape {
    Shape::closed(vec![
        field(
            "properties",
            Shape::map_with(key(0), input()),
            "Inputs by key; `{}` when there are none.",
        )
        .required(),
        field(
            "required",
            Shape::OneOf(vec![Shape::list(Shape::text_of(1, 0)), jq()]),
            "Keys of the inputs that must be filled in, or a JQ expression that gives them.",
        )
        .unordered()
        .default("[]"),
        field(
            "order",
            Shape::list(Shape::text_of(1, 0)),
            "Keys in the order of the form. Not together with `steps`.",
        )
        .default("[]"),
        field(
            "steps",
            Shape::list(step()),
            "Pages of the form. Not together with `order`.",
        ),
        field(
            "titles",
            Shape::map_with(key(0), title()),
            "Headings between inputs, by a key that `order` may name.",
        )
        .default("{}"),
    ])
}

fn step() -> Shape {
    Shape::closed(vec![
        field("title", Shape::text(), "Name of the page.").required(),
        field(
            "order",
            Shape::list(Shape::text_of(1, 0)),
            "Keys of the inputs on the page, in their order.",
        )
        .default("[]"),
        field(
            "visible",
            flag(),
            "Whether the page is shown, or a JQ expression that says so.",
        ),
    ])
}

fn title() -> Shape {
    Shape::open(vec![
        field("title", Shape::text_of(1, 140), "Text of the heading."),
        field(
            "description",
            Shape::text_of(0, 1000),
            "Explanation below the heading.",
        ),
        field(
            "visible",
            flag(),
            "Whether it is shown, or a JQ expression that says so.",
        ),
    ])
}

/// One input: an open body.
fn input() -> Shape {
    let mut fields = vec![
        field("type", Shape::Enum(TYPES), "Type of the value.").required(),
        field("title", Shape::text(), "Label in the form."),
        field("description", Shape::text(), "Explanation below the label."),
        field("icon", Shape::text(), "Name of one of Port's icons."),
        field(
            "format",
            Shape::Enum(FORMATS),
            "What the text is; `entity` offers the entities of `blueprint`.",
        ),
    ];
    fields.extend(entity_fields());
    fields.extend([
        field(
            "sort",
            Shape::open(vec![
                field(
                    "property",
                    Shape::text_of(1, 0),
                    "Property of the offered entities, or `$title` and the like.",
                )
                .required(),
                field("order", Shape::Enum(&["ASC", "DESC"]), "Direction.").required(),
            ]),
            "Order of the offered entities.",
        ),
        field(
            "dependsOn",
            Shape::list(Shape::text_of(1, 0)),
            "Keys of inputs; when one of them changes, this one is computed anew.",
        )
        .unordered(),
        field(
            "visible",
            flag(),
            "Whether it is shown, or a JQ expression that says so.",
        ),
        field(
            "disabled",
            flag(),
            "Whether it is greyed out, or a JQ expression that says so.",
        ),
        field(
            "default",
            Shape::Any,
            "Value to begin with, or `{ jqQuery: … }`.",
        ),
        field(
            "enum",
            Shape::OneOf(vec![Shape::list(enum_value()), jq()]),
            "The only values that are allowed, or a JQ expression that gives them.",
        ),
    ]);
    fields.extend(decoration());
    fields.extend([
        field(
            "items",
            items(FORMATS, entity_fields()),
            "What the items of an array look like.",
        ),
        field(
            "spec",
            Shape::Enum(SPECS),
            "Shows the value as an API description or an embedded page.",
        ),
        field(
            "specAuthentication",
            property::spec_authentication(),
            "How an embedded page signs in; for `spec: embedded-url`.",
        ),
        field(
            "pattern",
            Shape::OneOf(vec![Shape::text(), jq()]),
            "Regular expression that a text must match, or a JQ expression that gives it.",
        ),
    ]);
    for (name, doc) in TEXT_LIMITS.into_iter().chain(ITEM_LIMITS) {
        fields.push(field(name, Shape::OneOf(vec![count(), jq()]), doc));
    }
    for (name, doc) in NUMBER_LIMITS {
        fields.push(field(name, Shape::OneOf(vec![Shape::Number, jq()]), doc));
    }
    fields.extend([
        unique_items(),
        field(
            "encryption",
            Shape::OneOf(vec![
                Shape::Text(Limits {
                    min: 1,
                    suggestions: &["fernet", "aes256-gcm"],
                    ..Limits::default()
                }),
                Shape::open(vec![
                    field("algorithm", Shape::text_of(1, 0), "Name of the cipher.").required(),
                    field(
                        "key",
                        Shape::text_of(1, 0),
                        "Key, or the name of its secret.",
                    )
                    .required(),
                ]),
            ]),
            "Encrypts what the user types, before it leaves Port.",
        ),
        field(
            "jqQuery",
            Shape::Any,
            "Only `null`: JQ stands in the field that it computes, `default: { jqQuery: … }`.",
        ),
    ]);
    Shape::open(fields)
}

fn entity_fields() -> Vec<Field> {
    vec![
        field(
            "blueprint",
            Shape::text_of(1, 0),
            "Blueprint whose entities are offered; for `format: entity`.",
        )
        .reference("port.blueprint"),
        field(
            "dataset",
            query::shape(),
            "Which of the entities are offered. Values may be `{ jqQuery: … }`.",
        ),
    ]
}

/// A boolean that JQ may compute.
fn flag() -> Shape {
    Shape::OneOf(vec![Shape::Bool, jq()])
}

/// Checks what the shape of `userInputs` cannot say.
pub fn check(inputs: &Node, findings: &mut Findings) {
    let properties = inputs.get("properties");
    let known = keys(properties);
    let mut shown = known.clone();
    shown.extend(keys(inputs.get("titles")));
    if let Some(required) = inputs.get("required") {
        check_keys(required, "required", "an input", &known, findings);
    }
    if let Some(order) = inputs.get("order") {
        check_keys(order, "order", "an input or a title", &shown, findings);
    }
    for step in inputs.get("steps").and_then(Node::items).unwrap_or(&[]) {
        if let Some(order) = step.get("order") {
            check_keys(order, "order", "an input or a title", &shown, findings);
        }
    }
    let given = |name| {
        inputs
            .entry(name)
            .filter(|(_, node)| node.data != Data::Null)
    };
    if let (Some((order, _)), Some((steps, _))) = (given("order"), given("steps")) {
        findings.push(
            Finding::error(
                "config::conflict",
                steps.place,
                "`steps` and `order` exclude each other",
            )
            .help("remove `order`; every step has an `order` of its own")
            .related(order.place, "`order` is here"),
        );
    }
    for (key, input) in properties.and_then(Node::entries).unwrap_or(&[]) {
        check_input(&key.text, input, &known, findings);
    }
}

fn check_input(name: &str, input: &Node, known: &[&str], findings: &mut Findings) {
    check_colours(input, findings);
    if let Some(others) = input.get("dependsOn") {
        check_keys(others, "dependsOn", "an input", known, findings);
    }
    if let Some((key, jq)) = input.entry("jqQuery")
        && jq.data != Data::Null
    {
        findings.push(
            Finding::error(
                "config::not_here",
                key.place,
                format!("`jqQuery` does not stand directly on the input `{name}`"),
            )
            .help("put it into the field that it computes: `default: { jqQuery: … }`"),
        );
    }
    for (holder, what) in [
        (Some(input), format!("`{name}`")),
        (input.get("items"), format!("`items` of `{name}`")),
    ] {
        if let Some(dataset) = holder.and_then(|holder| holder.get("dataset")) {
            query::check(dataset, findings);
        }
        if let Some(holder) = holder
            && holder.get("format").and_then(Node::text) == Some("entity")
            && holder
                .get("blueprint")
                .is_none_or(|node| node.data == Data::Null)
        {
            findings.push(
                Finding::error(
                    "config::missing_field",
                    holder.place,
                    format!("{what} has no `blueprint`"),
                )
                .help("`format: entity` needs the blueprint whose entities are offered"),
            );
        }
    }
}

/// The blueprints whose entities are offered, and the properties by which they are sorted; `at`
/// is where the inputs stand.
pub fn mentions(inputs: &Value, at: &Pointer, found: &mut Vec<Mention>) {
    let properties = inputs.get("properties").and_then(Value::as_map);
    for (name, input) in properties.into_iter().flatten() {
        let at = at.join("properties").join(name);
        let mut offered = None;
        for (holder, at) in [
            (Some(input), at.clone()),
            (input.get("items"), at.join("items")),
        ] {
            if let Some(dataset) = holder.and_then(|h| h.get("dataset")) {
                query::mentions(dataset, &at.join("dataset"), found);
            }
            if let Some(blueprint) = holder.and_then(|h| h.get_text("blueprint")).and_then(plain) {
                offered = offered.or(Some(blueprint));
                found.push(mention(
                    at.join("blueprint"),
                    &port_blueprint::Blueprint,
                    blueprint,
                ));
            }
        }
        let sorted = input.get("sort").and_then(|sort| sort.get_text("property"));
        if let (Some(blueprint), Some(by)) = (offered, sorted)
            && !by.is_empty()
            && !by.starts_with('$')
        {
            found.push(Mention {
                property: Some((by.to_owned(), MAPS)),
                hard: false,
                ..mention(
                    at.join("sort").join("property"),
                    &port_blueprint::Blueprint,
                    blueprint,
                )
            });
        }
    }
}

//! Derived properties of a blueprint: calculations, mirrors and aggregations (PA section 2).
//!
//! Deliberately not here: running JQ, and whether a target really has the property (the mentions
//! are looked up by `want`).

use crate::kinds::program::Program;
use crate::kinds::property::{MAPS, SPECS, TYPES, colours, items, key, plain, spec_authentication};
use crate::kinds::shape::{Charset, Field, Object, Shape, field};
use crate::kinds::{Mention, mention, port_blueprint, property, query};
use crate::words::{Finding, Findings, Node, Pointer, Text, Value};

/// Formats of a calculated value.
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
    "team",
    "proto",
    "labeled-url",
];

/// Formats of the items of a calculated array.
const ITEM_FORMATS: &[&str] = &[
    "date-time",
    "url",
    "email",
    "idn-email",
    "ipv4",
    "ipv6",
    "markdown",
    "yaml",
    "user",
    "team",
    "timer",
    "proto",
    "labeled-url",
];

/// Relations joined by dots, then a property: `^(?:[A-Za-z0-9@_=\-$]+\.)+?(\w|\$|@|-)*?[^\.]+$`.
const MIRROR_PATH: Charset = Charset {
    words: "relations and a property, joined by dots: `relation.property`",
    pattern: r"^(?:[A-Za-z0-9@_=\-$]+\.)+?(\w|\$|@|-)*?[^\.]+$",
    holds: |text| {
        let Some((relations, property)) = text.rsplit_once('.') else {
            return false;
        };
        !property.is_empty()
            && relations.split('.').all(|relation| {
                !relation.is_empty()
                    && relation
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "@_=-$".contains(c))
            })
    },
};

/// The three maps of derived properties, as top-level fields of a blueprint.
pub fn fields() -> Vec<Field> {
    vec![
        field(
            "calculationProperties",
            Shape::map_with(key(100), calculation()),
            "Properties that JQ computes from the entity, by key. They may read mirrors, not each other.",
        )
        .default("{}")
        .later(2),
        field(
            "mirrorProperties",
            Shape::map_with(key(100), mirror()),
            "Properties of related entities shown here, by key.",
        )
        .default("{}")
        .later(2),
        field(
            "aggregationProperties",
            Shape::map_with(key(100), aggregation()),
            "Numbers computed over the related entities of another blueprint, by key.",
        )
        .default("{}")
        .later(2),
    ]
}

fn calculation() -> Shape {
    Shape::closed(vec![
        field(
            "calculation",
            Shape::text_of(1, 0),
            "JQ expression over the entity: `.properties.a`.",
        )
        .required()
        .program(Program::Entity)
        .long_text(),
        field("type", Shape::Enum(TYPES), "Type of the result.").required(),
        field(
            "title",
            Shape::text_of(0, 100),
            "Name on the entity's page.",
        ),
        field("description", Shape::text(), "Explanation beside the name."),
        field("icon", Shape::text(), "Name of one of Port's icons."),
        field("format", Shape::Enum(FORMATS), "What the result's text is."),
        field(
            "spec",
            Shape::Enum(SPECS),
            "Shows the result as an API description or an embedded page.",
        ),
        field(
            "specAuthentication",
            spec_authentication(),
            "How an embedded page signs in; for `spec: embedded-url`.",
        ),
        field("colorized", Shape::Bool, "Whether `colors` are shown."),
        field("colors", colours(), "Colour of each result."),
        field(
            "items",
            items(ITEM_FORMATS, Vec::new()),
            "What the items of an array look like.",
        ),
        field(
            "dateFormat",
            Shape::text(),
            "How a date is written; for `format: date-time`.",
        ),
    ])
}

fn mirror() -> Shape {
    Shape::closed(vec![
        field(
            "path",
            Shape::pattern(MIRROR_PATH, 1, 0),
            "Relations joined by dots, last the property or one of `$title`, `$identifier`, `$team`.",
        )
        .required(),
        field("title", Shape::text_of(0, 100), "Name on the entity's page."),
    ])
}

fn aggregation() -> Shape {
    Shape::closed(vec![
        field(
            "title",
            Shape::text_of(0, 100),
            "Name on the entity's page.",
        )
        .required(),
        field(
            "target",
            Shape::text_of(1, 0),
            "Blueprint whose related entities are aggregated.",
        )
        .required()
        .reference("port.blueprint"),
        field("calculationSpec", specification(), "What is computed.").required(),
        field("type", Shape::Enum(&["number"]), "Always a number.").default("\"number\""),
        field("description", Shape::text(), "Explanation beside the name."),
        field("icon", Shape::text(), "Name of one of Port's icons."),
        field(
            "query",
            query::shape(),
            "Which of the entities count. Leave it out to count all; an empty query is refused.",
        ),
        field(
            "pathFilter",
            Shape::List {
                of: Box::new(path_filter()),
                count: (0, 1),
            },
            "Over which relations the entities are found, when there are several ways.",
        )
        .default("[]"),
    ])
}

fn path_filter() -> Shape {
    Shape::closed(vec![
        field(
            "path",
            Shape::List {
                of: Box::new(Shape::text_of(1, 0)),
                count: (1, usize::MAX),
            },
            "Keys of the relations, one after the other.",
        )
        .required(),
        field(
            "fromBlueprint",
            Shape::text_of(1, 0),
            "Blueprint where the path begins.",
        )
        .reference("port.blueprint"),
    ])
}

fn specification() -> Shape {
    let average = || {
        vec![
            field(
                "averageOf",
                Shape::Enum(&["hour", "day", "week", "month", "total"]),
                "Span of an average; only for `func: average`, and needed there.",
            ),
            field(
                "measureTimeBy",
                Shape::text_of(1, 0),
                "Date that sorts entities into spans, `$createdAt` or a property; only for `func: average`.",
            ),
        ]
    };
    let object = |mut fields: Vec<Field>| {
        fields.extend(average());
        Object {
            fields,
            open: false,
        }
    };
    Shape::Tagged {
        tag: "calculationBy",
        variants: vec![
            (
                "entities",
                object(vec![
                    field(
                        "func",
                        Shape::Enum(&["count", "average"]),
                        "How entities are counted.",
                    )
                    .required(),
                ]),
            ),
            (
                "property",
                object(vec![
                    field(
                        "func",
                        Shape::Enum(&["sum", "min", "max", "median", "average"]),
                        "How the values are combined.",
                    )
                    .required(),
                    field(
                        "property",
                        Shape::text_of(1, 0),
                        "Property of the target; a number.",
                    )
                    .required(),
                ]),
            ),
        ],
    }
}

/// Checks what the shapes of derived properties cannot say.
pub fn check(spec: &Node, findings: &mut Findings) {
    let relations = property::keys(spec.get("relations"));
    for (_, mirror) in entries(spec, "mirrorProperties") {
        if let Some(path) = mirror.get("path")
            && let Some(text) = path.text()
            && (MIRROR_PATH.holds)(text)
        {
            first_relation(path, "path", text, &relations, findings);
        }
    }
    for holder in ["ownership", "teamInheritance"] {
        if let Some(path) = spec.get(holder).and_then(|node| node.get("path"))
            && let Some(text) = path.text()
        {
            first_relation(path, "path", text, &relations, findings);
        }
    }
    for (_, aggregation) in entries(spec, "aggregationProperties") {
        if let Some(specification) = aggregation.get("calculationSpec") {
            averages(specification, findings);
        }
        if let Some(query) = aggregation.get("query") {
            query::check(query, findings);
        }
    }
    for (_, calculation) in entries(spec, "calculationProperties") {
        authentication(calculation, findings);
    }
}

/// Warns about a sign-in for something that is not an embedded page.
pub fn authentication(property: &Node, findings: &mut Findings) {
    if let Some((key, node)) = property.entry("specAuthentication")
        && node.entries().is_some()
        && property.get("spec").and_then(Node::text) != Some("embedded-url")
    {
        findings.push(
            Finding::warning(
                "lint::no_effect",
                key.place,
                "`specAuthentication` is only for `spec: embedded-url`",
            )
            .help("add `spec: embedded-url` or remove it"),
        );
    }
}

/// The blueprints and properties that derived properties name.
pub fn mentions(spec: &Value, found: &mut Vec<Mention>) {
    let relations = spec.get("relations");
    for (key, mirror) in map(spec, "mirrorProperties") {
        let path = mirror.get_text("path").unwrap_or("");
        let Some((relation, rest)) = path.split_once('.') else {
            continue;
        };
        let target = relations
            .and_then(|all| all.get(relation)?.get_text("target"))
            .and_then(plain);
        let (next, maps) = match rest.split_once('.') {
            Some((relation, _)) => (relation, &["/relations"] as &'static [&'static str]),
            None => (rest, MAPS),
        };
        // `$title` and the like are meta-properties, `_owning_teams` a hidden relation.
        if let Some(target) = target
            && !next.starts_with('$')
            && !(next.starts_with('_') && maps != MAPS)
        {
            let at = Pointer::root()
                .join("mirrorProperties")
                .join(key)
                .join("path");
            found.push(Mention {
                property: Some((next.to_owned(), maps)),
                ..mention(at, &port_blueprint::Blueprint, target)
            });
        }
    }
    for (key, aggregation) in map(spec, "aggregationProperties") {
        let at = Pointer::root().join("aggregationProperties").join(key);
        let Some(target) = aggregation.get_text("target").and_then(plain) else {
            continue;
        };
        found.push(mention(
            at.join("target"),
            &port_blueprint::Blueprint,
            target,
        ));
        for name in ["property", "measureTimeBy"] {
            if let Some(text) = aggregation
                .get("calculationSpec")
                .and_then(|specification| specification.get_text(name))
                .and_then(plain)
                && !text.starts_with('$')
            {
                found.push(Mention {
                    property: Some((text.to_owned(), MAPS)),
                    ..mention(
                        at.join("calculationSpec").join(name),
                        &port_blueprint::Blueprint,
                        target,
                    )
                });
            }
        }
        if let Some(query) = aggregation.get("query") {
            query::mentions(query, &at.join("query"), found);
        }
        let filters = aggregation.get("pathFilter").and_then(Value::as_list);
        for (index, filter) in filters.unwrap_or(&[]).iter().enumerate() {
            if let Some(from) = filter.get_text("fromBlueprint").and_then(plain) {
                let at = at.join("pathFilter").join(index).join("fromBlueprint");
                found.push(mention(at, &port_blueprint::Blueprint, from));
            }
        }
    }
}

fn first_relation(
    path: &Node,
    name: &str,
    text: &str,
    relations: &[&str],
    findings: &mut Findings,
) {
    let first = text.split('.').next().unwrap_or(text);
    // Direct ownership is the hidden relation `_owning_teams` (PA section 2).
    if !first.is_empty() && !first.starts_with(['_', '$']) && !relations.contains(&first) {
        findings.push(property::unknown_key(
            path.place,
            name,
            first,
            "a relation of this blueprint",
            relations,
        ));
    }
}

fn averages(specification: &Node, findings: &mut Findings) {
    let Some(func) = specification.get("func").and_then(Node::text) else {
        return;
    };
    if func == "average" {
        if specification.get("averageOf").is_none() {
            findings.push(
                Finding::error(
                    "config::missing_field",
                    specification.place,
                    "`calculationSpec` has no `averageOf`",
                )
                .help("`func: average` needs one of `hour`, `day`, `week`, `month`, `total`"),
            );
        }
        return;
    }
    for name in ["averageOf", "measureTimeBy"] {
        if let Some((key, _)) = specification.entry(name) {
            findings.push(
                Finding::error(
                    "config::not_here",
                    key.place,
                    format!("`{name}` is only for `func: average`, not for `{func}`"),
                )
                .help("remove it"),
            );
        }
    }
}

fn entries<'a>(
    spec: &'a Node,
    name: &str,
) -> impl Iterator<Item = &'a (crate::words::node::Key, Node)> {
    spec.get(name).and_then(Node::entries).unwrap_or(&[]).iter()
}

fn map<'a>(spec: &'a Value, name: &str) -> impl Iterator<Item = (&'a Text, &'a Value)> {
    spec.get(name).and_then(Value::as_map).into_iter().flatten()
}

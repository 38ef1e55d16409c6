//! Checking a node against a shape: every deviation becomes a finding with its place.
//!
//! Runs after `${…}` were looked at, so a leaf may be `Deferred` or `Secret`; both count as texts
//! of unknown content. Deliberately not here: what only one kind knows (see the kinds' `check`).

use crate::kinds::shape::{Limits, Object, Shape};
use crate::words::finding::{did_you_mean, nearest};
use crate::words::{Data, Finding, Findings, Node};

/// Checks a node against a shape; `name` says in messages what the whole is, `spec` for example.
pub fn check(shape: &Shape, node: &Node, name: &str, findings: &mut Findings) {
    if node.is_broken() {
        return;
    }
    match shape {
        Shape::Any => {}
        Shape::Bool => match node.data {
            Data::Bool(_) => {}
            _ => wrong_type(node, name, "a boolean", bool_hint(node), findings),
        },
        Shape::Integer(min, max) => integer(node, name, (*min, *max), findings),
        Shape::Number => match node.data {
            Data::Number(_) => {}
            _ => wrong_type(node, name, "a number", None, findings),
        },
        Shape::Text(limits) => text(node, name, limits, findings),
        Shape::Enum(words) => one_of(node, name, words, findings),
        Shape::Object(object) => match node.entries() {
            Some(_) => fields(object, node, name, None, findings),
            None => wrong_type(node, name, "a map", None, findings),
        },
        Shape::Map { keys, of } => match node.entries() {
            Some(entries) => {
                for (key, value) in entries {
                    let what = || format!("key `{}` of `{name}`", key.text);
                    limits_hold(&key.text, keys, key.place, what, findings);
                    check(of, value, &key.text, findings);
                }
            }
            None => wrong_type(node, name, "a map", None, findings),
        },
        Shape::List { of, count } => list(of, *count, node, name, findings),
        Shape::Tagged { tag, variants } => tagged(tag, variants, node, name, findings),
        Shape::OneOf(shapes) => match shapes.iter().find(|s| type_fits(s, node)) {
            Some(fitting) => check(fitting, node, name, findings),
            None => {
                let wanted: Vec<&str> = shapes.iter().map(type_words).collect();
                wrong_type(node, name, &wanted.join(" or "), None, findings);
            }
        },
    }
}

/// The problem of a missing or unknown key, shared with the project file.
pub fn unknown_field(key: &crate::words::node::Key, name: &str, known: &[&str]) -> Finding {
    // `NAME` for `FAMILY::NAME`.
    let whole = known.iter().find(|name| {
        name.rsplit_once("::")
            .is_some_and(|(_, last)| last == key.text)
    });
    let near = match whole {
        Some(whole) => Some(format!("did you mean `{whole}`?")),
        None => did_you_mean(&key.text, known.iter().copied()),
    };
    let help = near.unwrap_or_else(|| {
        format!(
            "known here: {}",
            known
                .iter()
                .map(|k| format!("`{k}`"))
                .collect::<Vec<_>>()
                .join(", ")
        )
    });
    Finding::error(
        "config::unknown_field",
        key.place,
        format!("unknown field `{}` in `{name}`", key.text),
    )
    .help(help)
}

fn fields(object: &Object, node: &Node, name: &str, tag: Option<&str>, findings: &mut Findings) {
    let entries = node.entries().unwrap_or(&[]);
    // Needed for the help of findings only, which are rare.
    let known = || -> Vec<&str> {
        let fields = object.fields.iter().filter(|f| !f.rules.computed);
        tag.into_iter().chain(fields.map(|f| f.name)).collect()
    };
    for (key, value) in entries {
        if Some(key.text.as_str()) == tag {
            continue;
        }
        match object.field(&key.text) {
            Some(field) if field.rules.computed => findings.push(
                Finding::warning(
                    "lint::computed_field",
                    key.place,
                    format!("`{}` is set by the server and is left out", key.text),
                )
                .help("remove it"),
            ),
            Some(field) if value.data == Data::Null && !field.required => {}
            Some(field) => check(&field.shape, value, field.name, findings),
            None => findings.push(unknown_field(key, name, &known())),
        }
    }
    for field in object.fields.iter().filter(|f| f.required) {
        let present = entries.iter().any(|(k, v)| {
            k.text == field.name && (v.data != Data::Null || matches!(field.shape, Shape::Any))
        });
        if present {
            continue;
        }
        // A misspelt required field is reported once, as the misspelling.
        let known = known();
        let misspelt = entries.iter().any(|(k, _)| {
            !known.contains(&k.text.as_str())
                && nearest(&k.text, known.iter().copied()) == Some(field.name)
        });
        if !misspelt {
            findings.push(
                Finding::error(
                    "config::missing_field",
                    node.place,
                    format!("`{name}` has no `{}`", field.name),
                )
                .help(format!(
                    "add `{}`: {}",
                    field.name,
                    first_sentence(field.doc)
                )),
            );
        }
    }
}

fn tagged(
    tag: &'static str,
    variants: &[(&'static str, Object)],
    node: &Node,
    name: &str,
    findings: &mut Findings,
) {
    let words: Vec<&str> = variants.iter().map(|(word, _)| *word).collect();
    if node.entries().is_none() {
        return wrong_type(node, name, "a map", None, findings);
    }
    let Some(value) = node.get(tag) else {
        findings.push(
            Finding::error(
                "config::missing_field",
                node.place,
                format!("`{name}` has no `{tag}`"),
            )
            .help(format!("one of {}", quoted(&words))),
        );
        return;
    };
    let before = findings.len();
    one_of(value, tag, &words, findings);
    if findings.len() == before
        && let Some((_, object)) = variants
            .iter()
            .find(|(word, _)| Some(*word) == value.text())
    {
        fields(object, node, name, Some(tag), findings);
    }
}

fn list(of: &Shape, (min, max): (usize, usize), node: &Node, name: &str, findings: &mut Findings) {
    let Some(items) = node.items() else {
        return wrong_type(node, name, "a list", None, findings);
    };
    if items.len() < min || items.len() > max {
        let wanted = if items.len() < min {
            format!("at least {min}")
        } else {
            format!("at most {max}")
        };
        findings.push(Finding::error(
            "config::out_of_range",
            node.place,
            format!("`{name}` has {} items, {wanted} are allowed", items.len()),
        ));
    }
    for item in items {
        check(of, item, name, findings);
    }
}

fn integer(node: &Node, name: &str, (min, max): (i64, i64), findings: &mut Findings) {
    match &node.data {
        Data::Number(n) => {
            let whole = n
                .as_i64()
                .or_else(|| n.as_f64().filter(|f| f.fract() == 0.0).map(|f| f as i64));
            match whole {
                Some(n) if n >= min && n <= max => {}
                Some(n) => {
                    let range = match (min, max) {
                        (min, i64::MAX) => format!("at least {min}"),
                        (i64::MIN, max) => format!("at most {max}"),
                        (min, max) => format!("{min} to {max}"),
                    };
                    findings.push(Finding::error(
                        "config::out_of_range",
                        node.place,
                        format!("`{name}` is {n}, allowed is {range}"),
                    ));
                }
                None => wrong_type(node, name, "a whole number", None, findings),
            }
        }
        _ => wrong_type(node, name, "a whole number", None, findings),
    }
}

fn text(node: &Node, name: &str, limits: &Limits, findings: &mut Findings) {
    match &node.data {
        Data::Text(text) => limits_hold(text, limits, node.place, || format!("`{name}`"), findings),
        // Their content is not known here.
        Data::Deferred(_) | Data::Secret(_) => {}
        Data::Bool(_) | Data::Number(_) => {
            wrong_type(
                node,
                name,
                "a text",
                Some("put it in quotes".into()),
                findings,
            );
        }
        _ => wrong_type(node, name, "a text", None, findings),
    }
}

fn limits_hold(
    text: &str,
    limits: &Limits,
    place: crate::words::Place,
    what: impl Fn() -> String,
    findings: &mut Findings,
) {
    let length = text.chars().count();
    if length < limits.min {
        findings.push(Finding::error(
            "config::out_of_range",
            place,
            if length == 0 {
                format!("{} is empty", what())
            } else {
                format!(
                    "{} has {length} characters, at least {} are needed",
                    what(),
                    limits.min
                )
            },
        ));
    } else if limits.max > 0 && length > limits.max {
        findings.push(Finding::error(
            "config::out_of_range",
            place,
            format!(
                "{} has {length} characters, at most {} are allowed",
                what(),
                limits.max
            ),
        ));
    }
    if let Some(charset) = limits.charset
        && length > 0
        && !(charset.holds)(text)
    {
        findings.push(
            Finding::error(
                "config::pattern",
                place,
                format!("{} is not allowed: `{text}`", what()),
            )
            .help(format!("allowed: {}", charset.words)),
        );
    }
}

fn one_of(node: &Node, name: &str, words: &[&str], findings: &mut Findings) {
    match &node.data {
        Data::Text(text) if words.contains(&text.as_str()) => {}
        Data::Text(text) => findings.push(
            Finding::error(
                "config::unknown_value",
                node.place,
                format!("`{name}` cannot be `{text}`"),
            )
            .help(
                did_you_mean(text, words.iter().copied())
                    .unwrap_or_else(|| format!("one of {}", quoted(words))),
            ),
        ),
        Data::Deferred(_) | Data::Secret(_) => {}
        _ => wrong_type(
            node,
            name,
            &format!("one of {}", quoted(words)),
            None,
            findings,
        ),
    }
}

fn wrong_type(
    node: &Node,
    name: &str,
    wanted: &str,
    help: Option<String>,
    findings: &mut Findings,
) {
    findings.push(
        Finding::error(
            "config::wrong_type",
            node.place,
            format!("`{name}` is {}, expected {wanted}", node.what()),
        )
        .maybe_help(help),
    );
}

fn bool_hint(node: &Node) -> Option<String> {
    match node.text()?.to_lowercase().as_str() {
        "true" => Some("write `true` without quotes".into()),
        "false" => Some("write `false` without quotes".into()),
        "yes" | "on" | "y" => Some("write `true`; YAML 1.2 has no other word for it".into()),
        "no" | "off" | "n" => Some("write `false`; YAML 1.2 has no other word for it".into()),
        _ => None,
    }
}

fn type_fits(shape: &Shape, node: &Node) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Bool => matches!(node.data, Data::Bool(_)),
        Shape::Integer(..) | Shape::Number => matches!(node.data, Data::Number(_)),
        Shape::Text(_) | Shape::Enum(_) => {
            matches!(
                node.data,
                Data::Text(_) | Data::Deferred(_) | Data::Secret(_)
            )
        }
        Shape::Object(_) | Shape::Map { .. } | Shape::Tagged { .. } => {
            matches!(node.data, Data::Map(_))
        }
        Shape::List { .. } => matches!(node.data, Data::List(_)),
        Shape::OneOf(shapes) => shapes.iter().any(|s| type_fits(s, node)),
    }
}

fn type_words(shape: &Shape) -> &'static str {
    match shape {
        Shape::Any => "anything",
        Shape::Bool => "a boolean",
        Shape::Integer(..) => "a whole number",
        Shape::Number => "a number",
        Shape::Text(_) | Shape::Enum(_) => "a text",
        Shape::Object(_) | Shape::Map { .. } | Shape::Tagged { .. } => "a map",
        Shape::List { .. } => "a list",
        Shape::OneOf(_) => "one of several",
    }
}

fn quoted(words: &[&str]) -> String {
    words
        .iter()
        .map(|w| format!("`{w}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn first_sentence(doc: &str) -> String {
    let end = doc.find(". ").map_or(doc.len(), |i| i + 1);
    doc[..end].trim_end_matches('.').to_owned()
}

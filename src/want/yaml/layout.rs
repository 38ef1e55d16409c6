//! Layout: whole values as YAML for files that we write, in block style and two spaces a level.
//!
//! Maps and lists are written in their own order. Texts of several lines are literal blocks where
//! that says the same to every reader, else they stand in double quotes on one line. Deliberately
//! not here: which texts are written (escapes of `${` are the caller's), and comments.

use crate::want::yaml::emit::quote;
use crate::words::{Text, Value};

/// How far one level stands behind the other.
const STEP: usize = 2;

/// The longest key that every reader takes without `?`.
const LONGEST_KEY: usize = 1000;

/// A value as the text of one document, with a newline at its end.
pub fn document(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Map(map) if !map.is_empty() => block(value, 0, &mut text),
        Value::List(list) if !list.is_empty() => block(value, 0, &mut text),
        other => {
            text.push_str(&inline(other));
            text.push('\n');
        }
    }
    text
}

/// Several documents as one text, with `---` between them.
pub fn stream<'a>(documents: impl IntoIterator<Item = &'a Value>) -> String {
    let texts: Vec<String> = documents.into_iter().map(document).collect();
    texts.join("---\n")
}

/// What stands behind `key:` or `-` for a value, its first character included: ` text`, or a
/// newline and the lines below. `indent` is where the key or the dash stands. No newline at the end
/// but those of the value itself.
pub fn behind(value: &Value, indent: usize) -> String {
    let mut text = String::new();
    after_key(value, indent, &mut text);
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// A value on one line, in flow style.
pub fn inline(value: &Value) -> String {
    flow(value, &quote)
}

/// A value on one line as JSON.
pub fn json(value: &Value) -> String {
    flow(value, &|text| {
        serde_json::Value::String(text.to_owned()).to_string()
    })
}

fn flow(value: &Value, text: &dyn Fn(&str) -> String) -> String {
    match value {
        Value::Map(map) => {
            let entry =
                |(key, value): (&Text, &Value)| format!("{}: {}", text(key), flow(value, text));
            let entries: Vec<String> = map.iter().map(entry).collect();
            match entries.is_empty() {
                true => "{}".to_owned(),
                false => format!("{{ {} }}", entries.join(", ")),
            }
        }
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(|item| flow(item, text)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Text(t) => text(t),
        Value::Deferred(template) => text(&template.source()),
        Value::Secret(source) => text(&source.template().source()),
    }
}

/// A map or list that is not empty, line by line, each behind `indent` spaces.
fn block(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Map(map) => {
            for (index, (key, value)) in map.iter().enumerate() {
                if index > 0 {
                    pad(indent, text);
                }
                entry(key, value, indent, text);
            }
        }
        Value::List(list) => {
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    pad(indent, text);
                }
                text.push('-');
                match item {
                    Value::Map(map) if !map.is_empty() => {
                        text.push(' ');
                        block(item, indent + STEP, text);
                    }
                    Value::List(list) if !list.is_empty() => {
                        text.push(' ');
                        block(item, indent + STEP, text);
                    }
                    item => after_key(item, indent, text),
                }
            }
        }
        _ => {}
    }
}

fn entry(key: &str, value: &Value, indent: usize, text: &mut String) {
    let quoted = quote(key);
    if quoted.len() > LONGEST_KEY {
        text.push_str(&format!("? {quoted}\n"));
        pad(indent, text);
    } else {
        text.push_str(&quoted);
    }
    text.push(':');
    after_key(value, indent, text);
}

fn after_key(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            text.push('\n');
            pad(indent + STEP, text);
            block(value, indent + STEP, text);
        }
        Value::List(list) if !list.is_empty() => {
            text.push('\n');
            pad(indent + STEP, text);
            block(value, indent + STEP, text);
        }
        Value::Text(lines) if stands_in_a_block(lines) => {
            literal(lines, indent + STEP, text);
        }
        other => {
            text.push(' ');
            text.push_str(&inline(other));
            text.push('\n');
        }
    }
}

fn pad(indent: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', indent));
}

/// Whether a literal block says exactly this text to every reader, without blanks at the end of a
/// line.
fn stands_in_a_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\t', '\n'])
        && text.split('\n').all(|line| {
            !line.ends_with([' ', '\t']) && line.chars().all(|c| c == '\t' || prints(c))
        })
}

/// Whether a character may stand in a block as itself; what does not show is quoted.
fn prints(c: char) -> bool {
    // Quoting a text of one such sign tells, and keeps the rule in one place.
    c.is_ascii_graphic() || c == ' ' || !quote(&format!("a{c}a")).starts_with('"')
}

fn literal(lines: &str, indent: usize, text: &mut String) {
    let newlines = lines.len() - lines.trim_end_matches('\n').len();
    text.push_str(match newlines {
        0 => " |-\n",
        1 => " |\n",
        _ => " |+\n",
    });
    let ended = lines.strip_suffix('\n').unwrap_or(lines);
    for line in ended.split('\n') {
        if !line.is_empty() {
            pad(indent, text);
            text.push_str(line);
        }
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::want::yaml::read;

    fn text(json: Json) -> String {
        document(&Value::from(json))
    }

    #[test]
    fn documents_read_as_people_write_them() {
        let written = text(json!({
            "kind": "port.blueprint",
            "spec": {
                "identifier": "service", "title": "no", "required": [], "relations": {},
                "list": ["a", { "b": 1, "c": ["x", ["y"]] }, {}],
                "body": "package spacelift\n\nwebhook contains x if {\n\ttrue\n}\n",
                "filter": ".a == 1\n| not", "kept": "a\n\n", "blank": "a \nb", "one": "{{ .x }}",
            },
        }));
        insta::assert_snapshot!(written, @r#"
        kind: port.blueprint
        spec:
          identifier: service
          title: "no"
          required: []
          relations: {}
          list:
            - a
            - b: 1
              c:
                - x
                - - "y"
            - {}
          body: |
            package spacelift

            webhook contains x if {
            	true
            }
          filter: |-
            .a == 1
            | not
          kept: |+
            a

          blank: "a \nb"
          one: "{{ .x }}"
        "#);
    }

    #[test]
    fn what_stands_behind_a_key_fits_its_place() {
        let value = Value::from(json!({ "a": ["x"] }));
        assert_eq!(behind(&value, 2), "\n    a:\n      - x");
        assert_eq!(behind(&Value::text("x"), 0), " x");
        assert_eq!(behind(&Value::from(json!([])), 0), " []");
        assert_eq!(inline(&value), "{ a: [x] }");
        assert_eq!(super::json(&value), r#"{ "a": ["x"] }"#);
    }

    fn comes_back(value: &Json) {
        let written = text(value.clone());
        let theirs: Json = serde_yaml::from_str(&written)
            .unwrap_or_else(|error| panic!("another reader: {error}\n{written}"));
        assert_eq!(theirs, *value, "{written}");
        let (nodes, findings) = read(0, &written);
        assert!(findings.is_empty(), "{written}: {findings:?}");
        let ours = nodes[0].to_value().to_json_with(&mut |_| Json::Null);
        assert_eq!(ours, *value, "{written}");
        for line in written.lines() {
            assert_eq!(line.trim_end_matches([' ', '\t']), line, "{written}");
        }
    }

    #[test]
    fn long_keys_and_several_documents_come_back() {
        comes_back(&json!({ "k".repeat(3000): { "a": 1 }, "l\n".repeat(900): ["x"] }));
        let one = Value::from(json!({ "a": "b\n\n" }));
        let (nodes, _) = read(0, &stream([&one, &one]));
        assert_eq!(nodes.len(), 2);
        assert!(nodes.iter().all(|node| node.to_value() == one));
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let text = prop_oneof![
            any::<String>(),
            "([ -~]|\n|\t){0,12}",
            "(a|b: c| |\n|\t|#|---|- |\\||\r){0,9}",
        ];
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            (-1e9f64..1e9).prop_map(Json::from),
            text.clone().prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
                prop::collection::vec((text.clone(), inner), 0..5)
                    .prop_map(|entries| Json::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_value_comes_back(value in any_json(), key in "[a-z]{1,3}") {
            comes_back(&json!({ key: value }));
        }
    }
}

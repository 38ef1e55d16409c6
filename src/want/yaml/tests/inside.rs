//! Spans of programs inside of scalars, as places in the file.

use proptest::prelude::*;

use super::{one, read};
use crate::want::yaml::{inside, inside_filled};
use crate::words::{Data, Node, Place, Pointer, Sources};

/// The text in the file at which a part of the value under `/a` stands, with its line and column.
fn found(text: &str, part: &str) -> (String, usize, usize) {
    found_nth(text, part, 0)
}

fn found_nth(text: &str, part: &str, nth: usize) -> (String, usize, usize) {
    let mut sources = Sources::default();
    sources.add("a.yaml", text);
    let node = one(text);
    let pointer = Pointer::parse("/a").expect("a pointer");
    let scalar = node.at(&pointer).expect("it exists");
    let value = scalar.text().expect("a text");
    let (at, _) = value.match_indices(part).nth(nth).expect("it is in it");
    let place = inside(&sources, scalar.place, at..at + part.len());
    let (line, column) = sources.line_column(place);
    (sources.text(place).to_owned(), line, column)
}

fn here(text: &str, line: usize, column: usize) -> (String, usize, usize) {
    (text.to_owned(), line, column)
}

#[test]
fn a_part_is_found_in_every_style() {
    assert_eq!(found("a: .body | foo", "foo"), here("foo", 1, 12));
    assert_eq!(found("a: '.it''s | foo'", "foo"), here("foo", 1, 14));
    assert_eq!(found("a: '.it''s | foo'", "it's"), here("it''s", 1, 6));
    assert_eq!(found(r#"a: "\t\"é\" | foo""#, "foo"), here("foo", 1, 15));
    assert_eq!(found(r#"a: "\t\"\u00e9\" x""#, "é"), here(r"\u00e9", 1, 9));
    assert_eq!(found(r#"{"a": "\ud83d\ude00x"}"#, "x"), here("x", 1, 20));
    assert_eq!(found("a: |\n  .x\n  | foo\n", "foo"), here("foo", 3, 5));
    assert_eq!(
        found("b: 1\na: |-\n\n   .é\n     foo", "foo"),
        here("foo", 5, 6)
    );
    assert_eq!(found("a: |2\n    .x\n  foo", "  .x"), here("  .x", 2, 3));
    assert_eq!(
        found("a: >\n  .x\n  | foo\n\n  bar", "foo"),
        here("foo", 3, 5)
    );
    assert_eq!(
        found("a: >\n  .x\n  | foo\n\n  bar", "bar"),
        here("bar", 5, 3)
    );
    assert_eq!(
        found("a: >-\n  .x |\n\n    b\n  foo", "foo"),
        here("foo", 5, 3)
    );
    assert_eq!(found("a: .x\n  |  foo\n  bar", "bar"), here("bar", 3, 3));
    assert_eq!(found("a: \"x\\\n   foo\"", "foo"), here("foo", 2, 4));
    assert_eq!(found("a: |\r\n  .x\r\n  foo\r\n", "foo"), here("foo", 3, 3));
}

#[test]
fn a_part_over_lines_ends_where_its_last_byte_does() {
    let text = "a: |\n  .x\n  | foo\n  | bar\n";
    assert_eq!(found(text, ".x\n| foo"), here(".x\n  | foo", 2, 3));
    assert_eq!(found("a: >\n  .x\n  foo\n", "x f"), here("x\n  f", 2, 4));
}

#[test]
fn the_end_of_a_text_is_the_end_of_its_scalar() {
    let text = "a: |\n  .x (\n\n\nb: 1";
    let mut sources = Sources::default();
    sources.add("a.yaml", text);
    let node = one(text);
    let scalar = node.get("a").expect("it exists");
    let length = scalar.text().expect("a text").len();
    for range in [length..length, length..length + 1, 90..99] {
        let place = inside(&sources, scalar.place, range);
        assert_eq!(sources.line_column(place), (2, 7));
    }
}

/// The place of a part of a text that the value `${file:x.rego}` has, or other references.
fn filled(yaml: &str, file: &str, text: &str, part: &str) -> (String, String, usize, usize) {
    let mut sources = Sources::default();
    sources.add("a.yaml", yaml);
    sources.add("policies/x.rego", file);
    let node = one(yaml);
    let scalar = node.get("a").expect("it exists");
    let at = text.find(part).expect("it is in it");
    let place = inside_filled(&sources, scalar.place, text, at..at + part.len());
    let (line, column) = sources.line_column(place);
    let path = sources.file(place.file).path.clone();
    (path, sources.text(place).to_owned(), line, column)
}

#[test]
fn a_part_of_a_file_is_found_in_that_file() {
    let yaml = "a: ${file:policies/x.rego}";
    let rego = "package x\n\nfoo { id == \"${port.webhook.m.id}\" }\nbar\n";
    let text = rego.replace("${port.webhook.m.id}", "01ABC");
    let expect = |text: &str, line, column| {
        let path = "policies/x.rego".to_owned();
        (path, text.to_owned(), line, column)
    };
    assert_eq!(filled(yaml, rego, rego, "foo"), expect("foo", 3, 1));
    assert_eq!(filled(yaml, rego, &text, "foo"), expect("foo", 3, 1));
    assert_eq!(filled(yaml, rego, &text, "bar"), expect("bar", 4, 1));
    let reference = "${port.webhook.m.id}";
    assert_eq!(filled(yaml, rego, &text, "01A"), expect(reference, 3, 14));
    let quoted = "a: \"${file:./policies/x.rego}\"";
    assert_eq!(filled(quoted, rego, &text, "bar"), expect("bar", 4, 1));
}

#[test]
fn behind_a_reference_parts_are_found_when_the_text_is_known() {
    let yaml = "a: .x == \"${var.name}\" | foo";
    let text = ".x == \"acme\" | foo";
    let (_, part, line, column) = filled(yaml, "", text, "foo");
    assert_eq!((part.as_str(), line, column), ("foo", 1, 26));

    let mut sources = Sources::default();
    sources.add("a.yaml", yaml);
    let place = one(yaml).get("a").expect("it exists").place;
    assert_eq!(inside(&sources, place, 0..2), Place::new(0, 3, 5));
    assert_eq!(inside(&sources, place, 15..18), place);
    // Templates of Port and of CI systems are not ours.
    let found = found("a: '{{ .a }} ${{ x }} foo'", "foo");
    assert_eq!(found, here("foo", 1, 23));
}

/// Every scalar of a tree.
fn scalars(node: &Node, all: &mut Vec<(Place, String)>) {
    match &node.data {
        Data::List(items) => items.iter().for_each(|item| scalars(item, all)),
        Data::Map(entries) => entries.iter().for_each(|(_, value)| scalars(value, all)),
        Data::Text(text) => all.push((node.place, text.to_string())),
        _ => {}
    }
}

/// Each character of each text is found where it is spelled, as far as it is spelled as itself.
fn check(text: &str) -> usize {
    let mut sources = Sources::default();
    sources.add("a.yaml", text);
    let (nodes, findings) = read(0, text);
    if !findings.is_empty() {
        return 0;
    }
    let mut all = Vec::new();
    nodes.iter().for_each(|node| scalars(node, &mut all));
    for (place, value) in &all {
        if value.contains("${") || text.contains(['*', '&', '!']) {
            continue;
        }
        for (at, c) in value.char_indices() {
            let part = inside(&sources, *place, at..at + c.len_utf8());
            let spelled = sources.text(part);
            let direct = spelled.chars().eq([c]);
            let escaped = spelled.starts_with('\\') || spelled == "''";
            let folded = c.is_whitespace() && spelled.trim().is_empty();
            assert!(
                direct || escaped || folded,
                "{c:?} at {at} of {value:?} is {spelled:?} in {text:?}"
            );
        }
    }
    all.len()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_character_of_a_written_text_is_found(value in "[ -~\n\té]{1,40}") {
        let yaml = serde_yaml::to_string(&serde_json::json!({"k": [{"a": value}]})).expect("written");
        prop_assert_eq!(check(&yaml), 1);
        let json = serde_json::json!({"k": [{"a": value}]}).to_string();
        prop_assert_eq!(check(&json), 1);
    }

    #[test]
    fn every_character_of_a_block_is_found(
        style in "[|>][1-3]?[-+]?",
        indent in 0..4usize,
        lines in prop::collection::vec("( {0,3}[a-c#]{0,3} ?){0,2}", 1..6),
        head in "(- |k: |- k: |- - )",
    ) {
        let pad = " ".repeat(indent + 2);
        let body: String = lines.iter().map(|line| format!("{pad}{line}\n")).collect();
        check(&format!("{head}{style}\n{body}"));
    }

    #[test]
    fn every_character_of_folded_lines_is_found(
        quote in "['\"]?",
        lines in prop::collection::vec("[a-c]{0,3}( [a-c]{1,3})? {0,2}(\\\\n|'')?", 1..5),
    ) {
        check(&format!("k: {quote}{}{quote}\n", lines.join("\n   ")));
    }
}

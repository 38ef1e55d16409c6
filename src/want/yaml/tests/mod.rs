//! The reader as a whole, in stories.

mod inside;
mod laws;
mod quick;

use crate::want::yaml::alias::{MAX_DEPTH, MAX_REPEATED};
use crate::want::yaml::read;
use crate::words::{Data, Finding, Node, Place, Pointer};

fn clean(text: &str) -> Vec<Node> {
    let (nodes, findings) = read(0, text);
    assert!(findings.is_empty(), "{text:?}: {findings:?}");
    nodes
}

fn one(text: &str) -> Node {
    let mut nodes = clean(text);
    assert_eq!(nodes.len(), 1, "{text:?}");
    nodes.remove(0)
}

fn json(node: &Node) -> serde_json::Value {
    node.to_value()
        .to_json_with(&mut |leaf| panic!("the reader makes no {leaf:?}"))
}

fn at(text: &str, place: Place) -> &str {
    &text[place.start as usize..place.end as usize]
}

/// The text of the value at a pointer, as it stands in the file.
fn value_at<'a>(text: &'a str, pointer: &str) -> &'a str {
    let node = one(text);
    let pointer = Pointer::parse(pointer).expect("a pointer");
    at(text, node.at(&pointer).expect("it exists").place)
}

fn only(text: &str) -> Finding {
    let (_, findings) = read(0, text);
    assert_eq!(findings.len(), 1, "{text:.200?}: {findings:?}");
    findings.into_iter().next().expect("there is one")
}

/// One finding, its place's text, and a piece of what it advises.
fn refused(text: &str, code: &str, place: &str, advice: &str) {
    let finding = only(text);
    let help = finding.help.clone().unwrap_or_default();
    let here = at(text, finding.place.expect("it has a place"));
    assert_eq!(
        (finding.code, here),
        (code, place),
        "{text:.200?}: {finding:?}"
    );
    assert!(
        help.contains(advice) || finding.message.contains(advice),
        "{text:.200?}: {finding:?}"
    );
}

#[test]
fn every_key_and_value_has_its_place() {
    let text = "a: 1 # x\né: 'ö z'\nl:\n- x\n-   y: [1, { k: v } ]\nm:\n  n: \"q\\\"\"  \n  o: plain\n    text\n\n# end\np:\n";
    assert_eq!(value_at(text, "/a"), "1");
    assert_eq!(value_at(text, "/é"), "'ö z'");
    assert_eq!(value_at(text, "/l"), "- x\n-   y: [1, { k: v } ]");
    assert_eq!(value_at(text, "/l/1"), "y: [1, { k: v } ]");
    assert_eq!(value_at(text, "/l/1/y"), "[1, { k: v } ]");
    assert_eq!(value_at(text, "/l/1/y/1"), "{ k: v }");
    assert_eq!(value_at(text, "/m"), "n: \"q\\\"\"  \n  o: plain\n    text");
    assert_eq!(value_at(text, "/m/o"), "plain\n    text");
    assert_eq!(value_at(text, ""), text.trim_end());
    let node = one(text);
    let missing = node.get("p").expect("it exists");
    assert_eq!(missing.data, Data::Null);
    assert_eq!(missing.place, Place::new(0, text.len() - 1, text.len() - 1));
    let keys: Vec<&str> = node
        .entries()
        .expect("a map")
        .iter()
        .map(|(key, _)| at(text, key.place))
        .collect();
    assert_eq!(keys, ["a", "é", "l", "m", "p"]);
}

#[test]
fn places_are_right_after_a_byte_order_mark_and_with_both_line_ends() {
    for end in ["\n", "\r\n"] {
        let lines = [
            "\u{feff}é: x",
            "b: >-",
            "   one",
            "   two",
            "c: \"u",
            "  v\"",
            "d: [",
            " 1]",
            "",
        ];
        let text = lines.join(end);
        assert_eq!(value_at(&text, "/é"), "x");
        assert_eq!(value_at(&text, "/b"), format!(">-{end}   one{end}   two"));
        assert_eq!(value_at(&text, "/c"), format!("\"u{end}  v\""));
        assert_eq!(value_at(&text, "/d"), format!("[{end} 1]"));
        let expected = serde_json::json!({"é": "x", "b": "one two", "c": "u v", "d": [1]});
        assert_eq!(json(&one(&text)), expected);
    }
}

#[test]
fn a_block_text_begins_at_its_indicator() {
    for (text, expected) in [
        ("a: |\n  x\n  y\n\nb: 1\n", "|\n  x\n  y"),
        ("a: |2- # x | y\n\n   x\nb: 1\n", "|2- # x | y\n\n   x"),
        ("a: &n !!str >+\n\n\n  x\n\n\nb: 1\n", ">+\n\n\n  x"),
        ("a: |\nb: 1\n", "|"),
        ("a: |\n\n\nb: 1\n", "|"),
        ("a:\n  |\n  x\nb: 1\n", "|\n  x"),
        ("\"k > l\": \n", ""),
    ] {
        let node = one(text);
        let (_, first) = &node.entries().expect("a map")[0];
        assert_eq!(at(text, first.place), expected, "{text:?}");
    }
    assert_eq!(value_at("- |\n a\n- >\n b\n", "/1"), ">\n b");
    assert_eq!(value_at("|\n a\n", ""), "|\n a");
    assert_eq!(value_at("--- >\n a\n", ""), ">\n a");
}

#[test]
fn documents_that_say_nothing_are_skipped() {
    assert!(clean("").is_empty());
    assert!(clean("\u{feff}").is_empty());
    assert!(clean("# only this\n---\n# and this\n...\n").is_empty());
    let nodes = clean("---\n---\na: 1\n...\n---\n# x\n---\nnull\n--- b\n");
    let said: Vec<_> = nodes.iter().map(json).collect();
    assert_eq!(
        said,
        [
            serde_json::json!({"a": 1}),
            serde_json::Value::Null,
            "b".into()
        ]
    );
}

#[test]
fn a_duplicate_key_names_the_first() {
    let text = "a: 1\nb: 2\n'a': 3\n";
    let finding = only(text);
    assert_eq!(finding.code, "yaml::duplicate_key");
    assert_eq!(at(text, finding.place.expect("a place")), "'a'");
    assert_eq!(finding.related[0].0, Place::new(0, 0, 1));
    assert_eq!(read(0, text).0[0].get("a").map(json), Some(1.into()));
    refused(
        "{\"x\": {\"k\": 1, \"k\": 2}}",
        "yaml::duplicate_key",
        "\"k\"",
        "keep one",
    );
    refused(
        "a: &a {}\nb: {<<: *a, <<: *a}",
        "yaml::duplicate_key",
        "<<",
        "list of maps",
    );
}

#[test]
fn explicit_keys_win_over_merged_ones_and_earlier_maps_over_later_ones() {
    let text = "one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2}\nx:\n  <<: [*one, *two]\n  a: 0\ny:\n  c: 0\n  <<: *two\nz: {<<: {q: 1}, \"r\": 2}\n\"<<\": text\n";
    let node = one(text);
    let part = |key: &str| json(node.get(key).expect("it exists"));
    assert_eq!(part("x"), serde_json::json!({"a": 0, "b": 1, "c": 2}));
    assert_eq!(part("y"), serde_json::json!({"c": 0, "b": 2}));
    assert_eq!(part("z"), serde_json::json!({"r": 2, "q": 1}));
    assert_eq!(part("<<"), "text");
    let chain = "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n";
    assert_eq!(
        json(one(chain).get("c").expect("it exists")),
        serde_json::json!({"x": 1, "y": 2})
    );
    assert_eq!(value_at(text, "/x/c"), "2");
    assert_eq!(value_at(text, "/x"), "<<: [*one, *two]\n  a: 0");
    for (text, place) in [("<<: x", "x"), ("a: 1\n<<: [{}, 2]", "2"), ("<<:\n", "")] {
        refused(text, "yaml::merge", place, "takes a map");
    }
}

#[test]
fn only_texts_are_keys() {
    let node = one("1: a\nyes: b\nnull: c\n1.50: d\n\"\": e\n? f\n: g\n&k h: *k\n");
    let expected = serde_json::json!({"1": "a", "yes": "b", "null": "c", "1.50": "d", "": "e", "f": "g", "h": "h"});
    assert_eq!(json(&node), expected);
    assert_eq!(
        json(&one("a: &k t\n*k : u\n")),
        serde_json::json!({"a": "t", "t": "u"})
    );
    refused("? [a]\n: b\n", "yaml::key", "[a]", "a list");
    refused("? {a: 1}\n: b\n", "yaml::key", "{a: 1}", "a map");
    refused("a: 1\n: b\n", "yaml::key", ":", "no key");
    refused("a: &n 1\n*n : b\n", "yaml::key", "*n", "a number");
    for text in ["a: {{ .x }}\n", "a: {{ .x }}/y\nb: 1\n", "- {{ .x }} y\n"] {
        refused(text, "yaml::key", "{ .x }", "begin with `{{`");
    }
}

#[test]
fn aliases_share_what_they_repeat() {
    let text = "a: &a [1, {b: &t text}]\nc: *a\nd: *t\n";
    let node = one(text);
    let (Some(Data::List(first)), Some(Data::List(second))) = (
        node.get("a").map(|n| &n.data),
        node.get("c").map(|n| &n.data),
    ) else {
        panic!("both are lists");
    };
    assert!(std::sync::Arc::ptr_eq(first, second));
    assert_eq!(value_at(text, "/c"), "[1, {b: &t text}]");
    assert_eq!(value_at(text, "/d"), "text");
    assert_eq!(value_at(text, ""), text.trim_end());
    assert_eq!(value_at("x: &x 1\nl:\n  - *x\n", "/l"), "- *x");
    refused("a: *nowhere\n", "yaml::alias", "*nowhere", "nowhere");
    refused("*nowhere : 1\n", "yaml::alias", "*nowhere", "nowhere");
    refused("a: &a [*a]\n", "yaml::alias", "*a", "inside");
    refused(
        "--- &a x\n--- *a\n",
        "yaml::alias",
        "*a",
        "in this document",
    );
}

#[test]
fn what_aliases_repeat_is_limited() {
    let mut bomb = String::from("l0: &l0 [1,1,1,1,1,1,1,1,1,1]\n");
    for level in 1..10 {
        let before = format!("*l{},", level - 1).repeat(10);
        bomb += &format!("l{level}: &l{level} [{before}]\n");
    }
    refused(&bomb, "yaml::too_large", "*l3", "repeat more than");
    let long = format!(
        "a: &a \"{}\"\nl: [{}]\n",
        "x".repeat(64_000),
        "*a,".repeat(1_000)
    );
    refused(&long, "yaml::too_large", "*a", "repeat more than");
    let mut merges = String::from("a: &a\n");
    for key in 0..1_000 {
        merges += &format!("  k{key}: v\n");
    }
    for map in 0..1_000 {
        merges += &format!("m{map}: {{<<: *a}}\n");
    }
    refused(&merges, "yaml::too_large", "<<", "repeat more than");
    let few = format!(
        "a: &a [{}]\nl: [{}]\n",
        "1,".repeat(999),
        "*a,".repeat(MAX_REPEATED / 1_000)
    );
    assert_eq!(
        one(&few).get("l").and_then(Node::items).map(<[Node]>::len),
        Some(100)
    );
}

#[test]
fn nesting_is_limited_also_through_aliases() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    clean(&nested(MAX_DEPTH));
    for text in [
        nested(MAX_DEPTH + 1),
        "[".repeat(200_000),
        "{a: ".repeat(200_000),
        "- ".repeat(200_000),
        "? ".repeat(200_000),
        format!("{}{}", "- ".repeat(100), nested(100)),
        format!(
            "a: &a {}\nb: {}",
            nested(100),
            nested(100).replace("[]", "[*a]")
        ),
    ] {
        assert_eq!(only(&text).code, "yaml::too_deep");
    }
}

#[test]
fn tags_and_numbers_that_json_lacks_are_found() {
    assert_eq!(
        json(&one(
            "[!!str 1, !!int \"2\", !!float 3, !!bool 'true', !!null '', ! 4, !!seq [], !!map {}, !!str ]"
        )),
        serde_json::json!(["1", 2, 3.0, true, null, "4", [], {}, ""])
    );
    refused("a: !Ref x\n", "yaml::tag", "!Ref", "quote");
    refused("a: !!binary aGk=\n", "yaml::tag", "!!binary", "!!str");
    refused("a: !x [1]\n", "yaml::tag", "!x", "unknown tag");
    refused("a: !e!x 1\n", "yaml::tag", "!e!x", "unknown tag");
    refused("a: !!int x\n", "yaml::tag", "!!int", "an integer");
    refused("a: !!map [1]\n", "yaml::tag", "!!map", "this is a list");
    refused("a: !!seq x\n", "yaml::tag", "!!seq", "a list");
    refused("a: .inf\n", "yaml::number", ".inf", "JSON has no");
    refused(
        "a: [1, -.NaN, .nan]\n",
        "yaml::number",
        ".nan",
        "JSON has no",
    );
    refused(
        "a: 123456789012345678901\n",
        "yaml::number",
        "123456789012345678901",
        "quote",
    );
    clean(".inf: keys are texts\n123456789012345678901: too\n");
}

#[test]
fn documents_before_a_syntax_error_are_kept() {
    let (nodes, findings) = read(0, "a: 1\n---\nb: no\n---\nc: [\n---\nd: 1\n");
    assert_eq!(nodes.len(), 2);
    assert_eq!(findings.len(), 1);
    assert!(findings.has_errors());
}

#[test]
fn usual_mistakes_are_explained_where_they_are() {
    let refused = |text, place, advice| refused(text, "yaml::syntax", place, advice);
    refused("a:\n\tb: 1\n", "\t", "spaces");
    refused("a:\n  b: 1\n  \tc: 2\n", "\t", "spaces");
    refused("a: 'x\nb: 1\n", "'", "close the quote");
    refused("a: it's\nb: \"x\nc: 1\n", "\"", "close the quote");
    refused("a: \"x", "\"", "close the quote");
    refused("a: b: c\n", ":", "quote a value that contains `: `");
    refused("a:b\nc: d\n", ":", "write a space after `a:`");
    refused("a: 1\n b: 2\n", ":", "indentation");
    refused("a: {{ x y: z: }}\n", "{{", "begin with `{{`");
    refused("a: {{ x\nb: 1\n", "{{", "begin with `{{`");
    refused("a: @x\n", "@", "begin with `@`");
    refused("a: `x`\n", "`", "begin with ``");
    refused("a: %x\n", "%", "begin with `%`");
    refused("%x\na: 1\n", "a", "begin with `%`");
    refused("a: *\n", "*", "begin with `*`");
    refused("a: & b\n", "&", "begin with `&`");
    refused("a: 'x' y\n", "y", "closing quote");
    refused("a: \"\\q\"\n", "\"", "backslash");
    refused("a: [1, 2\nb: 1\n", ":", "bracket");
    refused("a: [1, 2\n", "[", "never closed");
    refused("a: [1}\n", "[", "closed by `}`");
    refused("a: ]\n", "]", "nothing is open");
    refused("a: {b: 1\n  c: 2}\n", ":", "missing");
    refused("- a\nb: 1\n", "b", "continue the list");
    refused("a:\n  b: 1\n c: 2\n", "c", "same indentation");
    refused("a: - b\n", "-", "next line");
    refused("a: >x\n  y\n", ">", "next line");
    refused("a: \u{1}\n", "\u{1}", "U+0001");
}

#[test]
fn json_is_yaml() {
    let text = "{\n\t\"a\": [1, -2.5e3, true, null, \"\\u00e9\\ud83d\\ude00\\n\\/\"],\n\t\"b\":{\"c\":\"\"}\n}\n";
    let expected: serde_json::Value = serde_json::from_str(text).expect("it is JSON");
    assert_eq!(json(&one(text)), expected);
    let pasted = "kind: x\nspec: {\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}\n";
    assert_eq!(
        json(&one(pasted))["spec"],
        serde_json::json!({"a": 1, "b": [2]})
    );
    assert_eq!(value_at(text, "/a/4"), "\"\\u00e9\\ud83d\\ude00\\n\\/\"");
}

#[test]
fn a_large_file_is_read_whole() {
    let mut text = String::new();
    for object in 0..4_000 {
        text += &format!(
            "- kind: port.blueprint\n  ref: b{object}\n  spec: {{title: \"Größe {object}\", on: [1, 2.5, no]}}\n"
        );
    }
    assert!(text.len() > 300_000);
    let node = one(&text);
    assert_eq!(node.items().map(<[Node]>::len), Some(4_000));
    assert_eq!(value_at(&text, "/3999/spec/title"), "\"Größe 3999\"");
}

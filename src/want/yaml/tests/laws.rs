//! Another reader as the oracle, and laws over random texts.

use proptest::prelude::*;

use super::{clean, json, one};
use crate::want::yaml::read;
use crate::words::{Node, Place};

/// Texts that both readers must understand alike.
const ALIKE: &[&str] = &[
    "a: 1\nb: -2\nc: 0o17\nd: 0x1F\ne: 1.5\nf: 1e3\ng: -0.5\nh: .5\ni: 1.\nj: 18446744073709551615\n",
    "a: true\nb: False\nc: TRUE\nd: yes\ne: no\nf: on\ng: y\n",
    "a: ~\nb: null\nc: Null\nd: NULL\ne:\nf: nothing\n",
    "a: 017\nb: 1_000\nc: 12:30\nd: 2026-11-20\ne: 1.2.3\nf: '12'\ng: \"true\"\n",
    "- plain text\n- 'it''s'\n- \"tab\\t quote\\\" é \\u00e9 \\U0001F600 \\x41\"\n- \"folded\n  line\n\n  two\"\n- 'a\n\n  b'\n- a\n  b\n\n  c\n",
    "a: |\n  one\n   two\n\n  three\nb: |-\n  x\nc: |+\n  y\n\nd: >\n  p\n  q\n\n  r\n   s\n  t\ne: >-\n  u\nf: |2\n    v\n",
    "a: {b: [1, 2, {c: d}], e: }\nf: []\ng: {}\nh: [a: 1, b]\n",
    "- - 1\n  - 2\n- a: 1\n  b:\n  - 3\n  -\n- ? k\n  : v\n",
    "&a a: &b [1, {x: y}]\nb: *b\nc: &c text\nd: *c\n",
    "a: !!str 1\nb: !!int '3'\nc: !!float 2\nd: !!bool 'true'\ne: !!str\n",
    "url: http://x/y?a=b#c # comment\npath: C:\\x\ntime: ${var.x}\nq: a 'b' \"c\"\nr: a, b\n",
    "%YAML 1.2\n---\na: 1\n...\n",
    "# comment\n\na: # x\n  # y\n  b: 1 # z\n\n\n",
    "a: b\r\nc: |\r\n  d\r\n  e\r\nf: 'g\r\n  h'\r\n",
    "1: a\n2.5: b\ntrue: c\n",
    "{\"a\": [1, 2.25, \"x\\ty\\/z\"], \"b\":{\"c\":null}}",
    "a: \"\\\n  x \\\n  y\"\nb: \"\\0\\a\\b\\e\\f\\v\\_\\N\\L\\P\"\n",
    "body: |\n  package spacelift\n\n  webhook[{\"x\": 1}] { true }\nquery: .body | map(.x)\nif: ${{ x }}\n",
    "\"quoted key\": 1\n'other': 2\nkey with blanks: 3\n? |\n  block\n: 4\n",
];

#[test]
fn another_reader_agrees() {
    for text in ALIKE {
        let theirs: serde_json::Value =
            serde_yaml::from_str(text).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        assert_eq!(json(&one(text)), theirs, "{text:?}");
    }
    let stream = "a: 1\n---\n- b\n--- c\n---\nd: |\n  e\n...\n";
    let theirs: Vec<serde_json::Value> = serde_yaml::Deserializer::from_str(stream)
        .map(|d| serde::Deserialize::deserialize(d).expect("they read it"))
        .collect();
    assert_eq!(clean(stream).iter().map(json).collect::<Vec<_>>(), theirs);
}

#[test]
fn another_reader_merges_alike() {
    for text in [
        "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n",
        "a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc:\n  <<: [*a, *b]\n  w: 4\n",
    ] {
        let mut theirs: serde_yaml::Value = serde_yaml::from_str(text).expect("they read it");
        theirs.apply_merge().expect("they merge it");
        let theirs = serde_json::to_value(theirs).expect("its keys are texts");
        assert_eq!(json(&one(text)), theirs, "{text:?}");
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        any::<String>().prop_filter("YAML has no such characters", |t| t.chars().all(printable)),
        "[ -~]{0,12}",
        prop::sample::select(vec![
            "", "~", "no", "017", "1e3", ".inf", "- a", "a: b", "{{ x }}", "<<", "\n", " x\ny ",
            "#", "\t"
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_filter_map("JSON has finite numbers", |f| {
            serde_json::Number::from_f64(f).map(Into::into)
        }),
        text.clone().prop_map(serde_json::Value::String),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

/// Characters that may stand in YAML without an escape, but for those of line ends and marks.
fn printable(c: char) -> bool {
    matches!(c, '\t' | '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}'
        | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

/// Every place of a node and of all inside lies in the text, between characters.
fn check_places(text: &str, node: &Node) {
    let check = |place: Place| {
        assert!(
            text.get(place.start as usize..place.end as usize).is_some(),
            "{text:?}: {place:?}"
        );
    };
    check(node.place);
    for child in node.items().unwrap_or(&[]) {
        check_places(text, child);
    }
    for (key, child) in node.entries().unwrap_or(&[]) {
        check(key.place);
        check_places(text, child);
    }
}

fn survives(text: &str) {
    let (nodes, findings) = read(0, text);
    nodes.iter().for_each(|node| check_places(text, node));
    for finding in findings.iter() {
        let places = finding
            .place
            .iter()
            .chain(finding.related.iter().map(|(p, _)| p));
        for place in places {
            assert!(
                text.get(place.start as usize..place.end as usize).is_some(),
                "{text:?}: {finding:?}"
            );
        }
        assert!(!finding.message.is_empty() && finding.code.starts_with("yaml::"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_text_is_read_back(value in any_json()) {
        let compact = value.to_string();
        prop_assert_eq!(json(&one(&compact)), value.clone(), "{}", compact);
        let pretty = serde_json::to_string_pretty(&value).expect("it is JSON");
        prop_assert_eq!(json(&one(&pretty)), value, "{}", pretty);
    }

    #[test]
    fn yaml_text_is_read_back(value in any_json()) {
        // That writer leaves a key `<<` without quotes, which is a merge key.
        prop_assume!(!value.to_string().contains("\"<<\":"));
        let text = serde_yaml::to_string(&value).expect("it can be written");
        prop_assert_eq!(json(&one(&text)), value, "{}", text);
    }

    #[test]
    fn random_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_signs_are_survived(text in "([-?:,\\[\\]{}#&*!|>'\"%@`<~ \t\r\n]|a|é|0|\u{feff}|---|\\.\\.\\.|: |- |\n  |&a |\\*a|<<: |!!int |\\{\\{){0,40}") {
        survives(&text);
    }

    #[test]
    fn mutated_texts_are_survived(
        which in 0..ALIKE.len(),
        at in any::<prop::sample::Index>(),
        length in 0..4usize,
        insert in "[-?:,\\[\\]{}#&*!|>'\"%@ \t\r\né]{0,3}",
    ) {
        let mut text: Vec<char> = ALIKE[which].chars().collect();
        let start = at.index(text.len());
        let end = (start + length).min(text.len());
        text.splice(start..end, insert.chars());
        survives(&text.into_iter().collect::<String>());
    }
}

//! The quick reader against the parser: it gives a text up, or reads it as the parser does.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::want::yaml::{quick, read_by_parser};
use crate::words::Findings;

/// Whether the quick reader takes a text; both read it alike then.
fn takes(text: &str) -> bool {
    let Some(nodes) = quick::read(3, text) else {
        return false;
    };
    let (parsed, findings) = read_by_parser(3, text);
    assert_eq!(findings, Findings::default(), "{text:?}");
    assert_eq!(nodes, parsed, "{text:?}");
    true
}

#[test]
fn what_people_write_is_read_quickly() {
    for text in [
        "",
        "\n  \n# nothing\n",
        "---\n",
        "---\n# nothing\n---\n---",
        "a: 1",
        "a: 1 # one\n# two\n\n  # three\nb:   two words  \nc: 'it''s' # x\nd: \"\"\n",
        "  a: 1\n  b:\n    c: 2\n",
        "a:\nb: # nothing\nc:\n",
        "kind: x\n---\nkind: y\n--- # the third\n\nkind: z\n---\n",
        "a: http://x/y?a=b#c\nb: a,b [c] {d}\nc: -1\nd: -x\ne: :x\nf: ?x\ng: a:b\nh: ${x.y}\ni: .a | .b\n",
        "a: true\nb: 1.5\nc: ~\nd: null\ne: 017\nf: 0x1f\ng: -0.0\nh: falsely\ni: Null\nj: +1\nk: .5\nl: ..\n",
        "a:\n- 1\n- b: 2\n  c:\n  - 3\n  -   d: 4\n      e: 5\nf:\n  - - 1\n    - 2\n  - -\n    - 3\n",
        "- a\n-\n- # none\n-   b:\n- |\n  c\n-",
        "a:\n-\n- x\nb:\n  -\n    c: 1\n  -\n    - 2\n",
        "a:\n  text\nb:\n  'text'\nc:\n  {d: e}\n",
        "a: {}\nb: []\nc: { d: e, 'f': \"g\", h: { i: [j, k] }, }\nl: [\n  1, # one\n  2,\n]\nm: {\n  n: 1,\n  o:\n    2 }\n",
        "{\"a\":1,\"b\":[true,null,\"x\"],\n \"c\" : {\"d\":-1.5}}\n",
        "[a, b]\n--- \n{c: d}\n",
        "a: \"q \\\" \\\\ \\n \\t \\/ \\u00e9\\u0007\"\nb: 'x: y # z'\n\"c d\": 1\n'e: f': 2\ng h: 3\n",
        "é: 'ö ü'\nlist: [ä, 日本]\nspace: \u{a0}x\u{3000}\n",
        "a: |\n  one\n   two\n\n  three\n\nb: |- # why\n  four\nc: |+\n  five\n\n\nd: |\n\n  six\n  # text\n\tx: 1\n# none\n"
            .replace("\tx: 1\n", "  \tx: 1\n").as_str(),
        "a: >\n  one\n  two\n\n  three\n   four\n  five\n\n\n  six\nb: >-\n  seven\n\n    eight\n\n  nine\nc: >+\n  ten\n\n",
        "- |\n one\n- k: |\n    two\n   \n  l: >\n    three",
    ] {
        assert!(takes(text), "{text:?}");
    }
}

#[test]
fn what_is_not_known_perfectly_is_given_up() {
    for text in [
        "text",
        "'text'",
        "|\n  text",
        "--- text",
        "%YAML 1.2\n---\n",
        "a: 1\n...\n",
        "a: &x 1",
        "a: *x",
        "a: !!str 1",
        "<<: {a: 1}",
        "? a\n: b",
        ": b",
        "a: 1\na: 2",
        "{a: 1, a: 2}",
        "a: {{ .x }}",
        "a: b: c",
        "a: b\n  c",
        "a: 'b\n  c'",
        "a: [b\n  c]",
        "a:\tb",
        "a: b\t# c",
        "\ta: b",
        "a: 1\r\nb: 2\r\n",
        "a: .inf",
        "a: 1e999",
        "a: 99999999999999999999",
        "a: \u{7}",
        "\u{feff}a: 1",
        "a: \"\\ud83d\\ude00\"",
        "a: \"\\u+123\"",
        "a: \"\\x41\"",
        "a: |2\n  x",
        "a: |\nb: 1",
        "a: |\n   \n  x",
        "\" | #\": |\n  x",
        "a: - b",
        "- a\nb: 1",
        "a: 1\n- b",
        "a: 1\n  b: 2",
        "  a: 1\n b: 2",
        "a: [b: c]",
        "a: {b}",
        "a: {b: }",
        "a: [,]",
        "a: [b",
        "a: [b}",
        "a: {b: c}: d",
        "a: 'b'c",
        "a: 'b'#c",
        "a: @b",
        "a: `b`",
        "a: [\n---\n]",
        "{a: 1}\nb: 2",
    ] {
        assert!(!takes(text), "{text:?}");
    }
    assert!(!takes(&format!("{}: 1", "k".repeat(1025))));
    assert!(!takes(&"[".repeat(100_000)));
    assert!(!takes(&"- ".repeat(100_000)));
    let twice: String = (0..100)
        .map(|nth| format!("key{}: 1\n", nth % 99))
        .collect();
    assert!(!takes(&twice));
}

/// Work on hostile texts stays in proportion to their length.
#[test]
fn large_texts_are_read_in_their_own_time() {
    let keys: String = (0..200_000).map(|nth| format!("a{nth}a: 1\n")).collect();
    assert!(takes(&keys));
    let long = "long ".repeat(500);
    for (before, after) in [
        ("- ", "\n"),
        ("-\n ", "\n"),
        ("- '", "'\n"),
        ("[a, ", "]"),
        ("{a: '", "'}"),
    ] {
        assert!(takes(&format!("{before}{long}{after}")), "{before}");
    }
    assert!(takes(&format!(
        "- - [{}]\n- {{a:\n  [{}]}}\n",
        "x, ".repeat(900),
        "x,\n".repeat(900)
    )));
    assert!(takes(&format!("a: |\n  x\n{}", "\n".repeat(1_000_000))));
    assert!(takes(&format!("a: {}x\n", " ".repeat(1_000_000))));
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("the folder can be listed").path();
        let known = ["yaml", "yml", "json"];
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|end| known.iter().any(|known| end == *known))
        {
            found.push(path);
        }
    }
}

/// How many of the texts in a folder the quick reader takes, and how many there are.
fn taken(folder: &Path) -> (usize, usize) {
    let mut found = Vec::new();
    files(folder, &mut found);
    let texts = found
        .iter()
        .map(|path| (path, std::fs::read_to_string(path).expect("a text")));
    let taken = texts.filter(|(path, text)| {
        let taken = takes(text);
        if !taken {
            println!("given up: {}", path.display());
        }
        taken
    });
    (taken.count(), found.len())
}

#[test]
fn examples_are_read_quickly() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["examples", "port-config"] {
        let (taken, all) = taken(&root.join(folder));
        println!("{folder}: {taken} of {all} texts are read quickly");
        assert!(
            taken * 10 >= all * 9 && all > 0,
            "{folder}: {taken} of {all}"
        );
    }
}

#[test]
fn texts_of_other_people_are_read_alike() {
    let Some(corpus) = std::env::var_os("SPACEPORT_CORPUS") else {
        println!("SPACEPORT_CORPUS is not set: real texts are not compared");
        return;
    };
    let (taken, all) = taken(Path::new(&corpus));
    println!("the corpus: {taken} of {all} texts are read quickly");
    assert!(taken > 0, "none of {all}");
}

/// A value as it may be written.
#[derive(Debug, Clone)]
enum Written {
    /// On one line.
    Scalar(String),
    /// `|` or `>` and lines.
    Lines(String, Vec<String>),
    Flow(String),
    List(usize, Vec<Written>),
    Map(usize, Vec<(String, Written)>),
}

const PLAIN: &[&str] = &[
    "a",
    "b c",
    "1",
    "-1.5",
    "true",
    "no",
    "~",
    "x:y",
    "a#b",
    "-x",
    "é ö",
    "17:30",
    "a 'b'",
    "http://x/#y",
];
const QUOTED: &[&str] = &[
    "''",
    "'it''s'",
    "\"\"",
    "\"a \\\"b\\\" \\n\"",
    "'a: b # c'",
    "\"{{ .x }}\"",
    "'é'",
    "\" x \"",
    "\"\\u00e9\"",
];
const ODD: &[&str] = &[
    "a: b",
    "a ",
    "{a",
    "&a",
    "*a",
    "!a",
    "<<",
    "- a",
    "?",
    ":x",
    "?x",
    "\"\\u00e9\"",
    "'a",
    "%a",
    "---",
    "a\tb",
    "\t",
    "..",
    "|",
    "@x",
    ".inf",
];
const COMMENTS: &[&str] = &["", "", "", "", " # x", "   ", "\n", "\n\n # y", "\n# z"];

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![8 => select(PLAIN), 5 => select(QUOTED), 1 => select(ODD)].prop_map(str::to_owned)
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => "[a-z]{1,3}",
        3 => select(QUOTED).prop_map(str::to_owned),
        3 => select(PLAIN).prop_map(str::to_owned),
        1 => select(ODD).prop_map(str::to_owned),
    ]
}

fn flow() -> impl Strategy<Value = String> {
    let gap = || select(vec!["", "", " ", " ", "  ", "\n   ", " # x\n   ", "\n"]);
    let leaf =
        prop_oneof![6 => scalar(), 1 => select(vec!["{}", "[]", "[ ]"]).prop_map(str::to_owned)];
    leaf.prop_recursive(3, 16, 4, move |inner| {
        let items = prop::collection::vec((gap(), inner.clone(), gap()), 0..4);
        let colon = select(vec![": ", ": ", ": ", ":", " : ", ":\n    ", ": # x\n  "]);
        let entries = prop::collection::vec((gap(), key(), colon, inner, gap()), 0..4);
        let end = || select(vec!["", "", "", ",", ", "]);
        prop_oneof![
            (items, end()).prop_map(|(items, end)| {
                let items: Vec<_> = items.iter().map(|(a, b, c)| format!("{a}{b}{c}")).collect();
                format!("[{}{end}]", items.join(","))
            }),
            (entries, end()).prop_map(|(entries, end)| {
                let entries = entries
                    .iter()
                    .map(|(a, b, c, d, e)| format!("{a}{b}{c}{d}{e}"));
                format!("{{{}{end}}}", entries.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

fn written() -> impl Strategy<Value = Written> {
    let header = select(vec![
        "|", "|", "|-", "|+", ">", ">-", ">+", "| # x", "|1", ">2-",
    ]);
    let lines = select(vec![
        "a", "b c", " d", "", "", "# e", "- f", "g: |", "\th", "  ", "    ", "i\u{a0}", "é", "|",
        "> ",
    ]);
    let lines = prop::collection::vec(lines.prop_map(str::to_owned), 1..6);
    let leaf = prop_oneof![
        6 => scalar().prop_map(Written::Scalar),
        1 => Just(Written::Scalar(String::new())),
        2 => flow().prop_map(Written::Flow),
        2 => (header, lines).prop_map(|(header, lines)| Written::Lines(header.to_owned(), lines)),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        let width = || select(vec![0usize, 1, 2, 2, 2, 3, 4]);
        prop_oneof![
            (width(), prop::collection::vec(inner.clone(), 1..5))
                .prop_map(|(width, items)| Written::List(width, items)),
            (width(), prop::collection::vec((key(), inner), 1..5))
                .prop_map(|(width, entries)| Written::Map(width, entries)),
        ]
    })
}

/// Writes a value behind a `:` or a `-` in this column; comments come from a wheel.
fn write(text: &mut String, value: &Written, column: usize, compact: bool, wheel: &mut Wheel<'_>) {
    let indent = |column: usize| " ".repeat(column);
    match value {
        Written::Scalar(scalar) | Written::Flow(scalar) => {
            if wheel.turn() % 16 == 15 {
                text.push('\n');
                text.push_str(&indent(column + 1));
            } else if !scalar.is_empty() {
                text.push(' ');
            }
            text.push_str(scalar);
            text.push_str(wheel.comment());
            text.push('\n');
        }
        Written::Lines(header, lines) => {
            text.push(' ');
            text.push_str(header);
            text.push('\n');
            let inner = indent(column + 1 + wheel.turn() % 3);
            for line in lines {
                if !line.is_empty() {
                    text.push_str(&inner);
                }
                text.push_str(line);
                text.push('\n');
            }
        }
        Written::List(width, _) | Written::Map(width, _) => {
            let is_list = matches!(value, Written::List(..));
            let mut inner = column
                + if is_list && !compact {
                    *width
                } else {
                    (*width).max(1)
                };
            if compact && !wheel.turn().is_multiple_of(4) {
                text.push_str(&indent(inner - column));
                inner += 1;
            } else {
                text.push_str(wheel.comment());
                text.push('\n');
                text.push_str(&indent(inner));
            }
            collection(text, value, inner, wheel);
        }
    }
}

/// Writes a collection whose first line is indented already.
fn collection(text: &mut String, value: &Written, column: usize, wheel: &mut Wheel<'_>) {
    let count = match value {
        Written::List(_, items) => items.len(),
        Written::Map(_, entries) => entries.len(),
        _ => 0,
    };
    for nth in 0..count {
        if nth > 0 {
            text.push_str(&" ".repeat(column));
        }
        match value {
            Written::List(_, items) => {
                text.push('-');
                write(text, &items[nth], column, true, wheel);
            }
            Written::Map(_, entries) => {
                text.push_str(&entries[nth].0);
                text.push(':');
                write(text, &entries[nth].1, column, false, wheel);
            }
            _ => {}
        }
    }
}

/// Small choices, one after the other.
struct Wheel<'a>(&'a [u8], usize);

impl Wheel<'_> {
    fn turn(&mut self) -> usize {
        self.1 += 1;
        usize::from(self.0[self.1 % self.0.len()])
    }

    fn comment(&mut self) -> &'static str {
        COMMENTS[self.turn() % COMMENTS.len()]
    }
}

fn text_of(documents: &[Written], wheel: &[u8]) -> String {
    let mut wheel = Wheel(wheel, 0);
    let mut text = String::new();
    for (nth, document) in documents.iter().enumerate() {
        if nth > 0 || wheel.turn() % 4 == 0 {
            text.push_str("---");
            text.push_str(wheel.comment());
            text.push('\n');
        }
        match document {
            Written::Scalar(flow) | Written::Flow(flow) => {
                text.push_str(flow);
                text.push('\n');
            }
            Written::Lines(..) => write(&mut text, document, 0, false, &mut wheel),
            _ => collection(&mut text, document, 0, &mut wheel),
        }
    }
    if wheel.turn() % 4 == 0 {
        text.pop();
    }
    text
}

fn texts() -> impl Strategy<Value = String> {
    let documents = prop::collection::vec(written(), 1..3);
    (documents, prop::collection::vec(any::<u8>(), 1..40))
        .prop_map(|(documents, wheel)| text_of(&documents, &wheel))
}

/// A change of a text.
#[derive(Debug, Clone)]
enum Change {
    /// Bytes are replaced by these.
    Splice(Index, usize, String),
    /// A line is indented by so many columns more, or less.
    Indent(Index, isize),
    /// A line moves elsewhere, or is there twice.
    Move(Index, Index, bool),
}

fn change() -> impl Strategy<Value = Change> {
    let piece = prop_oneof![
        "[-?:,\\[\\]{}#&*!|>'\"%@ \t\r\n\\\\~.a0é]{0,3}",
        select(vec![
            ": ", " #", "- ", "---", "---\n", "...\n", "\n", "\n\n", "  ", "{{", "}}", "a: ",
            "|\n", ">-\n", "\n- ", " :", "''", "\\n", "\\u0041", "\u{feff}", "\u{85}", "\u{2028}",
            "\u{a0}", "\0", "? ", "<<: ", "!!str ", "&a ", "*a",
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        5 => (any::<Index>(), 0..4usize, piece).prop_map(|(at, length, new)| Change::Splice(at, length, new)),
        2 => (any::<Index>(), -3isize..4).prop_map(|(line, by)| Change::Indent(line, by)),
        1 => (any::<Index>(), any::<Index>(), any::<bool>())
            .prop_map(|(from, to, twice)| Change::Move(from, to, twice)),
    ]
}

fn changed(text: &str, change: &Change) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    match change {
        Change::Splice(at, length, new) => {
            let mut letters: Vec<char> = text.chars().collect();
            let start = at.index(letters.len() + 1);
            let end = (start + length).min(letters.len());
            letters.splice(start..end, new.chars());
            return letters.into_iter().collect();
        }
        Change::Indent(line, by) if !lines.is_empty() => {
            let line = &mut lines[line.index(text.lines().count())];
            if *by > 0 {
                line.insert_str(0, &" ".repeat(by.unsigned_abs()));
            }
            for _ in 0..-by {
                *line = line.strip_prefix(' ').unwrap_or(line).to_owned();
            }
        }
        Change::Move(from, to, twice) if !lines.is_empty() => {
            let at = from.index(lines.len());
            let line = if *twice {
                lines[at].clone()
            } else {
                lines.remove(at)
            };
            let to = to.index(lines.len() + 1);
            lines.insert(to, line);
        }
        Change::Indent(..) | Change::Move(..) => {}
    }
    lines.concat()
}

/// Most of what the grammar writes is taken: the law below is about something.
#[test]
fn a_decent_share_is_not_given_up() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut plain, mut mutated) = (0, 0);
    for _ in 0..1000 {
        let sample = (texts(), change())
            .new_tree(&mut runner)
            .expect("no filter");
        let (text, change) = sample.current();
        plain += usize::from(takes(&text));
        mutated += usize::from(takes(&changed(&text, &change)));
    }
    println!("taken: {plain} of 1000 texts, {mutated} of 1000 changed ones");
    assert!(plain > 300 && mutated > 150, "{plain}, {mutated}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_read_alike(text in texts(), changes in prop::collection::vec(change(), 0..4)) {
        takes(&text);
        let mut text = text;
        for change in &changes {
            text = changed(&text, change);
            takes(&text);
        }
    }

    #[test]
    fn both_read_signs_alike(text in "([-?:,\\[\\]{}#&*!|>'\"%@ \t\r\n]|a|é|0|: |- |\n  |\n|---|a: |\n- |<<: |\\\\n|  ){0,24}") {
        takes(&text);
    }
}

//! What "inert" means for each format, as a scanner of its own, and the law that all texts are.
//!
//! The scanners know what our renderers may write and take nothing else: they share no code with
//! the escapes that they judge.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use crate::act::report::{Outcome, Report};
use crate::decide::diff::FieldChange;
use crate::decide::drift::{Before, Drift, Drifted, DriftedPlace, Fate, How};
use crate::decide::plan::{Action, Part, Plan, Reason, Refusal, Skipped, Why};
use crate::kinds::{Rename, Touch};
use crate::show::checkup::{self, Checkup};
use crate::show::graph::Diagram;
use crate::show::header::{LastApply, Target};
use crate::show::render::human::tests::{
    addr, change, create, delete, field, is_calm, map, pointer, update,
};
use crate::show::render::{github, human, markdown};
use crate::show::{Header, Style};
use crate::words::{Addr, Finding, Place, Sources, Value};

/// Texts that mean something to somebody.
const HOSTILE: &[&str] = &[
    "`",
    "``",
    "```",
    "````````",
    "~~~",
    "\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    "\t",
    "@all",
    "@octo/team",
    "a@b.co",
    "::error::x",
    "::set-output name=a::b",
    "::",
    "##[error]x",
    "##[",
    "##vso[task]",
    "<script>x</script>",
    "</code>",
    "</summary>",
    "</details>",
    "<!--",
    "-->",
    "--!>",
    "<img src=x onerror=y>",
    "&lt;",
    "&#64;",
    "&",
    "\u{1b}[31m",
    "\u{1b}]8;;http://x\u{7}",
    "\u{9b}2J",
    "%0A",
    "%0D",
    "%3A",
    "%",
    "click n0 \"javascript:x\"",
    "%%{init: {\"theme\":\"x\"}}%%",
    "\"]",
    "\"",
    "'",
    "]",
    "[",
    ";",
    "end",
    "n0 --> n1",
    "\u{202e}",
    "\u{200b}",
    "\u{200f}",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "|",
    "\\",
    "\\|",
    "\\`",
    "$x$",
    "$`x`$",
    "![a](http://x/y)",
    "[a](b)",
    "[a]: b",
    "#12",
    "octo/repo#1",
    "GH-12",
    "http://evil.example/a?b",
    "www.evil.example",
    "https://",
    "*b*",
    "**",
    "__c__",
    "> q",
    "- l",
    "1. l",
    "1)",
    "# h",
    "===",
    "---",
    ":tada:",
    "deadbeef",
    "0123456789abcdef",
    ",",
    ":",
    "(",
    ")",
    "é",
    "日本",
    "👩‍🚀",
    "{",
    "}",
    "subgraph x",
    "style n0:#fff;",
    "classDef x:y #z;",
    "port.blueprint.a",
    "@@ x @@",
    "+ a",
    "\u{a0}",
    "\u{3000}::error::y",
    "it is",
    "known after apply",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => select(HOSTILE).prop_map(str::to_owned),
        1 => "\\PC{0,3}",
        1 => "[\\x00-\\x7f]{0,4}",
    ];
    proptest::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

type Verdict = Result<(), String>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

/// No line commands a runner that reads it in its log.
fn no_commands(text: &str) -> Verdict {
    for line in text.split(['\n', '\r']) {
        let commands =
            line.trim_start().starts_with("::") || line.contains("##[") || line.contains("##vso[");
        ensure(!commands, || format!("a command: {line:?}"))?;
    }
    Ok(())
}

/// No character steers a terminal, or hides or reorders what stands beside it.
fn visible(text: &str) -> Verdict {
    let bad = text.chars().find(|c| {
        (c.is_control() && *c != '\n')
            || matches!(u32::from(*c), 0xad | 0x61c | 0x200b | 0x200e | 0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff)
    });
    ensure(bad.is_none(), || format!("{bad:?} in {text:?}"))
}

/// Markdown is inert when each line has a form of ours, fences hold what begins in them, and
/// outside of code spans there are plain words and our own marks alone.
fn markdown_is_inert(text: &str) -> Verdict {
    visible(text)?;
    no_commands(text)?;
    let mut fence: Option<(usize, &str)> = None;
    let mut columns = 0;
    let mut open = 0;
    for (number, line) in text.lines().enumerate() {
        let ticks = |line: &str| line.len() - line.trim_start_matches('`').len();
        if let Some((length, language)) = fence {
            let body = line.trim_start_matches(' ');
            if line.len() - body.len() < 4
                && ticks(body) >= length
                && ticks(body) == body.trim_end().len()
            {
                ensure(line == "`".repeat(length), || {
                    format!("closes a fence: {line:?}")
                })?;
                fence = None;
            } else if language == "mermaid" {
                mermaid_line(line)?;
            } else if language == "diff" {
                let marked = ["+", "-", "  ", "@@ "]
                    .iter()
                    .any(|sign| line.starts_with(sign));
                ensure(marked || line.is_empty(), || {
                    format!("an unmarked line: {line:?}")
                })?;
            }
            continue;
        }
        // With backticks in what follows it would be a code span.
        if line.starts_with("```") && !line.trim_start_matches('`').contains('`') {
            let language = &line[ticks(line)..];
            ensure(["diff", "mermaid", "text"].contains(&language), || {
                format!("opens a fence: {line:?}")
            })?;
            fence = Some((ticks(line), language));
            continue;
        }
        if !line.starts_with('|') {
            columns = 0;
        }
        // Two spaces would be a line break, and a mark alone would underline a heading.
        let ends = line.ends_with(' ') || line.trim_start_matches('>').trim() == "-";
        ensure(!ends || line.starts_with('|'), || {
            format!("an open end: {line:?}")
        })?;
        match line {
            "" | ">" | "> [!CAUTION]" | "> [!WARNING]" | "> [!NOTE]" => {}
            "<details>" | "<details open>" => open += 1,
            "</details>" => open -= 1,
            line if line.starts_with("<!--") => {
                let name = line
                    .strip_prefix("<!-- spaceport plan: ")
                    .and_then(|rest| rest.strip_suffix(" -->"));
                let plain = |name: &str| {
                    !name.contains("--")
                        && name
                            .chars()
                            .all(|c| c.is_ascii_alphanumeric() || "._%/-".contains(c))
                };
                ensure(number == 0 && name.is_some_and(plain), || {
                    format!("a comment: {line:?}")
                })?;
            }
            "<summary>Wiring</summary>" => {}
            line if line.starts_with("<summary>") => summary_line(line)?,
            line if line.starts_with('|') => row(line, &mut columns)?,
            line => {
                let prefixes = ["## ", "> - ", "> ", "- … ", "- ", "  - ", "… ", ""];
                let rest = prefixes
                    .iter()
                    .find_map(|prefix| line.strip_prefix(prefix))
                    .unwrap_or(line);
                inline(rest)?;
            }
        }
    }
    ensure(fence.is_none() && open == 0, || {
        "something stays open".to_owned()
    })
}

/// `<summary><code>…</code> word</summary>`, with entities for all that is not plain.
fn summary_line(line: &str) -> Verdict {
    let body = line
        .strip_prefix("<summary><code>")
        .and_then(|rest| rest.strip_suffix("</summary>"));
    let parts = body.and_then(|body| body.split_once("</code> "));
    let holds = parts.is_some_and(|(name, action)| {
        let mut rest = name;
        while let Some((before, after)) = rest.split_once('&') {
            let entity = after
                .strip_prefix('#')
                .and_then(|after| after.split_once(';'));
            match entity {
                Some((digits, after)) if plain(before) && digits.parse::<u32>().is_ok() => {
                    rest = after
                }
                _ => return false,
            }
        }
        plain(rest) && action.chars().all(|c| c.is_ascii_lowercase())
    });
    fn plain(text: &str) -> bool {
        !text.contains(['<', '>', '"', '\'', '@', '#', '`', '|', ':'])
    }
    ensure(holds, || format!("a summary: {line:?}"))
}

/// A row has as many cells as the row above, each inert on its own.
fn row(line: &str, columns: &mut usize) -> Verdict {
    let mut cells = vec![String::new()];
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A backslash takes the next character along, as cmark-gfm reads rows.
            '\\' => match chars.next() {
                Some('|') => cells.last_mut().expect("a cell").push('|'),
                Some(next) => cells.last_mut().expect("a cell").extend(['\\', next]),
                None => cells.last_mut().expect("a cell").push('\\'),
            },
            '|' => cells.push(String::new()),
            c => cells.last_mut().expect("a cell").push(c),
        }
    }
    if *columns == 0 {
        *columns = cells.len();
    }
    ensure(cells.len() == *columns, || {
        format!("another number of cells: {line:?}")
    })?;
    for cell in &cells {
        let cell = cell.trim();
        if !cell.chars().all(|c| "-:".contains(c)) {
            inline(cell).map_err(|what| format!("{what} in {line:?}"))?;
        }
    }
    Ok(())
}

/// Outside of code spans, plain words and `**` alone.
fn inline(text: &str) -> Verdict {
    let mut outside = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        outside.push_str(&rest[..at]);
        outside.push('\u{1}');
        let run = |text: &str| text.len() - text.trim_start_matches('`').len();
        let length = run(&rest[at..]);
        let mut from = at + length;
        loop {
            let Some(next) = rest[from..].find('`') else {
                return Err(format!("an unclosed code span: {text:?}"));
            };
            let close = run(&rest[from + next..]);
            from += next + close;
            if close == length {
                break;
            }
        }
        rest = &rest[from..];
    }
    outside.push_str(rest);
    let outside = outside.replace("**", "");
    for word in outside.split([' ', '\u{1}']) {
        let bad = word
            .chars()
            .find(|c| !(c.is_alphanumeric() || ".,;:!?()%…·→×±—–'’-".contains(*c)));
        ensure(bad.is_none(), || {
            format!("{bad:?} stands outside of code: {text:?}")
        })?;
        let lower = word.to_lowercase();
        let linked = lower.contains("www.") || lower.contains("://") || lower.starts_with("gh-");
        ensure(!linked, || format!("a link: {text:?}"))?;
        let parts: Vec<&str> = word.split(':').collect();
        let inner = parts.get(1..parts.len() - 1).unwrap_or(&[]);
        let names = |c: char| c.is_alphanumeric() || "_+-".contains(c);
        let emoji = inner
            .iter()
            .any(|name| !name.is_empty() && name.chars().all(names));
        ensure(!emoji, || format!("an emoji: {text:?}"))?;
    }
    Ok(())
}

/// `n` and digits.
fn is_node(text: &str) -> bool {
    text.strip_prefix('n')
        .is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()))
}

/// Letters, plain marks and entities by number.
fn is_label(text: &str) -> bool {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('#') {
        let Some((digits, after)) = after.split_once(';') else {
            return false;
        };
        if !is_plain(before) || digits.parse::<u32>().is_err() {
            return false;
        }
        rest = after;
    }
    fn is_plain(text: &str) -> bool {
        text.chars()
            .all(|c| c.is_alphanumeric() || " ._-/,·…".contains(c))
    }
    is_plain(rest)
}

/// A line of Mermaid is a node, an edge, a cluster or a class of ours.
fn mermaid_line(line: &str) -> Verdict {
    let words = line.trim_start();
    let node = || {
        let (id, rest) = words.split_once("[\"")?;
        Some(is_node(id) && is_label(rest.strip_suffix("\"]")?))
    };
    let edge = || {
        let (from, rest) = words
            .split_once(" --> ")
            .map(|(from, to)| (from, (None, to)))
            .or_else(|| {
                let (from, rest) = words.split_once(" -->|\"")?;
                let (label, to) = rest.split_once("\"| ")?;
                Some((from, (Some(label), to)))
            })?;
        Some(is_node(from) && is_node(rest.1) && rest.0.is_none_or(is_label))
    };
    let class = || {
        let (nodes, name) = words.strip_prefix("class ")?.split_once(' ')?;
        Some(nodes.split(',').all(is_node) && name.chars().all(|c| c.is_ascii_lowercase()))
    };
    let look = || {
        let look = words.strip_prefix("classDef ")?;
        Some(
            look.chars()
                .all(|c| c.is_ascii_alphanumeric() || " :,-#".contains(c)),
        )
    };
    let ours = [
        "flowchart LR",
        "subgraph port[\"Port\"]",
        "subgraph spacelift[\"Spacelift\"]",
        "end",
    ]
    .contains(&words);
    let holds = ours || [node(), edge(), class(), look()].contains(&Some(true));
    ensure(holds, || format!("Mermaid: {line:?}"))
}

/// A line of DOT is a node, an edge or a cluster of ours, with labels that end where we end them.
fn dot_line(line: &str) -> Verdict {
    let words = line.trim_start();
    let label = |text: &str| {
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => {
                    chars.next().filter(|c| *c == '\\' || *c == '"')?;
                }
                '"' => return None,
                '&' => {
                    chars = chars.as_str().strip_prefix("amp;")?.chars();
                }
                _ => {}
            }
        }
        Some(())
    };
    let node = || {
        let (id, rest) = words.split_once(" [label=")?;
        let rest = rest.strip_suffix("];")?;
        let text = rest.strip_suffix(", style=dashed").unwrap_or(rest);
        let ends = id.split(" -> ").all(is_node);
        (ends && label(text).is_some()).then_some(())
    };
    let bare = || {
        let (from, to) = words.strip_suffix(';')?.split_once(" -> ")?;
        (is_node(from) && is_node(to)).then_some(())
    };
    let ours = [
        "digraph spaceport {",
        "rankdir=LR;",
        "node [shape=box];",
        "subgraph cluster_port {",
        "subgraph cluster_spacelift {",
        "label=\"Port\";",
        "label=\"Spacelift\";",
        "}",
    ];
    let holds = ours.contains(&words) || node().is_some() || bare().is_some();
    ensure(holds, || format!("DOT: {line:?}"))
}

/// Each line is one annotation, read as GitHub's runner reads it.
fn annotations_are_inert(text: &str) -> Verdict {
    visible(text)?;
    for line in text.lines() {
        let what = || format!("an annotation: {line:?}");
        let rest = line.strip_prefix("::").ok_or_else(what)?;
        let (command, data) = rest.split_once("::").ok_or_else(what)?;
        let (name, properties) = command.split_once(' ').ok_or_else(what)?;
        ensure(["error", "warning", "notice"].contains(&name), what)?;
        for property in properties.split(',') {
            let (key, value) = property.split_once('=').ok_or_else(what)?;
            ensure(
                ["file", "line", "col", "title"].contains(&key) && !value.contains(':'),
                what,
            )?;
        }
        ensure(
            !line.contains("##[") && escapes_are_ours(data) && escapes_are_ours(properties),
            what,
        )?;
    }
    Ok(())
}

/// Each `%` begins an escape that GitHub undoes, so none of the user's does.
fn escapes_are_ours(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        ["25", "0D", "0A", "3A", "2C", "23"]
            .iter()
            .any(|code| rest.starts_with(code))
    })
}

/// Drift in which every text is one of these; the first object was only changed.
fn drift_of(texts: &[String]) -> Drift {
    let text = |n: usize| texts[n % texts.len()].clone();
    let value = |n: usize| Some(Value::text(text(n)));
    let place = |n: usize, how: How, before: Before| DriftedPlace {
        path: pointer("/a").join(text(n)),
        how,
        live: Some(json!({ text(n + 1): [text(n + 2)] }).into()),
        before,
    };
    let drifted = |kind: &str, n: usize, fate: Fate| {
        let at = addr(&format!("port.{kind}.x"));
        let name = match text(n) {
            name if name.is_empty() => "x".to_owned(),
            name => name,
        };
        Drifted {
            addr: Addr::new(at.service, at.kind, name),
            id: text(n + 1),
            fate,
            renamed: None,
            places: Vec::new(),
            rewritten: true,
            remarks: vec![text(n + 2)],
            touched: Touch {
                at: Some(text(n + 3)),
                by: Some(text(n + 4)),
            },
        }
    };
    let mut changed = drifted("blueprint", 0, Fate::Changed);
    changed.places = vec![
        place(0, How::Changed, Before::Applied(value(1))),
        place(1, How::Changed, Before::Edited(value(2))),
        place(2, How::Came, Before::Edited(None)),
        place(3, How::Went, Before::Unknown),
        DriftedPlace {
            live: Some(Value::text(format!("{}\n{}\n", text(1), text(2)))),
            ..place(
                4,
                How::Changed,
                Before::Applied(Some(Value::text(format!("{}\n{}\n", text(3), text(4))))),
            )
        },
    ];
    let mut renamed = drifted("webhook", 1, Fate::Changed);
    renamed.renamed = Some(text(2));
    let replaced = drifted("action", 2, Fate::Replaced(text(3)));
    let gone = drifted("secret", 3, Fate::Gone);
    Drift {
        accepted: vec![gone.addr.clone()],
        targets: BTreeSet::from([renamed.addr.clone()]),
        notes: vec![text(4), format!("`{}`", text(0))],
        objects: vec![changed, renamed, replaced, gone],
        same: 1,
    }
}

/// A plan in which every text is one of these.
fn plan_of(texts: &[String]) -> (Plan, Header) {
    let text = |n: usize| texts[n % texts.len()].clone();
    let named = |kind: &str, n: usize| {
        let at = addr(&format!("port.{kind}.x"));
        let name = if text(n).is_empty() {
            "x".to_owned()
        } else {
            text(n)
        };
        Addr::new(at.service, at.kind, name)
    };
    let nested = map(vec![
        (&text(0), Value::text(text(1))),
        ("list", json!([text(2), { text(3): text(4) }]).into()),
        (
            "block",
            Value::text(format!("{}\n{}\n{}", text(1), text(2), text(3))),
        ),
        ("url", Value::text(text(4))),
    ]);
    let mut created = create("port.blueprint.x", nested.clone());
    created.addr = named("blueprint", 0);
    created.needs = BTreeSet::from([named("blueprint", 1), named("webhook", 2)]);
    let side = |n: usize| Some(Value::text(format!("{}\n{}\n", text(n), text(n + 1))));
    let mut updated = update(
        "port.blueprint.y",
        vec![
            FieldChange {
                path: pointer("/a").join(text(0)),
                before: Some(Value::text(text(1))),
                after: Some(Value::text(text(2))),
            },
            FieldChange {
                path: pointer("/b"),
                before: Some(json!([text(3)]).into()),
                after: Some(json!([text(4), text(1)]).into()),
            },
            FieldChange {
                path: pointer("/c"),
                before: Some(nested.clone()),
                after: None,
            },
            FieldChange {
                path: pointer("/d"),
                before: side(1),
                after: side(2),
            },
            field("/e", json!(text(1).repeat(60)), json!(text(1).repeat(59))),
        ],
    );
    updated.addr = named("blueprint", 1);
    updated.from = Some(named("blueprint", 3));
    updated.unknown = vec![pointer("/u").join(text(2))];
    updated.renames = vec![Rename {
        at: pointer("/r").join(text(3)),
        to: text(4),
    }];
    updated.part = Some(Part {
        places: vec![pointer("/p").join(text(0))],
        given_up: vec![pointer("/g").join(text(1))],
        ..Part::default()
    });
    updated.want = Some(map(vec![(
        "relations",
        map(vec![(&text(3), json!({"target": text(2)}).into())]),
    )]));
    updated.needs = BTreeSet::from([named("blueprint", 2)]);
    updated.drift = drift_of(texts).objects.into_iter().next().map(Box::new);
    created.drift = drift_of(texts).objects.pop().map(Box::new);
    let mut depends = change(
        "port.webhook.z",
        Action::Update,
        Reason::DependsOn(named("webhook", 4), text(3)),
    );
    depends.addr = named("webhook", 2);
    let mut adopted = change("port.secret.z", Action::Adopt, Reason::Equal);
    adopted.addr = named("secret", 3);
    let mut gone = delete("port.blueprint.w", &text(2));
    gone.addr = named("blueprint", 4);
    let refusal = || Refusal {
        guard: "brake",
        addrs: vec![named("blueprint", 0), named("blueprint", 1)],
        message: text(1),
        allow: text(2),
    };
    let skipped = Skipped {
        addr: named("action", 2),
        action: Action::Create,
        why: Why::Needs(named("action", 3)),
    };
    let plan = Plan {
        changes: vec![created, updated, gone, depends, adopted],
        refusals: vec![refusal()],
        waived: vec![refusal()],
        skipped: vec![skipped],
        notes: vec![text(3), format!("`{}` is not {}", text(1), text(2))],
        missing_secrets: vec![(
            named("secret", 0),
            pointer("/s").join(text(1)),
            vec![text(2)],
        )],
        targets: BTreeSet::from([named("blueprint", 4)]),
        ..Plan::default()
    };
    let header = Header {
        project: text(0),
        environment: Some(text(1)),
        port: Some(Target {
            who: Some(text(2)),
            origin: text(3),
            source: text(4),
            ..Target::default()
        }),
        ledger: text(2),
        last_apply: Some(LastApply {
            commit: Some(text(3)),
            age: text(4),
        }),
        ..Header::default()
    };
    (plan, header)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_stays_inert_in_every_format(texts in proptest::collection::vec(hostile(), 5)) {
        let (plan, header) = plan_of(&texts);
        let drift = drift_of(&texts);
        let text = |n: usize| texts[n].clone();
        let failed = Outcome::Failed { message: text(0), help: Some(text(1)) };
        let at = plan.changes[0].addr.clone();
        let report = Report {
            outcomes: vec![(at.clone(), Action::Create, failed.clone()), (at.clone(), Action::Delete, Outcome::Skipped(text(2)))],
            ledger_problem: Some(text(3)),
            ..Report::default()
        };
        let spot = |_: &Addr| Some(github::Spot { file: text(4), line: 3, column: 4 });
        let mut sources = Sources::default();
        let file = sources.add(text(1), text(2));
        let found = [
            Finding::error("config::unknown_field", Place::new(file, 0, text(2).len()), text(3)).help(text(4)),
            Finding::warning("lint::open_action", None, text(0)),
        ];

        let mut checkup = Checkup::default();
        checkup.topic("Port");
        checkup.well(text(0));
        checkup.wrong(text(1), Some(text(2)));

        for (verbose, colour) in [(0, false), (1, false), (0, true)] {
            let style = Style { verbose, colour, ..Style::default() };
            let shown = [
                human::plan(&plan, &header, &style),
                human::drift::drift(&drift, &header, &style),
                human::report(&report, &style),
                checkup::human(&checkup, &style),
                human::progress(human::Column::of(&plan), &at, Action::Create, &failed, &style),
                crate::show::findings::human(&found, &sources, &style),
            ].concat();
            prop_assert!(is_calm(&shown), "{shown:?}");
            // A runner reads colours as text, but need not.
            let bare = shown.replace("\u{1b}[", "\u{1b}").split('\u{1b}').map(|part| match part.split_once('m') {
                Some((sgr, rest)) if sgr.chars().all(|c| c.is_ascii_digit() || c == ';') => rest,
                _ => part,
            }).collect::<String>();
            let verdict = no_commands(if colour { &bare } else { &shown });
            prop_assert!(verdict.is_ok(), "{verdict:?}\n{shown}");
        }
        for shown in [
            markdown::plan(&plan, &header, None, &Diagram::of_plan(&plan)),
            markdown::drift(&drift, &header),
            markdown::report(&report),
            markdown::findings(&found, &sources, &text(0)),
        ] {
            let verdict = markdown_is_inert(&shown);
            prop_assert!(verdict.is_ok(), "{verdict:?}\n{shown}");
        }
        for (shown, lines) in [
            (github::plan(&plan, &header, &spot), 6),
            (github::drift(&drift, &spot), 5),
            (github::report(&report, &spot), 4),
            (github::findings(&found, &sources, &text(0)), 2),
        ] {
            let verdict = annotations_are_inert(&shown);
            prop_assert!(verdict.is_ok(), "{verdict:?}\n{shown}");
            prop_assert_eq!(shown.lines().count(), lines, "{}", shown);
        }
        let diagram = Diagram::of_plan(&plan);
        for line in diagram.mermaid() {
            let verdict = visible(&line).and_then(|()| mermaid_line(&line));
            prop_assert!(verdict.is_ok(), "{verdict:?}");
        }
        for line in diagram.dot() {
            let verdict = visible(&line).and_then(|()| dot_line(&line));
            prop_assert!(verdict.is_ok(), "{verdict:?}");
        }
    }
}

/// The scanners can fail.
#[test]
fn the_scanners_see_what_is_not_inert() {
    for bad in [
        "a @all",
        "a <b>",
        "a `b",
        "```js\n```\n",
        "> # a",
        "::error::x",
        "a http://x",
        "~~~\n",
        "<!-- a -->",
        "a \u{202e}",
        "| a | b |\n| a |\n",
        "```diff\nx\n```\n",
        "```diff\n  ````\n```\n",
        "<details>\n",
        "<summary><code>@</code> a</summary>",
        "#12",
        "[a](b)",
        "*a*",
        "$a$",
        "> -",
        "- ",
        "a ",
        ":tada:",
        "GH-1",
        "```mermaid\nclick n0 x\n```\n",
        "```text\n ````\n```\n",
    ] {
        assert!(markdown_is_inert(bad).is_err(), "{bad:?}");
    }
    for good in [
        "a `@all`, b.",
        "```` ``` ````",
        "| `a\\|b` | c |\n|---|---|\n| d | e |",
        "````diff\n+ ```\n````\n",
    ] {
        assert_eq!(markdown_is_inert(good), Ok(()), "{good:?}");
    }
    for bad in [
        "n0[\"a\"b\"]",
        "n0[\"a;\"]",
        "click n0 \"x\"",
        "n0 -->|\"a\"b\"| n1",
        "%%{init}%%",
        "end x",
    ] {
        assert!(mermaid_line(bad).is_err(), "{bad:?}");
    }
    for bad in [
        "n0 [label=\"a\"b\"];",
        "n0 [label=\"a\\\"];",
        "n0 [label=\"&lt;\"];",
        "x -> n0;",
        "n0 [label=\"\\N\"];",
    ] {
        assert!(dot_line(bad).is_err(), "{bad:?}");
    }
    for bad in [
        "::error title=a:b::x",
        "::set-output name=a::b",
        "x",
        "::error title=a::x%0a",
        "::error title=a,b=c::x",
    ] {
        assert!(annotations_are_inert(bad).is_err(), "{bad:?}");
    }
}

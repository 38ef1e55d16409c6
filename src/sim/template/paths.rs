//! What a program reads of its input: `.secrets["my-name"]`, `.inputs.stack.identifier`.
//!
//! By words alone, and modest: a path counts only where `.` is surely the program's own input. After a
//! pipe, in `map(…)` or in the body of a `reduce` it is something else, and nothing is said.

use std::ops::Range;

use super::tokens::{Token, tokens};

/// Functions whose arguments see the same `.` as the function itself.
const TRANSPARENT: [&str; 31] = [
    "IN",
    "capture",
    "contains",
    "del",
    "delpaths",
    "endswith",
    "error",
    "first",
    "flatten",
    "getpath",
    "gsub",
    "has",
    "index",
    "indices",
    "inside",
    "isempty",
    "join",
    "last",
    "limit",
    "ltrimstr",
    "match",
    "path",
    "pick",
    "range",
    "rindex",
    "rtrimstr",
    "select",
    "split",
    "startswith",
    "sub",
    "test",
];

/// The paths that a program reads, with the bytes that each takes, in the order of the text. A path goes as
/// far as its keys are known: `.body.items[0].name` reads `body`, `items`. A program that is not well
/// formed may give fewer, none that it has not.
pub fn paths(program: &str) -> Vec<(Vec<String>, Range<usize>)> {
    let mut walk = Walk::default();
    walk.run(program, 0, true);
    walk.found.sort_by_key(|(_, span)| span.start);
    walk.found
}

/// Whether a program may read more of its input than [`paths`] says: `. as $all | …`, `to_entries`, `..`, a function
/// of its own. Modest the other way round: said of some programs that read no more.
pub fn reads_more(program: &str) -> bool {
    let mut walk = Walk::default();
    walk.run(program, 0, true);
    walk.more
}

/// The words that read nothing of `.` by themselves.
const INDIFFERENT: [&str; 20] = [
    "if", "then", "elif", "else", "end", "as", "try", "catch", "and", "or", "label", "break",
    "true", "false", "null", "now", "empty", "nan", "infinite", "not",
];

/// The functions that read nothing of `.` but what their arguments do.
const OF_ARGUMENTS: [&str; 7] = ["first", "last", "limit", "range", "error", "isempty", "IN"];

/// Whether a name stands anywhere in a program, as a key, a word or a text: `false` means that nothing of
/// that name is read.
pub(crate) fn mentions(program: &str, name: &str) -> bool {
    names(program).iter().any(|found| found == name)
}

/// How many `.key` stand in a program, also those of which nobody can tell what they are read of.
pub fn keys(program: &str) -> usize {
    let of = |(token, _): &(Token, Range<usize>)| match token {
        Token::Key(_) => 1,
        Token::Text(_, inner) => {
            let inner = inner.iter().filter_map(|span| program.get(span.clone()));
            inner.map(keys).sum()
        }
        _ => 0,
    };
    tokens(program).iter().map(of).sum()
}

/// All keys, words and plain texts of a program, as often as they stand there, and in no order.
pub fn names(program: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (token, _) in tokens(program) {
        match token {
            Token::Key(word) | Token::Word(word) => found.push(word),
            Token::Text(text, inner) => {
                found.extend(text);
                let inner = inner.into_iter().filter_map(|span| program.get(span));
                found.extend(inner.flat_map(names));
            }
            _ => {}
        }
    }
    found
}

/// A bracket or an `if` that is open.
struct Group {
    /// What closes it: a bracket, or `e` for `end`.
    close: u8,
    /// Whether `.` is the input where it begins.
    root: bool,
    /// The same outside.
    outer: bool,
    /// Whether an `as` was under way outside.
    binding: bool,
}

#[derive(Default)]
struct Walk {
    found: Vec<(Vec<String>, Range<usize>)>,
    /// Whether `.` is read in other ways, too.
    more: bool,
}

impl Walk {
    /// Reads the words of a part of the program that begins at `offset`.
    fn run(&mut self, text: &str, offset: usize, root: bool) {
        let words = tokens(text);
        let mut state = State {
            root,
            after_term: false,
            binding: false,
            caught: false,
            call: None,
            key: false,
            groups: Vec::new(),
        };
        let mut at = 0;
        while let Some((token, span)) = words.get(at) {
            let sign = |i: usize, wanted: u8| matches!(words.get(i), Some((Token::Sign(s), _)) if *s == wanted);
            at += 1;
            if let Token::Text(_, inner) = token {
                for part in inner {
                    if let Some(part_text) = text.get(part.clone()) {
                        self.run(part_text, offset + part.start, state.root);
                    }
                }
            }
            match token {
                Token::Key(_) | Token::Dot => {
                    let (keys, next) = read(&words, at - 1);
                    let end = words
                        .get(next.saturating_sub(1))
                        .map_or(span.end, |(_, s)| s.end);
                    if state.reads() && keys.is_empty() {
                        self.more = true;
                    } else if state.reads() {
                        self.found.push((keys, offset + span.start..offset + end));
                    }
                    at = next.max(at);
                    state.term();
                }
                Token::Text(Some(name), _) | Token::Word(name) if state.key => {
                    // `{name}` is short for `{name: .name}`.
                    if !sign(at, b':') && state.reads() {
                        let span = offset + span.start..offset + span.end;
                        self.found.push((vec![name.clone()], span));
                    }
                    state.term();
                }
                Token::Word(word) => {
                    let called = sign(at, b'(');
                    self.more |= state.reads() && !is_indifferent(word, called);
                    // What they see as `.` is no longer told.
                    self.more |= matches!(word.as_str(), "reduce" | "foreach" | "def");
                    state.word(word, called);
                }
                Token::Sign(sign) => state.sign(*sign),
                Token::Update => {
                    state.root = false;
                    state.after_term = false;
                }
                Token::Operator => state.after_term = false,
                Token::Recurse => {
                    self.more |= state.reads();
                    state.term();
                }
                Token::Text(..) | Token::Atom => state.term(),
            }
        }
    }
}

fn is_indifferent(word: &str, called: bool) -> bool {
    INDIFFERENT.contains(&word) || (called && OF_ARGUMENTS.contains(&word))
}

/// The keys of a path that begins with the given word, and the word after it.
fn read(words: &[(Token, Range<usize>)], mut at: usize) -> (Vec<String>, usize) {
    let token = |i: usize| words.get(i).map(|(token, _)| token);
    let mut keys = Vec::new();
    loop {
        let bracket = at + usize::from(token(at) == Some(&Token::Dot));
        match (token(at), token(at + 1)) {
            (Some(Token::Key(key)), _) => {
                keys.push(key.clone());
                at += 1;
            }
            (Some(Token::Dot), Some(Token::Text(Some(key), _))) => {
                keys.push(key.clone());
                at += 2;
            }
            (Some(Token::Sign(b'?')), _) if !keys.is_empty() => at += 1,
            _ => match (token(bracket), token(bracket + 1), token(bracket + 2)) {
                (
                    Some(Token::Sign(b'[')),
                    Some(Token::Text(Some(key), _)),
                    Some(Token::Sign(b']')),
                ) => {
                    keys.push(key.clone());
                    at = bracket + 3;
                }
                // The dot of a path without known keys.
                _ if keys.is_empty() => return (keys, at + 1),
                _ => return (keys, at),
            },
        }
    }
}

struct State {
    /// Whether `.` is the program's input here.
    root: bool,
    /// Whether a value stands right before, so that `.x` is a part of it.
    after_term: bool,
    /// Whether an `as` waits for its `|`, which leaves `.` alone.
    binding: bool,
    /// Whether the next value belongs to `catch`, where `.` is the error.
    caught: bool,
    /// Whether the bracket that comes is one of a function, and `.` is the same in it.
    call: Option<bool>,
    /// Whether the key of a pair comes.
    key: bool,
    groups: Vec<Group>,
}

impl State {
    fn reads(&self) -> bool {
        self.root && !self.after_term && !self.caught
    }

    fn term(&mut self) {
        self.after_term = true;
        self.caught = false;
        self.key = false;
    }

    fn word(&mut self, word: &str, called: bool) {
        match word {
            "if" => {
                self.open(b'e', self.root);
                self.after_term = false;
            }
            "then" | "elif" | "else" => self.again(),
            "end" => self.close(b'e'),
            "as" | "label" => {
                self.binding = true;
                self.after_term = false;
            }
            "catch" => {
                self.caught = true;
                self.after_term = false;
            }
            "and" | "or" | "try" | "reduce" | "foreach" => self.after_term = false,
            _ => {
                self.term();
                self.call = called.then(|| TRANSPARENT.contains(&word));
            }
        }
    }

    fn sign(&mut self, sign: u8) {
        match sign {
            b'(' => {
                // `reduce … as $x (` sees the value so far.
                let same = self.call.take().unwrap_or(true) && !self.binding;
                self.binding = false;
                self.open(b')', self.root && same);
            }
            b'[' => self.open(b']', self.root && !self.binding),
            b'{' => {
                self.open(b'}', self.root && !self.binding);
                self.key = true;
            }
            b')' | b']' | b'}' => self.close(sign),
            b',' => {
                if self.groups.last().is_some_and(|group| group.close == b'}') {
                    self.again();
                    self.key = true;
                }
                self.after_term = false;
            }
            b';' => self.again(),
            b':' => {
                self.after_term = false;
                self.key = false;
            }
            b'|' => {
                self.root &= self.binding;
                self.binding = false;
                self.after_term = false;
            }
            _ => {}
        }
    }

    fn open(&mut self, close: u8, root: bool) {
        self.groups.push(Group {
            close,
            root,
            outer: self.root,
            binding: self.binding,
        });
        self.root = root && !self.caught;
        self.binding = false;
        self.after_term = false;
        self.key = false;
    }

    fn close(&mut self, close: u8) {
        if self.groups.last().is_some_and(|group| group.close == close)
            && let Some(group) = self.groups.pop()
        {
            self.root = group.outer;
            self.binding = group.binding;
        }
        self.term();
    }

    /// The next part of the same group sees what the group began with.
    fn again(&mut self) {
        if let Some(group) = self.groups.last() {
            self.root = group.root;
        }
        self.after_term = false;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(program: &str) -> String {
        let one = |(keys, span): &(Vec<String>, Range<usize>)| {
            format!("{} {:?}", keys.join("/"), &program[span.clone()])
        };
        paths(program)
            .iter()
            .map(one)
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn names(program: &str) -> Vec<String> {
        paths(program)
            .iter()
            .map(|(keys, _)| keys.join("/"))
            .collect()
    }

    #[test]
    fn every_spelling_of_a_key() {
        assert_eq!(
            read(r#".secrets["my-name"] + .secrets."X" + .a.'odd-name'.b"#),
            r#"secrets/my-name ".secrets[\"my-name\"]", secrets/X ".secrets.\"X\"", a/odd-name/b ".a.'odd-name'.b""#
        );
        assert_eq!(
            read(".inputs.stack?.identifier"),
            r#"inputs/stack/identifier ".inputs.stack?.identifier""#
        );
        assert_eq!(read(".[\"a\"].b"), r#"a/b ".[\"a\"].b""#);
        assert_eq!(names(".a.b[0].c"), ["a/b"]);
        assert_eq!(names(".a[].b"), ["a"]);
        assert_eq!(names(".a[.b]"), ["a", "b"]);
        assert_eq!(
            names("{a, b: .c.d, \"e\": .f | .g, h: .i}"),
            ["a", "c/d", "f", "i"]
        );
    }

    #[test]
    fn strings_are_not_read_but_what_is_put_into_them() {
        assert_eq!(names(r#"".secrets.X" + '.a.b'"#), [""; 0]);
        assert_eq!(read(r#""x \(.a.b) \("y \(.c)")""#), r#"a/b ".a.b", c ".c""#);
        assert_eq!(names("1 # .a"), [""; 0]);
    }

    #[test]
    fn other_inputs_are_not_read() {
        assert_eq!(names(".a | .b"), ["a"]);
        assert_eq!(names("(.a | .b) + .c"), ["a", "c"]);
        assert_eq!(names(".a | map(.b) | test(.c)"), ["a"]);
        assert_eq!(names("map(.b) + (.c)"), ["c"]);
        assert_eq!(names("select(.a == 1).b"), ["a"]);
        assert_eq!(names("$x.a + ..b"), [""; 0]);
        assert_eq!(names(".a |= .b"), ["a"]);
        assert_eq!(names("try .a catch .b"), ["a"]);
        assert_eq!(names("reduce .a[] as $x (0; . + .b)"), ["a"]);
        assert_eq!(names("[.a[] | .b]"), ["a"]);
        assert_eq!(names("\"\\(.a | .b)\""), ["a"]);
    }

    #[test]
    fn names_for_values_leave_the_input_alone() {
        assert_eq!(names(".a as $x | .b"), ["a", "b"]);
        assert_eq!(names(".a as [$x, $y] | .b"), ["a", "b"]);
        assert_eq!(names(". as $all | .a | .b"), ["a"]);
    }

    #[test]
    fn branches_see_what_the_whole_sees() {
        assert_eq!(
            names("if .a | .b then .c else .d end | .e"),
            ["a", "c", "d"]
        );
        assert_eq!(
            names("if .a then .b elif .c then .d else .e end"),
            ["a", "b", "c", "d", "e"]
        );
        assert_eq!(
            names(".a // .b and (.c == \"x\" or (.d | not))"),
            ["a", "b", "c", "d"]
        );
        assert_eq!(names("if has(\"a\") then {x: .b} else null end"), ["b"]);
    }

    #[test]
    fn what_reads_more_is_told() {
        for program in [
            ". as $all | $all.a",
            "to_entries",
            "..",
            ".[]",
            "reduce .a[] as $x (.; .b)",
            "def f: .a; f",
            "\"\\(.)\"",
            "select(.a).b",
            "[.a, keys[]]",
        ] {
            assert!(reads_more(program), "{program}");
        }
        for program in [
            ".a.b",
            ".a | to_entries | map(.x) | join(\",\")",
            "if .a == \"x\" then .b else null end",
            "[.a.b[] | select(. != \"x\")]",
            "\"\\(.a.b)/\\(.a.c)\" + (now | todate)",
            "first(.a, .b) // empty",
            "try .a catch .",
            ".a as $x | $x + .b",
            "{a, b: .c}",
        ] {
            assert!(!reads_more(program), "{program}");
        }
    }

    #[test]
    fn a_name_is_found_wherever_it_may_be_read() {
        for program in [
            ".item",
            ". | .item.x",
            ".[\"item\"]",
            "\"\\(.item)\"",
            "{item}",
            ".'item'",
        ] {
            assert!(mentions(program, "item"), "{program}");
        }
        assert!(!mentions(".body.items | test(\"an item\")", "item"));
    }

    proptest! {
        #[test]
        fn spans_are_of_the_text(program in r#"[.a-c|()\[\]{}"'\\?:;,$ 0é]{0,50}|.{0,50}"#) {
            for (keys, span) in paths(&program) {
                prop_assert!(!keys.is_empty());
                prop_assert!(program.get(span).is_some_and(|part| !part.is_empty()));
            }
        }
    }
}

//! Paths: what a program of JQ reads, as far as its text alone shows it.
//!
//! `.body.stack.id` at the beginning of a term, in every spelling of Port's dialect. What stands
//! behind a pipe begins somewhere else, so callers look only for paths that begin with a root's name.
//! Deliberately not here: the grammar of JQ (see `sim::jq`).

use std::ops::Range;

/// A path in a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Its steps; `*` for an index, a slice or all items.
    pub steps: Vec<Step>,
}

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The key.
    pub name: String,
    /// Where it stands in the program, quotes included, the dot not.
    pub span: Range<usize>,
}

impl Path {
    /// Whether it begins with these steps.
    pub fn begins(&self, names: &[&str]) -> bool {
        self.steps.len() >= names.len()
            && names
                .iter()
                .zip(&self.steps)
                .all(|(n, step)| *n == step.name)
    }

    /// Where all of it stands, from the first dot on.
    pub fn span(&self) -> Range<usize> {
        let start = self.steps.first().map_or(0, |step| step.span.start);
        let end = self.steps.last().map_or(start, |step| step.span.end);
        start.saturating_sub(1)..end
    }
}

/// The programs between `{{` and `}}`.
pub fn braces(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find("{{") {
        let start = at + open + 2;
        let Some(length) = text[start..].find("}}") else {
            break;
        };
        found.push(start..start + length);
        at = start + length + 2;
    }
    found
}

/// The paths of a program.
pub fn of(code: &str) -> Vec<Path> {
    let mut found = Vec::new();
    scan(code, 0..code.len(), &mut found);
    found
}

fn scan(code: &str, range: Range<usize>, found: &mut Vec<Path>) {
    let mut at = range.start;
    // Whether a term has just ended, so that a dot goes on from it.
    let mut after_term = false;
    while at < range.end {
        let rest = &code[at..range.end];
        let Some(c) = rest.chars().next() else { break };
        match c {
            '#' => at += rest.find('\n').unwrap_or(rest.len()),
            '"' => {
                at += string(code, at..range.end, found);
                after_term = true;
            }
            '\'' => {
                at += quoted(rest);
                after_term = true;
            }
            '.' if !after_term => {
                let (path, length) = path(code, at..range.end, found);
                found.extend(path);
                at += length;
                after_term = true;
            }
            c if c.is_alphanumeric() || c == '_' || c == '$' => {
                let word = rest
                    .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                    .unwrap_or(rest.len());
                after_term = !KEYWORDS.contains(&&rest[..word]);
                at += word;
            }
            _ => {
                if !c.is_whitespace() {
                    after_term = matches!(c, ')' | ']' | '}' | '.' | '?');
                } else if after_term && rest.trim_start().starts_with('.') {
                    // `. .a` is no path, but `and .a` is.
                    after_term = false;
                }
                at += c.len_utf8();
            }
        }
    }
}

const KEYWORDS: [&str; 14] = [
    "and", "or", "not", "if", "then", "elif", "else", "end", "as", "reduce", "foreach", "try",
    "catch", "label",
];

/// Goes over a string; programs inside of it are looked at, too.
fn string(code: &str, range: Range<usize>, found: &mut Vec<Path>) -> usize {
    let bytes = code.as_bytes();
    let mut at = range.start + 1;
    while at < range.end {
        match bytes[at] {
            b'"' => return at + 1 - range.start,
            b'\\' if bytes.get(at + 1) == Some(&b'(') => {
                let end = closing(code, at + 2..range.end);
                scan(code, at + 2..end, found);
                at = end + 1;
            }
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    range.end - range.start
}

/// Where the bracket closes that was opened before a range.
fn closing(code: &str, range: Range<usize>) -> usize {
    let mut depth = 1;
    for (at, byte) in code.as_bytes()[range.clone()].iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return range.start + at;
        }
    }
    range.end
}

/// The length of a single-quoted literal of Port's dialect.
fn quoted(rest: &str) -> usize {
    rest[1..].find('\'').map_or(rest.len(), |end| end + 2)
}

/// A path that begins with the dot at the beginning of a range, and its length.
fn path(code: &str, range: Range<usize>, found: &mut Vec<Path>) -> (Option<Path>, usize) {
    let mut steps: Vec<Step> = Vec::new();
    let mut at = range.start;
    loop {
        let rest = &code[at..range.end];
        let step = |name: &str, from: usize, length: usize| Step {
            name: name.to_owned(),
            span: at + from..at + from + length,
        };
        if let Some(after) = rest.strip_prefix('.')
            && let Some(c) = after.chars().next()
        {
            let length = match c {
                c if c.is_alphabetic() || c == '_' => after
                    .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .unwrap_or(after.len()),
                '"' if !after.contains("\\") => after[1..].find('"').map_or(0, |end| end + 2),
                '\'' => quoted(after),
                '[' => {
                    // `.[…]` is read as `[…]` behind a dot.
                    at += 1;
                    continue;
                }
                _ => 0,
            };
            if length == 0 {
                break;
            }
            let name = after[..length].trim_matches(['"', '\'']);
            steps.push(step(name, 1, length));
            at += 1 + length;
        } else if rest.starts_with('[')
            && (at == range.start || !steps.is_empty() || at > range.start)
        {
            let Some(end) = bracket(rest) else { break };
            let inner = rest[1..end].trim();
            let literal = [('"', '"'), ('\'', '\'')].iter().any(|(open, close)| {
                inner.len() >= 2
                    && inner.starts_with(*open)
                    && inner.ends_with(*close)
                    && !inner[1..inner.len() - 1].contains([*open, '\\'])
            });
            let name = match literal {
                true => inner[1..inner.len() - 1].to_owned(),
                false => {
                    scan(code, at + 1..at + end, found);
                    "*".to_owned()
                }
            };
            steps.push(step(&name, 0, end + 1));
            at += end + 1;
        } else if rest.starts_with('?') {
            at += 1;
        } else {
            break;
        }
    }
    let length = (at - range.start).max(1);
    ((!steps.is_empty()).then_some(Path { steps }), length)
}

/// Where the bracket closes that a text begins with.
fn bracket(rest: &str) -> Option<usize> {
    let mut depth = 0;
    let mut quote: Option<u8> = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'[') => depth += 1,
            (None, b']') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str) -> Vec<String> {
        of(code)
            .iter()
            .map(|path| {
                let names: Vec<&str> = path.steps.iter().map(|s| s.name.as_str()).collect();
                names.join(".")
            })
            .collect()
    }

    #[test]
    fn paths_are_found_in_every_spelling() {
        for (code, paths) in [
            (".body.stack.id | tostring", vec!["body.stack.id"]),
            (".body.run.type == \"TRACKED\"", vec!["body.run.type"]),
            ("if .a then .b else .c end", vec!["a", "b", "c"]),
            (".a and .b", vec!["a", "b"]),
            (".a[0].b", vec!["a.*.b"]),
            (".a[]?.b", vec!["a.*.b"]),
            (".secrets[\"my-name\"]", vec!["secrets.my-name"]),
            (
                ".secrets.'c-d' + .secrets.\"e\"",
                vec!["secrets.c-d", "secrets.e"],
            ),
            ("\"x \\(.a.b) .no\"", vec!["a.b"]),
            ("'.no'", vec![]),
            ("# .no\n.yes", vec!["yes"]),
            (".a | map(.b)", vec!["a", "b"]),
            (".a[.b]", vec!["b", "a.*"]),
            ("(.a).b", vec!["a"]),
            (".", vec![]),
            (".[\"a\"].b", vec!["a.b"]),
            ("..|.a?", vec!["a"]),
            ("1.5", vec![]),
            (".a//.b", vec!["a", "b"]),
            ("{a: .b, \"c\": .d}", vec!["b", "d"]),
        ] {
            assert_eq!(shown(code), paths, "{code}");
        }
    }

    #[test]
    fn spans_are_those_of_the_text() {
        let code = "x(.body.stack[\"space\"])";
        let path = &of(code)[0];
        assert_eq!(&code[path.span()], ".body.stack[\"space\"]");
        assert_eq!(&code[path.steps[1].span.clone()], "stack");
    }

    #[test]
    fn braces_hold_programs() {
        let text = "a {{ .b }} {{.c}} {{ open";
        let inner: Vec<&str> = braces(text).into_iter().map(|r| &text[r]).collect();
        assert_eq!(inner, [" .b ", ".c"]);
    }
}

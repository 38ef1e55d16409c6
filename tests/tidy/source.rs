//! The project's Rust files, cut into what the tidy checks look at.
//!
//! A small lexer, not a parser: it knows comments, texts and characters, so that a word in a
//! comment is never taken for code.

use std::fs;
use std::path::{Path, PathBuf};

/// One file below `src`.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its path below `src`, with `/`.
    pub path: String,
    /// As it is.
    pub text: String,
    /// Without comments and without what stands in texts; as many lines as `text`.
    pub code: String,
    /// The texts that stand in it, with their lines, counted from 0.
    pub literals: Vec<(usize, String)>,
    /// For every line, whether it belongs to a test module.
    pub in_tests: Vec<bool>,
}

impl Source {
    /// Cuts a text.
    pub fn new(path: &str, text: &str) -> Source {
        let (code, literals) = lex(text);
        let in_tests = match path
            .split('/')
            .any(|part| part == "tests" || part == "tests.rs")
        {
            true => vec![true; text.lines().count()],
            false => test_lines(&code),
        };
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            literals,
            in_tests,
        }
    }

    /// The top folder, or the name of a file in `src` itself.
    pub fn layer(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many module names lead to it: 1 for `kinds/mod.rs`, 2 for `kinds/call.rs`.
    pub fn depth(&self) -> usize {
        self.path.split('/').count() - usize::from(self.path.ends_with("/mod.rs"))
    }

    /// The code without test modules.
    pub fn product(&self) -> String {
        let lines = self.code.lines().zip(&self.in_tests);
        let lines = lines.filter(|(_, test)| !**test);
        lines.flat_map(|(line, _)| [line, "\n"]).collect()
    }
}

/// The folder that holds `Cargo.toml`.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `src`, by path.
pub fn sources() -> Vec<Source> {
    let mut found = rust_files(&root().join("src"));
    assert!(found.len() > 20, "the sources were not found");
    mark_test_files(&mut found);
    found
}

/// Every Rust file below a folder, by its path there.
pub fn rust_files(base: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    walk(base, &mut |path| {
        if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(path).expect("a source file is readable");
            let below = path.strip_prefix(base).expect("the walk stays below");
            let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
            found.push(Source::new(&parts.join("/"), &text));
        }
    });
    found
}

/// Files that are declared `#[cfg(test)] mod …;` are tests from their first line on.
pub fn mark_test_files(sources: &mut [Source]) {
    let mut declared = Vec::new();
    for source in sources.iter() {
        let lines: Vec<&str> = source.code.lines().map(str::trim).collect();
        for pair in lines.windows(2).filter(|pair| is_for_tests(pair[0])) {
            let name = pair[1]
                .strip_prefix("mod ")
                .and_then(|rest| rest.strip_suffix(';'));
            let Some(name) = name else { continue };
            let stem = source.path.trim_end_matches(".rs").trim_end_matches("mod");
            declared.push(format!("{}/{name}", stem.trim_end_matches('/')));
        }
    }
    for source in sources {
        let stem = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
        if declared
            .iter()
            .any(|d| stem == d || stem.starts_with(&format!("{d}/")))
        {
            source.in_tests.fill(true);
        }
    }
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    let entries = fs::read_dir(folder).expect("a source folder is readable");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        match path.is_dir() {
            // What a build leaves is nobody's source.
            true if path.ends_with("target") => {}
            true => walk(&path, visit),
            false => visit(&path),
        }
    }
}

/// The names that the code spells, one after the other, with what stands between them.
pub fn words(code: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.split(|c| !is_word(c))
        .filter(|w| !w.is_empty())
        .collect()
}

/// Blanks comments and the insides of texts, and collects the texts.
fn lex(text: &str) -> (String, Vec<(usize, String)>) {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut literals = Vec::new();
    let mut line = 0;
    let mut at = 0;
    while at < chars.len() {
        let end = token_end(&chars, at);
        let token = &chars[at..end];
        let newlines = token.iter().filter(|c| **c == '\n').count();
        if end - at == 1 {
            code.push(chars[at]);
        } else {
            if chars[at] != '/' && chars[at] != '\'' {
                let inside: String = token.iter().collect();
                let inside = inside
                    .trim_start_matches(['b', 'r', '#'])
                    .trim_end_matches('#');
                literals.push((line, inside.trim_matches('"').to_owned()));
                code.push_str("\"\"");
            }
            code.extend(std::iter::repeat_n('\n', newlines));
        }
        line += newlines;
        at = end;
    }
    (code, literals)
}

/// Where the comment, text or character that begins here ends; the next place for anything else.
fn token_end(chars: &[char], at: usize) -> usize {
    let next = |n: usize| chars.get(at + n).copied();
    let word_before = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match chars[at] {
        '/' if next(1) == Some('/') => {
            let rest = &chars[at..];
            at + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())
        }
        '/' if next(1) == Some('*') => {
            let mut depth = 0;
            let mut i = at;
            while i < chars.len() {
                match (chars[i], chars.get(i + 1)) {
                    ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
                    ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 {
                    return i;
                }
            }
            chars.len()
        }
        '"' => quoted(chars, at + 1),
        'b' if !word_before && next(1) == Some('"') => quoted(chars, at + 2),
        'r' if !word_before => raw(chars, at + 1).unwrap_or(at + 1),
        'b' if !word_before && next(1) == Some('r') => raw(chars, at + 2).unwrap_or(at + 1),
        // A character, not a lifetime: `'x'` or an escape.
        '\'' if next(1) == Some('\\') => {
            let rest = &chars[at + 3..];
            at + 4 + rest.iter().position(|c| *c == '\'').unwrap_or(0)
        }
        '\'' if next(2) == Some('\'') => at + 3,
        _ => at + 1,
    }
}

fn quoted(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

fn raw(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    (chars.get(at + hashes) == Some(&'"')).then_some(())?;
    let begin = at + hashes + 1;
    (begin..chars.len())
        .find(|&i| {
            chars[i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= hashes
        })
        .map(|i| i + 1 + hashes)
}

/// Whether a line is `#[cfg(test)]`, also together with a feature.
fn is_for_tests(line: &str) -> bool {
    let words = words(line);
    line.starts_with("#[cfg(") && words.contains(&"test") && !words.contains(&"not")
}

/// Marks the lines of `#[cfg(test)] mod … { … }`, formatted as rustfmt does.
fn test_lines(code: &str) -> Vec<bool> {
    let lines: Vec<&str> = code.lines().collect();
    let mut marks = vec![false; lines.len()];
    let mut at = 0;
    while at < lines.len() {
        let begins = is_for_tests(lines[at])
            && lines
                .get(at + 1)
                .is_some_and(|l| l.starts_with("mod ") && l.ends_with('{'));
        if begins {
            let rest = &lines[at..];
            let end = at
                + rest
                    .iter()
                    .position(|l| *l == "}")
                    .unwrap_or(rest.len() - 1);
            marks[at..=end].fill(true);
            at = end;
        }
        at += 1;
    }
    marks
}

#[test]
fn comments_texts_and_tests_are_told_apart() {
    let text = concat!(
        "//! crate::a\n",
        "fn f<'a>(x: &'a str) { g('\"', \"crate::b // no\", r#\"a \"q\" b\"#); /* crate::c /* d */ */ h() }\n",
        "let c = '\\''; let n = '\\n';\n",
        "#[cfg(test)]\n",
        "mod tests {\n",
        "    fn t() { \"yaml::tag\" }\n",
        "}\n",
        "fn after() {}\n",
    );
    let source = Source::new("want/yaml/x.rs", text);
    assert_eq!(source.code.lines().count(), text.lines().count());
    for gone in ["crate", "no", "q", "d */", "tag"] {
        assert!(!source.code.contains(gone), "{gone} in {}", source.code);
    }
    assert!(source.code.contains("h() }") && source.code.contains("fn after"));
    let literals: Vec<&str> = source.literals.iter().map(|(_, l)| l.as_str()).collect();
    assert_eq!(literals, ["crate::b // no", "a \"q\" b", "yaml::tag"]);
    assert_eq!(source.literals[2].0, 5);
    let product = source.product();
    assert!(!product.contains("fn t()") && product.contains("fn after"));
    assert_eq!((source.layer(), source.depth()), ("want", 3));
    assert_eq!(Source::new("kinds/mod.rs", "").depth(), 1);
}

#[test]
fn files_that_are_tests_are_known_by_their_declaration() {
    let declares =
        "mod key;\n#[cfg(test)]\nmod story;\n#[cfg(all(test, feature = \"x\"))]\nmod laws;\n";
    let mut sources = [
        Source::new("want/yaml/mod.rs", declares),
        Source::new("want/yaml/key.rs", "fn f() {}\n"),
        Source::new("want/yaml/story.rs", "fn f() {}\n"),
        Source::new("want/yaml/laws/mod.rs", "fn f() {}\n"),
    ];
    mark_test_files(&mut sources);
    let tests: Vec<bool> = sources.iter().map(|source| source.in_tests[0]).collect();
    assert_eq!(tests, [false, false, true, true]);
}

//! Which Rego a policy body is written in, by a look at its rule heads and imports (SA section 10). It is
//! no parser: an engine in lenient mode takes one dialect for the other, and a full parser is not needed
//! to tell `webhook[x] {` from `webhook contains x if {`.

/// What the heads and imports of a body show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dialect {
    /// A `package` line is there.
    pub(super) has_package: bool,
    /// `import future.keywords…`: v1 heads are fine in v0.
    future_keywords: bool,
    /// `import rego.v1`: v1 heads are demanded in v0.
    rego_v1: bool,
    /// A rule whose body has no `if`, or a set rule without `contains`.
    v0_heads: bool,
    /// A rule with `if` or `contains`.
    v1_heads: bool,
}

impl Dialect {
    /// Looks at a body.
    pub(super) fn of(body: &str) -> Self {
        let mut dialect = Self::default();
        let mut statement = String::new();
        // Depth of brackets, and whether the braces around us are a rule's body, not part of its head.
        let mut depth = 0_usize;
        let mut in_body = false;
        for character in without_texts(body).chars() {
            match character {
                '\n' | ';' if depth == 0 => dialect.statement(&mut statement, false),
                '{' if depth == 0 && !opens_value(&statement) => {
                    dialect.statement(&mut statement, true);
                    in_body = true;
                    depth = 1;
                    continue;
                }
                '{' | '[' | '(' => depth += 1,
                '}' | ']' | ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if !in_body {
                statement.push(character);
            } else if depth == 0 {
                in_body = false;
            }
        }
        dialect.statement(&mut statement, false);
        dialect
    }

    /// Whether the engine of `REGO_V0` loads it.
    pub(super) fn is_v0(self) -> bool {
        let keywords = self.future_keywords || self.rego_v1;
        (keywords || !self.v1_heads) && !(self.rego_v1 && self.v0_heads)
    }

    /// Whether the engine of `REGO_V1` loads it.
    pub(super) fn is_v1(self) -> bool {
        !self.v0_heads
    }

    /// Takes one statement outside of rule bodies; `opens_body` when a `{` follows it.
    fn statement(&mut self, statement: &mut String, opens_body: bool) {
        let text = std::mem::take(statement);
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.first() {
            None => {}
            Some(&"package") => self.has_package |= words.len() > 1,
            Some(&"import") => {
                let path = words.get(1).copied().unwrap_or_default();
                self.future_keywords |= path.starts_with("future.keywords");
                self.rego_v1 |= path == "rego.v1";
            }
            Some(&"default") => {}
            Some(_) if words.contains(&"if") || words.contains(&"contains") => self.v1_heads = true,
            Some(_) => self.v0_heads |= opens_body,
        }
    }
}

/// Whether a `{` after this text begins an object or a set, not a rule's body.
fn opens_value(statement: &str) -> bool {
    let statement = statement.trim_end();
    statement.ends_with('=') || statement.split_whitespace().last() == Some("contains")
}

/// The body without comments and with its string contents left out, so that braces and keywords in them
/// do not count.
fn without_texts(body: &str) -> String {
    let mut rest = String::with_capacity(body.len());
    let mut characters = body.chars();
    while let Some(character) = characters.next() {
        match character {
            '#' => {
                // Only the comment goes; the line still ends.
                if characters.any(|c| c == '\n') {
                    rest.push('\n');
                }
            }
            '"' | '`' => {
                rest.push_str("\"\"");
                while let Some(inside) = characters.next() {
                    match inside {
                        '\\' if character == '"' => drop(characters.next()),
                        // A text in double quotes never crosses a line: better lose one line than all.
                        '\n' if character == '"' => {
                            rest.push('\n');
                            break;
                        }
                        end if end == character => break,
                        _ => {}
                    }
                }
            }
            other => rest.push(other),
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rules: &str, v0: bool, v1: bool) {
        let dialect = Dialect::of(&format!("package spacelift\n{rules}\n"));
        assert!(dialect.has_package);
        assert_eq!((dialect.is_v0(), dialect.is_v1()), (v0, v1), "{rules}");
    }

    #[test]
    fn heads_without_if_are_v0() {
        check(
            "webhook[{\"endpoint_id\": \"x\"}] {\n  true\n}",
            true,
            false,
        );
        check("sample { true }", true, false);
        check("allow = true { input.x }", true, false);
        check("f(x) = y { y := x }", true, false);
        check("a { true } else = 2 { true }", true, false);
    }

    #[test]
    fn heads_with_if_or_contains_are_v1() {
        check(
            "webhook contains {\"endpoint_id\": \"x\"} if {\n  true\n}",
            false,
            true,
        );
        check(
            "webhook contains wbdata if {\n  wbdata := {}\n}",
            false,
            true,
        );
        check("allow if input.x", false, true);
        check("flag contains \"a\"", false, true);
        check("x := {\n \"a\": 1 } if { true }", false, true);
    }

    #[test]
    fn keywords_make_v0_accept_v1_heads() {
        check("import future.keywords\nallow if { true }", true, true);
        check(
            "import future.keywords.contains\nflag contains 1",
            true,
            true,
        );
        check("import rego.v1\nallow if { true }", true, true);
        check("import rego.v1\nallow { true }", false, false);
        check("import future.keywords\nallow { true }", true, false);
    }

    #[test]
    fn what_both_read_is_both() {
        check("sample := true", true, true);
        check("default allow = false", true, true);
        check(
            "names := {\"a\", \"b\"}\nmap = {\n  \"k\": [1, 2],\n}",
            true,
            true,
        );
        check("", true, true);
    }

    #[test]
    fn comments_and_texts_do_not_count() {
        check("# deny { x }\nx := \"deny { y\"", true, true);
        check("x := `a {\n b if {`", true, true);
        check("deny[\"no \\\" if here\"] { true } # if", true, false);
        check("allow { input.if == \"contains\" }", true, false);
    }

    #[test]
    fn statements_may_share_a_line() {
        check("x := 1; allow { true }", true, false);
        check("x := [1,\n 2]; allow if { a; b }", false, true);
    }

    #[test]
    fn a_package_is_a_line_not_a_mention() {
        assert!(!Dialect::of("# package spacelift\nallow { true }").has_package);
        assert!(!Dialect::of("x := \"package y\"").has_package);
        assert!(!Dialect::of("").has_package);
        assert!(Dialect::of("package spacelift").has_package);
    }
}

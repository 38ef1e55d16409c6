//! Which Rego a policy's body is written in, by its rule heads and imports (SA section 10).
//!
//! No parser is asked: an engine in lenient mode takes one dialect for the other. What only bodies of
//! rules show is left to the parser of the engine that is asked for.

use std::ops::Range;

use super::EngineType;
use super::tokens::{Kind, Tokens};

/// What the heads and imports of a body show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialect {
    /// The path of the first `package` line, and where it stands.
    pub package: Option<(String, Range<usize>)>,
    /// The rules, in the order of the text.
    pub heads: Vec<Head>,
    /// What is imported.
    pub imports: Vec<Import>,
    /// The first place that only v0 reads, outside of what `import rego.v1` says.
    pub v0: Option<Range<usize>>,
    /// The first place that uses `if` or `contains` in a head.
    pub v1: Option<Range<usize>>,
    /// The first such place whose keyword no import gives to v0.
    pub v1_only: Option<Range<usize>>,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The path: `future.keywords.if`, `rego.v1`, `data.lib`.
    pub path: String,
    /// The name under which the body uses it.
    pub alias: String,
    /// Where the path stands.
    pub span: Range<usize>,
}

/// The head of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The rule's name: the first part of its path.
    pub name: String,
    /// Where the name stands.
    pub span: Range<usize>,
    /// What the rule makes.
    pub form: Form,
}

/// What a rule makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A set, rule by rule: `deny[x] { … }`, `deny contains x if { … }`.
    Set,
    /// An object, key by key: `names[key] = value { … }`, `a.b := value`.
    Object,
    /// One value: `sample := true`.
    Value,
    /// The value where no rule holds: `default sample := false`.
    Default,
    /// A function.
    Function,
}

/// Looks at a body.
pub fn dialect(body: &str) -> Dialect {
    let tokens = Tokens::of(body);
    let mut found = Dialect::default();
    let mut heads = Vec::new();
    let mut at = 0;
    while at < tokens.list.len() {
        at = found.statement(&tokens, at, &mut heads);
    }
    for (keyword, span) in heads {
        found.v1.get_or_insert(span.clone());
        if !found.imports(keyword) {
            found.v1_only.get_or_insert(span);
        }
    }
    found
}

impl Dialect {
    /// Whether a `package` line is there, whatever its path.
    pub fn has_package(&self) -> bool {
        self.package.is_some()
    }

    /// Whether an engine reads the heads and imports.
    pub fn fits(&self, engine: EngineType) -> bool {
        self.misfit(engine).is_none()
    }

    /// The first place that an engine does not read.
    pub fn misfit(&self, engine: EngineType) -> Option<Range<usize>> {
        let strict = self.imports.iter().any(|import| import.path == "rego.v1");
        match engine {
            EngineType::RegoV1 => self.v0.clone(),
            EngineType::RegoV0 if strict => self.v0.clone(),
            EngineType::RegoV0 => self.v1_only.clone(),
        }
    }

    /// The engine type to name for this body: the only one that fits, v1 when both do and the heads are
    /// in its form, v1 also when nothing decides (Spacelift's editor recommends it); none when no engine
    /// reads it.
    pub fn suggests(&self) -> Option<EngineType> {
        let fits = |engine: &EngineType| self.fits(*engine);
        [EngineType::RegoV1, EngineType::RegoV0]
            .into_iter()
            .find(fits)
    }

    /// The heads of rules with a name.
    pub fn rules<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Head> {
        self.heads.iter().filter(move |head| head.name == name)
    }

    /// Whether v0 knows a keyword by an import.
    fn imports(&self, keyword: &str) -> bool {
        self.imports.iter().any(|import| {
            let path = import.path.as_str();
            path == "rego.v1"
                || path == "future.keywords"
                || path.strip_prefix("future.keywords.") == Some(keyword)
        })
    }

    /// Reads one statement outside of rule bodies and answers where the next begins.
    fn statement<'a>(
        &mut self,
        tokens: &Tokens<'a>,
        start: usize,
        v1: &mut Vec<(&'a str, Range<usize>)>,
    ) -> usize {
        let Some(first) = tokens.list.get(start) else {
            return start + 1;
        };
        let end = head_end(tokens, start);
        match tokens.word(start) {
            "package" if first.kind == Kind::Word => {
                let (path, _) = tokens.path(start + 1);
                if first.kind == Kind::Word && starts_name(tokens, start + 1) {
                    let span = first.span.start..tokens.list[start + 1].span.start + path.len();
                    self.package.get_or_insert((path.to_owned(), span));
                }
                end.at
            }
            "import" => {
                let (path, behind) = tokens.path(start + 1);
                if let Some(token) = tokens.list.get(start + 1) {
                    let last = path.rsplit('.').next().unwrap_or(path);
                    let named = tokens.word(behind) == "as";
                    let alias = if named { tokens.word(behind + 1) } else { last };
                    self.imports.push(Import {
                        path: path.to_owned(),
                        alias: alias.to_owned(),
                        span: token.span.start..token.span.start + path.len(),
                    });
                }
                end.at
            }
            "default" if starts_name(tokens, start + 1) => {
                self.head(tokens, start + 1, Form::Default);
                end.at
            }
            word if first.kind == Kind::Word => {
                for (keyword, place) in [("contains", end.contains), ("if", end.if_)] {
                    if let Some(place) = place {
                        v1.push((keyword, tokens.list[place].span.clone()));
                    }
                }
                let partial = partial(tokens, start, &end);
                if word != "else" {
                    self.head(tokens, start, partial);
                }
                // A body without `if`, and a set without `contains`.
                let bare_body = end.opens && end.if_.is_none();
                let bare_set = partial == Form::Set && end.contains.is_none();
                if bare_body || bare_set {
                    let to = tokens.list[end.last].span.end;
                    self.v0.get_or_insert(first.span.start..to);
                }
                behind_body(tokens, &end)
            }
            // A second body of the same rule, which only v0 has; and breaks, and what is no statement.
            "{" if end.opens => {
                self.v0.get_or_insert(first.span.clone());
                behind_body(tokens, &end)
            }
            _ => end.at.max(start + 1),
        }
    }

    fn head(&mut self, tokens: &Tokens<'_>, at: usize, form: Form) {
        self.heads.push(Head {
            name: tokens.word(at).to_owned(),
            span: tokens.list[at].span.clone(),
            form,
        });
    }
}

/// Where the head of a statement ends.
struct HeadEnd {
    /// The index behind the head: a break, a `;`, the `{` of a body, or the end.
    at: usize,
    /// The index of its last token.
    last: usize,
    /// Whether a `{` that opens a body stands at `at`.
    opens: bool,
    /// Where `if` stands.
    if_: Option<usize>,
    /// Where `contains` stands.
    contains: Option<usize>,
    /// Where the first `=` or `:=` stands.
    assigns: Option<usize>,
}

fn head_end(tokens: &Tokens<'_>, start: usize) -> HeadEnd {
    let mut depth = 0_usize;
    let mut end = HeadEnd {
        at: start,
        last: start,
        opens: false,
        if_: None,
        contains: None,
        assigns: None,
    };
    while let Some(token) = tokens.list.get(end.at) {
        let word = tokens.word(end.at);
        let outside = depth == 0;
        match word {
            // `if` may have its body on the next line.
            "\n" if outside && end.if_ == Some(end.last) => {}
            "\n" | ";" if outside => break,
            "{" if outside && end.at == start => {
                end.opens = true;
                break;
            }
            "{" if outside && opens_body(tokens, end.last) => {
                end.opens = true;
                break;
            }
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth = depth.saturating_sub(1),
            "if" if outside && end.if_.is_none() && is_keyword(tokens, start, end.at) => {
                end.if_ = Some(end.at);
            }
            "contains" if outside && end.if_.is_none() && is_keyword(tokens, start, end.at) => {
                end.contains.get_or_insert(end.at);
            }
            "=" | ":=" if outside && end.if_.is_none() => {
                end.assigns.get_or_insert(end.at);
            }
            _ => {}
        }
        if token.kind != Kind::Break {
            end.last = end.at;
        }
        end.at += 1;
    }
    end
}

/// Whether `if` or `contains` at an index is the keyword, and not a part of a path or the function.
fn is_keyword(tokens: &Tokens<'_>, start: usize, at: usize) -> bool {
    let function = tokens.word(at) == "contains";
    let called = function && tokens.word(at + 1) == "(" && tokens.touches(at);
    at > start && !called && tokens.word(at - 1) != "."
}

/// Whether a `{` behind this token opens a body, and not an object or a set.
fn opens_body(tokens: &Tokens<'_>, last: usize) -> bool {
    let word = tokens.word(last);
    match tokens.list.get(last).map(|token| token.kind) {
        Some(Kind::Word) => {
            !["contains", "in", "not", "some", "every", "with", "as"].contains(&word)
        }
        Some(Kind::Text | Kind::Number) => true,
        Some(Kind::Mark) => [")", "]", "}"].contains(&word),
        Some(Kind::Break) | None => false,
    }
}

/// What a head makes.
fn partial(tokens: &Tokens<'_>, start: usize, end: &HeadEnd) -> Form {
    if end.contains.is_some() {
        return Form::Set;
    }
    match tokens.word(start + 1) {
        "(" => Form::Function,
        "[" | "." if end.assigns.is_some() => Form::Object,
        // `deny["x"] if …` is a key with the value `true` in v1.
        "[" if end.if_.is_some() => Form::Object,
        "[" => Form::Set,
        "." => function_or(tokens, start, Form::Object),
        _ => Form::Value,
    }
}

fn function_or(tokens: &Tokens<'_>, start: usize, other: Form) -> Form {
    let (_, behind) = tokens.path(start);
    match tokens.word(behind) {
        "(" => Form::Function,
        _ => other,
    }
}

fn starts_name(tokens: &Tokens<'_>, at: usize) -> bool {
    tokens.list.get(at).is_some_and(|t| t.kind == Kind::Word)
}

/// The index behind the body that a head opens, or behind the head.
fn behind_body(tokens: &Tokens<'_>, end: &HeadEnd) -> usize {
    if !end.opens {
        return end.at;
    }
    let mut depth = 0_usize;
    let mut at = end.at;
    while at < tokens.list.len() {
        match tokens.word(at) {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

//! Templates: the `${…}` forms inside texts.
//!
//! Parsing only. Who may use which form where, and what it becomes, is decided in
//! `want::resolve`. `{{ … }}` and `${{ … }}` belong to Port and to CI systems and pass untouched.

use std::fmt;

use crate::words::Addr;
use crate::words::finding::did_you_mean;

/// A text cut into literal parts and references.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Template {
    /// The parts in order; no two literal parts in a row.
    pub parts: Vec<Part>,
}

/// One part of a [`Template`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// Literal text, escapes already undone.
    Text(String),
    /// A `${…}`.
    Reference(Reference),
}

/// What stands between `${` and `}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// `${port.webhook.mapper.url}`: an attribute of an object.
    Attribute(Addr, String),
    /// `${env.NAME}`: an environment variable.
    Env(String),
    /// `${var.NAME}`: a variable of the project.
    Var(String),
    /// `${file:PATH}`: the text of a file of the project.
    File(String),
    /// `${json:PATH}`: the parsed content of a JSON or YAML file of the project.
    Json(String),
    /// `${port.api_url}`: the configured origin of Port's API.
    PortApiUrl,
    /// `${spacelift.url}`: the configured origin of the Spacelift account.
    SpaceliftUrl,
    /// `${spacelift.graphql_url}`: the configured GraphQL endpoint.
    SpaceliftGraphqlUrl,
    /// `${spacelift.runtime.token}`: a token minted from `spacelift.runtime`.
    RuntimeToken,
    /// `${random.NAME}`: a shared secret that no person sees.
    Random(String),
}

/// A `${` that is none of the forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The raw text from `${` on, for finding its place.
    pub raw: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

const ESCAPE: &str = "write `$${` for a literal `${`";
const FORMS: &str = "references look like `${port.KIND.NAME.ATTR}`, `${spacelift.KIND.NAME.ATTR}`, `${env.NAME}`, \
                     `${var.NAME}`, `${file:PATH}`, `${json:PATH}`; write `$${` for a literal `${`";

impl Template {
    /// A text that is one reference.
    pub fn of(reference: Reference) -> Template {
        Template {
            parts: vec![Part::Reference(reference)],
        }
    }

    /// Whether a text may hold a reference: it is none otherwise, and need not be cut. Asked of
    /// every text of a project, most of which have no `$` at all.
    pub fn may_be_in(text: &str) -> bool {
        text.as_bytes().contains(&b'$') && text.contains("${")
    }

    /// Cuts a text into parts; the problems of all `${` that are none of the forms otherwise.
    pub fn parse(text: &str) -> Result<Template, Vec<TemplateProblem>> {
        let mut parts: Vec<Part> = Vec::new();
        let mut literal = String::new();
        let mut problems = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['$', '{']) {
            literal.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("$${") {
                literal.push_str("${");
                rest = after;
            } else if rest.starts_with("${{") || rest.starts_with("{{") {
                let end = rest
                    .find("}}")
                    .map_or(rest.find("{{").map_or(2, |i| i + 2), |i| i + 2);
                literal.push_str(&rest[..end]);
                rest = &rest[end..];
            } else if let Some(inner) = rest.strip_prefix("${") {
                match read_reference(inner) {
                    Ok((reference, after)) => {
                        if !literal.is_empty() {
                            parts.push(Part::Text(std::mem::take(&mut literal)));
                        }
                        parts.push(Part::Reference(reference));
                        rest = after;
                    }
                    Err(problem) => {
                        literal.push_str("${");
                        rest = inner;
                        problems.push(problem);
                    }
                }
            } else {
                let mut chars = rest.chars();
                literal.extend(chars.next());
                rest = chars.as_str();
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        if problems.is_empty() {
            Ok(Template { parts })
        } else {
            Err(problems)
        }
    }

    /// The references in order.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.parts.iter().filter_map(|part| match part {
            Part::Reference(reference) => Some(reference),
            Part::Text(_) => None,
        })
    }

    /// The reference, when the text is exactly one.
    pub fn single(&self) -> Option<&Reference> {
        match self.parts.as_slice() {
            [Part::Reference(reference)] => Some(reference),
            _ => None,
        }
    }

    /// The text, when there is no reference in it.
    pub fn literal(&self) -> Option<String> {
        match self.parts.as_slice() {
            [] => Some(String::new()),
            [Part::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// The text that results when `fill` knows every reference; `None` when it does not.
    pub fn render(&self, fill: &mut dyn FnMut(&Reference) -> Option<String>) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Reference(reference) => text.push_str(&fill(reference)?),
            }
        }
        Some(text)
    }

    /// The same template with every reference that `fill` knows replaced by its text.
    pub fn settle(&self, fill: &mut dyn FnMut(&Reference) -> Option<String>) -> Template {
        let mut settled = Template::default();
        for part in &self.parts {
            match part {
                Part::Text(literal) => settled.push_text(literal),
                Part::Reference(reference) => match fill(reference) {
                    Some(text) => settled.push_text(&text),
                    None => settled.parts.push(part.clone()),
                },
            }
        }
        settled
    }

    /// The text that reads as this template, literal parts escaped.
    pub fn source(&self) -> String {
        let mut text = String::new();
        for (at, part) in self.parts.iter().enumerate() {
            let more = at + 1 < self.parts.len();
            match part {
                Part::Text(literal) => text.push_str(&escaped(literal, more)),
                Part::Reference(reference) => text.push_str(&format!("${{{reference}}}")),
            }
        }
        text
    }

    /// Adds literal text at the end.
    pub fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    /// What it waits for, in words: `port.webhook.mapper url`.
    pub fn needs(&self) -> String {
        let mut needs: Vec<String> = self
            .references()
            .map(|reference| match reference {
                Reference::Attribute(addr, attribute) => format!("{addr} {attribute}"),
                other => other.to_string(),
            })
            .collect();
        needs.dedup();
        needs.join(", ")
    }
}

/// A literal text as it has to be written, so that it reads as itself: `${` becomes `$${`, and what
/// passes untouched anyway (`{{ … }}`, `${{ … }}`) stays.
pub fn escape(literal: &str) -> String {
    escaped(literal, false)
}

/// The same; `more` says that something follows, which a `${{` that is not closed would swallow.
fn escaped(literal: &str, more: bool) -> String {
    let mut text = String::with_capacity(literal.len());
    let mut rest = literal;
    // Behind a `$` that stands for itself, `${` would be read as the end of an escape.
    let mut dollar = false;
    while let Some(c) = rest.chars().next() {
        let swallows = more && rest.starts_with("${{") && !rest.contains("}}");
        let passes = !dollar && rest.starts_with("${{") && !swallows || rest.starts_with("{{");
        let length = if passes {
            let end = rest.find("}}").or_else(|| rest.find("{{"));
            end.map_or(rest.len(), |at| at + 2)
        } else if rest.starts_with("${") {
            text.push('$');
            2
        } else {
            c.len_utf8()
        };
        text.push_str(&rest[..length]);
        dollar = length == 1 && c == '$';
        rest = &rest[length..];
    }
    text
}

/// Shows references only: literal parts may be secret.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({})", self.needs())
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Part::Reference(reference) => write!(f, "{reference:?}"),
        }
    }
}

/// Shows what stands between `${` and `}`.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Attribute(addr, attribute) => write!(f, "{addr}.{attribute}"),
            Reference::Env(name) => write!(f, "env.{name}"),
            Reference::Var(name) => write!(f, "var.{name}"),
            Reference::File(path) => write!(f, "file:{path}"),
            Reference::Json(path) => write!(f, "json:{path}"),
            Reference::PortApiUrl => f.write_str("port.api_url"),
            Reference::SpaceliftUrl => f.write_str("spacelift.url"),
            Reference::SpaceliftGraphqlUrl => f.write_str("spacelift.graphql_url"),
            Reference::RuntimeToken => f.write_str("spacelift.runtime.token"),
            Reference::Random(name) => write!(f, "random.{name}"),
        }
    }
}

/// Reads a reference up to its `}` and returns it with what follows.
fn read_reference(inner: &str) -> Result<(Reference, &str), TemplateProblem> {
    // A quoted name may hold a `}`, so an address is read before looking for the end.
    if let Some((addr, rest)) = Addr::read(inner)
        && let Some(rest) = rest.strip_prefix('.')
        && let Some(end) = rest.find('}')
        && is_name(&rest[..end])
        && (addr.kind != "runtime")
    {
        return Ok((
            Reference::Attribute(addr, rest[..end].to_owned()),
            &rest[end + 1..],
        ));
    }
    let line = inner.lines().next().unwrap_or("");
    let Some(end) = line.find('}') else {
        return Err(TemplateProblem {
            raw: format!("${{{}", line.chars().take(20).collect::<String>()),
            message: "`${` without a closing `}`".into(),
            help: ESCAPE.into(),
        });
    };
    let (body, rest) = (&inner[..end], &inner[end + 1..]);
    let problem = |message: String, help: String| TemplateProblem {
        raw: format!("${{{body}}}"),
        message,
        help,
    };
    if let Some(path) = body
        .strip_prefix("file:")
        .or_else(|| body.strip_prefix("json:"))
    {
        if path.trim().is_empty() {
            return Err(problem(
                format!("`${{{body}}}` names no file"),
                "write a path relative to the project's folder".into(),
            ));
        }
        let path = path.trim().to_owned();
        return Ok((
            if body.starts_with("file:") {
                Reference::File(path)
            } else {
                Reference::Json(path)
            },
            rest,
        ));
    }
    let named = |name: &str, make: fn(String) -> Reference| {
        if is_name(name) {
            Ok((make(name.to_owned()), rest))
        } else {
            Err(problem(
                format!("`{name}` is not a name"),
                "names hold letters, digits, `_` and `-`".into(),
            ))
        }
    };
    match body {
        "port.api_url" => Ok((Reference::PortApiUrl, rest)),
        "spacelift.url" => Ok((Reference::SpaceliftUrl, rest)),
        "spacelift.graphql_url" => Ok((Reference::SpaceliftGraphqlUrl, rest)),
        "spacelift.runtime.token" => Ok((Reference::RuntimeToken, rest)),
        _ => match body.split_once('.') {
            Some(("env", name)) => named(name, Reference::Env),
            Some(("var", name)) => named(name, Reference::Var),
            Some(("random", name)) => named(name, Reference::Random),
            Some(("port" | "spacelift", _)) => Err(problem(
                format!("`${{{body}}}` is not a reference"),
                did_you_mean(body, ["port.api_url", "spacelift.url", "spacelift.graphql_url", "spacelift.runtime.token"])
                    .unwrap_or_else(|| {
                        "an attribute of an object reads `${port.KIND.NAME.ATTR}`; quote unusual names: \
                         `${port.blueprint[\"team/a.b\"].identifier}`"
                            .into()
                    }),
            )),
            _ => Err(problem(
                format!("`${{{body}}}` is not a reference"),
                did_you_mean(body.split(['.', ':']).next().unwrap_or(body), ["env", "var", "file", "json", "port", "spacelift", "random"])
                    .map_or_else(|| FORMS.to_owned(), |hint| format!("{hint} {ESCAPE}")),
            )),
        },
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(text: &str) -> Vec<String> {
        Template::parse(text)
            .unwrap()
            .references()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn every_form_is_read_and_shown_as_written() {
        for form in [
            "port.webhook.mapper.url",
            "spacelift.webhook[\"a}b\"].id",
            "env.A_B",
            "var.account",
            "file:policies/a b.rego",
            "json:x.json",
            "port.api_url",
            "spacelift.url",
            "spacelift.graphql_url",
            "spacelift.runtime.token",
            "random.sig-1",
        ] {
            assert_eq!(references(&format!("a ${{{form}}} b")), [form]);
        }
    }

    #[test]
    fn escapes_and_foreign_braces_pass() {
        for (text, literal) in [
            ("$${a}", "${a}"),
            ("{{ .inputs.x }}", "{{ .inputs.x }}"),
            ("${{ github.sha }}", "${{ github.sha }}"),
            ("{{ \"${nonsense}\" }}", "{{ \"${nonsense}\" }}"),
            ("{{ open", "{{ open"),
            ("costs $5 {x}", "costs $5 {x}"),
            ("$", "$"),
        ] {
            assert_eq!(
                Template::parse(text).unwrap().literal().unwrap(),
                literal,
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_explained() {
        for (text, says) in [
            ("${oops", "without a closing"),
            ("${evn.X}", "is not a reference"),
            ("${port.webhook.mapper}", "is not a reference"),
            ("${file:}", "names no file"),
            ("${env.}", "is not a name"),
            ("${}", "is not a reference"),
        ] {
            let problems = Template::parse(text).unwrap_err();
            assert!(
                problems[0].message.contains(says),
                "{text}: {}",
                problems[0].message
            );
        }
        assert!(
            Template::parse("${evn.X}").unwrap_err()[0]
                .help
                .contains("`env`")
        );
    }

    #[test]
    fn a_literal_is_escaped_only_where_it_must_be() {
        for (literal, written) in [
            ("${a}", "$${a}"),
            ("$${a}", "$$${a}"),
            ("{{ \"${a}\" }} ${b}", "{{ \"${a}\" }} $${b}"),
            ("${{ github.sha }}", "${{ github.sha }}"),
            ("$${{ x }}", "$$${{ x }}"),
            ("$5 {x}", "$5 {x}"),
        ] {
            assert_eq!(escape(literal), written);
        }
        let text = "a $${b} ${env.X} {{ .c }}";
        assert_eq!(Template::parse(text).unwrap().source(), text);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn an_escaped_text_reads_as_itself(text in "([${}a. ]|\\$\\{|\\{\\{|\\}\\}){0,12}") {
            let parsed = Template::parse(&escape(&text));
            proptest::prop_assert_eq!(parsed.ok().and_then(|t| t.literal()), Some(text));
        }
    }

    #[test]
    fn settling_keeps_what_is_unknown() {
        let template = Template::parse("a${var.x}${var.y}").unwrap();
        let settled =
            template.settle(&mut |r| (*r == Reference::Var("x".into())).then(|| "1".into()));
        assert_eq!(
            settled,
            Template {
                parts: vec![
                    Part::Text("a1".into()),
                    Part::Reference(Reference::Var("y".into()))
                ]
            }
        );
    }
}

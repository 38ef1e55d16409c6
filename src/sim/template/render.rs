//! A tree with all of its programs answered. What Port would do with a failure is the caller's to tell.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::paths::paths;
use super::pieces::{Piece, pieces};
use super::{Note, ROOTS, Rendered, Request};
use crate::sim::guesses;
use crate::sim::job::{Fault, FaultKind};
use crate::sim::jq::Input;
use crate::sim::json::{escaped, kind};
use crate::sim::near::did_you_mean;

/// The key that puts the pairs of an object into the map around it.
const SPREAD: &str = "spreadValue()";

/// Renders a tree: a text that is exactly one template becomes what the program gives; in longer texts
/// other values than texts are written as JSON; a key that gives null drops its pair; `{{ spreadValue() }}`
/// spreads an object into its map.
///
/// # Errors
/// The tree nests too deep. What goes wrong in one text is a note, and the text's value null.
pub fn render(request: &Request) -> Result<Rendered, Fault> {
    let mut renderer = Renderer {
        input: Input::new(&request.roots, request.now),
        roots: &request.roots,
        notes: Vec::new(),
    };
    let value = renderer.tree(&request.template, "", 0)?;
    Ok(Rendered {
        value,
        notes: renderer.notes,
    })
}

struct Renderer<'a> {
    input: Input,
    roots: &'a Value,
    notes: Vec<Note>,
}

impl Renderer<'_> {
    fn tree(&mut self, value: &Value, at: &str, depth: usize) -> Result<Value, Fault> {
        if depth > guesses::DEPTH {
            let why = format!("the tree nests deeper than {} levels", guesses::DEPTH);
            return Err(Fault::new(FaultKind::Limit, why));
        }
        match value {
            Value::String(text) => Ok(self.text(text, at, true)),
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let items = items.map(|(i, item)| self.tree(item, &format!("{at}/{i}"), depth + 1));
                items.collect::<Result<_, _>>().map(Value::Array)
            }
            Value::Object(map) => self.map(map, at, depth),
            plain => Ok(plain.clone()),
        }
    }

    fn map(&mut self, map: &Map<String, Value>, at: &str, depth: usize) -> Result<Value, Fault> {
        let mut own: Vec<(String, Value)> = Vec::new();
        let mut spread: Vec<(usize, Map<String, Value>)> = Vec::new();
        for (key, value) in map {
            let at = format!("{at}/{}", escaped(key));
            if is_spread(key) {
                match self.tree(value, &at, depth + 1)? {
                    Value::Object(pairs) => spread.push((own.len(), pairs)),
                    // The text's own note says that it is null.
                    Value::Null => {}
                    other => {
                        let what = kind(&other);
                        let why = format!("`{SPREAD}` needs an object, and this gives {what}");
                        self.fail(&at, Fault::new(FaultKind::Runtime, why));
                    }
                }
                continue;
            }
            let key = match self.text(key, &at, false) {
                Value::String(key) => key,
                Value::Null => continue,
                Value::Number(key) => key.to_string(),
                other => {
                    let what = kind(&other);
                    let why = format!("a key must be a text, and this gives {what}");
                    self.fail(&at, Fault::new(FaultKind::Runtime, why));
                    continue;
                }
            };
            own.push((key, self.tree(value, &at, depth + 1)?));
        }
        Ok(Value::Object(joined(own, spread)))
    }

    /// What a text or a key becomes.
    fn text(&mut self, text: &str, at: &str, note_null: bool) -> Value {
        let parts = pieces(text);
        if let [Piece::Program { program, .. }] = parts.as_slice() {
            return self.program(text, program.clone(), at, note_null);
        }
        let mut whole = String::new();
        for part in parts {
            match part {
                Piece::Literal(span) => whole.push_str(&text[span]),
                Piece::Open(span) => {
                    let fault = Fault::new(FaultKind::Syntax, "`{{` without `}}`");
                    self.note(at, fault.at(span.start..span.start + 2));
                    whole.push_str(&text[span]);
                }
                Piece::Program { program, .. } => match self.program(text, program, at, true) {
                    Value::String(value) => whole.push_str(&value),
                    Value::Null => whole.push_str(guesses::NULL_IN_TEXT),
                    other => whole.push_str(&other.to_string()),
                },
            }
        }
        Value::String(whole)
    }

    fn program(
        &mut self,
        text: &str,
        span: std::ops::Range<usize>,
        at: &str,
        note_null: bool,
    ) -> Value {
        let program = &text[span.clone()];
        if program.is_empty() {
            let fault = Fault::new(FaultKind::Syntax, "there is no program between the braces");
            self.fail(at, fault.at(span));
            return Value::Null;
        }
        let before = self.notes.len();
        let marked = self.look(program, span.start, at);
        let marked = marked.map(|secrets| self.input.with("secrets", &Value::Object(secrets)));
        let result = marked.as_ref().unwrap_or(&self.input).first(program);
        match result {
            Ok(Value::Null) if note_null && self.notes.len() == before => {
                self.note(
                    at,
                    Fault::new(FaultKind::Runtime, "the program gives null").at(span),
                );
                Value::Null
            }
            Ok(value) => value,
            Err(fault) => {
                let mut fault = self.discreet(program, fault);
                let inner = fault.span.take();
                let inner = inner.map(|inner| span.start + inner.start..span.start + inner.end);
                fault.span = inner.or(Some(span));
                self.fail(at, fault);
                Value::Null
            }
        }
    }

    /// A fault as it is without the text of any secret: what fails may quote its input.
    fn discreet(&self, program: &str, fault: Fault) -> Fault {
        let secrets = self.roots.get("secrets").and_then(Value::as_object);
        let of_text = matches!(fault.kind, FaultKind::Syntax | FaultKind::Refused);
        let Some(secrets) = secrets.filter(|_| !of_text) else {
            return fault;
        };
        let hidden = secrets.keys().map(|name| (name.clone(), Value::from("…")));
        let hidden = self.input.with("secrets", &Value::Object(hidden.collect()));
        match hidden.first(program) {
            Err(fault) => fault,
            Ok(_) => Fault::new(FaultKind::Runtime, "the program fails on a secret's text"),
        }
    }

    /// Notes what a program reads that is not there; the secrets with a mark in the place of each that
    /// nobody has declared, when there is one.
    fn look(&mut self, program: &str, offset: usize, at: &str) -> Option<Map<String, Value>> {
        let mut marked: Option<Map<String, Value>> = None;
        let secrets = self.roots.get("secrets").and_then(Value::as_object);
        for (keys, span) in paths(program) {
            // An alternative means that the author knows.
            if program[span.end..].trim_start().starts_with("//") {
                continue;
            }
            let place = offset + span.start..offset + span.end;
            let Some(root) = keys.first() else { continue };
            if !ROOTS.contains(&root.as_str()) && self.roots.get(root).is_none() {
                self.note(at, unknown_root(&keys, self.roots).at(place));
                continue;
            }
            let (Some(name), true) = (keys.get(1), matches!(root.as_str(), "secrets" | "inputs"))
            else {
                continue;
            };
            let known = self.roots.get(root).and_then(|root| root.get(name));
            if known.is_some_and(|known| !known.is_null()) {
                continue;
            }
            if root == "inputs" {
                let why = format!("the input `{name}` is not given");
                self.note(at, Fault::new(FaultKind::Runtime, why).at(place));
                continue;
            }
            let names = secrets.map(|map| map.keys().map(String::as_str));
            let mut fault = Fault::new(FaultKind::Runtime, format!("there is no secret `{name}`"));
            fault.help = names.and_then(|names| did_you_mean(name, names));
            self.note(at, fault.at(place));
            let marked = marked.get_or_insert_with(|| secrets.cloned().unwrap_or_default());
            marked.insert(name.clone(), guesses::unknown_secret(name).into());
        }
        marked
    }

    fn fail(&mut self, at: &str, fault: Fault) {
        self.say(at, true, fault);
    }

    fn note(&mut self, at: &str, fault: Fault) {
        self.say(at, false, fault);
    }

    fn say(&mut self, at: &str, failed: bool, fault: Fault) {
        let at = at.to_owned();
        self.notes.push(Note { at, failed, fault });
    }
}

fn unknown_root(keys: &[String], roots: &Value) -> Fault {
    let root = keys.first().map_or("", String::as_str);
    let fault = Fault::new(FaultKind::Runtime, format!("templates have no `.{root}`"));
    // Conditions of automations begin at the event, templates one level above.
    if roots
        .pointer("/event")
        .and_then(|event| event.get(root))
        .is_some()
        || root == "diff"
    {
        return fault.help(format!("in a template write `.event.{}`", keys.join(".")));
    }
    match did_you_mean(root, ROOTS) {
        Some(help) => fault.help(help),
        None => fault.help("there are .inputs .entity .trigger .action .run .secrets .event .user"),
    }
}

/// Whether a key is `{{ spreadValue() }}`.
fn is_spread(key: &str) -> bool {
    match pieces(key).as_slice() {
        [Piece::Program { program, .. }] => {
            let words = key[program.clone()].split_whitespace();
            words.collect::<String>() == SPREAD
        }
        _ => false,
    }
}

/// The pairs of a map in their order, each spread object before the pair that its number names.
fn joined(
    own: Vec<(String, Value)>,
    spread: Vec<(usize, Map<String, Value>)>,
) -> Map<String, Value> {
    let names: BTreeSet<String> = own.iter().map(|(key, _)| key.clone()).collect();
    let mut whole = Map::new();
    let mut spread = spread.into_iter().peekable();
    let mut own = own.into_iter().enumerate();
    loop {
        let pair = own.next();
        let at = pair.as_ref().map_or(usize::MAX, |(at, _)| *at);
        while let Some((_, pairs)) = spread.next_if(|(before, _)| *before <= at) {
            let beaten = |key: &String| guesses::EXPLICIT_KEYS_WIN && names.contains(key);
            whole.extend(pairs.into_iter().filter(|(key, _)| !beaten(key)));
        }
        let Some((_, (key, value))) = pair else {
            return whole;
        };
        if guesses::EXPLICIT_KEYS_WIN || !whole.contains_key(&key) {
            whole.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn roots() -> Value {
        json!({
            "inputs": { "stack": { "identifier": "ai-agent" }, "count": 2, "tags": ["a"], "none": null },
            "secrets": { "SPACELIFT_TOKEN": "ey.jwt", "my-name": "x" },
            "run": { "id": "r_1" },
            "event": { "diff": { "after": { "status": "SUCCESS" } } },
        })
    }

    fn rendered(template: &Value) -> Rendered {
        let request = Request {
            template: template.clone(),
            roots: roots(),
            now: 0.0,
        };
        render(&request).unwrap()
    }

    /// The value without a word about it.
    fn quiet(template: &Value) -> Value {
        let rendered = rendered(template);
        assert_eq!(rendered.notes, [], "{template}");
        rendered.value
    }

    fn notes(template: &Value) -> String {
        let one = |note: &Note| {
            let failed = if note.failed { "failed" } else { "note" };
            let help = note.fault.help.as_deref().unwrap_or("-");
            format!(
                "{failed} {} {:?} {} ({help})",
                note.at, note.fault.span, note.fault.message
            )
        };
        rendered(template)
            .notes
            .iter()
            .map(one)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn one_template_keeps_its_type_and_longer_texts_do_not() {
        assert_eq!(quiet(&json!("{{.inputs.count}}")), json!(2));
        assert_eq!(quiet(&json!("{{ .inputs.tags }}")), json!(["a"]));
        assert_eq!(
            quiet(&json!("{{ .inputs.count }} of {{ .inputs.tags }}")),
            json!("2 of [\"a\"]")
        );
        assert_eq!(
            quiet(&json!({ "Authorization": "Bearer {{.secrets.SPACELIFT_TOKEN}}" })),
            json!({ "Authorization": "Bearer ey.jwt" })
        );
        assert_eq!(
            quiet(&json!([{ "a": ["{{ .secrets[\"my-name\"] }}", 1, true, null] }])),
            json!([{ "a": ["x", 1, true, null] }])
        );
        assert_eq!(
            quiet(&json!("{{ {a: {b: .run.id}} }}")),
            json!({ "a": { "b": "r_1" } })
        );
    }

    #[test]
    fn keys_are_templates_too() {
        assert_eq!(
            quiet(
                &json!({ "{{ .run.id }}": 1, "x-{{ .inputs.count }}": 2, "{{ .inputs.none // null }}": 3, "{{ .inputs.count }}": 4 })
            ),
            json!({ "r_1": 1, "x-2": 2, "2": 4 })
        );
    }

    #[test]
    fn objects_are_spread_where_they_stand() {
        let spread = quiet(&json!({
            "first": 0,
            "{{ spreadValue() }}": "{{ {a: 1, first: 2, last: 3} }}",
            "last": 9,
            "{{spreadValue()}}": { "b": "{{ .run.id }}" },
        }));
        assert_eq!(
            spread.to_string(),
            r#"{"first":0,"a":1,"last":9,"b":"r_1"}"#
        );
        assert_eq!(
            notes(&json!({ "{{ spreadValue() }}": "{{ .inputs.tags }}" })),
            "failed /{{ spreadValue() }} None `spreadValue()` needs an object, and this gives a list (-)"
        );
    }

    #[test]
    fn a_secret_that_is_not_there_is_seen() {
        let template = json!({ "h": "Bearer {{ .secrets.SPACELIFT_TOKN }}" });
        assert_eq!(
            rendered(&template).value,
            json!({ "h": "Bearer <unknown secret SPACELIFT_TOKN>" })
        );
        assert_eq!(
            notes(&template),
            "note /h Some(10..33) there is no secret `SPACELIFT_TOKN` (did you mean `SPACELIFT_TOKEN`?)"
        );
        assert_eq!(quiet(&json!("{{ .secrets.X // \"d\" }}")), json!("d"));
    }

    #[test]
    fn what_is_missing_is_noted() {
        assert_eq!(
            rendered(&json!("a {{ .inputs.name }}")).value,
            json!("a null")
        );
        assert_eq!(
            notes(&json!("a {{ .inputs.name }}")),
            "note  Some(5..17) the input `name` is not given (-)"
        );
        assert_eq!(
            notes(&json!("{{ .run.link }}")),
            "note  Some(3..12) the program gives null (-)"
        );
        assert_eq!(
            notes(&json!({ "a/b": "{{ .diff.after.x }}" })),
            "note /a~1b Some(3..16) templates have no `.diff` (in a template write `.event.diff.after.x`)"
        );
        assert_eq!(
            notes(&json!("{{ .input.x }}")),
            "note  Some(3..11) templates have no `.input` (did you mean `.inputs`?)"
                .replace("`.inputs`", "`inputs`")
        );
        assert_eq!(
            notes(&json!("{{ .a")),
            "note  Some(0..2) `{{` without `}}` (-)"
        );
    }

    #[test]
    fn what_fails_says_where() {
        let template = json!({ "a": ["ok {{ .run.id | tonumber }}", "{{ .run.id + }}"], "{{ .inputs.tags }}": 1 });
        let rendered = rendered(&template);
        assert_eq!(rendered.value, json!({ "a": ["ok null", null] }));
        let failures: Vec<&str> = rendered.failures().map(|note| note.at.as_str()).collect();
        assert_eq!(failures, ["/a/0", "/a/1", "/{{ .inputs.tags }}"]);
        assert!(
            rendered.failures().take(2).all(|note| note
                .fault
                .span
                .as_ref()
                .is_some_and(|span| span.start >= 3))
        );
    }

    #[test]
    fn no_secret_is_in_a_failure() {
        let template = json!([
            "{{ .secrets.SPACELIFT_TOKEN | tonumber }}",
            "{{ .secrets + 1 }}",
            "{{ error(tojson) }}",
            "{{ if (.secrets.SPACELIFT_TOKEN | startswith(\"ey\")) then error else 1 end }}",
            "{{ .secrets.SPACELIFT_TOKEN.x }}",
            "{{ error(\"too large: \" + .secrets.SPACELIFT_TOKEN) }}"
        ]);
        let rendered = rendered(&template);
        assert_eq!(rendered.failures().count(), 6);
        assert!(!format!("{:?}", rendered.notes).contains("ey.jwt"));
        let request = Request {
            template,
            roots: roots(),
            now: 0.0,
        };
        assert!(!format!("{request:?}").contains("ey.jwt"));
    }

    #[test]
    fn depth_has_a_limit() {
        let mut deep = json!("x");
        for _ in 0..200 {
            deep = json!([deep]);
        }
        let request = Request {
            template: deep,
            roots: json!({}),
            now: 0.0,
        };
        assert_eq!(render(&request).unwrap_err().kind, FaultKind::Limit);
    }

    proptest! {
        #[test]
        fn what_has_no_template_renders_to_itself(text in "[^{]{0,40}|[{][^{]{0,20}", key in "[^{]{0,10}") {
            let template = json!({ key: [text, 1, null] });
            prop_assert_eq!(quiet(&template), template);
        }

        #[test]
        fn nothing_breaks_it(text in r#"(\{\{|\}\}|[.|"'\\(){}\[\] ab$]|inputs|secrets|spreadValue\(\)){0,20}"#) {
            let _ = rendered(&json!({ text.clone(): text }));
        }
    }
}

//! Pasting: what vendors' pages print, made documents of a project.
//!
//! JSON and YAML, several documents or a list, answers of the services, actions of the old form, and
//! the code blocks of a page in Markdown. What is pasted is data: `{{ … }}` stays, `${` is escaped,
//! secrets become variables. Deliberately not here: reading and writing files (see `commands`).

use std::collections::BTreeSet;

use crate::kinds::check::check;
use crate::kinds::{self, Identity, Kind, Picks, Shape, slug};
use crate::show::export::{Document, names, spec};
use crate::want::desired::usual_name;
use crate::want::yaml;
use crate::words::template::{Reference, escape};
use crate::words::value::{Map, SecretSource};
use crate::words::{Addr, Data, Findings, Node, Place, Severity, Template, Value};

/// How deep answers may wrap an object.
const WRAPPED: usize = 3;

/// Languages of code blocks that may hold an object; the empty one is not said.
const LANGUAGES: &[&str] = &["", "json", "json5", "jsonc", "rego", "yaml", "yml"];

/// What was found in a text.
#[derive(Debug, Default)]
pub struct Pasted {
    /// The documents, their texts as they have to be written.
    pub documents: Vec<Value>,
    /// What a reader should know, as sentences.
    pub notes: Vec<String>,
    /// What keeps a document from being valid, or an object from becoming one.
    pub problems: Vec<String>,
}

/// A piece of the text, and where it stands.
struct Snippet {
    text: String,
    /// In words: `the code block at line 12`.
    place: Option<String>,
}

/// Makes documents of a text. `name` is the `ref` of the first object that needs one.
pub fn paste(text: &str, name: Option<&str>) -> Pasted {
    let mut pasting = Pasting {
        name,
        named: 0,
        addrs: BTreeSet::new(),
        variables: BTreeSet::new(),
        made: Pasted::default(),
    };
    for snippet in snippets(text) {
        if snippet.text.trim().is_empty() {
            continue;
        }
        pasting.snippet(&snippet);
    }
    pasting.only_one();
    pasting.made
}

struct Pasting<'a> {
    name: Option<&'a str>,
    named: usize,
    addrs: BTreeSet<Addr>,
    variables: BTreeSet<String>,
    made: Pasted,
}

impl Pasting<'_> {
    fn snippet(&mut self, snippet: &Snippet) {
        let (nodes, findings) = yaml::read(0, &snippet.text);
        let is_data = |node: &Node| node.entries().is_some() || node.items().is_some();
        if !findings.has_errors() && nodes.iter().any(is_data) {
            for node in &nodes {
                self.node(node, snippet, WRAPPED);
            }
            return;
        }
        let whole = Place::new(0, 0, snippet.text.len());
        let part = Node::new(whole, Data::Text(snippet.text.as_str().into()));
        if self.part(&part, snippet) || snippet.place.is_some() {
            return;
        }
        let first = findings.iter().find(|f| f.severity == Severity::Error);
        let why = first.map_or("it is no JSON or YAML object", |f| f.message.as_str());
        self.made
            .problems
            .push(format!("The text cannot be read: {why}."));
    }

    fn node(&mut self, node: &Node, snippet: &Snippet, depth: usize) {
        if self.part(node, snippet) {
            return;
        }
        if let Some(items) = node.items() {
            if depth > 0 {
                for item in items {
                    self.node(item, snippet, depth - 1);
                }
            }
            return;
        }
        let Some(entries) = node.entries() else {
            return;
        };
        if node
            .get("kind")
            .is_some_and(|kind| kind.text().and_then(kinds::find).is_some())
            && node.get("spec").is_some()
        {
            self.made
                .notes
                .push("A document that has its `kind` already stays as it is.".to_owned());
            self.keep(node.to_value());
            return;
        }
        if let Some(kind) = recognised(node) {
            return self.object(kind, node, snippet);
        }
        // An answer of a service: `{ok: true, blueprint: {…}}`, `{blueprints: [{…}]}`.
        let inner: Vec<&Node> = entries
            .iter()
            .map(|(_, node)| node)
            .filter(|node| node.entries().is_some() || node.items().is_some())
            .collect();
        if let ([one], true) = (inner.as_slice(), depth > 0) {
            self.node(one, snippet, depth - 1);
        } else if snippet.place.is_none() {
            self.made.problems.push(format!(
                "What has {} is no object that spaceport knows.",
                entries
                    .iter()
                    .take(4)
                    .map(|(key, _)| format!("`{}`", key.text))
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
    }

    /// Takes what is only the main part of an object, if it is one.
    fn part(&mut self, part: &Node, snippet: &Snippet) -> bool {
        let mut kinds = kinds::ALL.iter().copied();
        let found = kinds.find(|kind| kind.wrap(part, "name").is_some());
        let Some(kind) = found else {
            return false;
        };
        let Some(name) = self.next_name() else {
            let place = snippet.place.as_deref().unwrap_or("the text");
            self.made.problems.push(format!(
                "What stands in {place} is the main part of a `{}`, which needs a name: pass `--ref NAME`.",
                kind.name()
            ));
            return true;
        };
        if let Some(whole) = kind.wrap(part, &name) {
            self.made.notes.push(format!(
                "`{}`: only its main part was pasted; look at the other fields.",
                Addr::new(kind.service(), kind.word(), &name)
            ));
            self.object_named(kind, &whole, Some(name));
        }
        true
    }

    fn object(&mut self, kind: &'static dyn Kind, node: &Node, _snippet: &Snippet) {
        let identity = kind.identity();
        let has_name = identity.parts().iter().all(|part| node.get(part).is_some());
        let wants = kind.needs_ref().is_some() || !has_name;
        let name = match wants {
            true => self.next_name(),
            false => None,
        };
        self.object_named(kind, node, name);
    }

    fn object_named(&mut self, kind: &'static dyn Kind, node: &Node, name: Option<String>) {
        let mut findings = Findings::default();
        let node = kind.upgrade(node.clone(), &mut findings);
        for finding in findings.iter() {
            self.made
                .notes
                .push(format!("{}.", capital(&finding.message)));
        }
        let mut value = node.to_value();
        let identity = kind.identity();
        if let (Identity::Field(field) | Identity::Name(field), Some(name)) = (identity, &name)
            && value.get(field).is_none_or(Value::is_null)
        {
            value
                .as_map_mut()
                .and_then(|map| map.insert(field.to_owned(), Value::text(name)));
        }
        let known_as = identity.name_in(&value);
        let usual = known_as.as_deref().map(|name| usual_name(kind, name));
        let escaped = identity
            .parts()
            .into_iter()
            .filter_map(|part| value.get_text(part))
            .any(|text| escape(text) != text);
        let needs = kind.needs_ref().is_some() || escaped;
        let reference = match (&name, &usual) {
            (Some(name), Some(usual)) if name == usual && !needs => None,
            (Some(name), _) => Some(name.clone()),
            (None, usual) if needs => {
                let base = usual.as_deref().map(slug).unwrap_or_default();
                Some(if base.is_empty() {
                    kind.word().to_owned()
                } else {
                    base
                })
            }
            _ => None,
        };
        let shown = reference
            .clone()
            .or(usual)
            .unwrap_or_else(|| "object".to_owned());
        let addr = Addr::new(kind.service(), kind.word(), shown);
        self.secrets(kind, &mut value, &addr);
        let mut made = spec::of_written(kind, &value);
        let ignore = match spec::hide(kind, &mut made.known) {
            Ok(hidden) => hidden,
            Err(why) => {
                self.made.problems.push(format!("`{addr}`: {why}."));
                return;
            }
        };
        for at in ignore {
            self.made.problems.push(format!(
                "`{addr}`: `{at}` holds a credential and is left out; keep it in a secret of Port and write `{{{{ .secrets.NAME }}}}`."
            ));
        }
        for at in made.unknown {
            self.made.notes.push(format!(
                "`{addr}`: `{at}` is not known to this version and is left out."
            ));
        }
        let document = Document {
            addr,
            kind,
            id: String::new(),
            reference,
            spec: made.known,
            extra: made.extra,
            ignore: Vec::new(),
            unknown: Vec::new(),
            secrets: Vec::new(),
            replaces: None,
        };
        let whole = document.value();
        if self.made.documents.contains(&whole) {
            self.made
                .notes
                .push(format!("`{}` stands there more than once.", document.addr));
            return;
        }
        self.doubt(&document);
        if !self.addrs.insert(document.addr.clone()) {
            self.made.problems.push(format!(
                "`{}` stands there twice, each time different; keep one, or give one another `ref`.",
                document.addr
            ));
        }
        self.keep(whole);
    }

    fn keep(&mut self, document: Value) {
        self.made.documents.push(document);
    }

    /// Says what the checks of files will find.
    fn doubt(&mut self, document: &Document) {
        let json = document.spec.to_json_with(&mut |_| "secret".into());
        let node = Node::from_json(Place::new(0, 0, 0), &json);
        let mut findings = Findings::default();
        check(document.kind.shape(), &node, "spec", &mut findings);
        document.kind.check(&node, &mut findings);
        for finding in findings.iter().filter(|f| f.severity == Severity::Error) {
            self.made
                .problems
                .push(format!("`{}`: {}.", document.addr, finding.message));
        }
    }

    /// Texts of secrets become variables, and are never printed.
    fn secrets(&mut self, kind: &dyn Kind, value: &mut Value, addr: &Addr) {
        for place in &Picks::of(kind).write_only {
            let found = value.at(place).cloned().unwrap_or_default();
            let places = match &found {
                Value::Map(map) => map.keys().map(|key| place.join(key)).collect(),
                Value::Null if kind.holds_secret(value, place) == Some(true) => vec![place.clone()],
                Value::Null => Vec::new(),
                _ => vec![place.clone()],
            };
            for at in places {
                let written = value.at(&at).and_then(Value::as_text);
                let own = written.and_then(|text| Template::parse(text).ok());
                let own = own.filter(|template| {
                    let single = template.single();
                    matches!(single, Some(Reference::Env(_) | Reference::Random(_)))
                });
                let template = match own {
                    Some(template) => template,
                    None => {
                        let name = names::variable(addr, kind, &at, &mut self.variables);
                        self.made.notes.push(format!(
                            "`{addr}`: `{at}` is a secret and is read from the variable `{name}`."
                        ));
                        Template::of(Reference::Env(name))
                    }
                };
                spec::put(value, &at, Value::Secret(SecretSource::new(template)));
            }
        }
    }

    /// A name that nobody needed is that of the only object.
    fn only_one(&mut self) {
        if let ([document], Some(name), 0) =
            (self.made.documents.as_mut_slice(), self.name, self.named)
            && let Some(fields) = document.as_map_mut()
        {
            let mut named: Map = std::mem::take(fields).into_iter().collect();
            let spec = named.shift_remove("spec").unwrap_or_default();
            named.insert("ref".to_owned(), Value::text(name));
            named.insert("spec".to_owned(), spec);
            *fields = named;
        }
    }

    /// `--ref` for the first object that needs it, then with numbers.
    fn next_name(&mut self) -> Option<String> {
        let name = self.name?;
        self.named += 1;
        Some(match self.named {
            1 => name.to_owned(),
            number => format!("{name}-{number}"),
        })
    }
}

/// The kind that an object without its frame is of: it has the field that only such objects have,
/// and of those the one that it has the fewest mistakes as.
fn recognised(node: &Node) -> Option<&'static dyn Kind> {
    let entries = node.entries()?;
    let candidates = kinds::ALL.iter().copied().filter_map(|kind| {
        node.get(kind.looks().1)?;
        let mut findings = Findings::default();
        let current = kind.upgrade(node.clone(), &mut findings);
        let mut findings = Findings::default();
        check(kind.shape(), &current, "spec", &mut findings);
        kind.check(&current, &mut findings);
        let errors = findings.iter().filter(|f| f.severity == Severity::Error);
        let Shape::Object(object) = kind.shape() else {
            return None;
        };
        let known = |key: &str| object.field(key).is_some() || current.get(key).is_none();
        let strange = entries.iter().filter(|(key, _)| !known(&key.text)).count();
        (strange * 2 < entries.len()).then_some((errors.count(), kind))
    });
    let best = candidates.min_by_key(|(errors, _)| *errors);
    best.map(|(_, kind)| kind)
}

/// The code blocks of a page, or the whole text.
fn snippets(text: &str) -> Vec<Snippet> {
    let fence = |line: &str| line.trim_start().starts_with("```");
    if !text.lines().any(fence) {
        return vec![Snippet {
            text: text.to_owned(),
            place: None,
        }];
    }
    let mut found = Vec::new();
    let mut open: Option<(usize, &str, usize, usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let body = line.trim_start();
        let ticks = body.len() - body.trim_start_matches('`').len();
        match &mut open {
            None if ticks >= 3 => {
                let info = body[ticks..].trim();
                let language = info.split_whitespace().next().unwrap_or_default();
                let indent = line.len() - body.len();
                open = Some((index + 1, language, indent, ticks, String::new()));
            }
            None => {}
            Some((line_number, language, _, least, inside))
                if ticks >= *least && body.trim_end().len() == ticks =>
            {
                if LANGUAGES.contains(&language.to_lowercase().as_str()) {
                    found.push(Snippet {
                        text: std::mem::take(inside),
                        place: Some(format!("the code block at line {line_number}")),
                    });
                }
                open = None;
            }
            Some((_, _, indent, _, inside)) => {
                let blanks = line.len() - body.len();
                inside.push_str(&line[blanks.min(*indent)..]);
                inside.push('\n');
            }
        }
    }
    found
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::want::yaml::layout;

    fn pasted(text: &str, name: Option<&str>) -> (String, Vec<String>) {
        let made = paste(text, name);
        (layout::stream(&made.documents), made.problems)
    }

    #[test]
    fn an_object_gets_its_frame_and_loses_what_is_the_services_own() {
        let text = r#"{"ok": true, "blueprint": {"identifier": "a", "title": "${x} {{ .y }}",
            "schema": {"properties": {}}, "createdAt": "now", "relations": null}}"#;
        let (text, problems) = pasted(text, None);
        assert_eq!(problems, [""; 0]);
        insta::assert_snapshot!(text, @r#"
        kind: port.blueprint
        spec:
          identifier: a
          title: "$${x} {{ .y }}"
          schema:
            properties: {}
        "#);
    }

    #[test]
    fn old_actions_lists_and_secrets_are_taken() {
        let text = r#"[
            {"identifier": "old", "title": "Old", "trigger": "CREATE", "userInputs": {"properties": {}},
             "invocationMethod": {"type": "KAFKA"}},
            {"secretName": "KEY", "secretValue": "canary"}
        ]"#;
        let (text, problems) = pasted(text, None);
        assert_eq!(problems, [""; 0]);
        assert!(
            text.contains("type: self-service") && !text.contains("canary"),
            "{text}"
        );
        assert!(
            text.contains("secretValue: \"${env.PORT_SECRET_KEY}\""),
            "{text}"
        );
    }

    #[test]
    fn a_page_gives_its_objects_and_says_which_need_a_name() {
        let page = "\
Text.

   ```json showLineNumbers
   [
     {\"blueprint\": \"a\", \"entity\": {\"identifier\": \".body.id\"}}
   ]
   ```

```yaml
# Option 1
webhook[{\"endpoint_id\": \"<ID>\"}] {
input.run_updated != null
}
```

```json
{\"identifier\": \"x\", \"properties\": {}}
```

```python
import os
```
";
        let (text, problems) = pasted(page, None);
        assert_eq!(text, "");
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(
            problems.iter().all(|p| p.contains("--ref NAME")),
            "{problems:?}"
        );
        let (text, problems) = pasted(page, Some("stacks"));
        assert_eq!(problems, [""; 0]);
        insta::assert_snapshot!(text, @r#"
        kind: port.webhook
        spec:
          identifier: stacks
          title: stacks
          mappings:
            - blueprint: a
              entity:
                identifier: .body.id
        ---
        kind: spacelift.policy
        spec:
          name: stacks-2
          type: NOTIFICATION
          body: |
            package spacelift

            # Option 1
            webhook[{"endpoint_id": "<ID>"}] {
            input.run_updated != null
            }
          space: root
          engineType: REGO_V0
        "#);
    }

    #[test]
    fn what_is_no_object_is_a_problem() {
        for text in ["{\"a\": 1}", "plain words", "{", ""] {
            let made = paste(text, None);
            assert!(made.documents.is_empty(), "{text}");
        }
        assert!(!paste("{\"a\": 1}", None).problems.is_empty());
    }
}

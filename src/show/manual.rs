//! The manual's pages for people: what a kind or a field is, what it may hold, and an example.
//!
//! Deliberately not here: finding the entry (see `kinds::manual`).

use serde_json::Value as Json;

use crate::kinds::manual::Entry;
use crate::kinds::shape::{Field, Limits, Object, Rules, Shape};
use crate::kinds::{ingest, trial};
use crate::show::text::wrap;
use crate::show::{Meaning, Style};
use crate::want::yaml::layout::document;
use crate::words::Value;

/// Columns of the words that lines begin with.
const LABEL: usize = 11;

/// An entry as text, each line with its line end.
pub fn human(entry: &Entry, style: &Style) -> String {
    let mut page = Page {
        text: String::new(),
        style,
    };
    let place = match entry.at.parts() {
        [] => String::new(),
        parts => format!(".{}", parts.join(".")),
    };
    let title = format!("{}{place}", entry.kind.name());
    page.title(&title);
    match entry.field {
        Some(field) => page.paragraph("  ", field.doc),
        None if entry.at.parts().is_empty() => page.paragraph("  ", entry.kind.doc()),
        None => page.paragraph("  ", "A value or an item of what stands above it."),
    }
    page.gap();
    page.labelled("type", &kind_of(entry.shape));
    for limit in limits(entry.shape) {
        page.labelled("limits", &limit);
    }
    if let Some(field) = entry.field {
        page.field(field);
    }
    if entry.at.parts().is_empty() {
        let identity = entry.kind.identity().parts().join(" and ");
        page.labelled("known by", &identity);
        for (name, words) in entry.kind.exports() {
            page.labelled("exports", &format!("{name}: {words}"));
        }
        if let Some(why) = entry.kind.stays() {
            page.labelled("stays", why);
        }
    }
    page.fields(entry.shape);
    page.gap();
    page.title("Example");
    let lines = yaml(&entry.example(), 2);
    lines.iter().for_each(|line| page.line(line));
    page.text
}

/// What a `kind: test` document is, each line with its line end.
pub fn test(style: &Style) -> String {
    let (kind, doc, example) = (trial::KIND, trial::DOC, trial::EXAMPLE);
    form(kind, doc, trial::shape(), "expect", example, style)
}

/// What a `kind: ingest` document is, each line with its line end.
pub fn ingest(style: &Style) -> String {
    let (kind, doc, example) = (ingest::KIND, ingest::DOC, ingest::EXAMPLE);
    form(kind, doc, ingest::shape(), "mapping", example, style)
}

/// A document that is no object, with the fields of one of its fields.
fn form(kind: &str, doc: &str, shape: &Shape, inner: &str, example: &str, style: &Style) -> String {
    let mut page = Page {
        text: String::new(),
        style,
    };
    page.title(kind);
    page.paragraph("  ", doc);
    page.fields(shape);
    let inner = match shape {
        Shape::Object(object) => object.field(inner),
        _ => None,
    };
    if let Some(inner) = inner {
        page.gap();
        page.title(&format!("{kind}.{}", inner.name));
        page.fields(&inner.shape);
    }
    page.gap();
    page.title("Example");
    let lines = example.lines();
    lines.for_each(|line| page.line(&format!("  {line}")));
    page.text
}

/// A page under way.
struct Page<'a> {
    text: String,
    style: &'a Style,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn gap(&mut self) {
        self.line("");
    }

    fn title(&mut self, title: &str) {
        let painted = self.style.paint(Meaning::Title, title);
        self.line(&painted);
    }

    fn paragraph(&mut self, first: &str, words: &str) {
        for line in wrap(first, words, self.style.width) {
            self.line(&line);
        }
    }

    fn labelled(&mut self, label: &str, words: &str) {
        self.paragraph(&format!("  {label:LABEL$}"), words);
    }

    fn field(&mut self, field: &Field) {
        let required = if field.required { "yes" } else { "no" };
        self.labelled("required", required);
        if let Some(default) = field.rules.default {
            self.default(default);
        }
        for rule in rules(&field.rules) {
            self.labelled("rule", &rule);
        }
    }

    /// A default, which is JSON in the definition; long ones as YAML.
    fn default(&mut self, json: &str) {
        match serde_json::from_str::<Json>(json) {
            Ok(value) if value.is_object() || value.is_array() => {
                self.line("  default");
                let lines = yaml(&value, 6);
                lines.iter().for_each(|line| self.line(line));
            }
            _ => self.labelled("default", json),
        }
    }

    /// The fields of a map, or of what a map or list holds.
    fn fields(&mut self, shape: &Shape) {
        match shape {
            Shape::Object(object) => self.object("Fields", object),
            Shape::Tagged { tag, variants } => {
                for (word, object) in variants {
                    self.object(&format!("Fields with `{tag}: {word}`"), object);
                }
            }
            Shape::Map { of, .. } | Shape::List { of, .. } => self.fields(of),
            Shape::OneOf(shapes) => shapes.iter().for_each(|one| self.fields(one)),
            _ => {}
        }
    }

    fn object(&mut self, title: &str, object: &Object) {
        if object.fields.is_empty() {
            return;
        }
        self.gap();
        self.title(title);
        let known = || object.fields.iter().filter(|field| !field.rules.computed);
        for field in known() {
            let required = if field.required { ", required" } else { "" };
            let doc = sentence(field.doc);
            self.line(&format!("  {}{required}", field.name));
            self.paragraph("      ", doc);
        }
        let computed = object.fields.iter().filter(|field| field.rules.computed);
        let computed: Vec<&str> = computed.map(|field| field.name).collect();
        if !computed.is_empty() {
            self.paragraph("  set by the server: ", &computed.join(", "));
        }
    }
}

/// The first sentence of a documentation.
fn sentence(doc: &str) -> &str {
    doc.find(". ").map_or(doc, |end| &doc[..=end])
}

/// What a value is, in words.
fn kind_of(shape: &Shape) -> String {
    match shape {
        Shape::Any => "anything".to_owned(),
        Shape::Bool => "`true` or `false`".to_owned(),
        Shape::Integer(..) => "a whole number".to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::Text(_) => "a text".to_owned(),
        Shape::Enum(words) => format!("one of {}", words.join(", ")),
        Shape::Object(object) if object.open => "a map that may have further fields".to_owned(),
        Shape::Object(_) => "a map".to_owned(),
        Shape::Map { of, .. } => format!("a map from names, each to {}", kind_of(of)),
        Shape::List { of, .. } => format!("a list, each item {}", kind_of(of)),
        Shape::Tagged { tag, variants } => {
            let words: Vec<&str> = variants.iter().map(|(word, _)| *word).collect();
            format!(
                "a map whose `{tag}` decides its fields: {}",
                words.join(", ")
            )
        }
        Shape::OneOf(shapes) => {
            let kinds: Vec<String> = shapes.iter().map(kind_of).collect();
            kinds.join(", or ")
        }
    }
}

/// The limits of a value, a sentence each.
fn limits(shape: &Shape) -> Vec<String> {
    match shape {
        Shape::Integer(least, most) => match (*least, *most) {
            (i64::MIN, i64::MAX) => Vec::new(),
            (least, i64::MAX) => vec![format!("at least {least}")],
            (i64::MIN, most) => vec![format!("at most {most}")],
            (least, most) => vec![format!("{least} to {most}")],
        },
        Shape::Text(limits) => of_text(limits),
        Shape::Map { keys, .. } => {
            let keys = of_text(keys).into_iter();
            keys.map(|limit| format!("of the names: {limit}")).collect()
        }
        Shape::List { count, .. } => match *count {
            (0, usize::MAX) => Vec::new(),
            (least, usize::MAX) => vec![format!("at least {least} items")],
            (least, most) => vec![format!("{least} to {most} items")],
        },
        Shape::OneOf(shapes) => shapes.iter().flat_map(limits).collect(),
        _ => Vec::new(),
    }
}

fn of_text(limits: &Limits) -> Vec<String> {
    let mut said = Vec::new();
    match (limits.min, limits.max) {
        (0, 0) => {}
        (least, 0) => said.push(format!("at least {least} characters")),
        (least, most) => said.push(format!("{least} to {most} characters")),
    }
    if let Some(charset) = limits.charset {
        said.push(charset.words.to_owned());
    }
    if !limits.suggestions.is_empty() {
        said.push(format!("for example {}", limits.suggestions.join(", ")));
    }
    said
}

fn rules(rules: &Rules) -> Vec<String> {
    let mut said: Vec<String> = [
        (
            rules.computed,
            "computed: the server's own, never in a file",
        ),
        (
            rules.write_only,
            "write-only: never read back or shown, compared by fingerprint",
        ),
        (
            rules.immutable,
            "immutable: a change deletes the object and creates it anew",
        ),
        (rules.renames, "a change renames the object in place"),
        (
            rules.unordered,
            "unordered: the order of items means nothing",
        ),
        (rules.text, "a long text: newlines at its end mean nothing"),
        (
            rules.seeded,
            "left alone after the create with `lifecycle: { seed: true }`",
        ),
        (
            rules.kept,
            "left as it is in the service while the file says nothing",
        ),
        (
            rules.by_name,
            "may be the unique name of a live object, in place of its id",
        ),
    ]
    .into_iter()
    .filter(|(holds, _)| *holds)
    .map(|(_, words)| words.to_owned())
    .collect();
    if let Some(kind) = rules.reference {
        said.push(format!("refers to a {kind}"));
    }
    said
}

/// A value as lines of YAML at a column.
fn yaml(value: &Json, column: usize) -> Vec<String> {
    let text = document(&Value::from(value));
    let pad = " ".repeat(column);
    text.lines().map(|line| format!("{pad}{line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{self, manual::find};
    use crate::show::text::width;

    fn page(name: &str) -> String {
        human(&find(name).expect("an entry"), &Style::default())
    }

    #[test]
    fn every_page_fits_and_its_example_can_be_read() {
        for kind in kinds::ALL {
            let fields = kind.shape().pick(&|_| true).into_iter();
            let names = fields.map(|at| format!("{}{at}", kind.name()));
            for name in names.chain([kind.name().to_owned()]) {
                let page = page(&name);
                let wide = page
                    .lines()
                    .find(|line| width(line) > 80 && line.contains(' '));
                assert_eq!(wide, None, "{name}");
                let (_, example) = page.split_once("Example\n").expect("an example");
                let (nodes, found) = crate::want::yaml::read(0, example);
                assert!(!found.has_errors() && nodes.len() == 1, "{name}\n{example}");
            }
        }
    }

    #[test]
    fn a_kind_on_a_page() {
        insta::assert_snapshot!(page("port.secret"), @r#"
        port.secret
          A secret of the Port organization, used in actions as `{{ .secrets.NAME }}`.

          type       a map
          known by   secretName

        Fields
          secretName, required
              Name by which templates read it: `{{ .secrets.NAME }}`.
          secretValue, required
              The text, usually `${env.NAME}`.
          description
              What it is for.
          set by the server: createdAt, updatedAt

        Example
          kind: port.secret
          spec:
            secretName: example
            secretValue: "${env.NAME}"
        "#);
    }

    #[test]
    fn documents_of_other_forms_on_pages() {
        let pages = [ingest(&Style::default()), test(&Style::default())];
        for page in &pages {
            let wide = page.lines().find(|line| width(line) > 80);
            assert_eq!(wide, None, "{page}");
            let (_, example) = page.split_once("Example\n").expect("an example");
            let (nodes, found) = crate::want::yaml::read(0, example);
            assert!(!found.has_errors() && nodes.len() == 1, "{example}");
        }
        let [page, _] = pages;
        let (fields, _) = page.split_once("\nExample\n").expect("an example");
        insta::assert_snapshot!(fields, @r#"
        ingest
          What Spacelift has, as entities of Port: `spaceport ingest` compares them and
          writes what differs.

        Fields
          kind, required
              `ingest`.
          name, required
              What `spaceport ingest NAME` calls it; unique in the project.
          environments
              Environments that the ingest is for; by default all.
          from, required
              What is read: each item is `.item`, with the fields of Spacelift's
              GraphQL.
          blueprint, required
              Blueprint of the entities: a plain identifier, not JQ.
          filter
              JQ over `.item`: only items of which it gives `true` are taken.
          mapping, required
              The entity as JQ over `.item` and `.account.url`, constants included:
              `'"done"'`.
          prune
              What becomes of entities whose item is gone from Spacelift: they stay, or
              `delete`.
          limits
              The brake of `prune`: a run that would delete more deletes nothing.

        ingest.mapping

        Fields
          identifier, required
              JQ to the identifier.
          title
              JQ to the title.
          icon
              JQ to the icon.
          team
              JQ to the owning teams.
          properties
              JQ by property.
          relations
              JQ to identifiers by relation.
        "#);
    }

    #[test]
    fn a_field_on_a_page() {
        insta::assert_snapshot!(page("port.secret.secretName"), @r"
        port.secret.secretName
          Name by which templates read it: `{{ .secrets.NAME }}`. Cannot be changed.

          type       a text
          limits     1 to 100 characters
          limits     ASCII letters, digits, `-` and `_`
          required   yes
          rule       immutable: a change deletes the object and creates it anew

        Example
          secretName: example
        ");
    }
}

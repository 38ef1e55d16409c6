//! Splicing: one value of a YAML text set or removed, every other byte as it was.
//!
//! What is new is written in the style around it: flow beside flow, JSON in JSON, blocks elsewhere.
//! Where that is not plainly possible (a value of an alias or a merge key) there is no answer, and
//! whoever asks checks the result by reading it. Deliberately not here: which values.

use crate::want::yaml::{emit, layout};
use crate::words::value::Map;
use crate::words::{Data, Node, Pointer, Value};

/// A text, one of its documents, and how the text is written.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The whole text.
    pub text: &'a str,
    /// The document that was read from it.
    pub document: &'a Node,
    /// Whether the file is JSON, which has no other style.
    pub json: bool,
}

/// A place of a document, found in its text.
struct Found<'a> {
    node: &'a Node,
    /// Whether a collection in flow style is around it.
    in_flow: bool,
    /// What holds it, and under which part.
    holder: Option<(&'a Node, &'a str)>,
}

impl<'a> Page<'a> {
    /// The text with a value at a place, which may be new.
    pub fn set(&self, at: &Pointer, value: &Value) -> Option<String> {
        let mut missing: Vec<&str> = Vec::new();
        let mut known = at.clone();
        let found = loop {
            match self.find(&known) {
                Ok(found) => break found,
                Err(true) => missing.push(at.parts().get(known.parts().len() - 1)?),
                Err(false) => return None,
            }
            known.pop()?;
        };
        let Some((last, inner)) = missing.split_last() else {
            return self.replace(&found, value);
        };
        let mut value = value.clone();
        for part in inner {
            value = one(part, value);
        }
        match &found.node.data {
            Data::Map(entries) if !entries.is_empty() => self.insert(&found, last, &value),
            Data::Map(_) | Data::Null => self.replace(&found, &one(last, value)),
            _ => None,
        }
    }

    /// The text without the entry at a place.
    pub fn remove(&self, at: &Pointer) -> Option<String> {
        let found = self.find(at).ok()?;
        let (holder, key) = found.holder?;
        let entries = holder.entries()?;
        let index = entries.iter().position(|(k, _)| k.text == key)?;
        if entries.len() == 1 {
            let mut above = at.clone();
            above.pop()?;
            return self.set(&above, &Value::Map(Map::new()));
        }
        let (start, end) = (entries[index].0.place.start as usize, self.end(found.node));
        if found.in_flow {
            return match entries.get(index + 1) {
                Some((next, _)) => self.cut(start, next.place.start as usize, ""),
                None => self.cut(self.end(&entries[index - 1].1), end, ""),
            };
        }
        let line = self.line_start(start);
        if self.text[line..start].chars().all(|c| c == ' ') {
            return self.cut(line, self.line_end(end)?, "");
        }
        let (next, _) = entries.get(index + 1)?;
        self.cut(start, next.place.start as usize, "")
    }

    /// The node at a place; otherwise whether it is only missing there.
    fn find(&self, at: &Pointer) -> Result<Found<'a>, bool> {
        let mut found = Found {
            node: self.document,
            in_flow: self.json,
            holder: None,
        };
        let own = self.document.place;
        for part in at.parts() {
            let holder = found.node;
            let child = match &holder.data {
                Data::Map(_) => holder.entry(part).map(|(key, node)| (key.place, node)),
                Data::List(items) => {
                    let item = part.parse::<usize>().ok().and_then(|i| items.get(i));
                    item.map(|node| (node.place, node))
                }
                _ => None,
            };
            let Some((key, node)) = child else {
                return Err(true);
            };
            let within = |place: crate::words::Place| {
                place.start >= holder.place.start && place.end <= holder.place.end
            };
            // What an alias or a merge key brings stands elsewhere.
            let empty = node.place.start == node.place.end;
            let stands = node.place.start >= key.start && (within(node.place) || empty);
            if !within(key) || !stands || holder.place.start < own.start {
                return Err(false);
            }
            let name = holder.entry(part).map_or("", |(key, _)| key.text.as_str());
            found = Found {
                node,
                in_flow: found.in_flow || self.is_flow(holder),
                holder: Some((holder, name)),
            };
        }
        Ok(found)
    }

    fn replace(&self, found: &Found, value: &Value) -> Option<String> {
        let (start, end) = (found.node.place.start as usize, self.end(found.node));
        let collection = matches!(value, Value::Map(_) | Value::List(_));
        if found.in_flow || (self.is_flow(found.node) && collection) {
            return self.cut(start, end, &self.flow(value));
        }
        let (holder, key) = found.holder?;
        match holder.entry(key) {
            Some((key, _)) => {
                let indent = self.column(key.place.start as usize)?;
                let colon = self.colon(key.place.end as usize)?;
                let between = self.text.get(colon..start.max(colon))?;
                if between.trim().is_empty() {
                    return self.cut(colon, end.max(colon), &layout::behind(value, indent));
                }
                // An anchor, a tag or a comment stands before it.
                let one_line = !collection && !layout::behind(value, indent).contains('\n');
                let plain = !between.contains('#') && one_line;
                plain.then(|| self.cut(start, end, &layout::inline(value)))?
            }
            None => {
                let before = self.text.get(..start)?.trim_end_matches(' ');
                let dash = before.strip_suffix('-')?.len();
                let indent = self.column(dash)?;
                let text = layout::behind(value, indent);
                let text = match text.strip_prefix('\n') {
                    Some(below) => format!(" {}", below.trim_start_matches(' ')),
                    None => text,
                };
                self.cut(dash + 1, end, &text)
            }
        }
    }

    fn insert(&self, found: &Found, key: &str, value: &Value) -> Option<String> {
        let entries = found.node.entries()?;
        let (first, _) = entries.first()?;
        let (last, node) = entries.last()?;
        let first = first.place.start as usize;
        let stands = node.place.start >= last.place.start && node.place.end <= found.node.place.end;
        let end = match stands {
            true => self.end(node).max(last.place.end as usize),
            false => return None,
        };
        if found.in_flow || self.is_flow(found.node) {
            let open = found.node.place.start as usize;
            let space = match self.text.get(open..first)?.contains('\n') {
                true => format!("\n{}", " ".repeat(self.column(first)?)),
                false => " ".to_owned(),
            };
            let key = self.flow(&Value::text(key));
            let entry = format!(",{space}{key}: {}", self.flow(value));
            return self.cut(end, end, &entry);
        }
        let indent = self.column(first)?;
        let line = self.line_end(end)?;
        let before = self.text.get(..line)?;
        let newline = if before.ends_with('\n') { "" } else { "\n" };
        let entry = format!(
            "{newline}{}{}:{}\n",
            " ".repeat(indent),
            emit::quote(key),
            layout::behind(value, indent)
        );
        self.cut(line, line, &entry)
    }

    fn flow(&self, value: &Value) -> String {
        match self.json {
            true => layout::json(value),
            false => layout::inline(value),
        }
    }

    fn is_flow(&self, node: &Node) -> bool {
        let text = self.text.get(node.place.start as usize..).unwrap_or("");
        matches!(node.data, Data::Map(_) | Data::List(_)) && text.starts_with(['{', '['])
    }

    /// Where a node's text ends, without the blank lines after it.
    fn end(&self, node: &Node) -> usize {
        let start = node.place.start as usize;
        let text = self.text.get(start..node.place.end as usize).unwrap_or("");
        start + text.trim_end().len()
    }

    /// Right behind the colon that follows a key.
    fn colon(&self, from: usize) -> Option<usize> {
        let rest = self.text.get(from..)?;
        let at = rest.find(':')?;
        rest[..at].trim().is_empty().then_some(from + at + 1)
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The beginning of the next line, when nothing but a comment stands behind.
    fn line_end(&self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..)?;
        let line = rest.split_inclusive('\n').next().unwrap_or("");
        let behind = line.trim();
        (behind.is_empty() || behind.starts_with('#')).then_some(at + line.len())
    }

    /// How far from the beginning of its line something stands; `None` behind anything but dashes.
    fn column(&self, at: usize) -> Option<usize> {
        let before = self.text.get(self.line_start(at)..at)?;
        let plain = before.chars().all(|c| c == ' ' || c == '-');
        (plain || self.json).then_some(before.len())
    }

    fn cut(&self, from: usize, to: usize, text: &str) -> Option<String> {
        let text = match self.text.contains("\r\n") {
            true => text.replace('\n', "\r\n"),
            false => text.to_owned(),
        };
        let (before, after) = (self.text.get(..from)?, self.text.get(to..)?);
        Some(format!("{before}{text}{after}"))
    }
}

fn one(key: &str, value: Value) -> Value {
    Value::Map([(key.to_owned(), value)].into_iter().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::show::export::spec;
    use crate::want::yaml::read;

    const TEXT: &str = "\
# a project of ours
kind: port.blueprint # the kind
spec:
  identifier: 'service'   # quoted on purpose
  title: \"Old\"
  list: [a, b] # flow
  flow: { x: 1, y: 2 }
  body: |
    one
    two

  items:
  - name: first # an item
    title: A
  - name: second

  # the last one
  last: 1
lifecycle: { protect: true }
";

    fn set(text: &str, at: &str, value: serde_json::Value) -> Option<String> {
        let (nodes, _) = read(0, text);
        let page = Page {
            text,
            document: &nodes[0],
            json: text.starts_with('{'),
        };
        page.set(&Pointer::parse(at).unwrap(), &Value::from(value))
    }

    fn remove(text: &str, at: &str) -> Option<String> {
        let (nodes, _) = read(0, text);
        let page = Page {
            text,
            document: &nodes[0],
            json: text.starts_with('{'),
        };
        page.remove(&Pointer::parse(at).unwrap())
    }

    /// The lines that went and came.
    fn changed(before: &str, after: &str) -> String {
        let diff = similar::TextDiff::from_lines(before, after);
        let changes = diff.iter_all_changes();
        changes
            .filter(|change| change.tag() != similar::ChangeTag::Equal)
            .map(|change| format!("{}{}", change.tag(), change.value()))
            .collect()
    }

    #[test]
    fn only_the_lines_of_the_value_change() {
        for (at, value, expected) in [
            (
                "/spec/title",
                json!("no"),
                "-  title: \"Old\"\n+  title: \"no\"\n",
            ),
            (
                "/spec/identifier",
                json!("other"),
                "-  identifier: 'service'   # quoted on purpose\n+  identifier: other   # quoted on purpose\n",
            ),
            (
                "/spec/list",
                json!(["c"]),
                "-  list: [a, b] # flow\n+  list: [c] # flow\n",
            ),
            (
                "/spec/list/1",
                json!("c"),
                "-  list: [a, b] # flow\n+  list: [a, c] # flow\n",
            ),
            (
                "/spec/flow/z",
                json!([1]),
                "-  flow: { x: 1, y: 2 }\n+  flow: { x: 1, y: 2, z: [1] }\n",
            ),
            (
                "/spec/body",
                json!("one\nthree\n"),
                "-    two\n+    three\n",
            ),
            (
                "/spec/body",
                json!("x"),
                "-  body: |\n-    one\n-    two\n+  body: x\n",
            ),
            (
                "/spec/items/0/title",
                json!("a\nb\n"),
                "-    title: A\n+    title: |\n+      a\n+      b\n",
            ),
            ("/spec/items/1/title", json!("B"), "+    title: B\n"),
            (
                "/spec/new/a/b",
                json!({ "c": [1] }),
                "+  new:\n+    a:\n+      b:\n+        c:\n+          - 1\n",
            ),
            (
                "/spec/last",
                json!({ "a": 1 }),
                "-  last: 1\n+  last:\n+    a: 1\n",
            ),
        ] {
            let after = set(TEXT, at, value).unwrap_or_else(|| panic!("{at}"));
            assert_eq!(changed(TEXT, &after), expected, "{at}");
        }
    }

    #[test]
    fn an_entry_goes_with_its_lines() {
        for (at, expected) in [
            ("/spec/title", "-  title: \"Old\"\n"),
            ("/spec/body", "-  body: |\n-    one\n-    two\n"),
            (
                "/spec/flow/x",
                "-  flow: { x: 1, y: 2 }\n+  flow: { y: 2 }\n",
            ),
            (
                "/spec/flow/y",
                "-  flow: { x: 1, y: 2 }\n+  flow: { x: 1 }\n",
            ),
            (
                "/spec/items/0/name",
                "-  - name: first # an item\n-    title: A\n+  - title: A\n",
            ),
            ("/spec/items/1/name", "-  - name: second\n+  - {}\n"),
            (
                "/lifecycle/protect",
                "-lifecycle: { protect: true }\n+lifecycle: {}\n",
            ),
        ] {
            let after = remove(TEXT, at).unwrap_or_else(|| panic!("{at}"));
            assert_eq!(changed(TEXT, &after), expected, "{at}");
        }
    }

    #[test]
    fn json_stays_json() {
        let text = "{\n  \"kind\": \"x\",\n  \"spec\": {\n    \"a\": 1\n  }\n}\n";
        let after = set(text, "/spec/b", json!({ "c": "d" })).unwrap();
        assert_eq!(
            after,
            "{\n  \"kind\": \"x\",\n  \"spec\": {\n    \"a\": 1,\n    \"b\": { \"c\": \"d\" }\n  }\n}\n"
        );
        let after = set(text, "/spec/a", json!("no")).unwrap();
        assert!(
            serde_json::from_str::<serde_json::Value>(&after).is_ok(),
            "{after}"
        );
    }

    #[test]
    fn what_stands_elsewhere_is_not_touched() {
        let text = "base: &b { x: 1 }\nspec:\n  <<: *b\n  own: *b\n";
        assert_eq!(set(text, "/spec/x", json!(2)), None);
        assert_eq!(set(text, "/spec/own/x", json!(2)), None);
        assert_eq!(remove(text, "/spec/own"), None);
    }

    use proptest::prelude::*;

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let text = prop_oneof!["[a-c]{0,3}", "(a|: |\n|#|- |\\{|  )\\PC{0,3}"];
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<u8>().prop_map(Into::into),
            text.clone().prop_map(serde_json::Value::String),
        ];
        leaf.prop_recursive(3, 20, 4, move |inner| {
            let entries = prop::collection::vec((text.clone(), inner.clone()), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Into::into),
                entries.prop_map(|e| serde_json::Value::Object(e.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// In what we write ourselves every place can be set and every entry removed, and nothing
        /// else changes.
        #[test]
        fn one_place_changes_and_no_other(spec in any_json(), new in any_json(), nth in any::<prop::sample::Index>(), style in 0..3) {
            let whole = Value::from(json!({ "spec": spec, "last": [] }));
            let text = match style {
                0 => layout::document(&whole),
                1 => format!("{}\n", layout::inline(&whole)),
                _ => format!("{}\n", layout::json(&whole)),
            };
            let mut places = Vec::new();
            whole.leaves(&mut |at, _| places.push(at.clone()));
            let mut at = places[nth.index(places.len())].clone();
            let (nodes, findings) = read(0, &text);
            prop_assert!(findings.is_empty());
            let page = Page { text: &text, document: &nodes[0], json: style == 2 };

            let new = Value::from(new);
            let mut expected = whole.clone();
            spec::put(&mut expected, &at, new.clone());
            let set = page.set(&at, &new);
            let set = set.ok_or_else(|| TestCaseError::fail(format!("set {at}\n{text}")))?;
            let (after, _) = read(0, &set);
            prop_assert_eq!(after[0].to_value(), expected, "set {}\n{}\n{}", at, text, set);

            // Items of lists stay; the entry around them goes.
            while at.parts().last().is_some_and(|part| part.parse::<usize>().is_ok()) {
                at.pop();
            }
            let mut expected = whole;
            if spec::remove(&mut expected, &at).is_some() {
                let removed = page.remove(&at);
                let removed = removed.ok_or_else(|| TestCaseError::fail(format!("remove {at}\n{text}")))?;
                let (after, _) = read(0, &removed);
                prop_assert_eq!(after[0].to_value(), expected, "remove {}\n{}\n{}", at, text, removed);
            }
        }
    }
}

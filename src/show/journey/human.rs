//! The hops of a journey as lines, each with a sign, so that nothing is said by colour alone.

use serde_json::Value as Json;

use super::{harmless, sentence, spot};
use crate::follow::journey::{Hop, Journey, Step, Why};
use crate::show::text::{count, cut, escape, inert, wrap};
use crate::show::{Meaning, Style};
use crate::words::{Pointer, Sources};

/// Lines of a value that are shown without `-v`.
const LINES: usize = 24;

/// A journey for people. `at` is the time of the simulation.
pub fn human(journey: &Journey, sources: &Sources, at: &str, style: &Style) -> String {
    let mut page = Page {
        sources,
        style,
        text: String::new(),
    };
    let first = format!("Simulated at {at}; nothing is sent.");
    page.line(Meaning::Detail, &first);
    page.text.push('\n');
    for hop in &journey.hops {
        page.hop(hop, 0);
    }
    page.text.push('\n');
    let meaning = match journey.is_fruitless() {
        true => Meaning::Change,
        false => Meaning::Add,
    };
    for line in wrap("", &closing(journey), style.width) {
        let line = style.paint(meaning, &line);
        page.text.push_str(&line);
        page.text.push('\n');
    }
    inert(page.text)
}

/// What came of it, in one sentence.
fn closing(journey: &Journey) -> String {
    let mut came = Vec::new();
    let mut add = |n: usize, one: &str, several: &str| {
        if n > 0 {
            came.push(count(n, one, several));
        }
    };
    add(
        journey.entities.len(),
        "entity is written",
        "entities are written",
    );
    add(
        journey.deleted.len(),
        "entity is deleted",
        "entities are deleted",
    );
    add(
        journey.requests.len(),
        "request is sent by Port",
        "requests are sent by Port",
    );
    match came.is_empty() {
        false => format!("{}.", came.join(", ")),
        true => {
            let away = journey
                .deliveries
                .iter()
                .filter(|d| d.mapper.is_none())
                .count();
            match away {
                0 => "Nothing comes of it.".to_owned(),
                n => format!(
                    "Nothing comes of it in Port; {} the project.",
                    count(n, "delivery leaves", "deliveries leave")
                ),
            }
        }
    }
}

struct Page<'a> {
    sources: &'a Sources,
    style: &'a Style,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, meaning: Meaning, text: &str) {
        let line = self.style.paint(meaning, text.trim_end());
        self.text.push_str(&line);
        self.text.push('\n');
    }

    fn wrapped(&mut self, first: &str, words: &str, meaning: Meaning) {
        let words = shown(words);
        for line in wrap(first, &words, self.style.width) {
            for piece in self.fitted(&line) {
                self.line(meaning, &piece);
            }
        }
    }

    /// A line that holds one word too long for it, in pieces.
    fn fitted(&self, line: &str) -> Vec<String> {
        let whole = [((), line.to_owned())];
        let pieces = crate::show::text::fold(&whole, self.style.width);
        let joined = pieces.into_iter();
        joined
            .map(|piece| piece.into_iter().map(|(_, text)| text).collect())
            .collect()
    }

    fn hop(&mut self, hop: &Hop, depth: usize) {
        let indent = "  ".repeat(depth);
        let (sign, meaning) = match &hop.stopped {
            Some(_) => ("✗", Meaning::Remove),
            None => ("✓", Meaning::Plain),
        };
        let who = match &hop.addr {
            Some(addr) if hop.step != Step::Entity => format!(" {addr}"),
            _ => String::new(),
        };
        let words = match (hop.step, who.is_empty()) {
            (Step::Request, _) => format!("{}: {}", hop.step.word(), hop.what),
            (Step::Mapping, _) => hop.what.clone(),
            (_, true) => format!("{}: {}", hop.step.word(), hop.what),
            (_, false) => format!("{}{who} {}", hop.step.word(), hop.what),
        };
        self.wrapped(&format!("{indent}{sign} "), &words, meaning);
        let inner = format!("{indent}  ");
        if let Some(why) = &hop.stopped {
            self.why(&inner, "because", why, Meaning::Remove);
        }
        for why in &hop.notes {
            self.why(&inner, "note:", why, Meaning::Change);
        }
        self.facts(hop, &inner);
        for next in &hop.next {
            self.hop(next, depth + 1);
        }
    }

    fn why(&mut self, indent: &str, word: &str, why: &Why, meaning: Meaning) {
        self.wrapped(&format!("{indent}{word} "), &why.message, meaning);
        if let Some(place) = why.place {
            let at = format!("{indent}  at {}", escape(&spot(place, self.sources)));
            self.line(Meaning::Detail, &at);
        }
        if let Some(help) = &why.help {
            self.wrapped(&format!("{indent}  help: "), help, Meaning::Plain);
        }
    }

    fn facts(&mut self, hop: &Hop, indent: &str) {
        for (name, value) in &hop.facts {
            // They stand in the line above, or are a detail that is only asked for at times.
            let told = hop.step == Step::Request && ["method", "url"].contains(name);
            let long = hop.step == Step::Delivery && ["headers", "body"].contains(name);
            let folded = self.style.verbose == 0 && (long || *name == "run");
            if told || *value == Json::Null || is_empty(value) {
                continue;
            }
            let value = harmless(&Pointer::root().join(name), value);
            let label = name.replace('_', " ");
            if folded {
                let size = match (*name, &value) {
                    ("headers", Json::Object(map)) => {
                        let names: Vec<&str> = map.keys().map(String::as_str).collect();
                        names.join(", ")
                    }
                    _ => format!("{} bytes, `-v` shows them", value.to_string().len()),
                };
                self.wrapped(&format!("{indent}{label}: "), &size, Meaning::Detail);
                continue;
            }
            match &value {
                Json::Object(_) | Json::Array(_) => {
                    self.line(Meaning::Detail, &format!("{indent}{label}:"));
                    self.block(&value, &format!("{indent}  "));
                }
                Json::String(text) => {
                    self.wrapped(&format!("{indent}{label}: "), text, Meaning::Detail);
                }
                other => {
                    self.wrapped(
                        &format!("{indent}{label}: "),
                        &other.to_string(),
                        Meaning::Detail,
                    );
                }
            }
        }
    }

    /// A value as indented JSON, its long lines cut.
    fn block(&mut self, value: &Json, indent: &str) {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        // The braces around the whole say nothing.
        let inner = match (lines.first(), lines.last()) {
            (Some(&"{"), Some(&"}")) => &lines[1..lines.len() - 1],
            _ => &lines[..],
        };
        let all = self.style.verbose > 0 || inner.len() <= LINES + 3;
        let count = if all { inner.len() } else { LINES };
        for line in &inner[..count] {
            let line = line.strip_prefix("  ").unwrap_or(line);
            let room = self.style.width.saturating_sub(indent.len());
            let line = match self.style.verbose {
                0 => cut(&escape(line), room),
                _ => escape(line),
            };
            self.line(Meaning::Plain, &format!("{indent}{line}"));
        }
        if !all {
            let more = inner.len() - count;
            self.line(
                Meaning::Detail,
                &format!("{indent}… {more} more lines, `-v` shows them"),
            );
        }
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Object(map) => map.is_empty(),
        Json::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// A sentence that may be shown.
fn shown(words: &str) -> String {
    escape(&sentence(words))
}

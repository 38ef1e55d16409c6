//! A text laid out anew: two spaces per level, lists one level below their key, no blanks at the ends
//! of lines, one newline at the end. Nothing else is touched.
//!
//! What takes several lines (block scalars, quoted texts, flow collections) is moved as a whole and
//! stays as it is inside. A result counts only when it says the same: equal data, the same comments
//! in the same order, and formatting it again changes nothing; otherwise less is done, and at last
//! nothing. Deliberately not here: files.

use crate::want::yaml::runs::{Layout, Run, layout};
use crate::words::{Data, Node};

/// Spaces per level.
const STEP: usize = 2;

/// How much is done to a text.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Whether lines are indented anew.
    indents: bool,
    /// Whether the end of the text is made one newline.
    ends: bool,
}

const EFFORTS: [Effort; 4] = [
    Effort {
        indents: true,
        ends: true,
    },
    Effort {
        indents: true,
        ends: false,
    },
    Effort {
        indents: false,
        ends: true,
    },
    Effort {
        indents: false,
        ends: false,
    },
];

/// The text, formatted; as it is when it cannot be read or nothing can be done safely.
pub fn format(text: &str) -> String {
    match best(text) {
        Some(done) if best(&done).as_deref() == Some(&*done) => done,
        _ => text.to_owned(),
    }
}

/// The most that can be done to a text while it says the same.
fn best(text: &str) -> Option<String> {
    let before = layout(text)?;
    let (data, found) = super::read(0, text);
    if found.has_errors() {
        return None;
    }
    EFFORTS.into_iter().find_map(|effort| {
        let done = arranged(text, &before, effort)?;
        let (now, found) = super::read(0, &done);
        let alike = !found.has_errors() && all_alike(&now, &data);
        (alike && layout(&done)?.comments == before.comments).then_some(done)
    })
}

fn all_alike(one: &[Node], other: &[Node]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
}

/// Whether two nodes are the same data, wherever they stand.
fn alike(one: &Node, other: &Node) -> bool {
    match (&one.data, &other.data) {
        (Data::List(one), Data::List(other)) => all_alike(one, other),
        (Data::Map(one), Data::Map(other)) => {
            let same = |((k, v), (l, w)): (
                &(crate::words::node::Key, Node),
                &(crate::words::node::Key, Node),
            )| { k.text == l.text && alike(v, w) };
            one.len() == other.len() && one.iter().zip(other.iter()).all(same)
        }
        (one, other) => one == other,
    }
}

fn arranged(text: &str, layout: &Layout, effort: Effort) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut arranging = Arranging {
        effort,
        done: Vec::new(),
        levels: Vec::new(),
        comments: Vec::new(),
    };
    let mut runs = layout.runs.iter().peekable();
    let mut at = 0;
    while at < lines.len() {
        let mut last = at;
        let mut block = false;
        // Runs that begin on one line, or inside of another, move as one.
        while let Some(run) = runs.next_if(|run: &&Run| run.first <= last) {
            block = run.block && (last == at || block);
            last = last.max(run.last);
        }
        let last = last.min(lines.len() - 1);
        let shift = arranging.line(lines[at], last > at && !block)?;
        for line in &lines[at + 1..=last] {
            arranging.inner(line, shift, block);
        }
        at = last + 1;
    }
    arranging.settle(None);
    let mut done = arranging.done.join("\n");
    if effort.ends {
        done.truncate(done.trim_end_matches(['\n', ' ', '\t']).len());
        if !done.is_empty() {
            done.push('\n');
        }
    } else if text.ends_with('\n') {
        done.push('\n');
    }
    Some(done)
}

/// A text under way.
struct Arranging {
    effort: Effort,
    done: Vec<String>,
    /// The open levels, the innermost last.
    levels: Vec<Level>,
    /// Where comments stand in `done` that wait for the line below them, and their columns.
    comments: Vec<(usize, usize)>,
}

/// One level of nesting: its column before and after.
#[derive(Debug, Clone, Copy)]
struct Level {
    old: usize,
    new: usize,
    list: bool,
}

impl Arranging {
    /// A line that begins something; by how much what belongs to it moves to the right.
    fn line(&mut self, line: &str, open: bool) -> Option<isize> {
        // Blanks at the end of the first line of a quoted text may be a part of it.
        let kept = if open { line } else { line.trim_end() };
        let rest = kept.trim_start_matches(' ');
        let column = kept.len() - rest.len();
        if rest.is_empty() {
            self.done.push(String::new());
            return Some(0);
        }
        if !self.effort.indents {
            self.done.push(kept.to_owned());
            return Some(0);
        }
        if rest.starts_with('#') {
            self.comments.push((self.done.len(), column));
            self.done.push(kept.to_owned());
            return Some(0);
        }
        if column == 0 && (is_marker(rest, "---") || is_marker(rest, "...")) {
            self.settle(None);
            self.levels.clear();
            self.done.push(kept.to_owned());
            return Some(0);
        }
        let told = ["\t", "?", ":", "%"];
        if told
            .iter()
            .any(|sign| is_marker(rest, sign) || rest.starts_with('\t'))
            || rest.starts_with('%')
        {
            return None;
        }
        let open = self.levels.clone();
        let (arranged, shift) = self.placed(column, rest)?;
        let indent = arranged.len() - arranged.trim_start_matches(' ').len();
        self.settle(Some((&open, column, indent)));
        self.done.push(arranged);
        Some(shift)
    }

    /// A line at its new column, and by how much its innermost part moved.
    fn placed(&mut self, column: usize, rest: &str) -> Option<(String, isize)> {
        let dash = is_marker(rest, "-");
        while self.levels.last().is_some_and(|level| level.old > column) {
            self.levels.pop();
        }
        if self
            .levels
            .last()
            .is_some_and(|level| level.old == column && level.list && !dash)
        {
            // A list that was not indented further than its key has ended.
            self.levels.pop();
        }
        let fits = |level: &Level| level.old == column && level.list == dash;
        if !self.levels.last().is_some_and(fits) {
            let new = self.levels.last().map_or(0, |level| level.new + STEP);
            self.levels.push(Level {
                old: column,
                new,
                list: dash,
            });
        }
        let new = self.levels.last()?.new;
        let moved = isize::try_from(new).ok()? - isize::try_from(column).ok()?;
        let mut line = " ".repeat(new);
        if !dash {
            line.push_str(rest);
            return Some((line, moved));
        }
        let inner = rest[1..].trim_start_matches(' ');
        line.push('-');
        if inner.is_empty() {
            return Some((line, moved));
        }
        line.push(' ');
        if inner.starts_with(['#', '|', '>']) {
            line.push_str(inner);
            return Some((line, moved));
        }
        if is_marker(inner, "?") || inner.starts_with('\t') {
            return None;
        }
        let (inner, moved) = self.placed(column + rest.len() - inner.len(), inner)?;
        line.push_str(inner.trim_start_matches(' '));
        Some((line, moved))
    }

    /// A further line of something: moved as a whole.
    fn inner(&mut self, line: &str, shift: isize, block: bool) {
        let rest = line.trim_start_matches(' ');
        let column = line.len() - rest.len();
        if rest.is_empty() && !block {
            self.done.push(line.to_owned());
            return;
        }
        let new = column.saturating_add_signed(shift);
        self.done.push(format!(
            "{}{rest}",
            " ".repeat(if rest.is_empty() && new == 0 { 0 } else { new })
        ));
    }

    /// Moves the comments that wait: with the line below them, or with the level that they stand at.
    fn settle(&mut self, below: Option<(&[Level], usize, usize)>) {
        let open = match below {
            Some((open, ..)) => open.to_vec(),
            None => self.levels.clone(),
        };
        for (at, column) in std::mem::take(&mut self.comments) {
            let with = below
                .filter(|(_, old, _)| *old == column)
                .map(|(_, _, new)| new);
            let level = || open.iter().rev().find(|level| level.old == column);
            if let Some(new) = with.or_else(|| level().map(|level| level.new)) {
                let rest = self.done[at].trim_start_matches(' ');
                self.done[at] = format!("{}{rest}", " ".repeat(new));
            }
        }
    }
}

/// Whether a line begins with a sign that stands alone.
fn is_marker(rest: &str, sign: &str) -> bool {
    let after = rest.strip_prefix(sign);
    after.is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn levels_are_two_spaces_and_comments_go_along() {
        let text = "# top\nkind: x   \nspec:\n    # about a\n    a: |\n        one\n          two\n    list:\n    - b:   1 # one\n      c: 2\n    # about d\n    -   d\n    # last\ne:\n  - \"two\n    lines\"\n\n\n";
        insta::assert_snapshot!(format(text), @r#"
        # top
        kind: x
        spec:
          # about a
          a: |
              one
                two
          list:
            - b:   1 # one
              c: 2
            # about d
            - d
            # last
        e:
          - "two
            lines"
        "#);
    }

    #[test]
    fn what_cannot_be_read_or_changed_safely_stays() {
        for text in [
            "a: [1\n",
            "? a\n: b\n",
            "a: |+\n  x\n\n",
            "",
            "{\"a\":\n   1}\n",
        ] {
            assert_eq!(format(text), text);
        }
    }

    fn scalar() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z]{1,6}",
            "'[a-z #:-]{0,6}'",
            "\"[a-z #:-]{0,6}\"",
            Just("{ a: 1, b: [2] }".to_owned()),
            Just("~".to_owned()),
        ]
    }

    /// Lines of YAML at a column that is wider or narrower than ours, with comments between them.
    fn tree(depth: u32) -> BoxedStrategy<Vec<String>> {
        let leaf = scalar().prop_map(|text| vec![text]).boxed();
        if depth == 0 {
            return leaf;
        }
        let pad = |lines: &[String], by: usize| -> Vec<String> {
            lines
                .iter()
                .map(|line| format!("{}{line}", " ".repeat(by)))
                .collect()
        };
        let map =
            prop::collection::vec((tree(depth - 1), 1usize..5, any::<bool>(), 0usize..7), 1..4)
                .prop_map(move |entries| {
                    let mut lines = Vec::new();
                    for (at, (value, by, comment, blanks)) in entries.into_iter().enumerate() {
                        if comment {
                            lines.push(format!("{}# about {at}", " ".repeat(blanks % 2 * blanks)));
                        }
                        match value.as_slice() {
                            [one] if !one.ends_with(':') && !one.contains(": ") => {
                                lines.push(format!("k{at}: {one}{}", " ".repeat(blanks)));
                            }
                            several => {
                                lines.push(format!("k{at}: # {at}"));
                                lines.extend(pad(several, by));
                            }
                        }
                    }
                    lines
                });
        let list =
            prop::collection::vec((tree(depth - 1), 1usize..4), 1..4).prop_map(move |items| {
                let mut lines = Vec::new();
                for (value, by) in items {
                    let Some((first, rest)) = value.split_first() else {
                        continue;
                    };
                    if first.trim_start().starts_with('#') {
                        lines.push("-".to_owned());
                        lines.extend(pad(&value, by + 1));
                    } else {
                        lines.push(format!("-{}{first}", " ".repeat(by)));
                        lines.extend(pad(rest, by + 1));
                    }
                }
                lines
            });
        let block = prop::collection::vec("[a-z ]{0,5}", 1..4).prop_map(|texts| {
            let mut lines = vec!["x: |".to_owned()];
            lines.extend(texts.into_iter().map(|text| format!("   z{text}")));
            lines
        });
        prop_oneof![leaf, map, list, block].boxed()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Data and comments stay, and a second time nothing changes.
        #[test]
        fn formatting_changes_no_data(lines in tree(3)) {
            let text = lines.join("\n") + "\n";
            let done = format(&text);
            let (before, found) = super::super::read(0, &text);
            let (after, _) = super::super::read(0, &done);
            prop_assert!(all_alike(&before, &after), "{text}\n{done}");
            prop_assert_eq!(format(&done), done.clone());
            if !found.has_errors() {
                let comments = |text: &str| layout(text).map(|layout| layout.comments);
                prop_assert_eq!(comments(&text), comments(&done));
                // What is generated can be done wholly: no line is left at an odd column but inside.
                prop_assert!(done.lines().all(|line| line.trim_end() == line || line.contains('z')), "{done}");
            }
        }

        #[test]
        fn nothing_panics(text in "[ a:#|>'\"\n\t\\[{}\\]&*!?%-]{0,40}") {
            let done = format(&text);
            prop_assert_eq!(format(&done), done);
        }
    }
}

//! Paths: what a program of JQ reads of its input, key by key, with the place of each.
//!
//! Deliberately not here: finding them, which the engines' words do (see `sim::template`).

use std::ops::Range;

use crate::sim::template::{self, Piece};

/// A path in a program: `.body.stack.id`, as far as its keys are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Its keys, one or more.
    pub steps: Vec<Step>,
    /// Where all of it stands in the program.
    pub span: Range<usize>,
}

/// One key of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The key.
    pub name: String,
    /// Where its name stands in the program.
    pub span: Range<usize>,
}

impl Path {
    /// Whether it begins with these keys.
    pub fn begins(&self, names: &[&str]) -> bool {
        let mut pairs = names.iter().zip(&self.steps);
        self.steps.len() >= names.len() && pairs.all(|(name, step)| *name == step.name)
    }

    /// Its keys from an index on.
    pub fn names(&self, from: usize) -> Vec<&str> {
        let steps = self.steps.iter().skip(from);
        steps.map(|step| step.name.as_str()).collect()
    }
}

/// The paths of a program.
pub fn of(code: &str) -> Vec<Path> {
    let paths = template::paths(code).into_iter();
    paths.map(|(keys, span)| path(code, keys, span)).collect()
}

fn path(code: &str, keys: Vec<String>, span: Range<usize>) -> Path {
    let mut at = span.start;
    let steps = keys.into_iter().map(|name| {
        let rest = code.get(at..span.end).unwrap_or_default();
        // A key with escapes is spelled differently; the whole path will do.
        let found = rest
            .find(name.as_str())
            .map(|start| at + start..at + start + name.len());
        let span = found.unwrap_or(span.clone());
        at = span.end;
        Step { name, span }
    });
    Path {
        steps: steps.collect(),
        span,
    }
}

/// The programs in the `{{ … }}` of a text.
pub fn braces(text: &str) -> impl Iterator<Item = Range<usize>> {
    let pieces = template::pieces(text).into_iter();
    pieces.filter_map(|piece| match piece {
        Piece::Program { program, .. } => Some(program),
        Piece::Literal(_) | Piece::Open(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_place() {
        let code = "1 + .body.body[\"space\"]";
        let path = &of(code)[0];
        assert_eq!(&code[path.span.clone()], ".body.body[\"space\"]");
        let spans: Vec<_> = path.steps.iter().map(|step| step.span.clone()).collect();
        assert_eq!(spans, [5..9, 10..14, 16..21]);
    }
}

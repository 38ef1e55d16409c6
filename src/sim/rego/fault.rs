//! The engine's error texts as faults with places, in our words.
//!
//! regorus answers `\n--> FILE:LINE:COLUMN\n…\nerror: MESSAGE`, as text only.

use std::ops::Range;

use super::builtins;
use super::tokens::{Kind, Tokens};
use crate::sim::job::{Fault, FaultKind};
use crate::sim::near::nearest;

/// The name under which a body is given to the engine.
pub(super) const FILE: &str = "policy.rego";

/// A fault of an error's text.
pub(super) fn of(text: &str, body: &str, kind: FaultKind) -> Fault {
    let said = said(text);
    if said.contains("time limit") {
        let fault = Fault::new(FaultKind::Limit, "the policy takes longer than a second");
        return fault.help("Spacelift stops a notification policy after 10 s");
    }
    let place = place(text, body);
    let word = place.clone().map_or("", |span| &body[span]);
    let unbound = said.contains("is unsafe") || said.contains("use of undefined variable");
    let unknown = said.starts_with("could not find function ");
    // Those quote a name of the body, which may be a word that tells a limit.
    if let Some(message) = limit(said).filter(|_| !unbound && !unknown) {
        let mut fault = Fault::new(FaultKind::Limit, message);
        fault.span = place;
        return fault;
    }
    let mut fault = match said {
        _ if unknown => {
            let name = said.trim_start_matches("could not find function ").trim();
            if builtins::is_known(name) {
                let message = format!("`{name}` cannot be evaluated here, only in Spacelift");
                Fault::new(FaultKind::Refused, message)
            } else {
                Fault::new(FaultKind::Refused, format!("there is no function `{name}`"))
            }
        }
        _ if unbound => {
            let fault = Fault::new(
                FaultKind::Refused,
                format!("nothing gives `{word}` a value"),
            );
            match nearest(word, names(body)) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault.help(format!("bind it in the same rule: `{word} := …`")),
            }
        }
        _ if said.contains("recursion detected") => {
            Fault::new(FaultKind::Refused, "this rule needs itself")
        }
        _ if said.starts_with("rule conflicts with rule at ") => {
            let line = said.rsplit(':').nth(1).unwrap_or_default();
            let message = format!("this rule and the one on line {line} give `{word}` two values");
            Fault::new(kind, message)
        }
        _ if kind == FaultKind::Syntax => Fault::new(kind, format!("no valid Rego: {said}")),
        _ => Fault::new(kind, said.to_owned()),
    };
    fault.span = place;
    fault
}

/// Whether an error is one of the text, whatever the input.
pub(super) fn is_static(fault: &Fault) -> bool {
    fault.kind == FaultKind::Refused && !fault.message.ends_with("only in Spacelift")
}

/// What is too much for the engine.
fn limit(said: &str) -> Option<&'static str> {
    let all = [
        (
            "maximum allowed line count",
            "the policy has more than 20000 lines",
        ),
        ("regex exceeded size limit", "the pattern is too large"),
        ("depth", "the policy is nested too deep"),
        ("memory limit", "the policy takes too much memory"),
        ("exceeds maximum", "the policy is too large"),
    ];
    let told = all.iter().find(|(part, _)| said.contains(part));
    told.map(|(_, message)| *message)
}

/// The first sentence behind the last `error: `, without a period.
fn said(text: &str) -> &str {
    let last = text.rfind("error: ").map_or(text, |at| &text[at + 7..]);
    let line = last.trim().lines().next().unwrap_or_default();
    let sentence = line.split(". ").next().unwrap_or(line);
    sentence.trim_end_matches('.')
}

/// Names that a body binds or defines: those before `:=` and at the beginning of lines.
fn names(body: &str) -> Vec<&str> {
    let tokens = Tokens::of(body);
    let named = |at: &usize| {
        let word = tokens.list[*at].kind == Kind::Word;
        let first = *at == 0 || tokens.list[*at - 1].kind == Kind::Break;
        word && (first || tokens.word(*at + 1) == ":=")
    };
    let all = (0..tokens.list.len()).filter(named);
    all.map(|at| tokens.word(at)).collect()
}

/// The token at the last place that an error's text names in the body.
fn place(text: &str, body: &str) -> Option<Range<usize>> {
    let marker = format!("--> {FILE}:");
    let at = text.rfind(&marker)? + marker.len();
    let place = text[at..].lines().next()?;
    let (line, column) = place.split_once(':')?;
    let line: usize = line.trim().parse().ok()?;
    let column: usize = column.trim().parse().ok()?;
    let offset = offset(body, line, column);
    let tokens = Tokens::of(body);
    let spans = |index: &usize| tokens.list[*index].kind != Kind::Break;
    let words = || (0..tokens.list.len()).filter(spans);
    let at = words().find(|index| tokens.list[*index].span.end > offset);
    let mut at = at.or_else(|| words().next_back())?;
    let span = tokens.list[at].span.clone();
    // Of a call the engine names the bracket; the function is meant.
    if tokens.word(at) != "(" || at == 0 {
        return Some(span);
    }
    at -= 1;
    while at >= 2 && tokens.word(at - 1) == "." {
        at -= 2;
    }
    Some(tokens.list[at].span.start..span.start)
}

/// The byte at a line and a column that count from 1; the engine counts a tab as four columns.
fn offset(body: &str, line: usize, column: usize) -> usize {
    let start = body
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let mut at = 1;
    for (index, character) in body[start..].char_indices() {
        if at >= column || character == '\n' {
            return start + index;
        }
        at += if character == '\t' { 4 } else { 1 };
    }
    body.len()
}

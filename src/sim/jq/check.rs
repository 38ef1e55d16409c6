//! What is said of a program before it is parsed: limits, open brackets, and names.
//!
//! Deliberately not here: the grammar (see `fault`), and what is only doubtful (see `doubts`).

use std::ops::Range;

use super::limits::{DEEPEST_BRACKETS, LONGEST_CHAIN, LONGEST_PROGRAM};
use super::names::{FORMATS, FUNCTIONS, KEYWORDS, REFUSED};
use super::token::{Form, Token, called};
use crate::sim::job::{Fault, FaultKind};
use crate::sim::near::did_you_mean;

/// Whether a program is short enough to be looked at.
pub fn length(program: &str) -> Result<(), Fault> {
    if program.len() > LONGEST_PROGRAM {
        let message = format!(
            "a program of {} bytes is too long; {LONGEST_PROGRAM} are allowed",
            program.len()
        );
        return Err(Fault::new(FaultKind::Limit, message));
    }
    Ok(())
}

/// The first fault that tokens alone can tell.
pub fn tokens(program: &str, tokens: &[Token]) -> Result<(), Fault> {
    nesting(program, tokens)?;
    brackets(program, tokens)?;
    signs(program, tokens)?;
    names(program, tokens)
}

fn at(program: &str, span: Range<usize>) -> &str {
    program.get(span).unwrap_or("")
}

fn nesting(program: &str, tokens: &[Token]) -> Result<(), Fault> {
    let (mut depth, mut chain) = (0usize, 0usize);
    for token in tokens {
        match token.form {
            Form::Open => depth += 1,
            Form::Close => depth = depth.saturating_sub(1),
            Form::Word => {
                let word = at(program, token.span.clone());
                chain += usize::from(KEYWORDS.contains(&word));
            }
            Form::Sign => {
                let sign = at(program, token.span.clone());
                chain += usize::from(!matches!(sign, "," | ":" | "?"));
            }
            _ => {}
        }
        if depth > DEEPEST_BRACKETS {
            let message = format!("brackets are nested more than {DEEPEST_BRACKETS} deep");
            return Err(Fault::new(FaultKind::Limit, message).at(token.span.clone()));
        }
        if chain > LONGEST_CHAIN {
            let message = format!("more than {LONGEST_CHAIN} operators and keywords");
            return Err(Fault::new(FaultKind::Limit, message).at(token.span.clone()));
        }
    }
    Ok(())
}

/// What is opened and never closed, or closed and never opened.
fn brackets(program: &str, tokens: &[Token]) -> Result<(), Fault> {
    let mut open: Vec<&Token> = Vec::new();
    for token in tokens {
        match token.form {
            Form::Open | Form::TextStart => open.push(token),
            Form::TextEnd => {
                open.pop();
            }
            Form::Close => {
                let close = at(program, token.span.clone());
                let Some(opened) = open.pop() else {
                    let message = format!("nothing is open that this `{close}` could close");
                    return Err(Fault::new(FaultKind::Syntax, message).at(token.span.clone()));
                };
                let opening = at(program, opened.span.clone());
                let expected = closing(opening);
                if close != expected {
                    let message =
                        format!("`{opening}` is closed by `{close}` and not by `{expected}`");
                    return Err(Fault::new(FaultKind::Syntax, message).at(token.span.clone()));
                }
            }
            _ => {}
        }
    }
    match open.last() {
        Some(token) if token.form == Form::TextStart => {
            let quote = at(program, token.span.clone());
            let message = format!("the text that begins at this `{quote}` never ends");
            Err(Fault::new(FaultKind::Syntax, message).at(token.span.clone()))
        }
        Some(token) => {
            let opening = at(program, token.span.clone());
            let message = format!("this `{opening}` is never closed");
            let help = format!("close it with `{}`", closing(opening));
            Err(Fault::new(FaultKind::Syntax, message)
                .at(token.span.clone())
                .help(help))
        }
        None => Ok(()),
    }
}

fn closing(opening: &str) -> &'static str {
    match opening {
        "[" => "]",
        "{" => "}",
        _ => ")",
    }
}

/// Signs of other languages.
fn signs(program: &str, tokens: &[Token]) -> Result<(), Fault> {
    for (index, token) in tokens.iter().enumerate() {
        let sign = at(program, token.span.clone());
        let next = tokens.get(index + 1).map(|t| at(program, t.span.clone()));
        let help = match (token.form, sign) {
            (Form::Other, "&") => "jq says `and`",
            (Form::Sign, "||") => "jq says `or`",
            (Form::Sign, "!") => "jq says `| not`",
            (Form::Sign, "===") => "jq says `==`",
            (Form::Sign, "!==") => "jq says `!=`",
            (Form::Other, "$") if next.is_some_and(|next| next.starts_with('.')) => {
                "paths begin with `.`, not with `$.`"
            }
            (Form::Other, "“" | "”" | "„" | "‘" | "’") => "texts have straight quotes",
            (Form::Sign, "?//") => {
                return Err(
                    Fault::new(FaultKind::Refused, "`?//` is not understood here")
                        .at(token.span.clone())
                        .help("older jq refuses it, too: write `? //` for a default"),
                );
            }
            (Form::Other, _) => "",
            _ => continue,
        };
        let fault = Fault::new(FaultKind::Syntax, format!("`{sign}` is no sign of jq"));
        let fault = fault.at(token.span.clone());
        return Err(if help.is_empty() {
            fault
        } else {
            fault.help(help)
        });
    }
    Ok(())
}

fn names(program: &str, tokens: &[Token]) -> Result<(), Fault> {
    for token in tokens.iter().filter(|token| token.form == Form::Variable) {
        refused(at(program, token.span.clone()), token)?;
    }
    for token in tokens.iter().filter(|token| token.form == Form::Format) {
        let name = at(program, token.span.clone());
        if !FORMATS.contains(&name) {
            let fault = Fault::new(FaultKind::Syntax, format!("there is no format `{name}`"));
            let help = did_you_mean(name, FORMATS.iter().copied())
                .unwrap_or_else(|| format!("there are {}", FORMATS.join(" ")));
            return Err(fault.at(token.span.clone()).help(help));
        }
    }
    for index in called(tokens, program) {
        let Some(token) = tokens.get(index) else {
            continue;
        };
        let name = at(program, token.span.clone());
        refused(name, token)?;
        let known = FUNCTIONS.iter().any(|(function, _)| *function == name);
        if !known && !KEYWORDS.contains(&name) {
            return Err(unknown(program, tokens, index));
        }
    }
    Ok(())
}

fn refused(name: &str, token: &Token) -> Result<(), Fault> {
    match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((_, why)) => {
            let message = format!("`{name}` is refused: {why}");
            Err(Fault::new(FaultKind::Refused, message).at(token.span.clone()))
        }
        None => Ok(()),
    }
}

/// A function that jq does not have.
fn unknown(program: &str, tokens: &[Token], index: usize) -> Fault {
    let token = &tokens[index];
    let name = at(program, token.span.clone());
    let fault = Fault::new(FaultKind::Syntax, format!("jq has no function `{name}`"));
    let fault = fault.at(token.span.clone());
    if let Some(path) = dashed(program, tokens, index) {
        return fault.help(format!("a name with `-` needs quotes: `.\"{path}\"`"));
    }
    let names = FUNCTIONS.iter().map(|(function, _)| *function);
    let names = names.chain(KEYWORDS.iter().copied());
    match did_you_mean(name, names) {
        Some(help) => fault.help(help),
        None => fault.help(format!(
            "write `.{name}` for a property, `\"{name}\"` for a text"
        )),
    }
}

/// The name that was meant by `.odd-name`, when this word is the end of one.
fn dashed<'a>(program: &'a str, tokens: &[Token], index: usize) -> Option<&'a str> {
    let mut first = index;
    while first >= 2 {
        let (before, dash) = (&tokens[first - 2], &tokens[first - 1]);
        let joined =
            dash.span.end == tokens[first].span.start && before.span.end == dash.span.start;
        if !joined || at(program, dash.span.clone()) != "-" {
            return None;
        }
        match before.form {
            Form::Field => {
                let mut last = index;
                while let Some([dash, word]) = tokens.get(last + 1..last + 3) {
                    let joined = dash.span.start == tokens[last].span.end
                        && word.span.start == dash.span.end;
                    if !joined || at(program, dash.span.clone()) != "-" {
                        break;
                    }
                    last += 2;
                }
                return program.get(before.span.start + 1..tokens[last].span.end);
            }
            Form::Word | Form::Number => first -= 2,
            _ => return None,
        }
    }
    None
}

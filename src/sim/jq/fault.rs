//! What the parser and the compiler say, in our words and with places in the user's program.

use std::ops::Range;

use jaq_core::compile::Undefined;
use jaq_core::load::lex::Expect as LexExpect;
use jaq_core::load::parse::Expect;
use jaq_core::load::{self, Error};

use super::dialect::Translated;
use super::names::FUNCTIONS;
use crate::sim::job::{Fault, FaultKind};

/// Errors of lexing and parsing.
pub fn loading<P>(translated: &Translated, errors: load::Errors<&str, P>) -> Fault {
    let first = errors.into_iter().map(|(_, error)| error).next();
    match first {
        Some(Error::Lex(errors)) => match errors.into_iter().next() {
            Some((expected, found)) => lexing(translated, &expected, found),
            None => unreadable(),
        },
        Some(Error::Parse(errors)) => match errors.into_iter().next() {
            Some((expected, found)) => parsing(translated, &expected, found),
            None => unreadable(),
        },
        _ => unreadable(),
    }
}

fn unreadable() -> Fault {
    Fault::new(FaultKind::Syntax, "this is not a JQ program")
}

/// Where a part of the translated program stands in the program of the user.
fn place(translated: &Translated, part: &str) -> Range<usize> {
    let whole = translated.text.as_str();
    let inside = whole.as_bytes().as_ptr_range();
    if !inside.contains(&part.as_ptr()) && part.as_ptr() != inside.end {
        return 0..0;
    }
    translated.origin(load::span(whole, part))
}

fn lexing(translated: &Translated, expected: &LexExpect<&str>, found: &str) -> Fault {
    let first = found.chars().next();
    let message = match expected {
        LexExpect::Digit => "a number ends with a digit".to_owned(),
        LexExpect::Ident => "a name is missing".to_owned(),
        LexExpect::Escape => match first {
            Some(c) => format!("`\\{c}` is no escape"),
            None => "a text ends in the middle of an escape".to_owned(),
        },
        LexExpect::Unicode => "`\\u` is followed by four hexadecimal digits".to_owned(),
        LexExpect::Delim(_) => "something is never closed".to_owned(),
        _ => match first {
            Some(c) => format!("`{c}` is no sign of jq"),
            None => "the program ends too early".to_owned(),
        },
    };
    let fault = Fault::new(FaultKind::Syntax, message);
    let fault = fault.at(place(translated, first_char(found)));
    match expected {
        LexExpect::Escape => fault.help("write `\\\\` for a backslash"),
        _ => fault,
    }
}

fn first_char(text: &str) -> &str {
    let length = text.chars().next().map_or(0, char::len_utf8);
    text.get(..length).unwrap_or("")
}

fn parsing(translated: &Translated, expected: &Expect<&str>, found: &str) -> Fault {
    let wanted = match expected {
        Expect::Just(sign) => format!("`{sign}`"),
        Expect::Var => "a variable such as `$x`".to_owned(),
        Expect::Pattern => "a variable or a pattern such as `$x`".to_owned(),
        Expect::ElseOrEnd => "`else` or `end`".to_owned(),
        Expect::CommaOrRBrack => "`,` or `]`".to_owned(),
        Expect::CommaOrRBrace => "`,` or `}`".to_owned(),
        Expect::SemicolonOrRParen => "`;` or `)`".to_owned(),
        Expect::Term => "a value or a path".to_owned(),
        Expect::Key => "a key".to_owned(),
        Expect::Str => "a text".to_owned(),
        Expect::Nothing => "the end or an operator".to_owned(),
        _ => "a name".to_owned(),
    };
    // A block is told by its bracket alone.
    let shown = match found.chars().next() {
        Some('(' | '[' | '{') => first_char(found),
        _ => found,
    };
    let message = match shown {
        "" if translated.text.trim().is_empty() => "the program is empty".to_owned(),
        "" => format!("the program ends where {wanted} should follow"),
        shown => format!("expected {wanted}, found `{}`", original(translated, shown)),
    };
    let fault = Fault::new(FaultKind::Syntax, message).at(place(translated, shown));
    match (expected, shown) {
        (Expect::ElseOrEnd | Expect::Just("end"), _) => fault.help("an `if` ends with `end`"),
        (Expect::Just("then"), _) => fault.help("it is `if … then … else … end`"),
        (Expect::Key, "[") => fault.help("write `.[…]`, or quote the key"),
        (Expect::CommaOrRBrace, "=") => fault.help("keys and values are joined by `:`"),
        (_, "{") if translated.text.contains("{{") => {
            fault.help("`{{ … }}` is for templates; here the text is JQ already")
        }
        _ => fault,
    }
}

/// How something is spelled by the user, as far as that fits into a message.
fn original(translated: &Translated, shown: &str) -> String {
    let short: String = shown.chars().take(30).collect();
    if short.len() < shown.len() {
        format!("{short}…")
    } else if translated.text.is_empty() {
        String::new()
    } else {
        short
    }
}

/// Errors of compiling: names that mean nothing.
pub fn compiling(translated: &Translated, name: &str, undefined: &Undefined) -> Fault {
    let place = place(translated, name);
    match undefined {
        Undefined::Var => {
            let message = format!("the variable `{name}` is nowhere bound");
            Fault::new(FaultKind::Syntax, message)
                .at(place)
                .help(format!("bind it before: `… as {name} | …`"))
        }
        Undefined::Label => {
            let message = format!("there is no label `{name}` around this");
            Fault::new(FaultKind::Syntax, message).at(place)
        }
        Undefined::Filter(given) => {
            let known = FUNCTIONS.iter().find(|(function, _)| *function == name);
            let message = match known {
                Some((_, arities)) => format!("`{name}` takes {}, not {given}", many(arities)),
                None => format!("`{name}` cannot be called with {given} arguments"),
            };
            Fault::new(FaultKind::Syntax, message).at(place)
        }
        _ => Fault::new(FaultKind::Syntax, format!("`{name}` is not defined")).at(place),
    }
}

/// Numbers of arguments in words.
fn many(arities: &[usize]) -> String {
    let numbers: Vec<String> = arities.iter().map(usize::to_string).collect();
    match numbers.as_slice() {
        [one] if one == "0" => "no arguments".to_owned(),
        [one] if one == "1" => "1 argument".to_owned(),
        _ => format!("{} arguments", numbers.join(" or ")),
    }
}

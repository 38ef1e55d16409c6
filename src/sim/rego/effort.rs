//! How much work a body makes for the parser, told before the parser sees it: regorus reads what stands
//! in `[…]` or `{…}` twice as often as what is around it, goes down the stack with every operator, and
//! makes an integer of every number, however many digits that has.
//!
//! Deliberately not here: what evaluation costs; the process around the engine limits that.

use super::tokens::{Kind, Tokens};
use crate::sim::job::{Fault, FaultKind};

/// The deepest nesting of brackets.
const DEEPEST: usize = 32;

/// How often tokens may be read in all, when each is read twice as often as the `[` or `{` around it: some
/// seconds of work. The deepest policy seen in the open, blocks of a Slack message, takes a twentieth.
const READINGS: u64 = 1 << 21;

/// How many operators, dots and indexes one expression may have.
const CHAIN: usize = 1000;

/// How many signs may stand in a row in front of a number.
const SIGNS: usize = 16;

/// How many digits a number may have, written out.
const DIGITS: usize = 1000;

/// Operators that make an expression deeper, beside the word `in` and an index.
const OPERATORS: [&str; 16] = [
    "+", "-", "*", "/", "%", "|", "&", "==", "!=", "<", ">", "<=", ">=", "=", ":=", ".",
];

/// Refuses what would take the parser too long, or too deep.
pub(super) fn check(tokens: &Tokens<'_>) -> Result<(), Fault> {
    let mut chains = vec![0_usize];
    let (mut readings, mut doubling, mut signs) = (0_u64, 0_usize, 0_usize);
    for (index, token) in tokens.list.iter().enumerate() {
        let word = tokens.word(index);
        let limit = |message: String| {
            let fault = Fault::new(FaultKind::Limit, message).at(token.span.clone());
            Err(fault.help("the policy may be fine in Spacelift; here it is not read"))
        };
        let deepens = token.kind == Kind::Mark && OPERATORS.contains(&word)
            || token.kind == Kind::Word && word == "in"
            || word == "[" && index > 0 && tokens.touches(index - 1);
        match chains.last_mut() {
            Some(chain) if deepens => *chain += 1,
            Some(chain) if [",", ";"].contains(&word) || ends(tokens, index) => *chain = 0,
            _ => {}
        }
        match word {
            "{" | "[" | "(" => chains.push(0),
            "}" | "]" | ")" if chains.len() > 1 => drop(chains.pop()),
            _ => {}
        }
        match word {
            "{" | "[" => doubling = (doubling + 1).min(DEEPEST),
            "}" | "]" => doubling = doubling.saturating_sub(1),
            _ => {}
        }
        signs = match (word, token.kind) {
            ("-", _) => signs + 1,
            (_, Kind::Break) => signs,
            _ => 0,
        };
        let depth = chains.len() - 1;
        readings += 1 << doubling;
        if depth > DEEPEST {
            return limit(format!("brackets are nested more than {DEEPEST} deep"));
        }
        if readings > READINGS {
            return limit("too much is nested too deep in brackets".to_owned());
        }
        if token.kind == Kind::Number && digits(tokens, index) > DIGITS {
            return limit(format!("a number has more than {DIGITS} digits"));
        }
        if signs > SIGNS || chains.last().is_some_and(|chain| *chain > CHAIN) {
            return limit(format!(
                "an expression has more than {CHAIN} operators, or {SIGNS} signs in a row"
            ));
        }
    }
    Ok(())
}

/// How many digits the number at an index has when it is written out, about: `1e30` has 34.
fn digits(tokens: &Tokens<'_>, index: usize) -> usize {
    let number = tokens.word(index);
    let Some((_, exponent)) = number.split_once(['e', 'E']) else {
        return number.len();
    };
    let signed = exponent.is_empty()
        && tokens.touches(index)
        && ["+", "-"].contains(&tokens.word(index + 1))
        && tokens.touches(index + 1);
    let exponent = match signed {
        true => tokens.word(index + 2),
        false => exponent,
    };
    let end = exponent.find(|c: char| !c.is_ascii_digit());
    let exponent = exponent[..end.unwrap_or(exponent.len())].trim_start_matches('0');
    let power = match exponent {
        "" => 0,
        // More than a machine counts is more than enough.
        some => some.parse().unwrap_or(usize::MAX),
    };
    number.len().saturating_add(power)
}

/// Whether an expression ends with a line: no operator stands before the break or behind it.
fn ends(tokens: &Tokens<'_>, index: usize) -> bool {
    let joins = |at: usize| {
        let word = tokens.word(at);
        word == "\n" || word == "in" || OPERATORS.contains(&word)
    };
    tokens.list[index].kind == Kind::Break && !(index > 0 && joins(index - 1)) && !joins(index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rules: &str) -> Option<String> {
        let body = format!("package spacelift\n{rules}\n");
        check(&Tokens::of(&body)).err().map(|fault| fault.message)
    }

    #[test]
    fn what_the_parser_could_not_bear_is_refused() {
        let long = 100_000;
        for (rules, why) in [
            (
                format!("x := {}1{}", "[".repeat(24), "]".repeat(24)),
                "too deep in brackets",
            ),
            (
                format!("x := {}1{}", "{1: ".repeat(24), "}".repeat(24)),
                "too deep in brackets",
            ),
            (
                format!("x := {}1{}", "(".repeat(40), ")".repeat(40)),
                "more than 32 deep",
            ),
            (format!("x := {}1", "-".repeat(long)), "in a row"),
            (format!("x := {}1", "-\n".repeat(long)), "in a row"),
            (format!("x := 1{}", "+1".repeat(long)), "operators"),
            (format!("x := 1{}", "\n+1".repeat(long)), "operators"),
            (format!("x := 1{}", "+\n\n1".repeat(long)), "operators"),
            (format!("x := a{}", "[0]".repeat(long)), "operators"),
            (format!("x{} := 1", ".a".repeat(long)), "operators"),
            (format!("x if a{}", " in a".repeat(long)), "operators"),
            (format!("x if f(1{})", "==1".repeat(long)), "operators"),
            ("x := 1e1000".to_owned(), "digits"),
            ("x := 2.5E+99999".to_owned(), "digits"),
            ("x := {1, 0E0425549322777777772.5e1}".to_owned(), "digits"),
            (format!("x := 1e-{}", "9".repeat(long)), "digits"),
            (format!("x := {}", "9".repeat(long)), "digits"),
        ] {
            let told = refused(&rules).unwrap_or_default();
            assert!(told.contains(why), "{:.40}: {told:?}", rules);
        }
    }

    #[test]
    fn long_policies_are_not() {
        let lines = "x if input.a.b[0].c - 1 == -2\n".repeat(10_000);
        assert_eq!(refused(&lines), None);
        let list = format!("x := [{}]", "-1, {\"a\": input.b},\n".repeat(10_000));
        assert_eq!(refused(&list), None);
        let numbers = "x := [1e100, 1.5E-7, 0.1e+3, 12345678901234567890, \"1e99999\"] # 1e99999";
        assert_eq!(refused(numbers), None);
        let blocks = format!("x := {}1{}", "{\"a\": [".repeat(6), "]}".repeat(6));
        assert_eq!(refused(&format!("{blocks}\n").repeat(20)), None);
    }
}

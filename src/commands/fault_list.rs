//! What can go wrong in the sandbox, listed: `spaceport sandbox --list-faults`.
//!
//! The table itself is the sandbox's; here it only becomes lines of at most 80 columns.

use crate::sandbox::catalog::{ALL, FILTERS, Lasts, Named};
use crate::show::text::{pad, wrap};

const COLUMNS: usize = 80;
/// Where what is said about a word begins.
const MARGIN: usize = 16;

/// All of it; the same from call to call.
pub fn text() -> String {
    let mut lines = wrap(
        "",
        "`--fault NAME[:ARGUMENTS,FILTERS]` lets something go wrong from the start on; without filters it hits the next \
         request, or every request where that is said. Sources are sections of the contract pages that the sandbox is \
         written from: PA for Port, SA for Spacelift.",
        COLUMNS,
    );
    for named in ALL {
        lines.push(String::new());
        lines.extend(entry(named));
    }
    lines.push(String::new());
    lines.push("Filters, after the arguments:".to_owned());
    for (key, values, what) in FILTERS {
        lines.extend(about(&format!("{key}="), &format!("{what} ({values})")));
    }
    lines.join("\n") + "\n"
}

fn entry(named: &Named) -> Vec<String> {
    let mut lines = vec![named.usage()];
    lines.extend(wrap("  ", named.what, COLUMNS));
    for argument in named.arguments {
        let shape = format!("{} [default: {}]", argument.shape, argument.default);
        lines.extend(about(argument.name, &shape));
    }
    if named.lasts == Lasts::Always {
        lines.extend(about(
            "hits",
            "every request, unless `times` says otherwise",
        ));
    }
    lines.extend(about("source", named.source));
    lines.extend(about("example", named.example));
    lines
}

fn about(word: &str, text: &str) -> Vec<String> {
    wrap(&pad(&format!("  {word}"), MARGIN), text, COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_fit() {
        let text = text();
        for line in text.lines() {
            assert!(line.chars().count() <= COLUMNS, "{line}");
            assert_eq!(line, line.trim_end());
        }
        for named in ALL {
            assert!(
                text.contains(&format!("\n{}\n", named.usage())),
                "{}",
                named.name
            );
        }
    }

    #[test]
    fn an_entry_says_all_that_one_needs() {
        insta::assert_snapshot!(entry(&ALL[0]).join("\n"), @"
        error[:STATUS[,WHEN]]
          Answers with an error in the service's own shape, before or after the request
          took effect.
          status        a number from 400 to 599 [default: 500]
          when          before or after [default: before]
          source        PA section 10.3 (502 and 503 on a PUT that did take effect), SA
                        section 15.8
          example       error:503,after,method=PUT,path=/v1/blueprints,skip=2
        ");
    }
}

//! Problems in the user's files as a short list, each with its file and line.
//!
//! Deliberately not here: the lines of the files.

use crate::show::findings::closing_words;
use crate::show::render::markdown::LIMIT;
use crate::show::render::markdown::escape::{code, prose};
use crate::words::{Finding, Sources};

/// Bytes for the sentence about what was left out.
const LEFT_OUT: usize = 100;

/// A list of findings, each line with its line end; `folder` stands before the paths of files.
pub fn findings(list: &[Finding], sources: &Sources, folder: &str) -> String {
    if list.is_empty() {
        return String::new();
    }
    let mut shown = format!("**{}**\n\n", closing_words(list));
    for (index, finding) in list.iter().enumerate() {
        let item = item(finding, sources, folder);
        if shown.len() + item.len() + LEFT_OUT > LIMIT {
            let left = list.len() - index;
            shown.push_str(&format!("- … and {left} more, left out for want of room\n"));
            break;
        }
        shown.push_str(&item);
    }
    shown
}

fn item(finding: &Finding, sources: &Sources, folder: &str) -> String {
    let place = finding.place.map(|place| {
        let (line, column) = sources.line_column(place);
        let path = &sources.file(place.file).path;
        format!("{} ", code(&format!("{folder}{path}:{line}:{column}")))
    });
    let mut shown = format!(
        "- **{}** {}{} ({})\n",
        finding.severity.word(),
        place.unwrap_or_default(),
        prose(&finding.message),
        code(finding.code)
    );
    // Help may have several lines.
    for line in finding.help.iter().flat_map(|help| help.lines()) {
        shown.push_str(&format!("  - {}\n", prose(line)));
    }
    shown
}

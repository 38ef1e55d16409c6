//! Placeholders that guides print and nobody replaced: `<YOUR_SPACELIFT_API_URL>` in an address.
//!
//! Deliberately not here: ids in policies (see `endpoints`).

use crate::lint::bench::Bench;
use crate::lint::calls::Call;
use crate::lint::survey::Survey;
use crate::words::Finding;

const AT: &str = "/invocationMethod/url";

/// Looks at the address of every call.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    for call in Call::all(&survey.wiring) {
        let Some(span) = placeholder(call.url) else {
            continue;
        };
        let help = match call.is_graphql() {
            true => {
                "write `${spacelift.graphql_url}`: the endpoint of the account in `spaceport.yaml`"
            }
            false => "write what it stands for",
        };
        let word = call.url[span.clone()].to_owned();
        let place = survey.inside(call.station, AT, span);
        let message = format!("`{word}` is a placeholder, and nothing answers there");
        bench.push(Finding::warning("lint::placeholder", place, message).help(help));
    }
}

/// Where `<YOUR…>` or `<your-…>` stands in an address.
fn placeholder(url: &str) -> Option<std::ops::Range<usize>> {
    let start = url.to_ascii_lowercase().find("<your")?;
    let length = url[start..].find('>')?;
    Some(start..start + length + 1)
}

//! Plans from a file, as `show` and `apply FILE` read them.

use spaceport::commands::output::json;
use spaceport::show::document::read;

use super::world;

/// The text of a plan.
pub fn run(data: &[u8]) {
    let Some([text, other]) = super::parts(data) else {
        return;
    };
    let Ok(document) = read::plan(text) else {
        return;
    };
    super::printable(&json(&document));
    if let Ok(other) = read::plan(other) {
        let _ = read::differences(&document, &other);
    }
    if let Ok((plan, header)) = document.into_plan() {
        world::show(&plan, &header);
    }
}

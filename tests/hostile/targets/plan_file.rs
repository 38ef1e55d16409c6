//! Plans from a file, as `show` and `apply FILE` read them.

use spaceport::commands::output::json;
use spaceport::show::document::read;

use super::world;

/// The text of a plan.
pub fn run(data: &[u8]) -> bool {
    let Some([text, other]) = super::parts(data) else {
        return false;
    };
    let Ok(document) = read::plan(text) else {
        return false;
    };
    super::printable(&json(&document));
    if let Ok(other) = read::plan(other) {
        let _ = read::differences(&document, &other);
    }
    match document.into_plan() {
        Ok((plan, header)) => {
            world::show(&plan, &header);
            true
        }
        Err(why) => {
            assert!(!why.is_empty());
            false
        }
    }
}

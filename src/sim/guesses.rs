//! What the engines assume of Port and Spacelift where no page says it, in one place.
//!
//! Each is marked `[?]` in the contract page (PA) or was needed because the page is silent. Guesses that
//! are not a constant but the way a file works:
//!
//! | guess | where |
//! |---|---|
//! | of several outputs of a program the first counts; none is null | `jq/input` |
//! | only a text that is exactly one template, without blanks around it, keeps the type | `template/render` |
//! | `${{ … }}` is not Port's and stays as it is, as does a `{{` that is never closed | `template/pieces` |
//! | a template that fails gives null; the service would fail the whole call | `template/render` |
//! | what `spreadValue()` spreads stands where the pair stands | `template/render` |
//! | headers are there as they were sent, in capitals (`X-Real-Ip`) as in the captured request, and in lower case | `mapping/deliver` |
//! | the filter is asked for each item, and before the items are read when it does not name `.item` | `mapping/deliver` |
//! | a filter is true unless it gives null or false | `mapping/deliver` |
//! | a filter that fails is not true | `mapping/deliver` |
//! | a property or relation whose program fails is left as it is in the catalog | `mapping/entity` |
//! | a null title, icon or team is left as it is in the catalog | `mapping/entity` |
//! | a text for a relation to many is a list of one | `mapping/check` |
//! | an identifier must be a text; a number is refused | `mapping/entity` |
//! | a search for null finds nothing | `mapping/search` |
//! | `security` with an algorithm or a header missing, or without a secret, checks nothing | `signature` |
//! | an action's signature covers the body's bytes as they are sent, none for a call without one | `signature` |

/// How null reads inside of a longer text; other values are written as JSON, and so is null.
pub(crate) const NULL_IN_TEXT: &str = "null";
/// Whether a pair that stands in the map beats the same key of a spread object.
pub(crate) const EXPLICIT_KEYS_WIN: bool = true;
/// Whether a program that gives null empties the property or relation (PA section 4).
pub(crate) const NULL_CLEARS: bool = true;
/// How many items of `itemsToParse` are mapped (published, PA section 4).
pub(crate) const ITEMS: usize = 500;
/// How many entities a search may match (published, PA section 4); of more, the first are taken.
pub(crate) const MATCHES: usize = 100;
/// Whether a delete without `deleteDependents` takes along what depends on the entity (published, PA section 4).
pub(crate) const DEPENDENTS_GO: bool = true;
/// How deep a tree may nest before an engine refuses it.
pub(crate) const DEPTH: usize = 128;

/// What stands for a secret that nobody has declared; in life the value is missing.
pub(crate) fn unknown_secret(name: &str) -> String {
    format!("<unknown secret {name}>")
}

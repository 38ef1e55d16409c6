//! The vocabulary that every other layer speaks: addresses, values, templates, places in files,
//! findings, and graphs over addresses.
//!
//! Nothing here reads a file, the environment or a clock, knows a kind, or knows a service's
//! routes. The layer imports no other layer.
//!
//! | room | noun |
//! |---|---|
//! | [`addr`] | the name of an object, `port.blueprint.service` |
//! | [`place`] | a range of bytes in a file of the project, and the files themselves |
//! | [`finding`] | a problem in the user's files: code, place, message, help |
//! | [`codes`] | every finding code with its documentation |
//! | [`node`] | the tree that a file becomes: data with places |
//! | [`value`] | the tree that the middle works on: JSON plus `Deferred` and `Secret` |
//! | [`map`] | the maps of such a tree |
//! | [`text`] | the texts of such a tree |
//! | [`template`] | `${…}` inside texts |
//! | [`mod@pointer`] | JSON pointers, with `*` for any key |
//! | [`graph`] | order, layers, components and cycles |
//! | [`hosts`] | what a region and an account mean |
//! | [`redact`] | what of a text must not be shown |

pub mod addr;
pub mod codes;
pub mod finding;
pub mod graph;
pub mod hosts;
mod json;
pub mod map;
pub mod node;
pub mod place;
pub mod pointer;
pub mod redact;
pub mod template;
pub mod text;
pub mod value;

pub use addr::{Addr, Service};
pub use finding::{Finding, Findings, Level, Severity};
pub use node::{Data, Node};
pub use place::{Place, Sources};
pub use pointer::Pointer;
pub use template::{Reference, Template};
pub use text::Text;
pub use value::Value;

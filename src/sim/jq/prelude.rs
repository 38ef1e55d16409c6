//! Definitions and functions that programs may call: jaq's, without those that reach outside, and
//! what jq has besides.

use std::sync::LazyLock;

use jaq_core::load::parse::Def;
use jaq_core::native::Fun;

use super::names::REFUSED;
use super::{Kind, builtin};

/// What jq has and jaq lacks or does differently, in jq.
const PRELUDE: &str = include_str!("prelude.jq");

/// Functions of jaq behind what is refused.
const BEHIND: &[&str] = &["stderr_empty", "debug_empty", "halt"];

fn is_refused(name: &str) -> bool {
    BEHIND.contains(&name) || REFUSED.iter().any(|(refused, _)| *refused == name)
}

static DEFINITIONS: LazyLock<Vec<Def<&'static str>>> = LazyLock::new(|| {
    let ours: Vec<&str> = builtin::functions()
        .iter()
        .map(|(name, ..)| *name)
        .collect();
    let prelude = jaq_core::load::parse(PRELUDE, |parser| parser.defs())
        .expect("our own definitions parse, as the first program of any test shows");
    jaq_core::defs()
        .chain(jaq_std::defs())
        .filter(|def| !is_refused(def.name) && !ours.contains(&def.name))
        .chain(prelude)
        .collect()
});

/// The definitions; of two with the same name the later one counts.
pub fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    DEFINITIONS.iter().cloned()
}

/// The functions.
pub fn functions() -> impl Iterator<Item = Fun<Kind>> {
    let ours: Vec<&str> = builtin::functions()
        .iter()
        .map(|(name, ..)| *name)
        .collect();
    jaq_core::funs()
        .chain(jaq_std::funs())
        .filter(move |(name, ..)| !is_refused(name) && !ours.contains(name))
        .chain(
            builtin::functions()
                .into_iter()
                .map(|function| jaq_core::native::run::<Kind>(function)),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prelude_is_read() {
        let prelude = jaq_core::load::parse(PRELUDE, |parser| parser.defs());
        assert!(prelude.is_some_and(|defs| defs.len() > 80));
    }
}

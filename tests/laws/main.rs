//! The laws of the tool, held over generated projects and live states: the real binary against the
//! embedded sandbox, over real HTTP.
//!
//! Laws of single stages stand with them (`src/decide/laws.rs`); stories are in `tests/stories`.

#![cfg(feature = "sandbox")]

mod applied;
mod bed;
#[path = "../stories/clicked.rs"]
mod clicked;
mod converge;
#[path = "../contract/dice.rs"]
mod dice;
mod discreet;
#[path = "../stories/fleet.rs"]
#[allow(dead_code, reason = "shared with the stories")]
mod fleet;
mod formula;
#[path = "../../benches/generate.rs"]
mod generate;
mod hostile;
mod ingested;
mod inherited;
mod killed;
mod owned;
mod project;
mod remembered;
mod same;
#[path = "../stories/wiretap.rs"]
#[allow(dead_code, reason = "shared with the stories")]
mod wiretap;
#[path = "../stories/world.rs"]
#[allow(dead_code, reason = "shared with the stories")]
mod world;

/// A kind that nobody generates would be under no law.
#[test]
fn every_kind_is_generated() {
    let mut made: Vec<&str> = project::MAKERS.iter().map(|(kind, _)| *kind).collect();
    made.sort_unstable();
    let all: Vec<&str> = spaceport::kinds::ALL
        .iter()
        .map(|kind| kind.name())
        .collect();
    assert_eq!(made, all);
}

//! Spaces: which policies reach a run (SA sections 6, 9 and 10).

use serde_json::Value as Json;

use super::{Walk, Why, pointer};
use crate::follow::wiring::Station;
use crate::kinds::Role;

/// Whether a policy sees what happens in a space.
pub(super) enum Reach {
    /// It does.
    Sees,
    /// Nothing in the project tells; it is taken to see it.
    Unknown(Why),
    /// It does not.
    Blind(Why),
}

impl Walk<'_> {
    /// Whether a policy sees an event of a stack in this space: `{id, name}`, as the input says.
    pub(super) fn reach(&self, policy: &Station, space: Option<&Json>) -> Reach {
        let own = policy.text("/space").unwrap_or("legacy");
        let id = space.and_then(|space| space.get("id")?.as_str());
        let Some(id) = id else {
            return Reach::Sees;
        };
        let place = self.wiring.at(&policy.addr, &pointer("/space"));
        if self.is_space(own, id, space) {
            return Reach::Sees;
        }
        let blind = |why: String| {
            let help = "put the policy into that space, or into one that it inherits from";
            Reach::Blind(Why::new(why).at(place).help(help))
        };
        if id == "root" {
            return blind(format!(
                "the run is in the space `root`, and the policy in `{own}` does not see it"
            ));
        }
        let mut here = match self.declared(id, space) {
            Some(here) => here,
            None => {
                return Reach::Unknown(
                    Why::new(format!(
                        "whether the space `{id}` inherits from `{own}` is not known here; taken as it does"
                    ))
                    .at(place),
                );
            }
        };
        // Spaces that are each other's parents are refused before.
        for _ in 0..64 {
            if !here.is_on("/inheritEntities", false) {
                return blind(format!(
                    "the run is in the space `{}`, which inherits nothing from `{own}`",
                    here.name
                ));
            }
            let parent = here.text("/parentSpace").unwrap_or("root");
            if parent == own {
                return Reach::Sees;
            }
            match self.declared(parent, None) {
                Some(above) => here = above,
                None => break,
            }
        }
        blind(format!(
            "the run is in the space `{id}`, which does not inherit from `{own}`"
        ))
    }

    /// Whether the space of an object and that of an event are one.
    fn is_space(&self, own: &str, id: &str, space: Option<&Json>) -> bool {
        own == id || self.declared(own, None).is_some_and(|s| same(s, id, space))
    }

    fn declared(&self, id: &str, space: Option<&Json>) -> Option<&Station> {
        let mut spaces = self.wiring.playing(Role::Space);
        spaces.find(|station| same(station, id, space))
    }
}

/// Whether a declared space is meant: its real id is its slug and a random text.
fn same(station: &Station, id: &str, space: Option<&Json>) -> bool {
    let name = space.and_then(|space| space.get("name")?.as_str());
    let rest = id.strip_prefix(station.id.as_str());
    name == Some(station.name.as_str())
        || rest.is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix('-').is_some_and(|ulid| ulid.len() == 26)
        })
}

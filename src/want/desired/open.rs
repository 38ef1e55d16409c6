//! Open actions: everyone may run what calls Spacelift, unless the project says who may.
//!
//! By default everyone may run an action of Port (PA section 3). Deliberately not here: whether
//! those who may are the right ones; a project that says who they are has thought of it.

use std::collections::BTreeSet;

use crate::want::desired::Building;
use crate::words::Finding;

impl Building<'_> {
    /// Warns about each such action that nothing of the project restricts.
    pub(super) fn open_actions(&mut self) {
        let restricted: BTreeSet<(&str, &str)> = self
            .objects
            .values()
            .filter(|object| object.kind.restricts(&object.spec))
            .filter_map(|object| Some((object.kind.part_of()?, object.name.as_str())))
            .collect();
        let mut findings = Vec::new();
        for object in self.objects.values() {
            let Some(at) = object.kind.acts_on_spacelift(&object.spec) else {
                continue;
            };
            if !restricted.contains(&(object.kind.name(), object.name.as_str())) {
                let message = format!(
                    "everyone in Port may run `{}`, and `{at}` calls Spacelift",
                    object.addr
                );
                findings.push(
                    Finding::warning("lint::open_action", object.place, message).help(format!(
                        "say who may: `kind: port.action_permissions` with `action: {}` and `execute: {{ teams: [TEAM] }}`",
                        object.name
                    )),
                );
            }
        }
        self.findings.extend(findings);
    }
}

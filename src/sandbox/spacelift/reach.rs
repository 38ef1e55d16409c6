//! What can be seen from a space: with inheritance the things of its parent, and of the parent's parent
//! when that one inherits too (SA section 6). It answers questions and changes nothing; rights of people
//! go the other way and are not simulated.

use super::policies::Policy;
use super::spaces::Space;
use super::state::SpaceliftState;
use super::webhooks::NamedWebhook;

/// Why a policy's `endpoint_id` leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// No named webhook has this id.
    Unknown,
    /// It is switched off.
    Disabled,
    /// It lies in a space that cannot be used from there.
    OutOfReach,
}

impl SpaceliftState {
    /// Whether things that lie in `target` can be used from `from`.
    pub(super) fn reaches(&self, from: &str, target: &str) -> bool {
        let mut current = from;
        // A chain of parents is never longer than the list of spaces.
        for _ in 0..=self.spaces.len() {
            if current == target {
                return true;
            }
            match self.spaces.get(current) {
                Some(Space {
                    inherit_entities: true,
                    parent: Some(parent),
                    ..
                }) => current = parent,
                _ => return false,
            }
        }
        false
    }

    /// The notification policies that hear what happens in a space, by id. They are attached to nothing
    /// and their labels play no part (SA section 8).
    pub(super) fn policies_hearing(&self, space: &str) -> Vec<&Policy> {
        let policies = self.policies.values();
        policies
            .filter(|policy| policy.policy_type == "NOTIFICATION")
            .filter(|policy| self.reaches(space, &policy.space))
            .collect()
    }

    /// The named webhooks that `input.webhook_endpoints` lists for what happens in a space, by id.
    pub(super) fn webhooks_usable_from(&self, space: &str) -> Vec<&NamedWebhook> {
        let webhooks = self.webhooks.values();
        webhooks
            .filter(|webhook| webhook.enabled && self.reaches(space, &webhook.space))
            .collect()
    }

    /// The named webhook that a policy means by `endpoint_id` when something happens in a space.
    pub(super) fn webhook_for(&self, space: &str, id: &str) -> Result<&NamedWebhook, Unusable> {
        let webhook = self.webhooks.get(id).ok_or(Unusable::Unknown)?;
        if !self.reaches(space, &webhook.space) {
            Err(Unusable::OutOfReach)
        } else if webhook.enabled {
            Ok(webhook)
        } else {
            Err(Unusable::Disabled)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// `root` ← `team` (inherits) ← `app` (inherits); `root` ← `island` (does not) ← `hut` (inherits).
    /// Each space has a policy and a webhook of its name.
    fn account() -> SpaceliftState {
        let mut state = SpaceliftState::default();
        for (id, parent, inherit_entities) in [
            ("team", "root", true),
            ("app", "team", true),
            ("island", "root", false),
            ("hut", "island", true),
        ] {
            let space = Space {
                id: id.to_owned(),
                name: id.to_owned(),
                description: String::new(),
                parent: Some(parent.to_owned()),
                inherit_entities,
                labels: BTreeSet::new(),
            };
            state.spaces.insert(id.to_owned(), space);
        }
        for space in ["root", "team", "app", "island", "hut"] {
            let policy = Policy {
                id: space.to_owned(),
                name: space.to_owned(),
                body: String::new(),
                policy_type: "NOTIFICATION".to_owned(),
                engine_type: "REGO_V1".to_owned(),
                description: None,
                labels: BTreeSet::new(),
                space: space.to_owned(),
                created_at: 0,
                updated_at: 0,
            };
            state.policies.insert(space.to_owned(), policy);
            let webhook = NamedWebhook {
                id: space.to_owned(),
                name: space.to_owned(),
                endpoint: "https://example.com".to_owned(),
                enabled: true,
                space: space.to_owned(),
                labels: BTreeSet::new(),
                secret: None,
                headers: BTreeMap::new(),
                retry_on_failure: false,
                created_at: 0,
                failures: 0,
            };
            state.webhooks.insert(space.to_owned(), webhook);
        }
        state
    }

    fn hearing<'a>(state: &'a SpaceliftState, space: &str) -> Vec<&'a str> {
        let policies = state.policies_hearing(space);
        policies.iter().map(|policy| policy.id.as_str()).collect()
    }

    #[test]
    fn a_space_sees_itself_and_what_it_inherits_from() {
        let state = account();
        assert_eq!(hearing(&state, "root"), ["root"]);
        assert_eq!(hearing(&state, "app"), ["app", "root", "team"]);
        assert_eq!(hearing(&state, "island"), ["island"]);
        // The island does not inherit, so nothing of the root comes through it.
        assert_eq!(hearing(&state, "hut"), ["hut", "island"]);
        assert_eq!(hearing(&state, "nowhere"), [""; 0]);
    }

    #[test]
    fn only_notification_policies_hear() {
        let mut state = account();
        if let Some(policy) = state.policies.get_mut("team") {
            policy.policy_type = "PLAN".to_owned();
            policy.labels.insert("autoattach:*".to_owned());
        }
        assert_eq!(hearing(&state, "app"), ["app", "root"]);
    }

    #[test]
    fn webhooks_are_seen_the_same_way_unless_they_are_off() {
        let mut state = account();
        if let Some(webhook) = state.webhooks.get_mut("team") {
            webhook.enabled = false;
        }
        let usable = |space: &str| -> Vec<&str> {
            let webhooks = state.webhooks_usable_from(space);
            webhooks.iter().map(|webhook| webhook.id.as_str()).collect()
        };
        assert_eq!(usable("app"), ["app", "root"]);
        assert_eq!(usable("hut"), ["hut", "island"]);
        let found = |space, id| {
            state
                .webhook_for(space, id)
                .map(|webhook| webhook.id.as_str())
        };
        assert_eq!(found("app", "root"), Ok("root"));
        assert_eq!(found("app", "team"), Err(Unusable::Disabled));
        assert_eq!(found("app", "hut"), Err(Unusable::OutOfReach));
        assert_eq!(found("root", "team"), Err(Unusable::OutOfReach));
        assert_eq!(found("app", "none"), Err(Unusable::Unknown));
    }

    #[test]
    fn a_circle_of_spaces_ends() {
        let mut state = account();
        if let Some(space) = state.spaces.get_mut("team") {
            space.parent = Some("app".to_owned());
        }
        assert!(!state.reaches("app", "root"));
    }
}

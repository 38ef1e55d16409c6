//! Recorded evaluations of policies: a policy whose rule `sample` is true has its input, its body and what
//! came out of it written down (SA section 8).

use std::collections::VecDeque;

use apollo_compiler::resolvers::{ResolveInfo, ResolvedValue};
use serde::{Deserialize, Serialize};

use super::inbox::keep;
use super::policies::Policy;
use super::state::SpaceliftState;
use super::view::{Answer, Leaves, unanswered};

/// As many are kept of each policy (SA section 8).
pub(super) const KEPT: usize = 100;
/// As long are they kept, in seconds (SA section 8).
pub(super) const LIFE: i64 = 7 * 24 * 60 * 60;

/// One recorded evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// A ULID.
    pub key: String,
    /// Unix seconds.
    pub timestamp: i64,
    /// What came out.
    pub outcome: String,
    /// The input document as JSON text.
    pub input: String,
    /// The body that was evaluated.
    pub body: String,
}

impl SpaceliftState {
    /// Records an evaluation of a policy.
    pub(super) fn record_sample(&mut self, policy: &str, sample: Sample) {
        let samples = self.samples.entry(policy.to_owned()).or_default();
        let oldest = sample.timestamp.saturating_sub(LIFE);
        samples.retain(|known| known.timestamp >= oldest);
        keep(samples, sample, KEPT);
    }

    /// The records of a policy, newest first.
    pub(super) fn samples_of(&self, policy: &Policy) -> impl DoubleEndedIterator<Item = &Sample> {
        let samples: Option<&VecDeque<Sample>> = self.samples.get(&policy.id);
        samples.into_iter().flatten().rev()
    }
}

impl Sample {
    pub(super) fn field<'a>(&'a self, info: &ResolveInfo<'_>) -> Answer<'a> {
        Ok(match info.field_name() {
            "key" => ResolvedValue::leaf(self.key.as_str()),
            "outcome" => ResolvedValue::leaf(self.outcome.as_str()),
            "timestamp" => ResolvedValue::leaf(self.timestamp),
            _ => return unanswered(info),
        })
    }

    /// What was evaluated, as `PolicyEvaluationSample`.
    pub(super) fn evaluated(&self) -> Leaves {
        Leaves {
            type_name: "PolicyEvaluationSample",
            fields: vec![
                ("input", self.input.as_str().into()),
                ("body", self.body.as_str().into()),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_hundred_of_a_week_are_kept() {
        let mut state = SpaceliftState::default();
        let mut record = |key: usize, timestamp| {
            let sample = Sample {
                key: key.to_string(),
                timestamp,
                outcome: String::new(),
                input: String::new(),
                body: String::new(),
            };
            state.record_sample("p", sample);
            let kept = &state.samples["p"];
            (kept.len(), kept[0].key.clone())
        };
        for key in 0..KEPT {
            record(key, 0);
        }
        assert_eq!(record(KEPT, 1), (KEPT, "1".to_owned()));
        assert_eq!(record(KEPT + 1, LIFE + 1), (2, KEPT.to_string()));
    }
}

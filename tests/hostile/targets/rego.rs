//! Policies: their dialect, what Spacelift would not save, and the parser. Evaluation belongs to the
//! engines' process, because only its limits stop it.

use spaceport::sim::rego::{self, EngineType, Policy};

/// The body of a policy, whose length says of which type.
pub fn run(data: &[u8]) -> bool {
    let Some(body) = super::text(data) else {
        return false;
    };
    let dialect = rego::dialect(body);
    let _ = (dialect.has_package(), dialect.suggests());
    let types = ["NOTIFICATION", "PLAN", "ACCESS", "GIT_PUSH", "no such type"];
    let policy_type = types[body.len() % types.len()];
    let mut taken = false;
    for engine in [EngineType::RegoV0, EngineType::RegoV1] {
        if let Some(span) = dialect.misfit(engine) {
            super::inside(body, &span, &"a misfit");
        }
        let policy = Policy {
            body: body.to_owned(),
            engine,
            policy_type: policy_type.to_owned(),
        };
        let answers = [
            super::engine(|| rego::saves(&policy)),
            super::engine(|| rego::parses(&policy)),
            super::engine(|| rego::load(&policy)),
        ];
        for fault in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            super::told(body, fault);
        }
        taken |= answers[2].is_ok();
        // What a look at the text refuses, the others refuse, too.
        if answers[0].is_err() {
            assert!(answers[1].is_err() && answers[2].is_err(), "{body:?}");
        }
    }
    taken
}

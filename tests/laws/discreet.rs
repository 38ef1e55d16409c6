//! Law 5: no secret text comes out, whatever fails and however loudly it is told.

use proptest::prelude::*;
use spaceport::sandbox::{Effect, Fault, When};
use spaceport::want::config::Choice;
use spaceport::want::desired;

use crate::bed::{canary, config, hides_canaries, lay, ran, world};
use crate::project::{SECRETS, edits, project};

fn effect() -> impl Strategy<Value = Effect> {
    let when = prop_oneof![Just(When::Before), Just(When::After)];
    let status = prop::sample::select(&[400u16, 401, 403, 404, 409, 422, 500][..]);
    prop_oneof![
        (status, when.clone()).prop_map(|(status, when)| Effect::Status { status, when }),
        when.clone().prop_map(|when| Effect::Cut { when }),
        when.prop_map(|when| Effect::BadGateway { when }),
        Just(Effect::ExpireTokens),
        Just(Effect::DeadSession),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn failures_show_no_secret(
        project in project(),
        edits in edits(),
        effect in effect(),
        nth in 0..40u32,
        times in 1..4u32,
    ) {
        let mut world = world();
        world.set("RUST_LOG", "trace");
        lay(&world, &project);
        let mut fault = Fault::new(effect).skip(nth);
        fault.times = Some(times);
        world.sandbox.fault(fault);
        let any = [0, 1, 4, 5];
        ran(&world, &["-vv", "apply", "--yes"], &any)?;
        lay(&world, &project.edited(&edits));
        ran(&world, &["-vv", "plan"], &any)?;
        let ledger = std::fs::read_to_string(world.path("ledger.json")).unwrap_or_default();
        hides_canaries(&[&ledger, &world.state().to_string()])?;

        // What the planner works on has no texts to tell, not even to a debugger.
        let env = SECRETS.iter().enumerate().map(|(nth, name)| ((*name).to_owned(), canary(nth))).collect();
        let (desired, findings) = desired::load(world.root(), &Choice::default(), &env);
        hides_canaries(&[&format!("{desired:?}"), &format!("{findings:?}")])?;
    }
}

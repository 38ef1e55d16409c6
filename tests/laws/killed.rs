//! Law 4: an apply that is killed at any request, or loses any answer, is completed by the next one.

use proptest::prelude::*;
use proptest::test_runner::Config;
use spaceport::sandbox::When;

use crate::bed::{config, holds, lay, ran, settled, world};
use crate::project::{edits, project};
use crate::world::{cut, held};

/// The crash matrix has every request of a few projects; here are many projects, each killed once.
fn fewer() -> Config {
    let config = config();
    Config {
        cases: config.cases.div_ceil(4),
        ..config
    }
}

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn killed_anywhere_the_next_run_ends_where_a_calm_one_would(
        project in project(),
        edits in edits(),
        nth in any::<prop::sample::Index>(),
        lost in any::<bool>(),
        from_nothing in any::<bool>(),
    ) {
        let (calm, world) = (world(), world());
        let next = project.edited(&edits);
        for world in [&calm, &world] {
            lay(world, &project);
            if !from_nothing {
                ran(world, &["apply", "--yes"], &[0])?;
                lay(world, &next);
            }
        }
        calm.forget_requests();
        ran(&calm, &["apply", "--yes"], &[0])?;
        let count = calm.sandbox.requests().len();
        let request = u32::try_from(nth.index(count)).expect("few requests");

        if lost {
            world.sandbox.fault(cut(When::After).skip(request));
            world.sandbox.fault(held().skip(request + 1));
        } else {
            world.sandbox.fault(held().skip(request));
        }
        let mut running = world.start(&["apply", "--yes"]);
        // The last answer may be lost without anything being asked after it.
        world.until_faults_have_struck_or(|| running.has_ended());
        running.kill();
        world.sandbox.clear_faults();

        ran(&world, &["apply", "--yes"], &[0])?;
        let (calm, again) = (settled(&calm), settled(&world));
        for (place, row) in calm.iter().chain(&again) {
            let same = calm.get(place) == again.get(place);
            holds(same, || format!(
                "law 4: request {request} of {count}: {place:?}\ncalm  {:?}\nagain {:?}\n{row}",
                calm.get(place), again.get(place),
            ))?;
        }
    }
}

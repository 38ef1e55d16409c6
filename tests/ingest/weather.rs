//! A law: whatever happens on the way, the end state is right, and only what differed was touched.

use std::collections::BTreeSet;

use proptest::prelude::*;
use spaceport::sandbox::{Effect, Fault, Reset, When};

use crate::world::{STACKS, World, ingest, plain};

const BULK: &str = "/v1/blueprints/stack/entities/bulk";
const SEARCH: &str = "/v1/blueprints/stack/entities/search";
/// So that Port's entities have several pages, and a look by name has one.
const PAGE: usize = 25;

fn when() -> impl Strategy<Value = When> {
    prop_oneof![Just(When::Before), Just(When::After)]
}

/// A write that comes to nothing, or seems to.
fn lost() -> impl Strategy<Value = Fault> {
    let effect = prop_oneof![
        when().prop_map(|when| Effect::Cut { when }),
        when().prop_map(|when| Effect::BadGateway { when }),
        (when(), 1..4_usize).prop_map(|(when, every)| Effect::RefuseItems {
            every,
            identifiers: Vec::new(),
            status: 503,
            error: "internal_error".into(),
            message: "not now".into(),
            when,
        }),
        Just(Effect::RateLimit {
            reset: Reset::Silent,
            seconds: 0
        }),
        Just(Effect::ExpireTokens),
    ];
    (effect, 0..3_u32).prop_map(|(effect, skip)| Fault::new(effect).path(BULK).skip(skip))
}

/// A page that moves while it is read.
fn moved() -> impl Strategy<Value = Fault> {
    prop_oneof![
        (-20..20_i64, 1..3_u32).prop_map(|(by, skip)| {
            Fault::new(Effect::ShiftPage { by })
                .operation("IngestPage")
                .skip(skip)
        }),
        (-20..20_i64).prop_map(|by| Fault::new(Effect::ShiftPage { by }).path(SEARCH).skip(1)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn whatever_happens_only_what_differs_is_touched(
        count in 1..120_usize,
        changed in prop::collection::btree_set(0..120_usize, 0..30),
        absent in prop::collection::btree_set(0..120_usize, 0..60),
        lost in prop::collection::vec(lost(), 0..3),
        moved in prop::option::of(moved()),
    ) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let world = World::with(plain(count)).await;
            let all = ingest(STACKS);
            // Some are there already, and of those some are not as they should be.
            let names = |numbers: &BTreeSet<usize>| -> BTreeSet<String> {
                numbers.iter().filter(|number| **number < count).map(|number| format!("s{number:03}")).collect()
            };
            let (changed, absent) = (names(&changed), names(&absent));
            let listed: Vec<String> = absent.iter().map(|name| format!("{name:?}")).collect();
            let filter = format!("filter: .item.id as $id | [{}] | index($id) == null", listed.join(","));
            let some = STACKS.replace("blueprint: stack", &format!("blueprint: stack\n{filter}"));
            world.run(&ingest(&some)).await;
            for name in &changed {
                world.label(name, "new").await;
            }
            let before = world.entities().await;

            world.fault(Fault::new(Effect::Pages { size: PAGE }).path(SEARCH).forever());
            lost.iter().chain(&moved).for_each(|fault| world.fault(fault.clone()));
            let report = world.run(&all).await;
            world.sandbox.clear_faults();

            prop_assert_eq!((report.broken.as_deref(), report.failed), (None, 0));
            let differed: BTreeSet<String> = changed.union(&absent).cloned().collect();
            let after = world.entities().await;
            let touched = after.iter().filter(|(name, entity)| before.get(*name) != Some(entity));
            let touched: BTreeSet<String> = touched.map(|(name, _)| name.clone()).collect();
            prop_assert_eq!(&touched, &differed);
            prop_assert_eq!(report.created, absent.len() as u64);
            prop_assert_eq!(report.changed, (differed.len() - absent.len()) as u64);
            prop_assert!(world.agrees(&all).await);
            Ok(())
        })?;
    }
}

//! Stories of the clients against the embedded sandbox, which was written without knowing them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::script::{self, source, writer};
use super::{Reader, Spot, TookEffect, Writer, Written};
use crate::kinds::{self, Kind, Observed};
use crate::sandbox::{
    CLIENT_ID, CLIENT_SECRET, Effect, Fault, KEY_ID, KEY_SECRET, Options, Reset, Sandbox,
    Service as Half, StartingStack, When,
};
use crate::there::endpoints::{
    Endpoints, Overrides, PortWanted, Region, SpaceliftWanted, Wanted, resolve,
};
use crate::there::live::Live;
use crate::words::Value;

/// A sandbox and a reader of both halves.
async fn world() -> (Sandbox, Reader) {
    world_of(Options::default()).await
}

async fn world_of(options: Options) -> (Sandbox, Reader) {
    let sandbox = Sandbox::start(options).await.unwrap();
    let endpoints = endpoints(&sandbox);
    (
        sandbox,
        Reader::new(&endpoints, &script::options()).unwrap(),
    )
}

fn endpoints(sandbox: &Sandbox) -> Endpoints {
    let wanted = Wanted {
        port: Some(PortWanted { region: Region::Eu }),
        spacelift: Some(SpaceliftWanted {
            account: "acme".into(),
        }),
        environment: Some("prod".into()),
    };
    let flags = Overrides {
        port_url: Some(sandbox.url().to_owned()),
        spacelift_url: Some(sandbox.url().to_owned()),
    };
    let env = [
        ("PORT_CLIENT_ID", CLIENT_ID),
        ("PORT_CLIENT_SECRET", CLIENT_SECRET),
        ("SPACELIFT_API_KEY_ID", KEY_ID),
        ("SPACELIFT_API_KEY_SECRET", KEY_SECRET),
    ];
    let env = env.map(|(name, text)| (name.to_owned(), text.to_owned()));
    resolve(&wanted, &flags, &env.into()).unwrap()
}

fn kind(name: &str) -> &'static dyn Kind {
    kinds::find(name).unwrap()
}

fn hook(name: &str) -> Value {
    Value::from(json!({
        "name": name, "endpoint": "https://ingest.port.io/x", "enabled": true, "space": "root",
        "labels": [],
    }))
}

/// One wanted object of several kinds, with the names of the kinds.
fn wanted() -> Vec<(&'static dyn Kind, Value)> {
    let mut hook = hook("hook");
    if let Some(map) = hook.as_map_mut() {
        let secret = Value::Secret(source("${env.CANARY}"));
        let headers = [("X-Key", secret)].into();
        map.insert("secretHeaders", Value::Map(headers));
    }
    let mut secret = Value::from(json!({"secretName": "TOKEN", "description": "d"}));
    if let Some(map) = secret.as_map_mut() {
        map.insert("secretValue", Value::Secret(source("${env.CANARY}")));
    }
    vec![
        (
            kind("port.blueprint"),
            Value::from(json!({
                "identifier": "stack", "title": "Stack",
                "schema": {"properties": {"state": {"type": "string"}}, "required": []},
            })),
        ),
        (kind("port.secret"), secret),
        (
            kind("spacelift.policy"),
            Value::from(json!({
                "name": "Notify", "type": "NOTIFICATION", "space": "root",
                "body": "package spacelift\n", "engineType": "REGO_V0",
            })),
        ),
        (kind("spacelift.webhook"), hook),
    ]
}

fn names(live: &Live, kind: &str) -> Vec<String> {
    live.of_kind(kind).map(|seen| seen.name.clone()).collect()
}

async fn read(writer: &Writer) -> Live {
    writer.reader().read(kinds::ALL).await.unwrap()
}

#[tokio::test]
async fn objects_of_both_services_are_created_read_changed_and_deleted() {
    let (sandbox, reader) = world().await;
    let writer = writer(reader);
    let before = read(&writer).await;
    assert!(before.refused.is_empty(), "{:?}", before.refused);
    assert!(before.organization.is_some() && before.viewer.is_some());
    assert!(before.spaces.iter().any(|space| space.id == "root"));

    let mut made: Vec<(&'static dyn Kind, Observed)> = Vec::new();
    for (kind, want) in wanted() {
        let seen = writer.create(kind, &want).await.unwrap();
        let changed = [
            "description".to_owned(),
            "title".to_owned(),
            "labels".to_owned(),
        ];
        writer.update(kind, &seen, &want, &changed).await.unwrap();
        made.push((kind, seen));
    }
    let live = read(&writer).await;
    for (kind, seen) in &made {
        let found = live.by_id(kind.name(), &seen.id).map(|o| &o.name);
        assert_eq!(found, Some(&seen.name), "{}", kind.name());
    }
    for (kind, seen) in &made {
        writer.delete(*kind, &seen.id).await.unwrap();
        writer.delete(*kind, &seen.id).await.unwrap();
    }
    assert_eq!(read(&writer).await, before);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_plan_costs_two_tokens_and_one_request_per_list() {
    let (sandbox, reader) = world().await;
    reader.read(kinds::ALL).await.unwrap();
    let counts = reader.requests();
    assert_eq!(counts.writes, 0);
    assert_eq!(counts.requests as usize, sandbox.requests().len());
    assert!(counts.requests <= 9, "{counts:?}");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_makes_one_object() {
    for (kind, want) in wanted() {
        for when in [When::Before, When::After] {
            for effect in [Effect::Cut { when }, Effect::BadGateway { when }] {
                let (sandbox, reader) = world().await;
                let writer = writer(reader);
                let before = read(&writer).await;
                let half = match kind.service() {
                    crate::words::Service::Port => Half::Port,
                    crate::words::Service::Spacelift => Half::Spacelift,
                };
                sandbox.fault(Fault::new(effect.clone()).service(half));
                let seen = writer.create(kind, &want).await.unwrap();
                let live = read(&writer).await;
                assert!(live.by_id(kind.name(), &seen.id).is_some());
                assert_eq!(live.len(), before.len() + 1, "{} {effect:?}", kind.name());
                sandbox.stop().await;
            }
        }
    }
}

#[tokio::test]
async fn ended_tokens_and_dead_sessions_are_survived() {
    let (sandbox, reader) = world().await;
    let writer = writer(reader);
    read(&writer).await;
    for (kind, want) in wanted() {
        sandbox.fault(Fault::new(Effect::ExpireTokens));
        writer.create(kind, &want).await.unwrap();
    }
    sandbox.fault(Fault::new(Effect::ExpireTokens));
    let live = read(&writer).await;
    assert_eq!(names(&live, "spacelift.webhook"), ["hook"]);

    sandbox.fault(
        Fault::new(Effect::DeadSession)
            .service(Half::Spacelift)
            .forever(),
    );
    let error = writer.reader().read(kinds::ALL).await.unwrap_err();
    assert!(error.to_string().contains("this key cannot see"), "{error}");
    sandbox.stop().await;
}

#[tokio::test]
async fn every_spelling_of_a_limit_and_every_page_is_followed() {
    let (sandbox, reader) = world().await;
    let writer = writer(reader);
    let webhook = kind("spacelift.webhook");
    for name in ["a", "b", "c"] {
        writer.create(webhook, &hook(name)).await.unwrap();
    }
    sandbox.fault(Fault::new(Effect::Pages { size: 1 }).forever());
    for reset in [Reset::Epoch, Reset::Delay, Reset::RetryAfter, Reset::Silent] {
        sandbox.fault(Fault::new(Effect::RateLimit { reset, seconds: 0 }));
        let live = read(&writer).await;
        assert_eq!(names(&live, "spacelift.webhook"), ["a", "b", "c"]);
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_taken_name_is_refused_and_nothing_took_effect() {
    let (sandbox, reader) = world().await;
    let writer = writer(reader);
    for (kind, want) in wanted() {
        writer.create(kind, &want).await.unwrap();
        let failure = writer.create(kind, &want).await.unwrap_err();
        assert_eq!(failure.took_effect, TookEffect::No, "{failure}");
    }
    sandbox.stop().await;
}

/// Makes the blueprint `stack`.
async fn shelf(writer: &Writer) {
    let (blueprint, want) = wanted().swap_remove(0);
    writer.create(blueprint, &want).await.unwrap();
}

fn entity(name: &str, state: &str) -> Json {
    json!({"identifier": name, "title": name.to_uppercase(), "properties": {"state": state}})
}

fn entities(range: std::ops::Range<usize>, state: &str) -> Vec<Json> {
    range
        .map(|at| entity(&format!("e{at:03}"), state))
        .collect()
}

/// All entities of `stack` by identifier, with their state, and how many pages there were.
async fn states(reader: &Reader) -> (BTreeMap<String, String>, usize) {
    let include = ["state".to_owned()];
    let each = |entity: &Json, found: &mut Vec<(String, String)>| {
        let text = |json: &Json| json.as_str().unwrap_or("-").to_owned();
        found.push((
            text(&entity["identifier"]),
            text(&entity["properties"]["state"]),
        ));
    };
    let (mut all, mut pages, mut from) = (BTreeMap::new(), 0, None);
    loop {
        let page = reader.entities("stack", &include, from.as_deref(), &each);
        let (found, next) = page.await.unwrap();
        pages += 1;
        all.extend(found);
        match next {
            Some(next) => from = Some(next),
            None => return (all, pages),
        }
    }
}

#[tokio::test]
async fn entities_are_written_read_and_deleted_by_the_dozen() {
    let (sandbox, reader) = world().await;
    let writer = Arc::new(writer(reader));
    shelf(&writer).await;
    let task = {
        let writer = writer.clone();
        tokio::spawn(async move {
            writer
                .write_entities("stack", &entities(0..45, "NEW"))
                .await
        })
    };
    assert_eq!(task.await.unwrap().unwrap(), vec![Written::Created; 45]);
    let before = writer.reader().requests();
    let mut some = entities(3..5, "OLD");
    some.push(json!({"identifier": "e007", "properties": {"state": 7}}));
    some.push(entity("f", "NEW"));
    some.push(json!({"identifier": "not allowed", "properties": {}}));
    let written = writer.write_entities("stack", &some).await.unwrap();
    assert_eq!(written[..2], [Written::Updated, Written::Updated]);
    assert!(
        matches!(&written[2], Written::Refused { status: 422, .. }),
        "{written:?}"
    );
    assert_eq!(written[3], Written::Created);
    assert!(
        matches!(&written[4], Written::Refused { status: 422, .. }),
        "{written:?}"
    );
    assert!(writer.reader().requests().writes > before.writes);

    let before = writer.reader().requests();
    let (all, pages) = states(writer.reader()).await;
    assert_eq!((all.len(), pages), (46, 1));
    assert_eq!((all["e003"].as_str(), all["e007"].as_str()), ("OLD", "NEW"));
    sandbox.fault(Fault::new(Effect::Pages { size: 7 }).forever());
    assert_eq!(states(writer.reader()).await, (all, 7));
    let names: Vec<String> = ["e003", "nobody", "f"].map(str::to_owned).into();
    let found = writer
        .reader()
        .entities_named("stack", &[], &names)
        .await
        .unwrap();
    let titles: Vec<&Json> = found.iter().map(|entity| &entity["title"]).collect();
    assert_eq!(titles, ["E003", "F"]);
    assert_eq!(writer.reader().entities_count("stack").await.unwrap(), 46);
    assert_eq!(writer.reader().requests().writes, before.writes);

    let gone = writer.delete_entities("stack", &names).await.unwrap();
    assert_eq!(gone, vec![Written::Updated; 3]);
    assert_eq!(writer.reader().entities_count("stack").await.unwrap(), 44);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_bulk_write_whose_answer_is_lost_is_looked_at_and_not_repeated() {
    for (when, there) in [(When::Before, 0), (When::After, 20)] {
        for effect in [Effect::Cut { when }, Effect::BadGateway { when }] {
            let (sandbox, reader) = world().await;
            let writer = writer(reader);
            shelf(&writer).await;
            sandbox.fault(Fault::new(effect.clone()).path("/v1/blueprints/stack/entities/bulk"));
            let before = writer.reader().requests().writes;
            let written = writer
                .write_entities("stack", &entities(0..20, "NEW"))
                .await
                .unwrap();
            assert!(
                written.iter().all(|one| matches!(one, Written::Unknown(_))),
                "{written:?}"
            );
            assert_eq!(writer.reader().requests().writes, before + 1);
            assert_eq!(states(writer.reader()).await.0.len(), there, "{effect:?}");
            sandbox.stop().await;
        }
    }
}

#[tokio::test]
async fn refused_items_are_told_one_by_one() {
    let (sandbox, reader) = world().await;
    let writer = writer(reader);
    shelf(&writer).await;
    sandbox.fault(Fault::new(Effect::RefuseItems {
        every: 3,
        identifiers: vec!["e000".to_owned()],
        status: 500,
        error: "internal_error".to_owned(),
        message: "try later".to_owned(),
        when: When::Before,
    }));
    let written = writer
        .write_entities("stack", &entities(0..6, "NEW"))
        .await
        .unwrap();
    let refused = Written::Refused {
        status: 500,
        says: "internal_error: try later".to_owned(),
    };
    for (at, one) in written.iter().enumerate() {
        let expected = match at {
            0 | 2 | 5 => &refused,
            _ => &Written::Created,
        };
        assert_eq!(one, expected, "{at}");
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn entities_survive_ended_tokens_and_limits() {
    let (sandbox, reader) = world().await;
    let writer = writer(reader);
    shelf(&writer).await;
    for reset in [Reset::Epoch, Reset::Delay, Reset::RetryAfter, Reset::Silent] {
        sandbox.fault(Fault::new(Effect::ExpireTokens));
        sandbox.fault(Fault::new(Effect::LastOfWindow { reset, seconds: 0 }).forever());
        sandbox.fault(Fault::new(Effect::RateLimit { reset, seconds: 0 }).times(2));
        let written = writer
            .write_entities("stack", &entities(0..3, "NEW"))
            .await
            .unwrap();
        assert!(
            written
                .iter()
                .all(|one| matches!(one, Written::Created | Written::Updated))
        );
        sandbox.fault(Fault::new(Effect::ExpireTokens));
        assert_eq!(states(writer.reader()).await.0.len(), 3);
    }
    let failure = writer
        .write_entities("none", &entities(0..3, "NEW"))
        .await
        .unwrap_err();
    assert_eq!(failure.took_effect, TookEffect::No);
    assert!(failure.to_string().contains("not found"), "{failure}");
    sandbox.stop().await;
}

#[tokio::test]
async fn lists_of_spacelift_are_read_in_every_form() {
    const PAGE: &str = "query IngestPage($page: SearchInput!) { viewer { id } list: searchStacks(input: $page) \
                        { edges { node { id name } } pageInfo { endCursor hasNextPage } } }";
    const ALL: &str = "query IngestIds { viewer { id } list: stacks { id } }";
    let (sandbox, reader) = world_of(Options {
        stacks: (0..5).map(StartingStack::varied).collect(),
        ..Options::default()
    })
    .await;
    let each = |item: &Json, ids: &mut Vec<String>| {
        ids.push(item["id"].as_str().unwrap().to_owned());
    };
    let (mut all, none) = reader
        .listing(ALL, Spot::Plain("list"), None, &each)
        .await
        .unwrap();
    assert_eq!(none, None);
    assert_eq!(all.len(), 5);
    all.sort();
    sandbox.fault(Fault::new(Effect::Pages { size: 1 }).forever());
    let (mut paged, mut cursor) = (Vec::new(), None);
    loop {
        sandbox.fault(Fault::new(Effect::ExpireTokens));
        let page = reader.listing(PAGE, Spot::Search("list"), cursor.as_deref(), &each);
        let (ids, next) = page.await.unwrap();
        assert_eq!(ids.len(), 1);
        paged.extend(ids);
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    paged.sort();
    assert_eq!(paged, all);
    let some = format!(
        "query IngestSome {{ viewer {{ id }} i0: stack(id: \"nobody\") {{ id }} i1: stack(id: {:?}) {{ id }} }}",
        all[0]
    );
    let (some, _) = reader
        .listing(&some, Spot::Members(&json!({})), None, &each)
        .await
        .unwrap();
    assert_eq!(some, all[..1]);
    sandbox.fault(
        Fault::new(Effect::DeadSession)
            .service(Half::Spacelift)
            .forever(),
    );
    let error = reader
        .listing(ALL, Spot::Plain("list"), None, &each)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("this key cannot see"), "{error}");
    assert_eq!(reader.requests().writes, 0);
    sandbox.stop().await;
}

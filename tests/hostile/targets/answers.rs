//! What services answer, through the real clients over real HTTP: lists, envelopes, GraphQL, pages of
//! entities, bulk writes, runs, and a ledger in Port.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value as Json, json};
use spaceport::decide::ledger::{Scope, Shelf};
use spaceport::kinds;
use spaceport::show::{Style, run};
use spaceport::there::endpoints::{Endpoints, Login, PortEndpoint, SpaceliftEndpoint};
use spaceport::there::services::{Options, Report, Spot};
use spaceport::there::{Reader, Vault, Writer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use super::world::{self, WORLD};

/// No input makes more requests than this: each call has few tries, and no list pages without an end.
const MOST: usize = 400;

/// A service that answers what it is told, and the clients that ask it.
struct Bed {
    runtime: Runtime,
    answers: Arc<Mutex<Vec<Answer>>>,
    asked: Arc<AtomicUsize>,
    reader: Arc<Reader>,
    writer: Writer,
}

/// What is answered.
#[derive(Clone)]
struct Answer {
    status: u16,
    /// What a request has in it that gets this; empty: any.
    of: String,
    body: String,
}

static BED: LazyLock<Mutex<Bed>> = LazyLock::new(|| Mutex::new(bed()));

/// The answers in turn, again from the first when all were given. One that begins with `!404` has
/// that status; one that begins with `!200 /v1/actions` answers what has that in it, before others.
pub fn run(data: &[u8]) -> bool {
    let Some(text) = super::text(data) else {
        return false;
    };
    let answers: Vec<Answer> = text.split(super::SEPARATOR).map(answer).collect();
    // One at a time: they share the service.
    let bed = BED.lock().unwrap_or_else(PoisonError::into_inner);
    *bed.answers.lock().expect("nothing panics with it") = answers;
    bed.asked.store(0, Ordering::SeqCst);
    let took = bed.runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(60), ask(&bed.reader, &bed.writer)).await
    });
    let taken = took.expect("the clients still ask");
    let asked = bed.asked.load(Ordering::SeqCst);
    assert!(asked <= MOST, "{asked} requests");
    taken
}

/// All calls that read lists or pages, and the writes whose answers say much.
async fn ask(reader: &Arc<Reader>, writer: &Writer) -> bool {
    let mut errors: Vec<String> = Vec::new();
    let mut taken = 0;
    match reader.read(kinds::ALL).await {
        Ok(live) => {
            taken += 1;
            world::look(&WORLD.desired, &live, &world::ledger());
        }
        Err(error) => errors.push(error.to_string()),
    }
    let each = |item: &Json, found: &mut Vec<Json>| found.push(item.clone());
    errors.extend(told(
        reader.entities("service", &[], Some("a"), &each).await,
    ));
    let names = ["a".to_owned(), "b".to_owned()];
    errors.extend(told(reader.entities_named("service", &names, &names).await));
    errors.extend(told(reader.entities_count("service").await));
    let searched = "query Stacks($page: SearchInput!) { viewer { id } searchStacks(input: $page) { edges { node { id } } pageInfo { endCursor hasNextPage } } }";
    let spots = [
        Spot::Search("searchStacks"),
        Spot::Plain("stacks"),
        Spot::Members(&Json::Null),
    ];
    for spot in spots {
        errors.extend(told(reader.listing(searched, spot, Some("c"), &each).await));
    }
    if let Ok(found) = reader.run("r_1").await {
        let style = Style::default();
        super::printable(&run::stands(&found, None));
        super::printable(&run::status(&found, None, &style));
        super::printable(&run::refused(&found));
        for link in &found.links {
            super::printable(&run::link(link, &style));
        }
        if let Some(summary) = &found.summary {
            super::printable(&run::summary(summary, &style));
        }
    }
    errors.extend(told(reader.run_log("r_1", 0).await));
    errors.extend(told(reader.action("restart").await));
    errors.extend(told(reader.actions().await));
    errors.extend(told(reader.approvers("restart").await));
    let entities = [json!({"identifier": "a"}), json!({"identifier": "b"})];
    if let Ok(written) = writer.write_entities("service", &entities).await {
        assert_eq!(written.len(), entities.len());
    }
    if let Ok(written) = writer.delete_entities("service", &names).await {
        assert_eq!(written.len(), names.len());
    }
    let _ = writer.report("r_1", &Report::default()).await;
    let shelf = Shelf::new(Scope::new("hostile", None));
    for trust in [true, false] {
        if let Ok(loaded) = shelf.load(reader, writer.vault(), trust).await
            && let Some(ledger) = loaded.ledger
        {
            world::look(&WORLD.desired, &Default::default(), &ledger);
        }
    }
    errors.extend(told(shelf.look_at_leases(reader).await));
    for error in errors {
        assert!(
            !error.is_empty() && error.len() < 4096,
            "{} bytes",
            error.len()
        );
    }
    taken > 0
}

fn told<T, E: ToString>(answer: Result<T, E>) -> Option<String> {
    answer.err().map(|error| error.to_string())
}

fn answer(text: &str) -> Answer {
    let plain = || Answer {
        status: 200,
        of: String::new(),
        body: text.to_owned(),
    };
    let spoken = text
        .strip_prefix('!')
        .and_then(|rest| rest.split_once('\n'));
    let Some((first, body)) = spoken else {
        return plain();
    };
    let (status, of) = first.split_once(' ').unwrap_or((first, ""));
    match status.parse() {
        // Others make clients wait, or are no answers.
        Ok(status @ (200 | 201 | 207 | 400 | 401 | 403 | 404 | 409 | 422 | 500)) => Answer {
            status,
            of: of.to_ascii_lowercase(),
            body: body.to_owned(),
        },
        _ => plain(),
    }
}

fn bed() -> Bed {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let answers: Arc<Mutex<Vec<Answer>>> = Arc::default();
    let asked: Arc<AtomicUsize> = Arc::default();
    let listener = runtime
        .block_on(TcpListener::bind("127.0.0.1:0"))
        .expect("a free port");
    let origin = format!("http://{}/", listener.local_addr().expect("an address"));
    let (given, counted) = (answers.clone(), asked.clone());
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, given.clone(), counted.clone()));
        }
    });
    let clients = || {
        let endpoints = Endpoints {
            port: Some(PortEndpoint {
                origin: origin.parse().expect("a URL"),
                client_id: "client".into(),
                client_secret: "client-secret".into(),
                source: "--port-url".into(),
                overridden: true,
            }),
            spacelift: Some(SpaceliftEndpoint {
                graphql: format!("{origin}graphql").parse().expect("a URL"),
                origin: origin.trim_end_matches('/').to_owned(),
                account: "acme".into(),
                login: Login::Key {
                    id: "01KEY".into(),
                    secret: "key-secret".into(),
                },
                source: "--spacelift-url".into(),
                overridden: true,
            }),
        };
        let options = Options {
            ca_bundle: None,
            timeout: Duration::from_secs(20),
            first_delay: Duration::ZERO,
        };
        Reader::new(&endpoints, &options).expect("clients")
    };
    let env = BTreeMap::new();
    let writer = Writer::new(clients(), Vault::new(env, None));
    Bed {
        reader: Arc::new(clients()),
        runtime,
        answers,
        asked,
        writer,
    }
}

/// Serves a connection until its other end leaves. Tokens are always given.
async fn serve(
    mut stream: TcpStream,
    answers: Arc<Mutex<Vec<Answer>>>,
    asked: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    let mut held: Vec<u8> = Vec::new();
    loop {
        let ends = loop {
            if let Some(at) = held.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            let mut part = [0; 4096];
            match stream.read(&mut part).await? {
                0 => return Ok(()),
                count => held.extend_from_slice(&part[..count]),
            }
        };
        let head = String::from_utf8_lossy(&held[..ends]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|length| length.trim().parse().ok())
            .unwrap_or(0);
        while held.len() < ends + length {
            let mut part = [0; 4096];
            match stream.read(&mut part).await? {
                0 => return Ok(()),
                count => held.extend_from_slice(&part[..count]),
            }
        }
        let body = String::from_utf8_lossy(&held[ends..ends + length]).into_owned();
        held.drain(..ends + length);
        let at = asked.fetch_add(1, Ordering::SeqCst);
        if at > MOST {
            // So that a client that asks without an end is told from a slow one.
            return Ok(());
        }
        let (status, body) = if head.contains("/v1/auth/access_token") {
            (
                200,
                r#"{"ok":true,"accessToken":"token-of-port","expiresIn":10800}"#.to_owned(),
            )
        } else if body.contains("mutation Login") {
            (
                200,
                r#"{"data":{"apiKeyUser":{"jwt":"token-of-spacelift","validUntil":99999999999}}}"#
                    .to_owned(),
            )
        } else {
            let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            let asked = format!("{head}{}", body.to_ascii_lowercase());
            let fits = |answer: &&Answer| !answer.of.is_empty() && asked.contains(&answer.of);
            let any: Vec<&Answer> = answers.iter().filter(|one| one.of.is_empty()).collect();
            let turn = any.get(at % any.len().max(1)).copied();
            let found = answers.iter().find(fits).or(turn);
            found.map_or((404, String::new()), |found| {
                (found.status, found.body.clone())
            })
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await?;
    }
}

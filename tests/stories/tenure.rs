//! The renewal of a lease, with an interval that a test can wait for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use spaceport::decide::ledger::lease::Holder;
use spaceport::decide::ledger::tenure::{Tenure, Try, unlock};
use spaceport::decide::ledger::{Ledger, Scope, Shelf};
use spaceport::sandbox::{CLIENT_ID, CLIENT_SECRET, Options, Sandbox};
use spaceport::there::endpoints::{Overrides, PortWanted, Region, Wanted, resolve};
use spaceport::there::services::{self, Reader, Vault, Writer};

const OFTEN: Duration = Duration::from_millis(5);
const NEVER: Duration = Duration::from_secs(3_600);

/// A lease is renewed while it is held, and whoever takes it away stops the run.
#[tokio::test]
async fn a_lease_is_renewed_until_it_is_lost() {
    let (sandbox, shelf, writer) = place().await;
    let (tenure, stop) = take(&shelf, &writer, "one", OFTEN).await;
    until(|| renewals(&sandbox) > 2).await;
    assert!(!stop.load(Ordering::SeqCst));
    shelf.look_at_leases(writer.reader()).await.unwrap();
    unlock(&shelf, &writer).await.unwrap();
    until(|| stop.load(Ordering::SeqCst)).await;
    assert!(shelf.is_lost());
    let ledger = Ledger::new("p", None, "00".into());
    assert!(shelf.save(&ledger, &writer).await.is_err());
    tenure.end(&writer).await.unwrap();
}

/// The number of a lease that was taken away is given again; the new holder's is not the old one's.
#[tokio::test]
async fn a_lease_with_the_same_number_is_somebody_elses() {
    let (_sandbox, shelf, writer) = place().await;
    let (first, _) = take(&shelf, &writer, "one", NEVER).await;
    shelf.look_at_leases(writer.reader()).await.unwrap();
    unlock(&shelf, &writer).await.unwrap();
    let other = Arc::new(Shelf::new(Scope::new("p", None)));
    let (second, _) = take(&other, &writer, "two", NEVER).await;
    let ledger = Ledger::new("p", None, "00".into());
    other.save(&ledger, &writer).await.unwrap();
    assert!(shelf.confirm(&writer, Duration::ZERO).await.is_err());
    assert!(shelf.save(&ledger, &writer).await.is_err());
    first.end(&writer).await.unwrap();
    other.save(&ledger, &writer).await.unwrap();
    other.look_at_leases(writer.reader()).await.unwrap();
    assert_eq!(other.leases().len(), 1);
    second.end(&writer).await.unwrap();
}

async fn place() -> (Sandbox, Arc<Shelf>, Arc<Writer>) {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let wanted = Wanted {
        port: Some(PortWanted { region: Region::Eu }),
        spacelift: None,
        environment: None,
    };
    let flags = Overrides {
        port_url: Some(sandbox.url().to_owned()),
        spacelift_url: None,
    };
    let env = [
        ("PORT_CLIENT_ID", CLIENT_ID),
        ("PORT_CLIENT_SECRET", CLIENT_SECRET),
    ];
    let env = env.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let endpoints = resolve(&wanted, &flags, &env.into()).unwrap();
    let reader = Reader::new(&endpoints, &services::Options::default()).unwrap();
    let writer = Arc::new(Writer::new(reader, Vault::new(BTreeMap::new(), None)));
    let shelf = Arc::new(Shelf::new(Scope::new("p", None)));
    let vault = Vault::new(BTreeMap::new(), None);
    let loaded = shelf.load(writer.reader(), &vault, false).await.unwrap();
    assert!(loaded.blueprint_missing);
    shelf.set_up(&writer).await.unwrap();
    (sandbox, shelf, writer)
}

async fn take(
    shelf: &Arc<Shelf>,
    writer: &Arc<Writer>,
    nonce: &str,
    every: Duration,
) -> (Tenure, Arc<AtomicBool>) {
    let stop = Arc::new(AtomicBool::new(false));
    let me = Holder {
        nonce: nonce.into(),
        ..Holder::default()
    };
    let tried = Tenure::take(shelf, writer, &me, &|_| None, &stop, every).await;
    match tried.unwrap() {
        Try::Taken(tenure) => (tenure, stop),
        Try::Held(held) => panic!("{held:?}"),
    }
}

fn renewals(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    let lease = |path: &str| path.ends_with("lease-1");
    let renewals = requests.iter();
    renewals
        .filter(|request| request.method == "PATCH" && lease(&request.path))
        .count()
}

/// Waits for real progress.
async fn until(happened: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !happened() {
        assert!(Instant::now() < deadline, "it did not happen");
        tokio::task::yield_now().await;
    }
}

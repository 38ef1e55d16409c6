//! Whoever is in the way of a request: a server without a certificate that anybody vouches for, and a
//! proxy. Neither gets to see a credential.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::world::{World, blueprint};

/// A certificate for 127.0.0.1 that speaks for itself, and its key. Made for these stories, and for
/// nothing else in the world.
const CERTIFICATE: &str = "MIIBijCCAS+gAwIBAgIUKg54rAqapj8r9nPVmH0WNl7GoLIwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHc3RvcmllczAgFw0yNjExMjYxODQyMzhaGA8yMTI2MTEwMjE4NDIzOFowEjEQMA4GA1UEAwwHc3RvcmllczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABP/G10AXombDWnLWoMov/+Agulvhy+eZOCsUhuYcME4KwQzFSNMZog+UPzE50dXYfi5TK9CWfcARpXCX5PgiaCWjYTBfMB0GA1UdDgQWBBQXBdT4vgDpyrOfuOtb0ccUoDqQuDAfBgNVHSMEGDAWgBQXBdT4vgDpyrOfuOtb0ccUoDqQuDAPBgNVHREECDAGhwR/AAABMAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAON1uXo09W4h7Jf2YtrtYQq4hLwEGkYKOskAz4fOLB/tAiEAvI9XofAis5w01Sn95HxF/cUfG0XvYUBROT+ju0VywUQ=";
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNFstxwEaTaUvVArJL69/sKLtsSH2gdtXa4+Mg+9gm06hRANCAAT/xtdAF6Jmw1py1qDKL//gILpb4cvnmTgrFIbmHDBOCsEMxUjTGaIPlD8xOdHV2H4uUyvQln3AEaVwl+T4Imgl";

type Heard = Arc<Mutex<Vec<u8>>>;

/// Somebody who listens where a service should be; ends with the process.
struct Listener {
    address: String,
    heard: Heard,
}

impl Listener {
    fn new(serve: impl Fn(TcpStream, &Heard) -> std::io::Result<()> + Send + 'static) -> Listener {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let heard = Heard::default();
        let kept = heard.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever hangs up early is what these stories are about.
                let _ = serve(stream, &kept);
            }
        });
        Listener { address, heard }
    }

    /// Speaks TLS, notes what comes out of it, and refuses whatever it is asked for.
    fn with_a_certificate_of_its_own() -> Listener {
        let der = |text: &str| STANDARD.decode(text).expect("base64");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(der(CERTIFICATE))],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der(KEY))),
            )
            .expect("a certificate with its key");
        let config = Arc::new(config);
        Listener::new(move |stream, heard| {
            let connection =
                ServerConnection::new(config.clone()).map_err(std::io::Error::other)?;
            let mut stream = StreamOwned::new(connection, stream);
            note(&mut stream, heard)?;
            stream.write_all(
                b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
            )?;
            stream.flush()
        })
    }

    /// A proxy that says yes to everything, and listens to what goes through.
    fn proxy() -> Listener {
        Listener::new(|mut stream, heard| {
            note(&mut stream, heard)?;
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            note(&mut stream, heard)
        })
    }

    fn heard(&self) -> String {
        String::from_utf8_lossy(&locked(&self.heard)).into_owned()
    }
}

/// Reads once and keeps what came.
fn note(stream: &mut impl Read, heard: &Heard) -> std::io::Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    let length = stream.read(&mut bytes)?;
    locked(heard).extend_from_slice(&bytes[..length]);
    Ok(())
}

fn locked(heard: &Heard) -> MutexGuard<'_, Vec<u8>> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Without a certificate that is vouched for nobody hears a word; who is vouched for by hand does.
#[test]
fn a_certificate_that_nobody_vouches_for_ends_the_talk() {
    let impostor = Listener::with_a_certificate_of_its_own();
    let mut world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.set("PORT_BASE_URL", &format!("https://{}", impostor.address));
    world.run(&["plan"]).exits(1).says("certificate");
    assert_eq!(impostor.heard(), "");

    let bundle = format!("-----BEGIN CERTIFICATE-----\n{CERTIFICATE}\n-----END CERTIFICATE-----\n");
    world.write(".bundle.pem", &bundle);
    let path = world.path(".bundle.pem").display().to_string();
    world.run(&["plan", "--ca-bundle", &path]).exits(1);
    let heard = impostor.heard();
    assert!(heard.starts_with("POST /v1/auth/access_token"), "{heard}");
}

/// A proxy of the environment is told a name and carries what it cannot read.
#[test]
fn a_proxy_carries_what_it_cannot_read() {
    let proxy = Listener::proxy();
    let mut world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.set("PORT_BASE_URL", "https://port.invalid");
    world.set("HTTPS_PROXY", &format!("http://{}", proxy.address));
    world.run(&["plan"]).exits(1);
    let heard = proxy.heard();
    assert!(heard.starts_with("CONNECT port.invalid:443"), "{heard}");
    for secret in [
        spaceport::sandbox::CLIENT_ID,
        spaceport::sandbox::CLIENT_SECRET,
        "/v1/",
    ] {
        assert!(!heard.contains(secret), "{secret}: {heard}");
    }
}

/// An answer without an end is given up, and fills no memory.
#[test]
fn an_answer_without_an_end_is_given_up() {
    let endless = Listener::new(|mut stream, heard| {
        note(&mut stream, heard)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n\"")?;
        loop {
            stream.write_all(&[b'x'; 64 * 1024])?;
        }
    });
    let mut world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.set("PORT_BASE_URL", &format!("http://{}", endless.address));
    world.run(&["plan"]).exits(1).says("64 MiB");
}

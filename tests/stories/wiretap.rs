//! A wire between the binary and a sandbox that is listened to: what was sent, byte for byte, because
//! the sandbox's own log holds no bodies.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// What a client sent over one connection.
type Sent = Arc<Mutex<Vec<u8>>>;

/// A listener that hands everything on, both ways; it ends with the process.
pub struct Wiretap {
    url: String,
    heard: Arc<Mutex<Vec<Sent>>>,
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// Path and query.
    pub target: String,
    /// Its body; null when it is not JSON.
    pub body: Value,
}

impl Wiretap {
    /// Listens in front of an origin such as `http://127.0.0.1:41234`.
    pub fn before(origin: &str) -> Wiretap {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let address = origin.trim_start_matches("http://").to_owned();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = heard.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let sent = Sent::default();
                locked(&kept).push(sent.clone());
                // Whoever hangs up early is no concern of the wire.
                let _ = connect(client, &address, sent);
            }
        });
        Wiretap { url, heard }
    }

    /// Its origin.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Forgets what was said so far.
    pub fn forget(&self) {
        for sent in locked(&self.heard).iter() {
            locked(sent).clear();
        }
    }

    /// All whole requests of which path and query contain a text.
    pub fn requests(&self, part: &str) -> Vec<Request> {
        let heard = locked(&self.heard);
        let all = heard.iter().flat_map(|sent| parsed(&locked(sent)));
        all.filter(|request| request.target.contains(part))
            .collect()
    }
}

fn connect(client: TcpStream, address: &str, sent: Sent) -> std::io::Result<()> {
    let server = TcpStream::connect(address)?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || {
        pass(&mut from, &mut to, |bytes| {
            locked(&sent).extend_from_slice(bytes);
        });
    });
    let (mut from, mut to) = (server, client);
    std::thread::spawn(move || pass(&mut from, &mut to, |_| ()));
    Ok(())
}

/// Hands on until one side hangs up; then the other is told.
fn pass(from: &mut TcpStream, to: &mut TcpStream, mut heard: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        heard(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

/// The whole requests of a connection: our client tells the length of every body.
fn parsed(mut bytes: &[u8]) -> Vec<Request> {
    let mut found = Vec::new();
    while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.lines();
        let mut first = lines.next().unwrap_or_default().split(' ');
        let target = first.nth(1).unwrap_or_default().to_owned();
        let length = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().expect("a length"));
        bytes = &bytes[end + 4..];
        let Some(body) = bytes.get(..length) else {
            break;
        };
        found.push(Request {
            target,
            body: serde_json::from_slice(body).unwrap_or_default(),
        });
        bytes = &bytes[length..];
    }
    found
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

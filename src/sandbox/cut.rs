//! Connections that can be cut from inside a request, so that a client sees what a dying proxy or a
//! pulled cable looks like: no status line at all.
//!
//! A cut only makes the next write fail; the server then drops the socket. Of HTTP it knows only where the head of an
//! answer ends, for cuts in the middle of a body.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// A listener whose connections carry a [`Switch`].
pub(crate) struct CutListener(pub(crate) TcpListener);

/// The next answer is cut in the middle of its body.
const HALF: u8 = 1;
/// Every write fails.
const CUT: u8 = 2;
/// What ends the head of an answer.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// Cuts the connection that a request came in by; 0 while nothing is cut.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switch(Arc<AtomicU8>);

impl Switch {
    /// Lets the next write on the connection fail.
    pub(crate) fn cut(&self) {
        self.0.store(CUT, Ordering::SeqCst);
    }

    /// Lets the first half of the next answer's body through, and then nothing.
    pub(crate) fn cut_halfway(&self) {
        self.0.store(HALF, Ordering::SeqCst);
    }

    fn is(&self, state: u8) -> bool {
        self.0.load(Ordering::SeqCst) == state
    }
}

/// How much of a head and its body goes out before a cut in the middle of the body; all of a head alone.
fn halfway(bytes: &[u8]) -> Option<usize> {
    let ends = |window: &[u8]| window == END_OF_HEAD;
    let head = bytes.windows(END_OF_HEAD.len()).position(ends);
    let begins = head.map_or(0, |head| head + END_OF_HEAD.len());
    let body = bytes.len() - begins;
    (body > 0).then_some(begins + body / 2)
}

/// One connection with its switch.
pub(crate) struct CutStream {
    stream: TcpStream,
    switch: Switch,
}

impl Listener for CutListener {
    type Io = CutStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CutStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Answers are small; waiting for more to send would only add 40 ms to some of them.
        let _ = stream.set_nodelay(true);
        let switch = Switch::default();
        (CutStream { stream, switch }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, CutListener>> for Switch {
    fn connect_info(incoming: IncomingStream<'_, CutListener>) -> Self {
        incoming.io().switch.clone()
    }
}

impl AsyncRead for CutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CutStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.switch.is(CUT) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let half = halfway(bytes).filter(|_| self.switch.is(HALF));
        let sent = &bytes[..half.unwrap_or(bytes.len())];
        let written = Pin::new(&mut self.stream).poll_write(context, sent);
        if half.is_some() && matches!(written, Poll::Ready(Ok(_))) {
            self.switch.cut();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_in_the_middle_is_behind_the_head() {
        assert_eq!(halfway(b"HTTP/1.1 200 OK\r\n\r\n{\"ok\":1}"), Some(23));
        assert_eq!(halfway(b"HTTP/1.1 204 No Content\r\n\r\n"), None);
        assert_eq!(halfway(b"the rest"), Some(4));
    }
}

//! One connection that is kept: HTTP/1.1 over a plain socket, one request after the other.
//!
//! As cheap as a client can be, so that what is measured is the way and not the client. It reads bodies
//! with a length and in chunks. Deliberately not here: which requests are sent.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// An open connection.
#[derive(Debug)]
pub struct Line {
    stream: BufReader<TcpStream>,
    host: String,
    /// What is sent, kept so that its memory is used again.
    request: Vec<u8>,
    /// A line of an answer's head.
    head: String,
}

impl Line {
    /// Connects to an origin such as `http://127.0.0.1:41234`.
    pub fn open(origin: &str) -> io::Result<Line> {
        let host = origin.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host)?;
        stream.set_nodelay(true)?;
        Ok(Line {
            stream: BufReader::new(stream),
            host,
            request: Vec::new(),
            head: String::new(),
        })
    }

    /// Posts a JSON body, and returns what is answered. A status of no success is an error.
    pub fn post(&mut self, path: &str, token: Option<&str>, body: &Value) -> io::Result<Value> {
        let body = serde_json::to_vec(body)?;
        self.request.clear();
        write!(
            self.request,
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            self.host,
            body.len()
        )?;
        if let Some(token) = token {
            write!(self.request, "authorization: Bearer {token}\r\n")?;
        }
        self.request.extend_from_slice(b"\r\n");
        self.request.extend_from_slice(&body);
        self.stream.get_mut().write_all(&self.request)?;
        let (status, body) = self.answer()?;
        if !(200..300).contains(&status) {
            let said = String::from_utf8_lossy(&body).into_owned();
            return Err(io::Error::other(format!("POST {path}: {status}: {said}")));
        }
        Ok(serde_json::from_slice(&body)?)
    }

    fn answer(&mut self) -> io::Result<(u16, Vec<u8>)> {
        let status = self.next_line()?.split(' ').nth(1).map(str::parse);
        let Some(Ok(status)) = status else {
            return Err(ErrorKind::InvalidData.into());
        };
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let line = self.next_line()?.to_ascii_lowercase();
            match line.split_once(':') {
                None => break,
                Some(("content-length", value)) => length = number(value, 10)?,
                Some(("transfer-encoding", value)) => is_chunked = value.trim() == "chunked",
                Some(_) => {}
            }
        }
        let mut body = Vec::new();
        if !is_chunked {
            self.read_more(length, &mut body)?;
            return Ok((status, body));
        }
        loop {
            let size = number(self.next_line()?, 16)?;
            self.read_more(size, &mut body)?;
            self.next_line()?;
            if size == 0 {
                return Ok((status, body));
            }
        }
    }

    fn read_more(&mut self, length: usize, body: &mut Vec<u8>) -> io::Result<()> {
        let before = body.len();
        body.resize(before + length, 0);
        self.stream.read_exact(&mut body[before..])
    }

    fn next_line(&mut self) -> io::Result<&str> {
        self.head.clear();
        if self.stream.read_line(&mut self.head)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(self.head.trim_end())
    }
}

fn number(text: &str, radix: u32) -> io::Result<usize> {
    usize::from_str_radix(text.trim(), radix).map_err(|_| ErrorKind::InvalidData.into())
}

//! What is done to a seed: changes that know what texts, JSON and YAML are made of.

use proptest::prelude::*;

/// One change. Places are parts of 65,536 of the length.
#[derive(Debug, Clone)]
pub enum Mutation {
    /// The rest is gone.
    Cut(u16),
    /// A piece is gone.
    Drop(u16, u8),
    /// A piece stands there several times.
    Double(u16, u8, u8),
    /// A piece of another seed stands there.
    Splice(u16, u16, u8),
    /// Something is opened often, and perhaps closed.
    Nest(u16, usize, u16, bool),
    /// A number is another one.
    Number(u16, usize),
    /// Something strange stands there.
    Insert(u16, usize),
    /// One byte is another one.
    Byte(u16, u8),
}

/// What opens and closes.
const NESTS: &[(&str, &str)] = &[
    ("[", "]"),
    ("{\"a\":", "}"),
    ("{a: ", "}"),
    ("(", ")"),
    ("- ", ""),
    ("? ", ""),
    ("{{ ", " }}"),
    ("${", "}"),
    ("\"\\(", ")\""),
    ("{ a ", "}"),
    ("!!str ", ""),
    ("not ", ""),
    ("*a", "&a "),
    ("> ", "\n"),
];

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1e308",
    "1e309",
    "-1e400",
    "18446744073709551616",
    "9223372036854775807",
    "4294967296",
    "0.1e-400",
    "1.7976931348623157e308",
    "00",
    "0x7f",
    ".inf",
    ".nan",
    "999999999999999999999999999",
];

const STRANGE: &[&str] = &[
    "\u{feff}",
    "\u{0}",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{2028}",
    "\u{85}",
    "\u{a0}",
    "e\u{301}",
    "👩‍👩‍👧",
    "ß",
    "\u{10ffff}",
    "\t",
    "\r\n",
    "\r",
    "\n",
    "'",
    "\"",
    "\\",
    "`",
    "```",
    "<!--",
    "@all",
    "%0A",
    "::error::",
    "|",
    "&a ",
    "*a",
    "<<: *a\n",
    "--- ",
    "\n---\n",
    "\n...\n",
    "%YAML 1.2\n",
    "!!binary ",
    "# ",
    ": ",
    "? ",
    "${",
    "}",
    "$${",
    "{{",
    "}}",
    "${{",
    "${env.TOKEN}",
    "${file:b.rego}",
    "${json:b.yaml}",
    "${random.x}",
    "\\u0000",
    "\\ud800",
    "null",
    "~",
    "\"\"",
    "..",
    "/",
    "~1",
    "__proto__",
    "\n%%%%\n",
    "&a [*a, *a, *a, *a, *a, *a, *a, *a]",
    "|2-\n",
    ">+\n",
];

/// Any mutation.
pub fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<u16>();
    prop_oneof![
        1 => at.prop_map(Mutation::Cut),
        2 => (at, any::<u8>()).prop_map(|(at, n)| Mutation::Drop(at, n)),
        2 => (at, any::<u8>(), 1..6u8).prop_map(|(at, n, times)| Mutation::Double(at, n, times)),
        3 => (at, at, any::<u8>()).prop_map(|(at, from, n)| Mutation::Splice(at, from, n)),
        1 => (at, 0..NESTS.len(), 1..300u16, any::<bool>()).prop_map(|(at, what, deep, closed)| Mutation::Nest(at, what, deep, closed)),
        2 => (at, 0..NUMBERS.len()).prop_map(|(at, what)| Mutation::Number(at, what)),
        5 => (at, 0..STRANGE.len()).prop_map(|(at, what)| Mutation::Insert(at, what)),
        1 => (at, any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
    ]
}

/// A seed with all of these changes in their order.
pub fn mutated(seed: Vec<u8>, other: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    mutations
        .iter()
        .fold(seed, |bytes, mutation| one(bytes, other, mutation))
}

fn one(mut bytes: Vec<u8>, other: &[u8], mutation: &Mutation) -> Vec<u8> {
    match *mutation {
        Mutation::Cut(at) => bytes.truncate(place(&bytes, at)),
        Mutation::Drop(at, count) => {
            let start = place(&bytes, at);
            let end = boundary(&bytes, start + usize::from(count));
            bytes.drain(start..end);
        }
        Mutation::Double(at, count, times) => {
            let start = place(&bytes, at);
            let end = boundary(&bytes, start + usize::from(count));
            let piece = bytes[start..end].repeat(usize::from(times));
            bytes.splice(start..start, piece);
        }
        Mutation::Splice(at, from, count) => {
            let start = place(other, from);
            let end = boundary(other, start + usize::from(count));
            let at = place(&bytes, at);
            bytes.splice(at..at, other[start..end].iter().copied());
        }
        Mutation::Nest(at, what, deep, closed) => {
            let (open, close) = NESTS[what];
            let inside = if closed { "1" } else { "" };
            let close = if closed {
                close.repeat(deep.into())
            } else {
                String::new()
            };
            let nested = open.repeat(deep.into()) + inside + &close;
            let at = place(&bytes, at);
            bytes.splice(at..at, nested.into_bytes());
        }
        Mutation::Number(at, what) => {
            let from = place(&bytes, at);
            let digit = |byte: &u8| byte.is_ascii_digit();
            let start = from + bytes[from..].iter().position(digit).unwrap_or(0);
            let rest = &bytes[start..];
            let end = start
                + rest
                    .iter()
                    .position(|byte| !digit(byte))
                    .unwrap_or(rest.len());
            bytes.splice(start..end, NUMBERS[what].bytes());
        }
        Mutation::Insert(at, what) => {
            let at = place(&bytes, at);
            bytes.splice(at..at, STRANGE[what].bytes());
        }
        Mutation::Byte(at, byte) => {
            let at = place(&bytes, at);
            if let Some(there) = bytes.get_mut(at) {
                *there = byte;
            }
        }
    }
    bytes
}

/// A place between characters, so that most mutations of a text are texts.
fn place(bytes: &[u8], at: u16) -> usize {
    boundary(bytes, bytes.len() * usize::from(at) / (1 << 16))
}

fn boundary(bytes: &[u8], at: usize) -> usize {
    let mut at = at.min(bytes.len());
    while bytes.get(at).is_some_and(|byte| byte & 0xC0 == 0x80) {
        at += 1;
    }
    at
}

//! `${…}` of project files, Port's `{{ … }}`, addresses and pointers.

use serde_json::json;
use spaceport::sim::template::{Piece, Request, pieces, render};
use spaceport::words::{Addr, Pointer, Template, template};

use super::jq::ends;

/// A text.
pub fn run(data: &[u8]) -> bool {
    let Some(text) = super::text(data) else {
        return false;
    };
    ours(text);
    ports(text);
    if let Ok(addr) = text.parse::<Addr>() {
        assert_eq!(addr.to_string().parse::<Addr>(), Ok(addr), "{text:?}");
    }
    if let Some(pointer) = Pointer::parse(text) {
        let written = pointer.to_string();
        assert_eq!(Pointer::parse(&written), Some(pointer), "{text:?}");
    }
    Template::parse(text).is_ok()
}

fn ours(text: &str) {
    let escaped = template::escape(text);
    let literal = Template::parse(&escaped)
        .ok()
        .and_then(|parsed| parsed.literal());
    assert_eq!(literal.as_deref(), Some(text), "escaped as {escaped:?}");
    match Template::parse(text) {
        Ok(parsed) => {
            let source = parsed.source();
            assert_eq!(Template::parse(&source).as_ref(), Ok(&parsed), "{source:?}");
            let filled = parsed.render(&mut |reference| Some(reference.to_string()));
            assert!(filled.is_some());
        }
        Err(problems) => {
            for problem in problems {
                assert!(text.contains(&problem.raw), "{problem:?} of {text:?}");
                assert!(!problem.message.is_empty());
            }
        }
    }
}

fn ports(text: &str) {
    let mut at = 0;
    let mut run = true;
    for piece in pieces(text) {
        let whole = match piece {
            Piece::Literal(span) | Piece::Open(span) => span,
            Piece::Program { whole, program } => {
                super::inside(text, &program, &"a program");
                run &= ends(&text[program]);
                whole
            }
        };
        super::inside(text, &whole, &"a piece");
        assert_eq!(whole.start, at, "a gap in {text:?}");
        at = whole.end;
    }
    assert_eq!(at, text.len(), "{text:?} is not covered");
    if !run {
        return;
    }
    let request = Request {
        template: json!({"a": [text], text: "{{ .inputs.a }}"}),
        roots: json!({"inputs": {"a": "b", "n": [1, 2.5, null, {"x": "é"}]}, "secrets": {"S": "s"}}),
        now: 1_700_000_000.0,
    };
    match super::engine(|| render(&request)) {
        Ok(rendered) => {
            for note in &rendered.notes {
                // Others are of the key, whose name is the text, or of its value.
                match note.at.as_str() {
                    "/a/0" => super::told(text, &note.fault),
                    _ => assert!(!note.fault.message.is_empty()),
                }
            }
        }
        Err(fault) => super::told("", &fault),
    }
}

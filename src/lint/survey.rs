//! Survey: what lints look at: a project, its wiring, and all programs in it.
//!
//! Deliberately not here: opinions.

use std::ops::Range;

use crate::follow::ingest::programs;
use crate::follow::paths::{self, Path};
use crate::follow::{Station, Wiring};
use crate::kinds::program::{self, Program, Text};
use crate::want::desired::{Desired, Object};
use crate::want::yaml;
use crate::words::{Addr, Place, Pointer};

/// A project as lints see it.
#[derive(Debug)]
pub struct Survey<'a> {
    /// The project.
    pub desired: &'a Desired,
    /// Its objects on the way of an event.
    pub wiring: Wiring<'a>,
    /// All JQ in it, in the order of the objects; that of ingests last.
    pub jq: Vec<Jq>,
}

/// One program of JQ.
#[derive(Debug, Clone)]
pub struct Jq {
    /// The object that it belongs to; `None` of an ingest's.
    pub addr: Option<Addr>,
    /// What it is for.
    pub program: Program,
    /// Where in the spec its text stands.
    pub at: Pointer,
    /// The program.
    pub code: String,
    /// The text that it is in, and which bytes of it are the program.
    text: Text,
    begin: usize,
}

impl Jq {
    /// Its paths that begin at a root: `.body.stack.id` for example.
    pub fn paths(&self) -> Vec<Path> {
        paths::of(&self.code)
    }
}

impl<'a> Survey<'a> {
    /// Looks at a project that was loaded with its nodes.
    pub fn of(desired: &'a Desired) -> Self {
        let wiring = Wiring::of(desired);
        let mut jq = Vec::new();
        for object in desired.objects.values() {
            let addr = || Some(object.addr.clone());
            for text in texts(desired, &wiring, object) {
                match text.program {
                    Program::Rego => {}
                    Program::Templates => {
                        for range in paths::braces(&text.text) {
                            let code = text.text[range.clone()].to_owned();
                            jq.push(Jq::new(addr(), &text, code, range.start));
                        }
                    }
                    _ => jq.push(Jq::new(addr(), &text, text.text.clone(), 0)),
                }
            }
        }
        for part in desired.ingests.iter().flat_map(programs) {
            let text = Text {
                program: Program::Item,
                at: part.at,
                text: part.code.to_owned(),
                place: part.node.place,
                is_key: false,
            };
            jq.push(Jq::new(None, &text, part.code.to_owned(), 0));
        }
        Survey {
            desired,
            wiring,
            jq,
        }
    }

    /// Where bytes of a program stand in the files.
    pub fn place(&self, jq: &Jq, span: Range<usize>) -> Place {
        let span = jq.begin + span.start..jq.begin + span.end;
        if jq.text.is_key {
            return yaml::inside(&self.desired.sources, jq.text.place, span);
        }
        yaml::inside_filled(&self.desired.sources, jq.text.place, &jq.text.text, span)
    }

    /// Where the value at a place of a station's spec stands.
    pub fn at(&self, station: &Station, pointer: &str) -> Place {
        let pointer = Pointer::parse(pointer).unwrap_or_default();
        self.wiring.at(&station.addr, &pointer)
    }

    /// Where the key of the value at a place of a station's spec stands.
    pub fn key_at(&self, station: &Station, pointer: &str) -> Place {
        let pointer = Pointer::parse(pointer).unwrap_or_default();
        self.wiring.key_at(&station.addr, &pointer)
    }

    /// Where bytes of the text at a place of a station's spec stand.
    pub fn inside(&self, station: &Station, pointer: &str, span: Range<usize>) -> Place {
        let place = self.at(station, pointer);
        match station.text(pointer) {
            Some(text) => yaml::inside_filled(&self.desired.sources, place, text, span),
            None => place,
        }
    }

    /// Whether the project declares all of a station, not only parts of it.
    pub fn is_whole(&self, station: &Station) -> bool {
        let object = self.desired.objects.get(&station.addr);
        object.is_none_or(|object| object.manage.is_empty())
    }

    /// The programs of one object.
    pub fn jq_of<'s>(&'s self, addr: &'s Addr) -> impl Iterator<Item = &'s Jq> {
        // They stand in the order of the objects.
        let before = |jq: &Jq| jq.addr.as_ref().is_some_and(|own| own < addr);
        let begin = self.jq.partition_point(before);
        self.jq[begin..]
            .iter()
            .take_while(move |jq| jq.addr.as_ref() == Some(addr))
    }
}

impl Jq {
    fn new(addr: Option<Addr>, text: &Text, code: String, begin: usize) -> Jq {
        Jq {
            addr,
            program: text.program,
            at: text.at.clone(),
            code,
            text: text.clone(),
            begin,
        }
    }
}

/// The texts of an object that hold programs, references filled in by their stand-ins.
fn texts(desired: &Desired, wiring: &Wiring, object: &Object) -> Vec<Text> {
    let Some(kept) = desired.nodes.get(&object.addr) else {
        return Vec::new();
    };
    let station = wiring.get(&object.addr);
    let mut texts = program::texts(object.kind, &kept.checked);
    for text in texts.iter_mut().filter(|text| !text.is_key) {
        let filled = station.and_then(|station| station.text(&text.at.to_string()));
        if let Some(filled) = filled {
            text.text = filled.to_owned();
        }
    }
    texts
}

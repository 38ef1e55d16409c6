//! Writers: who in the project writes an entity, and where in its files that is said.
//!
//! Deliberately not here: what is written (see `journey`).

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde_json::Value as Json;

use crate::follow::wiring::Wiring;
use crate::want::desired::Kept;
use crate::want::ingest::Ingest;
use crate::words::{Addr, Place, Pointer};

/// Who writes an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writer {
    /// An object: a mapper or an action.
    Object(Addr),
    /// The ingest of this name.
    Ingest(String),
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Writer::Object(addr) => addr.fmt(f),
            Writer::Ingest(name) => write!(f, "ingest {name}"),
        }
    }
}

impl Writer {
    /// What it is told to do: the spec of an object, the document of an ingest; pointers lead into it.
    pub fn spec<'w>(&self, wiring: &'w Wiring<'_>) -> Option<Cow<'w, Json>> {
        match self {
            Writer::Object(addr) => wiring.get(addr).map(|station| Cow::Borrowed(&station.spec)),
            Writer::Ingest(name) => {
                let node = &ingest(wiring, name)?.node;
                Some(Cow::Owned(wiring.plain(&node.to_value())))
            }
        }
    }

    /// Where the value at a pointer stands; the nearest value above it when nothing is there.
    pub fn at(&self, wiring: &Wiring<'_>, pointer: &Pointer) -> Place {
        match (self, self.kept(wiring)) {
            (Writer::Object(addr), _) => wiring.at(addr, pointer),
            (Writer::Ingest(_), Some(kept)) => kept.at(pointer),
            (Writer::Ingest(_), None) => Place::new(0, 0, 0),
        }
    }

    /// Where the key of the value at a pointer stands.
    pub fn key_at(&self, wiring: &Wiring<'_>, pointer: &Pointer) -> Place {
        match (self, self.kept(wiring)) {
            (Writer::Object(addr), _) => wiring.key_at(addr, pointer),
            (Writer::Ingest(_), Some(kept)) => kept.key_at(pointer),
            (Writer::Ingest(_), None) => self.at(wiring, pointer),
        }
    }

    /// Where bytes of the text at a pointer stand, also when the text came from a file.
    pub fn inside(&self, wiring: &Wiring<'_>, pointer: &Pointer, span: Range<usize>) -> Place {
        if let Writer::Object(addr) = self {
            return wiring.inside(addr, pointer, span);
        }
        let spec = self.spec(wiring);
        let text = spec
            .as_ref()
            .and_then(|spec| spec.pointer(&pointer.to_string())?.as_str());
        match (self.kept(wiring), text) {
            (Some(kept), Some(text)) => kept.inside(wiring.sources(), pointer, text, span),
            _ => self.at(wiring, pointer),
        }
    }

    fn kept(&self, wiring: &Wiring<'_>) -> Option<Kept> {
        match self {
            Writer::Object(_) => None,
            Writer::Ingest(name) => Some(Kept {
                checked: ingest(wiring, name)?.node.clone(),
            }),
        }
    }
}

fn ingest<'a>(wiring: &Wiring<'a>, name: &str) -> Option<&'a Ingest> {
    let mut all = wiring.desired().ingests.iter();
    all.find(|ingest| ingest.name == name)
}

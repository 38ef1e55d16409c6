//! Parts: pieces of a spec that may be written later than the rest, and what each of them needs.
//!
//! Objects of one kind may need each other: a relation here, a mirror there. Then they are written
//! in several passes, each part as soon as what it needs is there. This room only says what a part
//! is; which kind has which is said by the kind, and in which order they are written by the plan.

use std::collections::BTreeMap;

use crate::kinds::{self, Picks};
use crate::words::graph::Graph;
use crate::words::{Addr, Pointer, Value};

/// A piece of a spec that may be written later than its object.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Where it stands in the spec.
    pub at: Pointer,
    /// What must be there before it, of this object or of others.
    pub needs: Vec<Need>,
}

/// Something that a part needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// The object; its name is the identifier, as in mentions.
    pub addr: Addr,
    /// Which place of it; the root when the object is enough.
    pub at: Pointer,
    /// What must stand there, when not anything will do.
    pub is: Option<Value>,
}

impl Need {
    /// That an object is there at all.
    pub fn object(addr: Addr) -> Need {
        Need {
            addr,
            at: Pointer::root(),
            is: None,
        }
    }

    /// Whether an object with this spec has what is needed.
    pub fn holds_in(&self, spec: &Value) -> bool {
        match (spec.at(&self.at), &self.is) {
            (Some(found), Some(is)) => found == is,
            (Some(found), None) => !found.is_null(),
            (None, _) => false,
        }
    }
}

/// The specs of all objects of a project or a service, by kind and identifier.
pub type Others<'f, 'v> = dyn Fn(&Addr) -> Option<&'v Value> + 'f;

/// Whether what stands at a place of an object of this kind may be written later than the object.
pub fn can_wait(kind: &dyn kinds::Kind, at: &Pointer) -> bool {
    Picks::of(kind).later.iter().any(|later| later.covers(at))
}

/// The circles in which parts of these objects need each other, so that none can be written first.
/// The objects are named as in mentions, by kind and identifier.
pub fn circles(objects: &BTreeMap<Addr, &Value>) -> Vec<Vec<(Addr, Pointer)>> {
    let others = |addr: &Addr| objects.get(addr).copied();
    let parts: BTreeMap<&Addr, Vec<Part>> = objects
        .iter()
        .filter_map(|(addr, spec)| Some((addr, kinds::of(addr)?.parts(&addr.name, spec, &others))))
        .collect();
    let mut graph: Graph<(Addr, Pointer)> = Graph::default();
    for (addr, own) in &parts {
        for part in own {
            let node = ((*addr).clone(), part.at.clone());
            graph.node(node.clone());
            for need in &part.needs {
                let holders = parts.get(&need.addr).into_iter().flatten();
                for holder in holders.filter(|holder| holder.at.covers(&need.at)) {
                    graph.edge(node.clone(), (need.addr.clone(), holder.at.clone()));
                }
            }
        }
    }
    graph.layers().err().unwrap_or_default()
}

//! Picks: where in a kind's spec a rule holds, gathered once for each kind.
//!
//! Shapes are big and objects are many, so that walking the shape for every object would cost more
//! than everything else that is done with it. Deliberately not here: what a rule means.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::kinds::program::Program;
use crate::kinds::{ALL, Kind, Shape};
use crate::words::Pointer;

/// The kind whose unique names may stand where a field's rule says `by_name`.
pub const NAMED: &str = "spacelift.space";

/// Pointer patterns of the fields of a kind, by rule.
#[derive(Debug, Clone, Default)]
pub struct Picks {
    /// Secrets.
    pub write_only: Vec<Pointer>,
    /// Secrets that their owner checks others with.
    pub receives: Vec<Pointer>,
    /// Left alone after the create when the lifecycle says `seed`.
    pub seeded: Vec<Pointer>,
    /// Changing them means deleting and creating anew.
    pub immutable: Vec<Pointer>,
    /// Left as they are while the config says nothing.
    pub kept: Vec<Pointer>,
    /// The unique name of a live object may stand there for its id.
    pub by_name: Vec<Pointer>,
    /// The texts there are programs.
    pub programs: Vec<(Pointer, Program)>,
    /// May be written later than their object, when objects need each other.
    pub later: Vec<Pointer>,
    /// Set by the server.
    pub computed: Vec<Pointer>,
}

static KNOWN: LazyLock<BTreeMap<&'static str, Picks>> = LazyLock::new(|| {
    ALL.iter()
        .map(|kind| (kind.name(), Picks::gather(kind.shape())))
        .collect()
});

impl Picks {
    /// The picks of a kind; kinds outside of the list of all are gathered anew each time.
    pub fn of(kind: &dyn Kind) -> Cow<'static, Picks> {
        match KNOWN.get(kind.name()) {
            Some(known) => Cow::Borrowed(known),
            None => Cow::Owned(Picks::gather(kind.shape())),
        }
    }

    fn gather(shape: &Shape) -> Picks {
        Picks {
            write_only: shape.pick(&|field| field.rules.write_only),
            receives: shape.pick(&|field| field.rules.receives),
            seeded: shape.pick(&|field| field.rules.seeded),
            immutable: shape.pick(&|field| field.rules.immutable),
            kept: shape.pick(&|field| field.rules.kept),
            by_name: shape.pick(&|field| field.rules.by_name),
            programs: Program::ALL
                .into_iter()
                .flat_map(|program| {
                    let found = shape.pick(&|field| field.rules.program == Some(program));
                    found.into_iter().map(move |at| (at, program))
                })
                .collect(),
            later: shape.pick(&|field| field.rules.later > 0),
            computed: shape.pick(&|field| field.rules.computed),
        }
    }
}

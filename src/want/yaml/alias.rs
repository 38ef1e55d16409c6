//! Aliases, and the limits that keep small texts from becoming large data.

use crate::want::yaml::build::{Builder, Built, Stop};
use crate::words::{Data, Finding, Node, Place};

/// How deep collections may be nested, aliases counted as what they repeat.
pub const MAX_DEPTH: usize = 128;

/// How many values the aliases and merge keys of one file may repeat.
///
/// What is written out is bounded by the file itself, so only repetition needs a limit.
pub const MAX_REPEATED: usize = 100_000;

/// Texts weigh one value per this many bytes, because repeating a text copies it.
pub(super) const BYTES_PER_VALUE: usize = 64;

impl Builder<'_> {
    /// An alias of the anchor with this number came.
    pub fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Stop> {
        let Some(target) = self.anchors.get(&anchor).cloned() else {
            let inside = self.stack.iter().any(|frame| frame.anchor == anchor);
            let message = if inside {
                format!(
                    "the alias `{}` stands inside of what it repeats",
                    self.text_at(place)
                )
            } else {
                format!("the alias `{}` has no anchor", self.text_at(place))
            };
            return self.broken_alias(place, message);
        };
        if self.stack.len() + target.height > MAX_DEPTH {
            return self.too_deep(place);
        }
        self.repeat(target.weight, place)?;
        self.seen(place);
        if !self.expects_key() {
            return self.value(target);
        }
        match target.node.data {
            Data::Text(text) => self.key(text, place),
            _ => {
                let message = format!("{} cannot be a key", target.node.what());
                self.no_key(place, message, "only texts are keys");
            }
        }
        Ok(())
    }

    /// An alias without an anchor before it came.
    pub fn unknown_alias(&mut self, name: &str, place: Place) -> Result<(), Stop> {
        self.broken_alias(
            place,
            format!("no anchor `&{name}` stands before the alias `*{name}` in this document"),
        )
    }

    fn broken_alias(&mut self, place: Place, message: String) -> Result<(), Stop> {
        self.find(
            Finding::error("yaml::alias", place, message)
                .help("define the anchor before it, or quote a text that begins with `*`"),
        );
        self.seen(place);
        if self.expects_key() {
            self.drop_next();
            return Ok(());
        }
        self.value(Built {
            node: Node::new(place, Data::Null),
            weight: 1,
            height: 0,
            broken: true,
        })
    }

    /// Counts values that stand in the data once more than in the text.
    pub(super) fn repeat(&mut self, weight: usize, place: Place) -> Result<(), Stop> {
        self.repeated = self.repeated.saturating_add(weight);
        if self.repeated <= MAX_REPEATED {
            return Ok(());
        }
        self.find(
            Finding::error(
                "yaml::too_large",
                place,
                format!(
                    "up to here, aliases and merge keys repeat more than {MAX_REPEATED} values"
                ),
            )
            .help("write fewer aliases, or split the file"),
        );
        Err(Stop)
    }

    /// Stops because of nesting.
    pub(super) fn too_deep(&mut self, place: Place) -> Result<(), Stop> {
        self.find(too_deep(place));
        Err(Stop)
    }
}

/// The finding for collections nested deeper than [`MAX_DEPTH`].
pub fn too_deep(place: Place) -> Finding {
    Finding::error(
        "yaml::too_deep",
        place,
        format!("lists and maps are nested deeper than {MAX_DEPTH} levels"),
    )
}

//! Keys: texts, each once in its map, and the merge key `<<`.

use std::sync::Arc;

use crate::want::yaml::alias::BYTES_PER_VALUE;
use crate::want::yaml::build::{Builder, Content, Frame, Pending, Stop, shorten};
use crate::words::map::Map;
use crate::words::node::Key;
use crate::words::{Data, Finding, Node, Place, Text};

impl Builder<'_> {
    /// A key came; a second one of the same text is found and its value dropped.
    pub(super) fn key(&mut self, text: Text, place: Place) {
        let Some(Frame {
            content: Content::Map {
                entries, pending, ..
            },
            weight,
            end,
            ..
        }) = self.stack.last_mut()
        else {
            return;
        };
        *weight += text.len() / BYTES_PER_VALUE;
        *end = place.end;
        if let Some((first, _)) = entries.get(&text) {
            let first = *first;
            *pending = Some(Pending::Dropped);
            self.duplicate(&text, first, place);
        } else {
            *pending = Some(Pending::Key(Key { text, place }));
        }
    }

    /// A plain `<<` came as a key.
    pub(super) fn merge_key(&mut self, place: Place) {
        let Some(Frame {
            content: Content::Map { pending, merge, .. },
            end,
            ..
        }) = self.stack.last_mut()
        else {
            return;
        };
        *end = place.end;
        if let Some(first) = *merge {
            *pending = Some(Pending::Dropped);
            self.duplicate("<<", first, place);
        } else {
            *merge = Some(place);
            *pending = Some(Pending::Merge(place));
        }
    }

    fn duplicate(&mut self, key: &str, first: Place, second: Place) {
        let help = if key == "<<" {
            "give one `<<` a list of maps: `<<: [*first, *second]`"
        } else {
            "keep one of the two"
        };
        let message = format!("the key `{}` stands twice in this map", shorten(key));
        self.find(
            Finding::error("yaml::duplicate_key", second, message)
                .help(help)
                .related(first, "first here"),
        );
    }

    /// Something came that cannot be a key; its value is dropped.
    pub(super) fn no_key(&mut self, place: Place, message: impl Into<String>, help: &str) {
        self.find(Finding::error("yaml::key", place, message).help(help));
        self.seen(place);
        self.drop_next();
    }

    /// Drops the value that comes next.
    pub(super) fn drop_next(&mut self) {
        if let Some(Frame {
            content: Content::Map { pending, .. },
            ..
        }) = self.stack.last_mut()
        {
            *pending = Some(Pending::Dropped);
        }
    }

    /// Adds the entries of a merged map that the map does not have yet.
    pub(super) fn take_over(
        &mut self,
        entries: &mut Map<(Place, Node)>,
        source: Node,
        place: Place,
    ) -> Result<(), Stop> {
        let Data::Map(source) = source.data else {
            return Ok(());
        };
        let source = match Arc::try_unwrap(source) {
            Ok(own) => own,
            Err(shared) => {
                let weight = shared
                    .iter()
                    .map(|(key, node)| shallow_weight(key, node))
                    .sum();
                self.repeat(weight, place)?;
                shared.as_ref().clone()
            }
        };
        for (key, node) in source {
            entries.get_or_insert_with(key.text, || (key.place, node));
        }
        Ok(())
    }
}

/// The maps that the value of a merge key names.
pub(super) fn merge_sources(node: Node, key: Place, merged: &mut Vec<Node>) -> Result<(), Finding> {
    let fault = |at: &Node| {
        Finding::error(
            "yaml::merge",
            at.place,
            format!("`<<` takes a map or a list of maps, found {}", at.what()),
        )
        .help("quote `\"<<\"` if an ordinary key is meant")
        .related(key, "merged here")
    };
    match &node.data {
        Data::Map(_) => merged.push(node),
        Data::List(items) => {
            if let Some(other) = items.iter().find(|i| !matches!(i.data, Data::Map(_))) {
                return Err(fault(other));
            }
            merged.extend(items.iter().cloned());
        }
        _ => return Err(fault(&node)),
    }
    Ok(())
}

/// What copying an entry costs; collections are shared and texts are not.
fn shallow_weight(key: &Key, node: &Node) -> usize {
    let text = node.text().map_or(0, str::len);
    1 + (key.text.len() + text) / BYTES_PER_VALUE
}

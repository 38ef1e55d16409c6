//! Nodes from events: open collections, and where each finished value goes.
//!
//! Open collections live on a stack of our own, so no input can exhaust the thread's. Deliberately
//! not here: the parser crate, keys, aliases, and what scalars mean; they have rooms of their own.

use std::collections::HashMap;
use std::sync::Arc;

use crate::want::yaml::alias::{BYTES_PER_VALUE, MAX_DEPTH};
use crate::want::yaml::key::merge_sources;
use crate::want::yaml::scalar::Tag;
use crate::words::map::Map;
use crate::words::node::Key;
use crate::words::{Data, Finding, Findings, Node, Place};

/// The help for a text like `{{ .inputs.x }}` without quotes.
pub const QUOTE_BRACES: &str = "quote texts that begin with `{{`";

/// A tag as written.
#[derive(Debug, Clone, Copy)]
pub struct WrittenTag {
    /// The tag of the core schema that it is; `None` for every other tag.
    pub core: Option<Tag>,
    /// Where it stands.
    pub place: Place,
}

/// A scalar as written.
#[derive(Debug)]
pub struct Scalar<'a> {
    /// Its text after escapes and folding.
    pub text: &'a str,
    /// Whether it has neither quotes nor a block indicator.
    pub plain: bool,
    /// Whether nothing is written where it stands.
    pub missing: bool,
    /// The anchor that it defines, or 0.
    pub anchor: usize,
    /// Its tag.
    pub tag: Option<WrittenTag>,
    /// Where it stands.
    pub place: Place,
}

/// The reading cannot go on; a finding says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

/// A finished value with what the limits need to know of it.
#[derive(Debug, Clone)]
pub(super) struct Built {
    pub(super) node: Node,
    /// Values inside, itself included, with what aliases repeat.
    pub(super) weight: usize,
    /// Levels of collections inside, itself included.
    pub(super) height: usize,
    /// A finding told already that this is not what was meant.
    pub(super) broken: bool,
}

/// An open collection.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) start: Place,
    /// End of the last child so far.
    pub(super) end: u32,
    pub(super) anchor: usize,
    pub(super) weight: usize,
    pub(super) height: usize,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    List(Vec<Node>),
    Map {
        entries: Map<(Place, Node)>,
        /// The key whose value comes next.
        pending: Option<Pending>,
        /// The merge key, and the maps that it names, earlier ones first.
        merge: Option<Place>,
        merged: Vec<Node>,
    },
}

#[derive(Debug)]
pub(super) enum Pending {
    Key(Key),
    Merge(Place),
    /// A finding told already why the value is dropped.
    Dropped,
}

/// Makes nodes from the events of one file.
#[derive(Debug)]
pub struct Builder<'a> {
    pub(super) text: &'a str,
    pub(super) documents: Vec<Node>,
    pub(super) findings: Findings,
    pub(super) root: Option<Node>,
    pub(super) stack: Vec<Frame>,
    pub(super) anchors: HashMap<usize, Built>,
    pub(super) repeated: usize,
}

impl<'a> Builder<'a> {
    /// A builder that has seen nothing yet.
    pub fn new(text: &'a str) -> Self {
        Builder {
            text,
            documents: Vec::new(),
            findings: Findings::default(),
            root: None,
            stack: Vec::new(),
            anchors: HashMap::new(),
            repeated: 0,
        }
    }

    /// The finished documents and all findings.
    pub fn finish(self) -> (Vec<Node>, Findings) {
        (self.documents, self.findings)
    }

    /// Adds a finding.
    pub fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds the syntax error that ends the reading.
    ///
    /// `{{ .x }} y` is first a map as a key and then a syntax error; saying it once is enough.
    pub fn find_last(&mut self, finding: Finding) {
        let known = self.findings.iter().last().is_some_and(|last| {
            let starts = last.place.zip(finding.place);
            last.help.as_deref() == Some(QUOTE_BRACES)
                && last.help == finding.help
                && starts.is_some_and(|(last, this)| last.start == this.start + 1)
        });
        if !known {
            self.find(finding);
        }
    }

    /// The document ended.
    pub fn end_document(&mut self) {
        self.documents.extend(self.root.take());
        if !self.anchors.is_empty() {
            // Clearing would keep the room of the largest document and sweep it for each one.
            self.anchors = HashMap::new();
        }
    }

    /// A scalar came.
    pub fn scalar(&mut self, scalar: Scalar<'_>) -> Result<(), Stop> {
        if self.stack.is_empty() && scalar.missing && scalar.tag.is_none() {
            return Ok(());
        }
        let as_key = self.expects_key();
        let (data, broken) = self.data(&scalar, as_key);
        let built = Built {
            weight: 1 + scalar.text.len() / BYTES_PER_VALUE,
            height: 0,
            node: Node::new(scalar.place, data),
            broken,
        };
        if scalar.anchor != 0 {
            self.anchors.insert(scalar.anchor, built.clone());
        }
        if !as_key {
            return self.value(built);
        }
        if scalar.missing {
            // What is missing has its place right behind the colon.
            let at = scalar.place.start as usize;
            let colon = self.text.get(..at).is_some_and(|text| text.ends_with(':'));
            let place = match colon {
                true => Place::new(scalar.place.file, at - 1, at),
                false => scalar.place,
            };
            self.no_key(
                place,
                "there is no key before this `:`",
                "write a key, or `\"\"` for the empty one",
            );
        } else if scalar.plain && scalar.text == "<<" && scalar.tag.is_none() {
            self.merge_key(scalar.place);
        } else {
            self.key(scalar.text.into(), scalar.place);
        }
        Ok(())
    }

    /// A list or a map begins.
    pub fn open(
        &mut self,
        map: bool,
        anchor: usize,
        tag: Option<WrittenTag>,
        start: Place,
    ) -> Result<(), Stop> {
        if self.stack.len() >= MAX_DEPTH {
            return self.too_deep(start);
        }
        let own = if map { Tag::Map } else { Tag::Seq };
        match tag {
            Some(tag) if tag.core.is_none() => self.foreign_tag(tag),
            Some(WrittenTag {
                core: Some(core),
                place,
            }) if core != own => self.find(Finding::error(
                "yaml::tag",
                place,
                format!("the tag says {}, but this is {}", core.what(), own.what()),
            )),
            _ => {}
        }
        let content = if map {
            Content::Map {
                entries: Map::new(),
                pending: None,
                merge: None,
                merged: Vec::new(),
            }
        } else {
            Content::List(Vec::new())
        };
        self.stack.push(Frame {
            start,
            end: start.end,
            anchor,
            weight: 1,
            height: 0,
            content,
        });
        Ok(())
    }

    /// The innermost collection ends; `end` is the place of its closing bracket if it has one.
    pub fn close(&mut self, end: Option<Place>) -> Result<(), Stop> {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        let end = end
            .map_or(frame.end, |place| place.end)
            .max(frame.start.start);
        let place = Place { end, ..frame.start };
        let data = match frame.content {
            Content::List(mut items) => {
                items.shrink_to_fit();
                Data::List(Arc::new(items))
            }
            Content::Map {
                mut entries,
                merge,
                merged,
                ..
            } => {
                for source in merged {
                    self.take_over(&mut entries, source, merge.unwrap_or(place))?;
                }
                let mut entries: Vec<(Key, Node)> = entries
                    .into_iter()
                    .map(|(text, (place, node))| (Key { text, place }, node))
                    .collect();
                entries.shrink_to_fit();
                Data::Map(Arc::new(entries))
            }
        };
        let built = Built {
            node: Node::new(place, data),
            weight: frame.weight,
            height: frame.height + 1,
            broken: false,
        };
        if frame.anchor != 0 {
            self.anchors.insert(frame.anchor, built.clone());
        }
        if self.expects_key() {
            let outer = self.text.get(..place.start as usize).unwrap_or("");
            let help = if outer.ends_with('{') && self.text_at(place).starts_with('{') {
                QUOTE_BRACES
            } else {
                "only texts are keys"
            };
            self.no_key(
                place,
                format!("{} cannot be a key", built.node.what()),
                help,
            );
            return Ok(());
        }
        self.value(built)
    }

    /// Whether the next node is a key.
    pub(super) fn expects_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Frame {
                content: Content::Map { pending: None, .. },
                ..
            })
        )
    }

    /// Moves the end of the innermost collection behind something that belongs to it.
    ///
    /// Aliases need it: the values that they stand for have their places elsewhere.
    pub(super) fn seen(&mut self, place: Place) {
        if let Some(frame) = self.stack.last_mut() {
            frame.end = frame.end.max(place.end);
        }
    }

    /// Puts a finished value where it belongs.
    pub(super) fn value(&mut self, built: Built) -> Result<(), Stop> {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(built.node);
            return Ok(());
        };
        frame.weight += built.weight;
        frame.height = frame.height.max(built.height);
        frame.end = frame.end.max(built.node.place.end);
        match &mut frame.content {
            Content::List(items) => items.push(built.node),
            Content::Map {
                entries,
                pending,
                merged,
                ..
            } => match pending.take() {
                Some(Pending::Key(key)) => {
                    entries.insert(key.text, (key.place, built.node));
                }
                Some(Pending::Merge(place)) if !built.broken => {
                    if let Err(finding) = merge_sources(built.node, place, merged) {
                        self.find(finding);
                    }
                }
                Some(Pending::Merge(_) | Pending::Dropped) | None => {}
            },
        }
        Ok(())
    }

    pub(super) fn text_at(&self, place: Place) -> &'a str {
        self.text
            .get(place.start as usize..place.end as usize)
            .unwrap_or("")
    }
}

/// The first 40 characters of a text on one line, for messages.
pub fn shorten(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(40)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

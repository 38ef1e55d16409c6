//! Nodes from events: keys, anchors and aliases, merge keys, limits.
//!
//! Open collections live on a stack of our own, so no input can exhaust the thread's. Deliberately
//! not here: the parser crate, and what scalars mean.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::want::yaml::scalar::{self, Tag, Unfit};
use crate::words::node::Key;
use crate::words::{Data, Finding, Findings, Node, Place};

/// How deep collections may be nested, aliases counted as what they repeat.
pub const MAX_DEPTH: usize = 128;

/// How many values the aliases and merge keys of one file may repeat.
///
/// What is written out is bounded by the file itself, so only repetition needs a limit.
pub const MAX_REPEATED: usize = 100_000;

/// The help for a text like `{{ .inputs.x }}` without quotes.
pub const QUOTE_BRACES: &str = "quote texts that begin with `{{`";

/// Texts weigh one value per this many bytes, because repeating a text copies it.
const BYTES_PER_VALUE: usize = 64;

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
struct Built {
    node: Node,
    /// Values inside, itself included, with what aliases repeat.
    weight: usize,
    /// Levels of collections inside, itself included.
    height: usize,
    /// A finding told already that this is not what was meant.
    broken: bool,
}

/// An open collection.
#[derive(Debug)]
struct Frame {
    start: Place,
    /// End of the last child so far.
    end: u32,
    anchor: usize,
    weight: usize,
    height: usize,
    content: Content,
}

#[derive(Debug)]
enum Content {
    List(Vec<Node>),
    Map {
        entries: IndexMap<String, (Place, Node)>,
        /// The key whose value comes next.
        pending: Option<Pending>,
        /// The merge key, and the maps that it names, earlier ones first.
        merge: Option<Place>,
        merged: Vec<Node>,
    },
}

#[derive(Debug)]
enum Pending {
    Key(Key),
    Merge(Place),
    /// A finding told already why the value is dropped.
    Dropped,
}

/// Makes nodes from the events of one file.
#[derive(Debug)]
pub struct Builder<'a> {
    text: &'a str,
    documents: Vec<Node>,
    findings: Findings,
    root: Option<Node>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Built>,
    repeated: usize,
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
            self.no_key(
                scalar.place,
                "there is no key before this `:`",
                "write a key, or `\"\"` for the empty one",
            );
        } else if scalar.plain && scalar.text == "<<" && scalar.tag.is_none() {
            self.merge_key(scalar.place);
        } else {
            self.key(scalar.text.to_owned(), scalar.place);
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
                entries: IndexMap::new(),
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
            Content::List(items) => Data::List(Arc::new(items)),
            Content::Map {
                mut entries,
                merge,
                merged,
                ..
            } => {
                for source in merged {
                    self.take_over(&mut entries, source, merge.unwrap_or(place))?;
                }
                let entries = entries
                    .into_iter()
                    .map(|(text, (place, node))| (Key { text, place }, node))
                    .collect();
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

    /// The data of a scalar, and whether a finding was made of it. Keys are taken by their text.
    fn data(&mut self, scalar: &Scalar<'_>, as_key: bool) -> (Data, bool) {
        let text = || Data::Text(scalar.text.to_owned());
        // A plain key is taken by its text, but an anchor may repeat it as a value.
        let by_text = as_key && scalar.anchor == 0;
        let result = match scalar.tag {
            Some(tag) => match tag.core {
                None => {
                    self.foreign_tag(tag);
                    return (text(), true);
                }
                Some(core) => scalar::tagged(scalar.text, core).map_err(|u| (u, tag)),
            },
            None if scalar.plain && !by_text => scalar::plain(scalar.text).map_err(|unfit| {
                let tag = WrittenTag {
                    core: None,
                    place: scalar.place,
                };
                (unfit, tag)
            }),
            None => Ok(text()),
        };
        match result {
            Ok(data) => (data, false),
            Err(_) if as_key && scalar.tag.is_none() => (text(), true),
            Err((unfit, tag)) => {
                self.unfit(scalar, unfit, tag);
                (text(), true)
            }
        }
    }

    fn unfit(&mut self, scalar: &Scalar<'_>, unfit: Unfit, tag: WrittenTag) {
        let shown = shorten(scalar.text);
        let finding = match unfit {
            Unfit::NotFinite => Finding::error(
                "yaml::number",
                scalar.place,
                format!("JSON has no number `{shown}`"),
            )
            .help("quote it if a text is meant"),
            Unfit::TooWide => Finding::error(
                "yaml::number",
                scalar.place,
                format!("the integer `{shown}` does not fit into 64 bits"),
            )
            .help("quote it if a text is meant, as with an identifier made of digits"),
            Unfit::NotOfTag => Finding::error(
                "yaml::tag",
                tag.place,
                format!(
                    "the tag says {}, but `{shown}` is none",
                    tag.core.map_or("something else", Tag::what)
                ),
            ),
        };
        self.find(finding);
    }

    fn foreign_tag(&mut self, tag: WrittenTag) {
        let shown = shorten(self.text_at(tag.place));
        self.find(
            Finding::error("yaml::tag", tag.place, format!("unknown tag `{shown}`"))
                .help("quote a text that begins with `!`; of tags only YAML's own are known, such as `!!str`"),
        );
    }

    /// Whether the next node is a key.
    fn expects_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Frame {
                content: Content::Map { pending: None, .. },
                ..
            })
        )
    }

    fn key(&mut self, text: String, place: Place) {
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

    fn merge_key(&mut self, place: Place) {
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

    fn no_key(&mut self, place: Place, message: impl Into<String>, help: &str) {
        self.find(Finding::error("yaml::key", place, message).help(help));
        self.seen(place);
        self.drop_next();
    }

    /// Moves the end of the innermost collection behind something that belongs to it.
    ///
    /// Aliases need it: the values that they stand for have their places elsewhere.
    fn seen(&mut self, place: Place) {
        if let Some(frame) = self.stack.last_mut() {
            frame.end = frame.end.max(place.end);
        }
    }

    fn drop_next(&mut self) {
        if let Some(Frame {
            content: Content::Map { pending, .. },
            ..
        }) = self.stack.last_mut()
        {
            *pending = Some(Pending::Dropped);
        }
    }

    /// Puts a finished value where it belongs.
    fn value(&mut self, built: Built) -> Result<(), Stop> {
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

    /// Adds the entries of a merged map that the map does not have yet.
    fn take_over(
        &mut self,
        entries: &mut IndexMap<String, (Place, Node)>,
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
            if let Entry::Vacant(vacant) = entries.entry(key.text) {
                vacant.insert((key.place, node));
            }
        }
        Ok(())
    }

    fn repeat(&mut self, weight: usize, place: Place) -> Result<(), Stop> {
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

    fn too_deep(&mut self, place: Place) -> Result<(), Stop> {
        self.find(too_deep(place));
        Err(Stop)
    }

    fn text_at(&self, place: Place) -> &'a str {
        self.text
            .get(place.start as usize..place.end as usize)
            .unwrap_or("")
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

/// The maps that the value of a merge key names.
fn merge_sources(node: Node, key: Place, merged: &mut Vec<Node>) -> Result<(), Finding> {
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

//! Shapes: the one definition of a kind's fields that everything else is derived from.
//!
//! A shape says which fields an object has, what they mean, their types and limits, and the
//! rules by which desired and live are compared. The check of files, the JSON Schema for
//! editors, the canonical form and the diff all walk it.
//! Deliberately not here: the walks themselves, and anything about one kind.

use crate::kinds::program::Program;
use crate::words::{Pointer, Value};

/// What a value may look like.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Anything; compared and sent as it is.
    Any,
    /// A boolean.
    Bool,
    /// A whole number in this range.
    Integer(i64, i64),
    /// Any number.
    Number,
    /// A text within limits.
    Text(Limits),
    /// One of these texts, with the spelling fixed.
    Enum(&'static [&'static str]),
    /// A map with known fields.
    Object(Object),
    /// A map from texts to values of one shape.
    Map {
        /// Limits of the keys.
        keys: Limits,
        /// Shape of the values.
        of: Box<Shape>,
    },
    /// A list of values of one shape.
    List {
        /// Shape of the items.
        of: Box<Shape>,
        /// Fewest and most items.
        count: (usize, usize),
    },
    /// A map whose fields depend on the text of one of them.
    Tagged {
        /// The deciding field.
        tag: &'static str,
        /// The fields (without the deciding one) by its text.
        variants: Vec<(&'static str, Object)>,
    },
    /// The first of these whose JSON type fits; the types must differ.
    OneOf(Vec<Shape>),
}

/// A map with known fields.
#[derive(Debug, Clone, Default)]
pub struct Object {
    /// The fields in the order of the documentation.
    pub fields: Vec<Field>,
    /// Whether the service keeps fields that we do not know: those that live has are carried
    /// through a replacing write. In a closed body they are left out and named.
    pub open: bool,
}

/// One known field of an [`Object`].
#[derive(Debug, Clone)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// Documentation for the reader of YAML: one sentence first.
    pub doc: &'static str,
    /// What the value may look like.
    pub shape: Shape,
    /// Whether the service refuses an object without it.
    pub required: bool,
    /// How desired and live are compared, and when it is written.
    pub rules: Rules,
}

/// How a field is compared and written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// The server's own: never in a file, dropped from live before comparing.
    pub computed: bool,
    /// The documented default as JSON text: equal to being absent.
    pub default: Option<&'static str>,
    /// The order of the list's items means nothing; doubles count once.
    pub unordered: bool,
    /// A long text: shown with a line diff, final newlines mean nothing.
    pub text: bool,
    /// A secret: never read back, never shown, compared by fingerprint only.
    pub write_only: bool,
    /// A secret that its owner checks others with. It gets a new text before those who use it.
    pub receives: bool,
    /// Left alone after the create when the object's lifecycle says `seed`.
    pub seeded: bool,
    /// Changing it means deleting and creating anew.
    pub immutable: bool,
    /// When the config says nothing here, live is left as it is.
    pub kept: bool,
    /// The identifier: changing it renames the object in place, so that its data stays.
    pub renames: bool,
    /// Holds the identifier or name of an object of this kind, `port.blueprint`.
    pub reference: Option<&'static str>,
    /// The text may also be the unique name of a live object; it is replaced by its id.
    pub by_name: bool,
    /// The texts in it are programs.
    pub program: Option<Program>,
    /// Written in this pass when its object is part of a cycle; 0 is the first.
    pub later: u8,
    /// Brings several spellings of one meaning to one form.
    pub equal: Option<fn(Value) -> Value>,
}

/// Limits of a text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Fewest characters.
    pub min: usize,
    /// Most characters; 0 means that no limit is published.
    pub max: usize,
    /// Which characters, in words and as a check.
    pub charset: Option<Charset>,
    /// Suggested values, for editors; others are allowed.
    pub suggestions: &'static [&'static str],
}

/// A published pattern, checked by hand because Port's patterns use look-ahead.
#[derive(Clone, Copy)]
pub struct Charset {
    /// In words, for messages: "letters, digits and `_`".
    pub words: &'static str,
    /// The published regular expression, for editors.
    pub pattern: &'static str,
    /// The check.
    pub holds: fn(&str) -> bool,
}

impl std::fmt::Debug for Charset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.pattern)
    }
}

impl Shape {
    /// A text of any length.
    pub fn text() -> Shape {
        Shape::Text(Limits::default())
    }

    /// A text of `min` to `max` characters.
    pub fn text_of(min: usize, max: usize) -> Shape {
        Shape::Text(Limits {
            min,
            max,
            ..Limits::default()
        })
    }

    /// A text whose characters are limited.
    pub fn pattern(charset: Charset, min: usize, max: usize) -> Shape {
        Shape::Text(Limits {
            min,
            max,
            charset: Some(charset),
            ..Limits::default()
        })
    }

    /// A list of any length.
    pub fn list(of: Shape) -> Shape {
        Shape::List {
            of: Box::new(of),
            count: (0, usize::MAX),
        }
    }

    /// A map from any key to values of one shape.
    pub fn map(of: Shape) -> Shape {
        Shape::Map {
            keys: Limits::default(),
            of: Box::new(of),
        }
    }

    /// A map whose keys are limited.
    pub fn map_with(keys: Limits, of: Shape) -> Shape {
        Shape::Map {
            keys,
            of: Box::new(of),
        }
    }

    /// A closed map: unknown fields are refused by the service.
    pub fn closed(fields: Vec<Field>) -> Shape {
        Shape::Object(Object {
            fields,
            open: false,
        })
    }

    /// An open map: the service keeps fields that we do not know.
    pub fn open(fields: Vec<Field>) -> Shape {
        Shape::Object(Object { fields, open: true })
    }

    /// The object that a map is checked against, chosen by its deciding field when there is one.
    /// `tag_text` gives the text under a key.
    pub fn object(&self, tag_text: impl Fn(&str) -> Option<String>) -> Option<&Object> {
        match self {
            Shape::Object(object) => Some(object),
            Shape::Tagged { tag, variants } => {
                let text = tag_text(tag)?;
                variants
                    .iter()
                    .find(|(name, _)| *name == text)
                    .map(|(_, object)| object)
            }
            _ => None,
        }
    }

    /// The first shape whose JSON type fits the value.
    pub fn fitting<'a>(shapes: &'a [Shape], value: &Value) -> Option<&'a Shape> {
        shapes.iter().find(|shape| match (shape, value) {
            (Shape::Any, _) => true,
            (Shape::Bool, Value::Bool(_)) => true,
            (Shape::Integer(..) | Shape::Number, Value::Number(_)) => true,
            (
                Shape::Text(_) | Shape::Enum(_),
                Value::Text(_) | Value::Deferred(_) | Value::Secret(_),
            ) => true,
            (Shape::Object(_) | Shape::Map { .. } | Shape::Tagged { .. }, Value::Map(_)) => true,
            (Shape::List { .. }, Value::List(_)) => true,
            (Shape::OneOf(inner), value) => Shape::fitting(inner, value).is_some(),
            _ => false,
        })
    }

    /// Pointer patterns of all fields that a rule picks, `*` for any key or index.
    pub fn pick(&self, rule: &dyn Fn(&Field) -> bool) -> Vec<Pointer> {
        fn walk(
            shape: &Shape,
            at: &Pointer,
            rule: &dyn Fn(&Field) -> bool,
            found: &mut Vec<Pointer>,
        ) {
            match shape {
                Shape::Object(object) => fields(object, at, rule, found),
                Shape::Tagged { variants, .. } => {
                    variants
                        .iter()
                        .for_each(|(_, object)| fields(object, at, rule, found));
                }
                Shape::Map { of, .. } | Shape::List { of, .. } => {
                    walk(of, &at.join("*"), rule, found)
                }
                Shape::OneOf(shapes) => shapes.iter().for_each(|s| walk(s, at, rule, found)),
                _ => {}
            }
        }
        fn fields(
            object: &Object,
            at: &Pointer,
            rule: &dyn Fn(&Field) -> bool,
            found: &mut Vec<Pointer>,
        ) {
            for field in &object.fields {
                let at = at.join(field.name);
                if rule(field) {
                    found.push(at.clone());
                }
                walk(&field.shape, &at, rule, found);
            }
        }
        let mut found = Vec::new();
        walk(self, &Pointer::root(), rule, &mut found);
        found.sort();
        found.dedup();
        found
    }
}

impl Object {
    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// Begins a field: name, shape, documentation.
pub fn field(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field {
        name,
        doc,
        shape,
        required: false,
        rules: Rules::default(),
    }
}

impl Field {
    /// The service refuses an object without it.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The server's own.
    pub fn computed(mut self) -> Self {
        self.rules.computed = true;
        self
    }

    /// Equal to being absent when it has this value, given as JSON text.
    pub fn default(mut self, json: &'static str) -> Self {
        self.rules.default = Some(json);
        self
    }

    /// The order of its items means nothing.
    pub fn unordered(mut self) -> Self {
        self.rules.unordered = true;
        self
    }

    /// A long text whose final newlines mean nothing.
    pub fn long_text(mut self) -> Self {
        self.rules.text = true;
        self
    }

    /// The texts in it are programs.
    pub fn program(mut self, program: Program) -> Self {
        self.rules.program = Some(program);
        self
    }

    /// A secret that is never read back.
    pub fn write_only(mut self) -> Self {
        self.rules.write_only = true;
        self
    }

    /// Its owner checks others with it, so that it gets a new text before them.
    pub fn receives(mut self) -> Self {
        self.rules.receives = true;
        self
    }

    /// Left alone after the create when the object's lifecycle says `seed`.
    pub fn seeded(mut self) -> Self {
        self.rules.seeded = true;
        self
    }

    /// Changing it means deleting and creating anew.
    pub fn immutable(mut self) -> Self {
        self.rules.immutable = true;
        self
    }

    /// Left as it is while the config says nothing.
    pub fn kept(mut self) -> Self {
        self.rules.kept = true;
        self
    }

    /// Changing it renames the object in place: a body whose identifier differs from the path (PA
    /// section 1, "PUT and PATCH").
    pub fn renames(mut self) -> Self {
        self.rules.renames = true;
        self
    }

    /// Holds the identifier of an object of this kind.
    pub fn reference(mut self, kind: &'static str) -> Self {
        self.rules.reference = Some(kind);
        self
    }

    /// May hold the unique name of a live object instead of its id.
    pub fn by_name(mut self) -> Self {
        self.rules.by_name = true;
        self
    }

    /// Written in a later pass when its object is part of a cycle.
    pub fn later(mut self, pass: u8) -> Self {
        self.rules.later = pass;
        self
    }

    /// Brings several spellings to one.
    pub fn equal(mut self, normal: fn(Value) -> Value) -> Self {
        self.rules.equal = Some(normal);
        self
    }
}

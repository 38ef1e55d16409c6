//! Programs: texts that a service runs, and what they may read.
//!
//! A field's rule says that its texts are programs, and picks gather the rules, so that whoever
//! looks at all programs of a project knows no kind. Deliberately not here: running them.

use crate::kinds::{Kind, Picks};
use crate::words::template::Part;
use crate::words::{self, Data, Node, Place, Pointer};

/// What the texts below a field are programs for, which decides what they can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// JQ over a delivery: `.body`, `.headers`, `.queryParams`, `.item` (PA section 4).
    Delivery,
    /// JQ over an item of an ingest: `.item`, `.account`; spaceport runs it, and not a service.
    Item,
    /// JQ over an event: `.diff`, `.context`, `.trigger` (PA section 3).
    Event,
    /// JQ over an entity (PA section 2).
    Entity,
    /// JQ over a form while it is filled in: only texts under a key `jqQuery` (PA section 3).
    Form,
    /// JQ over the results of searches.
    Results,
    /// Texts and keys with JQ in `{{ … }}` (PA section 3).
    Templates,
    /// Rego (SA section 10).
    Rego,
}

impl Program {
    /// All of them.
    pub const ALL: [Program; 8] = [
        Program::Delivery,
        Program::Item,
        Program::Event,
        Program::Entity,
        Program::Form,
        Program::Results,
        Program::Templates,
        Program::Rego,
    ];

    /// Whether a whole text is one program of JQ.
    pub fn is_jq(self) -> bool {
        !matches!(self, Program::Templates | Program::Rego)
    }
}

/// One text of a spec that holds programs.
#[derive(Debug, Clone)]
pub struct Text {
    /// What it is a program for.
    pub program: Program,
    /// Where in the spec it stands; of a key, the place of its value.
    pub at: Pointer,
    /// The text; references to other objects read as their `${…}`.
    pub text: String,
    /// Where it stands in the files.
    pub place: Place,
    /// Whether it is the key and not the value.
    pub is_key: bool,
}

/// All texts of a spec that hold programs, in the order of the files.
pub fn texts(kind: &dyn Kind, spec: &Node) -> Vec<Text> {
    let mut found = Vec::new();
    for (pattern, program) in &Picks::of(kind).programs {
        let mut at = Pointer::root();
        along(spec, pattern.parts(), *program, &mut at, &mut found);
    }
    found.sort_by_key(|text| (text.place, !text.is_key));
    found
}

fn along(
    node: &Node,
    parts: &[words::Text],
    program: Program,
    at: &mut Pointer,
    found: &mut Vec<Text>,
) {
    let Some((part, rest)) = parts.split_first() else {
        return below(node, program, at, found);
    };
    let mut step = |name: &str, node: &Node| {
        at.push(name);
        along(node, rest, program, at, found);
        at.pop();
    };
    match &node.data {
        Data::Map(entries) => {
            for (key, value) in entries.iter() {
                if part == "*" || *part == key.text {
                    step(&key.text, value);
                }
            }
        }
        Data::List(items) if part == "*" => {
            for (index, item) in items.iter().enumerate() {
                step(&index.to_string(), item);
            }
        }
        _ => {}
    }
}

fn below(node: &Node, program: Program, at: &mut Pointer, found: &mut Vec<Text>) {
    let text = match &node.data {
        Data::Text(text) => text.to_string(),
        Data::Deferred(template) => {
            let words = template.parts.iter().map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Reference(reference) => format!("${{{reference}}}"),
            });
            words.collect()
        }
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push(index);
                below(item, program, at, found);
                at.pop();
            }
            return;
        }
        Data::Map(entries) => {
            for (key, value) in entries.iter() {
                at.push(&key.text);
                if program == Program::Templates && key.text.contains("{{") {
                    found.push(Text {
                        program,
                        at: at.clone(),
                        text: key.text.to_string(),
                        place: key.place,
                        is_key: true,
                    });
                }
                below(value, program, at, found);
                at.pop();
            }
            return;
        }
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::Secret(_) => return,
    };
    let counts = match program {
        Program::Form => at.parts().last().is_some_and(|last| last == "jqQuery"),
        Program::Templates => text.contains("{{"),
        _ => true,
    };
    if counts {
        found.push(Text {
            program,
            at: at.clone(),
            text,
            place: node.place,
            is_key: false,
        });
    }
}

//! The YAML readers, the quick one and the parser's, their formatter, and places inside of scalars.

use spaceport::want::yaml;
use spaceport::words::{Data, Findings, Node, Place, Sources, Value};

/// A file of YAML.
pub fn run(data: &[u8]) -> bool {
    let Some(text) = super::text(data) else {
        return false;
    };
    let mut sources = Sources::default();
    let file = sources.add("a.yaml".to_owned(), text.to_owned());
    let (nodes, findings) = yaml::read(file, text);
    let (parsed, found) = yaml::read_by_parser(file, text);
    assert!(nodes == parsed, "read {nodes:?}, by the parser {parsed:?}");
    assert_eq!(findings, found);
    placed(text, &findings);
    for node in few(&nodes) {
        look(&sources, text, node, 0);
    }
    for (at, comment) in yaml::comments(text) {
        super::inside(text, &(at..at + comment.len()), &comment);
    }
    let formatted = yaml::format::format(text);
    if !findings.has_errors() {
        let (again, more) = yaml::read(file, &formatted);
        assert!(!more.has_errors(), "{formatted:?} of {text:?}: {more:?}");
        let same = plain(&nodes) == plain(&again);
        assert!(same, "{formatted:?} reads otherwise than {text:?}");
    }
    !findings.has_errors()
}

/// Aliases may repeat much, which places need not be looked at for.
fn few(nodes: &[Node]) -> &[Node] {
    &nodes[..nodes.len().min(100)]
}

fn placed(text: &str, findings: &Findings) {
    for finding in findings.iter() {
        let related = finding.related.iter().map(|(place, _)| *place);
        let places = finding.place.into_iter().chain(related);
        places.for_each(|place| within(text, place));
    }
}

fn within(text: &str, place: Place) {
    super::inside(text, &(place.start as usize..place.end as usize), &place);
}

fn look(sources: &Sources, text: &str, node: &Node, depth: usize) {
    assert!(depth <= 130, "deeper than the limit");
    within(text, node.place);
    match &node.data {
        Data::Text(scalar) => scalar_at(sources, text, node.place, scalar),
        Data::List(items) => {
            let items = items.iter();
            items.for_each(|item| look(sources, text, item, depth + 1));
        }
        Data::Map(entries) => {
            for (key, value) in entries.iter() {
                within(text, key.place);
                look(sources, text, value, depth + 1);
            }
        }
        _ => {}
    }
}

fn scalar_at(sources: &Sources, text: &str, place: Place, scalar: &str) {
    let middle = scalar.char_indices().map(|(at, _)| at).nth(3).unwrap_or(0);
    for range in [0..scalar.len(), 0..middle, middle..scalar.len()] {
        within(text, yaml::inside(sources, place, range.clone()));
        within(text, yaml::inside_filled(sources, place, scalar, range));
    }
    let quoted = yaml::emit::quote(scalar);
    let (back, _) = yaml::read(0, &quoted);
    let back = back.first().and_then(Node::text);
    assert_eq!(back, Some(scalar), "written as {quoted:?}");
}

/// The data without its places.
fn plain(nodes: &[Node]) -> Vec<Value> {
    nodes.iter().map(Node::to_value).collect()
}

//! What is written in passes, in a sentence: how often, and what follows when.

use std::collections::BTreeSet;

use crate::decide::plan::{Action, Change};
use crate::words::Addr;

/// What is said about the writes of a change that takes several; nothing about others.
pub fn words(change: &Change) -> String {
    if change.passes.len() < 2 {
        return String::new();
    }
    let what = match change.action {
        Action::Delete => {
            "first without relations and derived properties, so that others can go".to_owned()
        }
        _ => follows(change),
    };
    format!("; in {} writes: {what}", change.passes.len())
}

/// What each later write adds, and what it waits for.
fn follows(change: &Change) -> String {
    let steps = change.passes.iter().zip(change.passes.iter().skip(1));
    let told = steps.enumerate().map(|(index, (before, pass))| {
        let added = before
            .without
            .keys()
            .filter(|at| !pass.without.contains_key(*at));
        let mut fields: Vec<&str> = Vec::new();
        for field in added.filter_map(|at| at.first()) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        let verb = match (index, fields.len()) {
            (0, 1) if !fields[0].ends_with('s') => " follows",
            (0, _) => " follow",
            _ => "",
        };
        let needs: BTreeSet<&Addr> = pass.after.iter().map(|(addr, _)| addr).collect();
        let names: Vec<String> = needs.iter().map(|addr| addr.to_string()).collect();
        let be = if names.len() == 1 { "is" } else { "are" };
        format!("{}{verb} when {} {be} written", list(&fields), list(&names))
    });
    told.collect::<Vec<_>>().join(", ")
}

/// `a, b and c`.
fn list<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::decide::plan::{Pass, Reason};
    use crate::kinds;
    use crate::words::Pointer;

    fn told(action: Action, passes: Vec<Pass>) -> String {
        let addr: Addr = "port.blueprint.a".parse().expect("an address");
        let kind = kinds::of(&addr).expect("a kind");
        let change = Change {
            passes,
            ..Change::bare(&addr, kind, action, Reason::Missing)
        };
        words(&change)
    }

    fn pass(without: &[&str], after: &[&str]) -> Pass {
        let at = |text: &&str| (Pointer::parse(text).expect("a pointer"), None);
        Pass {
            without: without.iter().map(at).collect::<BTreeMap<_, _>>(),
            after: after
                .iter()
                .map(|text| (text.parse().expect("an address"), 0))
                .collect(),
        }
    }

    #[test]
    fn it_is_said_what_follows_when() {
        let all = ["/relations/b", "/relations/c", "/aggregationProperties/x"];
        let three = [
            pass(&all, &[]),
            pass(&all[2..], &["port.blueprint.b", "port.blueprint.c"]),
            pass(&[], &["port.blueprint.c"]),
        ];
        insta::assert_snapshot!(told(Action::Create, three.to_vec()), @"; in 3 writes: relations follow when port.blueprint.b and port.blueprint.c are written, aggregationProperties when port.blueprint.c is written");
        let two = [pass(&["/ownership"], &[]), pass(&[], &["port.blueprint.b"])];
        insta::assert_snapshot!(told(Action::Create, two.to_vec()), @"; in 2 writes: ownership follows when port.blueprint.b is written");
        insta::assert_snapshot!(told(Action::Delete, two.to_vec()), @"; in 2 writes: first without relations and derived properties, so that others can go");
        assert_eq!(
            told(Action::Update, vec![pass(&[], &["port.blueprint.b"])]),
            ""
        );
    }
}

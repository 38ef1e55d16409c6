//! What one program of an ingest reads of an item: keys below `.item`, with their places.
//!
//! By words alone. Where they do not tell, more is said to be read than is, never less: `.item | keys` reads all
//! of an item. Deliberately not here: whether such fields exist (see `fields`).

use crate::follow::paths::{self, Step};
use crate::sim::template;

/// Something that a program reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The keys below the root, `.item` itself for example; spans count the program's bytes.
    pub keys: Vec<Step>,
}

/// What a program reads, in the order of its text.
pub fn reads(code: &str) -> Vec<Read> {
    let mut found = Vec::new();
    gather(code, 0, Vec::new(), &mut found);
    found
}

/// Reads the part of a program from a byte on, where `.` is what stands at `prefix`.
fn gather(code: &str, from: usize, prefix: Vec<Step>, found: &mut Vec<Read>) {
    let rest = code.get(from..).unwrap_or_default();
    let paths = paths::of(rest);
    let below = |steps: &[Step]| {
        let mut keys = prefix.clone();
        keys.extend(steps.iter().map(|step| Step {
            name: step.name.clone(),
            span: from + step.span.start..from + step.span.end,
        }));
        keys
    };
    // `PATH | REST`: what `.` is in the rest is known, too.
    if prefix.len() < DEEPEST
        && let Some(first) = paths.first()
        && rest[..first.span.start].trim().is_empty()
        && let Some(after) = rest[first.span.end..].trim_start().strip_prefix('|')
        && !after.starts_with('=')
    {
        let keys = below(&first.steps);
        return gather(code, code.len() - after.len(), keys, found);
    }
    let before = found.len();
    found.extend(paths.iter().map(|path| Read {
        keys: below(&path.steps),
    }));
    let all = || Read {
        keys: prefix.clone(),
    };
    // Behind a name for a value, an update or another pipe there may be keys of what `.` is here.
    let names = template::names(rest);
    let hidden = match prefix.is_empty() {
        true => {
            let roots = paths.iter().filter(|path| path.begins(&[ITEM])).count();
            names.iter().filter(|name| *name == ITEM).count() > roots
        }
        false => {
            let seen = paths
                .iter()
                .map(|path| template::keys(&rest[path.span.clone()]));
            template::keys(rest) > seen.sum()
        }
    };
    if hidden || template::reads_more(rest) || (found.len() == before && !prefix.is_empty()) {
        found.push(all());
    }
}

/// How many keys deep a program is followed from pipe to pipe; no schema is deeper.
const DEEPEST: usize = 8;

/// The root that an item is.
pub const ITEM: &str = "item";

/// The root that says whose items these are.
pub const ACCOUNT: &str = "account";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &str) -> Vec<String> {
        let one = |read: Read| {
            let names: Vec<String> = read.keys.into_iter().map(|key| key.name).collect();
            names.join("/")
        };
        let mut read: Vec<String> = reads(code).into_iter().map(one).collect();
        read.dedup();
        read
    }

    #[test]
    fn paths_are_read_as_far_as_their_keys_are_known() {
        assert_eq!(read(".item.id"), ["item/id"]);
        assert_eq!(read(".item.labels | join(\",\")"), ["item/labels"]);
        assert_eq!(
            read(".item[\"spaceDetails\"].name // \"x\""),
            ["item/spaceDetails/name"]
        );
        assert_eq!(
            read(
                "if .item.namespace == \"\" then .item.repository else .item.namespace + \"/\" + .item.repository end"
            ),
            [
                "item/namespace",
                "item/repository",
                "item/namespace",
                "item/repository"
            ]
        );
        assert_eq!(
            read("\"\\(.account.url)/stack/\\(.item.id)\""),
            ["account/url", "item/id"]
        );
        assert_eq!(read("\"constant\""), [""; 0]);
        assert_eq!(read("now | todate"), [""; 0]);
    }

    #[test]
    fn a_pipe_behind_a_path_is_looked_through() {
        assert_eq!(read(".item | .name + .state"), ["item/name", "item/state"]);
        assert_eq!(
            read(".item | .spaceDetails | .name"),
            ["item/spaceDetails/name"]
        );
        assert_eq!(read(".item.name | \"x\""), ["item/name"]);
        assert_eq!(
            read(".item.attachedPolicies | map(.policyName)"),
            ["item/attachedPolicies"]
        );
        assert_eq!(
            read("[.item.attachedPolicies[] | .policyName]"),
            ["item/attachedPolicies"]
        );
    }

    #[test]
    fn what_cannot_be_told_is_all() {
        assert_eq!(read(".item"), ["item"]);
        assert_eq!(read(".item | keys"), ["item"]);
        assert_eq!(read(".item as $i | $i.name"), ["item"]);
        assert_eq!(read(".item | .a = 1 | .b"), ["item/a", "item"]);
        assert_eq!(read(".item | .[\"a\"] = 1 | .b"), ["item/a", "item"]);
        assert!(read(&".a|".repeat(100_000)).len() < 20);
        assert_eq!(read(". as $all | $all.item.name"), [""]);
        assert_eq!(read(".account |= 1 | .item.name"), ["account", ""]);
        assert_eq!(read("to_entries"), [""]);
    }
}

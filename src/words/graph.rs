//! Graphs over addresses: order, layers and cycles.
//!
//! Knows nothing of services or changes: it is given nodes and edges and answers with lists that
//! are the same for the same input.

use std::collections::{BTreeMap, BTreeSet};

use crate::words::Addr;

/// A directed graph: an edge from `a` to `b` says that `a` needs `b`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    needs: BTreeMap<Addr, BTreeSet<Addr>>,
}

impl Graph {
    /// Adds a node without edges.
    pub fn node(&mut self, addr: Addr) {
        self.needs.entry(addr).or_default();
    }

    /// Adds an edge: `from` needs `to`. Edges to itself are ignored: they never decide an order.
    pub fn edge(&mut self, from: Addr, to: Addr) {
        if from != to {
            self.needs.entry(from).or_default().insert(to);
        }
    }

    /// Whether it is a node.
    pub fn contains(&self, addr: &Addr) -> bool {
        self.needs.contains_key(addr)
    }

    /// All nodes, sorted.
    pub fn nodes(&self) -> impl Iterator<Item = &Addr> {
        self.needs.keys()
    }

    /// What a node needs directly.
    pub fn needs(&self, addr: &Addr) -> impl Iterator<Item = &Addr> {
        self.needs.get(addr).into_iter().flatten()
    }

    /// The nodes in layers: each needs only nodes of earlier layers. Edges to what is no node are
    /// ignored. An error holds the members of the cycles that prevent it, each cycle closed in
    /// the order in which its members need each other.
    pub fn layers(&self) -> Result<Vec<Vec<Addr>>, Vec<Vec<Addr>>> {
        let mut waiting: BTreeMap<&Addr, usize> = BTreeMap::new();
        let mut needed_by: BTreeMap<&Addr, Vec<&Addr>> = BTreeMap::new();
        for (addr, needs) in &self.needs {
            let inside = needs.iter().filter(|n| self.needs.contains_key(*n));
            waiting.insert(addr, inside.clone().count());
            for need in inside {
                needed_by.entry(need).or_default().push(addr);
            }
        }
        let mut layers = Vec::new();
        let mut ready: Vec<&Addr> = waiting
            .iter()
            .filter(|(_, n)| **n == 0)
            .map(|(a, _)| *a)
            .collect();
        while !ready.is_empty() {
            let mut next = BTreeSet::new();
            for addr in &ready {
                waiting.remove(addr);
                for dependent in needed_by.get(addr).into_iter().flatten() {
                    if let Some(count) = waiting.get_mut(dependent) {
                        *count -= 1;
                        if *count == 0 {
                            next.insert(*dependent);
                        }
                    }
                }
            }
            layers.push(ready.into_iter().cloned().collect());
            ready = next.into_iter().collect();
        }
        if waiting.is_empty() {
            Ok(layers)
        } else {
            Err(self.cycles(&waiting.into_keys().collect()))
        }
    }

    /// One cycle through each group of nodes that cannot be ordered.
    fn cycles(&self, stuck: &BTreeSet<&Addr>) -> Vec<Vec<Addr>> {
        let mut seen: BTreeSet<&Addr> = BTreeSet::new();
        let mut cycles = Vec::new();
        for start in stuck {
            let mut path: Vec<&Addr> = Vec::new();
            let mut at = *start;
            while !seen.contains(at) {
                seen.insert(at);
                path.push(at);
                // Every stuck node needs a stuck node, so the walk closes a cycle or meets an old walk.
                match self.needs(at).find(|n| stuck.contains(n)) {
                    Some(next) => at = next,
                    None => break,
                }
            }
            if let Some(from) = path.iter().position(|a| *a == at) {
                cycles.push(path[from..].iter().map(|a| (*a).clone()).collect());
            }
        }
        cycles
    }

    /// The given nodes and everything that they need, directly or not.
    pub fn closure(&self, roots: impl IntoIterator<Item = Addr>) -> BTreeSet<Addr> {
        let mut found: BTreeSet<Addr> = BTreeSet::new();
        let mut open: Vec<Addr> = roots.into_iter().collect();
        while let Some(addr) = open.pop() {
            if found.insert(addr.clone()) {
                open.extend(self.needs(&addr).cloned());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Service;

    fn addr(name: &str) -> Addr {
        Addr::new(Service::Port, "blueprint", name)
    }

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in edges {
            graph.node(addr(from));
            graph.node(addr(to));
            graph.edge(addr(from), addr(to));
        }
        graph
    }

    fn names(list: &[Addr]) -> String {
        list.iter()
            .map(|a| a.name.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn layers_put_what_is_needed_first() {
        let layers = graph(&[("c", "b"), ("b", "a"), ("d", "a"), ("a", "a")])
            .layers()
            .unwrap();
        assert_eq!(
            layers.iter().map(|l| names(l)).collect::<Vec<_>>(),
            ["a", "b d", "c"]
        );
    }

    #[test]
    fn a_cycle_is_named_once_and_without_what_only_needs_it() {
        let cycles = graph(&[("x", "a"), ("a", "b"), ("b", "c"), ("c", "a")])
            .layers()
            .unwrap_err();
        assert_eq!(
            cycles.iter().map(|c| names(c)).collect::<Vec<_>>(),
            ["a b c"]
        );
    }

    #[test]
    fn the_closure_holds_what_is_needed_indirectly() {
        let closure = graph(&[("c", "b"), ("b", "a"), ("d", "a")]).closure([addr("c")]);
        assert_eq!(names(&closure.into_iter().collect::<Vec<_>>()), "a b c");
    }
}

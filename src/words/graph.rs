//! Graphs: order, layers, components and cycles. Nodes are addresses, or what is made of them.
//!
//! Knows nothing of services or changes: it is given nodes and edges and answers with lists that
//! are the same for the same input.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use crate::words::Addr;
use crate::words::map::Hashing;

/// A directed graph: an edge from `a` to `b` says that `a` needs `b`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph<N = Addr> {
    /// What each node needs, sorted, and whether the need can wait until both exist.
    needs: BTreeMap<N, Vec<(N, bool)>>,
}

impl<N> Default for Graph<N> {
    fn default() -> Self {
        let needs = BTreeMap::new();
        Graph { needs }
    }
}

impl<N: Ord + Clone + Hash> Graph<N> {
    /// The graph of these nodes, which are sorted and distinct, with edges between their places
    /// in the list and whether they can wait. One edge that cannot decides for all that are alike.
    pub fn of(nodes: &[N], mut edges: Vec<(usize, usize, bool)>) -> Self {
        edges.retain(|(from, to, _)| from != to);
        edges.sort_unstable();
        edges.dedup_by_key(|(from, to, _)| (*from, *to));
        let mut edges = edges.into_iter().peekable();
        let needs = nodes.iter().enumerate().map(|(at, node)| {
            let mut own = Vec::new();
            while let Some((_, to, waits)) = edges.next_if(|(from, ..)| *from == at) {
                own.push((nodes[to].clone(), waits));
            }
            own.shrink_to_fit();
            (node.clone(), own)
        });
        Graph {
            needs: needs.collect(),
        }
    }

    /// Adds a node without edges.
    pub fn node(&mut self, node: N) {
        self.needs.entry(node).or_default();
    }

    /// Adds an edge: `from` needs `to` before it can be there at all. Edges to itself are ignored:
    /// they never decide an order.
    pub fn edge(&mut self, from: N, to: N) {
        self.add(from, to, false);
    }

    /// Adds an edge that can wait: only a part of `from`, which may be written later, needs `to`.
    pub fn edge_that_waits(&mut self, from: N, to: N) {
        self.add(from, to, true);
    }

    /// Of edges that are alike, one that cannot wait decides.
    fn add(&mut self, from: N, to: N, waits: bool) {
        if from == to {
            return;
        }
        let needs = self.needs.entry(from).or_default();
        match needs.binary_search_by(|(known, _)| known.cmp(&to)) {
            Ok(at) => needs[at].1 &= waits,
            Err(at) => needs.insert(at, (to, waits)),
        }
    }

    /// Whether `from` needs `to` before it can be there at all.
    pub fn is_firm(&self, from: &N, to: &N) -> bool {
        let needs = self.needs.get(from);
        needs.is_some_and(|needs| needs.contains(&(to.clone(), false)))
    }

    /// The same nodes with the edges that cannot wait.
    pub fn firm(&self) -> Graph<N> {
        self.with_edges(|_, _, waits| !waits)
    }

    /// Both graphs in one.
    pub fn with(mut self, other: Graph<N>) -> Graph<N> {
        for (node, needs) in other.needs {
            self.node(node.clone());
            for (to, waits) in needs {
                self.add(node.clone(), to, waits);
            }
        }
        self
    }

    /// Some of the nodes, with the edges among them.
    pub fn among(&self, nodes: &BTreeSet<N>) -> Graph<N> {
        let mut graph = self.with_edges(|from, to, _| nodes.contains(from) && nodes.contains(to));
        graph.needs.retain(|node, _| nodes.contains(node));
        graph
    }

    fn with_edges(&self, keep: impl Fn(&N, &N, bool) -> bool) -> Graph<N> {
        let needs = self.needs.iter().map(|(from, needs)| {
            let kept = needs.iter().filter(|(to, waits)| keep(from, to, *waits));
            (from.clone(), kept.cloned().collect())
        });
        Graph {
            needs: needs.collect(),
        }
    }

    /// Whether it is a node.
    pub fn contains(&self, node: &N) -> bool {
        self.needs.contains_key(node)
    }

    /// All nodes, sorted.
    pub fn nodes(&self) -> impl Iterator<Item = &N> {
        self.needs.keys()
    }

    /// What a node needs directly.
    pub fn needs(&self, node: &N) -> impl Iterator<Item = &N> {
        let needs = self.needs.get(node).into_iter().flatten();
        needs.map(|(need, _)| need)
    }

    /// The nodes in layers: each needs only nodes of earlier layers. Edges to what is no node are
    /// ignored. An error holds the members of the cycles that prevent it, each cycle closed in
    /// the order in which its members need each other.
    pub fn layers(&self) -> Result<Vec<Vec<N>>, Vec<Vec<N>>> {
        // Nodes by their places in the order of all: quicker to look up and to sort than names.
        let nodes: Vec<&N> = self.needs.keys().collect();
        let places = nodes.iter().enumerate().map(|(at, node)| (*node, at));
        let places: HashMap<&N, usize, Hashing> = places.collect();
        let mut waiting = vec![0_usize; nodes.len()];
        let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for (at, needs) in self.needs.values().enumerate() {
            for need in needs.iter().filter_map(|(need, _)| places.get(need)) {
                waiting[at] += 1;
                needed_by[*need].push(at);
            }
        }
        let mut layers = Vec::new();
        let mut placed = 0;
        let free = |at: &usize| waiting[*at] == 0;
        let mut ready: Vec<usize> = (0..nodes.len()).filter(free).collect();
        while !ready.is_empty() {
            let mut next = Vec::new();
            for dependent in ready.iter().flat_map(|at| &needed_by[*at]) {
                waiting[*dependent] -= 1;
                if waiting[*dependent] == 0 {
                    next.push(*dependent);
                }
            }
            placed += ready.len();
            layers.push(ready.into_iter().map(|at| nodes[at].clone()).collect());
            next.sort_unstable();
            ready = next;
        }
        if placed == nodes.len() {
            return Ok(layers);
        }
        let stuck = nodes
            .into_iter()
            .zip(waiting)
            .filter(|(_, waits)| *waits > 0);
        Err(self.cycles(&stuck.map(|(node, _)| node).collect()))
    }

    /// One cycle through each group of nodes that cannot be ordered.
    fn cycles(&self, stuck: &BTreeSet<&N>) -> Vec<Vec<N>> {
        let mut seen: BTreeSet<&N> = BTreeSet::new();
        let mut cycles = Vec::new();
        for start in stuck {
            let mut path: Vec<&N> = Vec::new();
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

    /// The nodes in groups that need each other, directly or not (Tarjan's strongly connected
    /// components): most hold one node. Each group needs only earlier ones; each is sorted.
    pub fn components(&self) -> Vec<Vec<N>> {
        let mut found = Vec::new();
        let mut order: BTreeMap<&N, Visit> = BTreeMap::new();
        let mut open: Vec<&N> = Vec::new();
        for root in self.needs.keys() {
            if order.contains_key(root) {
                continue;
            }
            // Chains are as long as a project is large, so the walk keeps its own stack.
            let mut walk = vec![(root, self.needs(root))];
            visit(root, &mut order, &mut open);
            while let Some((node, needs)) = walk.last_mut() {
                let node = *node;
                match needs.find(|need| self.contains(need)) {
                    Some(need) => match order.get(need) {
                        None => {
                            visit(need, &mut order, &mut open);
                            walk.push((need, self.needs(need)));
                        }
                        Some(seen) if seen.open => {
                            let index = seen.index;
                            lower(&mut order, node, index);
                        }
                        Some(_) => {}
                    },
                    None => {
                        walk.pop();
                        let low = order[node].low;
                        if let Some((parent, _)) = walk.last() {
                            lower(&mut order, parent, low);
                        }
                        if low == order[node].index {
                            found.push(close(node, &mut order, &mut open));
                        }
                    }
                }
            }
        }
        found
    }

    /// All nodes, each after what it needs. Among nodes that need each other only the edges that
    /// cannot wait decide.
    pub fn order(&self) -> Vec<N> {
        if let Ok(layers) = self.layers() {
            return layers.into_iter().flatten().collect();
        }
        let members = self.components().into_iter().flat_map(|group| {
            if group.len() == 1 {
                return group;
            }
            let inner = self.among(&group.iter().cloned().collect()).firm();
            match inner.layers() {
                Ok(layers) => layers.into_iter().flatten().collect(),
                Err(_) => group,
            }
        });
        members.collect()
    }

    /// The given nodes and everything that they need, directly or not.
    pub fn closure(&self, roots: impl IntoIterator<Item = N>) -> BTreeSet<N> {
        let mut found: BTreeSet<N> = BTreeSet::new();
        let mut open: Vec<N> = roots.into_iter().collect();
        while let Some(node) = open.pop() {
            if found.insert(node.clone()) {
                open.extend(self.needs(&node).cloned());
            }
        }
        found
    }
}

/// What Tarjan's walk knows of a node.
struct Visit {
    index: usize,
    /// The earliest open node that can be reached from it.
    low: usize,
    /// Whether its component is not known yet.
    open: bool,
}

fn visit<'a, N: Ord>(node: &'a N, order: &mut BTreeMap<&'a N, Visit>, open: &mut Vec<&'a N>) {
    let index = order.len();
    order.insert(
        node,
        Visit {
            index,
            low: index,
            open: true,
        },
    );
    open.push(node);
}

fn lower<N: Ord>(order: &mut BTreeMap<&N, Visit>, node: &N, low: usize) {
    if let Some(visit) = order.get_mut(node) {
        visit.low = visit.low.min(low);
    }
}

/// Takes the component that a node is the first of from the open nodes.
fn close<N: Ord + Clone>(first: &N, order: &mut BTreeMap<&N, Visit>, open: &mut Vec<&N>) -> Vec<N> {
    let mut group = Vec::new();
    while let Some(node) = open.pop() {
        if let Some(visit) = order.get_mut(node) {
            visit.open = false;
        }
        group.push(node.clone());
        if node == first {
            break;
        }
    }
    group.sort();
    group
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

    proptest::proptest! {
        /// A graph by numbers is the one that its edges make one after the other.
        #[test]
        fn edges_by_number_are_edges(
            edges in proptest::collection::vec((0..12_usize, 0..12_usize, proptest::bool::ANY), 0..60)
        ) {
            let nodes: Vec<usize> = (0..12).collect();
            let mut graph = Graph::default();
            nodes.iter().for_each(|node| graph.node(*node));
            for (from, to, waits) in &edges {
                match waits {
                    true => graph.edge_that_waits(*from, *to),
                    false => graph.edge(*from, *to),
                }
            }
            proptest::prop_assert_eq!(Graph::of(&nodes, edges), graph);
        }
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

    #[test]
    fn a_chain_of_any_length_has_components_of_one() {
        let named = |n: u32| addr(&format!("n{n:06}"));
        let mut graph = Graph::default();
        graph.node(named(0));
        for n in 0..50_000 {
            graph.edge(named(n), named(n + 1));
            graph.node(named(n + 1));
        }
        let components = graph.components();
        assert_eq!(components.len(), 50_001);
        assert_eq!(components[0], [named(50_000)]);
    }

    #[test]
    fn among_nodes_that_need_each_other_only_what_cannot_wait_decides() {
        let mut graph = graph(&[("z", "a"), ("c", "z")]);
        graph.edge_that_waits(addr("a"), addr("z"));
        graph.edge_that_waits(addr("z"), addr("a"));
        assert!(graph.is_firm(&addr("z"), &addr("a")) && !graph.is_firm(&addr("a"), &addr("z")));
        assert!(graph.layers().is_err());
        assert_eq!(names(&graph.order()), "a z c");
        assert_eq!(names(&graph.components().concat()), "a z c");
        assert_eq!(graph.closure([addr("a")]).len(), 2);
    }

    proptest::proptest! {
        #[test]
        fn components_are_the_nodes_that_reach_each_other_in_an_order(
            edges in proptest::collection::vec((0u8..12, 0u8..12, proptest::bool::ANY), 0..30)
        ) {
            let mut graph = Graph::default();
            for (from, to, waits) in &edges {
                graph.node(*from);
                graph.node(*to);
                match waits {
                    true => graph.edge_that_waits(*from, *to),
                    false => graph.edge(*from, *to),
                }
            }
            let reach: BTreeMap<u8, BTreeSet<u8>> =
                graph.nodes().map(|node| (*node, graph.closure([*node]))).collect();
            let mut done: BTreeSet<u8> = BTreeSet::new();
            for group in graph.components() {
                for node in &group {
                    let mutual: Vec<u8> = reach[node]
                        .iter()
                        .copied()
                        .filter(|other| reach[other].contains(node))
                        .collect();
                    proptest::prop_assert_eq!(&mutual, &group);
                    let earlier = graph.needs(node).all(|n| done.contains(n) || group.contains(n));
                    proptest::prop_assert!(earlier);
                }
                done.extend(group);
            }
            proptest::prop_assert_eq!(done, reach.keys().copied().collect::<BTreeSet<u8>>());
            // The order holds every node once, and keeps all edges between components.
            let order = graph.order();
            proptest::prop_assert_eq!(order.len(), reach.len());
            let place = |node: &u8| order.iter().position(|n| n == node);
            for (from, to, _) in &edges {
                if !reach[to].contains(from) {
                    proptest::prop_assert!(place(to) < place(from));
                }
            }
            // What cannot wait is in order when that is possible at all.
            if graph.firm().layers().is_ok() {
                for (from, to, _) in edges.iter().filter(|(from, to, _)| graph.is_firm(from, to)) {
                    proptest::prop_assert!(place(to) < place(from));
                }
            }
        }

        #[test]
        fn layers_hold_every_node_once_and_after_what_it_needs(
            edges in proptest::collection::vec((0u8..12, 0u8..12), 0..30)
        ) {
            let mut graph = Graph::default();
            let named = |n: u8| addr(&format!("n{n:02}"));
            for (from, to) in &edges {
                graph.node(named(*to));
                graph.edge(named(*from), named(*to));
            }
            match graph.layers() {
                Ok(layers) => {
                    let mut done = BTreeSet::new();
                    for layer in layers {
                        for node in &layer {
                            proptest::prop_assert!(graph.needs(node).all(|need| done.contains(need)));
                        }
                        for node in layer {
                            proptest::prop_assert!(done.insert(node));
                        }
                    }
                    let nodes: BTreeSet<Addr> = graph.needs.keys().cloned().collect();
                    proptest::prop_assert_eq!(done, nodes);
                }
                Err(cycles) => {
                    proptest::prop_assert!(!cycles.is_empty());
                    for cycle in cycles {
                        let next = cycle.iter().cycle().skip(1);
                        for (from, to) in cycle.iter().zip(next) {
                            proptest::prop_assert!(graph.needs(from).any(|need| need == to));
                        }
                    }
                }
            }
        }
    }
}

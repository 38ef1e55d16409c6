//! Circles: objects that need each other so that none can be made first.
//!
//! Blueprints that relate to each other are none: their relations are written when all of them
//! exist (see `kinds::parts`). What stays is what cannot wait, and derived properties that are
//! made of each other.

use std::collections::BTreeMap;

use crate::kinds::parts;
use crate::want::desired::Building;
use crate::words::graph::Graph;
use crate::words::{Addr, Finding, Findings, Place, Pointer, Value};

impl Building<'_> {
    /// Everything that has no beginning; `places` tells where the edges stand that cannot wait.
    pub(super) fn circles(
        &self,
        graph: &Graph,
        places: impl FnOnce() -> BTreeMap<(Addr, Addr), Place>,
        findings: &mut Findings,
    ) {
        if graph.layers().is_ok() {
            return;
        }
        let places = places();
        if let Err(cycles) = graph.firm().layers() {
            for cycle in cycles {
                findings.push(objects(&cycle, &places));
            }
        }
        for group in graph.components().iter().filter(|group| group.len() > 1) {
            let members = group.iter().filter_map(|addr| self.objects.get(addr));
            // In parts, objects go by their identifiers.
            let specs: BTreeMap<Addr, &Value> = members
                .map(|o| {
                    (
                        Addr::new(o.addr.service, o.addr.kind.clone(), &o.name),
                        &o.spec,
                    )
                })
                .collect();
            for circle in parts::circles(&specs) {
                findings.push(self.derived(&circle));
            }
        }
    }

    /// Parts of objects that are made of each other.
    fn derived(&self, circle: &[(Addr, Pointer)]) -> Finding {
        let closed: Vec<String> = circle
            .iter()
            .chain(circle.first())
            .map(|(addr, at)| format!("`{}{at}`", addr.name))
            .collect();
        let mut places = circle.iter().filter_map(|(addr, at)| {
            let same = |o: &&super::Object| {
                (o.addr.service, &o.addr.kind, o.name.as_str())
                    == (addr.service, &addr.kind, addr.name.as_str())
            };
            let object = self.objects.values().find(same)?;
            let mention = object.mentions.iter().find(|(m, _)| at.covers(&m.at));
            Some((at, mention.map_or(object.place, |(_, place)| *place)))
        });
        let first = places.next().map(|(_, place)| place);
        let mut finding = Finding::error(
            "ref::cycle",
            first,
            format!("properties are made of each other: {}", closed.join(" → ")),
        )
        .help("break the circle: one of them must not need the others");
        for (at, place) in places {
            finding = finding.related(place, format!("`{at}` is part of it"));
        }
        finding
    }
}

fn objects(cycle: &[Addr], places: &BTreeMap<(Addr, Addr), Place>) -> Finding {
    let closed: Vec<String> = cycle
        .iter()
        .chain(cycle.first())
        .map(|a| format!("`{a}`"))
        .collect();
    let edges = cycle.iter().zip(cycle.iter().cycle().skip(1));
    let mut edge_places =
        edges.filter_map(|(from, to)| Some((to, *places.get(&(from.clone(), to.clone()))?)));
    let first = edge_places.next().map(|(_, place)| place);
    let mut finding = Finding::error(
        "ref::cycle",
        first,
        format!("objects need each other: {}", closed.join(" → ")),
    )
    .help("break the circle: none of them can be created first");
    for (to, place) in edge_places {
        finding = finding.related(place, format!("needs `{to}`"));
    }
    finding
}

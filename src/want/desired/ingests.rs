//! Ingests among the objects: what the files tell of references, and the blueprints that they fill.
//!
//! An ingest is no object, so that nothing here becomes part of the graph. Deliberately not here:
//! its own fields (see `want::ingest`) and its programs (see `follow::ingest`).

use crate::kinds::ingest::mentions;
use crate::kinds::{self, Mention};
use crate::want::desired::{Building, Object, connect, identity};
use crate::want::ingest;
use crate::words::{Findings, Place};

impl Building<'_> {
    /// Reads the ingests, and checks them against each other and against the blueprints.
    pub(super) fn read_ingests(&mut self) {
        let nodes = std::mem::take(&mut self.unread);
        if nodes.is_empty() {
            return;
        }
        let identifiers = self.identities();
        let known = |reference: &_| identity::fill(&identifiers, reference);
        let context = self.context();
        for node in &nodes {
            let read = ingest::read(node, context, &known, &mut self.findings);
            self.ingests.extend(read);
        }
        ingest::check(&self.ingests, &mut self.findings);
        let mut findings = Findings::default();
        for ingest in &self.ingests {
            for mention in mentions(&ingest.node.to_value()) {
                let place = connect::key_of(&mention, &ingest.node);
                let place = place.unwrap_or_else(|| ingest.at(&mention.at));
                self.mentioned(&mention, place, &mut findings);
            }
        }
        self.findings.extend(findings);
    }

    /// A blueprint that an ingest fills, or a place in one.
    fn mentioned(&self, mention: &Mention, place: Place, findings: &mut Findings) {
        let kind = kinds::of(&mention.addr).map(|kind| kind.name());
        let meant =
            |object: &&Object| Some(object.kind.name()) == kind && object.name == mention.addr.name;
        let mut declared = self.objects.values().filter(meant);
        match declared.clone().find(|object| object.manage.is_empty()) {
            Some(whole) => connect::property_exists(mention, &whole.spec, place, findings),
            // Of what is managed in parts live knows the rest.
            None if declared.next().is_some() => {}
            None if mention.property.is_some() || mention.addr.name.starts_with('_') => {}
            None if self.config.external.contains(&mention.addr) => {}
            None => findings.push(self.unresolved(&mention.addr, place)),
        }
    }
}

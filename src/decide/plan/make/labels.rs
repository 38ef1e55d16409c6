//! Labels of others: live objects that carry the label of another project or environment.
//!
//! Two Port organizations often share one Spacelift account, and neither may touch what the other
//! made (design, section 3). Deliberately not here: which labels are reserved (see `kinds::label`).

use crate::decide::diff::FieldChange;
use crate::decide::plan::Refusal;
use crate::decide::plan::make::Planning;
use crate::kinds::{Kind, Observed, label};
use crate::want::desired::Object;
use crate::words::{Addr, Pointer, Value};

impl<'a> Planning<'a> {
    /// The label that an object of this kind gets with its next write.
    pub(super) fn own_label(&self, kind: &dyn Kind) -> Option<String> {
        let config = &self.input.desired.config;
        kind.labels()
            .map(|_| label::of(&config.project, config.environment.as_deref()))
    }

    /// Somebody else's label on a live object.
    pub(super) fn foreign(&self, kind: &dyn Kind, live: &'a Observed) -> Option<&'a str> {
        let own = self.own_label(kind)?;
        label::foreign(kind, &live.value, &own)
    }

    /// Of several live objects with one name, those that say they are ours, or else those that do
    /// not say they are somebody else's.
    pub(super) fn prefer_own(&self, kind: &dyn Kind, named: &mut Vec<&'a Observed>) {
        let Some(own) = self.own_label(kind) else {
            return;
        };
        let is_own = |live: &&Observed| label::reserved(kind, &live.value).any(|l| l == own);
        let is_free = |live: &&Observed| label::foreign(kind, &live.value, &own).is_none();
        if named.iter().any(is_own) {
            named.retain(is_own);
        } else if named.iter().any(is_free) {
            named.retain(is_free);
        }
    }

    /// A matched live object that is somebody else's: refused, unless this very object is to be
    /// taken over. What then becomes of its label is returned, so that it is shown.
    pub(super) fn taken_over(
        &mut self,
        object: &Object,
        live: &'a Observed,
    ) -> Option<FieldChange> {
        // Of what is managed in part, the whole is somebody else's by intent.
        if !object.manage.is_empty() {
            return None;
        }
        let theirs = self.foreign(object.kind, live)?;
        let flags = self.input.flags;
        if object.lifecycle.adopt || flags.adopt.contains(&object.addr) {
            let labels = |text: &str| Some(Value::List(vec![Value::text(text)]));
            return Some(FieldChange {
                path: Pointer::root().join(object.kind.labels()?),
                before: labels(theirs),
                after: labels(&self.own_label(object.kind)?),
            });
        }
        self.refusals.push(Refusal {
            guard: "label",
            message: format!(
                "`{}` is the live object `{}`, which belongs to {}",
                object.addr,
                live.name,
                owner(theirs)
            ),
            allow: format!(
                "`--adopt {}` or `lifecycle: {{ adopt: true }}` in its document, which take it away from them; or give ours another `{}`, with `${{var.NAME}}` in it for example",
                object.addr,
                object.kind.identity().field()
            ),
            addrs: vec![object.addr.clone()],
        });
        None
    }

    /// A live object that the ledger knows by its id alone: neither its name is the one recorded or
    /// wanted, nor does a label say that it is ours. Ids made from names are given again, so it may
    /// be somebody else's by now. What was renamed by hand keeps its label, and is healed.
    pub(super) fn unrecognised(&mut self, object: &Object, live: &Observed) {
        let kind = object.kind;
        let Some(own) = self.own_label(kind) else {
            return;
        };
        let Some((_, entry)) = self.entry(&object.addr).filter(|(_, e)| e.id == live.id) else {
            return;
        };
        let known = live.name == entry.name || live.name == object.name;
        let labelled = label::reserved(kind, &live.value).next().is_some();
        let adopts = object.lifecycle.adopt || self.input.flags.adopt.contains(&object.addr);
        if known || labelled || adopts {
            return;
        }
        self.refusals.push(Refusal {
            guard: "label",
            message: format!(
                "`{}` is `{}` with the id `{}` in the ledger, and the live object with this id is named `{}` and has no label `{own}`",
                object.addr, entry.name, live.id, live.name
            ),
            allow: format!(
                "`--adopt {}` if it is yours; if it is somebody else's, `spaceport forget {}`, and the next apply looks for the name",
                object.addr, object.addr
            ),
            addrs: vec![object.addr.clone()],
        });
    }

    /// A live object that is to be deleted and says that it is somebody else's by now.
    pub(super) fn not_ours_to_delete(&mut self, addr: &Addr, kind: &dyn Kind, live: &'a Observed) {
        let Some(theirs) = self.foreign(kind, live) else {
            return;
        };
        self.refusals.push(Refusal {
            guard: "label",
            message: format!(
                "`{addr}` left the project, and the live object `{}` belongs to {} by now",
                live.name,
                owner(theirs)
            ),
            allow: format!("nothing; `spaceport forget {addr}` gives it up and leaves it alone"),
            addrs: vec![addr.clone()],
        });
    }
}

/// Whose a label says that an object is, in words.
fn owner(label: &str) -> String {
    let named = label.strip_prefix(label::OWN).unwrap_or(label);
    match named.split_once('/') {
        Some((project, environment)) => {
            format!("environment `{environment}` of project `{project}`")
        }
        None => format!("project `{named}`"),
    }
}

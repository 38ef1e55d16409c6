//! Further reads: what a plan needs beyond its two round trips, and only then.
//!
//! Kinds on demand that only the ledger has are read as soon as the ledger is known, and objects
//! that no list has, one by one, as soon as it is known which of them can be there. A list whose pages may
//! have moved while they were read is read once more. Deliberately not here: everything that every plan reads (see `read`).

use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinSet;

use crate::kinds::{ALL, Kind, List};
use crate::there::live::Live;
use crate::there::services::error::ServiceError;
use crate::there::services::patience::Patience;
use crate::there::services::port::object_in;
use crate::there::services::read::{Reader, refusal};
use crate::words::{Service, Value};

/// What config and ledger have: the full name of a kind, and an id.
pub type Had = BTreeSet<(&'static str, String)>;

impl Reader {
    /// Adds to `live`, for which `asked` were read, what config and ledger have of other kinds.
    pub async fn complete(
        &self,
        live: &mut Live,
        asked: &[&'static dyn Kind],
        had: &Had,
    ) -> Result<(), ServiceError> {
        for kind in ALL.iter().copied() {
            if matches!(kind.list(), List::PortEach { .. }) {
                continue;
            }
            let known = asked.iter().any(|other| other.name() == kind.name());
            let wanted = had.iter().any(|(name, _)| *name == kind.name());
            if known || !wanted || !self.reaches(kind.service()) {
                continue;
            }
            match self.list(kind).await {
                Ok(found) => found
                    .into_iter()
                    .for_each(|seen| live.insert(kind.name(), seen)),
                Err(error) => {
                    live.refused.insert(kind.name(), refusal(error)?);
                }
            }
        }
        self.look_again(live, had).await?;
        for kind in ALL.iter().copied() {
            if let List::PortEach { of, path, envelope } = kind.list() {
                let mut ids: BTreeSet<&str> = BTreeSet::new();
                let mine = had.iter().filter(|(name, _)| *name == kind.name());
                ids.extend(mine.map(|(_, id)| id.as_str()));
                ids.retain(|id| live.by_id(of, id).is_some());
                let paths = ids.into_iter().map(|id| (id.to_owned(), path(id)));
                self.each(live, kind, paths, envelope).await?;
            }
        }
        Ok(())
    }

    /// Reads lists of several pages once more when they lack something that should be there: it may have slipped over the
    /// boundary of two pages while they were read. What either reading has is there.
    async fn look_again(&self, live: &mut Live, had: &Had) -> Result<(), ServiceError> {
        for kind in ALL.iter().copied() {
            let name = kind.name();
            let lacks = |(of, id): &(&'static str, String)| {
                *of == name && live.by_id(name, id).is_none() && live.by_name(name, id).is_empty()
            };
            if !live.paged.contains(name) || !had.iter().any(lacks) {
                continue;
            }
            for seen in self.list(kind).await? {
                live.insert(name, seen);
            }
        }
        Ok(())
    }

    /// Reads objects that no list has, all at once.
    async fn each(
        &self,
        live: &mut Live,
        kind: &'static dyn Kind,
        paths: impl Iterator<Item = (String, String)>,
        envelope: &'static str,
    ) -> Result<(), ServiceError> {
        let Some(port) = &self.port else {
            return Ok(());
        };
        let mut asking = JoinSet::new();
        for (id, path) in paths {
            let port = port.clone();
            asking.spawn(async move {
                let mut patience = Patience::with(kind);
                loop {
                    match port.get(&path).await {
                        Err(error) if patience.again(&error).await => {}
                        answer => return (id, answer),
                    }
                }
            });
        }
        let mut answers = BTreeMap::new();
        while let Some(answer) = asking.join_next().await {
            match answer {
                Ok((id, answer)) => drop(answers.insert(id, answer)),
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            }
        }
        let field = kind.identity().field();
        for (id, answer) in answers {
            match answer {
                Ok(answer) => {
                    // The answer need not name what was asked for.
                    let asked = [(field.to_owned(), Value::text(id))].into_iter().collect();
                    let item = object_in(&answer, &format!("/{envelope}"));
                    let seen =
                        item.and_then(|i| kind.observe_created(&Value::Map(asked), &i.into()));
                    seen.into_iter()
                        .for_each(|seen| live.insert(kind.name(), seen));
                }
                Err(error) => {
                    live.refused.insert(kind.name(), refusal(error)?);
                }
            }
        }
        Ok(())
    }

    fn reaches(&self, service: Service) -> bool {
        match service {
            Service::Port => self.port().is_ok(),
            Service::Spacelift => self.spacelift().is_ok(),
        }
    }
}

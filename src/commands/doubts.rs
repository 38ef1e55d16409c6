//! What is looked up for the guards alone: the branch that is checked out, and how much data is
//! under objects that would lose some.
//!
//! Deliberately not here: what is refused because of it (see `decide::plan::guard`).

use std::collections::BTreeMap;

use crate::cli::Global;
use crate::commands::checkout;
use crate::commands::session::{Session, world};
use crate::decide::ledger::Ledger;
use crate::decide::plan::{Facts, Population};
use crate::exit::Stop;
use crate::kinds::Census;
use crate::words::Addr;

/// What can be looked up before there is a plan: the branch.
pub(super) fn branch(global: &Global, ledger: &Ledger) -> Facts {
    let applied = ledger.commit.as_deref();
    Facts {
        branch: applied.and_then(|commit| checkout::contains(&global.config, commit)),
        ..Facts::default()
    }
}

impl Session {
    /// How much data is under these objects.
    pub(super) async fn count(
        &self,
        asked: Vec<(Addr, Census)>,
    ) -> Result<BTreeMap<Addr, Population>, Stop> {
        let counted = self.reader.count(asked).await.map_err(world)?;
        let known = counted.into_iter().map(|(addr, count)| match count {
            Ok(count) => (addr, Population::Known(count)),
            Err(said) => (addr, Population::Unknown(said)),
        });
        Ok(known.collect())
    }
}

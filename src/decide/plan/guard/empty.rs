//! The guard over empty lists: a list that came back empty although the ledger says that it must
//! not be. A key that cannot see is likelier than a service that lost everything (law 6; SA
//! section 4).

use crate::decide::plan::{Input, Refusal};
use crate::kinds::{self, List};
use crate::words::Addr;

/// Its name.
pub(super) const GUARD: &str = "empty";

/// Owned objects of a kind from which on an empty list is suspicious. A single object may well
/// have been deleted by hand, and is then made again; if it was to leave, it would be forgotten.
const COUNTS_FROM: usize = 2;

/// One refusal for each list.
pub(super) fn refusals(input: &Input) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if input.flags.allow_empty {
        return refusals;
    }
    for kind in kinds::ALL {
        // Where there is no list, none can be empty.
        if matches!(kind.list(), List::PortEach { .. }) {
            continue;
        }
        let owned = |addr: &&Addr| addr.service == kind.service() && addr.kind == kind.word();
        // What a killed run was deleting is gone by its hand.
        let deleted = |addr: &&Addr| {
            let open = input.ledger.intent.as_ref();
            open.is_some_and(|intent| intent.deletes.contains(addr))
        };
        let addrs: Vec<Addr> = input
            .ledger
            .entries
            .keys()
            .filter(owned)
            .filter(|addr| !deleted(addr))
            .cloned()
            .collect();
        let gone = addrs
            .iter()
            .any(|addr| !input.desired.objects.contains_key(addr));
        let blind = !addrs.is_empty() && kind.list_is_blind(input.live.spaces.len());
        if (addrs.len() >= COUNTS_FROM || gone || blind)
            && input.live.of_kind(kind.name()).next().is_none()
        {
            refusals.push(Refusal {
                guard: GUARD,
                message: format!(
                    "{} lists no `{}` at all, and the ledger owns {}: this key cannot see them, or somebody deleted all",
                    kind.service().title(),
                    kind.name(),
                    addrs.len()
                ),
                addrs,
                allow: "`--allow-empty`, when they are really gone".into(),
            });
        }
    }
    refusals
}

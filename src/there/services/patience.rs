//! Patience: objects that a service makes a moment after another one are asked for again.
//!
//! Permissions are made asynchronously after their action, so that the first requests may answer
//! 404 although nothing is wrong (PA sections 1 and 3). Deliberately not here: tries that a broken
//! connection or a limit asks for (see `http`).

use std::time::Duration;

use crate::kinds::Kind;
use crate::there::services::error::{Problem, ServiceError};
use crate::there::services::pace::Pace;

/// Tries until an object counts as absent; with the waits between them about six seconds.
const TRIES: u32 = 7;
const FIRST: Duration = Duration::from_millis(100);

/// What is left of the waiting for one object.
pub(super) struct Patience(Option<Pace>);

impl Patience {
    /// Patience with an object of this kind: none, when they do not come late.
    pub fn with(kind: &dyn Kind) -> Self {
        Patience(kind.comes_late().then(|| Pace::new(TRIES, FIRST)))
    }

    /// Whether to ask again after this error; waits before it says so.
    pub async fn again(&mut self, error: &ServiceError) -> bool {
        let Some(pace) = &mut self.0 else {
            return false;
        };
        if !matches!(error.problem(), Problem::NotFound(_)) {
            return false;
        }
        let Some(wait) = pace.next(None) else {
            return false;
        };
        tokio::time::sleep(wait).await;
        true
    }
}

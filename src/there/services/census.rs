//! Counting what hangs on objects, all of them at once.
//!
//! Deliberately not here: which objects are worth a request (see `decide::plan::guard`).

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::kinds::Census;
use crate::there::services::error::{Problem, ServiceError};
use crate::there::services::read::Reader;
use crate::words::Addr;

/// What was counted under each object, or what the service said where it would not count.
pub type Counted = BTreeMap<Addr, Result<u64, String>>;

impl Reader {
    /// Counts. An error is about the world, not about one of the objects.
    pub async fn count(
        self: &Arc<Self>,
        asked: Vec<(Addr, Census)>,
    ) -> Result<Counted, ServiceError> {
        let mut running = JoinSet::new();
        for (addr, census) in asked {
            let reader = self.clone();
            running.spawn(async move { (addr, reader.count_one(&census).await) });
        }
        // All answers are waited for, and the first error in a fixed order wins.
        let mut answers = BTreeMap::new();
        while let Some(joined) = running.join_next().await {
            match joined {
                Ok((addr, answer)) => answers.insert(addr, answer),
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            };
        }
        answers
            .into_iter()
            .map(|(addr, answer)| Ok((addr, answer?)))
            .collect()
    }

    async fn count_one(&self, census: &Census) -> Result<Result<u64, String>, ServiceError> {
        let answer = match self.port_get(&census.path).await {
            Ok(answer) => answer,
            Err(error) => {
                return match error.problem() {
                    Problem::Forbidden(_) | Problem::NotFound(_) | Problem::Refused { .. } => {
                        Ok(Err(error.problem().to_string()))
                    }
                    _ => Err(error),
                };
            }
        };
        match answer.pointer(census.at).and_then(|n| n.as_u64()) {
            Some(count) => Ok(Ok(count)),
            None => {
                let what = format!("no number at `{}`", census.at);
                let problem = Problem::Unreadable { status: 200, what };
                Ok(Err(problem.to_string()))
            }
        }
    }
}

//! Prune: what no item made is looked at once more, and deleted where that is wanted, ours and certain.
//!
//! Deliberately not here: the decision (see `gone`).

use super::flow::Flow;
use super::gone::{Gone, Still, Terms, decide};
use super::report::Stage;
use super::{Broken, Hands};
use crate::there::services::{DELETED, Written};
use crate::there::{ServiceError, Writer};

/// How often a delete is sent at most whose answer was lost.
const TRIES: u32 = 3;

impl Flow<'_> {
    /// Deletes what is gone, or tells what stays. Comes after everything else, when all items were seen.
    pub(super) async fn prune(&mut self) -> Result<(), Broken> {
        if !self.judge.known.unclaimed().any(|(_, whose)| whose.here) {
            return Ok(());
        }
        self.stage(Stage::Gone, None);
        let still = match self.source.identifiers().await? {
            Ok(there) => Still::There(there),
            Err(why) => Still::Unsure(why),
        };
        let Gone {
            delete,
            stay,
            refused,
        } = decide(self.judge.known.unclaimed(), &still, &self.terms());
        self.tally.report.left = stay.values().sum();
        self.tally.report.stay = stay;
        if let Some((why, allow)) = refused {
            self.tally.report.refused = Some(why);
            self.tally.report.allow = allow;
        }
        if delete.is_empty() {
            return Ok(());
        }
        self.stage(Stage::Gone, Some(delete.len() as u64));
        let Hands::Write(writer) = self.hands.clone() else {
            delete
                .iter()
                .for_each(|identifier| self.tally.would_delete(identifier));
            return Ok(());
        };
        self.delete(&writer, &delete).await
    }

    fn terms(&self) -> Terms {
        let ours = &self.setting.ours;
        Terms {
            prune: self.ingest.prune,
            owned: ours.blueprints.contains(&self.ingest.blueprint),
            tells_the_account: self.judge.fields.tell_the_account(),
            limits: self.ingest.limits,
            allow: self.setting.allow_deletes,
            in_port: self.judge.known.in_port() as u64,
        }
    }

    /// Deletes entities, many in a request; those of a request that was refused one by one.
    async fn delete(&mut self, writer: &Writer, identifiers: &[String]) -> Result<(), Broken> {
        let mut left = Vec::new();
        for some in identifiers.chunks(DELETED) {
            if self.stopped() {
                return Ok(());
            }
            left.extend(self.try_to_delete(writer, some).await?);
        }
        // They may depend on each other, so that one can go once another one is gone; every second time the other way
        // round, since a chain that is deleted from its end is done with at once.
        loop {
            let before = left.len();
            let mut still = Vec::new();
            for (identifier, _) in left {
                if self.stopped() {
                    return Ok(());
                }
                still.extend(self.try_to_delete(writer, &[identifier]).await?);
            }
            left = still;
            if left.len() == before {
                self.refuse(left);
                return Ok(());
            }
            left.reverse();
        }
    }

    fn refuse(&mut self, refused: Vec<(String, String)>) {
        for (identifier, says) in refused {
            self.tally
                .failed(&identifier, format!("not deleted: {says}"));
            self.more(1, 0);
        }
    }

    /// Deletes entities together, and comes back with those that Port refused and why. One whose answer was lost is
    /// looked for before it is sent again.
    async fn try_to_delete(
        &mut self,
        writer: &Writer,
        identifiers: &[String],
    ) -> Result<Vec<(String, String)>, Broken> {
        let mut refused = Vec::new();
        let mut open = identifiers.to_vec();
        for attempt in 1..=TRIES {
            let answers = writer.delete_entities(&self.ingest.blueprint, &open).await;
            let answers = answers.map_err(|failure| Broken::from(failure.error))?;
            let mut unknown = Vec::new();
            for (identifier, answer) in open.into_iter().zip(answers) {
                match answer {
                    Written::Created | Written::Updated => self.deleted(),
                    Written::Refused { says, .. } => refused.push((identifier, says)),
                    Written::Unknown(says) => unknown.push((identifier, says)),
                }
            }
            let there = self.there(writer, &unknown).await?;
            open = Vec::new();
            for (identifier, says) in unknown {
                match there.contains(&identifier) {
                    false => self.deleted(),
                    true if attempt < TRIES => open.push(identifier),
                    true => refused.push((identifier, says)),
                }
            }
            if open.is_empty() {
                break;
            }
        }
        Ok(refused)
    }

    fn deleted(&mut self) {
        self.tally.report.deleted += 1;
        self.more(1, 1);
    }

    /// Which of some entities are there.
    async fn there(
        &self,
        writer: &Writer,
        asked: &[(String, String)],
    ) -> Result<Vec<String>, ServiceError> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<String> = asked.iter().map(|(name, _)| name.clone()).collect();
        let include = ["identifier".to_owned()];
        let reader = writer.reader();
        let live = reader
            .entities_named(&self.ingest.blueprint, &include, &names)
            .await?;
        let names = live
            .iter()
            .filter_map(|entity| entity["identifier"].as_str());
        Ok(names.map(str::to_owned).collect())
    }
}

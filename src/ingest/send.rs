//! Send: some entities in one bulk request, until it is known what became of each.
//!
//! A write whose answer was lost is never repeated blindly: Port is asked what it has, that is compared again, and only
//! what still differs is sent again. Deliberately not here: what is sent (see `judge`), and sizes of requests (see
//! `there::services`).

use std::time::Duration;

use serde_json::Value as Json;

use super::Broken;
use super::fields::Fields;
use super::judge::Outgoing;
use crate::there::services::{TookEffect, Written};
use crate::there::{Reader, ServiceError, Writer};

/// How often an entity is sent at most.
const TRIES: u32 = 3;
/// The wait before what Port could not take at the moment is sent again; it doubles. Not at the moment: it is busy, out
/// of order, or somebody else wrote the same entity (409, which an upsert has no other reason for).
const PAUSE: Duration = Duration::from_millis(250);

/// What became of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// It is new.
    Created,
    /// It has the new values.
    Changed,
    /// Something that it refers to is not there, or not yet (PA section 1, 404 on a write).
    Waits(String),
    /// It is as it was, or nobody knows, and why.
    Failed(String),
}

/// What became of some entities.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Those of which something is to be told.
    pub ended: Vec<(Outgoing, End)>,
    /// Why nothing more should be sent; what is not told above had no effect then.
    pub broken: Option<Broken>,
}

/// Where entities go.
pub(super) struct Target<'a> {
    /// Their blueprint.
    pub blueprint: &'a str,
    /// What is compared.
    pub fields: &'a Fields,
}

impl Target<'_> {
    /// Sends entities, 20 at most.
    pub(super) async fn send(&self, writer: &Writer, batch: Vec<Outgoing>) -> Sent {
        let mut sent = Sent::default();
        let mut open = batch;
        let mut pause = PAUSE;
        for attempt in 1..=TRIES {
            let bodies: Vec<Json> = open
                .iter()
                .map(|one| self.fields.body(&one.wanted, &one.which))
                .collect();
            let answers = match writer.write_entities(self.blueprint, &bodies).await {
                Ok(answers) => answers,
                Err(failure) if failure.took_effect == TookEffect::No => {
                    sent.broken = Some(failure.error.into());
                    return sent;
                }
                Err(failure) => vec![Written::Unknown(failure.error.to_string()); open.len()],
            };
            let mut again = Vec::new();
            let mut busy = false;
            for (one, answer) in open.into_iter().zip(answers) {
                match answer {
                    Written::Created => sent.ended.push((one, End::Created)),
                    Written::Updated => sent.ended.push((one, End::Changed)),
                    Written::Refused { status: 404, says } => {
                        sent.ended.push((one, End::Waits(says)))
                    }
                    Written::Refused {
                        status: 409 | 429 | 500..,
                        says,
                    } => {
                        busy = true;
                        again.push((one, says));
                    }
                    Written::Refused { says, .. } => sent.ended.push((one, End::Failed(says))),
                    Written::Unknown(says) => again.push((one, says)),
                }
            }
            if again.is_empty() {
                return sent;
            }
            if busy && attempt < TRIES {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            open = match self
                .look(writer.reader(), &mut again, &mut sent.ended)
                .await
            {
                Ok(()) if attempt == TRIES => {
                    for (one, says) in again {
                        let why = format!("not written after {TRIES} tries: {says}");
                        sent.ended.push((one, End::Failed(why)));
                    }
                    return sent;
                }
                Ok(()) => again.into_iter().map(|(one, _)| one).collect(),
                Err(error) => {
                    for (one, says) in again {
                        let why = format!("whether it was written is not known: {says}");
                        sent.ended.push((one, End::Failed(why)));
                    }
                    sent.broken = Some(error.into());
                    return sent;
                }
            };
            if open.is_empty() {
                return sent;
            }
        }
        sent
    }

    /// Looks what Port has of entities whose write may have taken effect; what is as it should be has ended.
    async fn look(
        &self,
        reader: &Reader,
        again: &mut Vec<(Outgoing, String)>,
        ended: &mut Vec<(Outgoing, End)>,
    ) -> Result<(), ServiceError> {
        let names: Vec<String> = again
            .iter()
            .map(|(one, _)| one.wanted.identifier.clone())
            .collect();
        let include = self.fields.include();
        let live = reader
            .entities_named(self.blueprint, &include, &names)
            .await?;
        for (mut one, says) in std::mem::take(again) {
            let new = one.new;
            match self.again(&mut one, &live) {
                true => again.push((one, says)),
                false if new => ended.push((one, End::Created)),
                false => ended.push((one, End::Changed)),
            }
        }
        Ok(())
    }

    /// Compares an entity again with what Port has now; whether it is still to be written.
    pub(super) fn again(&self, one: &mut Outgoing, live: &[Json]) -> bool {
        let name = one.wanted.identifier.as_str();
        match live.iter().find(|entity| entity["identifier"] == name) {
            Some(entity) => {
                one.new = false;
                one.which = self.fields.differing_from(&one.wanted, entity);
                !one.which.is_empty()
            }
            None => {
                one.new = true;
                one.which = self.fields.filled(&one.wanted);
                true
            }
        }
    }
}

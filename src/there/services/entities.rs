//! Entities of a blueprint: read by the page, written and deleted by the dozen (PA section 6).
//!
//! Deliberately not here: which entities are wanted (see `crate::ingest`).

use std::collections::BTreeSet;
use std::iter;
use std::ops::Range;

use serde_json::{Value as Json, json};

use crate::kinds::call::path;
use crate::there::services::error::{Discreet, Failure, Problem, ServiceError, TookEffect};
use crate::there::services::http::{Answer, Repeat};
use crate::there::services::port::read;
use crate::there::services::read::Reader;
use crate::there::services::write::Writer;
use crate::words::Service;

use crate::there::services::items::Each;

/// What became of one entity of a bulk write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It was created.
    Created,
    /// It was there, and has the new values; of a delete: it is gone.
    Updated,
    /// It was refused, and nothing of it took effect.
    Refused {
        /// The status of this item, as HTTP would have it; 422 where the service gives none.
        status: u16,
        /// Code and message.
        says: String,
    },
    /// Whether it took effect is not known: the answer was lost, or does not say. Look before it is sent again.
    Unknown(String),
}

/// The most entities of one bulk write (PA section 6).
pub const BULK: usize = 20;
/// The most entities of one page (PA section 1).
pub const PAGE: usize = 1000;
/// The most entities of one bulk delete (PA section 6).
pub const DELETED: usize = 100;
/// How many entities are asked for by name in one request.
pub const NAMED: usize = 100;
/// The most bytes of a body (PA section 1).
const BODY: usize = 1 << 20;
/// What a refused item is said to have when the service gives no status.
const UNSAID: u16 = 422;

impl Reader {
    /// Reads a page of a blueprint's entities, and where the next page begins (`None`: that was the last one).
    ///
    /// `include` names what is wanted of each: `$title`, `state` (PA section 6; empty: everything); the identifier always
    /// comes too. Entities are let go one by one into `each`, so that a page is never held as a tree; `each` may be
    /// called for a page that comes to nothing, so it does no more than fill its list.
    pub async fn entities<T: Send>(
        &self,
        blueprint: &str,
        include: &[String],
        from: Option<&str>,
        each: Each<'_, T>,
    ) -> Result<(Vec<T>, Option<String>), ServiceError> {
        let mut body = json!({ "limit": PAGE });
        if let Some(from) = from {
            body["from"] = from.into();
        }
        self.search_entities(blueprint, include, body, each).await
    }

    /// Reads those of some entities that exist, however many are named, in no certain order.
    pub async fn entities_named(
        &self,
        blueprint: &str,
        include: &[String],
        identifiers: &[String],
    ) -> Result<Vec<Json>, ServiceError> {
        let mut found = Vec::new();
        for named in identifiers.chunks(NAMED) {
            let asked: BTreeSet<&str> = named.iter().map(String::as_str).collect();
            let rule = json!({"property": "$identifier", "operator": "in", "value": asked});
            let mut body = json!({
                "query": {"combinator": "and", "rules": [rule]}, "limit": PAGE,
            });
            let keep = |entity: &Json, found: &mut Vec<Json>| {
                if entity["identifier"]
                    .as_str()
                    .is_some_and(|id| asked.contains(id))
                {
                    found.push(entity.clone());
                }
            };
            let mut cursors = BTreeSet::new();
            loop {
                let page = self.search_entities(blueprint, include, body.clone(), &keep);
                let (entities, next) = page.await?;
                found.extend(entities);
                let Some(next) = next else { break };
                if !cursors.insert(next.clone()) {
                    return Err(again(blueprint));
                }
                body["from"] = next.into();
            }
        }
        Ok(found)
    }

    /// How many entities a blueprint has.
    pub async fn entities_count(&self, blueprint: &str) -> Result<u64, ServiceError> {
        let path = path(&["v1", "blueprints", blueprint, "entities-count"]);
        let answer = self.port_get(&path).await?;
        answer.get("count").and_then(Json::as_u64).ok_or_else(|| {
            let what = "no number at `/count`".to_owned();
            let problem = Problem::Unreadable { status: 200, what };
            ServiceError::new(Service::Port, format!("GET {path}"), problem)
        })
    }

    async fn search_entities<T: Send>(
        &self,
        blueprint: &str,
        include: &[String],
        mut body: Json,
        each: Each<'_, T>,
    ) -> Result<(Vec<T>, Option<String>), ServiceError> {
        if !include.is_empty() {
            let names: BTreeSet<&str> = include.iter().map(String::as_str).collect();
            body["include"] = names.into_iter().chain(iter::once("$identifier")).collect();
        }
        let path = search_path(blueprint);
        let port = self.port()?;
        let (items, next) = port.search_page(&path, &body, "entities", each).await?;
        if next.is_some() && next.as_deref() == body["from"].as_str() {
            return Err(again(blueprint));
        }
        Ok((items, next))
    }
}

impl Writer {
    /// Creates or merges entities, [`BULK`] in a request; one answer for each, in their order.
    ///
    /// Bodies stay below 1 MiB, and one that is refused as a whole (413, 422) is split until it is known which entity is
    /// the reason. A request whose answer is lost is not sent again. An error means that none of them took effect.
    pub async fn write_entities(
        &self,
        blueprint: &str,
        entities: &[Json],
    ) -> Result<Vec<Written>, Failure> {
        let path =
            path(&["v1", "blueprints", blueprint, "entities", "bulk"]) + "?upsert=true&merge=true";
        let sizes: Vec<usize> = entities.iter().map(size).collect();
        let mut parts = Parts::new(by_size(&sizes));
        while let Some(part) = parts.next() {
            if let [one] = sizes[part.clone()]
                && one + ENVELOPE > BODY
            {
                let says = format!("it has {one} bytes; a request may have {BODY}");
                parts.note(part, Ok(Outcome::Whole(413, says)))?;
                continue;
            }
            let sent = &entities[part.clone()];
            let body = json!({ "entities": sent });
            let outcome = self.post(
                &path,
                &body,
                Repeat::Unreceived,
                |answer, call, discreet| {
                    match answer.status {
                        400 | 413 | 422 => {
                            return Ok(Outcome::Split(answer.status, discreet.body(&answer.body)));
                        }
                        200..300 => {
                            if let Some(told) = told(&answer.body, sent, discreet) {
                                return Ok(Outcome::Each(told));
                            }
                        }
                        _ => {}
                    }
                    Err(unreadable(answer, call, discreet))
                },
            );
            parts.note(part, outcome.await)?;
        }
        Ok(parts.written)
    }

    /// Deletes entities, [`DELETED`] in a request; one answer for each: `Updated` means gone, also before.
    ///
    /// A request is all or nothing: where something depends on one of them (`has_dependents`), all of its request are
    /// refused with the same words, and stay. An error means that none of them took effect.
    pub async fn delete_entities(
        &self,
        blueprint: &str,
        identifiers: &[String],
    ) -> Result<Vec<Written>, Failure> {
        let path = path(&["v1", "blueprints", blueprint, "bulk", "entities", "delete"])
            + "?delete_dependents=false";
        let mut parts = Parts::new(by_number(0..identifiers.len(), DELETED));
        while let Some(part) = parts.next() {
            let body = json!({ "entities": &identifiers[part.clone()] });
            let count = part.len();
            // Deleting twice is deleting once.
            let outcome = self.post(&path, &body, Repeat::Always, |answer, call, discreet| {
                match answer.status {
                    // One that is gone already, or the blueprint; asked one by one that means "gone".
                    404 if count == 1 => return Ok(Outcome::Each(vec![Written::Updated])),
                    404 | 413 => {
                        return Ok(Outcome::Split(answer.status, discreet.body(&answer.body)));
                    }
                    400 | 409 | 422 => {
                        return Ok(Outcome::Whole(answer.status, discreet.body(&answer.body)));
                    }
                    _ => {}
                }
                read(answer, call, discreet)?;
                Ok(Outcome::Each(vec![Written::Updated; count]))
            });
            parts.note(part, outcome.await)?;
        }
        Ok(parts.written)
    }
}

/// What one request came to.
enum Outcome {
    /// What became of each.
    Each(Vec<Written>),
    /// Refused as a whole for one reason: status and words.
    Whole(u16, String),
    /// The same, where smaller parts may fare better.
    Split(u16, String),
}

/// Entities in requests, and what became of those that were sent.
struct Parts {
    /// What is left to send, the next part last.
    left: Vec<Range<usize>>,
    written: Vec<Written>,
}

impl Parts {
    fn new(mut parts: Vec<Range<usize>>) -> Self {
        parts.reverse();
        Parts {
            left: parts,
            written: Vec::new(),
        }
    }

    fn next(&mut self) -> Option<Range<usize>> {
        self.left.pop()
    }

    /// Notes what a part came to; fails when nothing took effect and nothing more will.
    fn note(
        &mut self,
        part: Range<usize>,
        outcome: Result<Outcome, ServiceError>,
    ) -> Result<(), Failure> {
        match outcome {
            Ok(Outcome::Each(each)) => self.written.extend(each),
            Ok(Outcome::Split(..)) if part.len() > 1 => {
                let middle = part.start + part.len() / 2;
                self.left.push(middle..part.end);
                self.left.push(part.start..middle);
            }
            Ok(Outcome::Whole(status, says) | Outcome::Split(status, says)) => {
                let refused = Written::Refused { status, says };
                self.written.extend(iter::repeat_n(refused, part.len()));
            }
            Err(error) => {
                let unknown = Written::Unknown(error.to_string());
                let mut count = part.len();
                if error.took_effect() == TookEffect::No {
                    let refused = |one: &Written| matches!(one, Written::Refused { .. });
                    if self.written.iter().all(refused) {
                        return Err(error.into());
                    }
                    // Some took effect, so that this is no plain error; the rest would meet it too.
                    count += self.left.drain(..).map(|part| part.len()).sum::<usize>();
                }
                self.written.extend(iter::repeat_n(unknown, count));
            }
        }
        Ok(())
    }
}

/// The bytes of a body besides its entities and the commas between them.
const ENVELOPE: usize = r#"{"entities":[]}"#.len();

/// The bytes of an entity in a body.
fn size(entity: &Json) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting cannot fail.
    let _ = serde_json::to_writer(&mut count, entity);
    count.0
}

/// Parts that fit into a request each; what is too large by itself is a part of its own.
fn by_size(sizes: &[usize]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (at, size) in sizes.iter().enumerate() {
        match parts.last_mut() {
            Some(part) if part.len() < BULK && bytes + 1 + size <= BODY => {
                part.end = at + 1;
                bytes += 1 + size;
            }
            _ => {
                parts.push(at..at + 1);
                bytes = ENVELOPE + size;
            }
        }
    }
    parts
}

fn by_number(all: Range<usize>, most: usize) -> Vec<Range<usize>> {
    let end = all.end;
    all.step_by(most).map(|at| at..end.min(at + most)).collect()
}

/// What a good answer says of each entity that was sent: `entities` and `errors`, matched by `index` (PA section 6).
fn told(body: &[u8], sent: &[Json], discreet: &Discreet) -> Option<Vec<Written>> {
    let answer: Json = serde_json::from_slice(body).ok()?;
    let list = |name: &str| answer.get(name).and_then(Json::as_array);
    if list("entities").or(list("errors")).is_none() {
        return None;
    }
    let mut each: Vec<Option<Written>> = vec![None; sent.len()];
    let mut note = |item: &Json, what: Written| {
        let Some(at) = index(item).filter(|at| *at < sent.len()) else {
            return;
        };
        let odd = |says: &str| Written::Unknown(format!("the answer {says}"));
        let (ours, theirs) = (sent[at]["identifier"].as_str(), item["identifier"].as_str());
        // A failed search has no identifier, which is told as `unknown`.
        let other = ours.is_some() && theirs.is_some_and(|id| id != "unknown" && Some(id) != ours);
        let what = match &each[at] {
            Some(_) => odd("speaks twice of it"),
            None if other => odd("has another identifier at its place"),
            None => what,
        };
        each[at] = Some(what);
    };
    for item in list("entities").into_iter().flatten() {
        let created = item["created"].as_bool() == Some(true);
        let what = [Written::Updated, Written::Created][usize::from(created)].clone();
        note(item, what);
    }
    for item in list("errors").into_iter().flatten() {
        let words = discreet.words(item);
        let refused = Written::Refused {
            status: status(&item["statusCode"]).unwrap_or(UNSAID),
            says: words.unwrap_or_else(|| "no reason given".into()),
        };
        note(item, refused);
    }
    let unsaid = || Written::Unknown("the answer does not speak of it".into());
    Some(
        each.into_iter()
            .map(|one| one.unwrap_or_else(unsaid))
            .collect(),
    )
}

/// Which of the entities an item is about; numbers may come with a fraction of zero.
fn index(item: &Json) -> Option<usize> {
    let number = item["index"].as_f64()?;
    (number >= 0.0 && number.fract() == 0.0).then_some(number as usize)
}

/// The status of an item, as a number or a text.
fn status(json: &Json) -> Option<u16> {
    let status = match json {
        Json::String(text) => text.trim().parse().ok()?,
        other => u16::try_from(other.as_u64()?).ok()?,
    };
    (100..1000).contains(&status).then_some(status)
}

/// The error that an answer to a bulk write is when it has no lists.
fn unreadable(answer: Answer, call: &str, discreet: &Discreet) -> ServiceError {
    let (status, trace, earlier) = (answer.status, answer.trace.clone(), answer.earlier);
    match read(answer, call, discreet) {
        Err(error) => error,
        Ok(_) => {
            let what = "neither `entities` nor `errors`".to_owned();
            let problem = Problem::Unreadable { status, what };
            ServiceError::new(Service::Port, call, problem)
                .traced(trace)
                .after(earlier)
        }
    }
}

fn search_path(blueprint: &str) -> String {
    path(&["v1", "blueprints", blueprint, "entities", "search"])
}

/// The error of a cursor that leads back.
fn again(blueprint: &str) -> ServiceError {
    let what = "the same page of entities again and again".to_owned();
    let problem = Problem::Unreadable { status: 200, what };
    let call = format!("POST {}", search_path(blueprint));
    ServiceError::new(Service::Port, call, problem)
}

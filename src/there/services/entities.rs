//! Entities of a blueprint: read by the page, written and deleted by the dozen (PA section 6).
//!
//! Deliberately not here: which entities are wanted (see `crate::ingest`).

use std::collections::BTreeSet;
use std::iter;
use std::ops::Range;

use serde_json::{Value as Json, json};

use crate::kinds::call::path;
use crate::there::services::error::{Discreet, Failure, Problem, ServiceError, TookEffect, said};
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
    /// It was refused; where the status is a 5xx it may have taken effect all the same.
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
            let mut names: BTreeSet<&str> = include.iter().map(String::as_str).collect();
            names.insert("$identifier");
            body["include"] = names.into_iter().collect();
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
                let status = answer.status;
                if status == 413 {
                    return Ok(Outcome::Split(status, discreet.body(&answer.body)));
                }
                let Err(error) = read(answer, call, discreet) else {
                    return Ok(Outcome::Each(vec![Written::Updated; count]));
                };
                match error.problem() {
                    // One of them, or the blueprint: of a single one that means "gone".
                    Problem::NotFound(_) if count == 1 => Ok(Outcome::Each(vec![Written::Updated])),
                    Problem::NotFound(says) => Ok(Outcome::Split(status, says.clone())),
                    Problem::Taken(says) | Problem::Refused { says, .. } => {
                        Ok(Outcome::Whole(status, says.clone()))
                    }
                    _ => Err(error),
                }
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
    list("entities").or(list("errors"))?;
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
        let words = said(item).map(|words| discreet.message(&words));
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::there::services::script::{
        CLIENT_SECRET, Reply, Script, Seen, port_basics, port_reader, raw, writer,
    };

    const BULKS: &str = "POST /v1/blueprints/b/entities/bulk?upsert=true&merge=true";
    const DELETES: &str = "POST /v1/blueprints/b/bulk/entities/delete?delete_dependents=false";
    const SEARCH: &str = "POST /v1/blueprints/b/entities/search";

    async fn script(answers: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Script {
        Script::start(move |seen, before| {
            port_basics(seen).unwrap_or_else(|| answers(seen, before))
        })
        .await
    }

    fn named(names: &[&str]) -> Vec<Json> {
        let entity = |name: &&str| json!({"identifier": name, "properties": {"p": 1}});
        names.iter().map(entity).collect()
    }

    fn numbered(count: usize) -> Vec<Json> {
        let names: Vec<String> = (0..count).map(|at| format!("e{at}")).collect();
        named(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The identifiers in each request of a bulk write.
    fn sent(script: &Script) -> Vec<Vec<String>> {
        let names = |seen: &Seen| {
            let list = seen.body["entities"].as_array().unwrap().iter();
            list.map(|one| one["identifier"].as_str().unwrap().to_owned())
                .collect()
        };
        script.of(BULKS).iter().map(names).collect()
    }

    /// The answer that creates everything in a request.
    fn all_created(seen: &Seen) -> Reply {
        let entities = seen.body["entities"].as_array().unwrap().iter();
        let entities: Vec<Json> = entities
            .enumerate()
            .map(|(index, one)| json!({"created": true, "identifier": one["identifier"], "index": index}))
            .collect();
        Reply::Json(200, json!({"ok": true, "entities": entities, "errors": []}))
    }

    fn refused(status: u16, says: &str) -> Written {
        Written::Refused {
            status,
            says: says.into(),
        }
    }

    fn unknown(written: &Written) -> &str {
        match written {
            Written::Unknown(why) => why,
            other => panic!("{other:?} is known"),
        }
    }

    #[tokio::test]
    async fn each_entity_has_its_own_answer_wherever_it_stands() {
        let script = script(|_, _| {
            Reply::Json(
                207,
                json!({
                    "ok": false,
                    "errors": [
                        {"index": 4, "identifier": "e", "statusCode": "404", "error": "not_found", "message": "no `x`"},
                        {"index": 1.0, "identifier": "unknown", "error": "odd", "message": "why"},
                        {"index": 6, "identifier": "g", "statusCode": 429, "error": {"name": "slow", "message": "down"}},
                        {"index": 8, "identifier": "i", "statusCode": "soon"},
                        {"identifier": "h", "statusCode": 409, "error": "conflict"},
                        {"index": 99, "statusCode": 500, "error": "whose?"},
                    ],
                    "entities": [
                        {"index": 2, "identifier": "c", "created": false},
                        {"index": 0, "identifier": "a", "created": true},
                        {"index": 3, "identifier": "e", "created": true},
                        {"index": 5, "identifier": "f", "created": true},
                        {"index": 5, "identifier": "f", "created": false},
                    ],
                }),
            )
        })
        .await;
        let entities = named(&["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
        let written = writer(port_reader(&script))
            .write_entities("b", &entities)
            .await
            .unwrap();
        assert_eq!(script.of(BULKS).len(), 1);
        assert_eq!(script.of(BULKS)[0].body, json!({ "entities": entities }));
        assert_eq!(written[0], Written::Created);
        assert_eq!(written[1], refused(422, "odd: why"));
        assert_eq!(written[2], Written::Updated);
        assert!(unknown(&written[3]).contains("another identifier"));
        assert_eq!(written[4], refused(404, "not_found: no `x`"));
        assert!(unknown(&written[5]).contains("twice"));
        assert_eq!(written[6], refused(429, "slow: down"));
        assert!(unknown(&written[7]).contains("does not speak of it"));
        assert_eq!(written[8], refused(422, "no reason given"));
        assert_eq!(written.len(), 9);
    }

    #[tokio::test]
    async fn lost_and_odd_answers_leave_it_open_and_nothing_is_sent_again() {
        let odd: [fn() -> Reply; 11] = [
            || Reply::Cut,
            || Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"ok\"".into()),
            || raw("408 Late", "", ""),
            || raw("500 Oh", "", "{}"),
            || raw("502 Bad", "", "<html>bad gateway</html>"),
            || raw("503 No", "retry-after: 0\r\n", ""),
            || raw("504 Late", "", ""),
            || raw("200 OK", "", "<html>sign in</html>"),
            || raw("200 OK", "", "{\"ok\": true}"),
            || raw("200 OK", "", "{\"ok\": true, \"entities\": []}"),
            || raw("404 No", "", "<html>lost</html>"),
        ];
        for (case, odd) in odd.into_iter().enumerate() {
            let script = script(move |_, _| odd()).await;
            let entities = named(&["a", "b"]);
            let written = writer(port_reader(&script))
                .write_entities("b", &entities)
                .await;
            let written = written.unwrap();
            assert_eq!(written.len(), 2, "{case}");
            written
                .iter()
                .for_each(|one| assert!(!unknown(one).is_empty()));
            assert_eq!(script.of(BULKS).len(), 1, "{case}");
        }
    }

    #[tokio::test]
    async fn what_was_certainly_not_taken_is_an_error_or_is_sent_again() {
        for (status, says) in [
            (403, "not allowed"),
            (404, "not found"),
            (401, "not allowed"),
        ] {
            let script =
                script(move |_, _| Reply::Json(status, json!({"ok": false, "error": "no"}))).await;
            let failure = writer(port_reader(&script))
                .write_entities("b", &named(&["a", "b"]))
                .await
                .unwrap_err();
            assert_eq!(failure.took_effect, TookEffect::No);
            assert!(failure.to_string().contains(says), "{failure}");
        }
        let script = script(|seen, before| match before {
            0 => raw("429 Slow", "retry-after: 0\r\n", "<html>slow</html>"),
            1 => raw("401 Who", "", "<html>who</html>"),
            _ => all_created(seen),
        })
        .await;
        let writer = writer(port_reader(&script));
        let written = writer.write_entities("b", &named(&["a"])).await.unwrap();
        assert_eq!(written, [Written::Created]);
        assert_eq!(script.of("POST /v1/auth/access_token").len(), 2);
        assert_eq!(writer.write_entities("b", &[]).await.unwrap(), []);
        assert_eq!(script.of(BULKS).len(), 3);
    }

    #[tokio::test]
    async fn a_body_that_is_refused_is_split_until_the_reason_is_found() {
        for (status, body) in [
            ("413 Large", "<html>large</html>"),
            ("422 No", "{\"error\": \"no\"}"),
        ] {
            let script = script(move |seen, _| {
                let list = seen.body["entities"].as_array().unwrap();
                match list.iter().any(|one| one["identifier"] == "e5") {
                    true => raw(status, "", body),
                    false => all_created(seen),
                }
            })
            .await;
            let written = writer(port_reader(&script))
                .write_entities("b", &numbered(8))
                .await
                .unwrap();
            for (at, one) in written.iter().enumerate() {
                match one {
                    Written::Refused { status: code, says } if at == 5 => {
                        assert!(status.starts_with(&code.to_string()), "{code}");
                        assert!(says.contains("large") || says == "no", "{says}");
                    }
                    one => assert_eq!((at != 5, one), (true, &Written::Created)),
                }
            }
            let sizes: Vec<usize> = sent(&script).iter().map(Vec::len).collect();
            assert_eq!(sizes, [8, 4, 4, 2, 1, 1, 2]);
        }
    }

    #[tokio::test]
    async fn bodies_are_small_from_the_start() {
        let script = script(|seen, _| all_created(seen)).await;
        let large =
            |name: &str, bytes: usize| json!({"identifier": name, "title": "x".repeat(bytes)});
        let entities = [
            large("a", 600_000),
            large("b", 400_000),
            large("c", 100_000),
            large("d", BODY),
            large(
                "e",
                BODY - ENVELOPE - r#"{"identifier":"e","title":""}"#.len(),
            ),
        ];
        let written = writer(port_reader(&script))
            .write_entities("b", &entities)
            .await;
        let written = written.unwrap();
        assert_eq!(sent(&script), [vec!["a", "b"], vec!["c"], vec!["e"]]);
        for seen in script.of(BULKS) {
            let length: usize = seen.headers["content-length"].parse().unwrap();
            assert!(length <= 1 << 20, "{length}");
        }
        assert!(
            matches!(&written[3], Written::Refused { status: 413, .. }),
            "{:?}",
            written[3]
        );
        assert_eq!(
            written
                .iter()
                .filter(|one| **one == Written::Created)
                .count(),
            4
        );

        let many = numbered(45);
        let written = writer(port_reader(&script))
            .write_entities("b", &many)
            .await;
        assert_eq!(written.unwrap().len(), 45);
        let sizes: Vec<usize> = sent(&script).iter().map(Vec::len).collect();
        assert_eq!(sizes[3..], [20, 20, 5]);
    }

    #[tokio::test]
    async fn an_error_after_something_took_effect_leaves_the_rest_open() {
        let script = script(|seen, before| match before {
            0 => all_created(seen),
            _ => Reply::Json(403, json!({"ok": false, "error": "no"})),
        })
        .await;
        let written = writer(port_reader(&script))
            .write_entities("b", &numbered(60))
            .await
            .unwrap();
        assert_eq!(written.len(), 60);
        assert!(written[..20].iter().all(|one| *one == Written::Created));
        written[20..]
            .iter()
            .for_each(|one| assert!(unknown(one).contains("not allowed")));
        assert_eq!(script.of(BULKS).len(), 2);
    }

    #[tokio::test]
    async fn no_secret_is_in_what_became_of_an_entity() {
        let script = script(|_, _| {
            let says = format!("canary-port-token of {CLIENT_SECRET}");
            let error = json!({"index": 0, "identifier": "a", "statusCode": 422, "error": "no", "message": says});
            Reply::Json(207, json!({"ok": true, "entities": [], "errors": [error]}))
        })
        .await;
        let written = writer(port_reader(&script))
            .write_entities("b", &named(&["a"]))
            .await
            .unwrap();
        assert_eq!(written, [refused(422, "no: (secret) of (secret)")]);
    }

    #[tokio::test]
    async fn what_is_gone_needs_no_delete() {
        // One that is not there makes the service refuse all.
        let script = script(|seen, _| {
            let list = seen.body["entities"].as_array().unwrap();
            match list.contains(&"e3".into()) {
                true => Reply::Json(404, json!({"ok": false, "error": "not_found"})),
                false => Reply::Json(200, json!({"ok": true, "deletedEntities": list})),
            }
        })
        .await;
        let names: Vec<String> = (0..120).map(|at| format!("e{at}")).collect();
        let gone = writer(port_reader(&script))
            .delete_entities("b", &names)
            .await;
        assert_eq!(gone.unwrap(), vec![Written::Updated; 120]);
        let sizes: Vec<usize> = script
            .of(DELETES)
            .iter()
            .map(|seen| seen.body["entities"].as_array().unwrap().len())
            .collect();
        assert_eq!(sizes.first().zip(sizes.last()), Some((&100, &20)));
        assert!(sizes.contains(&1), "{sizes:?}");
    }

    #[tokio::test]
    async fn what_something_depends_on_is_refused_with_all_that_came_along() {
        for status in [409, 422] {
            let script = script(move |_, _| {
                let message = "Entity \"a\" has dependents";
                Reply::Json(
                    status,
                    json!({"ok": false, "error": "has_dependents", "message": message}),
                )
            })
            .await;
            let names = ["a".to_owned(), "b".to_owned()];
            let gone = writer(port_reader(&script))
                .delete_entities("b", &names)
                .await;
            let says = "has_dependents: Entity \"a\" has dependents";
            assert_eq!(gone.unwrap(), vec![refused(status, says); 2]);
            assert_eq!(script.of(DELETES).len(), 1);
        }
        // A page that a proxy answers says nothing about entities.
        let proxy = script(|_, _| raw("404 No", "", "<html>lost</html>")).await;
        let gone = writer(port_reader(&proxy))
            .delete_entities("b", &["a".to_owned()])
            .await;
        assert!(unknown(&gone.unwrap()[0]).contains("HTML"));
        let script = script(|_, _| Reply::Cut).await;
        let gone = writer(port_reader(&script))
            .delete_entities("b", &["a".to_owned()])
            .await;
        assert!(unknown(&gone.unwrap()[0]).contains("the connection broke"));
        assert_eq!(script.of(DELETES).len(), 5);
    }

    /// What `entities` makes of pages: the identifiers.
    async fn page(
        reader: &Reader,
        include: &[String],
        from: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), ServiceError> {
        let each = |entity: &Json, names: &mut Vec<String>| {
            names.extend(entity["identifier"].as_str().map(str::to_owned));
        };
        reader.entities("b", include, from, &each).await
    }

    #[tokio::test]
    async fn pages_are_asked_for_one_by_one() {
        let script = script(|seen, _| {
            let body = match seen.body["from"].as_str() {
                None => json!({"ok": true, "next": "c1", "entities": named(&["a", "b"])}),
                Some("c1") => json!({"entities": named(&["c"]), "ok": true, "next": null}),
                // Under another name, and with a cursor that leads back.
                Some(same) => json!({"ok": true, "items": named(&["d"]), "next": same}),
            };
            Reply::Json(200, body)
        })
        .await;
        let reader = port_reader(&script);
        let include = [
            "$title".to_owned(),
            "state".to_owned(),
            "$identifier".to_owned(),
        ];
        let first = page(&reader, &include, None).await.unwrap();
        assert_eq!(first, (vec!["a".into(), "b".into()], Some("c1".into())));
        let second = page(&reader, &[], Some("c1")).await.unwrap();
        assert_eq!(second, (vec!["c".into()], None));
        let error = page(&reader, &[], Some("c9")).await.unwrap_err();
        assert!(error.to_string().contains("again and again"), "{error}");
        let bodies: Vec<Json> = script
            .of(SEARCH)
            .into_iter()
            .map(|seen| seen.body)
            .collect();
        assert_eq!(
            bodies[..2],
            [
                json!({"limit": 1000, "include": ["$identifier", "$title", "state"]}),
                json!({"limit": 1000, "from": "c1"}),
            ]
        );
        assert_eq!(reader.requests().writes, 0);
    }

    #[tokio::test]
    async fn entities_are_found_by_their_names() {
        let script = script(|seen, _| {
            let asked = seen.body["query"]["rules"][0]["value"].as_array().unwrap();
            let there = |name: &str| asked.contains(&name.into());
            let (entities, next) = match (seen.body["from"].as_str(), there("e0")) {
                (None, true) => (named(&["e0", "stranger"]), json!("c1")),
                (Some(_), true) => (named(&["e7"]), Json::Null),
                _ => (named(&["e100"]), Json::Null),
            };
            Reply::Json(200, json!({"ok": true, "entities": entities, "next": next}))
        })
        .await;
        let reader = Arc::new(port_reader(&script));
        let names: Vec<String> = (0..101).map(|at| format!("e{at}")).collect();
        let include = ["state".to_owned()];
        // It can be done in a task of its own.
        let task = {
            let (reader, names) = (reader.clone(), names.clone());
            tokio::spawn(async move { reader.entities_named("b", &include, &names).await })
        };
        assert_eq!(task.await.unwrap().unwrap(), named(&["e0", "e7", "e100"]));
        assert_eq!(script.of(SEARCH).len(), 3);
        assert_eq!(
            script.of(SEARCH)[2].body,
            json!({
                "query": {"combinator": "and", "rules": [
                    {"property": "$identifier", "operator": "in", "value": ["e100"]},
                ]},
                "limit": 1000,
                "include": ["$identifier", "state"],
            })
        );
        assert_eq!(
            reader.entities_named("b", &[], &[]).await.unwrap(),
            [] as [Json; 0]
        );
        assert_eq!(script.of(SEARCH).len(), 3);
    }

    #[tokio::test]
    async fn entities_are_counted() {
        let script = script(|_, before| match before {
            0 => Reply::Json(200, json!({"ok": true, "count": 7})),
            _ => Reply::Json(200, json!({"ok": true})),
        })
        .await;
        let reader = port_reader(&script);
        assert_eq!(reader.entities_count("b").await.unwrap(), 7);
        reader.entities_count("b").await.unwrap_err();
    }
}

//! Trust: whether what lies in Port is what spaceport wrote. Others may edit entities there.
//!
//! Three things must agree: who wrote each part last, its digest in the head, and, where there is
//! a key, the seal over the head. Deliberately not here: what to do about it (see `commands`).

use std::collections::BTreeMap;

use crate::decide::ledger::head::{Head, Named};
use crate::decide::ledger::scope::{Scope, Slot};
use crate::decide::ledger::{FORMAT, Intent, Ledger, chunk};

/// An entity as it came back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its identifier.
    pub id: String,
    /// The serial under which it says it was written.
    pub generation: u64,
    /// What it holds.
    pub content: String,
    /// The seal, when it has one.
    pub seal: Option<String>,
    /// Who wrote it last.
    pub updated_by: String,
    /// When it was written last.
    pub updated_at: String,
    /// When it was made.
    pub created_at: String,
}

/// Why a ledger in Port is not believed, or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// Somebody else wrote a part.
    #[error(
        "the ledger's entity `{id}` was last written by `{by}` at {at}, not by spaceport (`{writer}`)"
    )]
    Stranger {
        /// The entity.
        id: String,
        /// Who.
        by: String,
        /// When.
        at: String,
        /// Who should have.
        writer: String,
    },
    /// A part is not what the head says.
    #[error(
        "the ledger's entity `{id}`, last written by `{by}` at {at}, does not hold what its head says"
    )]
    Altered {
        /// The entity.
        id: String,
        /// Who wrote it.
        by: String,
        /// When.
        at: String,
    },
    /// A part is not there.
    #[error("the ledger's entity `{0}` is gone")]
    Gone(String),
    /// There are chunks and no head.
    #[error("the ledger's head `{0}` is gone, and its chunks are there")]
    Headless(String),
    /// The seal is not ours.
    #[error("the ledger's head `{id}`, last written by `{by}` at {at}, {what}")]
    Seal {
        /// The entity.
        id: String,
        /// Who wrote it.
        by: String,
        /// When.
        at: String,
        /// What is wrong with the seal.
        what: &'static str,
    },
    /// Another version wrote it. No flag helps.
    #[error("the format of the ledger `{id}` is {format}, this version reads {FORMAT}")]
    Format {
        /// The head.
        id: String,
        /// Its format.
        format: u64,
    },
}

/// A ledger as it was found in Port.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Opened {
    /// The head; `None` when there is none yet.
    pub head: Option<Head>,
    /// The ledger; `None` when there is none yet.
    pub ledger: Option<Ledger>,
}

/// How much is believed.
#[derive(Clone, Copy)]
pub struct Belief<'a> {
    /// The seal of a text, when there is a key.
    pub seal: &'a dyn Fn(&str) -> Option<String>,
    /// `--trust-ledger`: what can be read is believed.
    pub all: bool,
}

/// Puts a ledger together from the entities of its scope.
pub fn open(scope: &Scope, seen: &[Seen], belief: Belief) -> Result<Opened, Distrust> {
    let by_id: BTreeMap<&str, &Seen> = seen.iter().map(|one| (one.id.as_str(), one)).collect();
    let Some(found) = by_id.get(scope.head()) else {
        let chunks = seen.iter().any(|one| scope.is_chunk(&one.id));
        return match chunks && !belief.all {
            true => Err(Distrust::Headless(scope.head().to_owned())),
            false => Ok(Opened::default()),
        };
    };
    let Some(head) = head(found, belief)? else {
        return Ok(Opened::default());
    };
    let mut ledger = head.ledger();
    let read = |named: &BTreeMap<u32, Named>, id: &dyn Fn(u32, Slot) -> String| {
        let mut texts = Vec::new();
        for (at, named) in named {
            let id = id(*at, named.slot);
            match by_id.get(id.as_str()) {
                Some(part) => texts.push((*part, verified(part, named, &head, belief)?)),
                None if belief.all => {}
                None => return Err(Distrust::Gone(id)),
            }
        }
        Ok(texts)
    };
    for (part, text) in read(&head.chunks, &|at, slot| scope.chunk(at, slot))? {
        match chunk::entries(text) {
            Ok(entries) => ledger.entries.extend(entries),
            Err(_) if belief.all => {}
            Err(_) => return Err(altered(part)),
        }
    }
    let pieces = read(&head.intents, &|at, slot| scope.intent(at, slot))?;
    if !pieces.is_empty() {
        let text: String = pieces.iter().map(|(_, text)| *text).collect();
        match serde_json::from_str::<Option<Intent>>(&text) {
            Ok(intent) => ledger.intent = intent,
            Err(_) if belief.all => {}
            Err(_) => return Err(altered(found)),
        }
    }
    Ok(Opened {
        head: Some(head),
        ledger: Some(ledger),
    })
}

/// The head, checked; `None` when it is no head and everything is believed.
fn head(found: &Seen, belief: Belief) -> Result<Option<Head>, Distrust> {
    let json: serde_json::Value = match serde_json::from_str(&found.content) {
        Ok(json) => json,
        Err(_) if belief.all => return Ok(None),
        Err(_) => return Err(altered(found)),
    };
    if let Some(format) = json["format"].as_u64()
        && format != u64::from(FORMAT)
    {
        let id = found.id.clone();
        return Err(Distrust::Format { id, format });
    }
    let head: Head = match serde_json::from_value(json) {
        Ok(head) => head,
        Err(_) if belief.all => return Ok(None),
        Err(_) => return Err(altered(found)),
    };
    if belief.all {
        return Ok(Some(head));
    }
    if found.updated_by != head.writer {
        return Err(stranger(found, &head));
    }
    if let Some(seal) = (belief.seal)(&found.content) {
        let what = match &found.seal {
            None => "has no seal, and `SPACEPORT_LEDGER_KEY` is set",
            Some(there) if *there != seal => {
                "is sealed with another key than `SPACEPORT_LEDGER_KEY`, or was changed"
            }
            Some(_) => return Ok(Some(head)),
        };
        return Err(Distrust::Seal {
            id: found.id.clone(),
            by: found.updated_by.clone(),
            at: found.updated_at.clone(),
            what,
        });
    }
    Ok(Some(head))
}

/// The text of a part that the head names.
fn verified<'a>(
    part: &'a Seen,
    named: &Named,
    head: &Head,
    belief: Belief,
) -> Result<&'a str, Distrust> {
    if belief.all {
        return Ok(&part.content);
    }
    if part.updated_by != head.writer {
        return Err(stranger(part, head));
    }
    if part.generation != named.generation || chunk::digest(&part.content) != named.digest {
        return Err(altered(part));
    }
    Ok(&part.content)
}

fn stranger(part: &Seen, head: &Head) -> Distrust {
    Distrust::Stranger {
        id: part.id.clone(),
        by: part.updated_by.clone(),
        at: part.updated_at.clone(),
        writer: head.writer.clone(),
    }
}

fn altered(part: &Seen) -> Distrust {
    Distrust::Altered {
        id: part.id.clone(),
        by: part.updated_by.clone(),
        at: part.updated_at.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::ledger::chunk::tests::many;
    use crate::decide::ledger::head::{Basis, Part, compose};
    use crate::words::Addr;
    use proptest::prelude::*;

    fn scope() -> Scope {
        Scope::new("p", Some("prod"))
    }

    /// Writes parts over what is there, as `who`.
    fn put(there: &mut Vec<Seen>, parts: &[Part], who: &str) {
        for part in parts {
            there.retain(|seen| seen.id != part.id);
            there.push(Seen {
                id: part.id.clone(),
                generation: part.generation,
                content: part.content.clone(),
                updated_by: who.into(),
                updated_at: "2026-11-20T12:00:00.000Z".into(),
                ..Seen::default()
            });
        }
    }

    fn basis<'a>(old: Option<&'a Head>, writer: &'a str) -> Basis<'a> {
        Basis {
            old,
            writer,
            organization: None,
            anew: false,
        }
    }

    const PLAIN: Belief = Belief {
        seal: &|_| None,
        all: false,
    };

    fn opened(there: &[Seen]) -> Result<Opened, Distrust> {
        open(&scope(), there, PLAIN)
    }

    fn ledger(count: usize) -> Ledger {
        let mut ledger = Ledger::new("p", Some("prod"), "00".into());
        ledger.entries = many(count, 1);
        ledger.serial = 1;
        ledger
    }

    #[test]
    fn one_change_of_1500_objects_writes_one_chunk_and_the_head() {
        let mut ledger = ledger(1_500);
        let mut there = Vec::new();
        let (parts, head) = compose(&scope(), &ledger, basis(None, "us"));
        put(&mut there, &parts, "us");
        assert_eq!(parts.len(), 5);
        assert_eq!(opened(&there).unwrap().ledger.as_ref(), Some(&ledger));

        ledger.serial += 1;
        ledger.entries.values_mut().next().unwrap().name = "other".into();
        let (parts, _) = compose(&scope(), &ledger, basis(Some(&head), "us"));
        let ids: Vec<&str> = parts.iter().map(|part| part.id.as_str()).collect();
        assert_eq!(ids.len(), 2, "{ids:?}");
        assert!(ids[0].ends_with("-b"), "{ids:?}");
        assert_eq!(ids[1], "p:prod");
        put(&mut there, &parts, "us");
        assert_eq!(opened(&there).unwrap().ledger, Some(ledger));
    }

    #[test]
    fn another_writer_writes_everything_anew() {
        let mut ledger = ledger(1_500);
        let (parts, head) = compose(&scope(), &ledger, basis(None, "us"));
        let mut there = Vec::new();
        put(&mut there, &parts, "us");
        ledger.serial += 1;
        let (parts, _) = compose(&scope(), &ledger, basis(Some(&head), "them"));
        assert_eq!(parts.len(), 5);
        put(&mut there, &parts, "them");
        assert_eq!(opened(&there).unwrap().ledger, Some(ledger));
    }

    #[test]
    fn a_long_intent_has_parts_of_its_own() {
        let mut ledger = ledger(1);
        let creates: Vec<Addr> = many(30_000, 1).into_keys().collect();
        ledger.intent = Some(Intent {
            creates: creates.into_iter().collect(),
            ..Intent::default()
        });
        let (parts, head) = compose(&scope(), &ledger, basis(None, "us"));
        assert!(head.intent.is_none() && head.intents.len() > 1);
        let mut there = Vec::new();
        put(&mut there, &parts, "us");
        assert_eq!(opened(&there).unwrap().ledger, Some(ledger));
    }

    #[test]
    fn what_others_did_is_named() {
        let (parts, _) = compose(&scope(), &ledger(3), basis(None, "us"));
        let mut clean = Vec::new();
        put(&mut clean, &parts, "us");

        let mut there = clean.clone();
        there[0].updated_by = "auth0|ann".into();
        let text = opened(&there).unwrap_err().to_string();
        assert_eq!(
            text,
            "the ledger's entity `p:prod=chunk-0-a` was last written by `auth0|ann` at \
             2026-11-20T12:00:00.000Z, not by spaceport (`us`)"
        );
        for at in 0..2 {
            let mut there = clean.clone();
            there[at].updated_by = "ann".into();
            assert!(matches!(opened(&there), Err(Distrust::Stranger { .. })));
            let mut there = clean.clone();
            there[at].content = "{}".into();
            assert!(matches!(opened(&there), Err(Distrust::Altered { .. })));
        }
        let mut there = clean.clone();
        there[0].generation += 1;
        assert!(matches!(opened(&there), Err(Distrust::Altered { .. })));
        assert!(matches!(opened(&clean[..1]), Err(Distrust::Headless(_))));
        assert!(matches!(opened(&clean[1..]), Err(Distrust::Gone(_))));
        assert_eq!(opened(&[]), Ok(Opened::default()));
    }

    #[test]
    fn with_a_key_the_seal_decides() {
        let (parts, _) = compose(&scope(), &ledger(3), basis(None, "us"));
        let mut there = Vec::new();
        put(&mut there, &parts, "us");
        let seal = |text: &str| Some(format!("sealed {}", text.len()));
        let belief = Belief {
            seal: &seal,
            all: false,
        };
        let refused =
            |there: &[Seen]| matches!(open(&scope(), there, belief), Err(Distrust::Seal { .. }));
        assert!(refused(&there));
        there[1].seal = Some("sealed 1".into());
        assert!(refused(&there));
        there[1].seal = seal(&there[1].content);
        assert!(open(&scope(), &there, belief).is_ok());
        assert!(
            opened(&there).is_ok(),
            "without the key the seal says nothing"
        );
    }

    proptest! {
        /// Stopped after any of its requests, a save leaves the old or the new ledger.
        #[test]
        fn a_torn_save_leaves_a_whole_ledger(
            before in 0..1_200_usize, after in 0..1_200_usize, torn in 0..8_usize, again in 0..8_usize,
        ) {
            let mut there = Vec::new();
            let old = ledger(before);
            let (parts, head) = compose(&scope(), &old, basis(None, "us"));
            put(&mut there, &parts, "us");

            let mut new = ledger(after);
            new.serial = 2;
            let (parts, _) = compose(&scope(), &new, basis(Some(&head), "us"));
            let (torn, again) = (torn.min(parts.len()), again.min(parts.len()));
            put(&mut there, &parts[..torn], "us");
            let found = opened(&there).unwrap();
            prop_assert_eq!(found.ledger.as_ref(), Some(if torn == parts.len() { &new } else { &old }));

            // The next run saves over what the torn one left, and is torn as well, and so on.
            let head = found.head.unwrap();
            new.serial = 3;
            let (parts, _) = compose(&scope(), &new, basis(Some(&head), "us"));
            put(&mut there, &parts[..again.min(parts.len() - 1)], "us");
            prop_assert_eq!(opened(&there).unwrap().head, Some(head));
            put(&mut there, &parts, "us");
            prop_assert_eq!(opened(&there).unwrap().ledger, Some(new));
        }
    }
}

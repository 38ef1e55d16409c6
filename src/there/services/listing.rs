//! Lists of Spacelift by the page, none of them without a session.
//!
//! An empty list proves nothing there (SA section 3): every document asks for `viewer { id }` too, and an answer without it
//! is asked for again with a new token, once. Deliberately not here: the documents (see `follow::ingest`).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value as Json, json};

use crate::there::services::error::{Problem, ServiceError};
use crate::there::services::http::Repeat;
use crate::there::services::items::{self, Each, Items, Page};
use crate::there::services::read::Reader;
use crate::there::services::spacelift::{self, Ask, Spacelift, Token, label, operation};

/// Where in an answer a list is: below `data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot<'a> {
    /// `data.NAME.edges[].node` and `data.NAME.pageInfo`, a search with `first: 50`.
    Search(&'a str),
    /// `data.NAME[]`.
    Plain(&'a str),
    /// Every member of `data` but `viewer` is an item; nulls are left out.
    Members,
}

/// How many items a page of a search has (SA section 4).
const FIRST: usize = 50;

impl Reader {
    /// Asks for one page of a list, and where the next one begins (`None`: that was the last one).
    ///
    /// The document is one named query that asks for `viewer { id }` too; that of a search has a variable
    /// `$page: SearchInput!`. Items are let go one by one into `each`, so that a list of tens of thousands is never held
    /// as a tree; `each` may be called for a page that comes to nothing, so it does no more than fill its list.
    pub async fn listing<T: Send>(
        &self,
        document: &str,
        spot: Spot<'_>,
        cursor: Option<&str>,
        each: Each<'_, T>,
    ) -> Result<(Vec<T>, Option<String>), ServiceError> {
        if !matches!(operation(document), ("query", Some(_))) {
            let text = "only a named query reads".to_owned();
            return Err(spacelift::error(&label(document), Problem::Setup(text)));
        }
        let spacelift = self.spacelift()?;
        let token = spacelift.token().await?;
        let page = page(spacelift, &token, document, spot, cursor, each).await;
        let ended = matches!(
            page.as_ref().map_err(ServiceError::problem),
            Err(Problem::Unseen | Problem::Forbidden(_))
        );
        if !ended || !spacelift.renews() {
            return page;
        }
        // The token may have ended since it was exchanged.
        let token = spacelift.another_token(token.number()).await?;
        self::page(spacelift, &token, document, spot, cursor, each).await
    }
}

async fn page<T>(
    spacelift: &Spacelift,
    token: &Token,
    document: &str,
    spot: Spot<'_>,
    cursor: Option<&str>,
    each: Each<'_, T>,
) -> Result<Page<T>, ServiceError> {
    let call = label(document);
    let variables = match (spot, cursor) {
        (Spot::Search(_), None) => json!({ "page": { "first": FIRST } }),
        (Spot::Search(_), Some(after)) => json!({ "page": { "first": FIRST, "after": after } }),
        _ => Json::Null,
    };
    let ask = Ask {
        document,
        variables: &variables,
        repeat: Repeat::Always,
        writes: false,
        hidden: &[],
    };
    let seed = |body: &[u8]| items::whole(body, Whole { spot, each });
    let unreadable = |what| spacelift::error(&call, Problem::Unreadable { status: 200, what });
    let found = match spacelift.read(token, ask, seed).await? {
        Ok(found) => found,
        Err(reply) if !reply.complaints.is_empty() => return Err(reply.into_error(&call)),
        Err(reply) => {
            let error = unreadable(match spot {
                Spot::Search(name) => format!("`{name}`, which is no list with pages"),
                Spot::Plain(name) => format!("`{name}`, which is no list"),
                Spot::Members => "something else than objects".to_owned(),
            });
            return Err(error.traced(reply.trace));
        }
    };
    // A session that sees nothing answers empty lists without an error (SA section 3).
    let Some(page) = found else {
        return Err(spacelift::error(&call, Problem::Unseen));
    };
    if page.1.is_some() && page.1.as_deref() == cursor {
        return Err(unreadable("the same page again and again".to_owned()));
    }
    Ok(page)
}

/// A whole answer without complaints; `None` without a session.
#[derive(Clone, Copy)]
struct Whole<'a, T> {
    spot: Spot<'a>,
    each: Each<'a, T>,
}

/// Its `data`.
struct Data<'a, T>(Whole<'a, T>);

/// A search: `edges` and `pageInfo`.
struct Search<'a, T>(Each<'a, T>);

impl<'de, T> DeserializeSeed<'de> for Whole<'_, T> {
    type Value = Option<Page<T>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de, T> Visitor<'de> for Whole<'_, T> {
    type Value = Option<Page<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer with `data`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut page = None;
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "data" => {
                    let whole = Whole { ..self };
                    page = Some(members.next_value_seed(Data(whole))?);
                }
                "errors" => match members.next_value::<Json>()? {
                    Json::Null => {}
                    Json::Array(none) if none.is_empty() => {}
                    // Data beside errors is never used.
                    _ => return Err(A::Error::custom("there are complaints")),
                },
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        page.ok_or_else(|| A::Error::custom("no data"))
    }
}

impl<'de, T> DeserializeSeed<'de> for Data<'_, T> {
    type Value = Option<Page<T>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de, T> Visitor<'de> for Data<'_, T> {
    type Value = Option<Page<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("data with `viewer` and a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Whole { spot, each } = self.0;
        let mut seen = false;
        let mut page = match spot {
            Spot::Members => Some((Vec::new(), None)),
            _ => None,
        };
        while let Some(name) = members.next_key::<String>()? {
            match spot {
                _ if name == "viewer" => seen = members.next_value::<Json>()?.is_object(),
                Spot::Search(list) if list == name => {
                    page = members.next_value_seed(Maybe(Search(each)))?;
                }
                Spot::Plain(list) if list == name => {
                    let items = members.next_value_seed(Maybe(Items(each)))?;
                    page = items.map(|items| (items, None));
                }
                Spot::Members => {
                    let item = members.next_value::<Json>()?;
                    if let Some((items, _)) = &mut page
                        && !item.is_null()
                    {
                        each(&item, items);
                    }
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        match page {
            _ if !seen => Ok(None),
            None => Err(A::Error::custom("the list is not there")),
            page => Ok(page),
        }
    }
}

impl<'de, T> DeserializeSeed<'de> for Search<'_, T> {
    type Value = Page<T>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Page<T>, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de, T> Visitor<'de> for Search<'_, T> {
    type Value = Page<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`edges` and `pageInfo`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Page<T>, A::Error> {
        let node = |edge: &Json, items: &mut Vec<T>| {
            if let Some(node) = edge.get("node").filter(|node| !node.is_null()) {
                (self.0)(node, items);
            }
        };
        let (mut items, mut info) = (None, Json::Null);
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "edges" => items = Some(members.next_value_seed(Items(&node))?),
                "pageInfo" => info = members.next_value()?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        let items = items.ok_or_else(|| A::Error::custom("no edges"))?;
        let next = match (info["hasNextPage"].as_bool(), info["endCursor"].as_str()) {
            (Some(false), _) => None,
            (Some(true), Some(cursor)) if !cursor.is_empty() => Some(cursor.to_owned()),
            _ => return Err(A::Error::custom("no page to go on with")),
        };
        Ok((items, next))
    }
}

/// What may be null.
struct Maybe<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Maybe<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Maybe<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("something or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(reader).map(Some)
    }
}

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
    /// Every member of `data` but `viewer` is an item; nulls are left out. The document has these variables.
    Members(&'a Json),
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
        (Spot::Members(variables), _) => variables.clone(),
        (Spot::Plain(_), _) => Json::Null,
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
                Spot::Members(_) => "something else than objects".to_owned(),
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
            Spot::Members(_) => Some((Vec::new(), None)),
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
                Spot::Members(_) => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::there::services::script::{
        Reply, Script, Seen, complaint, raw, spacelift_basics, spacelift_reader,
    };

    const PAGE: &str = "query IngestPage($page: SearchInput!) { viewer { id } list: searchStacks(input: $page) \
                        { edges { node { id } } pageInfo { endCursor hasNextPage } } }";
    const ALL: &str = "query IngestIds { viewer { id } list: stacks { id } }";
    const SOME: &str = "query IngestSome { viewer { id } i0: stack(id: \"a\") { id } i1: stack(id: \"b\") { id } }";

    async fn script(answers: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Script {
        Script::start(move |seen, before| {
            spacelift_basics(seen).unwrap_or_else(|| answers(seen, before))
        })
        .await
    }

    async fn list(
        reader: &Reader,
        document: &str,
        spot: Spot<'_>,
        cursor: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), ServiceError> {
        let each = |item: &Json, ids: &mut Vec<String>| {
            ids.push(item["id"].as_str().unwrap_or("?").to_owned());
        };
        reader.listing(document, spot, cursor, &each).await
    }

    fn texts(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn data(data: Json) -> Reply {
        Reply::Json(200, json!({ "data": data }))
    }

    fn edges(ids: &[&str], next: Option<&str>) -> Json {
        let edges: Vec<Json> = ids.iter().map(|id| json!({"node": {"id": id}})).collect();
        json!({"edges": edges, "pageInfo": {"endCursor": next, "hasNextPage": next.is_some()}})
    }

    #[tokio::test]
    async fn every_form_of_a_list_is_read() {
        let script = script(|seen, _| {
            let viewer = json!({"id": "key"});
            match (
                seen.call.as_str(),
                seen.body["variables"]["page"]["after"].as_str(),
            ) {
                ("IngestPage", None) => {
                    data(json!({"viewer": viewer, "list": edges(&["a", "b"], Some("c1"))}))
                }
                ("IngestPage", Some(_)) => {
                    data(json!({"list": edges(&["c"], None), "viewer": viewer}))
                }
                ("IngestIds", _) => Reply::Json(
                    200,
                    json!({
                        "errors": [], "extensions": {"cost": 1},
                        "data": {"list": [{"id": "a"}, {"id": "b"}], "viewer": viewer},
                    }),
                ),
                _ => data(json!({"i0": null, "viewer": viewer, "i1": {"id": "b"}})),
            }
        })
        .await;
        let reader = spacelift_reader(&script);
        let search = Spot::Search("list");
        let first = list(&reader, PAGE, search, None).await.unwrap();
        assert_eq!(first, (texts(&["a", "b"]), Some("c1".into())));
        let second = list(&reader, PAGE, search, Some("c1")).await.unwrap();
        assert_eq!(second, (texts(&["c"]), None));
        let all = list(&reader, ALL, Spot::Plain("list"), None).await.unwrap();
        assert_eq!(all, (texts(&["a", "b"]), None));
        let some = list(&reader, SOME, Spot::Members(&Json::Null), None)
            .await
            .unwrap();
        assert_eq!(some, (texts(&["b"]), None));
        let variables: Vec<Json> = script
            .of("IngestPage")
            .into_iter()
            .map(|seen| seen.body["variables"]["page"].clone())
            .collect();
        assert_eq!(
            variables,
            [json!({"first": 50}), json!({"first": 50, "after": "c1"})]
        );
        assert_eq!(script.of("IngestIds")[0].body.get("variables"), None);
        assert_eq!(reader.requests().writes, 0);
    }

    #[tokio::test]
    async fn without_a_session_the_same_page_is_asked_for_with_a_new_token_once() {
        let blind: [fn() -> Reply; 5] = [
            || data(json!({"viewer": null, "list": edges(&[], None)})),
            || data(json!({"list": edges(&["stale"], None)})),
            || data(json!({"viewer": null, "list": null})),
            || complaint("unauthorized", "list"),
            || raw("401 Who", "", "<html>who</html>"),
        ];
        for (case, blind) in blind.into_iter().enumerate() {
            let healed = script(move |_, before| match before {
                0 => blind(),
                _ => data(json!({"viewer": {"id": "key"}, "list": edges(&["d"], None)})),
            })
            .await;
            let reader = spacelift_reader(&healed);
            let page = list(&reader, PAGE, Spot::Search("list"), Some("c3"))
                .await
                .unwrap();
            assert_eq!(page, (texts(&["d"]), None), "{case}");
            assert_eq!(
                healed.calls(),
                ["Login", "IngestPage", "Login", "IngestPage"]
            );
            let pages = healed.of("IngestPage");
            assert_eq!(pages[0].body, pages[1].body, "{case}");

            let lasting = script(move |_, _| blind()).await;
            let reader = spacelift_reader(&lasting);
            let error = list(&reader, PAGE, Spot::Search("list"), None)
                .await
                .unwrap_err();
            let problem = error.problem();
            let told = matches!(problem, Problem::Unseen | Problem::Forbidden(_));
            assert!(told, "{case}: {error}");
            assert_eq!(
                lasting.calls(),
                ["Login", "IngestPage", "Login", "IngestPage"]
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_page_is_an_error() {
        let viewer = json!({"id": "key"});
        let unfinished = json!({"edges": [], "pageInfo": {"hasNextPage": true, "endCursor": ""}});
        let cases = [
            (
                json!({"viewer": viewer, "list": edges(&["a"], Some("c3"))}),
                "again and again",
            ),
            (json!({ "viewer": viewer }), "`list`"),
            (json!({"viewer": viewer, "list": null}), "`list`"),
            (json!({"viewer": viewer, "list": [{"id": "a"}]}), "`list`"),
            (json!({"viewer": viewer, "list": {"edges": []}}), "`list`"),
            (json!({"viewer": viewer, "list": unfinished}), "`list`"),
        ];
        for (answer, says) in cases {
            let script = script(move |_, _| data(answer.clone())).await;
            let reader = spacelift_reader(&script);
            let error = list(&reader, PAGE, Spot::Search("list"), Some("c3"))
                .await
                .unwrap_err();
            let text = error.to_string();
            assert!(
                text.starts_with("Spacelift query IngestPage: answered 200"),
                "{text}"
            );
            assert!(text.contains(says), "{text}");
            assert_eq!(script.of("IngestPage").len(), 1, "{text}");
        }
        let script = script(|_, before| match before {
            0 => complaint("database is on fire", "list"),
            1 => raw("200 OK", "", "<html>sign in</html>"),
            _ => Reply::Json(
                200,
                json!({
                    "data": {"viewer": {"id": "key"}, "list": edges(&["stale"], None)},
                    "errors": [{"message": "half of it is missing", "path": ["list"]}],
                }),
            ),
        })
        .await;
        let reader = spacelift_reader(&script);
        for says in ["on fire", "HTML instead of JSON", "half of it is missing"] {
            let error = list(&reader, PAGE, Spot::Search("list"), None)
                .await
                .unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[tokio::test]
    async fn passing_trouble_passes_and_only_queries_are_sent() {
        let script = script(|_, before| match before {
            0 => Reply::Cut,
            1 => raw("502 Bad", "", "<html>bad gateway</html>"),
            2 => raw("429 Slow", "retry-after: 0\r\n", "slow"),
            _ => data(json!({"viewer": {"id": "key"}, "list": []})),
        })
        .await;
        let reader = spacelift_reader(&script);
        let all = list(&reader, ALL, Spot::Plain("list"), None).await.unwrap();
        assert_eq!(all, (Vec::new(), None));
        let sent = script.calls().len();
        for document in [
            "mutation X { stackDelete(id: \"a\") { id } }",
            "{ stacks { id } }",
            "",
        ] {
            let error = list(&reader, document, Spot::Members(&Json::Null), None)
                .await
                .unwrap_err();
            assert!(
                error.to_string().contains("only a named query reads"),
                "{error}"
            );
        }
        assert_eq!(script.calls().len(), sent);
    }
}

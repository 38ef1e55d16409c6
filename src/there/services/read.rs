//! The reader: everything that spaceport asks, and nothing that it could change.
//!
//! Two round trips: both tokens at once, then every list at once (design law 8). Deliberately not
//! here: any way to send a write (law 2).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::task::JoinSet;

use crate::kinds::{Kind, List, Observed};
use crate::there::endpoints::Endpoints;
use crate::there::live::{Live, Organization, Space};
use crate::there::services::document::{Document, Page, SPACES};
use crate::there::services::error::{Problem, ServiceError};
use crate::there::services::found::{Found, Known, UNKNOWN, observe};
use crate::there::services::http::{Options, Repeat};
use crate::there::services::port::{Fetched, Port, object_in};
use crate::there::services::spacelift::{self, Ask, Reply, Spacelift, Token};
use crate::words::{Service, Value};

/// Clients of both services that cannot write.
#[derive(Debug)]
pub struct Reader {
    pub(super) port: Option<Arc<Port>>,
    spacelift: Option<Arc<Spacelift>>,
}

/// How many requests were sent, every try and every token counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All requests.
    pub requests: u64,
    /// Those of them that change something.
    pub writes: u64,
}

/// How errors name the reading document.
const READ: &str = "query Read";

/// A part of [`Live`] that came with one answer.
enum Part {
    Organization(Result<Json, ServiceError>),
    List(
        Vec<&'static dyn Kind>,
        &'static str,
        Result<Fetched, ServiceError>,
    ),
    Spacelift(Result<Survey, ServiceError>),
}

/// What Spacelift's reading document brought.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) viewer: String,
    pub(super) spaces: Vec<Space>,
    found: Vec<Found>,
    refused: BTreeMap<&'static str, String>,
    paged: BTreeSet<&'static str>,
}

impl Reader {
    /// Clients of the services whose endpoints are given. Sends nothing yet.
    pub fn new(endpoints: &Endpoints, options: &Options) -> Result<Reader, ServiceError> {
        let port = endpoints.port.as_ref().map(|e| Port::new(e, options));
        let spacelift = endpoints
            .spacelift
            .as_ref()
            .map(|e| Spacelift::new(e, options));
        Ok(Reader {
            port: port.transpose()?.map(Arc::new),
            spacelift: spacelift.transpose()?.map(Arc::new),
        })
    }

    /// Reads the organization, the viewer, the spaces and all objects of these kinds.
    ///
    /// Kinds of a service without an endpoint are left out. A list that is refused while the
    /// credentials are right is noted in [`Live::refused`]; `port.organization` and
    /// `spacelift.space` may be noted there too.
    pub async fn read(&self, kinds: &[&'static dyn Kind]) -> Result<Live, ServiceError> {
        self.read_beside(kinds, true, UNKNOWN).await
    }

    /// Reads the organization.
    pub async fn organization(&self) -> Result<Organization, ServiceError> {
        organization(&self.port()?.get("/v1/organization").await?)
    }

    /// The same; the organization is left out where a ledger in Port knows it already.
    ///
    /// `known` gives what an object is likely like, by kind and name: what Port's objects have in
    /// common with that is held once, so that a project that is applied is not held twice.
    pub async fn read_beside(
        &self,
        kinds: &[&'static dyn Kind],
        with_organization: bool,
        known: Known<'_>,
    ) -> Result<Live, ServiceError> {
        self.log_in().await?;
        let mut parts = JoinSet::new();
        if let Some(port) = &self.port {
            if with_organization {
                let asked = port.clone();
                parts.spawn(async move { Part::Organization(asked.get("/v1/organization").await) });
            }
            for (path, (envelope, kinds)) in port_lists(kinds) {
                let asked = port.clone();
                parts.spawn(async move { Part::List(kinds, envelope, asked.fetch(path).await) });
            }
        }
        if let Some(spacelift) = &self.spacelift {
            let (asked, document) = (spacelift.clone(), Document::new(kinds));
            parts.spawn(async move { Part::Spacelift(survey(&asked, document).await) });
        }
        let mut live = Live::default();
        live.account = self.spacelift.as_ref().map(|s| s.account.clone());
        // All answers are waited for, and the first error in a fixed order wins: the same troubles
        // give the same message.
        let mut errors: Vec<ServiceError> = Vec::new();
        while let Some(part) = parts.join_next().await {
            match part {
                Ok(part) => errors.extend(part.into_live(&mut live, known).err()),
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            }
        }
        errors.sort_by_key(|e| (e.service(), e.call().to_owned()));
        errors.into_iter().next().map_or(Ok(live), Err)
    }

    /// Reads the objects of one kind.
    pub async fn list(&self, kind: &'static dyn Kind) -> Result<Vec<Observed>, ServiceError> {
        let found = match kind.list() {
            List::Port { path, envelope } => {
                let each =
                    |item: &Value, found: &mut Vec<Found>| observe(&[kind], item, UNKNOWN, found);
                self.port()?.list(path, envelope, &each).await?
            }
            // Which there are, only who asks knows (see `further`).
            List::PortEach { .. } => Vec::new(),
            List::Spacelift { .. } => {
                let survey = survey(self.spacelift()?, Document::only(&[kind])).await?;
                if let Some(says) = survey.refused.into_values().next() {
                    return Err(spacelift::error("query Read", Problem::Forbidden(says)));
                }
                survey.found
            }
        };
        Ok(found.into_iter().map(|(_, seen)| seen).collect())
    }

    /// Reads any route of Port, for what is not a kind (the ledger, counts of entities).
    pub async fn port_get(&self, path: &str) -> Result<Json, ServiceError> {
        self.port()?.get(path).await
    }

    /// Searches in Port: a POST to a route that ends in `/search`; others are refused.
    pub async fn port_search(&self, path: &str, body: &Json) -> Result<Json, ServiceError> {
        self.port()?.search(path, body).await
    }

    /// Gets both tokens at once, unless they are there.
    pub async fn log_in(&self) -> Result<(), ServiceError> {
        let port = async {
            match &self.port {
                Some(port) => port.log_in().await,
                None => Ok(()),
            }
        };
        let spacelift = async {
            match &self.spacelift {
                Some(spacelift) => spacelift.log_in().await,
                None => Ok(()),
            }
        };
        let (port, spacelift) = tokio::join!(port, spacelift);
        port.and(spacelift)
    }

    /// Port's clock at its last answer, in milliseconds.
    pub fn server_time(&self) -> Option<i64> {
        self.port.as_ref()?.http.dated()
    }

    /// How many requests were sent until now.
    pub fn requests(&self) -> Counts {
        let port = self.port.as_ref().map(|p| p.http.counts());
        let spacelift = self.spacelift.as_ref().map(|s| s.http.counts());
        let mut counts = Counts::default();
        for (requests, writes) in [port, spacelift].into_iter().flatten() {
            counts.requests += requests;
            counts.writes += writes;
        }
        counts
    }

    pub(super) fn port(&self) -> Result<&Port, ServiceError> {
        let absent = || ServiceError::new(Service::Port, "client", Problem::Absent);
        self.port.as_deref().ok_or_else(absent)
    }

    pub(super) fn spacelift(&self) -> Result<&Spacelift, ServiceError> {
        let absent = || ServiceError::new(Service::Spacelift, "client", Problem::Absent);
        self.spacelift.as_deref().ok_or_else(absent)
    }
}

/// Port's lists by path, with the kinds that are read from each.
fn port_lists(
    kinds: &[&'static dyn Kind],
) -> BTreeMap<&'static str, (&'static str, Vec<&'static dyn Kind>)> {
    let mut lists = BTreeMap::new();
    for kind in kinds {
        if let List::Port { path, envelope } = kind.list() {
            let (_, sharing) = lists.entry(path).or_insert((envelope, Vec::new()));
            sharing.push(*kind);
        }
    }
    lists
}

impl Part {
    /// Puts the part into `live`; comes back with an error that is more than a refused list.
    fn into_live(self, live: &mut Live, known: Known<'_>) -> Result<(), ServiceError> {
        match self {
            Part::Organization(answer) => match answer {
                Ok(answer) => live.organization = Some(organization(&answer)?),
                Err(error) => {
                    live.refused.insert("port.organization", refusal(error)?);
                }
            },
            // Read here and not by the task that fetched it: one after the other, so that each
            // takes the room that the one before it gave back.
            Part::List(kinds, envelope, fetched) => {
                let each = |item: &Value, found: &mut Vec<Found>| {
                    observe(&kinds, item, known, found);
                };
                match fetched.and_then(|fetched| fetched.page(envelope, &each)) {
                    Ok((found, _)) => {
                        for (kind, seen) in found {
                            live.insert(kind, seen);
                        }
                    }
                    Err(error) => {
                        let says = refusal(error)?;
                        let names = kinds.iter().map(|kind| (kind.name(), says.clone()));
                        live.refused.extend(names);
                    }
                }
            }
            Part::Spacelift(survey) => {
                let survey = survey?;
                live.viewer = Some(survey.viewer);
                live.spaces = survey.spaces;
                live.refused.extend(survey.refused);
                live.paged.extend(survey.paged);
                for (kind, seen) in survey.found {
                    live.insert(kind, seen);
                }
            }
        }
        Ok(())
    }
}

/// What a refused list says; another error stays one.
pub(super) fn refusal(error: ServiceError) -> Result<String, ServiceError> {
    match error.problem() {
        Problem::Forbidden(_) | Problem::NotFound(_) => Ok(error.to_string()),
        _ => Err(error),
    }
}

fn organization(answer: &Json) -> Result<Organization, ServiceError> {
    let found = object_in(answer, "/organization").and_then(|found| {
        let name = found.get("name").and_then(Json::as_str);
        Some(Organization {
            // Without an id, the name is the best that tells organizations apart.
            id: found.get("id").and_then(Json::as_str).or(name)?.to_owned(),
            name: name?.to_owned(),
        })
    });
    found.ok_or_else(|| {
        let what = "no organization with a `name`".to_owned();
        let problem = Problem::Unreadable { status: 200, what };
        ServiceError::new(Service::Port, "GET /v1/organization", problem)
    })
}

/// Reads everything of Spacelift: one document, and further pages of what has pages.
pub(super) async fn survey(
    spacelift: &Spacelift,
    document: Document,
) -> Result<Survey, ServiceError> {
    let mut token = spacelift.token().await?;
    let mut survey = attempt(spacelift, &token, document.clone()).await;
    let ended = matches!(
        survey.as_ref().map_err(ServiceError::problem),
        Err(Problem::Unseen | Problem::Forbidden(_))
    );
    if ended && spacelift.renews() {
        // The token may have ended since it was exchanged.
        token = spacelift.another_token(token.number()).await?;
        survey = attempt(spacelift, &token, document).await;
    }
    survey
}

async fn attempt(
    spacelift: &Spacelift,
    token: &Token,
    mut document: Document,
) -> Result<Survey, ServiceError> {
    let mut survey = Survey::default();
    let mut answer = loop {
        let text = document.text();
        let reply = ask(spacelift, token, &text, document.variables(None)).await?;
        if reply.complaints.is_empty() {
            break reply;
        }
        // Data beside errors is never used: what is refused is left out and all else asked again.
        let refused: BTreeSet<String> = reply
            .complaints
            .iter()
            .filter(|complaint| complaint.is_refusal())
            .filter_map(|complaint| complaint.field.clone())
            .collect();
        let all = reply.complaints.iter().all(|complaint| {
            complaint
                .field
                .as_ref()
                .is_some_and(|f| refused.contains(f))
        });
        let left_out: Vec<_> = refused
            .iter()
            .filter_map(|field| document.leave_out(field))
            .collect();
        if !all || left_out.is_empty() {
            return Err(reply.into_error(READ));
        }
        let says = reply.into_error(READ).to_string();
        for (name, field) in left_out {
            if name == SPACES {
                survey.refused.insert("spacelift.space", says.clone());
            }
            let names = field.kinds.iter().map(|kind| (kind.name(), says.clone()));
            survey.refused.extend(names);
        }
    };
    survey.viewer = viewer(&answer)?;
    for (name, field) in document.fields() {
        let unreadable = |what| spacelift::error(READ, Problem::Unreadable { status: 200, what });
        let Page {
            mut items,
            mut next,
        } = field.page(name, &mut answer.json).map_err(unreadable)?;
        let Some(text) = document.page_text(name) else {
            return Err(unreadable(format!("`{name}`, which was not asked for")));
        };
        let mut cursors = BTreeSet::new();
        if next.is_some() {
            let kinds = field.kinds.iter().map(|kind| kind.name());
            survey.paged.extend(kinds);
        }
        while let Some(cursor) = next {
            if !cursors.insert(cursor.clone()) {
                return Err(unreadable(format!(
                    "the same page of `{name}` again and again"
                )));
            }
            let reply = ask(spacelift, token, &text, document.variables(Some(&cursor))).await?;
            if !reply.complaints.is_empty() {
                return Err(reply.into_error("query Page"));
            }
            viewer(&reply)?;
            let mut further = reply.json;
            let page = field.page(name, &mut further).map_err(unreadable)?;
            items.extend(page.items);
            next = page.next;
        }
        if name == SPACES {
            survey.spaces = spaces(&items);
        }
        // Every item is let go once it was looked at, so that a long list is not held twice.
        for item in items {
            observe(&field.kinds, &item.into(), UNKNOWN, &mut survey.found);
        }
    }
    Ok(survey)
}

async fn ask(
    spacelift: &Spacelift,
    token: &Token,
    text: &str,
    variables: Json,
) -> Result<Reply, ServiceError> {
    let ask = Ask {
        document: text,
        variables: &variables,
        repeat: Repeat::Always,
        writes: false,
        hidden: &[],
        credentials: false,
    };
    spacelift.ask(token, ask).await
}

/// Who we are; a session that sees nothing answers empty lists without an error (SA section 3).
fn viewer(reply: &Reply) -> Result<String, ServiceError> {
    let viewer = &reply.json["data"]["viewer"];
    let name = viewer["name"].as_str().or(viewer["id"].as_str());
    name.map(str::to_owned)
        .ok_or_else(|| spacelift::error(READ, Problem::Unseen).traced(reply.trace.clone()))
}

fn spaces(items: &[Json]) -> Vec<Space> {
    let mut spaces: Vec<Space> = items
        .iter()
        .filter_map(|item| {
            Some(Space {
                id: item["id"].as_str()?.to_owned(),
                name: item["name"].as_str()?.to_owned(),
                parent: item["parentSpace"].as_str().map(str::to_owned),
                inherits: item["inheritEntities"].as_bool().unwrap_or(false),
            })
        })
        .collect();
    spaces.sort_by(|a, b| a.id.cmp(&b.id));
    spaces
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::sync::Barrier;

    use super::*;
    use crate::kinds;
    use crate::there::services::script::{
        Badge, Reply as Say, Script, complaint, port_basics, port_reader, reader, spacelift_basics,
        spacelift_reader,
    };

    fn kind(name: &str) -> &'static dyn Kind {
        kinds::find(name).unwrap()
    }

    fn secrets(envelope: &str) -> Json {
        json!({"ok": true, envelope: [
            {"secretName": "B", "description": "b"},
            {"secretName": "A", "description": "a"},
            {"secretName": "__SYSTEM", "description": ""},
        ]})
    }

    fn badges(names: &[&str], next: Option<&str>) -> Json {
        let edges: Vec<Json> = names
            .iter()
            .map(|name| json!({"node": {"id": format!("{name}-id"), "name": name}}))
            .collect();
        json!({"edges": edges, "pageInfo": {"endCursor": next, "hasNextPage": next.is_some()}})
    }

    fn survey_of(badges: Json) -> Json {
        json!({"data": {
            "viewer": {"id": "key", "name": "robot"},
            "spaces": [{"id": "root", "name": "root"}, {"id": "a-1", "name": "A"}],
            "policies": [],
            "searchBadges": badges,
        }})
    }

    #[tokio::test]
    async fn everything_is_read_in_two_round_trips_and_further_pages() {
        // Each barrier opens when all requests of its round trip are there, so that a reader that
        // waits for one answer before it sends the next request runs into its time-out.
        let (first, second) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(3)));
        let (tokens, lists) = (first.clone(), second.clone());
        let port = Script::start(move |seen, _| match seen.call.as_str() {
            "POST /v1/auth/access_token" => {
                Say::Together(tokens.clone(), json!({"ok": true, "accessToken": "t"}))
            }
            "GET /v1/organization" => Say::Together(
                lists.clone(),
                json!({"ok": true, "organization": {"id": "org_1", "name": "Acme"}}),
            ),
            _ => Say::Together(lists.clone(), secrets("secrets")),
        })
        .await;
        let spacelift = Script::start(move |seen, _| match seen.call.as_str() {
            "Login" => Say::Together(
                first.clone(),
                json!({"data": {"apiKeyUser": {"jwt": "j", "validUntil": 0}}}),
            ),
            "Read" => Say::Together(second.clone(), survey_of(badges(&["one"], Some("c1")))),
            _ => Say::Json(
                200,
                json!({"data": {"viewer": {"id": "key"}, "searchBadges": badges(&["two"], None)}}),
            ),
        })
        .await;

        let reader = reader(Some(&port), Some(&spacelift));
        let kinds = [kind("port.secret"), kind("spacelift.policy"), &Badge];
        let live = reader.read(&kinds).await.unwrap();

        assert_eq!(live.organization.as_ref().unwrap().id, "org_1");
        assert_eq!(live.viewer.as_deref(), Some("robot"));
        assert_eq!(live.account.as_deref(), Some("acme"));
        assert_eq!(live.spaces[0].id, "a-1");
        let found: Vec<String> = live.iter().map(|(k, o)| format!("{k} {}", o.id)).collect();
        assert_eq!(
            found,
            [
                "port.secret A",
                "port.secret B",
                "spacelift.badge one-id",
                "spacelift.badge two-id",
            ]
        );
        assert_eq!(live.refused, BTreeMap::new());
        assert_eq!(spacelift.calls(), ["Login", "Read", "Page"]);
        assert_eq!(
            spacelift.of("Page")[0].body["variables"],
            json!({"page": {"first": 50, "after": "c1"}})
        );
        let counts = Counts {
            requests: 6,
            writes: 0,
        };
        assert_eq!(reader.requests(), counts);

        reader.log_in().await.unwrap();
        assert_eq!(reader.requests(), counts, "tokens are kept");
    }

    #[tokio::test]
    async fn a_list_under_an_unexpected_name_is_found() {
        let port = Script::start(|seen, _| {
            port_basics(seen).unwrap_or(Say::Json(200, secrets("organizationSecrets")))
        })
        .await;
        let reader = port_reader(&port);
        assert_eq!(reader.list(kind("port.secret")).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_refused_list_is_noted_and_the_rest_is_read() {
        for status in [401, 403, 404] {
            let port = Script::start(move |seen, _| match seen.call.as_str() {
                "GET /v1/organization/secrets" => Say::Json(
                    status,
                    json!({"ok": false, "error": "no_way", "message": "Nope"}),
                ),
                _ => port_basics(seen).unwrap(),
            })
            .await;
            let live = port_reader(&port)
                .read(&[kind("port.secret")])
                .await
                .unwrap();
            assert_eq!(live.organization.unwrap().name, "Acme");
            let says = &live.refused["port.secret"];
            assert!(says.contains("GET /v1/organization/secrets"), "{says}");
            assert!(says.contains("no_way: Nope"), "{says}");
        }
    }

    #[tokio::test]
    async fn an_ended_token_is_replaced_once_for_all_that_met_it() {
        let both = Arc::new(Barrier::new(2));
        let port = Script::start(move |seen, before| {
            let old = seen
                .headers
                .get("authorization")
                .is_some_and(|a| a == "Bearer t0");
            match seen.call.as_str() {
                "POST /v1/auth/access_token" => Say::Json(
                    200,
                    json!({"ok": true, "accessToken": format!("t{before}")}),
                ),
                _ if old => Say::Json(401, json!({"ok": false, "error": "expired"})),
                "GET /v1/organization" => Say::Together(
                    both.clone(),
                    json!({"ok": true, "organization": {"id": "o", "name": "n"}}),
                ),
                _ => Say::Together(both.clone(), secrets("secrets")),
            }
        })
        .await;
        let live = port_reader(&port)
            .read(&[kind("port.secret")])
            .await
            .unwrap();
        assert_eq!(live.len(), 2);
        assert_eq!(port.of("POST /v1/auth/access_token").len(), 2);
    }

    #[tokio::test]
    async fn a_session_that_sees_nothing_stops_the_read() {
        let blind = json!({"data": {"viewer": null, "spaces": [], "policies": []}});
        let spacelift = Script::start(move |seen, _| {
            spacelift_basics(seen).unwrap_or(Say::Json(200, blind.clone()))
        })
        .await;
        let reader = spacelift_reader(&spacelift);
        let error = reader.read(&[kind("spacelift.policy")]).await.unwrap_err();
        assert_eq!(error.problem(), &Problem::Unseen);
        assert!(error.to_string().contains("this key cannot see"), "{error}");
        assert_eq!(spacelift.calls(), ["Login", "Read", "Login", "Read"]);
    }

    #[tokio::test]
    async fn a_refused_field_is_left_out_and_no_data_beside_errors_is_used() {
        let spacelift = Script::start(|seen, before| match (seen.call.as_str(), before) {
            ("Read", 0) => Say::Json(
                200,
                json!({
                    "errors": [{"message": "unauthorized", "path": ["policies"]}],
                    "data": survey_of(badges(&["stale"], None))["data"],
                }),
            ),
            ("Read", _) => Say::Json(200, survey_of(badges(&["fresh"], None))),
            _ => spacelift_basics(seen).unwrap(),
        })
        .await;
        let reader = spacelift_reader(&spacelift);
        let kinds = [kind("spacelift.policy"), &Badge];
        let live = reader.read(&kinds).await.unwrap();
        assert!(live.refused["spacelift.policy"].contains("unauthorized"));
        assert!(live.by_id("spacelift.badge", "fresh-id").is_some());
        assert_eq!(live.len(), 1);
        let second = spacelift.of("Read")[1].body["query"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(!second.contains("policies"), "{second}");
        assert!(second.contains("searchBadges"), "{second}");
    }

    #[tokio::test]
    async fn another_complaint_fails_the_read_with_its_text() {
        let spacelift = Script::start(|seen, _| {
            spacelift_basics(seen).unwrap_or_else(|| complaint("database is on fire", "policies"))
        })
        .await;
        let reader = spacelift_reader(&spacelift);
        let error = reader.read(&[kind("spacelift.policy")]).await.unwrap_err();
        assert!(error.to_string().contains("database is on fire"), "{error}");
    }

    #[tokio::test]
    async fn pages_that_go_round_in_a_circle_end() {
        let spacelift = Script::start(|seen, _| {
            spacelift_basics(seen)
                .unwrap_or_else(|| Say::Json(200, survey_of(badges(&["one"], Some("c1")))))
        })
        .await;
        let error = spacelift_reader(&spacelift)
            .read(&[&Badge])
            .await
            .unwrap_err();
        assert!(error.to_string().contains("again and again"), "{error}");
    }

    #[tokio::test]
    async fn an_unknown_key_is_a_matter_of_credentials() {
        let spacelift =
            Script::start(|_, _| Say::Json(200, json!({"data": {"apiKeyUser": null}}))).await;
        let error = spacelift_reader(&spacelift).read(&[]).await.unwrap_err();
        assert!(
            matches!(error.problem(), Problem::Credentials { .. }),
            "{error}"
        );
        assert!(error.help().unwrap().contains("SPACELIFT_API_KEY_ID"));
    }
}

//! Runs of self-service actions, as far as they may be shown (PA section 7).
//!
//! What a backend answered may hold a token, and what a run was started with may be a password:
//! neither is kept, the answer is only looked at for refusals. Deliberately not here: requests (see
//! `services`).

use serde_json::Value as Json;

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Somebody has to approve it first.
    WaitingForApproval,
    /// It is under way.
    InProgress,
    /// It ended well, as far as Port knows.
    Success,
    /// It failed.
    Failure,
    /// Somebody who may approve it did not.
    Declined,
    /// A word that no page names.
    Other(String),
}

impl Status {
    /// The status of Port's word for it.
    pub fn of(word: &str) -> Status {
        match word {
            "WAITING_FOR_APPROVAL" => Status::WaitingForApproval,
            "IN_PROGRESS" => Status::InProgress,
            "SUCCESS" => Status::Success,
            "FAILURE" => Status::Failure,
            "DECLINED" => Status::Declined,
            other => Status::Other(other.to_owned()),
        }
    }

    /// Port's word.
    pub fn word(&self) -> &str {
        match self {
            Status::WaitingForApproval => "WAITING_FOR_APPROVAL",
            Status::InProgress => "IN_PROGRESS",
            Status::Success => "SUCCESS",
            Status::Failure => "FAILURE",
            Status::Declined => "DECLINED",
            Status::Other(word) => word,
        }
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its id, `r_k86OUzq80jRlxFV0`.
    pub id: String,
    /// The identifier of its action.
    pub action: String,
    /// Where it stands.
    pub status: Status,
    /// What its backend calls that.
    pub label: Option<String>,
    /// What its backend wants to be looked at.
    pub links: Vec<String>,
    /// What its backend says at its end.
    pub summary: Option<String>,
    /// Whether it is over.
    pub ended: bool,
    /// What a GraphQL backend said in an answer that Port takes for a success. Port looks at the
    /// HTTP status alone, which is 200 whatever happened (SA sections 3 and 13).
    pub refusals: Vec<String>,
}

/// A line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Its id.
    pub id: String,
    /// What it says.
    pub message: String,
    /// When it was written, RFC 3339.
    pub at: String,
}

impl Run {
    /// Reads a run in either of its published shapes; `None` when it is none.
    pub fn read(run: &Json) -> Option<Run> {
        let text = |key: &str| run.get(key).and_then(Json::as_str);
        let said = |key: &str| text(key).filter(|text| !text.is_empty()).map(str::to_owned);
        let action = run.get("action")?;
        let action = action.as_str().or_else(|| action["identifier"].as_str());
        let status = Status::of(text("status")?);
        let over = matches!(status, Status::Success | Status::Failure | Status::Declined);
        let links = match run.get("link") {
            Some(Json::String(link)) if !link.is_empty() => vec![link.clone()],
            Some(Json::Array(links)) => texts(links),
            _ => Vec::new(),
        };
        let url = run.pointer("/payload/url").and_then(Json::as_str);
        Some(Run {
            id: text("id")?.to_owned(),
            action: action.unwrap_or_default().to_owned(),
            ended: over || said("endedAt").is_some(),
            status,
            label: said("statusLabel"),
            links,
            summary: said("summary"),
            refusals: refusals(&run["response"], url.unwrap_or_default()),
        })
    }

    /// Whether it did what it was started for, as far as its backend's answer tells.
    pub fn did_well(&self) -> bool {
        self.status == Status::Success && self.refusals.is_empty()
    }
}

impl Log {
    /// Reads a line; `None` when it is none.
    pub fn read(log: &Json) -> Option<Log> {
        let text = |key: &str| log.get(key).and_then(Json::as_str).map(str::to_owned);
        Some(Log {
            id: text("id")?,
            message: text("message")?,
            at: text("createdAt").unwrap_or_default(),
        })
    }
}

fn texts(list: &[Json]) -> Vec<String> {
    let texts = list.iter().filter_map(Json::as_str);
    texts.map(str::to_owned).collect()
}

/// What a GraphQL answer says went wrong. Spacelift answers a key that it does not know with null
/// and no error (SA section 2); other services may well mean something else by a null.
fn refusals(response: &Json, url: &str) -> Vec<String> {
    // Port keeps an answer that it did not read as a text.
    let read = response
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    let response = read.as_ref().unwrap_or(response);
    let errors = response.get("errors").and_then(Json::as_array);
    if let Some(errors) = errors.filter(|errors| !errors.is_empty()) {
        let message = |error: &Json| match error.get("message").and_then(Json::as_str) {
            Some(message) => message.to_owned(),
            None => "an error without a message".to_owned(),
        };
        return errors.iter().map(message).collect();
    }
    let data = response.get("data").and_then(Json::as_object);
    match data {
        Some(data) if is_spacelift(url) && data.values().all(Json::is_null) => data
            .keys()
            .map(|field| format!("`{field}` came back empty: nothing was done"))
            .collect(),
        _ => Vec::new(),
    }
}

fn is_spacelift(url: &str) -> bool {
    let host = url::Url::parse(url).ok();
    let host = host.as_ref().and_then(url::Url::host_str);
    host.is_some_and(|host| host.ends_with(".app.spacelift.io"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SPACELIFT: &str = "https://acme.app.spacelift.io/graphql";

    #[test]
    fn both_shapes_of_a_run_are_read() {
        let old = json!({"id": "r_1", "status": "SUCCESS", "action": "go", "link": "https://a"});
        let new = json!({
            "id": "r_1", "status": "SUCCESS", "link": ["https://a"], "statusLabel": null,
            "action": {"identifier": "go", "title": "Go", "deleted": false},
        });
        let run = Run::read(&old).unwrap();
        assert_eq!(Some(&run), Run::read(&new).as_ref());
        assert_eq!((run.action.as_str(), run.ended), ("go", true));
        assert!(run.did_well());
        assert_eq!(Run::read(&json!({"id": "r_1"})), None);
        assert_eq!(Run::read(&json!("no run")), None);
    }

    #[test]
    fn a_run_with_an_unknown_word_is_over_when_it_has_an_end() {
        let read = |run: Json| Run::read(&run).unwrap();
        let odd = read(json!({"id": "r_1", "status": "CANCELLED", "action": "go"}));
        assert_eq!((odd.status.word(), odd.ended), ("CANCELLED", false));
        let over = json!({"id": "r_1", "status": "CANCELLED", "action": "go", "endedAt": "x"});
        assert!(read(over.clone()).ended && !read(over).did_well());
    }

    #[test]
    fn what_graphql_refuses_is_seen_and_the_answer_is_not_kept() {
        let refused = json!({"data": null, "errors": [{"message": "unauthorized"}, {}]});
        let says = ["unauthorized", "an error without a message"];
        assert_eq!(refusals(&refused, ""), says);
        assert_eq!(refusals(&refused.to_string().into(), ""), says);
        for well in [
            json!(null),
            json!("hello"),
            json!({"errors": []}),
            json!({"data": {"apiKeyUser": {"jwt": "canary"}}}),
            json!({"data": {}, "errors": null}),
        ] {
            assert!(refusals(&well, SPACELIFT).is_empty(), "{well}");
        }
        let run = json!({
            "id": "r_1", "status": "SUCCESS", "action": "go", "properties": {"password": "canary"},
            "response": {"data": {"apiKeyUser": {"jwt": "canary"}}},
        });
        assert!(!format!("{:?}", Run::read(&run)).contains("canary"));
    }

    #[test]
    fn an_empty_answer_is_a_refusal_of_spacelift_only() {
        let empty = json!({"data": {"apiKeyUser": null}});
        let says = ["`apiKeyUser` came back empty: nothing was done"];
        assert_eq!(refusals(&empty, SPACELIFT), says);
        for other in ["", "https://spacelift.io.example.org/graphql", "no address"] {
            assert!(refusals(&empty, other).is_empty(), "{other}");
        }
    }
}

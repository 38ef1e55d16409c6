//! Runs of self-service actions: started once, looked at, reported on (PA section 7).
//!
//! An action may do anything in the world, so that starting it is never repeated: when the answer
//! was lost, the runs are looked at. Deliberately not here: waiting for a run (see `commands`).

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value as Json, json};

use crate::kinds::Call;
use crate::kinds::call::path;
use crate::there::run::{Log, Run, Status};
use crate::there::services::error::{Failure, Problem, ServiceError, TookEffect};
use crate::there::services::http::Repeat;
use crate::there::services::port::object_in;
use crate::there::services::read::Reader;
use crate::there::services::write::Writer;
use crate::words::{Service, Value};

/// A run that is to be started. It has no `Debug`: its inputs may be passwords.
#[derive(Clone)]
pub struct Start {
    /// The identifier of the action.
    pub action: String,
    /// Its inputs by key, as JSON.
    pub inputs: serde_json::Map<String, Json>,
    /// The identifier of the entity that it works on.
    pub entity: Option<String>,
    /// Texts of inputs that the action's form encrypts: no message repeats them.
    pub hidden: Vec<SecretString>,
}

/// A run that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// The one that the service answered with.
    Told(Run),
    /// The only one like it since then: the answer was lost.
    Found(Run),
}

/// What a backend says about its run; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How it ended; absent: it has not.
    pub status: Option<Status>,
    /// What it calls that.
    pub label: Option<String>,
    /// Addresses of whatever helped; empty: as before.
    pub links: Vec<String>,
    /// A summary for people, in Markdown.
    pub summary: Option<String>,
    /// What the run is called elsewhere.
    pub external_id: Option<String>,
}

/// Who may approve the runs of an action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvers {
    /// Names of roles.
    pub roles: Vec<String>,
    /// Names of teams.
    pub teams: Vec<String>,
    /// E-mail addresses.
    pub users: Vec<String>,
}

/// How many lines of a log Port gives at once (PA section 1).
const PAGE: usize = 50;
/// How many runs are looked at for one whose answer was lost; the newest are wanted.
const RECENT: usize = 1000;
/// How often a line of a log is sent at most.
const ATTEMPTS: u32 = 3;

impl Reader {
    /// Reads an action or automation; `None` when there is none of this identifier.
    pub async fn action(&self, identifier: &str) -> Result<Option<Json>, ServiceError> {
        let path = path(&["v1", "actions", identifier]) + "?version=v2";
        match self.port_get(&path).await {
            Ok(answer) => Ok(object_in(&answer, "/action").cloned()),
            Err(error) if matches!(error.problem(), Problem::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The identifiers of all self-service actions.
    pub async fn actions(&self) -> Result<Vec<String>, ServiceError> {
        let each = |action: &Json, found: &mut Vec<String>| {
            if action["trigger"]["type"] != "automation" {
                found.extend(action["identifier"].as_str().map(str::to_owned));
            }
        };
        let path = "/v1/actions?version=v2";
        self.port()?.list(path, "actions", &each).await
    }

    /// Reads a run.
    pub async fn run(&self, id: &str) -> Result<Run, ServiceError> {
        run_in(&self.port_get(&versioned(&["runs", id])).await?, "GET")
    }

    /// Reads a page of a run's log from a line on.
    pub async fn run_log(&self, id: &str, offset: usize) -> Result<Page, ServiceError> {
        let path = path(&["v1", "actions", "runs", id, "logs"]);
        let path = format!("{path}?limit={PAGE}&offset={offset}");
        let each = |log: &Json, found: &mut Vec<Option<Log>>| found.push(Log::read(log));
        let lines = self.port()?.list(&path, "runLogs", &each).await?;
        // A page that is not full is the last one.
        Ok(Page {
            next: (lines.len() >= PAGE).then_some(offset + lines.len()),
            lines: lines.into_iter().flatten().collect(),
        })
    }

    /// Who may approve the runs of an action. Where nobody is named, Port's admins may.
    pub async fn approvers(&self, action: &str) -> Result<Approvers, ServiceError> {
        let path = path(&["v1", "actions", action, "permissions"]);
        let answer = self.port_get(&path).await?;
        let approve = answer.pointer("/permissions/approve");
        let names = |key: &str| {
            let list = approve.and_then(|approve| approve[key].as_array());
            let names = list.into_iter().flatten().filter_map(Json::as_str);
            names.map(str::to_owned).collect()
        };
        Ok(Approvers {
            roles: names("roles"),
            teams: names("teams"),
            users: names("users"),
        })
    }

    /// The runs of an action that were started like this one, at `since` (in milliseconds of
    /// Port's clock) or later.
    async fn runs_like(&self, start: &Start, since: i64) -> Result<Vec<Run>, ServiceError> {
        let action = percent(&start.action);
        let path = versioned(&["runs"]) + &format!("&limit={RECENT}&action={action}");
        let inputs = Json::Object(start.inputs.clone());
        let each = |run: &Json, found: &mut Vec<Run>| {
            let entity = run["entity"]
                .as_str()
                .or(run["entity"]["identifier"].as_str());
            let at = run["createdAt"]
                .as_str()
                .and_then(|at| at.parse::<Timestamp>().ok());
            if run["properties"] == inputs
                && start.entity.as_deref() == entity
                && at.is_some_and(|at| at.as_millisecond() >= since)
            {
                found.extend(Run::read(run).filter(|run| run.action == start.action));
            }
        };
        self.port()?.list(&path, "runs", &each).await
    }
}

/// A page of a run's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its lines, in Port's order.
    pub lines: Vec<Log>,
    /// Where the next one begins, when there may be one.
    pub next: Option<usize>,
}

impl Writer {
    /// Starts a run, once. When it cannot be told whether that took effect, the runs are looked
    /// at; the failure then says [`TookEffect::Maybe`].
    pub async fn start(&self, start: &Start) -> Result<Started, Failure> {
        let mut body = json!({"properties": start.inputs});
        if let Some(entity) = &start.entity {
            body["entity"] = entity.as_str().into();
        }
        let call = Call::Port {
            method: "POST",
            // The one route of runs that is published without a `version`; both shapes are read.
            path: path(&["v1", "actions", &start.action, "runs"]),
            body: Some(Value::from(body)),
        };
        // The session comes first, so that Port's clock is known before the run can exist.
        self.reader().log_in().await?;
        let since = self.reader().server_time();
        let sent = self
            .call_hiding(&call, Repeat::Unreceived, &start.hidden)
            .await;
        let error = match sent.and_then(|answer| run_in(&answer, "POST")) {
            Ok(run) => return Ok(Started::Told(run)),
            Err(error) => error,
        };
        let failure = Failure::from(error);
        let (TookEffect::Maybe, Some(since)) = (failure.took_effect, since) else {
            return Err(failure);
        };
        // That looking failed too adds nothing to the first error.
        match self.reader().runs_like(start, since).await {
            Ok(mut found) if found.len() == 1 => Ok(Started::Found(found.remove(0))),
            _ => Err(failure),
        }
    }

    /// Adds a line to a run's log, and ends the run with it when there is a status.
    pub async fn log_line(&self, id: &str, message: &str, report: &Report) -> Result<(), Failure> {
        let mut body = json!({"message": message});
        if let Some(status) = &report.status {
            body["terminationStatus"] = status.word().into();
        }
        if let Some(label) = &report.label {
            body["statusLabel"] = label.as_str().into();
        }
        let call = Call::Port {
            method: "POST",
            path: path(&["v1", "actions", "runs", id, "logs"]),
            body: Some(Value::from(body)),
        };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match self.call(&call, Repeat::Unreceived).await {
                Ok(_) => return Ok(()),
                Err(error) => Failure::from(error),
            };
            if failure.took_effect == TookEffect::No {
                return Err(failure);
            }
            // A line that is there twice does little harm; one that is missing does more.
            match self.says(id, message, report.status.as_ref()).await {
                Ok(true) => return Ok(()),
                Ok(false) if attempt < ATTEMPTS => {}
                _ => return Err(failure),
            }
        }
    }

    /// Reports on a run.
    pub async fn report(&self, id: &str, report: &Report) -> Result<Run, Failure> {
        let mut body = json!({});
        let texts = [
            ("status", report.status.as_ref().map(Status::word)),
            ("statusLabel", report.label.as_deref()),
            ("summary", report.summary.as_deref()),
            ("externalRunId", report.external_id.as_deref()),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                body[key] = text.into();
            }
        }
        match report.links.as_slice() {
            [] => {}
            [one] => body["link"] = one.as_str().into(),
            several => body["link"] = several.into(),
        }
        let call = patch(&["runs", id], body);
        let there = |run: &Run| {
            report
                .status
                .as_ref()
                .is_none_or(|status| run.status == *status)
        };
        self.change_run(id, &call, &there).await
    }

    /// Approves or declines a run that waits for that.
    pub async fn decide(&self, id: &str, approve: bool, why: Option<&str>) -> Result<Run, Failure> {
        let word = if approve { "APPROVE" } else { "DECLINE" };
        let mut body = json!({"status": word});
        if let Some(why) = why {
            body["description"] = why.into();
        }
        let call = patch(&["runs", id, "approval"], body);
        let there = |run: &Run| match run.status {
            Status::WaitingForApproval => false,
            Status::Declined => !approve,
            _ => approve,
        };
        self.change_run(id, &call, &there).await
    }

    /// Changes a run. A second try may be refused because the first one was taken: then it is
    /// looked at whether the run is as it should be.
    async fn change_run(
        &self,
        id: &str,
        call: &Call,
        there: &dyn Fn(&Run) -> bool,
    ) -> Result<Run, Failure> {
        let sent = self.call(call, Repeat::Always).await;
        let failure = match sent.and_then(|answer| run_in(&answer, "PATCH")) {
            Ok(run) => return Ok(run),
            Err(error) => Failure::from(error),
        };
        if failure.took_effect == TookEffect::No {
            return Err(failure);
        }
        match self.reader().run(id).await {
            Ok(run) if there(&run) => Ok(run),
            _ => Err(failure),
        }
    }

    /// Whether a run's log has a line, and the run the status that came with it: another line may
    /// say the same.
    async fn says(
        &self,
        id: &str,
        message: &str,
        status: Option<&Status>,
    ) -> Result<bool, ServiceError> {
        if let Some(status) = status
            && self.reader().run(id).await?.status != *status
        {
            return Ok(false);
        }
        let mut next = Some(0);
        while let Some(offset) = next {
            let page = self.reader().run_log(id, offset).await?;
            if page.lines.iter().any(|line| line.message == message) {
                return Ok(true);
            }
            next = page.next;
        }
        Ok(false)
    }
}

/// A path below `/v1/actions` whose answer has the current shape (PA section 7).
fn versioned(segments: &[&str]) -> String {
    let whole: Vec<&str> = ["v1", "actions"].iter().chain(segments).copied().collect();
    path(&whole) + "?version=v2"
}

fn patch(segments: &[&str], body: Json) -> Call {
    Call::Port {
        method: "PATCH",
        path: versioned(segments),
        body: Some(Value::from(body)),
    }
}

/// A text as it may stand in a query.
fn percent(text: &str) -> String {
    path(&[text]).split_off(1)
}

/// The run in an answer.
fn run_in(answer: &Json, method: &str) -> Result<Run, ServiceError> {
    let run = object_in(answer, "/run").and_then(Run::read);
    run.ok_or_else(|| {
        let what = "no run".to_owned();
        let problem = Problem::Unreadable { status: 200, what };
        ServiceError::new(Service::Port, format!("{method} run"), problem)
    })
}

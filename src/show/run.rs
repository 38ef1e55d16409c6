//! Runs of actions for people: where one stands, and what it says while it is followed.
//!
//! What a backend says ends here: it is hostile input, and may hold a token. Deliberately not here:
//! runs as JSON (see `document::run`).

use crate::show::text::{escape, inert, wrap};
use crate::show::{Meaning, Style, redact};
use crate::there::run::{Log, Run, Status};
use crate::there::services::Approvers;

/// How much of what a backend refused is shown.
const SHOWN: usize = 300;

/// A sentence on where a run stands, without its line end.
pub fn stands(run: &Run, approvers: Option<&Approvers>) -> String {
    let state = state(run, approvers);
    format!("{}{}.", state[..1].to_uppercase(), &state[1..])
}

/// The same as a fragment.
pub fn state(run: &Run, approvers: Option<&Approvers>) -> String {
    let stands = match &run.status {
        Status::WaitingForApproval => format!("waits for approval by {}", who(approvers)),
        Status::InProgress => "is in progress".into(),
        Status::Success => "ended as SUCCESS".into(),
        Status::Failure => "failed".into(),
        Status::Declined => "was declined".into(),
        Status::Other(word) if run.ended => format!("ended as {word}"),
        Status::Other(word) => format!("is {word}"),
    };
    let label = match &run.label {
        Some(label) => format!(" ({})", redact::foreign(label)),
        None => String::new(),
    };
    format!("run {} of `{}` {stands}{label}", run.id, run.action)
}

/// The same as lines, in the colour of how well that is.
pub fn status(run: &Run, approvers: Option<&Approvers>, style: &Style) -> String {
    let meaning = match run.status {
        _ if run.did_well() => Meaning::Add,
        _ if run.ended => Meaning::Remove,
        Status::WaitingForApproval => Meaning::Change,
        _ => Meaning::Plain,
    };
    let lines = wrap("", &escape(&stands(run, approvers)), style.width);
    painted(&lines, meaning, style)
}

/// A line of a log: its time, and what it says.
pub fn log(log: &Log, style: &Style) -> String {
    let time = log.at.get(11..19).unwrap_or("        ");
    let mut lines = Vec::new();
    for (index, line) in redact::foreign(&log.message).lines().enumerate() {
        let first = match index {
            0 => format!("  {time}  "),
            _ => " ".repeat(12),
        };
        lines.extend(wrap(&escape(&first), &escape(line), style.width));
    }
    painted(&lines, Meaning::Plain, style)
}

/// An address that a run wants to be looked at.
pub fn link(link: &str, style: &Style) -> String {
    let lines = wrap("  link: ", &escape(&redact::foreign(link)), style.width);
    painted(&lines, Meaning::Detail, style)
}

/// What a run says at its end.
pub fn summary(summary: &str, style: &Style) -> String {
    let shown = redact::foreign(summary);
    let lines = shown
        .lines()
        .flat_map(|line| wrap("  ", &escape(line), style.width));
    painted(&lines.collect::<Vec<_>>(), Meaning::Plain, style)
}

/// What a backend refused, in one line.
pub fn refused(run: &Run) -> String {
    let said: Vec<String> = run
        .refusals
        .iter()
        .map(|says| redact::foreign(says))
        .collect();
    let said = said.join("; ");
    match said.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &said[..end]),
        None => said,
    }
}

fn painted(lines: &[String], meaning: Meaning, style: &Style) -> String {
    let lines = lines.iter().map(|line| style.paint(meaning, line) + "\n");
    inert(lines.collect())
}

/// Who may approve, in words.
fn who(approvers: Option<&Approvers>) -> String {
    let Some(approvers) = approvers else {
        return "somebody who may approve it".into();
    };
    let named = |what: &str, names: &[String]| -> Vec<String> {
        names.iter().map(|name| format!("{what}{name}")).collect()
    };
    let mut words = named("the role ", &approvers.roles);
    words.extend(named("the team ", &approvers.teams));
    words.extend(named("", &approvers.users));
    match words.pop() {
        None => "an admin of Port".into(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} or {last}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(status: Status) -> Run {
        Run {
            id: "r_1".into(),
            action: "make".into(),
            ended: status != Status::WaitingForApproval && status != Status::InProgress,
            status,
            label: None,
            links: Vec::new(),
            summary: None,
            refusals: Vec::new(),
        }
    }

    #[test]
    fn a_run_says_where_it_stands_and_who_may_go_on() {
        let waiting = run(Status::WaitingForApproval);
        let mut who = Approvers::default();
        insta::assert_snapshot!(stands(&waiting, None), @"Run r_1 of `make` waits for approval by somebody who may approve it.");
        insta::assert_snapshot!(stands(&waiting, Some(&who)), @"Run r_1 of `make` waits for approval by an admin of Port.");
        who.roles = vec!["Admin".into()];
        who.users = vec!["a@b.c".into(), "d@e.f".into()];
        insta::assert_snapshot!(stands(&waiting, Some(&who)), @"Run r_1 of `make` waits for approval by the role Admin, a@b.c or d@e.f.");
        let mut failed = run(Status::Failure);
        failed.label = Some("no space left".into());
        insta::assert_snapshot!(stands(&failed, None), @"Run r_1 of `make` failed (no space left).");
        let odd = run(Status::Other("CANCELLED".into()));
        insta::assert_snapshot!(stands(&odd, None), @"Run r_1 of `make` ended as CANCELLED.");
    }

    #[test]
    fn what_a_backend_says_is_shown_whole_and_steers_nothing() {
        let line = |message: &str| {
            let at = "2026-04-25T13:36:08.155Z".to_owned();
            let (id, message) = (String::new(), message.to_owned());
            log(&Log { id, message, at }, &Style::default())
        };
        let long = "A line that is much too long to stand in one line of a terminal is wrapped, and shown whole.";
        insta::assert_snapshot!(line(long), @r"
          13:36:08  A line that is much too long to stand in one line of a terminal is
                    wrapped, and shown whole.
        ");
        insta::assert_snapshot!(line("\u{1b}[31mred\n::error::x\ntoken eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJh.c2ln"), @r"
          13:36:08  \u{1b}[31mred
                    \u{3a}:error::x
                    token (redacted)
        ");
        assert_eq!(line(""), "");
    }

    #[test]
    fn a_long_refusal_is_cut() {
        let mut run = run(Status::Success);
        run.refusals = vec!["unauthorized".into(), "ü".repeat(1000)];
        let said = refused(&run);
        assert!(said.starts_with("unauthorized; üü") && said.ends_with("ü…"));
        assert_eq!(said.chars().count(), SHOWN + 1);
    }
}

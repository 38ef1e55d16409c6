//! The holder: what this process can say about itself, so that others know when it is gone.
//!
//! Deliberately not here: what follows from it (see `decide::ledger::lease`).

use std::collections::BTreeMap;
use std::fs;

use crate::decide::ledger::hex;
use crate::decide::ledger::lease::Holder;

/// The variables that name a CI run, its attempt and its job.
const RUNS: [(&str, &[&str]); 5] = [
    (
        "GitHub",
        &["GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB"],
    ),
    ("GitLab", &["CI_PIPELINE_ID", "CI_JOB_ID"]),
    ("Spacelift", &["SPACELIFT_RUN_ID"]),
    ("Spacelift", &["TF_VAR_spacelift_run_id"]),
    ("build", &["BUILD_ID", "JOB_NAME"]),
];

/// This process.
pub fn this(env: &BTreeMap<String, String>) -> Holder {
    let pid = std::process::id();
    Holder {
        nonce: hex(&rand::random::<[u8; 16]>(), 16),
        run: run(env),
        host: host(env),
        pid,
        boot: boot(),
        began: began(pid),
    }
}

/// Whether a process of this machine lives; `None` where that cannot be told. A number that was
/// given to another process since then is not it.
pub fn alive(me: &Holder, other: &Holder) -> Option<bool> {
    me.began?;
    other.beside(me).then(|| began(other.pid) == other.began)
}

fn run(env: &BTreeMap<String, String>) -> Option<String> {
    RUNS.iter().find_map(|(what, names)| {
        let first = names.first()?;
        env.get(*first)?;
        let ids = names.iter().filter_map(|name| env.get(*name));
        let ids: Vec<&str> = ids.map(String::as_str).collect();
        Some(format!("{what} run {}", ids.join("/")))
    })
}

fn host(env: &BTreeMap<String, String>) -> String {
    let named = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    named
        .or_else(|| env.get("HOSTNAME").cloned())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".into())
}

/// The machine since it started, and the room that process numbers hold in: containers of one
/// machine have numbers of their own. Known on Linux only; elsewhere time decides.
fn boot() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let room = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), room.display()))
}

/// When a process began, in ticks since the machine started; `None` when there is none.
fn began(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold spaces and brackets; its state is the first field after it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    // One that ended and was not waited for yet writes nothing any more.
    (!matches!(state, "Z" | "X")).then_some(())?;
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ci_run_is_named_by_all_that_tells_it_apart() {
        let env = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            run(&pairs.map(|(k, v)| ((*k).into(), (*v).into())).collect())
        };
        assert_eq!(env(&[]), None);
        assert_eq!(
            env(&[
                ("GITHUB_RUN_ID", "7"),
                ("GITHUB_RUN_ATTEMPT", "2"),
                ("GITHUB_JOB", "apply")
            ]),
            Some("GitHub run 7/2/apply".into())
        );
        assert_eq!(env(&[("BUILD_ID", "31")]), Some("build run 31".into()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_living_are_told_from_the_dead() {
        let me = this(&BTreeMap::new());
        assert_eq!(alive(&me, &me), Some(true));
        let other = |change: fn(&mut Holder)| {
            let mut other = me.clone();
            change(&mut other);
            alive(&me, &other)
        };
        assert_eq!(other(|other| other.pid = u32::MAX), Some(false));
        assert_eq!(other(|other| other.began = Some(1)), Some(false));
        assert_eq!(other(|other| other.host = "elsewhere".into()), None);
        assert_eq!(other(|other| other.boot = None), None);
    }
}

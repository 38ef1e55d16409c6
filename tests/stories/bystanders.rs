//! What others on the same machine can see of a run: command lines, environments, and images of its
//! memory.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::MetadataExt;

use spaceport::sandbox::{CLIENT_SECRET, Effect, Fault, KEY_SECRET};

use crate::canaries::spellings;
use crate::fleet::{BULK, Fleet};

fn of(process: &str, file: &str) -> String {
    let bytes = fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// The processes that were started by this one.
fn children(process: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let lists = tasks.map(|task| fs::read_to_string(task.path().join("children")));
    let ids = lists.flat_map(|list| {
        let list = list.unwrap_or_default();
        list.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    ids.collect()
}

fn core_limit(process: &str) -> String {
    let limits = of(process, "limits");
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let soft = line.and_then(|line| line.split_whitespace().nth(4));
    soft.unwrap_or_default().to_owned()
}

/// An ingest stands still with its credentials in its memory, its engines beside it.
#[test]
fn nobody_sees_a_secret_beside_a_run() {
    let fleet = Fleet::of(3);
    let still = Fault::new(Effect::Slow {
        milliseconds: 50_000,
    });
    fleet.world.sandbox.fault(still.method("POST").path(BULK));
    let run = fleet.world.start(&["-vvv", "ingest"]);
    fleet.world.until_faults_have_struck();

    let process = run.id().to_string();
    assert_eq!(core_limit(&process), "0");
    let line = of(&process, "cmdline");
    for credential in [CLIENT_SECRET, KEY_SECRET] {
        assert!(
            spellings(credential)
                .iter()
                .all(|text| !line.contains(text)),
            "{line}"
        );
    }
    // Its own environment is where its credentials are: it is not for others of the same user, to
    // whom the files of a process that leaves no image do not belong.
    let owner = fs::metadata(format!("/proc/{process}/environ")).expect("it runs");
    assert_eq!(owner.uid(), 0);

    let children = children(&process);
    assert!(
        !children.is_empty(),
        "no engine runs, so that nothing was seen"
    );
    for child in children {
        let line = of(&child, "cmdline");
        assert!(line.trim_end().ends_with(" --sim-child"), "{line}");
        // Settings of its allocator, and nothing of ours.
        let environment = of(&child, "environ");
        let ours = |text: &&str| !text.is_empty() && !text.starts_with("MIMALLOC_");
        let ours: Vec<&str> = environment.split(['\0', ' ']).filter(ours).collect();
        assert_eq!(ours, [""; 0], "{environment}");
        assert_eq!(core_limit(&child), "0");
    }
    run.kill();
}

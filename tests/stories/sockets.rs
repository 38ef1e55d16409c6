//! A plan from a snapshot opens no socket, as the kernel sees it: every system call about sockets
//! is traced.
//!
//! Asks for `strace`, which `.ci/run` installs; without it, CI fails and others are told that
//! nothing was checked.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::{Ran, World, binary, blueprint, ran};

/// The calls without which nothing gets onto a network, nor to another process of this machine.
const CALLS: &str = "trace=socket,socketpair,connect,bind,sendto,sendmsg,io_uring_setup";

#[test]
fn a_plan_from_a_snapshot_opens_no_socket() {
    let Some(strace) = strace() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "strace is not there or may not trace; .ci/run installs it"
        );
        eprintln!(
            "strace is not there or may not trace: whether a socket is opened was not checked"
        );
        return;
    };
    let world = World::in_port();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.applied();
    let file = world.path(".snapshot.json");
    let file = file.to_str().expect("a text");
    world.run(&["snapshot", "--out", file]).exits(0);
    world.edit("service.yaml", "title: Service", "title: New");

    let (asking, calls) = traced(&world, &strace, &["plan"]);
    asking.exits(0).says("\"New\"");
    for call in ["socket(", "connect("] {
        assert!(
            calls.contains(call),
            "a plan that asks is not seen: {calls}"
        );
    }
    let (found, calls) = traced(&world, &strace, &["plan", "--live", file]);
    found.exits(0).says("\"New\"");
    assert!(!calls.contains('('), "{calls}");
}

/// Nothing that only looks at files gets onto a network, nor do the programs in them.
#[test]
fn simulations_and_tests_open_no_socket() {
    let Some(strace) = strace() else {
        eprintln!("strace is not there or may not trace: see the story above");
        return;
    };
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    let test =
        "kind: test\nname: t\nevent: { internal_error: { error: x } }\nexpect: { nothing: true }\n";
    world.write("test.yaml", test);
    for arguments in [&["test"][..], &["simulate", "--sample", "finished"]] {
        let (found, calls) = traced(&world, &strace, arguments);
        found.exits(0);
        assert!(!calls.contains('('), "{calls}");
    }
}

/// A run of the binary, and its system calls about sockets.
fn traced(world: &World, strace: &Path, arguments: &[&str]) -> (Ran, String) {
    let log = world.path(".calls");
    let plain = world.command(arguments);
    let mut command = Command::new(strace);
    command.args(["-f", "-qq", "-e", "signal=none", "-e", CALLS, "-o"]);
    command
        .arg(&log)
        .arg(plain.get_program())
        .args(plain.get_args());
    command.env_clear();
    for (name, text) in plain.get_envs() {
        command.env(name, text.expect("it is set"));
    }
    let found = ran(command.output().expect("strace runs"));
    (found, fs::read_to_string(log).expect("a log"))
}

/// Where `strace` is, if it can trace here.
fn strace() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut all = std::env::split_paths(&path).map(|folder| folder.join("strace"));
    let strace = all.find(|file| file.is_file())?;
    let binary = binary().get_program().to_owned();
    let mut command = Command::new(&strace);
    command
        .args(["-f", "-qq", "-e", "trace=execve"])
        .arg(binary);
    let tried = command.arg("--version").output().ok()?;
    let seen = String::from_utf8_lossy(&tried.stderr).contains("execve(");
    (tried.status.success() && seen).then_some(strace)
}

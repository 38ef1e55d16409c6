//! Messages between a parent and its child. The child itself is tested with the real binary, in
//! `tests/jq` and `tests/rego`.

use super::{Engines, wire};
use crate::sim::job::{Answer, FaultKind, Job};

#[test]
fn a_message_is_read_as_it_was_written() {
    let mut pipe = Vec::new();
    wire::write(&mut pipe, b"{}").expect("it is written");
    wire::write(&mut pipe, b"").expect("it is written");
    assert_eq!(pipe, b"2 {}\n0 \n");
    let mut pipe = pipe.as_slice();
    assert_eq!(wire::read(&mut pipe).expect("read"), Some(b"{}".to_vec()));
    assert_eq!(wire::read(&mut pipe).expect("read"), Some(Vec::new()));
    assert_eq!(wire::read(&mut pipe).expect("read"), None);
}

#[test]
fn a_message_that_lies_about_its_length_is_refused() {
    for broken in [
        "999999999 {}\n",
        "9999999999 {}\n",
        "3 {}\n",
        "1 {}\n",
        "{}\n",
        " {}\n",
        "-1 {}",
        "2",
        "2 {",
    ] {
        let read = wire::read(&mut broken.as_bytes());
        assert!(read.is_err(), "{broken:?}: {read:?}");
    }
}

#[test]
fn a_job_that_is_too_large_is_not_sent() {
    let program = "x".repeat(wire::LONGEST);
    let fault = wire::job(&Job::JqCheck { program }).expect_err("too large");
    assert_eq!(fault.kind, FaultKind::Limit);
}

#[test]
fn unit_tests_need_no_process() {
    let program = ".a".to_owned();
    let answers = Engines::same_process().run(&[Job::JqCheck { program }]);
    assert_eq!(answers, [Ok(Answer::Compiles)]);
}

#[test]
fn a_program_that_is_not_ours_is_a_fault() {
    for program in ["/no/such/program", "/bin/true"] {
        let engines = Engines::new(program.into());
        let program = ".a".to_owned();
        let answers = engines.run(&[Job::JqCheck { program }]);
        let fault = answers[0].as_ref().expect_err("there is no engine");
        assert_eq!(fault.kind, FaultKind::Crash, "{fault:?}");
    }
}

//! A panic is our bug; what it was working on is the user's. It says where it happened, and nothing
//! of the data.
//!
//! No input is known that makes the binary panic by itself, and it has no switch for that. So this
//! test program runs itself again, with the product's own guard around code that panics with a
//! secret in its hands.

use std::process::{Command, Stdio};

use secrecy::{ExposeSecret, SecretString};
use spaceport::exit;

use crate::canaries::spellings;
use crate::world::{World, ran};

/// Set where this program is run again: how to panic.
const HOW: &str = "SPACEPORT_STORY_OF_A_PANIC";
const CANARY: &str = "canary-in-a-panic";

/// What the other run of this program does.
fn panicking(how: &str) {
    let secret = SecretString::from(std::env::var("CANARY").expect("a secret"));
    match how {
        "text" => panic!("{}", secret.expose_secret()),
        "debug" => panic!("{:?} {:?}", secret, secret.expose_secret()),
        "payload" => std::panic::panic_any(secret.expose_secret().to_owned()),
        "unwrap" => {
            let quoted = serde_json::Value::from(secret.expose_secret());
            let _ = serde_json::from_value::<u64>(quoted).unwrap();
        }
        "assertion" => assert_eq!(secret.expose_secret(), "something else"),
        "task" => {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let task = async move { assert_eq!(secret.expose_secret(), "something else") };
            let joined = runtime.block_on(async { tokio::spawn(task).await });
            if let Err(error) = joined {
                std::panic::resume_unwind(error.into_panic());
            }
        }
        other => unreachable!("{other}"),
    }
}

/// It is nothing but the other half of the next story.
#[test]
fn this_program_panics_where_it_is_told_to() {
    if let Ok(how) = std::env::var(HOW) {
        let code = spaceport::commands::guarded(|| {
            panicking(&how);
            exit::DONE
        });
        std::process::exit(code.into());
    }
}

#[test]
fn a_panic_with_a_secret_in_its_hands_tells_its_place_and_nothing_else() {
    for how in ["text", "debug", "payload", "unwrap", "assertion", "task"] {
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "panics::this_program_panics_where_it_is_told_to"])
            .arg("--nocapture")
            .env_clear()
            .envs([(HOW, how), ("CANARY", CANARY), ("RUST_BACKTRACE", "full")])
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let ran = ran(output);
        assert_eq!(ran.code, Some(exit::BUG.into()), "{how}: {ran:?}");
        assert!(ran.err.contains("bug: spaceport"), "{how}: {}", ran.err);
        assert!(ran.err.contains("panics.rs:"), "{how}: {}", ran.err);
        assert!(ran.err.contains("please report"), "{how}: {}", ran.err);
        for spelling in spellings(CANARY) {
            assert!(!ran.err.contains(&spelling), "{how}: {}", ran.err);
            assert!(!ran.out.contains(&spelling), "{how}: {}", ran.out);
        }
        assert_eq!(ran.err.lines().count(), 2, "{how}: {}", ran.err);
    }
}

/// Whoever reads the log may go away; the apply goes on.
#[test]
fn a_closed_stderr_ends_no_apply() {
    let world = World::new();
    world.write("a.yaml", &crate::world::blueprint("service", "Service"));
    for level in ["-v", "-vv", "-vvv"] {
        let mut command = world.command(&[level, "apply", "--yes"]);
        let mut child = command.stdout(Stdio::null()).spawn().expect("it runs");
        drop(child.stderr.take());
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(0), "{level}");
        assert!(!world.of_port("blueprints", "service").is_null());
        world.edit("a.yaml", "Service", "Service-");
    }
}

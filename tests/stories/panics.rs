//! A panic is our bug; what it was working on is the user's. It says where it happened, and nothing
//! of the data.
//!
//! No input is known that makes the binary panic by itself. So these stories force it twice: this
//! test program runs itself again with the product's guard around code that panics with a secret in
//! its hands, and the real binary is given too little memory to start its threads.

use std::process::{Command, Stdio};

use secrecy::{ExposeSecret, SecretString};
use spaceport::exit;

use crate::canaries::{sings, spellings};
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

/// The system refuses threads and memory, wherever that happens to strike.
#[cfg(target_os = "linux")]
#[test]
fn the_real_binary_without_memory_shows_nothing_either() {
    let mut world = World::new();
    for name in ["A", "SPACEPORT_FINGERPRINT_KEY", "SPACEPORT_LEDGER_KEY"] {
        world.set(name, CANARY);
    }
    world.set("RUST_BACKTRACE", "full");
    world.write(
        "a.yaml",
        "kind: port.secret\nspec: { secretName: A, secretValue: \"${env.A}\" }\n",
    );
    let mut panics = 0;
    for mebibytes in (8..200).step_by(4) {
        let spaceport = world.command(&["-vvv", "plan"]);
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "ulimit -v $1 && shift && exec \"$@\"", "sh"])
            .arg((mebibytes * 1024).to_string())
            .arg(spaceport.get_program())
            .args(spaceport.get_args())
            .env_clear()
            .envs(
                spaceport
                    .get_envs()
                    .filter_map(|(name, text)| Some((name, text?))),
            )
            .stdin(Stdio::null());
        let output = shell.output().expect("a shell");
        let text = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        for text in &text {
            assert_eq!(sings(&world, text), None, "{mebibytes} MiB: {text}");
        }
        let panicked = output.status.code() == Some(exit::BUG.into());
        assert_eq!(panicked, text[1].contains("bug: spaceport"), "{}", text[1]);
        panics += usize::from(panicked);
    }
    assert!(panics > 0, "no run panicked, so that nothing was shown");
}

//! Snapshots, as `plan --live` reads them.

use std::sync::LazyLock;

use clap::{Args, Command, FromArgMatches};
use spaceport::cli::Global;
use spaceport::commands::snapshot::replay::replay;
use spaceport::decide::plan::Flags;

use super::world::{self, WORLD};

static GLOBAL: LazyLock<Global> = LazyLock::new(|| {
    let command = Global::augment_args(Command::new("spaceport"));
    let folder = WORLD.folder.path().as_os_str().to_owned();
    let arguments = ["spaceport".into(), "-C".into(), folder];
    let matches = command.get_matches_from(arguments);
    Global::from_arg_matches(&matches).expect("they are its own arguments")
});

/// The text of a snapshot.
pub fn run(data: &[u8]) -> bool {
    let Some(text) = super::text(data) else {
        return false;
    };
    match replay(
        &GLOBAL,
        &WORLD.desired,
        "snapshot.json",
        text,
        &Flags::default(),
    ) {
        Ok(replayed) => {
            world::show(&replayed.look.plan, &Default::default());
            true
        }
        Err(stop) => {
            assert!(!format!("{stop:?}").is_empty());
            false
        }
    }
}

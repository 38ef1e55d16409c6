//! A small project with objects of all kinds, for everything that is looked at from a project.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use spaceport::decide::drift;
use spaceport::decide::ledger::Ledger;
use spaceport::decide::plan::{Facts, Flags, Input, SecretFacts, plan};
use spaceport::show::document::PlanDocument;
use spaceport::show::export::{export, files};
use spaceport::show::graph::Diagram;
use spaceport::show::render::{github, human, markdown};
use spaceport::show::{Header, Style};
use spaceport::there::Live;
use spaceport::want::config::Choice;
use spaceport::want::desired::{self, Desired};
use spaceport::want::yaml;

/// The project file.
const PROJECT: &str = "\
version: 1
project: hostile
port: { region: eu }
spacelift: { account: acme }
ledger: { file: ledger.json }
";

/// Objects of all kinds.
const OBJECTS: &str = include_str!("world.yaml");

/// The project, and the folder that it lies in.
pub struct World {
    /// The folder; it goes with the process.
    pub folder: tempfile::TempDir,
    /// What the project wants.
    pub desired: Desired,
}

/// The one world of this process.
pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), "spaceport.yaml", PROJECT);
    write(folder.path(), "objects.yaml", OBJECTS);
    let (desired, findings) = desired::load(folder.path(), &Choice::default(), &env());
    assert!(!findings.has_errors(), "{findings:#?}");
    World { folder, desired }
});

/// Writes a file of a project.
pub fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the file can be written");
}

/// The environment of the project.
pub fn env() -> BTreeMap<String, String> {
    BTreeMap::from([("TOKEN".to_owned(), "a-secret-text".to_owned())])
}

/// A ledger that owns nothing.
pub fn ledger() -> Ledger {
    Ledger::new("hostile", None, "00".repeat(16))
}

/// Plans and exports, and prints both in all formats.
pub fn look(desired: &Desired, live: &Live, ledger: &Ledger) {
    let flags = Flags {
        adopt_all: ledger.serial.is_multiple_of(2),
        ..Flags::default()
    };
    let input = Input {
        desired,
        live,
        ledger,
        secrets: &SecretFacts::default(),
        facts: &Facts::default(),
        flags: &flags,
    };
    let (made, _) = plan(input);
    show(&made, &Header::default());
    let found = drift::drift(drift::Input {
        desired,
        live,
        ledger,
        plan: &made,
        complete: true,
        targets: &Default::default(),
    });
    super::printable(&human::drift(&found, &Header::default(), &Style::default()));
    super::printable(&markdown::drift(&found, &Header::default()));
    super::printable(&github::drift(&found, &|_| None));
    let document = PlanDocument::of(&made, &Header::default());
    let json = serde_json::to_string(&document).expect("a plan is JSON");
    let read = spaceport::show::document::read::plan(&json);
    let (again, header) = read
        .and_then(PlanDocument::into_plan)
        .expect("a plan of ours is one");
    show(&again, &header);
    for with_references in [true, false] {
        let input = spaceport::show::export::Input {
            desired,
            live,
            ledger,
            globs: &[],
            with_references,
        };
        let made = export(input, &BTreeMap::new());
        for file in files::of(&made.documents, "").into_iter().flatten() {
            assert!(
                !file.path.split('/').any(|part| part == ".."),
                "{}",
                file.path
            );
            if file.path.ends_with(".yaml") {
                let (_, findings) = yaml::read(0, &file.text);
                assert!(!findings.has_errors(), "{findings:?} in {}", file.text);
            }
        }
    }
}

/// Prints a plan in the formats for people; nothing in it may steer a terminal.
pub fn show(plan: &spaceport::decide::plan::Plan, header: &Header) {
    let verbose = Style {
        verbose: 1,
        ..Style::default()
    };
    for style in [Style::default(), verbose] {
        super::printable(&human::plan(plan, header, &style));
    }
    let wiring = Diagram::of_plan(plan);
    super::printable(&markdown::plan(
        plan,
        header,
        header.digest.as_deref(),
        &wiring,
    ));
    super::printable(&github::plan(plan, header, &|_| None));
}

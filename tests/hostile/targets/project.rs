//! Whole projects of two small files: read, checked, linted, planned, printed.

use spaceport::lint;
use spaceport::show::render::{github, markdown};
use spaceport::show::{Style, findings};
use spaceport::sim::child::Engines;
use spaceport::there::Live;
use spaceport::want::config::Choice;
use spaceport::want::desired;
use spaceport::words::{Finding, Sources};

use super::world;

/// A file of documents, and one that they may name as `b.rego`, or as `b.yaml` unless it is a policy; then
/// the project file, if it is not an ordinary one.
pub fn run(data: &[u8]) -> bool {
    let Some([documents, beside, project]) = super::parts(data) else {
        return false;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ordinary = "version: 1\nproject: hostile\nport: { region: eu }\nspacelift: { account: acme }\nledger: none\nvariables: { v: { default: x } }\n";
    let project = if project.is_empty() {
        ordinary
    } else {
        project
    };
    world::write(folder.path(), "spaceport.yaml", project);
    world::write(folder.path(), "a.yaml", documents);
    world::write(folder.path(), "b.rego", beside);
    if !beside.starts_with("package") && !beside.is_empty() {
        world::write(folder.path(), "b.yaml", beside);
    }
    let (desired, found) = desired::load_kept(folder.path(), &Choice::default(), &world::env());
    let broken = found.has_errors();
    // No program runs: what engines would say is not asked here.
    let engines = Engines::new("/nowhere/spaceport".into());
    let mut all = lint::run(&desired, &found, &engines);
    all.extend(found.sorted());
    let all = all.sorted();
    for finding in &all {
        placed(&desired.sources, finding);
    }
    for style in [
        Style::default(),
        Style {
            width: 20,
            ..Style::default()
        },
    ] {
        super::printable(&findings::human(&all, &desired.sources, &style));
    }
    let _ = findings::json(&all, &desired.sources);
    super::printable(&github::findings(&all, &desired.sources, "port-config"));
    super::printable(&markdown::findings(&all, &desired.sources, "port-config"));
    if !broken {
        world::look(&desired, &Live::default(), &world::ledger());
    }
    !broken
}

fn placed(sources: &Sources, finding: &Finding) {
    let related = finding.related.iter().map(|(place, _)| *place);
    for place in finding.place.into_iter().chain(related) {
        let text = &sources.file(place.file).text;
        super::inside(text, &(place.start as usize..place.end as usize), finding);
        let (line, column) = sources.line_column(place);
        assert!(line >= 1 && column >= 1);
    }
}

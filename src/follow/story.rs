//! What the tests of this layer are told with: projects in folders that last for one test.

use std::collections::BTreeMap;
use std::fs;

use crate::want::config::Choice;
use crate::want::desired::{self, Desired};
use crate::words::{Place, Severity};

/// The head of every project here.
const HEAD: &str =
    "version: 1\nproject: demo\nport: { region: eu }\nspacelift: { account: acme }\n";

/// A project of these files, which has no errors.
pub fn project(files: &[(&str, &str)]) -> Desired {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("spaceport.yaml"), HEAD).expect("written");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("inside")).expect("made");
        fs::write(path, text).expect("written");
    }
    let (desired, findings) =
        desired::load_kept(folder.path(), &Choice::default(), &BTreeMap::new());
    let errors: Vec<_> = findings
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    desired
}

/// `file:line:column text`, as a person would look it up.
pub fn spot(desired: &Desired, place: Place) -> String {
    let (line, column) = desired.sources.line_column(place);
    let path = &desired.sources.file(place.file).path;
    format!("{path}:{line}:{column} {}", desired.sources.text(place))
}

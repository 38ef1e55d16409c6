//! One bad project as text, with what must be found in it.
//!
//! ```text
//! == a field that nobody knows
//! -- service.yaml
//! kind: port.secret
//! spec:
//!   secretName: A
//!   secretValue: ${env.A}
//!   «config::unknown_field»desciption: x
//! ```
//!
//! `«CODE»` stands exactly where the finding begins and is taken out before the file is written;
//! `«+CODE»` marks a further place of that finding, `«hint CODE»` one of another severity than usual.
//! Lines that begin with `-- ` are:
//!
//! | line | means |
//! |---|---|
//! | `-- PATH` | a file follows |
//! | `-- nowhere CODE` | a finding without a place |
//! | `-- env NAME=VALUE`, `-- var NAME=VALUE`, `-- environment NAME` | how it is run |
//! | `-- folder PATH`, `-- link PATH -> TARGET`, `-- large PATH`, `-- latin PATH` | unusual files |
//!
//! Paths are relative to the project's folder; beside it lies `outside.yaml`. A project file is
//! written unless the case has its own or says `-- no project`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;
use spaceport::lint::{self, levels};
use spaceport::sim::child::Engines;
use spaceport::want::config::Choice;
use spaceport::want::desired;

use crate::disk;

/// What most cases need around them.
pub const PROJECT: &str = "\
version: 1
project: bad
port: { region: eu }
spacelift: { account: acme }
ledger: none
env: [LISTED]
variables: { given: text, wanted: { description: Must be given } }
";

/// One bad project.
#[derive(Debug, Default)]
pub struct Case {
    /// The file that it stands in.
    pub area: String,
    /// What is bad.
    pub title: String,
    /// The texts by path, without marks.
    pub files: BTreeMap<String, String>,
    /// Unusual files: `folder`, `link`, `large`, `latin` with their argument.
    pub unusual: Vec<(String, String)>,
    env: BTreeMap<String, String>,
    choice: Choice,
    marks: Vec<Mark>,
}

/// A place with a code.
#[derive(Debug)]
struct Mark {
    code: String,
    /// The severity, where it is another one than usual.
    level: Option<String>,
    related: bool,
    /// File, line and column; `None` for findings of a whole project.
    at: Option<(String, usize, usize)>,
}

/// Lints that are errors, since nothing can work that way.
const ERRORS: [&str; 6] = [
    "lint::jq",
    "lint::rego",
    "lint::rego_dialect",
    "lint::rego_package",
    "lint::request_id",
    "lint::unquoted_constant",
];

/// Lints that are hints, since they are often right as they are.
const HINTS: [&str; 4] = [
    "lint::graphql_success",
    "lint::jq_doubt",
    "lint::unfilled_property",
    "lint::unused_allow",
];

/// How bad a code is when the project says nothing else: most lints, and what may well exist in the
/// services, are warnings.
pub fn severity(code: &str) -> &'static str {
    match code {
        code if HINTS.contains(&code) => "hint",
        code if ERRORS.contains(&code) => "error",
        code if code.starts_with("lint::") || code == "ref::unresolved" => "warning",
        _ => "error",
    }
}

impl Mark {
    fn severity(&self) -> &str {
        self.level.as_deref().unwrap_or(severity(&self.code))
    }
}

impl Case {
    /// All cases of an area's text.
    pub fn all(area: &str, text: &str) -> Vec<Case> {
        text.split("\n== ")
            .skip(1)
            .map(|text| {
                let (title, body) = text
                    .split_once('\n')
                    .expect("a title is followed by a body");
                Case::read(area, title, body)
            })
            .collect()
    }

    fn read(area: &str, title: &str, body: &str) -> Case {
        let mut case = Case {
            area: area.into(),
            title: title.into(),
            ..Case::default()
        };
        case.files.insert("spaceport.yaml".into(), PROJECT.into());
        let mut open: Option<String> = None;
        for line in body.lines() {
            if let Some(words) = line.strip_prefix("-- ") {
                open = case.line(words);
                if let Some(path) = &open {
                    case.files.insert(path.clone(), String::new());
                }
            } else if let Some(path) = &open {
                case.text(path, line);
            } else {
                assert!(line.is_empty(), "`{title}` has text outside of files");
            }
        }
        // The empty line before the next title belongs to nobody.
        for text in case.files.values_mut() {
            text.truncate(text.trim_end_matches('\n').len());
            text.push('\n');
        }
        case
    }

    /// A line that begins with `-- `: a file's path, or how the case is run.
    fn line(&mut self, words: &str) -> Option<String> {
        let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
        let pair = || {
            let (name, value) = rest.split_once('=').expect("NAME=VALUE");
            (name.to_owned(), value.to_owned())
        };
        match (word, rest) {
            ("nowhere", code) => self.marks.push(Mark {
                code: code.into(),
                level: None,
                related: false,
                at: None,
            }),
            ("env", _) => self.env.extend([pair()]),
            ("var", _) => self.choice.variables.extend([pair()]),
            ("environment", name) => self.choice.environment = Some(name.into()),
            ("no", "project") => drop(self.files.remove("spaceport.yaml")),
            ("folder" | "link" | "large" | "latin", argument) => {
                self.unusual.push((word.into(), argument.into()));
            }
            (path, "") => return Some(path.into()),
            _ => panic!("`{}`: `-- {words}` means nothing", self.title),
        }
        None
    }

    fn text(&mut self, path: &str, line: &str) {
        let text = self.files.get_mut(path).expect("the file was begun");
        let number = text.matches('\n').count() + 1;
        let mut rest = line;
        let mut column = 1;
        while let Some((before, after)) = rest.split_once('«') {
            let (code, after) = after.split_once('»').expect("a mark is closed");
            column += before.chars().count();
            text.push_str(before);
            let (level, code) = match code.split_once(' ') {
                Some((level, code)) => (Some(level.to_owned()), code),
                None => (None, code),
            };
            self.marks.push(Mark {
                code: code.trim_start_matches('+').into(),
                level,
                related: code.starts_with('+'),
                at: Some((path.into(), number, column)),
            });
            rest = after;
        }
        text.push_str(rest);
        text.push('\n');
    }

    /// Whether one of its findings is an error.
    pub fn fails(&self) -> bool {
        self.marks.iter().any(|mark| mark.severity() == "error")
    }

    /// The codes that it provokes.
    pub fn codes(&self) -> Vec<&str> {
        self.marks.iter().map(|mark| mark.code.as_str()).collect()
    }

    /// What must be found, a line each; without the further places if they are not wanted.
    pub fn expected(&self, further: bool) -> Vec<String> {
        let mut lines: Vec<String> = self
            .marks
            .iter()
            .filter(|mark| further || !mark.related)
            .map(|mark| {
                let at = mark.at.as_ref().map(|(f, l, c)| (f.as_str(), *l, *c));
                line(&mark.code, mark.related, mark.severity(), at)
            })
            .collect();
        lines.sort();
        lines
    }

    /// What the library finds.
    pub fn found(&self) -> Vec<String> {
        self.found_in(&disk::write(self).project())
    }

    /// What the library finds in a folder where the case was written.
    pub fn found_in(&self, project: &Path) -> Vec<String> {
        let (desired, mut findings) = desired::load_kept(project, &self.choice, &self.env);
        let engines = Engines::new(env!("CARGO_BIN_EXE_spaceport").into());
        let found = lint::run(&desired, &findings, &engines);
        findings.extend(found);
        let findings = levels::settle_all(&desired, findings);
        let at = |place| {
            let (line, column) = desired.sources.line_column(place);
            (desired.sources.file(place.file).path.as_str(), line, column)
        };
        let mut lines = Vec::new();
        for finding in findings.sorted() {
            let severity = finding.severity.word();
            lines.push(line(finding.code, false, severity, finding.place.map(at)));
            for (place, _) in &finding.related {
                lines.push(line(finding.code, true, severity, Some(at(*place))));
            }
        }
        lines.sort();
        lines
    }

    /// What the binary prints as JSON, which has no further places, and its exit code.
    pub fn found_by_binary(&self) -> (Vec<String>, i32) {
        let folder = disk::write(self);
        let (json, exit) = self.validate(&folder.project());
        let findings = json["findings"].as_array().expect("a list of findings");
        let mut lines: Vec<String> = findings.iter().map(json_line).collect();
        lines.sort();
        (lines, exit)
    }

    /// The answer of `spaceport validate --format json`, and its exit code.
    pub fn validate(&self, project: &Path) -> (Json, i32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spaceport"));
        command.env_clear().envs(&self.env).arg("-C").arg(project);
        command.args(["validate", "--format", "json"]);
        for (name, value) in &self.choice.variables {
            command.arg("--var").arg(format!("{name}={value}"));
        }
        if let Some(name) = &self.choice.environment {
            command.args(["-e", name]);
        }
        let output = command.output().expect("the binary runs");
        let text = String::from_utf8(output.stdout).expect("the answer is text");
        let json = serde_json::from_str(&text).unwrap_or_else(|error| {
            let said = String::from_utf8_lossy(&output.stderr);
            panic!("{}: {error}\n{text}\n{said}", self.title)
        });
        (json, output.status.code().expect("no signal ends it"))
    }
}

fn json_line(finding: &Json) -> String {
    let number = |key: &str| finding[key].as_u64().map(|n| n as usize);
    let at = finding["file"]
        .as_str()
        .and_then(|file| Some((file, number("line")?, number("column")?)));
    let code = finding["code"].as_str().expect("a code");
    let severity = finding["severity"].as_str().expect("a severity");
    line(code, false, severity, at)
}

fn line(code: &str, related: bool, severity: &str, at: Option<(&str, usize, usize)>) -> String {
    let at = match at {
        Some((file, line, column)) => format!("{file}:{line}:{column}"),
        None => "nowhere".into(),
    };
    let related = if related { " (related)" } else { "" };
    format!("{at} {severity} {code}{related}")
}

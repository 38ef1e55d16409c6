//! The guides' snippets as they are printed, with what is found in them; and our own projects, in which
//! nothing is.
//!
//! `examples/guide-verbatim` holds them as far as both services accept them; here they are as they
//! stand on the page: with placeholders, and with a policy that Spacelift refuses.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use spaceport::lint::{self, levels};
use spaceport::sim::child::Engines;
use spaceport::want::config::Choice;
use spaceport::want::desired;

/// The guide's notification policy, both options of it.
const POLICY: &str = r#"# Option 1: Trigger on tracked runs finishing

webhook[{"endpoint_id": "<YOUR-WEBHOOK-ID>"}] {
input.run_updated.run.type == "TRACKED"
input.run_updated.run.state == "FINISHED"
}

# Option 2: Trigger on any run update

webhook[{"endpoint_id": "<YOUR-WEBHOOK-ID>"}] {
input.run_updated != null
}
"#;

/// What the page says where the example refers to the project's account, by file.
const PRINTED: [(&str, &str); 2] = [
    (
        "refresh_spacelift_token.json",
        "https://<your-account>.app.spacelift.io/graphql",
    ),
    ("trigger_spacelift_stack.json", "<YOUR_SPACELIFT_API_URL>"),
];

/// The example's files in a folder of their own.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the example is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("it has a name").to_owned();
        match path.is_dir() {
            true if name == ".spaceport" => {}
            true => copy(&path, &to.join(name)),
            false => drop(fs::copy(&path, to.join(name)).expect("it can be copied")),
        }
    }
}

fn example(to: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(&root.join("examples/guide-verbatim"), to);
}

/// What all lints find, a line each.
fn found(project: &Path) -> Vec<String> {
    let (desired, mut findings) = desired::load_kept(project, &Choice::default(), &BTreeMap::new());
    let engines = Engines::new(env!("CARGO_BIN_EXE_spaceport").into());
    let more = lint::run(&desired, &findings, &engines);
    findings.extend(more);
    let findings = levels::settle_all(&desired, findings).sorted();
    let lines = findings.iter().map(|finding| {
        let at = finding.place.map(|place| {
            let (line, column) = desired.sources.line_column(place);
            format!("{}:{line}:{column}", desired.sources.file(place.file).path)
        });
        let at = at.unwrap_or_default();
        format!("{at} {} {}", finding.severity.word(), finding.code)
    });
    lines.collect()
}

/// What is knowingly so in the projects of this repository is allowed in them, with a reason.
#[test]
fn our_own_projects_are_clean() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(root.join("examples")).expect("there are examples");
    let mut projects: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    projects.retain(|path| !path.ends_with("guide-verbatim"));
    projects.push(root.join("port-config"));
    projects.sort();
    for project in projects {
        assert_eq!(found(&project), [""; 0], "{}", project.display());
    }
}

#[test]
fn the_guide_as_it_is_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    example(folder.path());
    for (name, printed) in PRINTED {
        let path = folder.path().join("guide").join(name);
        let text = fs::read_to_string(&path).expect("it was copied");
        assert_eq!(
            text.matches("${spacelift.graphql_url}").count(),
            1,
            "{name}"
        );
        fs::write(&path, text.replace("${spacelift.graphql_url}", printed)).expect("ours");
    }
    let path = folder.path().join("objects.yaml");
    let text = fs::read_to_string(&path).expect("it was copied");
    let (frame, _) = text
        .split_once("  engineType:")
        .expect("the policy comes last");
    let frame = format!("{frame}  space: root\n  body: \"${{file:notification.rego}}\"\n");
    fs::write(&path, frame).expect("ours");
    fs::write(folder.path().join("notification.rego"), POLICY).expect("ours");
    insta::assert_snapshot!(found(folder.path()).join("\n"), @r"
    guide/refresh_spacelift_token.json:17:25 warning lint::placeholder
    guide/refresh_spacelift_token.json:19:9 hint lint::graphql_success
    guide/refresh_spacelift_token.json:28:39 warning lint::unknown_secret
    guide/space_lift_stack.json:7:13 hint lint::unfilled_property
    guide/spacelift_stack_mapper.mappings.json:5:15 warning lint::pull_request_runs
    guide/spacelift_token_refresh_sync.json:27:32 warning lint::unguarded_response
    guide/trigger_spacelift_stack.json:33:17 warning lint::placeholder
    guide/trigger_spacelift_stack.json:35:9 hint lint::graphql_success
    objects.yaml:19:15 warning lint::token_refresh
    objects.yaml:26:1 warning lint::open_action
    objects.yaml:29:1 warning lint::open_action
    objects.yaml:55:3 warning lint::engine_type
    notification.rego:3:1 error lint::rego_package
    notification.rego:3:26 warning lint::unknown_endpoint
    notification.rego:10:26 warning lint::unknown_endpoint
    ");
}

#[test]
fn the_guide_as_both_services_accept_it() {
    let folder = tempfile::tempdir().expect("a folder");
    example(folder.path());
    insta::assert_snapshot!(found(folder.path()).join("\n"), @r"
    guide/refresh_spacelift_token.json:19:9 hint lint::graphql_success
    guide/refresh_spacelift_token.json:28:39 warning lint::unknown_secret
    guide/space_lift_stack.json:7:13 hint lint::unfilled_property
    guide/spacelift_stack_mapper.mappings.json:5:15 warning lint::pull_request_runs
    guide/spacelift_token_refresh_sync.json:27:32 warning lint::unguarded_response
    guide/trigger_spacelift_stack.json:35:9 hint lint::graphql_success
    objects.yaml:19:15 warning lint::token_refresh
    objects.yaml:26:1 warning lint::open_action
    objects.yaml:29:1 warning lint::open_action
    ");
}

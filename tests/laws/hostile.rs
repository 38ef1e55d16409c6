//! Law 9: no project file sends requests elsewhere or reads what lies outside of the project.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use spaceport::decide::ledger::Home;
use spaceport::there::endpoints::{self, Overrides, PortWanted, Region, SpaceliftWanted, Wanted};
use spaceport::want::config::{Choice, LedgerHome};
use spaceport::want::desired;

use crate::bed::{config, holds};

/// What lies outside and must not be seen.
const OUTSIDE: &str = "canary-outside";
/// What lies inside and may be.
const INSIDE: &str = "text-inside";

const REGIONS: &[&str] = &[
    "eu",
    "us",
    "EU",
    "evil.example.com",
    "eu.evil.example.com/",
    "${var.host}",
    "${env.HOST}",
    "",
    "../eu",
    "eu\n",
];
const ACCOUNTS: &[&str] = &[
    "acme",
    "acme-2",
    "${var.host}",
    "${env.HOST}",
    "evil.example.com",
    "evil.example.com/",
    "evil.example.com#",
    "x@evil.example.com",
    "evil.example.com?",
    "evil.example.com\\",
    "acme:80",
    "127.0.0.1:80/",
    "..",
    "acme/..",
    "acme.app.spacelift.io.evil.example.com/#",
    "acme\n",
    "",
    "%65vil",
    "еvil",
    "${spacelift.url}",
    "a b",
];
const HOSTS: &[&str] = &[
    "evil.example.com/",
    "evil.example.com#",
    "x:y@evil.example.com/",
    "acme",
];
const KEYS: &[&str] = &[
    "base_url",
    "url",
    "endpoint",
    "host",
    "api_url",
    "description",
    "proxy",
];
const PATHS: &[&str] = &[
    "inside.txt",
    "sub/inside.txt",
    "../outside.txt",
    "sub/../../outside.txt",
    "./../outside.txt",
    "link.txt",
    ".linked/outside.txt",
    "ABSOLUTE",
    "file://ABSOLUTE",
    "..%2Foutside.txt",
    "sub/link.txt",
    "~/outside.txt",
    "/dev/zero",
    "/proc/self/environ",
    "pipe",
    "sub",
    "${var.host}",
    "..\\outside.txt",
    "link.data",
    "..",
];

/// A folder with a project in it and something beside it that is nobody's business.
struct Place {
    around: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let around = tempfile::tempdir().expect("a temporary folder");
        let root = around.path().join("project");
        fs::create_dir_all(root.join("sub")).expect("a folder can be made");
        let write = |path: &str, text: &str| {
            fs::write(around.path().join(path), text).expect("it can be written")
        };
        write("outside.txt", OUTSIDE);
        write(
            "outside.json",
            &json!({"identifier": "x", "title": OUTSIDE, "schema": {"properties": {}}}).to_string(),
        );
        write(
            "outside.yaml",
            &format!(
                "kind: port.blueprint\nspec: {{ identifier: {OUTSIDE}, title: x, schema: {{ properties: {{}} }} }}\n"
            ),
        );
        write("project/inside.txt", INSIDE);
        write("project/sub/inside.txt", INSIDE);
        #[cfg(unix)]
        for (from, to) in [
            ("../outside.txt", "link.txt"),
            ("..", ".linked"),
            ("../../outside.txt", "sub/link.txt"),
            ("../outside.json", "link.data"),
            ("../outside.yaml", "linked.yaml"),
        ] {
            std::os::unix::fs::symlink(from, root.join(to)).expect("a link can be made");
        }
        Place { around }
    }

    fn root(&self) -> std::path::PathBuf {
        self.around.path().join("project")
    }

    fn absolute(&self, path: &str) -> String {
        let outside = self.around.path().join("outside.txt");
        path.replace("ABSOLUTE", &outside.display().to_string())
    }

    fn load(
        &self,
        settings: &serde_json::Value,
        documents: &serde_json::Value,
    ) -> (desired::Desired, String, bool) {
        let yaml = |value| serde_yaml::to_string(value).expect("JSON is YAML");
        fs::write(self.root().join("spaceport.yaml"), yaml(settings)).expect("it can be written");
        fs::write(self.root().join("a.yaml"), yaml(documents)).expect("it can be written");
        let env = BTreeMap::from([("HOST".to_owned(), "evil.example.com/".to_owned())]);
        let (desired, findings) = desired::load(&self.root(), &Choice::default(), &env);
        let errors = findings.has_errors();
        let said: String = findings
            .sorted()
            .iter()
            .map(|finding| format!("{finding:?}\n"))
            .collect();
        (desired, said, errors)
    }
}

fn blueprint(title: &str) -> serde_json::Value {
    json!({"kind": "port.blueprint", "spec": {"identifier": "a", "title": "A", "description": title, "schema": {"properties": {}}}})
}

/// Whether a host is the vendor's.
fn vendors(host: &str) -> bool {
    let account = host
        .strip_suffix(".app.spacelift.io")
        .or(host.strip_suffix(".app.us.spacelift.io"));
    let label = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    ["api.port.io", "api.us.port.io"].contains(&host) || account.is_some_and(label)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn project_files_name_no_host_but_the_vendors(
        region in select(REGIONS), account in select(ACCOUNTS), host in select(HOSTS), key in select(KEYS),
        more in 0..3u8,
    ) {
        let place = Place::new();
        fs::remove_file(place.root().join("linked.yaml")).expect("it is there");
        let mut settings = json!({
            "version": 1, "project": "laws", "port": {"region": region}, "spacelift": {"account": account}, "ledger": "none",
            "env": ["HOST"], "variables": {"host": {"default": host}},
        });
        match more {
            0 => settings["port"][key] = json!("https://evil.example.com"),
            1 => settings["spacelift"][key] = json!("https://evil.example.com"),
            _ => {}
        }
        let (desired, _, errors) = place.load(&settings, &blueprint("plain"));
        if more < 2 {
            holds(errors, || format!("law 9: `{key}` is taken"))?;
        }
        if errors {
            return Ok(());
        }
        let config = &desired.config;
        let region = |region: &String| PortWanted {
            region: if region == "us" { Region::Us } else { Region::Eu },
        };
        let wanted = Wanted {
            port: config.region.as_ref().map(region),
            spacelift: config.account.clone().map(|account| SpaceliftWanted { account }),
            environment: None,
        };
        let env: BTreeMap<String, String> = [
            "PORT_CLIENT_ID", "PORT_CLIENT_SECRET", "SPACELIFT_API_KEY_ID", "SPACELIFT_API_KEY_SECRET",
        ].into_iter().map(|name| (name.to_owned(), "x".to_owned())).collect();
        let Ok(found) = endpoints::resolve(&wanted, &Overrides::default(), &env) else { return Ok(()) };
        let port = found.port.map(|port| port.origin.to_string());
        let spacelift = found.spacelift.map(|spacelift| spacelift.origin);
        for origin in port.into_iter().chain(spacelift) {
            let url = url::Url::parse(&origin).map_err(|error| TestCaseError::fail(format!("{origin}: {error}")))?;
            let good = url.scheme() == "https" && url.host_str().is_some_and(vendors) && url.username().is_empty() && url.port().is_none();
            holds(good, || format!("law 9: credentials would go to {origin}"))?;
        }
    }

    #[test]
    fn project_files_read_nothing_outside(
        path in select(PATHS), how in select(&["file", "json", "spec"][..]), host in select(PATHS),
        documents in any::<bool>(),
    ) {
        let place = Place::new();
        if !documents {
            // Otherwise a link that leads to a document outside is among the files.
            fs::remove_file(place.root().join("linked.yaml")).expect("it is there");
        }
        let (path, host) = (place.absolute(path), place.absolute(host));
        let settings = json!({
            "version": 1, "project": "laws", "port": {}, "ledger": "none", "variables": {"host": {"default": host}},
        });
        let document = match how {
            "file" => blueprint(&format!("${{file:{path}}}")),
            "json" => blueprint(&format!("${{json:{path}}}")),
            _ => json!({"kind": "port.blueprint", "ref": "a", "spec": format!("${{json:{path}}}")}),
        };
        let (desired, said, errors) = place.load(&settings, &document);
        let all = format!("{:?}{:?}{said}", desired.objects, desired.config);
        holds(!all.contains(OUTSIDE), || format!("law 9: {path} was read\n{all}"))?;
        if path.ends_with("inside.txt") && how == "file" && !documents {
            holds(!errors && all.contains(INSIDE), || format!("{path} was not read: {said}"))?;
        }
    }

    #[test]
    fn a_ledger_lies_inside(path in select(PATHS), missing in any::<bool>()) {
        let place = Place::new();
        let path = place.absolute(path).replace("outside.txt", if missing { "new.json" } else { "outside.txt" });
        let settings = json!({"version": 1, "project": "laws", "port": {}, "ledger": {"file": path}});
        let (desired, _, errors) = place.load(&settings, &blueprint("plain"));
        if errors {
            return Ok(());
        }
        let Some(LedgerHome::File(path)) = &desired.config.ledger else { return Ok(()) };
        if let Ok(Home::File(file)) = Home::inside(&place.root(), path) {
            let parent = file.ancestors().find_map(|path| path.canonicalize().ok());
            let root = place.root().canonicalize().expect("it is there");
            let inside = parent.is_some_and(|parent| parent.starts_with(&root)) && !climbs(&file, &place.root());
            holds(inside, || format!("law 9: a ledger at {}", file.display()))?;
        }
    }
}

fn climbs(file: &Path, root: &Path) -> bool {
    let rest = file.strip_prefix(root).unwrap_or(file);
    rest.is_absolute()
        || rest
            .components()
            .any(|part| part == std::path::Component::ParentDir)
}

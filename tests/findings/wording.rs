//! The wording of the mistakes that people make most: message and help, as the binary prints them.

use insta::assert_json_snapshot;
use serde_json::Value as Json;

use crate::{cases, disk};

/// The only finding of a case, as JSON.
fn finding(title: &str) -> Json {
    let case = cases().into_iter().find(|case| case.title == title);
    let case = case.unwrap_or_else(|| panic!("there is no case `{title}`"));
    let folder = disk::write(&case);
    let (json, _) = case.validate(&folder.project());
    let [finding] = json["findings"].as_array().expect("a list").as_slice() else {
        panic!("`{title}` has other than one finding: {json:#}");
    };
    finding.clone()
}

#[test]
fn a_template_without_quotes() {
    assert_json_snapshot!(finding("a template without quotes"), @r#"
    {
      "code": "yaml::key",
      "severity": "error",
      "message": "a map cannot be a key",
      "file": "action.yaml",
      "line": 7,
      "column": 11,
      "help": "quote texts that begin with `{{`"
    }
    "#);
}

#[test]
fn a_tab() {
    assert_json_snapshot!(finding("a tab in the indentation"), @r#"
    {
      "code": "yaml::syntax",
      "severity": "error",
      "message": "a tab stands in the indentation",
      "file": "secret.yaml",
      "line": 3,
      "column": 1,
      "help": "indent with spaces, not with tabs"
    }
    "#);
}

#[test]
fn a_duplicate_key() {
    assert_json_snapshot!(finding("a key twice"), @r#"
    {
      "code": "yaml::duplicate_key",
      "severity": "error",
      "message": "the key `secretName` stands twice in this map",
      "file": "secret.yaml",
      "line": 4,
      "column": 3,
      "help": "keep one of the two"
    }
    "#);
}

#[test]
fn a_bare_object() {
    assert_json_snapshot!(finding("a bare action of Port"), @r#"
    {
      "code": "config::bare_object",
      "severity": "error",
      "message": "the document has no `kind`; it looks like an action or automation",
      "file": "action.json",
      "line": 1,
      "column": 1,
      "help": "put the object under `spec:` and write `kind: port.action` above it, or let `spaceport add` do it"
    }
    "#);
}

#[test]
fn a_misspelt_kind() {
    assert_json_snapshot!(finding("a kind that is near to one"), @r#"
    {
      "code": "config::unknown_kind",
      "severity": "error",
      "message": "unknown kind `port.secrets`",
      "file": "secret.yaml",
      "line": 1,
      "column": 7,
      "help": "did you mean `port.secret`?"
    }
    "#);
}

#[test]
fn a_misspelt_field() {
    assert_json_snapshot!(finding("a misspelt lifecycle"), @r#"
    {
      "code": "config::unknown_field",
      "severity": "error",
      "message": "unknown field `protected` in `lifecycle`",
      "file": "secret.yaml",
      "line": 3,
      "column": 14,
      "help": "did you mean `protect`?"
    }
    "#);
}

#[test]
fn a_boolean_of_yaml_1_1() {
    assert_json_snapshot!(finding("a boolean of YAML 1.1"), @r#"
    {
      "code": "config::wrong_type",
      "severity": "error",
      "message": "`enabled` is a text, expected a boolean",
      "file": "webhook.yaml",
      "line": 2,
      "column": 43,
      "help": "write `false`; YAML 1.2 has no other word for it"
    }
    "#);
}

#[test]
fn an_identifier_that_is_too_long() {
    assert_json_snapshot!(finding("a webhook's identifier that is too long"), @r#"
    {
      "code": "config::out_of_range",
      "severity": "error",
      "message": "`identifier` has 43 characters, at most 30 are allowed",
      "file": "webhook.yaml",
      "line": 2,
      "column": 21,
      "help": null
    }
    "#);
}

#[test]
fn a_misspelt_reference() {
    assert_json_snapshot!(finding("a misspelt form"), @r#"
    {
      "code": "ref::syntax",
      "severity": "error",
      "message": "`${evn.LISTED}` is not a reference",
      "file": "secret.yaml",
      "line": 5,
      "column": 16,
      "help": "did you mean `env`? write `$${` for a literal `${`"
    }
    "#);
}

#[test]
fn an_object_that_is_not_in_the_project() {
    assert_json_snapshot!(finding("an object that is not in the project"), @r#"
    {
      "code": "ref::unresolved",
      "severity": "warning",
      "message": "`port.webhook.stack` is not in the project",
      "file": "objects.yaml",
      "line": 5,
      "column": 42,
      "help": "did you mean `stacks`?"
    }
    "#);
}

#[test]
fn an_environment_variable_that_is_not_listed() {
    assert_json_snapshot!(finding("an environment variable that is not listed"), @r#"
    {
      "code": "ref::env_not_listed",
      "severity": "error",
      "message": "this field may not read the environment variable `HOME`",
      "file": "secret.yaml",
      "line": 2,
      "column": 63,
      "help": "list it in `spaceport.yaml`: `env: [HOME]`; secrets need no listing"
    }
    "#);
}

#[test]
fn a_file_that_does_not_exist() {
    assert_json_snapshot!(finding("a file that does not exist"), @r#"
    {
      "code": "ref::file",
      "severity": "error",
      "message": "`policies/p.rego` does not exist",
      "file": "policy.yaml",
      "line": 2,
      "column": 71,
      "help": "paths are relative to the project's folder and stay inside it"
    }
    "#);
}

#[test]
fn half_of_a_lints_name() {
    assert_json_snapshot!(finding("a lint by half of its name"), @r#"
    {
      "code": "config::unknown_field",
      "severity": "error",
      "message": "unknown field `open_action` in `lints`",
      "file": "spaceport.yaml",
      "line": 5,
      "column": 10,
      "help": "did you mean `lint::open_action`?"
    }
    "#);
}

#[test]
fn a_constant_without_quotes() {
    assert_json_snapshot!(finding("a constant in a mapping"), @r#"
    {
      "code": "lint::unquoted_constant",
      "severity": "error",
      "message": "`FINISHED` is read as JQ, and it is none",
      "file": "webhook.yaml",
      "line": 10,
      "column": 30,
      "help": "everything in an entity is JQ; for the constant write `'\"FINISHED\"'`"
    }
    "#);
}

#[test]
fn a_misspelt_function() {
    assert_json_snapshot!(finding("a misspelt function of JQ"), @r#"
    {
      "code": "lint::jq",
      "severity": "error",
      "message": "this JQ does not compile: jq has no function `tostrin`",
      "file": "webhook.yaml",
      "line": 11,
      "column": 11,
      "help": "did you mean `tostring`?"
    }
    "#);
}

#[test]
fn a_secret_with_two_names() {
    assert_json_snapshot!(finding("a secret with two names"), @r#"
    {
      "code": "lint::unknown_secret",
      "severity": "warning",
      "message": "the secret `API_KEY_SECRET` is not in the project",
      "file": "objects.yaml",
      "line": 5,
      "column": 63,
      "help": "one secret with two names? `API_SECRET` is declared and nothing reads it: use one name for both"
    }
    "#);
}

#[test]
fn an_ingest_that_deletes_and_cannot_say_whose() {
    assert_json_snapshot!(finding("an ingest that deletes and cannot say whose"), @r#"
    {
      "code": "config::ingest",
      "severity": "error",
      "message": "nothing that is mapped tells this account's stacks from another's",
      "file": "ingest.yaml",
      "line": 6,
      "column": 8,
      "help": "fill a property with a text that begins with `.account.url`, such as a link; or write `prune: keep`"
    }
    "#);
}

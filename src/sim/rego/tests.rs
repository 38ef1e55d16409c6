//! What policies decide, and which bodies are refused where.

use serde_json::{Value, json};

use super::*;

/// The policy of Port's guide, as its page prints it: options 1 and 2 one below the other.
const GUIDE: &str = r#"# Option 1: Trigger on tracked runs finishing

webhook[{"endpoint_id": "<YOUR-WEBHOOK-ID>"}] {
input.run_updated.run.type == "TRACKED"
input.run_updated.run.state == "FINISHED"
}

# Option 2: Trigger on any run update

webhook[{"endpoint_id": "<YOUR-WEBHOOK-ID>"}] {
input.run_updated != null
}
"#;

fn policy(engine: EngineType, body: &str) -> Policy {
    Policy {
        body: body.to_owned(),
        engine,
        policy_type: "NOTIFICATION".to_owned(),
    }
}

fn v0(rules: &str) -> Policy {
    policy(EngineType::RegoV0, &format!("package spacelift\n{rules}\n"))
}

fn v1(rules: &str) -> Policy {
    policy(EngineType::RegoV1, &format!("package spacelift\n{rules}\n"))
}

fn decision(policy: &Policy, input: Value) -> Decision {
    let policy = policy.clone();
    decide(&Request { policy, input }).expect("a decision")
}

/// A refusal as `LINE: MESSAGE [the text that is meant] (help)`.
fn refusal(policy: &Policy) -> String {
    match load(policy) {
        Ok(()) => "loads".to_owned(),
        Err(fault) => told(&fault, &policy.body),
    }
}

fn told(fault: &Fault, body: &str) -> String {
    let span = fault.span.clone().unwrap_or(0..0);
    let line = body[..span.start].matches('\n').count() + 1;
    let help = fault.help.as_deref().unwrap_or("no help");
    let kind = fault.kind;
    format!(
        "{kind:?} {line}: {} [{}] ({help})",
        fault.message, &body[span]
    )
}

#[test]
fn the_guides_snippet_needs_a_package_and_is_v0() {
    let bare = policy(EngineType::RegoV0, GUIDE);
    insta::assert_snapshot!(refusal(&bare), @"Refused 3: the body has no `package` line [webhook] (put `package spacelift` above the first rule)");
    assert_eq!(refusal(&v0(GUIDE)), "loads");
    insta::assert_snapshot!(refusal(&v1(GUIDE)), @r#"
Refused 4: this rule is written in Rego v0, and the engine is `REGO_V1` [webhook[{"endpoint_id": "<YOUR-WEBHOOK-ID>"}]] (set `engineType: REGO_V0`, or write `NAME contains OBJECT if { … }`)
"#);
}

#[test]
fn both_options_of_the_guide_yield_one_object() {
    let tracked = decision(&v0(GUIDE), samples::run("FINISHED", "TRACKED"));
    assert_eq!(
        tracked.webhook,
        [json!({"endpoint_id": "<YOUR-WEBHOOK-ID>"})]
    );
    let proposed = decision(&v0(GUIDE), samples::run("QUEUED", "PROPOSED"));
    assert_eq!(proposed.webhook.len(), 1, "option 2 takes every run");
    let error = decision(&v0(GUIDE), samples::error("ERROR"));
    assert_eq!(error.webhook, Vec::<Value>::new());
}

/// Which engines read some rules: v0, v1.
#[track_caller]
fn reads(rules: &str, v0: bool, v1: bool) {
    let dialect = dialect(&format!("package spacelift\n{rules}\n"));
    assert!(dialect.has_package());
    let fits = (
        dialect.fits(EngineType::RegoV0),
        dialect.fits(EngineType::RegoV1),
    );
    assert_eq!(fits, (v0, v1), "{rules}");
}

#[test]
fn heads_and_imports_tell_the_dialect() {
    // Bodies without `if`, sets without `contains`.
    reads(
        "webhook[{\"endpoint_id\": \"x\"}] {\n  true\n}",
        true,
        false,
    );
    reads("webhook[x]\n{ x := 1 }", true, false);
    reads("deny[\"x\"]", true, false);
    reads("sample { true }", true, false);
    reads("allow = true { input.x }", true, false);
    reads("f(x) = y { y := x }", true, false);
    reads("a := 1 { true } { false }", true, false);
    reads("x := 1; allow { true }", true, false);
    // `if` and `contains`.
    reads(
        "webhook contains {\"endpoint_id\": \"x\"} if {\n  true\n}",
        false,
        true,
    );
    reads("allow if input.x", false, true);
    reads("allow if\n  input.x == {1}", false, true);
    reads("flag contains \"a\"", false, true);
    reads("x := {\n \"a\": 1 } if { true }", false, true);
    reads("x := [1,\n 2]; allow if { a; b }", false, true);
    reads(
        "a := 1 if { true } else := 2 if { false } else := 3",
        false,
        true,
    );
    // One of each is nobody's.
    reads("a if { true }\nb { true }", false, false);
    // Imports: each keyword for itself.
    reads("import future.keywords\nallow if { true }", true, true);
    reads(
        "import future.keywords.contains\nflag contains 1",
        true,
        true,
    );
    reads(
        "import future.keywords.if\nflag contains 1 if { true }",
        false,
        true,
    );
    reads("import rego.v1\nallow if { true }", true, true);
    reads("import rego.v1\nallow { true }", false, false);
    reads("import future.keywords\nallow { true }", true, false);
    // What both read.
    reads("sample := true", true, true);
    reads("default allow = false", true, true);
    reads(
        "names := {\"a\", \"b\"}\nmap = {\n  \"k\": [1, 2],\n}",
        true,
        true,
    );
    reads("f(x) := contains(x, \"a\")", true, true);
    reads("all := {x | x := input.a[_]; x > 1} | {1}", true, true);
    // Comments and texts do not count.
    reads("# deny { x }\nx := \"deny { y\"", true, true);
    reads("x := `a {\n b if {`", true, true);
    reads("deny[\"no \\\" if here\"] { true } # if", true, false);
    reads("allow { input.if == \"contains\" }", true, false);
}

#[test]
fn a_package_is_a_line_not_a_mention() {
    assert!(!dialect("# package spacelift\nallow { true }").has_package());
    assert!(!dialect("x := \"package y\"").has_package());
    assert!(!dialect("").has_package());
    assert!(dialect("package spacelift").has_package());
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_strange(text in "(package spacelift\n)?([a-z\"`#é{}\\[\\]();:=. \n\\\\]|if |contains |import |default |else ){0,60}") {
        let dialect = dialect(&text);
        for head in &dialect.heads {
            assert_eq!(text[head.span.clone()], head.name);
        }
        for engine in [EngineType::RegoV0, EngineType::RegoV1] {
            if let Err(fault) = saves(&policy(engine, &text)) {
                assert!(fault.span.is_some_and(|span| text.get(span).is_some()));
            }
        }
    }
}

#[test]
fn a_decision_has_all_rules_and_stays_in_order() {
    let policy = v1(r#"
        webhook contains {"endpoint_id": id} if some id in ["b", "a"]
        slack contains {"channel_id": "C1"} if input.internal_error
        sample if input.run_updated
        "#);
    let decision = decision(&policy, samples::run("FAILED", "TRACKED"));
    let expected = json!({
        "flag": [], "sample": true, "inbox": [], "slack": [], "pull_request": [],
        "webhook": [{"endpoint_id": "a"}, {"endpoint_id": "b"}],
    });
    assert_eq!(decision.document, expected);
    assert!(decision.sample && decision.faults.is_empty() && decision.notes.is_empty());
}

#[test]
fn bodies_are_refused_with_a_place_and_a_way_out() {
    let all = [
        v1(r#"webhook["x"] { true }"#),
        v0("webhook contains {} if { true }"),
        v0("import rego.v1\nwebhook[{}] { true }"),
        v1("webhook contains {} if { input.x == }"),
        v1("webhook := {}"),
        v1("sample contains 1"),
        v1("result := 1"),
        v1("slack contains {\"channel_id\": x} if { x := http.send({}).status }"),
        v1("sample if time.now_ns() > 0"),
        v1("sample if startwith(\"a\", \"b\")"),
        v1("sample if time_window(1)\ntime_windows(x) if x > 1"),
        v1("webhook contains {\"endpoint_id\": endpoint_ids} if { endpoint_id := \"a\" }"),
        v1("sample if sample"),
        v1("sample if input.x == \"a"),
        policy(EngineType::RegoV1, "package acme\nsample := true\n"),
        policy(EngineType::RegoV1, ""),
        v1(&format!("x := {}1{}", "[".repeat(200), "]".repeat(200))),
    ];
    let told: Vec<String> = all.iter().map(refusal).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
Refused 2: this rule is written in Rego v0, and the engine is `REGO_V1` [webhook["x"]] (set `engineType: REGO_V0`, or write `NAME contains OBJECT if { … }`)
Refused 2: `if` and `contains` in a head are Rego v1, and the engine is `REGO_V0` [contains] (set `engineType: REGO_V1`, or write `import future.keywords` below the package)
Refused 3: this rule is written in Rego v0, and `import rego.v1` asks for v1 [webhook[{}]] (leave out `import rego.v1`)
Syntax 2: no valid Rego: expecting expression [}] (no help)
Refused 2: `webhook` is a set of objects in Spacelift, and this makes something else [webhook] (write `webhook contains OBJECT if { … }`)
Refused 2: `sample` is true or false in Spacelift, and this makes something else [sample] (write `sample := true`)
Refused 2: Spacelift defines `result` itself [result] (give this rule another name)
Refused 2: Spacelift has switched off the function `http.send` [http.send] (a policy sees nothing but its input)
Refused 2: Spacelift has switched off the function `time.now_ns` [time.now_ns] (take the time from the input: `input.run_updated.run.updated_at`, in nanoseconds)
Refused 2: there is no function `startwith` [startwith] (did you mean `startswith`?)
Refused 2: there is no function `time_window` [time_window] (did you mean `time_windows`?)
Refused 2: nothing gives `endpoint_ids` a value [endpoint_ids] (did you mean `endpoint_id`?)
Refused 2: this rule needs itself [sample] (no help)
Syntax 2: no valid Rego: invalid character in string ["a] (no help)
Refused 1: the package is `acme`, and Spacelift evaluates `spacelift` [package acme] (write `package spacelift`)
Refused 1: the body has no `package` line [] (put `package spacelift` above the first rule)
Limit 2: too much is nested too deep in brackets [[] (the policy may be fine in Spacelift; here it is not read)
"#);
}

#[test]
fn functions_of_the_body_and_of_imports_are_no_unknown_ones() {
    let fine = [
        v1("import data.spacelift as us\nf(x) := x\nsample if { us.f(1); data.spacelift.f(2) }"),
        v1("trace(x) := x\nsample if trace(1) == 1"),
        v1("sample if crypto.sha256(\"a\") == \"b\""),
        v1("sample if { some x in {1}; not (x == 2) }"),
    ];
    for policy in fine {
        assert_eq!(refusal(&policy), "loads", "{}", policy.body);
    }
}

#[test]
fn objects_that_spacelift_does_not_read_are_left_out_and_said() {
    let policy = v1(r#"
webhook contains {"endpoint_id": "a", "payload": "text"}
webhook contains {"endpiont_id": "b"}
webhook contains {"endpoint_id": "c", "header": {"x": "y"}, "method": "PUT"}
webhook contains {"endpoint_id": "d", "headers": {"x": 1}}
webhook contains {"endpoint_id": "e", "payload": {"log": "spacelift::logs::planning"}}
webhook contains "f"
slack contains {"channel_id": "C", "mention_users": "U1"}
inbox contains {"title": "t", "severity": "FATAL"}
pull_request contains {"id": 7, "body": "spacelift::logs::plannning spacelift::logs::applying"}
        "#);
    let decision = decision(&policy, samples::run("FINISHED", "TRACKED"));
    let acted = [
        &decision.webhook,
        &decision.slack,
        &decision.inbox,
        &decision.pull_request,
    ];
    let acted: Vec<Value> = acted.iter().map(|all| json!(all)).collect();
    insta::assert_snapshot!(json!(acted), @r#"
[[{"endpoint_id":"c","header":{"x":"y"},"method":"PUT"},{"endpoint_id":"e","payload":{"log":"spacelift::logs::planning"}}],[],[],[{"body":"spacelift::logs::plannning spacelift::logs::applying","id":7}]]
"#);
    let faults: Vec<String> = decision
        .faults
        .iter()
        .map(|f| told(f, &policy.body))
        .collect();
    insta::assert_snapshot!(faults.join("\n"), @r#"
Runtime 3: `webhook` yields a text, and Spacelift reads objects [webhook] (no help)
Runtime 4: an object of `webhook` has no `endpoint_id`: nothing is sent ["endpiont_id"] (rename `endpiont_id` to `endpoint_id`)
Runtime 3: `payload` of `webhook` is a text, and Spacelift reads an object: nothing is sent ["payload"] (no help)
Runtime 5: Spacelift reads no `header` in an object of `webhook`: it is ignored ["header"] (did you mean `headers`?)
Runtime 6: `headers` of `webhook` is an object, and Spacelift reads an object with texts: nothing is sent ["headers"] (no help)
Runtime 9: `mention_users` of `slack` is a text, and Spacelift reads a list of texts: nothing is sent ["mention_users"] (no help)
Runtime 10: `severity` of `inbox` is a text, and Spacelift reads one of INFO, WARNING, ERROR: nothing is sent ["severity"] (no help)
Runtime 11: there are no logs `spacelift::logs::plannning`: it stays as it is [pull_request] (did you mean `spacelift::logs::planning`?)
"#);
    let notes: Vec<&str> = decision.notes.iter().map(|f| f.message.as_str()).collect();
    insta::assert_snapshot!(notes.join("\n"), @r#"
Spacelift puts logs in the place of `spacelift::logs::planning`
Spacelift puts logs in the place of `spacelift::logs::applying`
"#);
}

#[test]
fn what_fails_on_an_input_is_said_with_its_place() {
    let policy = v1(
        "name := \"a\" if input.account\nname := \"b\" if input.account\n\
        slack contains {\"channel_id\": name}",
    );
    let request = Request {
        policy: policy.clone(),
        input: samples::error("INFO"),
    };
    let fault = decide(&request).expect_err("two values");
    insta::assert_snapshot!(told(&fault, &policy.body), @"Runtime 3: this rule and the one on line 2 give `name` two values [name] (no help)");
    let policy = v1("slack contains {\"channel_id\": crypto.sha256(\"a\")}");
    let request = Request {
        policy: policy.clone(),
        input: samples::error("INFO"),
    };
    insta::assert_snapshot!(told(&decide(&request).expect_err("no such function here"), &policy.body), @"Refused 2: `crypto.sha256` cannot be evaluated here, only in Spacelift [crypto.sha256] (no help)");
    // A function that fails yields nothing, as in Open Policy Agent.
    let policy = v1(
        "slack contains {\"channel_id\": to_number(\"a\")}\nslack contains {\"channel_id\": \"b\"}",
    );
    assert_eq!(decision(&policy, samples::error("INFO")).slack.len(), 1);
}

#[test]
fn long_evaluations_end() {
    let policy = v1("webhook contains {\"endpoint_id\": \"a\"} if \
        count([1 | some x in numbers.range(0, 9999); some y in numbers.range(0, 9999); x == 0 - y]) > 5");
    let request = Request {
        policy: policy.clone(),
        input: samples::error("INFO"),
    };
    let fault = decide(&request).expect_err("too long");
    assert_eq!(fault.kind, FaultKind::Limit, "{fault:?}");
    assert_eq!(load(&policy).expect_err("too long").kind, FaultKind::Limit);
}

#[test]
fn a_name_that_sounds_like_a_limit_is_a_name() {
    assert_eq!(
        refusal(&v1("webhook contains {\"endpoint_id\": depth} if true")),
        "Refused 2: nothing gives `depth` a value [depth] (bind it in the same rule: `depth := …`)"
    );
}

#[test]
fn flags_are_a_set() {
    assert_eq!(refusal(&v1("flag contains \"a\" if true")), "loads");
    assert_eq!(
        refusal(&v1("flag := true")),
        "Refused 2: `flag` is a set of texts in Spacelift, and this makes something else [flag] (write `flag contains TEXT if { … }`)"
    );
}

#[test]
fn logs_come_into_bodies_alone() {
    let rules = r#"webhook contains {
        "endpoint_id": "x",
        "headers": {"a": "spacelift::logs::planning"},
        "payload": {"b": "spacelift::logs::applying"},
    }"#;
    let decision = decision(&v1(rules), json!({}));
    let notes: Vec<&str> = decision.notes.iter().map(|n| n.message.as_str()).collect();
    assert_eq!(
        notes,
        ["Spacelift puts logs in the place of `spacelift::logs::applying`"]
    );
}

#[test]
fn what_would_break_the_parser_is_refused_before_it() {
    for rules in [
        format!("x := {}1", "-".repeat(100_000)),
        format!("x := 1{}", "+1".repeat(100_000)),
        format!("x := {}1{}", "[".repeat(30), "]".repeat(30)),
        "f(1)\n".repeat(150_000),
    ] {
        let fault = parses(&v1(&rules)).expect_err("too much");
        assert_eq!(fault.kind, FaultKind::Limit, "{fault:?}");
    }
}

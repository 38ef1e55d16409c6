//! What Spacelift refuses when a policy is saved, as far as the text alone shows (SA sections 8, 10, 15).
//!
//! Deliberately not here: the parser; it comes after this, in the engine.

use super::dialect::{Dialect, Form, Head};
use super::tokens::Tokens;
use super::{EngineType, Policy, builtins, effort};
use crate::sim::job::{Fault, FaultKind};

/// The longest body that is looked at, in bytes.
const LONGEST: usize = 1 << 20;

/// The package that Spacelift evaluates.
const PACKAGE: &str = "spacelift";

/// Refuses what a look at the text shows to be no body for its engine.
pub(super) fn check(policy: &Policy) -> Result<Dialect, Fault> {
    let body = policy.body.as_str();
    if body.len() > LONGEST {
        let message = format!("longer than the {LONGEST} bytes that are looked at");
        return Err(Fault::new(FaultKind::Limit, message));
    }
    let tokens = Tokens::of(body);
    effort::check(&tokens)?;
    let dialect = super::dialect(body);
    package(&dialect, &tokens)?;
    engine(&dialect, policy.engine)?;
    reserved(&dialect, policy)?;
    builtins::check(&tokens, &dialect)?;
    Ok(dialect)
}

/// A body needs `package spacelift`.
fn package(dialect: &Dialect, tokens: &Tokens<'_>) -> Result<(), Fault> {
    let help = format!("put `package {PACKAGE}` above the first rule");
    match &dialect.package {
        Some((path, _)) if path == PACKAGE => Ok(()),
        Some((path, span)) => {
            let message = format!("the package is `{path}`, and Spacelift evaluates `{PACKAGE}`");
            let help = format!("write `package {PACKAGE}`");
            Err(Fault::new(FaultKind::Refused, message)
                .at(span.clone())
                .help(help))
        }
        None => {
            let first = dialect.heads.first().map(|head| head.span.clone());
            let first = first.or_else(|| tokens.list.first().map(|token| token.span.clone()));
            let fault = Fault::new(FaultKind::Refused, "the body has no `package` line").help(help);
            Err(fault.at(first.unwrap_or(0..0)))
        }
    }
}

/// The heads are in the dialect of the engine.
fn engine(dialect: &Dialect, engine: EngineType) -> Result<(), Fault> {
    let Some(place) = dialect.misfit(engine) else {
        return Ok(());
    };
    let (message, rewrite) = match engine {
        EngineType::RegoV1 => (
            "this rule is written in Rego v0, and the engine is `REGO_V1`",
            "write `NAME contains OBJECT if { … }`",
        ),
        EngineType::RegoV0 if dialect.v1_only.is_some() => (
            "`if` and `contains` in a head are Rego v1, and the engine is `REGO_V0`",
            "write `import future.keywords` below the package",
        ),
        EngineType::RegoV0 => (
            "this rule is written in Rego v0, and `import rego.v1` asks for v1",
            "leave out `import rego.v1`",
        ),
    };
    let help = match dialect.suggests() {
        Some(EngineType::RegoV0) => "set `engineType: REGO_V0`, or ",
        Some(EngineType::RegoV1) => "set `engineType: REGO_V1`, or ",
        None => "",
    };
    let fault = Fault::new(FaultKind::Refused, message).at(place);
    Err(fault.help(format!("{help}{rewrite}")))
}

/// Rules that Spacelift defines itself keep their types.
fn reserved(dialect: &Dialect, policy: &Policy) -> Result<(), Fault> {
    for head in &dialect.heads {
        if head.name == "result" {
            let fault = Fault::new(FaultKind::Refused, "Spacelift defines `result` itself");
            let help = "give this rule another name";
            return Err(fault.at(head.span.clone()).help(help));
        }
        let Some((wanted, form)) = expected(head, &policy.policy_type) else {
            continue;
        };
        let fits = head.form == form || (form == Form::Value && head.form == Form::Default);
        if !fits {
            let name = &head.name;
            let message =
                format!("`{name}` is {wanted} in Spacelift, and this makes something else");
            let member = if name == "flag" { "TEXT" } else { "OBJECT" };
            let help = match (form, policy.engine) {
                (Form::Value, _) => format!("write `{name} := true`"),
                (_, EngineType::RegoV0) => format!("write `{name}[{member}] {{ … }}`"),
                (_, EngineType::RegoV1) => format!("write `{name} contains {member} if {{ … }}`"),
            };
            let fault = Fault::new(FaultKind::Refused, message).at(head.span.clone());
            return Err(fault.help(help));
        }
    }
    Ok(())
}

/// What Spacelift has defined under a name.
fn expected(head: &Head, policy_type: &str) -> Option<(&'static str, Form)> {
    let notification = policy_type == "NOTIFICATION";
    match head.name.as_str() {
        "sample" => Some(("true or false", Form::Value)),
        "webhook" | "slack" | "inbox" | "pull_request" if notification => {
            Some(("a set of objects", Form::Set))
        }
        "flag" if notification => Some(("a set of texts", Form::Set)),
        _ => None,
    }
}

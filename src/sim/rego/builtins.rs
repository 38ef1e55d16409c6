//! The functions of Rego: which Spacelift switches off, and which names there are at all.
//!
//! Deliberately not here: what they do; that is the engine's.

use std::collections::BTreeSet;
use std::ops::Range;

use super::dialect::{Dialect, Form};
use super::tokens::{Kind, Tokens};
use crate::sim::job::{Fault, FaultKind};
use crate::sim::near::nearest;

/// Functions that Spacelift switches off (SA section 10).
const DISABLED: [&str; 5] = [
    "http.send",
    "opa.runtime",
    "rego.parse_module",
    "time.now_ns",
    "trace",
];

/// A function that Spacelift adds: the form in which plan policies see sensitive values.
const SPACELIFTS: &str = "sanitized";

/// The package by its full name.
const PACKAGED: &str = "data.spacelift";

/// The functions of Open Policy Agent, from its reference of built-in functions.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "abs", "all", "any", "array.concat", "array.flatten", "array.reverse", "array.slice",
    "assign", "base64.decode", "base64.encode", "base64.is_valid", "base64url.decode",
    "base64url.encode", "base64url.encode_no_pad", "bits.and", "bits.lsh", "bits.negate",
    "bits.or", "bits.rsh", "bits.xor", "cast_array", "cast_boolean", "cast_null", "cast_object",
    "cast_set", "cast_string", "ceil", "concat", "contains", "count", "crypto.hmac.equal",
    "crypto.hmac.md5", "crypto.hmac.sha1", "crypto.hmac.sha256", "crypto.hmac.sha512",
    "crypto.md5", "crypto.parse_private_keys", "crypto.sha1", "crypto.sha256",
    "crypto.x509.parse_and_verify_certificates",
    "crypto.x509.parse_and_verify_certificates_with_options",
    "crypto.x509.parse_certificate_request", "crypto.x509.parse_certificates",
    "crypto.x509.parse_keypair", "crypto.x509.parse_rsa_private_key", "div", "endswith", "eq",
    "equal", "floor", "format_int", "glob.match", "glob.quote_meta", "graph.reachable",
    "graph.reachable_paths", "graphql.is_valid", "graphql.parse", "graphql.parse_and_verify",
    "graphql.parse_query", "graphql.parse_schema", "graphql.schema_is_valid", "gt", "gte",
    "hex.decode", "hex.encode", "http.send", "indexof", "indexof_n", "internal.member_2",
    "internal.member_3", "intersection", "io.jwt.decode", "io.jwt.decode_verify",
    "io.jwt.encode_sign", "io.jwt.encode_sign_raw", "io.jwt.verify_eddsa",
    "io.jwt.verify_es256", "io.jwt.verify_es384", "io.jwt.verify_es512", "io.jwt.verify_hs256",
    "io.jwt.verify_hs384", "io.jwt.verify_hs512", "io.jwt.verify_ps256", "io.jwt.verify_ps384",
    "io.jwt.verify_ps512", "io.jwt.verify_rs256", "io.jwt.verify_rs384", "io.jwt.verify_rs512",
    "is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string",
    "json.filter", "json.is_valid", "json.marshal", "json.marshal_with_options",
    "json.match_schema", "json.patch", "json.remove", "json.unmarshal", "json.verify_schema",
    "lower", "lt", "lte", "max", "min", "minus", "mul", "neq", "net.cidr_contains",
    "net.cidr_contains_matches", "net.cidr_expand", "net.cidr_intersects", "net.cidr_is_valid",
    "net.cidr_merge", "net.cidr_overlap", "net.lookup_ip_addr", "numbers.range",
    "numbers.range_step", "object.filter", "object.get", "object.keys", "object.remove",
    "object.subset", "object.union", "object.union_n", "opa.runtime", "or", "and", "plus",
    "print", "product", "providers.aws.sign_req", "rand.intn", "re_match", "regex.find_all_string_submatch_n",
    "regex.find_n", "regex.globs_match", "regex.is_valid", "regex.match", "regex.replace",
    "regex.split", "regex.template_match", "rego.metadata.chain", "rego.metadata.rule",
    "rego.parse_module", "rem", "replace", "round", "semver.compare", "semver.is_valid", "set",
    "set_diff", "sort", "split", "sprintf", "startswith", "strings.any_prefix_match",
    "strings.any_suffix_match", "strings.count", "strings.render_template",
    "strings.replace_n", "strings.reverse", "substring", "sum", "time.add_date", "time.clock",
    "time.date", "time.diff", "time.format", "time.now_ns", "time.parse_duration_ns",
    "time.parse_ns", "time.parse_rfc3339_ns", "time.weekday", "to_number", "trace", "trim",
    "trim_left", "trim_prefix", "trim_right", "trim_space", "trim_suffix", "type_name",
    "union", "units.parse", "units.parse_bytes", "upper", "uri.is_valid", "uri.parse",
    "urlquery.decode", "urlquery.decode_object", "urlquery.encode", "urlquery.encode_object",
    "uuid.parse", "uuid.rfc4122", "walk", "yaml.is_valid", "yaml.marshal", "yaml.unmarshal",
];

/// The first call that Spacelift does not answer: of a function that is switched off, or of none.
pub(super) fn check(tokens: &Tokens<'_>, dialect: &Dialect) -> Result<(), Fault> {
    let functions = dialect.heads.iter().filter(|h| h.form == Form::Function);
    let functions: BTreeSet<&str> = functions.map(|head| head.name.as_str()).collect();
    let imports: BTreeSet<&str> = packaged(dialect).collect();
    for (name, span) in calls(tokens) {
        let root = name.split('.').next().unwrap_or(name);
        if functions.contains(name) || imports.contains(root) || name.starts_with(PACKAGED) {
            continue;
        }
        if DISABLED.contains(&name) {
            let message = format!("Spacelift has switched off the function `{name}`");
            let fault = Fault::new(FaultKind::Refused, message).at(span);
            return Err(fault.help(instead(name)));
        }
        if name != SPACELIFTS && !KNOWN.contains(&name) {
            let message = format!("there is no function `{name}`");
            let fault = Fault::new(FaultKind::Refused, message).at(span);
            let all = KNOWN.iter().copied().chain([SPACELIFTS]).chain(functions);
            return Err(match nearest(name, all) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault,
            });
        }
    }
    Ok(())
}

/// Whether a name is one of Open Policy Agent's functions.
#[cfg(feature = "rego")]
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// Every call: the path in front of a `(`.
fn calls<'a>(tokens: &Tokens<'a>) -> impl Iterator<Item = (&'a str, Range<usize>)> {
    let words = [
        "not", "if", "in", "some", "every", "with", "as", "else", "default",
    ];
    (0..tokens.list.len()).filter_map(move |index| {
        let token = &tokens.list[index];
        let inside = index > 0 && tokens.word(index - 1) == ".";
        if token.kind != Kind::Word || inside {
            return None;
        }
        let (path, behind) = tokens.path(index);
        let called = tokens.word(behind) == "(" && tokens.touches(behind - 1);
        let start = token.span.start;
        (called && !words.contains(&path)).then(|| (path, start..start + path.len()))
    })
}

/// Names that an import gives to what is in the package; the engine looks there.
fn packaged(dialect: &Dialect) -> impl Iterator<Item = &str> {
    let imports = dialect.imports.iter();
    let packaged = imports.filter(|import| import.path.starts_with(PACKAGED));
    packaged.map(|import| import.alias.as_str())
}

fn instead(name: &str) -> &'static str {
    match name {
        "time.now_ns" => {
            "take the time from the input: `input.run_updated.run.updated_at`, in nanoseconds"
        }
        "trace" => "use a rule `sample` and look at the recorded evaluations",
        _ => "a policy sees nothing but its input",
    }
}

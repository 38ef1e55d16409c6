//! Signatures: a secret on one side only, one that does not fit how Spacelift signs (SA section 11),
//! and one that every reader of a stack can see (SA section 12).
//!
//! Deliberately not here: the texts of secrets, which nobody sees; only where they come from is told
//! apart.

use crate::follow::{Station, stand_in};
use crate::kinds::Role;
use crate::lint::bench::Bench;
use crate::lint::sample;
use crate::lint::survey::Survey;
use crate::words::Finding;

/// How Spacelift signs: header, algorithm, prefix.
const FORMS: [(&str, &str, &str); 2] = [
    ("x-signature-256", "sha256", "sha256="),
    ("x-signature", "sha1", "sha1="),
];

const SECRET: &str = "/secret";
const CHECKED: &str = "/security/secret";

/// Looks at both ends of every wire from Spacelift to a mapper.
pub fn check<'a>(survey: &'a Survey<'a>, bench: &mut Bench<'a>) {
    let whole = |(sender, mapper): &(&Station, &Station)| {
        survey.is_whole(sender) && survey.is_whole(mapper)
    };
    for (sender, mapper) in sample::feeds(&survey.wiring).into_iter().filter(whole) {
        wire(survey, sender, mapper, bench);
    }
    for sender in survey.wiring.playing(Role::StackEndpoint) {
        if sender.secret(SECRET).is_some() {
            bench.push(
                Finding::warning(
                    "lint::readable_secret",
                    survey.key_at(sender, SECRET),
                    "everybody who can read the stack can read this secret in Spacelift",
                )
                .help("send by a `spacelift.webhook` and a policy, whose secret nobody can read; or let nothing else rest on this one"),
            );
        }
    }
}

fn wire(survey: &Survey, sender: &Station, mapper: &Station, bench: &mut Bench) {
    let plain = mapper.text("/security/signatureAlgorithm") == Some("plain");
    let header = mapper
        .text("/security/signatureHeaderName")
        .unwrap_or_default();
    match (sender.secret(SECRET), mapper.secret(CHECKED)) {
        (None, None) => {}
        // A header with the secret itself is sent besides the signature.
        (_, Some(_)) if plain => {
            let headers = sender.spec.get("secretHeaders").and_then(|h| h.as_object());
            let sent = headers.is_some_and(|h| h.keys().any(|k| k.eq_ignore_ascii_case(header)));
            if !sent {
                bench.push(
                    Finding::warning(
                        "lint::signature_mismatch",
                        survey.at(mapper, "/security/signatureAlgorithm"),
                        format!("Port compares the header `{header}` with the secret itself, and `{}` sends no such header", sender.addr),
                    )
                    .related(survey.at(sender, "/endpoint"), "it sends here")
                    .help("check the signature: `signatureHeaderName: X-Signature-256`, `signatureAlgorithm: sha256`, `signaturePrefix: sha256=`"),
                );
            }
        }
        (Some(_), None) => bench.push(
            Finding::warning(
                "lint::one_sided_secret",
                survey.key_at(sender, SECRET),
                format!("`{}` signs, and `{}` checks nothing: everything posted is taken", sender.addr, mapper.addr),
            )
            .related(mapper.place, "checks nothing")
            .help("give `security` of the mapper the same secret, with `signatureHeaderName: X-Signature-256`, `signatureAlgorithm: sha256`, `signaturePrefix: sha256=`"),
        ),
        (None, Some(_)) => bench.push(
            Finding::warning(
                "lint::one_sided_secret",
                survey.key_at(mapper, CHECKED),
                format!("`{}` checks a secret that `{}` does not have: every event is dropped", mapper.addr, sender.addr),
            )
            .related(survey.at(sender, "/endpoint"), "sends without the secret")
            .help("give both the same secret, for example `${random.webhook_signature}`"),
        ),
        (Some(one), Some(other)) => {
            if stand_in::same(one, other) == Some(false) {
                bench.push(
                    Finding::warning(
                        "lint::one_sided_secret",
                        survey.key_at(mapper, CHECKED),
                        format!("`{}` checks another secret than `{}` signs with: every event is dropped", mapper.addr, sender.addr),
                    )
                    .related(survey.key_at(sender, SECRET), "the other secret")
                    .help("give both the same secret, for example `${random.webhook_signature}`"),
                );
            }
            form(survey, mapper, header, bench);
        }
    }
}

/// Whether header, algorithm and prefix are those of one of Spacelift's signatures.
fn form(survey: &Survey, mapper: &Station, header: &str, bench: &mut Bench) {
    let at = |name: &str| format!("/security/{name}");
    let text = |name: &str| mapper.text(&at(name)).unwrap_or_default();
    let algorithm = text("signatureAlgorithm");
    let wanted = FORMS
        .iter()
        .find(|(name, ..)| header.eq_ignore_ascii_case(name))
        .or(FORMS.iter().find(|(_, name, _)| *name == algorithm))
        .unwrap_or(&FORMS[0]);
    let names = [
        "signatureHeaderName",
        "signatureAlgorithm",
        "signaturePrefix",
    ];
    let right = [
        header.eq_ignore_ascii_case(wanted.0),
        algorithm == wanted.1,
        text("signaturePrefix") == wanted.2,
    ];
    let Some(wrong) = right.iter().position(|right| !right) else {
        return;
    };
    let place = match mapper.spec.pointer(&at(names[wrong])) {
        Some(_) => survey.at(mapper, &at(names[wrong])),
        None => survey.key_at(mapper, "/security"),
    };
    let shown = match text(names[wrong]) {
        "" => "nothing".to_owned(),
        said => format!("`{said}`"),
    };
    bench.push(
        Finding::warning(
            "lint::signature_mismatch",
            place,
            format!("`{}` is {shown}, and Spacelift signs otherwise: every event is dropped", names[wrong]),
        )
        .help(match wanted.1 {
            "sha1" => "write `signatureHeaderName: X-Signature`, `signatureAlgorithm: sha1`, `signaturePrefix: sha1=`",
            _ => "write `signatureHeaderName: X-Signature-256`, `signatureAlgorithm: sha256`, `signaturePrefix: sha256=`",
        }),
    );
}

//! Security: whether both ends of a wire are set up alike (PA section 4, SA section 11).

use super::{Walk, Why, pointer};
use crate::follow::stand_in;
use crate::follow::wiring::Station;
use crate::words::Place;

impl Walk<'_> {
    /// Why deliveries of a webhook of Spacelift would not pass a webhook of Port, when they would
    /// not: said of the two objects, where the engine can only say that a signature is wrong.
    pub(super) fn mismatch(&self, mapper: &Station, sender: Option<&Station>) -> Option<Why> {
        let here = |at: &str| self.wiring.at(&mapper.addr, &pointer(at));
        let sender = sender?;
        let there = self.wiring.at(&sender.addr, &pointer("/secret"));
        let header = mapper.text("/security/signatureHeaderName");
        let wanted = mapper.secret("/security/secret");
        let sent = sender.secret("/secret");
        let (Some(header), Some(wanted)) = (header, wanted) else {
            return None;
        };
        let Some(sent) = sent else {
            return Some(
                Why::new(format!(
                    "`{}` checks signatures, and `{}` has no secret to sign with",
                    mapper.addr, sender.addr
                ))
                .at(there)
                .help(format!(
                    "give `{}` the same `secret`, `${{random.NAME}}` on both sides for example",
                    sender.addr
                )),
            );
        };
        let algorithm = mapper
            .text("/security/signatureAlgorithm")
            .unwrap_or("sha256");
        if let Some(why) = unlike(header, algorithm, mapper, &here) {
            return Some(why);
        }
        let differ = |words: String, help: &str| Some(Why::new(words).at(there).help(help));
        match stand_in::same(wanted, sent) {
            Some(true) => None,
            Some(false) => differ(
                format!(
                    "`{}` signs with another secret than `{}` checks with",
                    sender.addr, mapper.addr
                ),
                "write the same source on both sides, `${random.NAME}` for example",
            ),
            None => differ(
                format!(
                    "`{}` signs with {} and `{}` checks with {}: two secrets, unless their texts are equal",
                    sender.addr,
                    origin(sent),
                    mapper.addr,
                    origin(wanted)
                ),
                "write the same source on both sides",
            ),
        }
    }
}

/// Where a secret comes from, in words, without its text.
fn origin(secret: &crate::words::value::SecretSource) -> String {
    match secret.origin() {
        origin if origin.is_empty() => "a text of the file".to_owned(),
        origin => format!("`{origin}`"),
    }
}

/// What of header, algorithm and prefix does not fit Spacelift's two headers.
fn unlike(
    header: &str,
    algorithm: &str,
    mapper: &Station,
    here: &dyn Fn(&str) -> Place,
) -> Option<Why> {
    let is = |name: &str| header.eq_ignore_ascii_case(name);
    let (fits, prefix) = match (is("X-Signature-256"), is("X-Signature")) {
        (true, _) => ("sha256", "sha256="),
        (_, true) => ("sha1", "sha1="),
        _ => {
            let why = format!("Spacelift sends no header `{header}`");
            return Some(
                Why::new(why)
                    .at(here("/security/signatureHeaderName"))
                    .help("write `signatureHeaderName: X-Signature-256`"),
            );
        }
    };
    if algorithm != fits {
        let why = format!("Spacelift's header `{header}` holds {fits}, not {algorithm}");
        return Some(
            Why::new(why)
                .at(here("/security/signatureAlgorithm"))
                .help(format!("write `signatureAlgorithm: {fits}`")),
        );
    }
    let own = mapper.text("/security/signaturePrefix").unwrap_or_default();
    if own != prefix {
        let why = format!("Spacelift writes `{prefix}` before the signature, not `{own}`");
        return Some(
            Why::new(why)
                .at(here("/security/signaturePrefix"))
                .help(format!("write `signaturePrefix: {prefix}`")),
        );
    }
    None
}

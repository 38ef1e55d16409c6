//! Signatures: Spacelift's `X-Signature` and `X-Signature-256` (SA section 11), the security of Port's
//! webhooks (PA section 4), Port's `x-port-signature` (PA section 3).
//!
//! Neither a secret nor the signature that would have been right is ever part of a fault.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha1::Sha1;
use sha2::Sha256;

use super::job::{Fault, FaultKind};

/// The headers that Spacelift signs a delivery with: `X-Signature: sha1=HEX` and
/// `X-Signature-256: sha256=HEX` over the raw bytes. A webhook without a secret signs with the empty
/// text, as the captured request of the guide suggests.
pub fn spacelift(secret: &str, body: &[u8]) -> [(&'static str, String); 2] {
    let sha1 = hex(&hmac_sha1(secret, body));
    let sha256 = hex(&hmac_sha256(secret, body));
    [
        ("X-Signature", format!("sha1={sha1}")),
        ("X-Signature-256", format!("sha256={sha256}")),
    ]
}

/// The headers that Port signs an action's call with: `x-port-timestamp`, in seconds, and
/// `x-port-signature: v1,BASE64`, the HMAC-SHA-256 of `TIMESTAMP.BODY` with the organization's client
/// secret as its key (docs.port.io, "Validating Webhook signatures").
pub fn port(client_secret: &str, timestamp: u64, body: &[u8]) -> [(&'static str, String); 2] {
    let mut signed = format!("{timestamp}.").into_bytes();
    signed.extend_from_slice(body);
    let signature = STANDARD.encode(hmac_sha256(client_secret, &signed));
    [
        ("x-port-timestamp", timestamp.to_string()),
        ("x-port-signature", format!("v1,{signature}")),
    ]
}

/// Asks whether a delivery passes the `security` of a webhook. Header names are compared without case;
/// members that are null or missing are not asked for; of a repeated header the first counts.
///
/// # Errors
/// Why the delivery would be dropped, and what to look at.
pub fn check(
    security: &Value,
    secret: Option<&str>,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<(), Fault> {
    let member = |name: &str| security.get(name).and_then(Value::as_str);
    let header = member("signatureHeaderName").filter(|name| !name.is_empty());
    let (Some(name), Some(algorithm), Some(secret)) = (
        header,
        member("signatureAlgorithm"),
        secret.filter(|secret| !secret.is_empty()),
    ) else {
        return Ok(());
    };
    let sent = headers
        .iter()
        .find(|(sent, _)| sent.eq_ignore_ascii_case(name));
    let Some((_, sent)) = sent else {
        return Err(missing(name, headers));
    };
    let prefix = member("signaturePrefix").unwrap_or("");
    let Some(digest) = sent.strip_prefix(prefix) else {
        return Err(dropped(format!(
            "the header `{name}` does not begin with `{prefix}`, as `signaturePrefix` wants it"
        ))
        .help("Spacelift signs `X-Signature-256` with the prefix `sha256=`, `X-Signature` with `sha1=`"));
    };
    let same = match algorithm {
        "sha1" => decoded(digest).is_some_and(|digest| {
            Hmac::<Sha1>::new_from_slice(secret.as_bytes())
                .is_ok_and(|mac| mac.chain_update(body).verify_slice(&digest).is_ok())
        }),
        "sha256" => decoded(digest).is_some_and(|digest| {
            Hmac::<Sha256>::new_from_slice(secret.as_bytes())
                .is_ok_and(|mac| mac.chain_update(body).verify_slice(&digest).is_ok())
        }),
        "plain" => equal(secret, digest),
        other => {
            return Err(dropped(format!(
                "`signatureAlgorithm` is `{other}`; there are sha1, sha256 and plain"
            )));
        }
    };
    if same {
        return Ok(());
    }
    Err(mismatch(name, algorithm, prefix, digest))
}

fn missing(name: &str, headers: &[(String, String)]) -> Fault {
    let fault = dropped(format!(
        "the delivery has no header `{name}`, which its signature stands in"
    ));
    let known = headers.iter().map(|(name, _)| name.as_str());
    match super::near::did_you_mean(name, known) {
        Some(help) => fault.help(help),
        None => fault.help("the sender must sign its deliveries, and in this header"),
    }
}

fn mismatch(name: &str, algorithm: &str, prefix: &str, digest: &str) -> Fault {
    let fault = dropped(format!(
        "the signature in `{name}` is not the one that `security.secret` gives"
    ));
    match (algorithm, digest.split_once('=')) {
        ("sha1" | "sha256", Some((word, _))) if prefix.is_empty() && word.starts_with("sha") => {
            fault.help(format!(
                "the header begins with `{word}=`: set `signaturePrefix: {word}=`"
            ))
        }
        _ => fault.help("the sender's secret and `security.secret` must be the same text"),
    }
}

fn dropped(message: String) -> Fault {
    Fault::new(FaultKind::Refused, message)
}

fn hmac_sha1(secret: &str, body: &[u8]) -> Vec<u8> {
    Hmac::<Sha1>::new_from_slice(secret.as_bytes())
        .map(|mac| mac.chain_update(body).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

fn hmac_sha256(secret: &str, body: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mac| mac.chain_update(body).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

/// Whether two texts are equal, in a time that does not tell where they differ.
fn equal(secret: &str, sent: &str) -> bool {
    Hmac::<Sha256>::new_from_slice(b"compare").is_ok_and(|mac| {
        let wanted = hmac_sha256("compare", secret.as_bytes());
        mac.chain_update(sent.as_bytes())
            .verify_slice(&wanted)
            .is_ok()
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn decoded(hex: &str) -> Option<Vec<u8>> {
    if !hex.is_ascii() || !hex.len().is_multiple_of(2) {
        return None;
    }
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const BODY: &[u8] = br#"{"state":"FINISHED"}"#;

    fn sent(headers: &[(&'static str, String)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        headers.iter().map(owned).collect()
    }

    fn why(security: &Value, secret: Option<&str>, headers: &[(String, String)]) -> String {
        match check(security, secret, headers, BODY) {
            Ok(()) => "passes".to_owned(),
            Err(fault) => format!("{} ({})", fault.message, fault.help.unwrap_or_default()),
        }
    }

    #[test]
    fn spacelift_signs_the_vector_of_its_page() {
        let [sha1, sha256] = spacelift("s3cr3t", BODY);
        assert_eq!(
            sha1,
            (
                "X-Signature",
                "sha1=316598e473214ac13032d18e5419fdc436ef68e2".to_owned()
            )
        );
        assert_eq!(
            sha256.1,
            "sha256=e63249ee4757b1304a361fb89e9cea03987bb547a93407b56117238150ba9ed7"
        );
    }

    /// `printf '' | openssl dgst -sha1 -hmac ''` and the same with `-sha256`.
    #[test]
    fn without_a_secret_the_key_is_empty() {
        let [sha1, sha256] = spacelift("", b"");
        assert_eq!(sha1.1, "sha1=fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
        assert_eq!(
            sha256.1,
            "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        );
    }

    /// `printf '1713277889.{"a":1}' | openssl dgst -sha256 -hmac test -binary | base64`.
    #[test]
    fn port_signs_the_time_and_the_body() {
        let [time, signature] = port("test", 1_713_277_889, br#"{"a":1}"#);
        assert_eq!(time, ("x-port-timestamp", "1713277889".to_owned()));
        assert_eq!(
            signature.1,
            "v1,le9U9djM5I2v1a25wBjKeRlHwj/VRKKgzUn4wR2wjDw="
        );
    }

    #[test]
    fn a_webhook_of_port_takes_what_spacelift_signs() {
        let headers = sent(&spacelift("s3cr3t", BODY));
        for (name, algorithm) in [("x-SIGNATURE-256", "sha256"), ("X-Signature", "sha1")] {
            let security = json!({
                "signatureHeaderName": name,
                "signatureAlgorithm": algorithm,
                "signaturePrefix": format!("{algorithm}="),
            });
            assert_eq!(why(&security, Some("s3cr3t"), &headers), "passes");
            assert_eq!(
                why(&security, Some("other"), &headers),
                format!(
                    "the signature in `{name}` is not the one that `security.secret` gives \
                     (the sender's secret and `security.secret` must be the same text)"
                )
            );
        }
    }

    #[test]
    fn a_plain_secret_is_the_header_itself() {
        let security = json!({ "signatureHeaderName": "X-Token", "signatureAlgorithm": "plain", "signaturePrefix": null });
        let with = |text: &str| vec![("x-token".to_owned(), text.to_owned())];
        assert_eq!(why(&security, Some("abc"), &with("abc")), "passes");
        assert_ne!(why(&security, Some("abc"), &with("abd")), "passes");
        assert_ne!(why(&security, Some("abc"), &with("ab")), "passes");
    }

    #[test]
    fn what_is_not_configured_is_not_asked_for() {
        let all = json!({ "signatureHeaderName": "X-S", "signatureAlgorithm": "sha256" });
        assert_eq!(why(&all, None, &[]), "passes");
        for security in [
            json!({}),
            Value::Null,
            json!({ "signatureHeaderName": null, "signatureAlgorithm": "sha1" }),
            json!({ "signatureHeaderName": "X-S", "signatureAlgorithm": null }),
        ] {
            assert_eq!(why(&security, Some("s"), &[]), "passes");
        }
    }

    #[test]
    fn a_drop_says_where_to_look() {
        let headers = sent(&spacelift("s", BODY));
        let security = |name: &str, prefix: &str| json!({ "signatureHeaderName": name, "signatureAlgorithm": "sha256", "signaturePrefix": prefix });
        assert_eq!(
            why(&security("X-Signatur-256", ""), Some("s"), &headers),
            "the delivery has no header `X-Signatur-256`, which its signature stands in (did you mean `X-Signature-256`?)"
        );
        assert_eq!(
            why(&security("X-Signature-256", ""), Some("s"), &headers),
            "the signature in `X-Signature-256` is not the one that `security.secret` gives \
             (the header begins with `sha256=`: set `signaturePrefix: sha256=`)"
        );
        assert!(
            why(&security("X-Signature-256", "sha1="), Some("s"), &headers)
                .contains("does not begin with `sha1=`")
        );
    }

    proptest! {
        #[test]
        fn what_is_signed_passes_and_any_change_does_not(secret in ".{1,20}", body in prop::collection::vec(any::<u8>(), 1..40), at in any::<prop::sample::Index>()) {
            let headers = sent(&spacelift(&secret, &body));
            let security = json!({ "signatureHeaderName": "X-Signature-256", "signatureAlgorithm": "sha256", "signaturePrefix": "sha256=" });
            prop_assert!(check(&security, Some(&secret), &headers, &body).is_ok());
            let mut other = body.clone();
            let at = at.index(other.len());
            other[at] ^= 1;
            prop_assert!(check(&security, Some(&secret), &headers, &other).is_err());
        }

        #[test]
        fn no_header_breaks_it(value in ".*", prefix in ".{0,8}", algorithm in "sha1|sha256|plain|md5") {
            let security = json!({ "signatureHeaderName": "h", "signatureAlgorithm": algorithm, "signaturePrefix": prefix });
            let _ = check(&security, Some("s"), &[("H".to_owned(), value)], BODY);
        }
    }
}

//! What of a value must not be shown although it is no `Secret`: intake keys, header values that
//! authorise, and userinfo in URLs.
//!
//! Whoever has the URL of a Port webhook can post to it, so its key is replaced (PA section 4).
//! What is hidden is found here alone, whatever is put in its place. Deliberately not here:
//! `Secret` leaves, whose texts nobody in this layer can reach.

use crate::words::pointer::Pointer;

/// What stands in place of a text that must not be shown.
pub const REDACTED: &str = "(redacted)";

/// Words before a credential in a header, which are no credential.
const SCHEMES: &[&str] = &[
    "apikey",
    "api-key",
    "basic",
    "bearer",
    "digest",
    "key",
    "negotiate",
    "token",
];

/// The text as it may be shown at this place of a spec; `None` when all of it is redacted.
pub fn at(place: &Pointer, value: &str) -> Option<String> {
    (!hides(place, value)).then(|| text(value))
}

/// Whether all of a text is redacted at this place of a spec.
pub fn hides(place: &Pointer, value: &str) -> bool {
    authorises(place) && !is_only_templates(value)
}

/// Whether a place holds a header that authorises: its value, whatever its type, is redacted.
pub fn authorises(place: &Pointer) -> bool {
    let headers = place.parts().windows(2).filter_map(|pair| {
        let (outer, name) = (pair[0].to_lowercase(), pair[1].to_lowercase());
        match outer.as_str() {
            "secretheaders" => Some(true),
            "headers" => Some(is_credential(&name)),
            _ => None,
        }
    });
    headers.into_iter().any(|found| found)
}

/// Whether a lower-case name stands for something that authorises.
pub fn is_credential(name: &str) -> bool {
    [
        "authorization",
        "api-key",
        "apikey",
        "api_key",
        "token",
        "secret",
        "password",
        "cookie",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// What a hidden part of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// What stands before the `@` of a URL.
    Userinfo,
    /// What follows the host of an intake URL: its key.
    Intake,
}

/// Free text, with intake keys and the userinfo of URLs replaced.
pub fn text(text: &str) -> String {
    text_with(text, &mut |what, _| match what {
        Hidden::Userinfo => REDACTED.to_owned(),
        Hidden::Intake => "…".to_owned(),
    })
}

/// Text that a program of somebody else wrote, a line of a log or the refusal of a server: what
/// looks like a token or a key is replaced as well.
///
/// A token is `eyJ…`, as every JWT begins; a key is a run of 40 or more letters and digits with both
/// in it that is no hash of a commit.
pub fn foreign(said: &str) -> String {
    text(&without_tokens(said, &without_keys))
}

/// Text with every JWT in it replaced.
pub fn tokens(said: &str) -> String {
    without_tokens(said, &str::to_owned)
}

/// Text with every JWT replaced; `others` is what becomes of the other runs of letters and digits.
fn without_tokens(said: &str, others: &dyn Fn(&str) -> String) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '=');
    let mut shown = String::with_capacity(said.len());
    let mut rest = said;
    while let Some(start) = rest.find(part) {
        shown.push_str(&rest[..start]);
        let run = &rest[start..];
        let (run, after) = run.split_at(run.find(|c| !part(c)).unwrap_or(run.len()));
        match run.find("eyJ").filter(|at| run.len() - at >= 20) {
            Some(at) => {
                shown.push_str(&run[..at]);
                shown.push_str(REDACTED);
            }
            None => shown.push_str(&others(run)),
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}

fn without_keys(run: &str) -> String {
    let pieces = run.split_inclusive(['-', '.']);
    let shown = pieces.map(|piece| {
        let key = piece.trim_end_matches(['-', '.']);
        let (digits, letters) = (
            key.contains(|c: char| c.is_ascii_digit()),
            key.contains(|c: char| c.is_ascii_alphabetic()),
        );
        let commit = key.len() == 40 && key.chars().all(|c| c.is_ascii_hexdigit());
        match key.len() >= 40 && digits && letters && !commit {
            true => format!("{REDACTED}{}", &piece[key.len()..]),
            false => piece.to_owned(),
        }
    });
    shown.collect()
}

/// Text of which every address is shown by its host alone: what follows may be a key.
pub fn hosts(said: &str) -> String {
    walk(said, &|_| true, &mut |what, _| match what {
        Hidden::Userinfo => REDACTED.to_owned(),
        Hidden::Intake => "…".to_owned(),
    })
}

/// Free text, with each hidden part replaced by what `hide` makes of it.
pub fn text_with(text: &str, hide: &mut dyn FnMut(Hidden, &str) -> String) -> String {
    walk(
        text,
        &|host| host.to_lowercase().starts_with("ingest."),
        hide,
    )
}

/// Goes through the addresses in a text; `keyed` says at which hosts the path is a key.
fn walk(
    text: &str,
    keyed: &dyn Fn(&str) -> bool,
    hide: &mut dyn FnMut(Hidden, &str) -> String,
) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let authority = authority_end(after);
        let host = match userinfo_end(&after[..authority]) {
            Some(end) => {
                match is_only_templates(&after[..end].replace(':', " ")) {
                    true => shown.push_str(&after[..end]),
                    false => shown.push_str(&hide(Hidden::Userinfo, &after[..end])),
                }
                shown.push('@');
                &after[end + 1..authority]
            }
            None => &after[..authority],
        };
        shown.push_str(host);
        rest = &after[authority..];
        if keyed(host) {
            let end = url_end(rest);
            if end > 0 {
                shown.push_str(&rest[..1]);
            }
            if end > 1 {
                shown.push_str(&hide(Hidden::Intake, &rest[1..end]));
            }
            rest = &rest[end..];
        }
    }
    shown.push_str(rest);
    shown
}

/// Whether a text is made of `{{ .path }}` and at most one scheme word, so holds no credential.
fn is_only_templates(value: &str) -> bool {
    let mut words = String::new();
    let mut rest = value;
    while let Some(open) = rest.find("{{") {
        let inner = &rest[open + 2..];
        let Some(close) = inner.find("}}") else {
            return false;
        };
        // A literal inside of a template would be a credential again.
        let path = inner[..close].trim();
        let plain = |c: char| c.is_alphanumeric() || "._-[]\"'".contains(c);
        if !path.starts_with('.') || !path.chars().all(plain) {
            return false;
        }
        words.push_str(&rest[..open]);
        words.push(' ');
        rest = &inner[close + 2..];
    }
    words.push_str(rest);
    let mut words = words.split_whitespace();
    let scheme = words
        .next()
        .is_none_or(|word| SCHEMES.contains(&word.to_lowercase().as_str()));
    scheme && words.next().is_none()
}

/// Where the authority of a URL ends; templates inside of it may hold anything.
fn authority_end(text: &str) -> usize {
    end_of(text, |c| matches!(c, '/' | '?' | '#' | '\\') || ends_url(c))
}

/// Where a URL ends in a text around it.
fn url_end(text: &str) -> usize {
    end_of(text, ends_url)
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | '<' | '>')
}

fn end_of(text: &str, ends: impl Fn(char) -> bool) -> usize {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if let Some(inner) = text[at..].strip_prefix("{{")
            && let Some(close) = inner.find("}}")
        {
            at += close + 4;
            continue;
        }
        if ends(c) {
            break;
        }
        at += c.len_utf8();
    }
    at
}

/// Where the `@` after the userinfo is, if there is userinfo.
fn userinfo_end(authority: &str) -> Option<usize> {
    authority.rfind('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intake_keys_are_replaced_wherever_they_stand() {
        let shown =
            text("post to https://ingest.us.port.io/abc123?x=1 and https://ingest.port.io/k\"");
        assert_eq!(
            shown,
            "post to https://ingest.us.port.io/… and https://ingest.port.io/…\""
        );
        assert_eq!(
            text("HTTPS://Ingest.getport.io/key"),
            "HTTPS://Ingest.getport.io/…"
        );
        assert_eq!(text("https://api.port.io/v1/x"), "https://api.port.io/v1/x");
    }

    #[test]
    fn what_others_say_shows_no_token_and_no_key() {
        let key = "5".repeat(63) + "a";
        for (said, shown) in [
            (
                "jwt=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln, ok",
                "jwt=(redacted), ok",
            ),
            ("a key eyJ is short", "a key eyJ is short"),
            (&format!("key {key}"), "key (redacted)"),
            (&format!("\"{key}\" is wrong"), "\"(redacted)\" is wrong"),
            (&format!("ghp_{}1", "a".repeat(36)), "(redacted)"),
            (
                "commit 87c5ffdcf063445657c7082a447cb6a7d60f2c9d",
                "commit 87c5ffdcf063445657c7082a447cb6a7d60f2c9d",
            ),
            (
                "01JSPXRQR2F3Y06HD85YYXRSZ7 at 2025-04-25T13:36:08.155Z",
                "01JSPXRQR2F3Y06HD85YYXRSZ7 at 2025-04-25T13:36:08.155Z",
            ),
            (
                "https://acme.app.spacelift.io/stack/a-long-name-of-a-stack-1/run/01JSPXRQR2F3Y06HD85YYXRSZ7",
                "https://acme.app.spacelift.io/stack/a-long-name-of-a-stack-1/run/01JSPXRQR2F3Y06HD85YYXRSZ7",
            ),
            (
                "https://bob:pw@host and https://ingest.port.io/abc",
                "https://(redacted)@host and https://ingest.port.io/…",
            ),
            ("schön, größer", "schön, größer"),
        ] {
            assert_eq!(foreign(said), shown, "{said}");
        }
    }

    #[test]
    fn an_address_can_be_shown_by_its_host_alone() {
        assert_eq!(
            hosts(
                "see https://hooks.example.com/T0/k?x=1, http://b:c@127.0.0.1:80/ and https://a.b"
            ),
            "see https://hooks.example.com/… http://(redacted)@127.0.0.1:80/ and https://a.b"
        );
    }

    #[test]
    fn userinfo_is_redacted_unless_it_is_templates() {
        assert_eq!(
            text("https://bob:pw@ss@host/x"),
            "https://(redacted)@host/x"
        );
        let template = "https://{{ .secrets.USER }}:{{ .secrets.PW }}@host";
        assert_eq!(text(template), template);
        assert_eq!(text("a@b.c://x"), "a@b.c://x");
    }

    #[test]
    fn headers_that_authorise_show_templates_only() {
        let place = |name: &str| {
            Pointer::root()
                .join("invocationMethod")
                .join("headers")
                .join(name)
        };
        for (name, value, shown) in [
            ("Authorization", "Bearer {{ .secrets.TOKEN }}", true),
            ("authorization", "Bearer {{ .secrets[\"A-B\"] }}", true),
            ("Authorization", "Bearer abc", false),
            ("Authorization", "Bearer {{ \"abc\" }}", false),
            ("Authorization", "{{ .inputs.a }} abc", false),
            ("X-API-Key", "abc", false),
            ("my-access-TOKEN", "abc", false),
            ("Content-Type", "application/json", true),
        ] {
            assert_eq!(at(&place(name), value).is_some(), shown, "{name}: {value}");
        }
        let secret = Pointer::root().join("secretHeaders").join("Plain");
        assert!(at(&secret, "abc").is_none());
        assert!(at(&Pointer::root().join("Authorization"), "abc").is_some());
    }
}

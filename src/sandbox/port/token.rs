//! `POST /v1/auth/access_token` and the check of the token on every other route (PA section 1).
//!
//! Nothing is signed: nobody checks the signature of a token that is only ever shown to its maker.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::answer::{Answer, Checked, Outcome, Refusal};
use super::bodies::plain;
use super::guesses;
use super::request::Request;
use super::state::PortState;
use super::tables::Table;
use crate::sandbox::dice::Dice;
use crate::sandbox::{CLIENT_ID, CLIENT_SECRET};

/// Exchanges credentials; the same token comes back until it ends, with what is left of its life.
pub(super) fn exchange(state: &mut PortState, request: &Request<'_>) -> Outcome {
    let body = request.checked(&plain::TOKEN)?;
    if body["clientId"] != CLIENT_ID || body["clientSecret"] != CLIENT_SECRET {
        return Err(Refusal::new(
            401,
            "invalid_credentials",
            "Invalid credentials supplied to the generate token API",
        ));
    }
    let now = request.call.now / 1000;
    let (text, ends) = current(state, request.call.dice, now);
    let body = json!({
        "ok": true, "accessToken": text, "expiresIn": ends - now, "tokenType": "Bearer",
    });
    Ok(Answer::json(200, &body))
}

/// A token by which Port calls its own API for the organization (PA section 3).
pub(super) fn of_organization(state: &mut PortState, dice: &Dice, now: i64) -> String {
    current(state, dice, now / 1000).0
}

/// The active token and its end in Unix seconds, or a new one.
fn current(state: &mut PortState, dice: &Dice, now: i64) -> (String, i64) {
    if let Some((text, ends)) = active(state, now) {
        return (text.to_owned(), ends);
    }
    let ends = now + guesses::TOKEN_SECONDS;
    let text = fresh(state.organization_id(), now, ends, &dice.hex(32));
    state
        .tables
        .put(Table::Token, "token", json!({"text": text, "ends": ends}));
    (text, ends)
}

/// Refuses a request without the active token. The word `Bearer` may be missing.
pub(super) fn check(state: &PortState, request: &Request<'_>) -> Checked {
    let sent = request.call.authorization.unwrap_or_default().trim();
    let sent = match sent.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => sent,
    };
    match active(state, request.call.now / 1000) {
        Some((text, _)) if text == sent => Ok(()),
        _ => Err(Refusal::new(401, guesses::UNAUTHORIZED, "Unauthorized")),
    }
}

fn active(state: &PortState, now: i64) -> Option<(&str, i64)> {
    let token = state.tables.get(Table::Token, "token")?;
    let ends = token["ends"].as_i64().filter(|ends| *ends > now)?;
    Some((token["text"].as_str()?, ends))
}

fn fresh(organization: &str, now: i64, ends: i64, id: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "HS256", "typ": "JWT"}));
    let payload = part(json!({
        "orgId": organization, "sub": CLIENT_ID, "isMachine": true, "personalToken": false,
        "iat": now, "exp": ends, "jti": id,
    }));
    format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(id))
}

//! API keys, the tokens they are exchanged for, and who a token belongs to (SA section 2). Tokens are
//! kept as digests; there is no refresh token and no GitHub login.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::guesses;
use super::refusal::Refusal;
use super::secret::{Secret, sha256_hex};
use super::state::SpaceliftState;

/// An API key that the sandbox knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The name that `viewer` shows.
    pub name: String,
    /// 64 hexadecimal characters (SA section 2).
    pub secret: Secret,
}

/// What a living token stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The key's id.
    pub key_id: String,
    /// The key's name.
    pub name: String,
    /// Unix seconds at which the token ends.
    pub expires_at: i64,
}

impl Session {
    /// How runs and the viewer name the owner of the key: `api::KEYID` (SA section 11).
    pub(super) fn login(&self) -> String {
        format!("api::{}", self.key_id)
    }
}

/// A token that was just issued.
pub(super) struct Issued {
    pub(super) jwt: String,
    pub(super) session: Session,
}

impl SpaceliftState {
    /// The session of a token, unless it is missing, expired or foreign.
    pub(super) fn session(&self, bearer: Option<&str>, now: i64) -> Option<Session> {
        let session = self.sessions.get(&sha256_hex(bearer?.as_bytes()))?;
        (session.expires_at > now).then(|| session.clone())
    }

    /// Exchanges a key for a token. An unknown key is `None`, without an error; an earlier token stays
    /// valid beside the new one (SA section 2).
    pub(super) fn exchange_key(
        &mut self,
        key_id: &str,
        secret: &str,
        (origin, now): (&str, i64),
        token_id: String,
    ) -> Result<Option<Issued>, Refusal> {
        let Some(key) = self.api_keys.get(key_id) else {
            return Ok(None);
        };
        if key.secret.reveal() != secret {
            return Err(guesses::WRONG_SECRET.into());
        }
        let session = Session {
            key_id: key_id.to_owned(),
            name: key.name.clone(),
            expires_at: now + guesses::TOKEN_LIFE_SECONDS,
        };
        let jwt = token(&session, origin, now, &token_id);
        self.sessions.retain(|_, session| session.expires_at > now);
        self.sessions
            .insert(sha256_hex(jwt.as_bytes()), session.clone());
        Ok(Some(Issued { jwt, session }))
    }

    /// Ends the session of a token; says whose it was.
    pub(super) fn end_session(&mut self, bearer: Option<&str>) -> Option<Session> {
        self.sessions.remove(&sha256_hex(bearer?.as_bytes()))
    }
}

/// A token in the shape of the service's: one `aud`, fractional times (SA section 2). Nobody verifies the
/// signature, so it is a digest and no key is involved.
fn token(session: &Session, origin: &str, now: i64, token_id: &str) -> String {
    #[expect(
        clippy::cast_precision_loss,
        reason = "Unix seconds are far below 2^52"
    )]
    let at = |seconds: i64| seconds as f64 + guesses::TOKEN_TIME_FRACTION;
    let claims = json!({
        "iss": "api-key",
        "aud": [origin],
        "sub": session.login(),
        "iat": at(now),
        "nbf": at(now),
        "exp": at(session.expires_at),
        "jti": token_id,
        "adm": guesses::TOKEN_ADMIN,
        "avt": guesses::TOKEN_AVT,
    });
    let head = URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "typ": "JWT" }).to_string());
    let body = URL_SAFE_NO_PAD.encode(claims.to_string());
    let seal = URL_SAFE_NO_PAD.encode(sha256_hex(format!("{head}.{body}").as_bytes()));
    format!("{head}.{body}.{seal}")
}

//! Claims: what a token says about itself.
//!
//! No signature is checked: the token is ours, and the question is only whom to show it to and for
//! how long (SA section 2). Deliberately not here: what follows from it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;

/// What a token says about itself, as far as it says it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claims {
    /// The origins that it is for.
    pub audience: Vec<String>,
    /// When it ends, in Unix seconds with fractions.
    pub ends: Option<f64>,
    /// Whether it is an administrator's.
    pub admin: Option<bool>,
}

impl Claims {
    /// Reads the claims of a token; `None` when it is no such token.
    pub fn read(token: &str) -> Option<Claims> {
        let payload = token.split('.').nth(1)?.trim_end_matches('=');
        let claims = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let claims: Json = serde_json::from_slice(&claims).ok()?;
        let audience = match claims.get("aud") {
            Some(Json::String(one)) => vec![one.clone()],
            Some(Json::Array(list)) => {
                let texts = list.iter().map(|one| one.as_str().map(str::to_owned));
                texts.collect::<Option<_>>()?
            }
            _ => Vec::new(),
        };
        Some(Claims {
            audience,
            ends: claims.get("exp").and_then(Json::as_f64),
            admin: claims.get("adm").and_then(Json::as_bool),
        })
    }

    /// The origin that it is for, when it is for one alone.
    pub fn only_audience(&self) -> Option<&str> {
        match self.audience.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(claims: Json) -> String {
        format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn a_token_says_for_whom_and_until_when_it_is() {
        let claims = json!({"aud": ["https://acme.app.spacelift.io"], "exp": 17.25, "adm": true});
        let claims = Claims::read(&token(claims)).expect("claims");
        assert_eq!(
            claims.only_audience(),
            Some("https://acme.app.spacelift.io")
        );
        assert_eq!((claims.ends, claims.admin), (Some(17.25), Some(true)));
        let two = Claims::read(&token(json!({"aud": ["a", "b"]}))).expect("claims");
        assert_eq!((two.only_audience(), two.ends), (None, None));
        assert_eq!(Claims::read("no token"), None);
        assert_eq!(Claims::read(&token(json!({"aud": [1]}))), None);
    }
}

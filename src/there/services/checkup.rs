//! The checkup: what can be asked of each service about our session there, one question at a time.
//!
//! A plan asks all at once and stops at the first trouble; here every answer counts for itself.
//! Deliberately not here: what is made of the answers (see `commands`).

use crate::there::claims::Claims;
use crate::there::live::Space;
use crate::there::services::document::Document;
use crate::there::services::error::ServiceError;
use crate::there::services::read::{Reader, survey};

/// A session with Spacelift, as the exchange and the token describe it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pass {
    /// When it ends, in Unix seconds.
    pub until: Option<f64>,
    /// What the token says about itself.
    pub claims: Option<Claims>,
    /// Whether a new one can be had when it ends.
    pub renews: bool,
}

/// What Spacelift lets us see at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sight {
    /// Who it takes us for.
    pub viewer: String,
    /// The spaces that we may see.
    pub spaces: Vec<Space>,
}

impl Reader {
    /// Logs in to Port: seconds that the token had left then, where Port says so.
    pub async fn port_pass(&self) -> Result<Option<f64>, ServiceError> {
        self.port()?.token_life().await
    }

    /// Logs in to Spacelift.
    pub async fn spacelift_pass(&self) -> Result<Pass, ServiceError> {
        let spacelift = self.spacelift()?;
        let token = spacelift.token().await?;
        let claims = token.claims();
        Ok(Pass {
            until: token
                .until()
                .or(claims.as_ref().and_then(|claims| claims.ends)),
            claims,
            renews: spacelift.renews(),
        })
    }

    /// Asks Spacelift who we are and which spaces we see.
    pub async fn sight(&self) -> Result<Sight, ServiceError> {
        let seen = survey(self.spacelift()?, Document::new(&[])).await?;
        Ok(Sight {
            viewer: seen.viewer,
            spaces: seen.spaces,
        })
    }

    /// Spacelift's clock at its last answer, in milliseconds.
    pub fn spacelift_time(&self) -> Option<i64> {
        self.spacelift().ok()?.http.dated()
    }
}

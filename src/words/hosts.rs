//! The vendors' hosts: what a region and an account mean.
//!
//! Deliberately not here: overrides from the environment or flags (see `there::endpoints`).

/// The regions of Port that a project may name.
pub const REGIONS: &[&str] = &["eu", "us"];

/// The origin of Port's API in a region (PA section 1, "Base URLs").
pub fn port_origin(region: &str) -> String {
    match region {
        "us" => "https://api.us.port.io".to_owned(),
        _ => "https://api.port.io".to_owned(),
    }
}

/// The origin of a Spacelift account (SA section 1).
pub fn spacelift_origin(account: &str) -> String {
    format!("https://{account}.app.spacelift.io")
}

//! Calls: actions and automations that talk to Spacelift's GraphQL and to Port's own API.
//!
//! Deliberately not here: what a lint thinks of them.

use crate::follow::{Station, Wiring};
use crate::kinds::Role;

/// A web request of an action or automation.
#[derive(Debug, Clone, Copy)]
pub struct Call<'s> {
    /// Whose it is.
    pub station: &'s Station,
    /// Where it goes.
    pub url: &'s str,
}

impl<'s> Call<'s> {
    /// All web requests of a project.
    pub fn all(wiring: &'s Wiring<'_>) -> impl Iterator<Item = Call<'s>> {
        let actors = [Role::Action, Role::Automation].into_iter();
        let stations = actors.flat_map(|role| wiring.playing(role));
        stations.filter_map(|station| {
            let web = station.text("/invocationMethod/type") == Some("WEBHOOK");
            let url = station.text("/invocationMethod/url")?;
            web.then_some(Call { station, url })
        })
    }

    /// Whether it asks Spacelift's GraphQL: the project's endpoint, any account's, or a placeholder
    /// for one as guides print it.
    pub fn is_graphql(self) -> bool {
        let url = self.url.to_ascii_lowercase();
        let account =
            url.contains(".spacelift.io") && url.trim_end_matches('/').ends_with("/graphql");
        let placeholder = url.starts_with('<') && url.contains("spacelift");
        account || (placeholder && self.query().is_some())
    }

    /// The text of the operation that it sends.
    pub fn query(self) -> Option<&'s str> {
        self.station.text("/invocationMethod/body/query")
    }

    /// Whether the answer decides how the run ends.
    pub fn is_synchronized(self) -> bool {
        let value = self.station.spec.pointer("/invocationMethod/synchronized");
        value.is_some_and(|value| {
            value.as_bool() == Some(true) || value.as_str().is_some_and(|text| text != "false")
        })
    }

    /// The action or automation whose runs start it, if that is what starts it.
    pub fn starts_after(self) -> Option<&'s str> {
        self.station.text("/trigger/event/actionIdentifier")
    }

    /// The organization's secret that it writes, if it writes one.
    pub fn writes_secret(self) -> Option<&'s str> {
        let (_, rest) = self.url.split_once("/organization/secrets/")?;
        let name = rest.split(['?', '/', '#']).next()?;
        let method = self.station.text("/invocationMethod/method");
        (method == Some("PATCH") && !name.is_empty()).then_some(name)
    }

    /// The action whose run it starts, if it starts one.
    pub fn starts(self) -> Option<&'s str> {
        let (_, rest) = self.url.split_once("/actions/")?;
        let (name, rest) = rest.split_once('/')?;
        rest.starts_with("runs").then_some(name)
    }
}

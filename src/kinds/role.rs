//! Roles: the part that an object plays when an event passes through the project.
//!
//! Data for who follows events, so that nobody has to know kinds by their names. Deliberately not
//! here: what happens at each station (see `follow`).

/// The part that the objects of a kind play on the way of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// What entities of Port look like.
    Blueprint,
    /// What people start in Port by hand.
    Action,
    /// What Port starts by itself when something happened.
    Automation,
    /// A webhook of Port, which makes entities of what is posted to it.
    Mapper,
    /// A text that Port's templates read as `.secrets.NAME`.
    Secret,
    /// What decides which events of Spacelift go where.
    Policy,
    /// A webhook of Spacelift that policies send to.
    Endpoint,
    /// A webhook of Spacelift that belongs to one stack and needs no policy.
    StackEndpoint,
    /// A space of Spacelift, by which policies reach runs.
    Space,
}

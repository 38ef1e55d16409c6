//! Requests as values: what a kind wants to be sent, without anything that could send it.
//!
//! Deliberately not here: hosts, tokens, retries and secret texts (see `there::services`).

use crate::words::{Pointer, Service, Value};

/// One request that changes something.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// A REST request to Port.
    Port {
        /// `POST`, `PUT`, `PATCH` or `DELETE`.
        method: &'static str,
        /// Path from `/v1` on, its segments already percent-encoded (see [`path`]).
        path: String,
        /// The JSON body, which may hold `Secret` leaves.
        body: Option<Value>,
    },
    /// A GraphQL mutation to Spacelift.
    Spacelift {
        /// The text of the mutation; it has one named operation.
        document: &'static str,
        /// Its variables, which may hold `Secret` leaves.
        variables: Value,
        /// A variable that is the object's id and is filled in from the answer of the create
        /// before it (a second call after a create).
        id_from_create: Option<Pointer>,
    },
}

/// Where a service lists the objects of a kind.
#[derive(Debug, Clone, Copy)]
pub enum List {
    /// A REST list of Port, unpaged (PA section 1, envelopes).
    Port {
        /// Path from `/v1` on, query included. Kinds with the same path share one request.
        path: &'static str,
        /// The expected name of the list beside `ok`; when it is missing, the only array-valued
        /// member is taken.
        envelope: &'static str,
    },
    /// One REST object of Port for each object of another kind, where no list has them all.
    PortEach {
        /// The kind whose objects have one each, by its full name.
        of: &'static str,
        /// Path from `/v1` on, from the id of such an object.
        path: fn(&str) -> String,
        /// The expected name of the object beside `ok`.
        envelope: &'static str,
    },
    /// A root field of Spacelift's one reading document.
    Spacelift {
        /// The root field, `policies`.
        field: &'static str,
        /// The selection of one object, `{ id name }`.
        selection: &'static str,
        /// Whether it is a search with pages (`edges { node }`), asked for with `$page`.
        paged: bool,
    },
}

impl Call {
    /// The service that it goes to.
    pub fn service(&self) -> Service {
        match self {
            Call::Port { .. } => Service::Port,
            Call::Spacelift { .. } => Service::Spacelift,
        }
    }
}

/// A path of percent-encoded segments: `path(&["v1", "blueprints", "a/b"])` is
/// `/v1/blueprints/a%2Fb` (PA section 1: identifiers may hold `/`, `@`, `+` and letters).
pub fn path(segments: &[&str]) -> String {
    const KEEP: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    segments
        .iter()
        .map(|s| format!("/{}", percent_encoding::utf8_percent_encode(s, KEEP)))
        .collect()
}

/// The same value without members that are `null`: closed bodies refuse them where they would
/// mean "absent" (PA section 1).
pub fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(
            map.iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(key, member)| (key.clone(), without_nulls(member)))
                .collect(),
        ),
        Value::List(items) => Value::List(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

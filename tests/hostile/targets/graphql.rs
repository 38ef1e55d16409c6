//! Operations of Spacelift's GraphQL.

use spaceport::sim::graphql;

/// An operation, and its variables.
pub fn run(data: &[u8]) {
    let Some([operation, variables]) = super::parts(data) else {
        return;
    };
    let variables = serde_json::from_str(variables).ok();
    for fault in graphql::check(operation, variables.as_ref()) {
        super::told(operation, &fault);
    }
}

//! Operations of Spacelift's GraphQL.

use spaceport::sim::graphql;

/// An operation, and its variables.
pub fn run(data: &[u8]) -> bool {
    let Some([operation, variables]) = super::parts(data) else {
        return false;
    };
    let variables = serde_json::from_str(variables).ok();
    let faults = graphql::check(operation, variables.as_ref());
    faults
        .iter()
        .for_each(|fault| super::told(operation, fault));
    faults.is_empty()
}

//! One GraphQL request from body to answer: parse, validate against the schema text, run, word the
//! errors. Knows no noun. The store stays locked for the whole of a query, so answers are consistent, and
//! for each field of a mutation, which is all that holds together in GraphQL.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::Operation;
use apollo_compiler::introspection::check_max_depth;
use apollo_compiler::request::RequestError;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::{ExecutionResponse, GraphQLError, JsonMap, JsonValue};
use apollo_compiler::validation::DiagnosticList;
use serde_json::{Value, json};

use super::guesses;
use super::mutation::{MutationRoot, NOT_WRITES};
use super::query::QueryRoot;
use super::search::Paging;
use super::state::SpaceliftState;
use super::view::Look;
use super::{GraphqlAnswer, GraphqlCall};
use crate::sim::job::{Answer, Fault, Job};

/// What the executor puts in front of a resolver's own words.
const RESOLVER_PREFIX: &str = "resolver error: ";

/// The schema, parsed once for all who read it.
pub(super) use crate::sim::graphql::PARSED as SCHEMA;

/// What a request may draw on besides the store.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Gives fresh ULIDs; called while the store is locked.
    pub ids: &'a dyn Fn() -> String,
    /// Asks an engine and waits for it; called while the store is not locked.
    pub ask: &'a dyn Fn(Job) -> Result<Answer, Fault>,
    /// Faults of pages.
    pub paging: Paging,
    /// How many automations of Port led to the request.
    pub depth: u32,
}

impl fmt::Debug for Means<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Means")
            .field("paging", &self.paging)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

/// Answers one request. What it causes is left in the state's tasks.
pub fn execute(
    state: &Mutex<SpaceliftState>,
    call: &GraphqlCall<'_>,
    means: Means<'_>,
) -> GraphqlAnswer {
    let named = call.body.get("operationName").and_then(Value::as_str);
    let named = named.filter(|name| !name.is_empty());
    let mut answer = GraphqlAnswer {
        status: 200,
        body: Value::Null,
        operation: named.unwrap_or("").to_owned(),
        is_write: false,
    };
    let Some(query) = call.body.get("query").and_then(Value::as_str) else {
        answer.status = guesses::NOT_A_REQUEST_STATUS;
        answer.body = refused([json!({ "message": "request body has no `query` text" })]);
        return answer;
    };
    let document = match ExecutableDocument::parse_and_validate(&SCHEMA, query, "query.graphql") {
        Ok(document) => document,
        Err(invalid) => {
            answer.status = guesses::INVALID_DOCUMENT_STATUS;
            answer.body = refused(diagnostics(&invalid.errors));
            return answer;
        }
    };
    let result = document.operations.get(named).and_then(|operation| {
        describe(&mut answer, operation, &document);
        // The schema of schemas is recursive: a short query could ask for an endless answer.
        check_max_depth(&document, operation)?;
        let variables = variables(call.body);
        let execution = Execution::new(&SCHEMA, &document)
            .operation(operation)
            .raw_variable_values(&variables)
            .enable_schema_introspection(true);
        run(state, call, means, operation, &execution)
    });
    match result {
        Ok(response) => answer.body = worded(response),
        Err(error) => {
            answer.status = guesses::INVALID_DOCUMENT_STATUS;
            let error = error.to_graphql_error(&document.sources);
            answer.body = refused([plain(&error)]);
        }
    }
    answer
}

fn run(
    state: &Mutex<SpaceliftState>,
    call: &GraphqlCall<'_>,
    means: Means<'_>,
    operation: &Operation,
    execution: &Execution<'_>,
) -> Result<ExecutionResponse, RequestError> {
    let locked = lock(state);
    let session = locked.session(call.bearer, call.seconds());
    if operation.is_mutation() {
        drop(locked);
        execution.execute_sync(&MutationRoot {
            state,
            session: session.as_ref(),
            call,
            means,
        })
    } else {
        let look = Look {
            state: &locked,
            session: session.as_ref(),
            paging: means.paging,
        };
        execution.execute_sync(&QueryRoot { look })
    }
}

/// The store. Every write leaves the maps whole, so one whose holder panicked elsewhere is still good.
pub(super) fn lock(state: &Mutex<SpaceliftState>) -> MutexGuard<'_, SpaceliftState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes the operation's name and whether it asks for a change.
fn describe(answer: &mut GraphqlAnswer, operation: &Operation, document: &ExecutableDocument) {
    let fields = operation.root_fields(document);
    let fields: Vec<&str> = fields.map(|field| field.name.as_str()).collect();
    let name = operation.name.as_ref().map(|name| name.as_str());
    if let Some(name) = name.or_else(|| fields.first().copied()) {
        name.clone_into(&mut answer.operation);
    }
    answer.is_write = operation.is_mutation() && fields.iter().any(|f| !NOT_WRITES.contains(f));
}

fn variables(body: &Value) -> JsonMap {
    match body.get("variables").cloned().map(JsonValue::from) {
        Some(JsonValue::Object(map)) => map,
        _ => JsonMap::new(),
    }
}

/// The response as the service words it.
fn worded(response: ExecutionResponse) -> Value {
    let data = json!(response.data);
    if response.errors.is_empty() {
        json!({ "data": data })
    } else {
        let errors: Vec<Value> = response.errors.iter().map(plain).collect();
        json!({ "errors": errors, "data": data })
    }
}

fn plain(error: &GraphQLError) -> Value {
    let message = error.message.strip_prefix(RESOLVER_PREFIX);
    let mut plain = json!({ "message": message.unwrap_or(&error.message) });
    if !error.path.is_empty() {
        plain["path"] = json!(error.path);
    }
    if !error.locations.is_empty() {
        plain["locations"] = json!(error.locations);
    }
    plain
}

/// What is wrong with a document, in the words that most servers share. The compiler calls this form
/// unstable; a test holds the one sentence that people search for.
fn diagnostics(list: &DiagnosticList) -> Vec<Value> {
    list.iter()
        .map(|diagnostic| plain(&diagnostic.unstable_to_json_compat()))
        .collect()
}

fn refused(errors: impl IntoIterator<Item = Value>) -> Value {
    let errors: Vec<Value> = errors.into_iter().collect();
    json!({ "errors": errors, "data": null })
}

//! The requests of the guide's script over one kept connection: what a careful programmer would make of
//! the script without changing what it does.
//!
//! Runs in a process of its own, so that it is measured as the others are.

use std::env;
use std::io;

use serde_json::{Value, json};

use crate::line::Line;

const EXCHANGE: &str =
    "mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }";
const STACKS: &str = "{ stacks { id name space administrative state description repository repositoryURL \
                      provider labels branch namespace entityCount } }";

/// Reads all stacks, and sends each of them as an entity; credentials and addresses come from the variables
/// that `spaceport` reads.
pub fn run() -> io::Result<()> {
    let mut line = Line::open(&variable("PORT_BASE_URL")?)?;
    let (id, secret) = (
        variable("SPACELIFT_API_KEY_ID")?,
        variable("SPACELIFT_API_KEY_SECRET")?,
    );
    let jwt = session(&mut line, &id, &secret)?;
    let listing = line.post("/graphql", Some(&jwt), &json!({ "query": STACKS }))?;
    let client = json!({
        "clientId": variable("PORT_CLIENT_ID")?,
        "clientSecret": variable("PORT_CLIENT_SECRET")?,
    });
    let port = line.post("/v1/auth/access_token", None, &client)?;
    let token = text(&port["accessToken"])?;
    let path = "/v1/blueprints/space_lift_stack/entities?upsert=true";
    for stack in listing["data"]["stacks"].as_array().into_iter().flatten() {
        line.post(path, Some(token), &entity(stack))?;
    }
    Ok(())
}

/// A token of Spacelift for a key.
pub fn session(line: &mut Line, id: &str, secret: &str) -> io::Result<String> {
    let key = json!({ "id": id, "secret": secret });
    let body = json!({ "query": EXCHANGE, "variables": key });
    let answer = line.post("/graphql", None, &body)?;
    text(&answer["data"]["apiKeyUser"]["jwt"]).map(str::to_owned)
}

/// What the guide makes of a stack.
fn entity(stack: &Value) -> Value {
    json!({
        "identifier": stack["id"],
        "title": stack["name"],
        "properties": {
            "space": stack["space"],
            "label": stack["labels"],
            "description": stack["description"],
            "repository": stack["repository"],
            "state": stack["state"],
            "git_provider": stack["provider"],
            "branch": stack["branch"],
        },
        "relations": {},
    })
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(|_| io::Error::other(format!("`{name}` is not set")))
}

fn text(value: &Value) -> io::Result<&str> {
    let missing = || io::Error::other("an answer without its token");
    value.as_str().ok_or_else(missing)
}

//! The requests of the script in the vendors' guide that ingests stacks, byte for byte as its HTTP library sends them:
//! a connection of its own for each, no operation names, and an upsert that replaces.

use serde_json::{Value, json};
use spaceport::sandbox::{CLIENT_ID, CLIENT_SECRET, KEY_ID, KEY_SECRET, Options, StartingStack};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::World;

const TOKEN: &str = "\nmutation GetSpaceliftToken($apiKeyId: ID!, $apiKeySecret: String!) {\n  apiKeyUser(id: $apiKeyId, secret: $apiKeySecret) {\n    jwt\n  }\n}\n";
const STACKS: &str = "\n{\n  stacks {\n    id\n    name\n    space\n    administrative\n    state\n    description\n    repository\n    repositoryURL\n    provider\n    labels\n    branch\n    namespace\n    entityCount\n  }\n}\n";
const UPSERT: &str = "/v1/blueprints/space_lift_stack/entities?upsert=true";

/// Posts as `httpx.AsyncClient` does with a client for this request alone, and closes.
async fn post(world: &World, path: &str, token: Option<&str>, body: &Value) -> Value {
    let host = world.sandbox.url().trim_start_matches("http://");
    let body = body.to_string();
    let length = body.len();
    let mut head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n\
         Connection: keep-alive\r\nUser-Agent: python-httpx/0.28.1\r\n"
    );
    if let Some(token) = token {
        head.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    head.push_str(&format!(
        "Content-Length: {length}\r\nContent-Type: application/json\r\n\r\n"
    ));
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("a head");
    stream.write_all(body.as_bytes()).await.expect("a body");
    answer(&mut stream).await
}

/// Reads one answer that says how long it is; like `raise_for_status`, takes nothing but a success.
async fn answer(stream: &mut TcpStream) -> Value {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let status: u16 = head[9..12].parse().expect("a status");
            assert!((200..300).contains(&status), "{head}");
            let length = head.split("content-length: ").nth(1).expect("a length");
            let length = length.lines().next().expect("a line").parse::<usize>();
            let start = end + 4;
            let whole = start + length.expect("a number");
            if bytes.len() >= whole {
                return serde_json::from_slice(&bytes[start..whole]).expect("JSON");
            }
        }
        let read = stream.read_buf(&mut bytes).await.expect("an answer");
        assert!(read > 0, "the answer ended early");
    }
}

/// What the script makes of a stack.
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

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[tokio::test]
async fn the_script_of_the_guide_ingests_every_stack() {
    let world = World::with(Options {
        stacks: (0..60).map(StartingStack::varied).collect(),
        ..Options::default()
    })
    .await;
    let kinds = [
        "space",
        "description",
        "repository",
        "state",
        "git_provider",
        "branch",
    ];
    let texts = kinds.map(|name| (name, json!({"type": "string", "title": name})));
    let mut properties: Value = texts.into_iter().collect();
    properties["label"] = json!({"items": {"type": "string"}, "type": "array", "title": "Label"});
    properties["link"] = json!({"type": "string", "title": "Link", "format": "url"});
    let schema = json!({"schema": {"properties": properties, "required": []}});
    world.blueprint("space_lift_stack", schema).await;
    world.sandbox.reset_requests();

    let variables = json!({"apiKeyId": KEY_ID, "apiKeySecret": KEY_SECRET});
    let exchange = json!({"query": TOKEN, "variables": variables});
    let exchanged = post(&world, "/graphql", None, &exchange).await;
    let jwt = text(&exchanged["data"]["apiKeyUser"]["jwt"]);
    let listed = post(&world, "/graphql", Some(jwt), &json!({"query": STACKS})).await;
    let stacks = listed["data"]["stacks"].as_array().expect("a list");
    assert_eq!(stacks.len(), 60);
    let credentials = json!({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET});
    let given = post(&world, "/v1/auth/access_token", None, &credentials).await;
    let token = text(&given["accessToken"]);
    for stack in stacks {
        post(&world, UPSERT, Some(token), &entity(stack)).await;
    }
    assert_eq!(world.sandbox.requests().len(), 63);

    let (_, count) = world
        .get("/v1/blueprints/space_lift_stack/entities-count")
        .await;
    assert_eq!(count["count"], 60);
    let stack = stacks
        .iter()
        .find(|stack| stack["description"].is_null() && stack["state"] == "FINISHED")
        .expect("one of sixty");
    let stored = world.entity("space_lift_stack", text(&stack["id"])).await;
    let mut expected = entity(stack)["properties"].clone();
    expected["link"] = Value::Null;
    assert_eq!(stored["properties"], expected);
    assert_eq!(
        (&stored["title"], &stored["createdBy"]),
        (&stack["name"], &json!(CLIENT_ID))
    );

    // The script again: it writes everything again, and an upsert without merge empties what it does not name.
    let linked = json!({"properties": {"link": "https://acme.app.spacelift.io/stack/x"}});
    let path = format!(
        "/v1/blueprints/space_lift_stack/entities/{}",
        text(&stack["id"])
    );
    assert_eq!(world.patch(&path, linked).await.0, 200);
    post(&world, UPSERT, Some(token), &entity(stack)).await;
    let stored = world.entity("space_lift_stack", text(&stack["id"])).await;
    assert_eq!(stored["properties"], expected);
}

//! What has to exist before a body can be judged: the objects that a route's path names.

use serde_json::{Value, json};

use crate::world::World;

/// Makes the objects of a path template anew and fills it; `round` keeps the names fresh.
pub async fn path(world: &World, template: &str, round: usize) -> String {
    let mut path = template.to_owned();
    let names = Names(round);
    if template.contains("/blueprints/{") {
        blueprint(world, &names).await;
    }
    if template.contains("/actions/{") || template.contains("/runs/{") {
        made(world, "/v1/actions", action(&names)).await;
    }
    if template.contains("{run_id}") {
        let started = format!("/v1/actions/{}/runs", names.of("action"));
        let answer = made(world, &started, json!({"properties": {}})).await;
        let id = answer["run"]["id"].as_str().expect("a run has an id");
        path = path.replace("{run_id}", id);
    }
    if template.contains("{entity_identifier}") {
        let entities = format!("/v1/blueprints/{}/entities", names.of("blueprint"));
        made(world, &entities, json!({"identifier": names.of("entity")})).await;
    }
    if template.contains("{scorecard_identifier}") {
        let scorecards = format!("/v1/blueprints/{}/scorecards", names.of("blueprint"));
        let card = json!({"identifier": names.of("scorecard"), "title": "t", "rules": []});
        made(world, &scorecards, card).await;
    }
    if template.contains("/teams/{") {
        made(world, "/v1/teams", json!({"name": names.of("team")})).await;
        path = path.replace("{name}", &names.of("team"));
    }
    if template.contains("/webhooks/{") {
        let webhook = json!({"identifier": names.of("webhook"), "title": "t", "enabled": true});
        made(world, "/v1/webhooks", webhook).await;
        path = path.replace("{identifier}", &names.of("webhook"));
    }
    if template.contains("{secret_name}") {
        let secret = json!({"secretName": names.of("secret"), "secretValue": "v"});
        made(world, "/v1/organization/secrets", secret).await;
    }
    if template.contains("/integration/{") {
        let integration = json!({"installationId": names.of("integration")});
        made(world, "/v1/integration", integration).await;
        path = path.replace("{identifier}", &names.of("integration"));
    }
    if template.contains("{page_identifier}") {
        let page = json!({"identifier": names.of("page"), "type": "dashboard", "title": "t"});
        made(world, "/v1/pages", page).await;
    }
    let property = if template.contains("/mirror/") {
        "mirrored"
    } else {
        "state"
    };
    for (hole, with) in [
        ("{property_identifier}", property.to_owned()),
        ("{relation_identifier}", "parent".to_owned()),
        ("{blueprint_identifier}", names.of("blueprint")),
        ("{action_identifier}", names.of("action")),
        ("{entity_identifier}", names.of("entity")),
        ("{scorecard_identifier}", names.of("scorecard")),
        ("{secret_name}", names.of("secret")),
        ("{page_identifier}", names.of("page")),
        ("{identifier}", names.of("blueprint")),
    ] {
        path = path.replace(hole, &with);
    }
    path
}

struct Names(usize);

impl Names {
    fn of(&self, kind: &str) -> String {
        format!("bed-{kind}-{}", self.0)
    }
}

async fn blueprint(world: &World, names: &Names) {
    let own = names.of("blueprint");
    let body = json!({
        "identifier": own, "title": "t",
        "schema": {"properties": {"state": {"type": "string"}}},
        "relations": {"parent": {"target": own, "required": false, "many": false}},
        "mirrorProperties": {"mirrored": {"path": "parent.state"}},
    });
    made(world, "/v1/blueprints", body).await;
}

fn action(names: &Names) -> Value {
    json!({
        "identifier": names.of("action"),
        "requiredApproval": true,
        "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}},
        "invocationMethod": {"type": "KAFKA"},
    })
}

async fn made(world: &World, path: &str, body: Value) -> Value {
    let (status, answer) = world.post(path, body).await;
    assert!(
        (200..300).contains(&status),
        "POST {path}: {status} {answer}"
    );
    answer
}

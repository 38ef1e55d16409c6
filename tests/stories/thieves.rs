//! Law 9: credentials go only where the environment or the vendor's name allows, and no project
//! file sends them elsewhere or reads outside of its folder.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use spaceport::sandbox::{Effect, Fault, Service};

use crate::stub::{Stub, json, redirect};
use crate::world::{PROJECT, World, blueprint, policy};

/// A project file cannot name a host: there is no such field.
#[test]
fn a_project_file_names_no_host() {
    let thief = Stub::thief();
    let url = thief.url();
    let host = url.trim_start_matches("http://");
    for settings in [
        PROJECT.replace("region: eu", &format!("region: eu, url: \"{url}\"")),
        PROJECT.replace("region: eu", &format!("region: \"{host}\"")),
        PROJECT.replace(
            "account: acme",
            &format!("account: acme, endpoint: \"{url}\""),
        ),
        PROJECT.replace("account: acme", &format!("account: \"{host}/\"")),
        PROJECT.replace("account: acme", &format!("account: \"x@{host}/\"")),
        format!("{PROJECT}port_url: \"{url}\"\n"),
    ] {
        let mut world = World::new();
        world.unset("PORT_BASE_URL");
        world.unset("SPACELIFT_API_KEY_ENDPOINT");
        world.write("service.yaml", &blueprint("service", "Service"));
        world.write("spaceport.yaml", &settings);
        world.apply().exits(3);
        world.run(&["validate"]).exits(3);
    }
    assert_eq!(thief.visits(), 0);
}

/// A redirect of the token exchange is not followed, whichever service answers it.
#[test]
fn a_redirect_of_the_token_exchange_gets_no_credential() {
    for variable in ["PORT_BASE_URL", "SPACELIFT_API_KEY_ENDPOINT"] {
        let thief = Stub::thief();
        let to = thief.url().to_owned();
        let stub = Stub::new(move |_| redirect(&to));
        let mut world = World::new();
        world.write("service.yaml", &blueprint("service", "Service"));
        world.set(variable, stub.url());
        world.apply().exits(1).says("redirect").says(variable);
        assert!(stub.visits() > 0);
        assert_eq!(thief.visits(), 0);
        assert_eq!(world.writes(), [""; 0]);
    }
}

/// Nor is a redirect followed once there is a token.
#[test]
fn a_redirect_of_a_list_gets_no_token() {
    let thief = Stub::thief();
    let to = thief.url().to_owned();
    let stub = Stub::new(move |line| match line.contains("access_token") {
        true => json(
            r#"{"ok": true, "accessToken": "a.b.c", "expiresIn": 10800, "tokenType": "Bearer"}"#,
        ),
        false => redirect(&to),
    });
    let mut world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.set("PORT_BASE_URL", stub.url());
    world.apply().exits(1).says("redirect");
    assert!(stub.visits() > 1);
    assert_eq!(thief.visits(), 0);
}

/// A ready token is shown to the account it was made for, and to nobody else.
#[test]
fn a_token_for_another_account_is_not_sent() {
    let stub = Stub::thief();
    let claims = URL_SAFE_NO_PAD.encode(r#"{"aud":["https://acme.app.spacelift.io"]}"#);
    let mut world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.unset("SPACELIFT_API_KEY_ID");
    world.unset("SPACELIFT_API_KEY_SECRET");
    world.set("SPACELIFT_API_TOKEN", &format!("e30.{claims}.canary"));
    world.set("SPACELIFT_API_KEY_ENDPOINT", stub.url());
    world
        .apply()
        .exits(1)
        .says("SPACELIFT_API_TOKEN")
        .hides("canary");
    assert_eq!(stub.visits(), 0);
    assert!(world.sandbox.requests().is_empty());
}

/// A ready token for the account that is called does instead of a key.
#[test]
fn a_token_for_this_account_is_used() {
    let mut world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.write("gate.yaml", &policy("Gate"));
    let token = world.token();
    world.unset("SPACELIFT_API_KEY_ID");
    world.unset("SPACELIFT_API_KEY_SECRET");
    world.set("SPACELIFT_API_TOKEN", &token);
    let ran = world.run(&["apply", "--yes", "-vvv"]);
    ran.exits(0).hides(&token);
    assert!(!world.of_spacelift("policies", "Gate").is_null());

    // It cannot be renewed: when it has ended, that is told.
    world
        .sandbox
        .fault(Fault::new(Effect::ExpireTokens).service(Service::Spacelift));
    world
        .apply()
        .exits(1)
        .says("SPACELIFT_API_TOKEN")
        .hides(&token);
}

/// Plain `http://` goes to this machine only, also when the environment asks for it.
#[test]
fn plain_http_to_another_machine_is_refused() {
    for variable in ["PORT_BASE_URL", "SPACELIFT_API_KEY_ENDPOINT"] {
        let mut world = World::new();
        world.write("service.yaml", &blueprint("service", "Service"));
        world.set(variable, "http://192.0.2.1");
        world.apply().exits(1).says("http://");
        assert!(world.sandbox.requests().is_empty());
    }
}

/// A proxy in the environment sees nothing of what stays on this machine.
#[test]
fn a_proxy_is_not_asked_for_loopback() {
    let thief = Stub::thief();
    let mut world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        world.set(variable, thief.url());
    }
    world.applied();
    assert_eq!(thief.visits(), 0);
}

/// The tool's own credentials cannot be read into a field that others see.
#[test]
fn own_credentials_cannot_be_put_into_plain_fields() {
    for (settings, title) in [
        (PROJECT.to_owned(), "${env.PORT_CLIENT_SECRET}"),
        (
            format!("{PROJECT}env: [PORT_CLIENT_SECRET]\n"),
            "${env.PORT_CLIENT_SECRET}",
        ),
        (
            format!("{PROJECT}env: [SPACELIFT_API_KEY_SECRET]\n"),
            "x${env.SPACELIFT_API_KEY_SECRET}",
        ),
    ] {
        let world = World::new();
        world.write("spaceport.yaml", &settings);
        world.write(
            "service.yaml",
            &blueprint("service", &format!("\"{title}\"")),
        );
        world.apply().exits(3).hides("sandbox-secret");
        assert!(world.sandbox.requests().is_empty());
    }
}

/// Files outside of the project are not read, by whatever way they are named.
#[test]
fn files_outside_the_project_are_not_read() {
    let outside = tempfile::tempdir().expect("a temporary folder");
    let secret = outside.path().join("outside.txt");
    std::fs::write(&secret, "canary").expect("a file can be written");
    let absolute = secret.to_str().expect("a path");
    let climbing = "../".repeat(20) + absolute.trim_start_matches('/');
    for path in [absolute, climbing.as_str(), "../outside.txt"] {
        let world = World::new();
        let title = format!("\"${{file:{path}}}\"");
        world.write("service.yaml", &blueprint("service", &title));
        world.apply().exits(3).says("service.yaml").hides("canary");
        assert!(world.sandbox.requests().is_empty());
    }
}

/// Symlinks are followed inside of the project only: for texts, documents and the ledger.
#[cfg(unix)]
#[test]
fn symlinks_out_of_the_project_are_not_followed() {
    let outside = tempfile::tempdir().expect("a temporary folder");
    let file = outside.path().join("outside.yaml");
    std::fs::write(&file, blueprint("outside", "canary")).expect("a file can be written");

    let world = World::new();
    world.write(
        "service.yaml",
        &blueprint("service", "\"${file:inside.txt}\""),
    );
    std::os::unix::fs::symlink(&file, world.path("inside.txt")).expect("a symlink");
    world.apply().exits(3).hides("canary");

    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    std::os::unix::fs::symlink(&file, world.path("more.yaml")).expect("a symlink");
    world.apply().exits(3).says("more.yaml").hides("canary");

    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    std::os::unix::fs::symlink(outside.path(), world.path("folder")).expect("a symlink");
    world.edit(
        "spaceport.yaml",
        "file: ledger.json",
        "file: folder/ledger.json",
    );
    world.apply().exits(3).says("folder");
    assert!(world.sandbox.requests().is_empty());
    assert!(!outside.path().join("ledger.json").exists());
}

/// The ledger lies in the project's folder.
#[test]
fn a_ledger_outside_the_project_is_refused() {
    let world = World::new();
    world.write("service.yaml", &blueprint("service", "Service"));
    world.edit(
        "spaceport.yaml",
        "file: ledger.json",
        "file: ../ledger.json",
    );
    world.apply().exits(3).says("../ledger.json");
    assert!(world.sandbox.requests().is_empty());
}

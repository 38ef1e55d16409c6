//! The keys of a blueprint that can get another name: the requests for it (PA section 2, "rename one
//! key"). The values that entities hold under the old key stay under the new one.
//!
//! Deliberately not here: properties that Port computes but for mirrors; nothing is stored under
//! them, so they simply come and go.

use crate::kinds::Rename;
use crate::kinds::call::{Call, path};
use crate::words::Value;

/// Where such keys stand.
pub const RENAMABLE: &[&str] = &["/schema/properties", "/relations", "/mirrorProperties"];

/// The request that gives a key of a blueprint another name.
pub fn rename(id: &str, rename: &Rename) -> Option<Call> {
    let (within, old) = rename.parts()?;
    let (route, member) = match within.to_string().as_str() {
        "/schema/properties" => ("properties", "newPropertyName"),
        "/relations" => ("relations", "newRelationIdentifier"),
        "/mirrorProperties" => ("mirror", "newMirrorName"),
        _ => return None,
    };
    let body = [(member.to_owned(), Value::text(&rename.to))];
    Some(Call::Port {
        method: "PATCH",
        path: path(&["v1", "blueprints", id, route, old, "rename"]),
        body: Some(Value::Map(body.into_iter().collect())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Pointer;

    #[test]
    fn each_map_has_its_own_route() {
        let call = |at: &str| {
            let at = Pointer::parse(at).unwrap();
            match rename(
                "a/b",
                &Rename {
                    at,
                    to: "new".into(),
                },
            ) {
                Some(Call::Port { method, path, body }) => {
                    format!("{method} {path} {}", body.unwrap())
                }
                _ => "nothing".to_owned(),
            }
        };
        let paths = [
            "/schema/properties/x",
            "/relations/x",
            "/mirrorProperties/x",
            "/x",
        ];
        assert_eq!(
            paths.map(call),
            [
                r#"PATCH /v1/blueprints/a%2Fb/properties/x/rename {"newPropertyName":"new"}"#,
                r#"PATCH /v1/blueprints/a%2Fb/relations/x/rename {"newRelationIdentifier":"new"}"#,
                r#"PATCH /v1/blueprints/a%2Fb/mirror/x/rename {"newMirrorName":"new"}"#,
                "nothing",
            ]
        );
    }
}

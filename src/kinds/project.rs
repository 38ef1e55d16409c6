//! The fields of `spaceport.yaml` and those around a spec, as shapes, so that the reader and the
//! editors' schema follow one definition.
//!
//! Deliberately not here: reading and merging them, which the config reader does.

use std::sync::LazyLock;

use crate::kinds::shape::{Charset, Field, Limits, Shape, field};
use crate::words::codes::{self, Code};
use crate::words::{Addr, Level};

/// Names of variables, environment variables and environments.
const NAME: Charset = Charset {
    words: "ASCII letters, digits, `_` and `-`",
    pattern: r"^[A-Za-z0-9_-]+$",
    holds: |text| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    },
};

/// A label of a host name, because `https://ACCOUNT.app.spacelift.io` is made from it.
const ACCOUNT: Charset = Charset {
    words: "lower-case letters, digits and `-` inside: the first part of ACCOUNT.app.spacelift.io",
    pattern: r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
    holds: |text| {
        !text.starts_with('-')
            && !text.ends_with('-')
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    },
};

/// An address, `port.blueprint.service`.
const ADDRESS: Charset = Charset {
    words: "an address such as `port.blueprint.service` or `port.blueprint[\"team/a.b\"]`",
    pattern: r#"^(port|spacelift)\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+|\["((?!"\])[\s\S])+"\])$"#,
    holds: |text| text.parse::<Addr>().is_ok(),
};

/// What a `ref` may hold, so that a quoted address can be read back.
const REF: Charset = Charset {
    words: "any characters but `\"` and control characters",
    pattern: r#"^[^"\u0000-\u001f\u007f-\u009f]*$"#,
    holds: |text| !text.chars().any(|c| c == '"' || c.is_control()),
};

/// A JSON pointer.
const POINTER: Charset = Charset {
    words: "a JSON pointer into the spec, such as `/labels` or `/mappings/*/filter`",
    pattern: r"^/",
    holds: |text| text.starts_with('/'),
};

static PROJECT: LazyLock<Shape> = LazyLock::new(|| {
    let mut fields = vec![
        field(
            "version",
            Shape::Integer(1, 1),
            "Version of this file's format: 1.",
        )
        .required(),
        field(
            "project",
            Shape::pattern(NAME, 1, 100),
            "Name of the project. What spaceport makes is marked with it; keep it.",
        )
        .required(),
    ];
    fields.extend(overridable());
    fields.push(field(
        "environments",
        Shape::map_with(name(), Shape::closed(overridable_with_version())),
        "Environments by name; each may override any key but `project`.",
    ));
    fields.push(field(
        "default_environment",
        Shape::Text(name()),
        "Environment that is meant when none is named.",
    ));
    Shape::closed(fields)
});

static DOCUMENT: LazyLock<Shape> = LazyLock::new(|| {
    Shape::closed(vec![
        field("kind", Shape::text_of(1, 0), "What kind of object it is.").required(),
        field(
            "ref",
            Shape::pattern(REF, 1, 200),
            "Name in addresses; by default the identifier, or the slug of `spec.name`.",
        ),
        field(
            "environments",
            names(1),
            "Environments that have the object; by default all.",
        ),
        field(
            "spec",
            Shape::Any,
            "The object as the service's own JSON, or `${json:PATH}`.",
        )
        .required(),
        field(
            "renamed",
            Shape::map(Shape::text_of(1, 100)),
            "Keys of a blueprint that got another name and keep their data: `/schema/properties/OLD: NEW`.",
        ),
        field("lifecycle", lifecycle(), "How the object is treated."),
        field(
            "manage",
            Shape::List {
                of: Box::new(Shape::pattern(POINTER, 1, 0)),
                count: (1, usize::MAX),
            },
            "JSON pointers, `*` for any key: only these places are managed, the rest of the object belongs to others.",
        ),
    ])
});

/// The fields of `spaceport.yaml`.
pub fn project_shape() -> &'static Shape {
    &PROJECT
}

/// The fields of a document: `spec` is anything here and has the shape of its kind.
pub fn document_shape() -> &'static Shape {
    &DOCUMENT
}

/// A name that the command line takes.
pub(in crate::kinds) fn name() -> Limits {
    Limits {
        min: 1,
        max: 100,
        charset: Some(NAME),
        ..Limits::default()
    }
}

/// An address of an object.
pub(in crate::kinds) fn address() -> Shape {
    Shape::pattern(ADDRESS, 1, 0)
}

pub(in crate::kinds) fn names(min: usize) -> Shape {
    Shape::List {
        of: Box::new(Shape::Text(name())),
        count: (min, usize::MAX),
    }
}

fn overridable_with_version() -> Vec<Field> {
    let version = field(
        "version",
        Shape::Integer(1, 1),
        "Version of this file's format: 1.",
    );
    std::iter::once(version).chain(overridable()).collect()
}

/// Nothing here is required: an environment may name one key, and a host may come from a flag.
fn overridable() -> Vec<Field> {
    vec![
        field(
            "port",
            Shape::closed(vec![field(
                "region",
                Shape::Enum(&["eu", "us"]),
                "Region of the Port organization.",
            )]),
            "The Port organization.",
        ),
        field("spacelift", spacelift(), "The Spacelift account."),
        field(
            "ledger",
            Shape::OneOf(vec![
                Shape::Enum(&["port", "none"]),
                Shape::closed(vec![
                    field(
                        "file",
                        Shape::text_of(1, 0),
                        "Path inside the project's folder.",
                    )
                    .required(),
                ]),
            ]),
            "Where spaceport notes what is its own: in Port, in a file, or nowhere (then nothing is deleted).",
        )
        .default("\"port\""),
        field(
            "limits",
            Shape::closed(vec![
                field(
                    "deletes",
                    Shape::Integer(0, i64::MAX),
                    "Most deletions of one apply.",
                )
                .default("5"),
                field(
                    "percent",
                    Shape::Integer(0, 100),
                    "Most deletions of one apply in percent of the owned objects, from 10 on.",
                )
                .default("30"),
            ]),
            "The brake: an apply that deletes more is refused.",
        ),
        field(
            "variables",
            Shape::map_with(name(), variable()),
            "Variables by name, read as `${var.NAME}`; a text, number or boolean is the default.",
        ),
        field(
            "env",
            names(0),
            "Environment variables that fields other than secrets may read as `${env.NAME}`.",
        ),
        field(
            "external",
            Shape::list(Shape::pattern(ADDRESS, 1, 0)),
            "Addresses of objects that exist elsewhere and are only referred to.",
        ),
        field(
            "lints",
            lints(),
            "Levels of lints by code: `error`, `warning`, `hint`, or `allow` to leave the findings out.",
        ),
        field(
            "moved",
            Shape::list(moved()),
            "Objects that got another address and another identifier or name at once; what each was and is now.",
        ),
    ]
}

/// A field for each lint, so that editors know them and a misspelt one is told.
fn lints() -> Shape {
    let lint = |code: &'static Code| field(code.code, Shape::Enum(Level::WORDS), code.means);
    Shape::closed(codes::lints().map(lint).collect())
}

fn moved() -> Shape {
    Shape::closed(vec![
        field(
            "from",
            Shape::pattern(ADDRESS, 1, 0),
            "Address that it had.",
        )
        .required(),
        field("to", Shape::pattern(ADDRESS, 1, 0), "Address that it has.").required(),
    ])
}

fn spacelift() -> Shape {
    let runtime = Shape::closed(vec![
        field(
            "key_id",
            Shape::text_of(1, 0),
            "Id of the key, usually `${env.NAME}`.",
        )
        .required()
        .write_only(),
        field(
            "key_secret",
            Shape::text_of(1, 0),
            "Secret of the key, `${env.NAME}`.",
        )
        .required()
        .write_only(),
    ]);
    Shape::closed(vec![
        field(
            "account",
            Shape::pattern(ACCOUNT, 1, 63),
            "Name of the account: the first part of ACCOUNT.app.spacelift.io.",
        ),
        field(
            "runtime",
            runtime,
            "The key that Port will hold and that `${spacelift.runtime.token}` is made from; not the one that applies.",
        ),
    ])
}

/// A value that is exactly one reference keeps its type, so a variable can fill any plain field.
fn variable() -> Shape {
    let plain = || vec![Shape::text(), Shape::Number, Shape::Bool];
    let mut forms = plain();
    forms.push(Shape::closed(vec![
        field(
            "default",
            Shape::OneOf(plain()),
            "Value when none is given; without it one must be given.",
        ),
        field("description", Shape::text(), "What it is for."),
    ]));
    Shape::OneOf(forms)
}

fn lifecycle() -> Shape {
    Shape::closed(vec![
        field(
            "protect",
            Shape::Bool,
            "Whether deleting and replacing it is refused, also after its file is gone.",
        )
        .default("false"),
        field(
            "ignore",
            Shape::list(Shape::pattern(POINTER, 1, 0)),
            "JSON pointers, `*` for any key: left out of comparing and kept as they are live.",
        )
        .default("[]"),
        field(
            "adopt",
            Shape::Bool,
            "Whether a live object that differs may be taken over.",
        )
        .default("false"),
        field(
            "seed",
            Shape::Bool,
            "Whether secrets are sent once, on creation, and then left to somebody else.",
        )
        .default("false"),
        field(
            "extra",
            Shape::map(Shape::Any),
            "Fields that spaceport does not know; sent as they are.",
        )
        .default("{}"),
    ])
}

//! The one table of named faults.
//!
//! Each row says whom it is taken from. PA and SA are the contract pages of Port and of Spacelift.

use super::{Argument, Given, Lasts, Named, Quirk, Shape, Trouble};
use crate::sandbox::fault::{Effect, Fault, Promise, Reset, Service, When};

/// Whether a request took effect.
const WHEN: Argument = Argument {
    name: "when",
    shape: Shape::Word(&["before", "after"]),
    default: "before",
};
/// How long a limit lasts.
const SECONDS: Argument = number("seconds", 0, 3600, "1");
/// Any order.
const SEED: Argument = number("seed", 0, i64::MAX, "1");

/// All of them, alike ones together.
pub const ALL: &[Named] = &[
    Named {
        name: "error",
        what: "Answers with an error in the service's own shape, before or after the request took effect.",
        source: "PA section 10.3 (502 and 503 on a PUT that did take effect), SA section 15.8",
        arguments: &[number("status", 400, 599, "500"), WHEN],
        lasts: Lasts::Once,
        example: "error:503,after,method=PUT,path=/v1/blueprints,skip=2",
        make: |given| {
            fault(Effect::Status {
                status: given.number("status", 500),
                when: when(given),
            })
        },
    },
    Named {
        name: "html-error",
        what: "Answers with a page of HTML, as proxies do: 500, 502, 503, or another status.",
        source: "PA section 10.17, SA section 15.10 (429 and 502 with a body that is no JSON)",
        arguments: &[number("status", 400, 599, "502"), WHEN],
        lasts: Lasts::Once,
        example: "html-error:503,after,operation=policyCreatev2",
        make: |given| {
            fault(Effect::Html {
                status: given.number("status", 502),
                when: when(given),
            })
        },
    },
    Named {
        name: "cut",
        what: "Closes the connection without a status line, before or after the request took effect.",
        source: "SA section 15.8 (the mutation is done, the connection is cut)",
        arguments: &[WHEN],
        lasts: Lasts::Once,
        example: "cut:after,method=POST,path=/v1/webhooks",
        make: |given| fault(Effect::Cut { when: when(given) }),
    },
    Named {
        name: "half-answer",
        what: "Closes the connection in the middle of a body; the length that the header promised never comes.",
        source: "guess: a proxy that dies",
        arguments: &[],
        lasts: Lasts::Once,
        example: "half-answer:path=/v1/blueprints",
        make: |_| {
            fault(Effect::Half {
                promises: Promise::Whole,
            })
        },
    },
    Named {
        name: "half-json",
        what: "Answers with the first half of the JSON, and a header that says that this is all.",
        source: "guess: a proxy that keeps half an answer",
        arguments: &[],
        lasts: Lasts::Once,
        example: "half-json:service=spacelift,operation=viewer",
        make: |_| {
            fault(Effect::Half {
                promises: Promise::Half,
            })
        },
    },
    Named {
        name: "delay",
        what: "Looks at the request so many milliseconds later.",
        source: "guess: networks are slow",
        arguments: &[number("milliseconds", 0, 3_600_000, "1000")],
        lasts: Lasts::Once,
        example: "delay:2000,service=port,times=always",
        make: |given| {
            fault(Effect::Slow {
                milliseconds: given.number("milliseconds", 1000),
            })
        },
    },
    Named {
        name: "held",
        what: "Looks at the request only when the faults are cleared (DELETE /_sandbox/faults).",
        source: "guess: it lets two clients meet at any request",
        arguments: &[],
        lasts: Lasts::Once,
        example: "held:method=POST,path=/v1/blueprints/spaceport_project/entities",
        make: |_| fault(Effect::Hold),
    },
    Named {
        name: "hang",
        what: "Never answers, before or after the request took effect, until the client gives up.",
        source: "guess: a client that is killed in the middle of a request sees no more of it",
        arguments: &[WHEN],
        lasts: Lasts::Once,
        example: "hang:after,method=POST,path=/v1/webhooks",
        make: |given| fault(Effect::Hang { when: when(given) }),
    },
    Named {
        name: "rate-limit-retry-after",
        what: "Answers 429 with the header Retry-After.",
        source: "PA section 1, PA section 10.3",
        arguments: &[SECONDS],
        lasts: Lasts::Once,
        example: "rate-limit-retry-after:2,method=POST,times=3",
        make: |given| limit(given, Reset::RetryAfter),
    },
    Named {
        name: "rate-limit-epoch",
        what: "Answers 429 with x-ratelimit-reset as seconds since 1970.",
        source: "PA section 1 (the meaning of the header is disputed), PA section 10.3",
        arguments: &[SECONDS],
        lasts: Lasts::Once,
        example: "rate-limit-epoch:2,service=port",
        make: |given| limit(given, Reset::Epoch),
    },
    Named {
        name: "rate-limit-delay",
        what: "Answers 429 with x-ratelimit-reset as seconds from now.",
        source: "PA section 1 (the meaning of the header is disputed), PA section 10.3",
        arguments: &[SECONDS],
        lasts: Lasts::Once,
        example: "rate-limit-delay:2,service=port",
        make: |given| limit(given, Reset::Delay),
    },
    Named {
        name: "rate-limit-silent",
        what: "Answers 429 and does not say when to come back.",
        source: "PA section 10.3 (Retry-After absent), SA section 16 (the shape of a 429 is unknown)",
        arguments: &[],
        lasts: Lasts::Once,
        example: "rate-limit-silent:service=spacelift,times=2",
        make: |given| limit(given, Reset::Silent),
    },
    Named {
        name: "last-of-window",
        what: "Answers as always, and says that it was the last request of its window.",
        source: "PA section 1",
        arguments: &[
            Argument {
                name: "reset",
                shape: Shape::Word(&["epoch", "delay", "retry-after"]),
                default: "epoch",
            },
            SECONDS,
        ],
        lasts: Lasts::Once,
        example: "last-of-window:delay,1,path=/v1/actions",
        make: |given| {
            let reset = match given.word("reset") {
                "delay" => Reset::Delay,
                "retry-after" => Reset::RetryAfter,
                _ => Reset::Epoch,
            };
            fault(Effect::LastOfWindow {
                reset,
                seconds: given.number("seconds", 1),
            })
        },
    },
    Named {
        name: "expired-tokens",
        what: "Ends the tokens of both services just before the request is looked at.",
        source: "PA section 10.2, SA section 15.1",
        arguments: &[],
        lasts: Lasts::Once,
        example: "expired-tokens:skip=5",
        make: |_| fault(Effect::ExpireTokens),
    },
    Named {
        name: "expired-port-token",
        what: "Ends Port's token just before the request is looked at: 401 until there is a new one.",
        source: "PA section 10.2",
        arguments: &[],
        lasts: Lasts::Once,
        example: "expired-port-token:service=port,skip=5",
        make: |_| fault(Effect::ExpireToken { of: Service::Port }),
    },
    Named {
        name: "expired-spacelift-token",
        what: "Ends Spacelift's tokens just before the request is looked at: no viewer and empty lists until there is a new one.",
        source: "SA section 15.1",
        arguments: &[],
        lasts: Lasts::Once,
        example: "expired-spacelift-token:service=spacelift,skip=1",
        make: |_| {
            fault(Effect::ExpireToken {
                of: Service::Spacelift,
            })
        },
    },
    Named {
        name: "dead-session",
        what: "Answers a request to Spacelift as one without a session, whatever its token: no viewer, empty lists.",
        source: "SA section 15.1",
        arguments: &[],
        lasts: Lasts::Once,
        example: "dead-session:operation=viewer,times=always",
        make: |_| fault(Effect::DeadSession),
    },
    Named {
        name: "pages",
        what: "Pages of Spacelift's searches and of Port's entity searches hold at most so many items.",
        source: "SA section 15.8, SA section 4",
        arguments: &[number("size", 1, 1_000_000, "1")],
        lasts: Lasts::Always,
        example: "pages:1,service=spacelift",
        make: |given| {
            fault(Effect::Pages {
                size: given.number("size", 1),
            })
        },
    },
    Named {
        name: "moving-pages",
        what: "A page begins so many items later than it should, or earlier when the number is negative.",
        source: "SA section 15.8 (a page boundary moves while somebody reads)",
        arguments: &[number("by", -1_000_000, 1_000_000, "1")],
        lasts: Lasts::Once,
        example: "moving-pages:-1,operation=searchStacks,skip=1",
        make: |given| {
            fault(Effect::ShiftPage {
                by: given.number("by", 1),
            })
        },
    },
    Named {
        name: "refused-items",
        what: "Refuses every so manieth item of a bulk write, with a status of its own; the others take effect (207).",
        source: "PA section 6, PA section 10.16",
        arguments: &[
            number("every", 1, 20, "3"),
            number("status", 400, 599, "500"),
            WHEN,
        ],
        lasts: Lasts::Once,
        example: "refused-items:3,429",
        make: |given| {
            fault(Effect::RefuseItems {
                every: given.number("every", 3),
                identifiers: Vec::new(),
                status: given.number("status", 500),
                error: "internal_error".to_owned(),
                message: "sandbox fault".to_owned(),
                when: when(given),
            })
        },
    },
    Named {
        name: "reordered",
        what: "Puts the items of lists into another order, the same for the same seed.",
        source: "PA section 10.8, PA section 11, SA section 15.9",
        arguments: &[SEED],
        lasts: Lasts::Always,
        example: "reordered:7",
        make: |given| {
            fault(Effect::Reorder {
                seed: given.number("seed", 1),
            })
        },
    },
    Named {
        name: "shuffled-keys",
        what: "Puts the members of all objects into another order, the same for the same seed.",
        source: "PA section 10.8",
        arguments: &[SEED],
        lasts: Lasts::Always,
        example: "shuffled-keys:7",
        make: |given| {
            fault(Effect::ShuffleKeys {
                seed: given.number("seed", 1),
            })
        },
    },
    Named {
        name: "extra-fields",
        what: "Adds a field that no page mentions to each object of Port, also to actions, scorecards and webhooks.",
        source: "PA section 10.8",
        arguments: &[],
        lasts: Lasts::Always,
        example: "extra-fields:path=/v1/actions",
        make: |_| fault(Effect::ExtraFields),
    },
    Named {
        name: "filled-defaults",
        what: "Fills objects of Port as the web application does: nulls, and the defaults of actions.",
        source: "PA section 1",
        arguments: &[],
        lasts: Lasts::Always,
        example: "filled-defaults:method=GET",
        make: |_| fault(Effect::FillDefaults),
    },
    Named {
        name: "reescaped",
        what: "Escapes everything in the texts of an answer that JSON lets one escape.",
        source: "guess: JSON has many spellings",
        arguments: &[],
        lasts: Lasts::Always,
        example: "reescaped",
        make: |_| fault(Effect::Reescape),
    },
    Named {
        name: "enlarged",
        what: "Makes an answer so many bytes larger, also inside of actions, scorecards and webhooks.",
        source: "guess: PA section 1 limits what is sent, and nothing limits answers",
        arguments: &[number("bytes", 1, 67_108_864, "1048576")],
        lasts: Lasts::Always,
        example: "enlarged:1048576,method=GET",
        make: |given| {
            fault(Effect::Enlarge {
                bytes: given.number("bytes", 1_048_576),
            })
        },
    },
    Named {
        name: "empty-lists",
        what: "Takes everything out of the lists of an answer, as if nothing were there.",
        source: "SA section 15.1; for Port a guess",
        arguments: &[],
        lasts: Lasts::Always,
        example: "empty-lists:path=/v1/blueprints,times=1",
        make: |_| fault(Effect::EmptyLists),
    },
    Named {
        name: "late-permissions",
        what: "The first reads of the permissions of a new blueprint or action answer 404.",
        source: "PA section 10.4",
        arguments: &[number("reads", 1, 1000, "2")],
        lasts: Lasts::Counted,
        example: "late-permissions:3",
        make: |given| Trouble::Quirk(Quirk::LatePermissions, given.number("reads", 2)),
    },
    Named {
        name: "lagging-deletes",
        what: "A blueprint still cannot be deleted for a moment after its last entity is gone.",
        source: "PA section 10.5",
        arguments: &[number("deletes", 1, 1000, "2")],
        lasts: Lasts::Counted,
        example: "lagging-deletes:2",
        make: |given| Trouble::Quirk(Quirk::LaggingDeletes, given.number("deletes", 2)),
    },
    Named {
        name: "lost-path-filters",
        what: "Writes of blueprints store the `pathFilter` of their aggregations as null, without a word.",
        source: "PA section 10.6",
        arguments: &[number("writes", 1, 1000, "1")],
        lasts: Lasts::Counted,
        example: "lost-path-filters:1",
        make: |given| Trouble::Quirk(Quirk::LatePathFilters, given.number("writes", 1)),
    },
];

const fn number(name: &'static str, least: i64, most: i64, default: &'static str) -> Argument {
    Argument {
        name,
        shape: Shape::Number(least, most),
        default,
    }
}

fn fault(effect: Effect) -> Trouble {
    Trouble::Fault(Fault::new(effect))
}

fn limit(given: &Given, reset: Reset) -> Trouble {
    let seconds = match reset {
        Reset::Silent => 0,
        _ => given.number("seconds", 1),
    };
    fault(Effect::RateLimit { reset, seconds })
}

fn when(given: &Given) -> When {
    match given.word("when") {
        "after" => When::After,
        _ => When::Before,
    }
}

//! The codes of lints: what is allowed and will go wrong all the same.
//!
//! Deliberately not here: finding it (see `lint`), and how bad it is, which a project may decide.

use super::{Code, code};

/// The codes, sorted. A new one is one more line.
pub(super) const LINTS: &[Code] = &[
    code(
        "lint::action_v1",
        "An action is written in the older form and read as the current one.",
        "Rewrite it as the plan shows it.",
    ),
    code(
        "lint::computed_field",
        "A field is set by the server and left out of what is sent.",
        "Remove it.",
    ),
    code(
        "lint::condition_root",
        "A condition reads `.event`, which is `null` there.",
        "Begin at `.diff`, `.context` or `.trigger`; only templates say `.event.diff`.",
    ),
    code(
        "lint::dead_rule",
        "A rule of a notification policy can never match.",
        "Correct what it compares, or remove it.",
    ),
    code(
        "lint::delivered_twice",
        "One event arrives twice at the same address.",
        "Remove one of the ways, or make their rules exclude each other.",
    ),
    code(
        "lint::engine_type",
        "A policy does not say which dialect of Rego its body is in.",
        "Add `engineType: REGO_V0` or `engineType: REGO_V1`.",
    ),
    code(
        "lint::event_root",
        "A template reads `.diff`, which is `null` there.",
        "Write `.event.diff`; only conditions begin at `.diff`.",
    ),
    code(
        "lint::graphql",
        "An operation that is sent to Spacelift's GraphQL does not fit its schema.",
        "Correct it at the place that the finding shows; allow it when Spacelift takes it all the same.",
    ),
    code(
        "lint::graphql_success",
        "An action reports success although Spacelift may have refused: GraphQL answers refusals with HTTP 200.",
        "Look into the run's `response`, and let nothing go on from it without a check.",
    ),
    code(
        "lint::ingest_differs",
        "An ingest and a webhook's mapping write different values for one stack, so that they would take turns.",
        "Let both write the same; the finding shows both values.",
    ),
    code(
        "lint::jq",
        "A program of JQ does not compile.",
        "Correct it at the place that the finding shows.",
    ),
    code(
        "lint::jq_doubt",
        "A program of JQ may mean something else to Port than to spaceport, or is not run by spaceport.",
        "Write it in a way that both read alike.",
    ),
    code(
        "lint::literal_secret",
        "The text of a secret stands in a file of the project.",
        "Read it from the environment with `${env.NAME}`, and change the secret.",
    ),
    code(
        "lint::never_sent",
        "A mapping reads a field that Spacelift does not send, so that it is always empty.",
        "Read another field, or let the policy send a `payload` of its own.",
    ),
    code(
        "lint::no_effect",
        "A field changes nothing as it stands.",
        "Remove it, or correct what it names.",
    ),
    code(
        "lint::one_sided_secret",
        "Sender and receiver of a webhook do not share a secret: one has none, or another one.",
        "Give both the same `${random.NAME}` or `${env.NAME}`.",
    ),
    code(
        "lint::open_action",
        "Everyone in Port may run an action that calls Spacelift.",
        "Say who may run it with a `port.action_permissions`.",
    ),
    code(
        "lint::placeholder",
        "An address holds a placeholder of the guide that it was taken from.",
        "Write what it stands for; `${spacelift.graphql_url}` is the endpoint of the account in `spaceport.yaml`.",
    ),
    code(
        "lint::plain_http",
        "Events and their signatures travel unencrypted.",
        "Use `https://`.",
    ),
    code(
        "lint::pull_request_runs",
        "Runs of pull requests write to the entities of stacks, with the pull request's branch and state.",
        "Take tracked runs only: `filter: .body.run.type == \"TRACKED\"`.",
    ),
    code(
        "lint::quoted_boolean",
        "A boolean is written as a text.",
        "Remove the quotes.",
    ),
    code(
        "lint::readable_secret",
        "The secret of a stack's webhook can be read in Spacelift by everybody who can read the stack.",
        "Send by a `spacelift.webhook` and a policy.",
    ),
    code(
        "lint::reference_in_braces",
        "A `${…}` stands inside of `{{ … }}`, where it is left as it is.",
        "End the braces before it.",
    ),
    code(
        "lint::rego",
        "Spacelift refuses a policy's text.",
        "Correct it at the place that the finding shows.",
    ),
    code(
        "lint::rego_dialect",
        "A policy is written in another dialect of Rego than its engine reads.",
        "Set `engineType` to the dialect of the text, or rewrite the text.",
    ),
    code(
        "lint::rego_package",
        "A policy has no line `package spacelift`, and Spacelift refuses it.",
        "Begin the text with `package spacelift`.",
    ),
    code(
        "lint::request_id",
        "A mapper reads the same id of different deliveries, so that Port takes them for repeats and drops them.",
        "Let the id hold the run and the version of its state: `.body.run.id + \":\" + (.body.stateVersion | tostring)`.",
    ),
    code(
        "lint::runtime_key",
        "The key that Port will hold is the key that applies.",
        "Make a second Spacelift key with fewer rights for Port.",
    ),
    code(
        "lint::signature_mismatch",
        "A mapper checks signatures in another form than Spacelift signs in, so that every event is dropped.",
        "Use the header `X-Signature-256`, the algorithm `sha256` and the prefix `sha256=`.",
    ),
    code(
        "lint::token_refresh",
        "A token of Spacelift lives ten hours, and nothing renews the secret that holds it by itself.",
        "Run the action that renews it on a schedule, and allow this lint at the secret.",
    ),
    code(
        "lint::two_accounts",
        "Stacks of two accounts become the same entities.",
        "Put the account into the identifier.",
    ),
    code(
        "lint::unfilled_property",
        "A blueprint has a property that no mapping fills.",
        "Map it, remove it, or allow this lint where somebody else fills it.",
    ),
    code(
        "lint::unguarded_response",
        "An automation uses the answer of a call to Spacelift that may have been refused, and then is `null`.",
        "Add to the condition that the value is not `null`.",
    ),
    code(
        "lint::unguarded_rule",
        "A rule of a notification policy matches every event, also kinds that Spacelift may add one day.",
        "Say which events are meant.",
    ),
    code(
        "lint::unknown_allow",
        "A comment allows something that is no lint.",
        "Write the code as the finding shows it: `# spaceport: allow(lint::NAME)`.",
    ),
    code(
        "lint::unknown_endpoint",
        "A policy sends to an `endpoint_id` that no webhook has.",
        "Refer to the webhook: `${spacelift.webhook.NAME.id}`.",
    ),
    code(
        "lint::unknown_input",
        "A template reads an input that the action's form does not have.",
        "Correct the name, or add the input.",
    ),
    code(
        "lint::unknown_root",
        "A template or a mapping reads something that Port does not offer there, and that is always `null`.",
        "Correct the name; templates read `.inputs`, `.secrets`, `.event` and others, mappings `.body`, `.headers`, `.queryParams` and `.item`.",
    ),
    code(
        "lint::unknown_secret",
        "A template reads a secret that the project does not declare.",
        "Correct the name, declare it, or list it under `external:` when it exists elsewhere.",
    ),
    code(
        "lint::unquoted_constant",
        "A constant in a mapping has no quotes and is read as JQ.",
        "Write it as a text of JQ: `'\"CONSTANT\"'`.",
    ),
    code(
        "lint::unused_allow",
        "A comment allows a lint that finds nothing there.",
        "Remove it, or put it on the line of the finding or above it.",
    ),
];

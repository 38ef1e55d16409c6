//! Every finding code with its documentation, in one list.
//!
//! A tidy test holds that each code in use stands here, and that each one here is in use.
//! Those of lints have a room of their own. Deliberately not here: the messages, which are made where something is found.

mod lints;

use std::sync::LazyLock;

use lints::LINTS;

/// The documentation of one finding code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The code, for example `yaml::duplicate_key`.
    pub code: &'static str,
    /// What it means: one sentence.
    pub means: &'static str,
    /// What to do about it: one sentence.
    pub mend: &'static str,
}

/// All codes, sorted.
pub static CODES: LazyLock<Vec<Code>> = LazyLock::new(|| {
    let mut all: Vec<Code> = OTHERS.iter().chain(LINTS).copied().collect();
    all.sort_by_key(|code| code.code);
    all
});

/// What the codes of lints begin with: their findings have levels and can be allowed.
pub const LINT: &str = "lint::";

/// The codes of all lints, sorted.
pub fn lints() -> impl Iterator<Item = &'static Code> {
    LINTS.iter()
}

/// The codes that are no lints, sorted. A new one is one more line.
const OTHERS: &[Code] = &[
    code(
        "config::address",
        "A text is not an address, or a name cannot be part of one.",
        "Write `port.KIND.NAME`, or `port.KIND[\"NAME\"]` when the name holds other characters; names hold no `\"` and no control characters.",
    ),
    code(
        "config::bare_object",
        "A document is a vendor's object without the frame around it.",
        "Put the object under `spec:` and write its `kind:` above it, or let `spaceport add` do it.",
    ),
    code(
        "config::conflict",
        "Two fields exclude each other.",
        "Remove one of them.",
    ),
    code(
        "config::document",
        "A document is not a map.",
        "Describe one object per document, with `kind` and `spec`.",
    ),
    code(
        "config::duplicate_address",
        "Two documents have the same address.",
        "Remove one, or give one of them another `ref`.",
    ),
    code(
        "config::duplicate_identity",
        "Two documents with different addresses mean the same live object, and one declares it whole.",
        "Remove one of them, or let each `manage` places of its own.",
    ),
    code(
        "config::empty_project",
        "The project holds no objects, which would mean deleting everything.",
        "Add an object, or name the right folder with `-C`.",
    ),
    code(
        "config::identity",
        "The field that identifies an object refers to something that only exists after an apply.",
        "Use a plain text or `${var.NAME}`.",
    ),
    code(
        "config::ingest",
        "An ingest has the name of another one, needs something that only an apply or Port knows, or would delete without a ledger, another account's entities or another ingest's.",
        "Do what the help of the finding says, and see `spaceport explain ingest`.",
    ),
    code(
        "config::ingest_field",
        "An ingest reads a field that Spacelift's GraphQL does not have.",
        "Write it as the schema spells it; the finding suggests what was meant.",
    ),
    code(
        "config::ledger_blueprint",
        "A document describes the blueprint that spaceport keeps its own ledgers under.",
        "Give the blueprint another identifier.",
    ),
    code(
        "config::ledger_home",
        "The ledger is kept in Port, which is the default, and the project has no section `port`.",
        "Add the section, write `ledger: { file: .spaceport/ledger.json }`, or `ledger: none` to own nothing.",
    ),
    code(
        "config::login_space",
        "A LOGIN policy is in another space than `root`.",
        "Write `space: root`.",
    ),
    code(
        "config::manage",
        "A pointer of `manage` names nothing that can be managed alone, or the kind has no such parts.",
        "Name fields or keys of the spec; lists are managed as a whole, the identity and secrets not at all.",
    ),
    code(
        "config::manage_overlap",
        "Two pointers of `manage`, of one document or of two about the same object, name the same place.",
        "Let one document manage each place.",
    ),
    code(
        "config::missing_field",
        "A field that is needed is not there.",
        "Add it; `spaceport schema` lists the fields of each kind.",
    ),
    code(
        "config::moved",
        "An entry of `moved` does not lead from an address that is no longer declared to one that is.",
        "Say of each object once where it was and where it is now.",
    ),
    code(
        "config::needs_ref",
        "The identifying field holds a reference, so the object's address would change with it.",
        "Add `ref: NAME` beside `kind`.",
    ),
    code(
        "config::no_section",
        "The project declares objects of a service that `spaceport.yaml` does not name.",
        "Add the section `port` or `spacelift`.",
    ),
    code(
        "config::not_here",
        "A field is known, but has no place in this form of the object.",
        "Remove it, or choose the form that has it.",
    ),
    code(
        "config::not_managed",
        "The spec holds something that `manage` does not name.",
        "Add the place to `manage`, or remove it: it belongs to somebody else.",
    ),
    code(
        "config::out_of_range",
        "A number, a text's length or a list's length is outside of what the service takes.",
        "Bring it into the range that the message names.",
    ),
    code(
        "config::pattern",
        "A text holds characters that the service refuses there.",
        "Use the characters that the help names.",
    ),
    code(
        "config::project_file",
        "`spaceport.yaml` holds more than one document.",
        "Move objects into other files.",
    ),
    code(
        "config::renamed",
        "An entry of `renamed` does not lead from a key that is gone to one that is there, or the kind has no keys that can be renamed.",
        "Write the place of the old key and only the new name after it, as in `/schema/properties/OLD: NEW`.",
    ),
    code(
        "config::reserved_label",
        "A label begins with a mark that is reserved for spaceport.",
        "Remove it, or begin it with something else.",
    ),
    code(
        "config::seed",
        "`lifecycle.seed` stands on a kind that has no secret.",
        "Use `lifecycle.ignore` for fields that others change.",
    ),
    code(
        "config::system_blueprint",
        "A document declares a whole blueprint of Port's own, one that begins with `_`.",
        "Refer to it without declaring it, or name what you add with `manage:`.",
    ),
    code(
        "config::test",
        "A test does not say what happens or what is expected, has the name of another one, or names an object that the project does not have.",
        "Begin with exactly one of `event`, `payload`, `action`, `run`, and see `spaceport explain test`.",
    ),
    code(
        "config::unknown_environment",
        "An environment is named that the project does not declare.",
        "Correct the name, or declare it under `environments:`.",
    ),
    code(
        "config::unknown_field",
        "A field is not one of those that the kind has.",
        "Correct the name; a field that is newer than spaceport goes under `lifecycle.extra`.",
    ),
    code(
        "config::unknown_key",
        "A list names a key that the object does not have.",
        "Correct the name, or add the key.",
    ),
    code(
        "config::unknown_kind",
        "A kind is named that spaceport does not have.",
        "Use one of the kinds that the help names.",
    ),
    code(
        "config::unknown_value",
        "A text is not one of those that the field takes.",
        "Use one of the values that the help names.",
    ),
    code(
        "config::unknown_variable",
        "`--var` sets a variable that the project does not declare.",
        "Correct the name, or declare it under `variables:`.",
    ),
    code(
        "config::url",
        "A text is not an `http` or `https` address.",
        "Write it whole, `https://HOST/PATH`, or refer to it.",
    ),
    code(
        "config::wrong_type",
        "A value has another type than the field.",
        "Write a value of the type that the message names.",
    ),
    code(
        "live::ambiguous_name",
        "Several live objects have the name that the project means.",
        "Rename all but one of them in the service.",
    ),
    code(
        "live::another_object",
        "A document that manages parts now means another object than the one whose parts the ledger has.",
        "Give the document another `ref`; the parts of the old object are then removed.",
    ),
    code(
        "live::not_found",
        "Something that is referred to is neither in the project nor live.",
        "Declare it, correct the name, or create it first.",
    ),
    code(
        "live::nothing_to_manage",
        "The object whose parts a document manages does not exist, or lacks what is around a part.",
        "Wait until its owner has made it, or declare it whole, without `manage`.",
    ),
    code(
        "live::unknown_space",
        "No live space has this id or name, or several have this name.",
        "Write the id of the space.",
    ),
    code(
        "ref::credential",
        "A field that is no secret reads a credential of spaceport itself.",
        "Use another variable; credentials may stand in write-only fields only.",
    ),
    code(
        "ref::cycle",
        "Objects need each other, so that none can be made first.",
        "Remove one of the references that the finding shows. Blueprints may relate to each other; `${…}` that need each other, and mirrors and aggregations made of each other, have no beginning.",
    ),
    code(
        "ref::env_not_listed",
        "A field that is no secret reads an environment variable that the project does not list.",
        "List the variable under `env:` in `spaceport.yaml`.",
    ),
    code(
        "ref::file",
        "A file that is named cannot be read.",
        "Correct the path; it begins at the project's folder and stays inside of it.",
    ),
    code(
        "ref::file_cycle",
        "Files name each other in a circle, or too deep.",
        "Remove one of the references.",
    ),
    code(
        "ref::json",
        "`${json:}` names a file that does not hold exactly one document.",
        "Split the file.",
    ),
    code(
        "ref::missing_variable",
        "A variable has no value or is not declared.",
        "Give it a `default` in `spaceport.yaml`, or pass `--var NAME=VALUE`.",
    ),
    code(
        "ref::no_runtime",
        "`${spacelift.runtime.token}` stands in a project without a runtime key.",
        "Name the key under `spacelift.runtime` in `spaceport.yaml`.",
    ),
    code(
        "ref::no_service",
        "A reference needs a service that the project does not have.",
        "Add the section `port` or `spacelift` to `spaceport.yaml`.",
    ),
    code(
        "ref::not_text",
        "A list or a map stands inside of a text.",
        "Let the reference be the whole value.",
    ),
    code(
        "ref::random",
        "`${random.NAME}` cannot be used here.",
        "Let it be the whole text of a write-only field, in a project that has a ledger.",
    ),
    code(
        "ref::secret_only",
        "A reference to a secret stands in a field that is no secret.",
        "Use it in write-only fields only.",
    ),
    code(
        "ref::syntax",
        "A `${` begins no reference.",
        "Correct it, or write `$${` for a literal `${`.",
    ),
    code(
        "ref::unknown_attribute",
        "A reference names an attribute that the kind does not export.",
        "Use one of those that the help names.",
    ),
    code(
        "ref::unknown_property",
        "A property is named that the blueprint does not have.",
        "Correct the name, or add the property to the blueprint.",
    ),
    code(
        "ref::unresolved",
        "Something that is referred to is not in the project.",
        "Declare it, or list it under `external:` when it exists elsewhere.",
    ),
    code(
        "ref::unset_env",
        "An environment variable whose text becomes part of a field is not set.",
        "Set the variable.",
    ),
    code(
        "ref::unset_secret",
        "A secret has to be sent, and an environment variable that its text comes from is not set.",
        "Set the variable for this run; it is needed when the object is created or its secret changes.",
    ),
    code(
        "source::no_project",
        "There is no project in the folder.",
        "Name the folder with `-C`, or run `spaceport init`.",
    ),
    code(
        "source::outside",
        "A file or link points out of the project's folder.",
        "Copy the file into the project.",
    ),
    code(
        "source::unreadable",
        "A file of the project cannot be read.",
        "Make it a readable UTF-8 file of at most 1 MiB.",
    ),
    code(
        "test::failed",
        "A test of the project's wiring failed.",
        "Mend the object that the test is about, or the expectation; `spaceport simulate` shows the event hop by hop.",
    ),
    code(
        "yaml::alias",
        "An alias names an anchor that is not there.",
        "Define the anchor before it, or quote a text that begins with `*`.",
    ),
    code(
        "yaml::duplicate_key",
        "A map has the same key twice.",
        "Remove one of them.",
    ),
    code("yaml::key", "A key is not a plain text.", "Quote the key."),
    code(
        "yaml::merge",
        "`<<` is followed by something that cannot be merged.",
        "Give it a map or a list of maps, or quote the key.",
    ),
    code(
        "yaml::number",
        "A number is one that JSON does not have, or does not fit.",
        "Quote it if a text is meant.",
    ),
    code(
        "yaml::syntax",
        "The text is not valid YAML.",
        "See the help of the finding.",
    ),
    code(
        "yaml::tag",
        "A tag is unknown or does not fit its value.",
        "Remove the tag, or quote a text that begins with `!`.",
    ),
    code(
        "yaml::too_deep",
        "Lists and maps are nested too deep.",
        "Flatten them.",
    ),
    code(
        "yaml::too_large",
        "Aliases and merge keys repeat too many values.",
        "Write the values out, or repeat fewer.",
    ),
];

const fn code(code: &'static str, means: &'static str, mend: &'static str) -> Code {
    Code { code, means, mend }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_documented_in_sentences() {
        for list in [OTHERS, LINTS] {
            for pair in list.windows(2) {
                let code = pair[1].code;
                assert!(pair[0].code < code, "{code} is out of order");
            }
        }
        assert!(LINTS.iter().all(|code| code.code.starts_with(LINT)));
        assert!(!OTHERS.iter().any(|code| code.code.starts_with(LINT)));
        for Code { code, means, mend } in CODES.iter() {
            for text in [means, mend] {
                let begins = text.starts_with(|c: char| c.is_uppercase() || c == '`');
                assert!(begins && text.ends_with('.'), "{code}: {text}");
            }
        }
    }
}

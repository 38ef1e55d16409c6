//! Commits of repositories that do not exist: stable texts in the shape that the service shows. There is
//! no history behind them.

use apollo_compiler::response::JsonValue;

use super::guesses;
use super::secret::sha256_hex;
use super::stacks::Stack;
use super::view::Leaves;

/// What the service says of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) hash: String,
    pub(super) author_login: &'static str,
    pub(super) author_name: &'static str,
    pub(super) message: &'static str,
    /// Unix seconds.
    pub(super) timestamp: i64,
    pub(super) url: String,
}

impl Commit {
    /// A commit of a stack's repository: the one asked for, or the one that is tracked.
    pub(super) fn of(stack: &Stack, sha: Option<&str>) -> Self {
        let hash = match sha {
            Some(sha) => sha.to_owned(),
            None => {
                let digest = sha256_hex(format!("{}/{}", stack.id, stack.created_at).as_bytes());
                digest.chars().take(40).collect()
            }
        };
        Self {
            url: guesses::commit_url(&stack.namespace, &stack.repository, &hash),
            hash,
            author_login: guesses::COMMIT_AUTHOR_LOGIN,
            author_name: guesses::COMMIT_AUTHOR_NAME,
            message: guesses::COMMIT_MESSAGE,
            timestamp: stack.created_at,
        }
    }

    /// As an object of the schema.
    pub(super) fn leaves(self) -> Leaves {
        Leaves {
            type_name: "Commit",
            fields: vec![
                ("hash", JsonValue::from(self.hash)),
                ("authorLogin", self.author_login.into()),
                ("authorName", self.author_name.into()),
                ("message", self.message.into()),
                ("timestamp", self.timestamp.into()),
                ("url", self.url.into()),
            ],
        }
    }
}

//! The JQ engine against the real `jq`, against hostile programs in the real child process, and
//! against the conditions of other people.

mod against;
mod corpus;
mod hostile;

//! What the user wants: from files to a checked, connected set of objects.
//!
//! `source` is the only room that reads files; everything after it is pure and returns what it
//! could make of its input together with all findings.
//!
//! | room | noun |
//! |---|---|
//! | [`source`] | the project's folder and its texts |
//! | [`yaml`] | a text as nodes with places |
//! | [`config`] | `spaceport.yaml`, for one environment |
//! | [`moved`] | addresses that objects had before |
//! | [`renamed`] | keys of an object that have another name now |
//! | [`resolve`] | `${…}` filled in as far as files and settings know |
//! | [`document`] | the frame around each object |
//! | [`ingest`] | `kind: ingest` documents |
//! | [`trial`] | `kind: test` documents |
//! | [`manage`] | the managed places of somebody else's object |
//! | [`desired`] | all objects, checked against each other |

pub mod config;
pub mod desired;
pub mod document;
pub mod ingest;
pub mod manage;
pub mod moved;
pub mod renamed;
pub mod resolve;
pub mod source;
pub mod trial;
pub mod yaml;

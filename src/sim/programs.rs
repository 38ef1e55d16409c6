//! The programs of one job, each compiled once. Says nothing about what their outputs mean.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::job::Fault;
use super::jq::Program;

/// Compiled programs by their text, and the time that they all see.
pub(crate) struct Programs {
    now: f64,
    compiled: BTreeMap<String, Result<Rc<Program>, Fault>>,
}

impl Programs {
    /// None so far; `now` in seconds since the Unix epoch.
    pub fn new(now: f64) -> Self {
        Programs {
            now,
            compiled: BTreeMap::new(),
        }
    }

    /// The first output of a program, null when there is none. Spans of faults count from the program's
    /// first byte.
    pub fn first(&mut self, text: &str, input: &Value) -> Result<Value, Fault> {
        let program = match self.compiled.get(text) {
            Some(program) => program.clone(),
            None => {
                let program = Program::compile(text).map(Rc::new);
                self.compiled.insert(text.to_owned(), program.clone());
                program
            }
        }?;
        let outputs = program.all(input, self.now)?;
        Ok(outputs.into_iter().next().unwrap_or(Value::Null))
    }
}

/// Whether JQ takes a value for true: all but null and false.
pub(crate) fn is_true(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

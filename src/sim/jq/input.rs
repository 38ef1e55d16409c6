//! An input that many programs read: made from JSON once. What the outputs mean is told elsewhere.

use std::rc::Rc;

use serde_json::Value;

use super::value::Val;
use super::{Program, quietly};
use crate::sim::job::Fault;

/// What `.` is, and what `now` is.
pub(crate) struct Input {
    root: Val,
    now: f64,
}

impl Input {
    /// Reads an input; `now` in seconds since the Unix epoch.
    pub fn new(root: &Value, now: f64) -> Self {
        Input {
            root: Val::from_json(root),
            now,
        }
    }

    /// The same with one more pair in its object; nothing else is read again.
    pub fn with(&self, key: &str, value: &Value) -> Self {
        let mut pairs = match &self.root {
            Val::Obj(pairs) => pairs.as_ref().clone(),
            _ => Default::default(),
        };
        pairs.insert(key.into(), Val::from_json(value));
        Input {
            root: Val::Obj(Rc::new(pairs)),
            now: self.now,
        }
    }

    /// The first output of a program, null when there is none. Spans of faults count the program's bytes.
    pub fn first(&self, program: &str) -> Result<Value, Fault> {
        let program = Program::compile(program)?;
        let outputs = quietly(|| program.outputs(self.root.clone(), self.now, 1))?;
        Ok(outputs.into_iter().next().unwrap_or(Value::Null))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_input_is_read_by_many_programs() {
        let input = Input::new(&json!({ "a": { "b": 1 } }), 7.0);
        let more = input.with("item", &json!([2]));
        assert_eq!(more.first(".item[0] + .a.b"), Ok(json!(3)));
        assert_eq!(more.first(".a.b = 5 | .a"), Ok(json!({ "b": 5 })));
        assert_eq!(more.first(".a"), Ok(json!({ "b": 1 })));
        assert_eq!(input.first(".item, now"), Ok(json!(null)));
        assert_eq!(input.first("empty"), Ok(json!(null)));
        assert_eq!(input.first("now"), Ok(json!(7)));
    }
}

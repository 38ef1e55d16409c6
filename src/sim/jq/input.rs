//! An input that many programs read: made from JSON once. What the outputs mean is told elsewhere.

use std::rc::Rc;

use serde_json::Value;

use super::limits::LONGEST_MESSAGE;
use super::value::Val;
use super::{Program, quietly};
use crate::sim::job::Fault;

/// What `.` is, and what `now` is.
pub(crate) struct Input {
    root: Val,
    now: f64,
    /// What no fault may quote.
    hidden: Vec<String>,
}

impl Input {
    /// Reads an input; `now` in seconds since the Unix epoch.
    pub fn new(root: &Value, now: f64) -> Self {
        Input {
            root: Val::from_json(root),
            now,
            hidden: Vec::new(),
        }
    }

    /// The same with a text in it that no fault may quote, nor its spelling in JSON.
    pub fn hiding(mut self, secret: &str) -> Self {
        let json = Value::from(secret).to_string();
        self.hidden = vec![json.trim_matches('"').to_owned(), secret.to_owned()];
        self.hidden.retain(|hidden| !hidden.is_empty());
        self
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
            hidden: self.hidden.clone(),
        }
    }

    /// The first output of a program, null when there is none. Spans of faults count the program's bytes.
    pub fn first(&self, program: &str) -> Result<Value, Fault> {
        let program = Program::compile(program)?;
        let outputs = quietly(|| program.outputs(self.root.clone(), self.now, 1));
        let outputs = outputs.map_err(|mut fault| {
            for hidden in &self.hidden {
                fault.message = without(hidden, &fault.message);
            }
            fault
        })?;
        Ok(outputs.into_iter().next().unwrap_or(Value::Null))
    }
}

/// A message without a text in it; of a message that was cut, without the begin of it, too.
fn without(hidden: &str, message: &str) -> String {
    let mut message = message.replace(hidden, "…");
    if message.chars().count() >= LONGEST_MESSAGE {
        let starts = hidden.char_indices().map(|(at, _)| &hidden[..at]);
        if let Some(start) = starts
            .rev()
            .find(|start| !start.is_empty() && message.ends_with(start))
        {
            message.truncate(message.len() - start.len());
            message.push('…');
        }
    }
    message
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

    #[test]
    fn no_fault_quotes_what_is_hidden() {
        let input = Input::new(&json!({ "a": "se\"cret" }), 0.0).hiding("se\"cret");
        let message = |program: &str| input.first(program).expect_err("it fails").message;
        assert_eq!(message("error(.a)"), "…");
        assert_eq!(message("error(\"x: \" + (. | tojson))"), r#"x: {"a":"…"}"#);
        for length in 285..305 {
            let cut = message(&format!("error((\"x\" * {length}) + .a)"));
            assert!(!cut.contains("se"), "{cut}");
        }
    }
}

//! Bodies with something wrong, or something that only looks wrong, at a random place.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::grow::anything;

/// Changes one place of a body.
pub fn mutate(body: &mut Value, dice: &mut Dice) {
    let mut places = Vec::new();
    gather(body, String::new(), &mut places);
    let place = dice.pick(&places).clone();
    let Some(target) = body.pointer_mut(&place) else {
        return;
    };
    let way = dice.below(10);
    match target {
        Value::Object(fields) if way < 4 && !fields.is_empty() => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            fields.remove(dice.pick(&keys));
        }
        Value::Object(fields) if way < 7 => {
            let names = [
                "unknown_key",
                "id",
                "title",
                "description",
                "type",
                "a b",
                "",
                "ä",
            ];
            fields.insert((*dice.pick(&names)).to_owned(), anything(dice));
        }
        Value::Object(fields) if way < 8 => fields.clear(),
        Value::Array(items) if way < 3 => items.clear(),
        Value::Array(items) if way < 5 && !items.is_empty() => {
            let copies = *dice.pick(&[1, 20, 100]);
            let first = items[0].clone();
            items.extend(std::iter::repeat_n(first, copies));
        }
        Value::Array(items) if way < 8 => items.push(anything(dice)),
        Value::String(text) if way < 6 => {
            let long = *dice.pick(&[
                15, 16, 30, 31, 100, 101, 140, 141, 200, 201, 300, 301, 1000, 1001,
            ]);
            let odd = [
                String::new(),
                ".".into(),
                "..".into(),
                "a b".into(),
                "é".into(),
                "a/b".into(),
                "a\\b".into(),
                "a=b".into(),
                "a;b".into(),
                " a".into(),
                "a ".into(),
                "nonsense".into(),
                "a\n".into(),
                "a.b.".into(),
                text.to_uppercase(),
                "x".repeat(long),
                "é".repeat(long),
                "https://example.com/a b".into(),
            ];
            *text = dice.pick(&odd).clone();
        }
        Value::Number(_) if way < 6 => {
            *target = dice
                .pick(&[json!(0), json!(1), json!(1001), json!(-3), json!(1.5)])
                .clone()
        }
        other if way < 9 => *other = anything(dice),
        other => *other = Value::Null,
    }
}

/// Bodies that are a little smaller than this one.
pub fn smaller(body: &Value) -> Vec<Value> {
    let mut places = Vec::new();
    gather(body, String::new(), &mut places);
    let mut found = Vec::new();
    for place in &places {
        let Some(target) = body.pointer(place) else {
            continue;
        };
        let mut put = |value: Value| {
            let mut copy = body.clone();
            if let Some(there) = copy.pointer_mut(place) {
                *there = value;
                found.push(copy);
            }
        };
        match target {
            Value::Object(fields) => {
                for key in fields.keys() {
                    let mut less = fields.clone();
                    less.remove(key);
                    put(less.into());
                }
            }
            Value::Array(items) => {
                for index in 0..items.len().min(4) {
                    let mut less = items.clone();
                    less.remove(index);
                    put(less.into());
                }
            }
            _ => {}
        }
    }
    found
}

fn gather(value: &Value, path: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                gather(value, format!("{path}/{key}"), places);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate().take(4) {
                gather(value, format!("{path}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(path);
}

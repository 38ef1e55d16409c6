//! Functions that cannot be written in jq: the ones that jaq leaves to the type of values, and those
//! in which jaq differs from jq.
//!
//! Deliberately not here: what can be written in jq (see `prelude`).

use std::rc::Rc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jaq_core::native::{Filter, bome, unary, v};
use jaq_core::{Cv, Error, RunPtr, ValR};

use super::Kind;
use super::arithmetic::too_large;
use super::limits::LONGEST_ARRAY;
use super::paths::{get, positions};
use super::value::{Num, Val};

/// The functions: names, parameters, and what they do.
pub fn functions() -> Vec<Filter<RunPtr<Kind>>> {
    vec![
        ("nan", v(0), |_| bome(Ok(Val::from(f64::NAN)))),
        ("infinite", v(0), |_| bome(Ok(Val::from(f64::INFINITY)))),
        ("isnan", v(0), |cv| bome(test(&cv.1, f64::is_nan))),
        ("isinfinite", v(0), |cv| bome(test(&cv.1, f64::is_infinite))),
        ("isnormal", v(0), |cv| bome(test(&cv.1, f64::is_normal))),
        ("now", v(0), |cv| bome(Ok(Val::from(cv.0.data().now)))),
        ("type", v(0), |cv| bome(Ok(Val::str(cv.1.kind())))),
        ("length", v(0), |cv| bome(length(cv.1))),
        ("tojson", v(0), |cv| bome(Ok(Val::from(cv.1.text())))),
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("tonumber", v(0), |cv| bome(to_number(cv.1))),
        ("contains", v(1), |cv| {
            unary(cv, |a, b| contains(&a, &b).map(Val::from))
        }),
        ("has", v(1), |cv| unary(cv, |a, b| has(&a, &b))),
        ("indices", v(1), |cv| unary(cv, |a, b| indices(&a, &b))),
        ("bsearch", v(1), |cv| unary(cv, |a, b| search(&a, &b))),
        ("ltrimstr", v(1), |cv| {
            unary(cv, |a, b| Ok(trim(a, &b, true)))
        }),
        ("rtrimstr", v(1), |cv| {
            unary(cv, |a, b| Ok(trim(a, &b, false)))
        }),
        ("setpath", v(2), |mut cv: Cv<Kind>| {
            let value = cv.0.pop_var();
            let path = cv.0.pop_var();
            bome(path_of(&path).and_then(|path| set_path(&cv.1, path, value)))
        }),
        ("delpaths", v(1), |cv| unary(cv, |a, b| delete_paths(a, &b))),
        ("keys_unsorted", v(0), |cv| bome(keys(&cv.1))),
        ("escape_html", v(0), |cv| bome(escape(&cv.1, escape_html))),
        ("escape_csv", v(0), |cv| {
            bome(escape(&cv.1, |s| s.replace('"', "\"\"")))
        }),
        ("escape_tsv", v(0), |cv| bome(escape(&cv.1, escape_tsv))),
        ("decode_base64", v(0), |cv| bome(decode_base64(&cv.1))),
        ("implode", v(0), |cv| bome(implode(&cv.1))),
        ("gmtime_", v(0), |cv| bome(gm_time(&cv.1))),
    ]
}

fn fail<T>(message: impl ToString) -> Result<T, Error<Val>> {
    Err(Error::str(message))
}

fn test(value: &Val, test: fn(f64) -> bool) -> ValR<Val> {
    match value.number() {
        Some(n) => Ok(Val::from(test(n))),
        None => fail(format!("{} number required", value.kind())),
    }
}

fn length(value: Val) -> ValR<Val> {
    Ok(match value {
        Val::Null => Val::from(0usize),
        Val::Bool(_) => return fail("boolean has no length"),
        Val::Num(n) => Val::from(n.value.abs()),
        Val::Str(s) => Val::from(s.chars().count()),
        Val::Arr(items) => Val::from(items.len()),
        Val::Obj(object) => Val::from(object.len()),
    })
}

fn from_json(value: &Val) -> ValR<Val> {
    let Val::Str(text) = value else {
        return fail(format!("{} cannot be parsed as JSON", value.kind()));
    };
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) => Ok(Val::from_json(&json)),
        Err(_) if matches!(text.trim(), "nan" | "NaN") => Ok(Val::from(f64::NAN)),
        Err(error) => fail(format!("text cannot be parsed as JSON: {error}")),
    }
}

fn to_number(value: Val) -> ValR<Val> {
    match &value {
        Val::Num(_) => Ok(value),
        Val::Str(text) => {
            let text = text.trim();
            let spelled = text
                .bytes()
                .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
            let number = if spelled { Num::parse(text) } else { None };
            match number {
                Some(number) => Ok(Val::Num(number)),
                None if text == "nan" => Ok(Val::from(f64::NAN)),
                None => fail("string cannot be parsed as a number"),
            }
        }
        other => fail(format!("{} cannot be parsed as a number", other.kind())),
    }
}

fn contains(value: &Val, part: &Val) -> Result<bool, Error<Val>> {
    Ok(match (value, part) {
        (Val::Str(text), Val::Str(part)) => text.contains(&**part),
        (Val::Arr(items), Val::Arr(parts)) => {
            for part in parts.iter() {
                let mut found = false;
                for item in items.iter().filter(|item| item.kind() == part.kind()) {
                    found = found || contains(item, part)?;
                }
                if !found {
                    return Ok(false);
                }
            }
            true
        }
        (Val::Obj(object), Val::Obj(parts)) => {
            for (key, part) in parts.iter() {
                match object.get(key) {
                    Some(value) if value.kind() == part.kind() => {
                        if !contains(value, part)? {
                            return Ok(false);
                        }
                    }
                    _ => return Ok(false),
                }
            }
            true
        }
        (a, b) if a.kind() == b.kind() => a == b,
        // `true` and `false` are types of their own there, but equal ones come first.
        (a, b) => {
            return fail(format!(
                "{} and {} cannot have their containment checked",
                a.kind(),
                b.kind()
            ));
        }
    })
}

fn has(value: &Val, key: &Val) -> ValR<Val> {
    match (value, key) {
        (Val::Obj(object), Val::Str(key)) => Ok(Val::from(object.contains_key(key))),
        (Val::Arr(items), Val::Num(n)) => {
            Ok(Val::from(n.value >= 0.0 && n.value < items.len() as f64))
        }
        _ => fail(format!(
            "Cannot check whether {} has a {} key",
            value.kind(),
            key.kind()
        )),
    }
}

fn indices(value: &Val, part: &Val) -> ValR<Val> {
    match (value, part) {
        (Val::Null, _) => Ok(Val::Null),
        (Val::Str(text), Val::Str(part)) => {
            if part.is_empty() {
                return Ok(Val::Null);
            }
            let starts = text.char_indices().enumerate();
            Ok(starts
                .filter(|(_, (byte, _))| text[*byte..].starts_with(&**part))
                .map(|(at, _)| Val::from(at))
                .collect())
        }
        (Val::Arr(items), Val::Arr(part)) => Ok(positions(items, part)),
        (Val::Arr(items), part) => Ok(positions(items, std::slice::from_ref(part))),
        _ => get(value, part),
    }
}

fn search(value: &Val, target: &Val) -> ValR<Val> {
    let Val::Arr(items) = value else {
        return fail(format!("{} cannot be searched from", value.kind()));
    };
    Ok(match items.binary_search(target) {
        Ok(at) => Val::from(at),
        Err(at) => Val::from(-1 - at as isize),
    })
}

fn trim(value: Val, part: &Val, left: bool) -> Val {
    if let (Val::Str(text), Val::Str(part)) = (&value, part) {
        let rest = if left {
            text.strip_prefix(&**part)
        } else {
            text.strip_suffix(&**part)
        };
        if let Some(rest) = rest {
            return Val::str(rest);
        }
    }
    value
}

fn path_of(path: &Val) -> Result<&[Val], Error<Val>> {
    match path {
        Val::Arr(parts) => Ok(parts),
        _ => fail("Path must be specified as an array"),
    }
}

fn set_path(value: &Val, path: &[Val], new: Val) -> ValR<Val> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(new);
    };
    let inner = set_path(&get(value, first)?, rest, new)?;
    replace(value.clone(), first, inner)
}

/// Puts a value at a key or an index.
fn replace(value: Val, index: &Val, new: Val) -> ValR<Val> {
    use jaq_core::ValT;
    use jaq_core::path::Opt;
    let new = value.map_index(index, Opt::Essential, |_| std::iter::once(Ok(new.clone())));
    // There is no control flow in what is put there.
    new.or_else(|exception| match exception.get_err() {
        Ok(error) => Err(error),
        Err(_) => fail("cannot set"),
    })
}

/// Deletes from the last path to the first, so that no index moves before it is used.
fn delete_paths(value: Val, paths: &Val) -> ValR<Val> {
    let Val::Arr(paths) = paths else {
        return fail("Paths must be specified as an array");
    };
    let mut sorted: Vec<&Val> = paths.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut value = value;
    for path in sorted.into_iter().rev() {
        value = delete_path(value, path_of(path)?)?;
    }
    Ok(value)
}

fn delete_path(value: Val, path: &[Val]) -> ValR<Val> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(Val::Null);
    };
    if matches!(value, Val::Null) {
        return Ok(Val::Null);
    }
    if !rest.is_empty() {
        let inner = get(&value, first)?;
        if matches!(inner, Val::Null) {
            return Ok(value);
        }
        let inner = delete_path(inner, rest)?;
        return replace(value, first, inner);
    }
    match (value, first) {
        (Val::Obj(mut object), Val::Str(key)) => {
            Rc::make_mut(&mut object).shift_remove(key);
            Ok(Val::Obj(object))
        }
        (Val::Arr(mut items), Val::Num(n)) => {
            let at = n.value.floor();
            let at = if at < 0.0 {
                at + items.len() as f64
            } else {
                at
            };
            if at >= 0.0 && at < items.len() as f64 {
                Rc::make_mut(&mut items).remove(at as usize);
            }
            Ok(Val::Arr(items))
        }
        (value @ Val::Arr(_), slice @ Val::Obj(_)) => replace(value, slice, Val::from_iter([])),
        (value, index) => fail(format!(
            "Cannot delete field at {} index of {}",
            index.kind(),
            value.kind()
        )),
    }
}

fn keys(value: &Val) -> ValR<Val> {
    match value {
        Val::Obj(object) => Ok(object.keys().cloned().map(Val::Str).collect()),
        Val::Arr(items) => Ok((0..items.len()).map(Val::from).collect()),
        other => fail(format!("{} has no keys", other.kind())),
    }
}

fn escape(value: &Val, escape: impl Fn(&str) -> String) -> ValR<Val> {
    match value {
        Val::Str(text) => Ok(Val::from(escape(text))),
        other => fail(format!("{} cannot be escaped", other.kind())),
    }
}

fn escape_html(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\'' => escaped.push_str("&#39;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn escape_tsv(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

/// jq takes texts without padding, and makes what is no UTF-8 readable.
fn decode_base64(value: &Val) -> ValR<Val> {
    let Val::Str(text) = value else {
        return fail(format!("{} is not valid base64 data", value.kind()));
    };
    let lenient = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    match GeneralPurpose::new(&STANDARD, lenient).decode(text.as_bytes()) {
        Ok(bytes) => Ok(Val::from(String::from_utf8_lossy(&bytes).into_owned())),
        Err(_) => fail("string is not valid base64 data"),
    }
}

fn implode(value: &Val) -> ValR<Val> {
    let Val::Arr(items) = value else {
        return fail(format!("{} cannot be imploded", value.kind()));
    };
    if items.len() > LONGEST_ARRAY {
        return too_large("text");
    }
    let mut text = String::new();
    for item in items.iter() {
        let Some(n) = item.number() else {
            return fail("Unicode codepoint must be numeric");
        };
        text.push(char::from_u32(n as u32).unwrap_or('\u{fffd}'));
    }
    Ok(Val::from(text))
}

/// What jq calls broken down time, its seconds with their fraction.
fn gm_time(value: &Val) -> ValR<Val> {
    let Some(seconds) = value.number() else {
        return fail("gmtime() requires a number");
    };
    let whole = seconds.floor();
    let Ok(time) = jiff::Timestamp::from_second(whole as i64) else {
        return fail("error converting number of seconds since epoch to datetime");
    };
    let time = time.to_zoned(jiff::tz::TimeZone::UTC);
    Ok([
        f64::from(time.year()),
        f64::from(time.month()) - 1.0,
        f64::from(time.day()),
        f64::from(time.hour()),
        f64::from(time.minute()),
        f64::from(time.second()) + (seconds - whole),
        f64::from(time.weekday().to_sunday_zero_offset()),
        f64::from(time.day_of_year()) - 1.0,
    ]
    .into_iter()
    .map(Val::from)
    .collect())
}

//! What a scalar's text stands for under the YAML 1.2 core schema.
//!
//! Stricter than the schema in one point: digits with a leading zero (`017`) are a text, because
//! half of the world's readers see an octal number in them and people mean neither.

use serde_json::Number;

use crate::words::Data;

/// The explicit tags of the core schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// `!!str`, and the tag `!` that only says "not a plain scalar".
    Str,
    /// `!!null`
    Null,
    /// `!!bool`
    Bool,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!seq`
    Seq,
    /// `!!map`
    Map,
}

/// Why a scalar has no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// `.inf`, `.nan`, or a float beyond the range of a double: JSON has no such number.
    NotFinite,
    /// An integer outside of 64 bits.
    TooWide,
    /// The text is not of the type that its tag names.
    NotOfTag,
}

impl Tag {
    /// The tag of the core schema with this name.
    pub fn of_core(name: &str) -> Option<Tag> {
        Some(match name {
            "str" => Tag::Str,
            "null" => Tag::Null,
            "bool" => Tag::Bool,
            "int" => Tag::Int,
            "float" => Tag::Float,
            "seq" => Tag::Seq,
            "map" => Tag::Map,
            _ => return None,
        })
    }

    /// What it stands for, in words for messages.
    pub fn what(self) -> &'static str {
        match self {
            Tag::Str => "a text",
            Tag::Null => "null",
            Tag::Bool => "a boolean",
            Tag::Int => "an integer",
            Tag::Float => "a number",
            Tag::Seq => "a list",
            Tag::Map => "a map",
        }
    }
}

/// The data of a plain scalar without a tag.
pub fn plain(text: &str) -> Result<Data, Unfit> {
    match text.as_bytes() {
        // Words are no longer than `false`.
        [] | [b'~'] | [b'n' | b'N' | b't' | b'T' | b'f' | b'F', _, _, _] => {}
        [b'f' | b'F', _, _, _, _] => {}
        [b'+' | b'-' | b'.' | b'0'..=b'9', ..] => return number(text),
        _ => return Ok(Data::Text(text.into())),
    }
    Ok(match boolean(text) {
        Some(value) => Data::Bool(value),
        None if is_null(text) => Data::Null,
        None => Data::Text(text.into()),
    })
}

/// The data of a plain scalar that begins as a number does.
fn number(text: &str) -> Result<Data, Unfit> {
    if is_not_finite(text) {
        return Err(Unfit::NotFinite);
    }
    if let Some(number) = integer(text) {
        return number.map(Data::Number);
    }
    if is_float(text) && !has_leading_zero(text) {
        return float(text).map(Data::Number);
    }
    Ok(Data::Text(text.into()))
}

/// The data of a scalar with a tag, whatever its quotes.
pub fn tagged(text: &str, tag: Tag) -> Result<Data, Unfit> {
    match tag {
        Tag::Str => Ok(Data::Text(text.into())),
        Tag::Null if is_null(text) => Ok(Data::Null),
        Tag::Bool => boolean(text).map(Data::Bool).ok_or(Unfit::NotOfTag),
        Tag::Int => match integer(text) {
            Some(number) => number.map(Data::Number),
            None => Err(Unfit::NotOfTag),
        },
        Tag::Float if is_not_finite(text) => Err(Unfit::NotFinite),
        Tag::Float if is_float(text) => float(text).map(Data::Number),
        Tag::Null | Tag::Float | Tag::Seq | Tag::Map => Err(Unfit::NotOfTag),
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn is_not_finite(text: &str) -> bool {
    matches!(text, ".nan" | ".NaN" | ".NAN") || matches!(unsigned(text), ".inf" | ".Inf" | ".INF")
}

/// The text without its sign.
fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

/// Digits only, more than one, the first of them `0`.
fn has_leading_zero(text: &str) -> bool {
    let digits = unsigned(text);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// The number, when the text is spelled like an integer.
fn integer(text: &str) -> Option<Result<Number, Unfit>> {
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let spelled = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
            return spelled.then(|| {
                u64::from_str_radix(digits, radix)
                    .map(Number::from)
                    .map_err(|_| Unfit::TooWide)
            });
        }
    }
    let digits = unsigned(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) || has_leading_zero(text) {
        return None;
    }
    let number = text
        .parse::<i64>()
        .map(Number::from)
        .or_else(|_| text.parse::<u64>().map(Number::from));
    Some(number.map_err(|_| Unfit::TooWide))
}

/// Whether the text is spelled like `[-+]? ( \.[0-9]+ | [0-9]+(\.[0-9]*)? ) ([eE][-+]?[0-9]+)?`.
fn is_float(text: &str) -> bool {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match unsigned(text).split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (unsigned(text), None),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(part)
        && !(whole.is_empty() && part.is_empty())
        && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

fn float(text: &str) -> Result<Number, Unfit> {
    // Every spelling that `is_float` lets through is one that Rust reads; infinite means too big.
    let number = text.parse::<f64>().map_err(|_| Unfit::NotOfTag)?;
    Number::from_f64(number).ok_or(Unfit::NotFinite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_1_1_took_for_something_else_is_a_text() {
        for text in [
            "no",
            "yes",
            "on",
            "off",
            "y",
            "n",
            "No",
            "017",
            "00",
            "-017",
            "1_000",
            "12:30",
            "1.5.2",
            "2026-11-20",
            "2026-11-20T10:00:00Z",
            "tRUE",
            "nULL",
            "0b1",
            "-0x1F",
            "0x",
            "0xg",
            "0o8",
            ".",
            "+",
            "-",
            "e5",
            ".e5",
            "1e",
            "1e+",
            "inf",
            "nan",
            "<<",
            "=",
            "+.nan",
            "٣",
        ] {
            assert_eq!(plain(text), Ok(Data::Text(text.into())), "{text}");
        }
    }

    #[test]
    fn numbers_of_the_core_schema() {
        let int = |n: i64| Ok(Data::Number(n.into()));
        let float = |n: f64| Ok(Data::Number(Number::from_f64(n).expect("finite")));
        assert_eq!(plain("0"), int(0));
        assert_eq!(plain("+12"), int(12));
        assert_eq!(plain("-9223372036854775808"), int(i64::MIN));
        assert_eq!(
            plain("18446744073709551615"),
            Ok(Data::Number(u64::MAX.into()))
        );
        assert_eq!(plain("0o17"), int(15));
        assert_eq!(plain("0x1F"), int(31));
        for (text, number) in [
            ("1.", 1.0),
            (".5", 0.5),
            ("-.5", -0.5),
            ("+1.25", 1.25),
            ("1e3", 1000.0),
            ("1E-2", 0.01),
            ("01.5", 1.5),
            ("0e0", 0.0),
            ("-0.0", -0.0),
        ] {
            assert_eq!(plain(text), float(number), "{text}");
        }
        for text in [".inf", "-.INF", "+.Inf", ".nan", ".NaN", "1e999"] {
            assert_eq!(plain(text), Err(Unfit::NotFinite), "{text}");
        }
        for text in [
            "18446744073709551616",
            "-9223372036854775809",
            "0x10000000000000000",
        ] {
            assert_eq!(plain(text), Err(Unfit::TooWide), "{text}");
        }
    }

    #[test]
    fn tags_decide_against_the_spelling() {
        assert_eq!(tagged("12", Tag::Str), Ok(Data::Text("12".into())));
        assert_eq!(tagged("12", Tag::Int), Ok(Data::Number(12.into())));
        assert_eq!(tagged("True", Tag::Bool), Ok(Data::Bool(true)));
        assert_eq!(tagged("~", Tag::Null), Ok(Data::Null));
        assert_eq!(
            tagged("1", Tag::Float).map(|d| matches!(d, Data::Number(n) if n.is_f64())),
            Ok(true)
        );
        for (text, tag) in [
            ("yes", Tag::Bool),
            ("1.5", Tag::Int),
            ("x", Tag::Float),
            ("x", Tag::Null),
        ] {
            assert_eq!(tagged(text, tag), Err(Unfit::NotOfTag), "{text}");
        }
    }
}

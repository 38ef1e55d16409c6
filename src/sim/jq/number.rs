//! How jq writes numbers: 17 digits at most, integers without a point, `1e-05` and `1e+300`.

use serde_json::{Number, Value};

/// Above it not every integer is a double.
pub const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// The number as JSON. What JSON has no number for becomes what jq makes of it: not a number is
/// `null`, and an infinity the largest double.
pub fn to_json(value: f64) -> Value {
    if value.is_nan() {
        return Value::Null;
    }
    let value = value.clamp(f64::MIN, f64::MAX);
    if value.fract() == 0.0 && value.abs() <= LARGEST_EXACT {
        return Value::Number(Number::from(value as i64));
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The number as jq writes it.
pub fn text(value: f64) -> String {
    if value.is_nan() {
        return "null".to_owned();
    }
    let value = value.clamp(f64::MIN, f64::MAX);
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    // The shortest digits that mean this double, and where its point is.
    let scientific = format!("{:e}", value.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let length = digits.len() as i32;
    let sign = if value < 0.0 { "-" } else { "" };
    if point <= -4 || point > length + 15 {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let exponent = point - 1;
        let mark = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{dot}{rest}e{mark}{:02}", exponent.abs());
    }
    if point <= 0 {
        let zeros = "0".repeat(point.unsigned_abs() as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    if point >= length {
        let zeros = "0".repeat((point - length) as usize);
        return format!("{sign}{digits}{zeros}");
    }
    let (whole, fraction) = digits.split_at(point as usize);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_jq_does() {
        for (value, expected) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (0.1, "0.1"),
            (1.5, "1.5"),
            (100.0, "100"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e17, "1e+17"),
            (0.00001, "1e-05"),
            (0.00012, "0.00012"),
            (1.0e300, "1e+300"),
            (f64::INFINITY, "1.7976931348623157e+308"),
            (f64::NAN, "null"),
        ] {
            assert_eq!(text(value), expected);
        }
        assert_eq!(to_json(2.0), serde_json::json!(2));
        assert_eq!(to_json(2.5), serde_json::json!(2.5));
    }
}

//! The identifier rules that several kinds share (PA section 1, "Identifier rules").
//!
//! Port's published patterns use look-ahead and Unicode classes, so they are checked by hand; the
//! pattern's text stays beside the check for editors.

use crate::kinds::shape::Charset;

/// Blueprint identifiers: `^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/-]+$`.
pub const BLUEPRINT: Charset = Charset {
    words: "letters, digits and `@ _ . + : \\ / -`, but not `.` or `..`",
    pattern: r"^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/-]+$",
    holds: |text| {
        not_dots(text)
            && text
                .chars()
                .all(|c| letter_or_digit(c) || "@_.+:\\/-".contains(c))
    },
};

/// Action and automation identifiers: `^(?!\.{1,2}$)[\p{L}0-9@_.+:=-]+$`.
pub const ACTION: Charset = Charset {
    words: "letters, digits and `@ _ . + : = -`, but not `.` or `..`",
    pattern: r"^(?!\.{1,2}$)[\p{L}0-9@_.+:=-]+$",
    holds: |text| {
        not_dots(text)
            && text
                .chars()
                .all(|c| letter_or_digit(c) || "@_.+:=-".contains(c))
    },
};

/// Identifiers of entities and scorecards: `^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/=-]+$`.
pub const ENTITY: Charset = Charset {
    words: "letters, digits and `@ _ . + : \\ / = -`, but not `.` or `..`",
    pattern: r"^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/=-]+$",
    holds: |text| {
        not_dots(text)
            && text
                .chars()
                .all(|c| letter_or_digit(c) || "@_.+:\\/=-".contains(c))
    },
};

/// Keys of properties, relations and inputs: `^[A-Za-z0-9@_=\\-]+$`.
pub const KEY: Charset = Charset {
    words: "ASCII letters, digits and `@ _ = \\ -`",
    pattern: r"^[A-Za-z0-9@_=\\-]+$",
    holds: |text| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "@_=\\-".contains(c))
    },
};

/// Secret names: `^[A-Za-z0-9-_]*$`.
pub const SECRET: Charset = Charset {
    words: "ASCII letters, digits, `-` and `_`",
    pattern: r"^[A-Za-z0-9-_]*$",
    holds: |text| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    },
};

fn not_dots(text: &str) -> bool {
    text != "." && text != ".."
}

fn letter_or_digit(c: char) -> bool {
    // `\p{L}` is the general category "letter"; `char::is_alphabetic` also has some marks and
    // letter-like numbers, which the server then refuses with its own message.
    c.is_alphabetic() || c.is_ascii_digit()
}

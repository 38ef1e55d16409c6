//! Scalars for YAML that we write: without quotes where every reader sees the same text.
//!
//! Deliberately not here: layout. Whoever writes a file decides about lines and indentation.

use std::fmt::Write;

use crate::want::yaml::scalar;
use crate::words::Data;

/// The text as a scalar on one line, for a key or a value, in block or flow collections.
///
/// It stands without quotes only when YAML 1.1 and 1.2 readers agree that it is this text; else
/// it stands in double quotes with everything escaped that does not print.
pub fn quote(text: &str) -> String {
    if is_plain(text) && !misread(text) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if prints(c) => quoted.push(c),
            c if c as u32 <= 0xffff => {
                push_escape(&mut quoted, format_args!("\\u{:04x}", c as u32))
            }
            c => push_escape(&mut quoted, format_args!("\\U{:08x}", c as u32)),
        }
    }
    quoted.push('"');
    quoted
}

fn push_escape(quoted: &mut String, escape: std::fmt::Arguments<'_>) {
    quoted.write_fmt(escape).expect("a String takes everything");
}

/// Whether the syntax allows it without quotes wherever a scalar may stand.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let begins_well = !"-?:,[]{}#&*!|>'\"%@`=".contains(first)
        || (first == '-' && text[1..].starts_with(|c: char| c.is_ascii_alphanumeric()));
    begins_well
        && text.trim() == text
        && text.chars().all(|c| prints(c) && !",[]{}".contains(c))
        // Older readers take a `:` before any sign for the end of a key in flow collections.
        && text.split(':').skip(1).all(|rest| {
            rest.starts_with(|c: char| c.is_ascii_alphanumeric() || "/\\_-".contains(c))
        })
        && !text.contains(" #")
        && !text.starts_with("---")
        && !text.starts_with("...")
}

/// Whether some reader takes it for something else than a text.
fn misread(text: &str) -> bool {
    const WORDS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "<<", "~"];
    // Numbers in other bases, `1_000`, `12:30`, dates and times: a digit near the beginning and
    // nothing but what such things are made of.
    let numeric = text
        .trim_start_matches(['+', '-', '.'])
        .starts_with(|c: char| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_ascii_hexdigit() || "xXoOtTzZ_:.+- ".contains(c));
    numeric
        || WORDS.contains(&text.to_ascii_lowercase().as_str())
        || !matches!(scalar::plain(text), Ok(Data::Text(_)))
}

/// Whether a character may stand in YAML as itself and shows itself.
fn prints(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{1fff}' | '\u{2010}'..='\u{2027}'
        | '\u{2030}'..='\u{205e}' | '\u{2070}'..='\u{2fff}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fefe}' | '\u{ff00}'..='\u{ffef}' | '\u{10000}'..='\u{dffff}')
        && !c.is_whitespace()
        || c == ' '
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::quote;
    use crate::want::yaml::read;

    #[test]
    fn plain_where_everybody_reads_the_same() {
        for text in [
            "service",
            "Space-lift stack",
            "https://x.y/z?a=b#c",
            "größe",
            "it's",
            "a:b",
            "-x",
            "v1.2.3",
            "1st",
            "C:\\x",
            "a \"b\"",
            "truer",
            "${x",
        ] {
            let expected = if text.contains('{') {
                format!("\"{text}\"")
            } else {
                text.to_owned()
            };
            assert_eq!(quote(text), expected);
        }
    }

    #[test]
    fn quoted_where_somebody_reads_something_else() {
        for text in [
            "",
            "~",
            "null",
            "true",
            "False",
            "no",
            "Yes",
            "ON",
            "y",
            "017",
            "1_000",
            "0b1",
            "0o7",
            "12:30",
            "2026-11-20",
            "2026-11-20T10:00:00Z",
            "1e3",
            ".5",
            "-1",
            "+1",
            ".inf",
            ".NaN",
            "=",
            "<<",
            "a: b",
            "a #b",
            "a:",
            " a",
            "a ",
            "- a",
            "-",
            "---",
            "...",
            "? a",
            "#a",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a`",
            "'a'",
            "\"a\"",
            "{{ a }}",
            "[a]",
            "a, b",
            "a\nb",
            "a\tb",
            "\u{feff}",
            "\u{85}",
            "\u{2028}",
            "\u{1}",
            "\u{7f}",
            "\u{ffff}",
            "\u{e000}",
            "\u{202e}x",
        ] {
            let quoted = quote(text);
            assert!(
                quoted.starts_with('"') && quoted.ends_with('"'),
                "{text:?}: {quoted}"
            );
        }
    }

    /// The text comes back from every place where a scalar may stand, also with another reader.
    fn comes_back(text: &str) {
        let it = quote(text);
        assert!(!it.contains('\n'));
        for (yaml, pointer) in [
            (format!("{it}\n"), ""),
            (format!("k: {it}\n"), "/k"),
            (format!("k: {it} # c\n"), "/k"),
            (format!("- - {it}\n"), "/0/0"),
            (format!("[{{a: [{it}, {it}]}}, {{{it}: 1}}]\n"), "/0/a/1"),
        ] {
            let theirs: serde_json::Value =
                serde_yaml::from_str(&yaml).expect("another reader reads it");
            assert_eq!(theirs.pointer(pointer), Some(&text.into()), "{yaml}");
            let (nodes, findings) = read(0, &yaml);
            assert!(findings.is_empty(), "{yaml}: {findings:?}");
            let ours = nodes[0]
                .to_value()
                .to_json_with(&mut |_| serde_json::Value::Null);
            assert_eq!(ours, theirs, "{yaml}");
        }
        let (nodes, _) = read(0, &format!("{it}: 1\n"));
        assert!(nodes[0].get(text).is_some(), "{it}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_text_comes_back(text in any::<String>()) {
            comes_back(&text);
        }

        #[test]
        fn texts_of_signs_come_back(text in "([-?:,\\[\\]{}#&*!|>'\"%@`<=~ \t\r\n.+_\\\\]|[a0-9exo]|no|: | #|---){0,8}") {
            comes_back(&text);
        }
    }
}

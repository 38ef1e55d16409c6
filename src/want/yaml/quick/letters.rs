//! Letters: which bytes may stand in a text, and which ones end a scalar.
//!
//! Deliberately not here: what scalars mean.

/// Ends a plain scalar of a block, or makes one look closer.
pub const BLOCK: u8 = 1;
/// The same in a flow collection.
pub const FLOW: u8 = 2;
/// Ends what a text in single quotes spells as it is.
pub const SINGLE: u8 = 4;
/// The same in double quotes.
pub const DOUBLE: u8 = 8;
/// Cannot begin a plain scalar.
pub const NO_BEGINNING: u8 = 16;

/// What each byte is.
pub static LETTERS: [u8; 256] = {
    let mut all = [0; 256];
    let mut at = 0;
    while at < all.len() {
        all[at] = letter(at as u8);
        at += 1;
    }
    all
};

const fn letter(byte: u8) -> u8 {
    match byte {
        b'\n' | b'\t' => BLOCK | FLOW | SINGLE | DOUBLE | NO_BEGINNING,
        b' ' => NO_BEGINNING,
        b':' => BLOCK | FLOW,
        b'#' => BLOCK | FLOW | NO_BEGINNING,
        b',' | b'[' | b']' | b'{' | b'}' => FLOW | NO_BEGINNING,
        b'\'' => SINGLE | NO_BEGINNING,
        b'"' => DOUBLE | NO_BEGINNING,
        b'\\' => DOUBLE,
        b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' => NO_BEGINNING,
        _ => 0,
    }
}

/// Whether there are line feeds, tabs and printable characters only, and no byte order mark nor
/// one of Unicode's line ends.
pub fn all_known(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut start = 0;
    for chunk in bytes.chunks(64) {
        let odd = |odd: bool, byte: &u8| {
            let control = byte.wrapping_sub(b' ') >= 0x7f - b' ';
            odd | (control & (*byte != b'\n') & (*byte != b'\t'))
        };
        let end = start + chunk.len();
        if chunk.iter().fold(false, odd) && !(start..end).all(|at| is_known(bytes, at)) {
            return false;
        }
        start = end;
    }
    true
}

/// Whether the character that begins at this byte is a known one; so is each byte inside of one.
fn is_known(bytes: &[u8], at: usize) -> bool {
    match &bytes[at..] {
        [b'\n' | b'\t', ..] => true,
        [..b' ' | 0x7f, ..] | [0xc2, 0x80..=0x9f, ..] => false,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] | [0xef, 0xbb, 0xbf, ..] => false,
        [0xef, 0xbf, 0xbe | 0xbf, ..] => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Told by characters instead of bytes.
    #[test]
    fn what_is_known_is_printable() {
        for c in '\0'..=char::MAX {
            let unknown = c.is_control() && !matches!(c, '\n' | '\t')
                || matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                );
            assert_eq!(all_known(c.encode_utf8(&mut [0; 4])), !unknown, "{c:?}");
        }
        for before in 0..70 {
            let text = format!("{}\u{feff}", "x".repeat(before));
            assert!(!all_known(&text), "{before}");
            assert!(all_known(&text[..before]), "{before}");
        }
    }
}

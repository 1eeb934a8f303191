//! What JSON may say and a database cannot hold: half a surrogate pair, and the character NUL.
//!
//! Both become U+FFFD, the sign for a character that cannot be shown. Text without escapes, nearly all there is, is
//! looked through once and borrowed. The meaning of everything else stays as it is.

use std::borrow::Cow;

/// JSON without halves of surrogate pairs, which no UTF-8 can say.
pub(super) fn sound(json: &str) -> Cow<'_, str> {
    replaced(json, |code, next| match code {
        0xd800..=0xdbff => !next.is_some_and(|next| (0xdc00..=0xdfff).contains(&next)),
        0xdc00..=0xdfff => true,
        _ => false,
    })
}

/// JSON without the character NUL, which PostgreSQL cannot hold.
pub(super) fn without_nul(json: &str) -> Cow<'_, str> {
    replaced(json, |code, _next| code == 0)
}

/// Replaces the escapes of which `bad` says so, given their code and that of an escape that follows at once.
fn replaced(json: &str, bad: impl Fn(u32, Option<u32>) -> bool) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut from = 0;
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let Some(code) = escape(json, at) else {
            // Another escape, such as `\\` or `\n`: two bytes, so that the second is never taken for a beginning.
            at += 2;
            continue;
        };
        let next = escape(json, at + LENGTH);
        if bad(code, next) {
            kept.push_str(json.get(from..at).unwrap_or_default());
            kept.push_str("\\ufffd");
            from = at + LENGTH;
            at += LENGTH;
        } else if (0xd800..=0xdbff).contains(&code) {
            at += 2 * LENGTH;
        } else {
            at += LENGTH;
        }
    }
    if from == 0 {
        return Cow::Borrowed(json);
    }
    kept.push_str(json.get(from..).unwrap_or_default());
    Cow::Owned(kept)
}

/// Bytes of an escape such as `\u0000`.
const LENGTH: usize = 6;

/// The code of the `\u` escape that begins here, if one does.
fn escape(json: &str, at: usize) -> Option<u32> {
    let digits = json.get(at..at + LENGTH)?.strip_prefix("\\u")?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_halves_of_pairs_are_replaced() {
        for same in
            [r#"{"a":"\ud83c\udfc3"}"#, r#""\\ud83c""#, r#""\n\u00e9""#, "\"🏃\"", r#""\"#, r#""\u12"#]
        {
            assert!(matches!(sound(same), Cow::Borrowed(text) if text == same), "{same}");
        }
        for (before, after) in [
            (r#""\ud83c""#, r#""\ufffd""#),
            (r#""\ud83c\n\udfc3""#, r#""\ufffd\n\ufffd""#),
            (r#""\\\ud83c\ud83c\udfc3x""#, r#""\\\ufffd\ud83c\udfc3x""#),
            (r#""\udfc3\ud83c""#, r#""\ufffd\ufffd""#),
        ] {
            assert_eq!(sound(before), after);
        }
    }

    #[test]
    fn only_nul_is_replaced() {
        assert_eq!(
            without_nul(r#"{"\u0000":"a\\u0000\u0000\\\u0000\u0001"}"#),
            r#"{"\ufffd":"a\\u0000\ufffd\\\ufffd\u0001"}"#
        );
        assert!(matches!(without_nul(r#""\u00001""#), Cow::Owned(text) if text == r#""\ufffd1""#));
        assert!(matches!(without_nul("\"ä\\\"\""), Cow::Borrowed(_)));
    }
}

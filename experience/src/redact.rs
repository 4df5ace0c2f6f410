//! Takes secrets out of texts and configuration before anything leaves the process.
//!
//! A cheap search for trigger words decides whether a text is looked at at all; most log lines are not.
//! Rather too much is hidden than too little.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::{Captures, Regex};

/// What stands where a secret stood.
pub const MASK: &str = "******";

/// Parts of option keys whose values Flink hides too, and those of connectors' options.
const SENSITIVE_KEY_PARTS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api-key",
    "api.key",
    "api_key",
    "auth-params",
    "service-key",
    "basic-auth",
    "basic.auth.user.info",
    "jaas.config",
    "http-headers",
    "account.key",
    "accountkey",
    "access-key",
    "access.key",
    "access_key",
    "accesskey",
    "private-key",
    "private.key",
    "private_key",
    "privatekey",
    "credential",
    "authorization",
    "connection-string",
    "connection.string",
    "connectionstring",
    "sas-key",
];

/// Endings of option keys that hold no secret although a part above occurs in them.
const HARMLESS_KEY_ENDINGS: &[&str] = &[
    ".enabled",
    ".type",
    ".provider",
    ".class",
    ".name",
    ".interval",
    ".ratio",
    ".file",
    ".path",
    ".location",
    ".url",
    ".uri",
    ".backoff",
    ".ms",
    ".seconds",
    ".timeout",
];

/// Words without which a line holds no `key=value` that is looked at.
const KEY_WORDS: &[&str] = &[
    "pass=",
    "pass:",
    "pass\"",
    "pass'",
    "pass ",
    "passw",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api-key",
    "api_key",
    "api.key",
    "accesskey",
    "access-key",
    "access_key",
    "access.key",
    "accountkey",
    "account-key",
    "account_key",
    "account.key",
    "servicekey",
    "service-key",
    "service_key",
    "service.key",
    "privatekey",
    "private-key",
    "private_key",
    "private.key",
    "sharedkey",
    "shared-key",
    "shared_key",
    "sharedaccesskey",
    "encryptionkey",
    "encryption-key",
    "encryption_key",
    "encryption.key",
    "signingkey",
    "signing-key",
    "signing_key",
    "signing.key",
    "saskey",
    "sas-key",
    "sas_key",
    "sas.key",
    "authkey",
    "auth-key",
    "auth_key",
    "auth.key",
    "storagekey",
    "storage-key",
    "storage_key",
    "credential",
    "authorization",
    "auth-params",
    "auth_params",
    "auth.params",
    "authparams",
    "auth-header",
    "auth_header",
    "authheader",
    "user.info",
    "user-info",
    "basicauth",
    "basic-auth",
    "basic_auth",
    "basic.auth",
    "http-headers",
    "http.headers",
    "http_headers",
    "signature",
    "sig=",
    "sig:",
    "sig\"",
    "cookie",
    "sessionid",
    "session-id",
    "session_id",
    "session.id",
    "connectionstring",
    "connection-string",
    "connection_string",
    "connection.string",
];

/// A pattern whose groups `keep` and `tail` stay and whose rest is hidden, and words one of which it cannot do without.
struct Pattern {
    words: &'static [&'static str],
    regex: String,
}

fn patterns() -> Vec<Pattern> {
    let key = concat!(
        r"[\w.\-/%]*(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[-_.]?key|apikey|access[-_.]?key(?:[-_.]?id)?|",
        r"account[-_.]?key(?:\.[\w.\-]+)?|service[-_.]?key|private[-_.]?key|shared[-_.]?key|encryption[-_.]?key|",
        r"signing[-_.]?key|sas[-_.]?key|auth[-_.]?key|storage[-_.]?key|credentials?|authorization|",
        r"auth[-_.]?(?:params|header)|user[-.]info|basic[-_.]?auth|http[-_.]headers|signature|",
        r"x-amz-security-token|sig|cookie|session[-_.]?id|connection[-_.]?string)",
        r"(?:[-_.]?(?:id|value|key|b64|base64|enc|encrypted|old|new|\d+))?",
    );
    let value = r#"(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.|'')*'|\\"(?:[^"\\])*\\"|[^\s,;&}\])"'\\]+)"#;
    let pattern = |words, regex: &str| Pattern {
        words,
        regex: regex.to_owned(),
    };
    vec![
        // A whole JAAS configuration, up to its semicolon.
        pattern(
            &["jaas"],
            r#"(?i)(?P<keep>jaas[-_.]config["']?\s*(?:=|:|,)\s*)["']?[^;\n]*;?"#,
        ),
        // A private key block.
        pattern(
            &["private key"],
            r"(?s)(?P<keep>-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?P<tail>-----END [A-Z ]*PRIVATE KEY-----|$)",
        ),
        // user:password@host in any URL, also Oracle's user/password@.
        pattern(
            &["://"],
            r"(?P<keep>[A-Za-z][\w+.\-]*://)[^\s/@:'\x22?#]*:[^\s@'\x22]*(?P<tail>@)",
        ),
        pattern(
            &["://"],
            r"(?P<keep>[A-Za-z][\w+.\-]*://)[A-Za-z0-9_\-.~%+=]{16,}(?P<tail>@)",
        ),
        pattern(
            &["jdbc:oracle"],
            r"(?i)(?P<keep>jdbc:oracle:\w+:)[^\s/@]+/[^\s@]+(?P<tail>@)",
        ),
        // Bearer, basic and other schemes of an Authorization header.
        pattern(
            &["authorization"],
            r#"(?i)(?P<keep>authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|digest|negotiate|token|apikey|aws4-hmac-sha256)\s+)?)[^\s"',}\]]+[^"'\n}\]]*"#,
        ),
        pattern(
            &["bearer"],
            r"(?i)(?P<keep>\bbearer\s+)[A-Za-z0-9\-._~+/=]{6,}",
        ),
        pattern(
            &["basic "],
            r"(?i)(?P<keep>\bbasic\s+)[A-Za-z0-9+/]{10,}={0,2}",
        ),
        // --password value, IDENTIFIED BY 'value', curl -u value.
        pattern(
            KEY_WORDS,
            r#"(?i)(?P<keep>--?(?:[\w.\-]*(?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key))\s+)["']?[^\s"']+["']?"#,
        ),
        pattern(
            &["identified"],
            r#"(?i)(?P<keep>\bidentified\s+by\s+)["'][^"']*["']"#,
        ),
        pattern(&["curl"], r"(?P<keep>\bcurl\b[^\n]*?\s-u\s+)\S+"),
        // key=value, key: value, "key": "value", 'key' = 'value', key -> value, and Flink's "property: key, value".
        Pattern {
            words: KEY_WORDS,
            regex: format!(r#"(?i)(?P<keep>["'\\]*\b{key}["'\\]*\s*(?:=>|->|==?|:)\s*){value}"#),
        },
        Pattern {
            words: &["property: "],
            regex: format!(r#"(?i)(?P<keep>\bproperty: {key}, ){value}"#),
        },
        // Tokens that show by their form.
        pattern(
            &["akia", "asia", "aroa", "aida"],
            r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b",
        ),
        pattern(
            &["eyj"],
            r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?",
        ),
        pattern(
            &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
            r"\bgh[pousr]_[A-Za-z0-9]{20,}",
        ),
        pattern(
            &["github_pat_", "glpat-", "xox"],
            r"\b(?:github_pat_\w{20,}|glpat-[\w\-]{15,}|xox[abeprs]-[\w\-]{8,})",
        ),
        pattern(&["aiza", "ya29."], r"\bAIza[\w\-]{30,}|\bya29\.[\w\-]{10,}"),
        pattern(
            &["k_live_", "k_test_", "sk-"],
            r"\b(?:sk|rk|pk)_(?:live|test)_\w{10,}|\bsk-[\w\-]{20,}",
        ),
        pattern(
            &["hf_", "npm_", "pypi-"],
            r"\bhf_\w{20,}|\bnpm_\w{20,}|\bpypi-[\w\-]{20,}",
        ),
        pattern(
            &["dop_v1_", "sg.", "hvs."],
            r"\bdop_v1_\w{20,}|\bSG\.[\w\-]{10,}\.[\w\-]{10,}|\bhvs\.[\w\-]{15,}",
        ),
        pattern(
            &["hooks.slack.com"],
            r"(?P<keep>hooks\.slack\.com/services/)[\w/]+",
        ),
    ]
}

/// The patterns behind one search for all their words.
struct Redactor {
    search: AhoCorasick,
    /// Patterns of each word, one bit a pattern.
    patterns_of_word: Vec<u64>,
    patterns: Vec<LazyPattern>,
}

/// Compiled when its words occur for the first time: most logs need few, and compiling all would cost every start.
struct LazyPattern {
    source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl LazyPattern {
    fn regex(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| Regex::new(&self.source).ok())
            .as_ref()
    }
}

static REDACTOR: LazyLock<Option<Redactor>> = LazyLock::new(|| {
    let (mut words, mut bits, mut lazy) = (Vec::new(), Vec::new(), Vec::new());
    for (index, pattern) in patterns().into_iter().enumerate() {
        lazy.push(LazyPattern {
            source: pattern.regex,
            compiled: OnceLock::new(),
        });
        for word in pattern.words {
            words.push(*word);
            bits.push(1 << index);
        }
    }
    let search = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(&words)
        .ok()?;
    Some(Redactor {
        search,
        patterns_of_word: bits,
        patterns: lazy,
    })
});

/// The text without its secrets; borrowed where there are none.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    // The patterns are constant and a test compiles them; without them nothing may leave.
    let Some(redactor) = REDACTOR.as_ref() else {
        return Cow::Borrowed(MASK);
    };
    let words = redactor.search.find_overlapping_iter(text);
    let wanted = words.fold(0, |bits, word| {
        bits | redactor.patterns_of_word[word.pattern().as_usize()]
    });
    let mut current = Cow::Borrowed(text);
    for (index, pattern) in redactor.patterns.iter().enumerate() {
        if wanted & (1 << index) == 0 {
            continue;
        }
        let Some(regex) = pattern.regex() else {
            return Cow::Borrowed(MASK);
        };
        if let Cow::Owned(hidden) = regex.replace_all(&current, hide) {
            current = Cow::Owned(hidden);
        }
    }
    current
}

fn hide(found: &Captures<'_>) -> String {
    let group = |name| found.name(name).map_or("", |part| part.as_str());
    let whole = found.get(0).map_or("", |part| part.as_str());
    let (keep, tail) = (group("keep"), group("tail"));
    let value = &whole[keep.len()..];
    if harmless(value) {
        return whole.to_owned();
    }
    let quote = value
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''));
    match quote.filter(|quote| value.len() > 1 && value.ends_with(*quote)) {
        Some(quote) => format!("{keep}{quote}{MASK}{quote}{tail}"),
        None => format!("{keep}{MASK}{tail}"),
    }
}

/// Values that are no secrets and that a reader needs: MySQL's "(using password: YES)".
fn harmless(value: &str) -> bool {
    let bare = value.trim_matches(['"', '\'']);
    bare.is_empty()
        || bare == MASK
        || ["yes", "no", "true", "false", "null", "none", "<null>"]
            .iter()
            .any(|word| bare.eq_ignore_ascii_case(word))
}

/// The value of an option without its secrets: hidden as a whole where the key names a secret.
#[must_use]
pub fn redact_config_value<'v>(key: &str, value: &'v str) -> Cow<'v, str> {
    let key = key.to_ascii_lowercase();
    let sensitive = SENSITIVE_KEY_PARTS.iter().any(|part| key.contains(part));
    let harmless_key = HARMLESS_KEY_ENDINGS
        .iter()
        .any(|ending| key.ends_with(ending));
    if sensitive && !(harmless_key || harmless(value)) {
        return Cow::Borrowed(MASK);
    }
    redact(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        let redactor = REDACTOR.as_ref().unwrap();
        assert!(redactor.patterns.iter().all(|one| one.regex().is_some()));
    }

    #[test]
    fn a_line_without_secrets_is_borrowed() {
        let line = "Completed checkpoint 12 for job 4f (1234 bytes) at s3://bucket/checkpoints";
        assert!(matches!(redact(line), Cow::Borrowed(same) if same == line));
    }

    #[test]
    fn the_rest_of_the_line_stays_readable() {
        assert_eq!(
            redact(
                "connect jdbc:mysql://db:3306/shop?user=app&password=s3cr3t&useSSL=false failed"
            ),
            "connect jdbc:mysql://db:3306/shop?user=app&password=******&useSSL=false failed"
        );
        assert_eq!(
            redact("'password' = 'hunter2', 'url' = 'x'"),
            "'password' = '******', 'url' = 'x'"
        );
        assert_eq!(
            redact("Access denied for user 'app'@'10.0.0.1' (using password: YES)"),
            "Access denied for user 'app'@'10.0.0.1' (using password: YES)"
        );
    }

    #[test]
    fn an_option_that_names_a_secret_is_hidden_whole() {
        assert_eq!(redact_config_value("s3.secret-key", "abc"), MASK);
        assert_eq!(
            redact_config_value("security.delegation.tokens.enabled", "true"),
            "true"
        );
        assert_eq!(
            redact_config_value("execution.checkpointing.dir", "s3://b/c"),
            "s3://b/c"
        );
        assert_eq!(
            redact_config_value(
                "env.java.opts",
                "-Dp=1 -Djavax.net.ssl.keyStorePassword=abc"
            ),
            "-Dp=1 -Djavax.net.ssl.keyStorePassword=******"
        );
    }
}

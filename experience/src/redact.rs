//! Takes secrets out of texts and configuration before anything leaves the process.
//!
//! A cheap search for trigger words decides whether a text is looked at at all; most log lines are not.
//! Rather too much is hidden than too little.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
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

const TRIGGERS: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "auth",
    "credential",
    "bearer",
    "basic ",
    "://",
    "akia",
    "asia",
    "eyj",
    "xox",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "aiza",
    "ya29.",
    "sk_",
    "sk-",
    "rk_",
    "sig",
    "sas",
    "cookie",
    "jaas",
    "hf_",
    "npm_",
    "pypi-",
    "jdbc:",
    "dop_v1",
    "sg.",
    "connectionstring",
    "connection-string",
    "identified by",
    "user.info",
    "services/t",
    "session",
    "private",
    "-u ",
    "vault",
    "hvs.",
];

static TRIGGER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(TRIGGERS)
        .ok()
});

/// A pattern whose groups `keep` and `tail` stay and whose rest is hidden.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let key = concat!(
        r"[\w.\-/%]*(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[-_.]?key|apikey|access[-_.]?key(?:[-_.]?id)?|",
        r"account[-_.]?key|service[-_.]?key|private[-_.]?key|shared[-_.]?key|encryption[-_.]?key|signing[-_.]?key|",
        r"sas[-_.]?key|auth[-_.]?key|storage[-_.]?key|credentials?|authorization|auth[-_.]?(?:params|header)|",
        r"user\.info|basic[-_.]?auth|http[-_.]headers|signature|x-amz-security-token|sig|cookie|session[-_.]?id|",
        r"connection[-_.]?string)",
        r"(?:[-_.]?(?:id|value|key|b64|base64|enc|encrypted|old|new|\d+))?",
    );
    let value = r#"(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.|'')*'|\\"(?:[^"\\])*\\"|[^\s,;&}\])"'\\]+)"#;
    [
        // A whole JAAS configuration, up to its semicolon.
        r#"(?i)(?P<keep>jaas[-_.]config["']?\s*(?:=|:|,)\s*)["']?[^;\n]*;?"#.to_owned(),
        // A private key block.
        r"(?s)(?P<keep>-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?P<tail>-----END [A-Z ]*PRIVATE KEY-----|$)".to_owned(),
        // user:password@host in any URL, also Oracle's user/password@.
        r"(?P<keep>[A-Za-z][\w+.\-]*://)[^\s/@:'\x22?#]*:[^\s@'\x22]*(?P<tail>@)".to_owned(),
        r"(?P<keep>[A-Za-z][\w+.\-]*://)[A-Za-z0-9_\-.~%+=]{16,}(?P<tail>@)".to_owned(),
        r"(?i)(?P<keep>jdbc:oracle:\w+:)[^\s/@]+/[^\s@]+(?P<tail>@)".to_owned(),
        // Bearer, basic and other schemes of an Authorization header.
        r#"(?i)(?P<keep>authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|digest|negotiate|token|apikey|aws4-hmac-sha256)\s+)?)[^\s"',}\]]+[^"'\n}\]]*"#.to_owned(),
        r"(?i)(?P<keep>\bbearer\s+)[A-Za-z0-9\-._~+/=]{6,}".to_owned(),
        r"(?i)(?P<keep>\bbasic\s+)[A-Za-z0-9+/]{10,}={0,2}".to_owned(),
        // --password value, -p value after a client's name, IDENTIFIED BY 'value'.
        r#"(?i)(?P<keep>--?(?:[\w.\-]*(?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key))\s+)["']?[^\s"']+["']?"#.to_owned(),
        r#"(?i)(?P<keep>\bidentified\s+by\s+)["'][^"']*["']"#.to_owned(),
        r"(?P<keep>\bcurl\b[^\n]*?\s-u\s+)\S+".to_owned(),
        // key=value, key: value, "key": "value", 'key' = 'value', key -> value, and Flink's "property: key, value".
        format!(r#"(?i)(?P<keep>["'\\]*\b{key}["'\\]*\s*(?:==?|:|=>|->)\s*){value}"#),
        format!(r#"(?i)(?P<keep>\bproperty: {key}, ){value}"#),
        // Tokens that show by their form.
        r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b".to_owned(),
        r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?".to_owned(),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w\-]{15,}|xox[abeprs]-[\w\-]{8,})".to_owned(),
        r"\bAIza[\w\-]{30,}|\bya29\.[\w\-]{10,}".to_owned(),
        r"\b(?:sk|rk|pk)_(?:live|test)_\w{10,}|\bsk-[\w\-]{20,}|\bhf_\w{20,}|\bnpm_\w{20,}|\bpypi-[\w\-]{20,}".to_owned(),
        r"\bdop_v1_\w{20,}|\bSG\.[\w\-]{10,}\.[\w\-]{10,}|\bhvs\.[\w\-]{15,}".to_owned(),
        r"(?P<keep>hooks\.slack\.com/services/)[\w/]+".to_owned(),
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

/// The text without its secrets; borrowed where there are none.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let suspicious = TRIGGER
        .as_ref()
        .is_none_or(|trigger| trigger.is_match(text));
    if !suspicious {
        return Cow::Borrowed(text);
    }
    let mut current = Cow::Borrowed(text);
    for pattern in PATTERNS.iter() {
        if let Cow::Owned(hidden) = pattern.replace_all(&current, hide) {
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

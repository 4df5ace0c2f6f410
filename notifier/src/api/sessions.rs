//! Sessions of the page: whoever logged in with a token is known by a cookie, which no script can read.
//!
//! They are kept in memory: after a restart people log in again. Only digests are kept, so that neither a dump of the
//! memory nor the order of lookups helps to guess a cookie.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use crate::api::auth::Role;

/// Name of the cookie.
pub const COOKIE: &str = "streamwarden-session";
/// The page sends the session's second secret in this header; another site can neither read nor send it.
pub const CSRF_HEADER: &str = "x-streamwarden-csrf";
/// A working day and its night shift's end.
const LIFETIME_MS: i64 = 12 * 3_600_000;
/// More people at once push out whoever came first.
const SESSIONS_LIMIT: usize = 1_000;

type Key = [u8; 32];

/// Whoever is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Name of the token that was used.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// Goes with every change.
    pub csrf: String,
    /// Milliseconds since 1970.
    pub ends_ms: i64,
}

/// All who are logged in.
#[derive(Debug, Default)]
pub struct Sessions {
    open: Mutex<HashMap<Key, Session>>,
}

impl Sessions {
    /// Begins a session; gives the secret of its cookie.
    pub fn begin(&self, name: &str, role: Role, now_ms: i64) -> (String, Session) {
        let (secret, csrf) = (random(), random());
        let session = Session {
            name: name.to_owned(),
            role,
            csrf,
            ends_ms: now_ms + LIFETIME_MS,
        };
        let mut open = self.lock();
        open.retain(|_, known| known.ends_ms > now_ms);
        if open.len() >= SESSIONS_LIMIT {
            let oldest = open.iter().min_by_key(|(_, known)| known.ends_ms);
            let oldest = oldest.map(|(key, _)| *key);
            oldest.and_then(|key| open.remove(&key));
        }
        open.insert(key_of(&secret), session.clone());
        (secret, session)
    }

    /// The session that the request's cookie names, if it is open.
    pub fn of(&self, headers: &HeaderMap, now_ms: i64) -> Option<Session> {
        let key = key_of(cookie(headers)?);
        let known = self.lock().get(&key).cloned();
        known.filter(|session| session.ends_ms > now_ms)
    }

    /// Ends the session that the request's cookie names.
    pub fn end(&self, headers: &HeaderMap) -> Option<Session> {
        self.lock().remove(&key_of(cookie(headers)?))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Did the page that this session belongs to send the request? Takes the same time whatever is wrong.
    #[must_use]
    pub fn is_sent_by_its_page(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(CSRF_HEADER).map(HeaderValue::as_bytes);
        given.is_some_and(|given| Sha256::digest(given) == Sha256::digest(self.csrf.as_bytes()))
    }
}

/// The cookie as it is set; an empty secret takes it away.
#[must_use]
pub fn set_cookie(secret: &str, is_https: bool) -> HeaderValue {
    let age_s = if secret.is_empty() {
        0
    } else {
        LIFETIME_MS / 1000
    };
    let secure = if is_https { "; Secure" } else { "" };
    let text =
        format!("{COOKIE}={secret}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Strict{secure}");
    // Hex and fixed words are always a header's value.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let texts = headers.get_all(header::COOKIE).iter();
    let texts = texts.filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn key_of(secret: &str) -> Key {
    Sha256::digest(secret.as_bytes()).into()
}

/// 256 bits from the system's generator, in hex.
fn random() -> String {
    use std::fmt::Write;
    let bytes: [u8; 32] = rand::random();
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_cookie(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(text).unwrap())])
    }

    #[test]
    fn a_session_is_known_by_its_cookie_until_it_ends() {
        let sessions = Sessions::default();
        let (secret, _) = sessions.begin("dana", Role::Operator, 0);
        let headers = with_cookie(&format!("theme=dark; {COOKIE}={secret}"));
        let name = |now_ms| sessions.of(&headers, now_ms).map(|session| session.name);
        assert_eq!(name(LIFETIME_MS - 1).as_deref(), Some("dana"));
        assert_eq!(name(LIFETIME_MS), None);
        assert!(sessions.end(&headers).is_some());
        assert_eq!(name(1), None);
    }

    #[test]
    fn a_guessed_or_empty_cookie_is_nobodys() {
        let sessions = Sessions::default();
        sessions.begin("dana", Role::Operator, 0);
        for guess in ["streamwarden-session=", "streamwarden-session=00", "x=y"] {
            assert_eq!(sessions.of(&with_cookie(guess), 1), None, "{guess}");
        }
    }

    #[test]
    fn only_the_sessions_own_page_may_change_something() {
        let (_, session) = Sessions::default().begin("dana", Role::Operator, 0);
        let with = |text: &str| {
            let value = HeaderValue::from_str(text).unwrap();
            HeaderMap::from_iter([(header::HeaderName::from_static(CSRF_HEADER), value)])
        };
        assert!(session.is_sent_by_its_page(&with(&session.csrf)));
        assert!(!session.is_sent_by_its_page(&with("guess")));
        assert!(!session.is_sent_by_its_page(&HeaderMap::new()));
    }

    #[test]
    fn no_script_can_read_the_cookie_and_no_other_site_sends_it() {
        let text = |secret, is_https| {
            let value = set_cookie(secret, is_https);
            value.to_str().unwrap().to_owned()
        };
        let plain = text("ab", false);
        assert!(plain.contains("HttpOnly; SameSite=Strict"), "{plain}");
        assert!(!plain.contains("Secure"), "{plain}");
        assert!(text("ab", true).ends_with("; Secure"));
        assert!(text("", false).contains("Max-Age=0"));
    }

    #[test]
    fn more_people_than_there_is_room_for_push_out_whoever_came_first() {
        let sessions = Sessions::default();
        let (first, _) = sessions.begin("first", Role::Viewer, 0);
        for _ in 0..SESSIONS_LIMIT {
            sessions.begin("later", Role::Viewer, 1);
        }
        assert_eq!(sessions.lock().len(), SESSIONS_LIMIT);
        assert_eq!(
            sessions.of(&with_cookie(&format!("{COOKIE}={first}")), 2),
            None
        );
    }
}

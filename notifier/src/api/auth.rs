//! Who may do what: tokens with roles, sessions of the page, a limit on guessing, and no changes on behalf of other sites.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use streamwarden_service_runtime::SecretText;

use crate::api::Api;
use crate::api::answer::ApiError;
use crate::api::sessions::Sessions;

/// Wrong tokens from one address within a minute; more get no answer to whether they are right.
const WRONG_A_MINUTE: usize = 10;
const MINUTE_MS: i64 = 60_000;
/// Addresses that are remembered for wrong tokens.
const ADDRESSES_LIMIT: usize = 10_000;

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Look.
    Read,
    /// Say whether a finding was right.
    Feedback,
    /// Silence and acknowledge.
    Silence,
    /// Test channels.
    Channels,
}

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look.
    Viewer,
    /// And say whether a finding was right, silence, acknowledge.
    Operator,
    /// And test channels.
    Admin,
}

impl Role {
    /// What the role may do.
    #[must_use]
    pub fn rights(self) -> BTreeSet<Right> {
        let rights: &[Right] = match self {
            Self::Viewer => &[Right::Read],
            Self::Operator => &[Right::Read, Right::Feedback, Right::Silence],
            Self::Admin => &[
                Right::Read,
                Right::Feedback,
                Right::Silence,
                Right::Channels,
            ],
        };
        rights.iter().copied().collect()
    }
}

impl Right {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Feedback => "feedback",
            Self::Silence => "silence",
            Self::Channels => "channels",
        }
    }
}

/// Whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Name of the token; stands beside whatever is done.
    pub name: String,
    /// What they may do.
    pub rights: BTreeSet<Right>,
}

impl Caller {
    /// May they?
    ///
    /// # Errors
    /// 401 without a token, 403 with one that does not allow it.
    pub fn needs(&self, right: Right) -> Result<(), ApiError> {
        if self.rights.contains(&right) {
            return Ok(());
        }
        let (status, message) = if self.name.is_empty() {
            (
                StatusCode::UNAUTHORIZED,
                "this needs a token with the right",
            )
        } else {
            (StatusCode::FORBIDDEN, "this token lacks the right")
        };
        Err(ApiError::new(status, format!("{message} {}", right.as_str())).with_right(right))
    }
}

/// A token that is known.
#[derive(Debug, Clone)]
pub struct KnownToken {
    /// Whose it is.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// The token.
    pub token: SecretText,
}

/// Where a request comes from, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address(pub(super) Option<IpAddr>);

/// Who may do what.
#[derive(Debug, Default)]
pub struct Guard {
    /// Whoever is logged in to the page.
    pub sessions: Sessions,
    tokens: Vec<(String, Role, [u8; 32])>,
    anonymous: BTreeSet<Right>,
    wrong: Mutex<HashMap<IpAddr, Vec<i64>>>,
}

impl Guard {
    /// A guard with these tokens.
    #[must_use]
    pub fn new(tokens: Vec<KnownToken>, anonymous_reading: bool, open_to_all: bool) -> Self {
        let hashed = tokens.into_iter().map(|known| {
            let digest = Sha256::digest(known.token.expose().as_bytes());
            (known.name, known.role, digest.into())
        });
        let anonymous = match (open_to_all, anonymous_reading) {
            (true, _) => Role::Admin.rights(),
            (false, true) => Role::Viewer.rights(),
            (false, false) => BTreeSet::new(),
        };
        Self {
            sessions: Sessions::default(),
            tokens: hashed.collect(),
            anonymous,
            wrong: Mutex::default(),
        }
    }

    /// Who asks: by a token, else by the cookie of a session, else nobody in particular.
    ///
    /// # Errors
    /// 401 for a wrong token, 429 after too many.
    pub fn caller(
        &self,
        headers: &HeaderMap,
        address: Option<IpAddr>,
        now_ms: i64,
    ) -> Result<Caller, ApiError> {
        if let Some(given) = headers.get(header::AUTHORIZATION) {
            let token = given.to_str().ok().and_then(bearer).unwrap_or_default();
            let (name, role) = self.holder(token, address, now_ms)?;
            return Ok(self.caller_of(name, role));
        }
        Ok(match self.sessions.of(headers, now_ms) {
            Some(session) => self.caller_of(session.name, session.role),
            None => Caller {
                name: String::new(),
                rights: self.anonymous.clone(),
            },
        })
    }

    /// What somebody with this name and role may do.
    #[must_use]
    pub fn caller_of(&self, name: String, role: Role) -> Caller {
        Caller {
            name,
            rights: &role.rights() | &self.anonymous,
        }
    }

    /// Whose token it is, and what it allows.
    ///
    /// # Errors
    /// 401 for a wrong token, 429 after too many.
    pub fn holder(
        &self,
        token: &str,
        address: Option<IpAddr>,
        now_ms: i64,
    ) -> Result<(String, Role), ApiError> {
        if self.wrong_lately(address, now_ms) >= WRONG_A_MINUTE {
            let message = "too many wrong tokens from this address; wait a minute";
            return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, message));
        }
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        // Digests are compared, and all of them: the time it takes says nothing about a token.
        let mut found = None;
        for (name, role, known) in &self.tokens {
            let differing = known
                .iter()
                .zip(digest)
                .fold(0, |bits, (a, b)| bits | (a ^ b));
            if differing == 0 {
                found = Some((name.clone(), *role));
            }
        }
        found.ok_or_else(|| {
            self.note_wrong(address, now_ms);
            ApiError::new(StatusCode::UNAUTHORIZED, "this token is not known")
        })
    }

    fn wrong_lately(&self, address: Option<IpAddr>, now_ms: i64) -> usize {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let times = address.and_then(|address| wrong.get(&address));
        times.map_or(0, |times| {
            times.iter().filter(|at| now_ms - **at < MINUTE_MS).count()
        })
    }

    fn note_wrong(&self, address: Option<IpAddr>, now_ms: i64) {
        let Some(address) = address else {
            return;
        };
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.len() >= ADDRESSES_LIMIT {
            wrong.retain(|_, times| times.iter().any(|at| now_ms - *at < MINUTE_MS));
        }
        let times = wrong.entry(address).or_default();
        times.retain(|at| now_ms - *at < MINUTE_MS);
        times.push(now_ms);
    }
}

fn bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Finds out who asks, and refuses changes that another site's page asks for.
pub async fn check(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let address = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip());
    let now_ms = (api.engine.clock)();
    let caller = match api.guard.caller(request.headers(), address, now_ms) {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let refused = match *request.method() {
        Method::GET | Method::HEAD | Method::OPTIONS => refused_reading(&request, &caller),
        _ => refused_change(&api.guard, &request, &caller, address, now_ms),
    };
    if let Some(error) = refused {
        return error.into_response();
    }
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(Address(address));
    next.run(request).await
}

/// The document of the API, and who one is, everybody may know.
fn refused_reading(request: &Request, caller: &Caller) -> Option<ApiError> {
    if matches!(request.uri().path(), "/openapi.json" | "/session") {
        return None;
    }
    caller.needs(Right::Read).err()
}

/// Why a change is none that the caller wants; what the caller may do is asked later.
fn refused_change(
    guard: &Guard,
    request: &Request,
    caller: &Caller,
    address: Option<IpAddr>,
    now_ms: i64,
) -> Option<ApiError> {
    let forbidden = |message: &str| Some(ApiError::new(StatusCode::FORBIDDEN, message));
    let headers = request.headers();
    if is_from_another_site(headers) {
        return forbidden("changes cannot be asked for by another site's page");
    }
    // Whoever logs in brings a token, and is nobody until then.
    if request.uri().path() == "/session" && request.method() == Method::POST {
        return None;
    }
    if caller.name.is_empty() && is_rebound(headers, address) {
        return forbidden(
            "changes without a token are for the address localhost or 127.0.0.1 only; open the page there",
        );
    }
    let by_token = headers.contains_key(header::AUTHORIZATION);
    let session = guard.sessions.of(headers, now_ms).filter(|_| !by_token);
    if session.is_some_and(|session| !session.is_sent_by_its_page(headers)) {
        return forbidden("the page's session has changed; load the page again");
    }
    None
}

/// A browser says where a request comes from; programs do not, and have a token.
fn is_from_another_site(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }
    let Some(origin) = text(header::ORIGIN) else {
        return false;
    };
    let host_of_origin = origin.split_once("://").map_or(origin, |(_, host)| host);
    text(header::HOST).is_none_or(|host| host != host_of_origin)
}

/// A page of anybody may let its own name point at this machine. The browser then takes the page for ours, but it still
/// says by which name it came.
fn is_rebound(headers: &HeaderMap, address: Option<IpAddr>) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    let from_here = address.is_some_and(|address| address.is_loopback());
    from_here && host.is_some_and(|host| !is_name_of_this_machine(host))
}

fn is_name_of_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn guard() -> Guard {
        let token = KnownToken {
            name: "dana".into(),
            role: Role::Operator,
            token: SecretText::new("right-token"),
        };
        Guard::new(vec![token], true, false)
    }

    fn with_token(token: &str) -> HeaderMap {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        HeaderMap::from_iter([(header::AUTHORIZATION, value)])
    }

    const ADDRESS: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    #[test]
    fn without_a_token_one_may_look_and_nothing_else() {
        let caller = guard().caller(&HeaderMap::new(), ADDRESS, 0).unwrap();
        assert!(caller.needs(Right::Read).is_ok());
        assert!(caller.needs(Right::Silence).is_err());
    }

    #[test]
    fn an_operator_may_silence_but_not_test_channels() {
        let caller = guard()
            .caller(&with_token("right-token"), ADDRESS, 0)
            .unwrap();
        assert_eq!(caller.name, "dana");
        assert!(caller.needs(Right::Silence).is_ok());
        assert!(caller.needs(Right::Channels).is_err());
    }

    #[test]
    fn who_guesses_is_stopped_even_with_the_right_token_until_a_minute_is_over() {
        let guard = guard();
        for _ in 0..WRONG_A_MINUTE {
            assert!(guard.caller(&with_token("guess"), ADDRESS, 0).is_err());
        }
        assert!(
            guard
                .caller(&with_token("right-token"), ADDRESS, 1)
                .is_err()
        );
        assert!(
            guard
                .caller(&with_token("right-token"), ADDRESS, MINUTE_MS + 1)
                .is_ok()
        );
    }

    #[test]
    fn another_sites_page_is_told_apart() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                (
                    header::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            });
            HeaderMap::from_iter(pairs)
        };
        assert!(is_from_another_site(&headers(&[
            ("origin", "https://evil.example"),
            ("host", "sw:8780")
        ])));
        assert!(is_from_another_site(&headers(&[(
            "sec-fetch-site",
            "cross-site"
        )])));
        assert!(!is_from_another_site(&headers(&[
            ("origin", "http://sw:8780"),
            ("host", "sw:8780")
        ])));
        assert!(!is_from_another_site(&headers(&[])));
    }

    #[test]
    fn a_foreign_name_that_points_at_this_machine_changes_nothing_without_a_token() {
        let named = |host: &'static str| {
            HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))])
        };
        for own in [
            "localhost:8780",
            "127.0.0.1:8780",
            "[::1]:8780",
            "LOCALHOST",
        ] {
            assert!(!is_rebound(&named(own), ADDRESS), "{own}");
        }
        for foreign in [
            "evil.example:8780",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
        ] {
            assert!(is_rebound(&named(foreign), ADDRESS), "{foreign}");
        }
    }
}

//! Answers: JSON with an ETag, errors as one sentence.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use streamwarden_proto::ids::short_hash;
use streamwarden_service_runtime::chain;

use crate::api::auth::Right;
use crate::engine::PersonError;
use crate::store::StoreError;

/// What went wrong, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    message: String,
    right: Option<Right>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<Right>,
}

impl ApiError {
    /// An error with its status.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            right: None,
        }
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// There is no such thing.
    pub fn not_found(what: impl AsRef<str>) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            format!("there is no {}", what.as_ref()),
        )
    }

    /// A right is missing.
    #[must_use]
    pub fn with_right(mut self, right: Right) -> Self {
        self.right = Some(right);
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: &self.message,
            right: self.right,
        };
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = chain(&error), "request failed");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer",
        )
    }
}

impl From<PersonError> for ApiError {
    fn from(error: PersonError) -> Self {
        match error {
            PersonError::Mistake(message) => Self::bad_request(message),
            PersonError::Missing(what) => Self::not_found(what),
            PersonError::Store(error) => error.into(),
            PersonError::Ending(error) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
            }
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

/// A JSON body, with our own errors.
pub type Body<T> = Result<Json<T>, JsonRejection>;

/// The body, or the error as we say it.
///
/// # Errors
/// [`ApiError`] if it is no such JSON.
pub fn body<T: DeserializeOwned>(body: Body<T>) -> Result<T, ApiError> {
    Ok(body?.0)
}

/// JSON with an ETag; 304 if the caller has it already.
pub fn json<T: Serialize>(headers: &HeaderMap, value: &T) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => {
            let tag = etag(&text);
            tagged(headers, &tag, "application/json", text.into_bytes())
        }
        Err(error) => {
            tracing::error!(%error, "answer cannot be written");
            ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the answer cannot be written",
            )
            .into_response()
        }
    }
}

/// The tag of a text. Weak: what is compressed has the same.
#[must_use]
pub fn etag(text: &str) -> String {
    format!("W/\"{}\"", short_hash(&[text], 8))
}

/// A body with its tag; 304 if the caller has it already.
pub fn tagged(
    headers: &HeaderMap,
    tag: &str,
    content_type: &'static str,
    body: impl Into<axum::body::Body>,
) -> Response {
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|v| v.to_str().ok());
    let has_it = known
        .flat_map(|tags| tags.split(','))
        .any(|known| known.trim() == tag);
    let tag = HeaderValue::from_str(tag).unwrap_or(HeaderValue::from_static("W/\"0\""));
    let common = [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    if has_it {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (common, [(header::CONTENT_TYPE, content_type)], body.into()).into_response()
}

/// No such path in the API.
pub async fn no_such_path() -> ApiError {
    ApiError::not_found("such path; /api/v1/openapi.json lists all")
}

/// No such method on a path of the API.
pub async fn no_such_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this method is not for this path; /api/v1/openapi.json lists all",
    )
}

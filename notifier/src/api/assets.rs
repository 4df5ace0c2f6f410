//! The page's files, compiled in.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use include_dir::{Dir, include_dir};
use streamwarden_proto::ids::short_hash;

use crate::api::answer::tagged;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/web/static");

struct Asset {
    content: &'static [u8],
    content_type: &'static str,
    tag: String,
}

static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let mut assets = HashMap::new();
    collect(&FILES, &mut assets);
    assets
});

fn collect(directory: &'static Dir<'static>, assets: &mut HashMap<String, Asset>) {
    for file in directory.files() {
        let path = file.path().to_string_lossy().replace('\\', "/");
        let content = file.contents();
        let tag = format!(
            "W/\"{}\"",
            short_hash(&[&String::from_utf8_lossy(content)], 8)
        );
        let content_type = content_type(&path);
        assets.insert(
            path,
            Asset {
                content,
                content_type,
                tag,
            },
        );
    }
    for directory in directory.dirs() {
        collect(directory, assets);
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

/// A file of the page.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    match ASSETS.get(path) {
        Some(asset) => tagged(&headers, &asset.tag, asset.content_type, asset.content),
        None => (StatusCode::NOT_FOUND, "there is no such page\n").into_response(),
    }
}
